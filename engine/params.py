"""What a method can be asked for: frozen dataclasses whose annotations carry bounds and effect.

A parameter class is written as

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Params:
        time: Annotated[float, Bound(0.1, 100, log=True), LIVE, Doc("diffusion time")] = 10.0

        def __post_init__(self) -> None:
            check(self)

and everything else (form, command line, JSON, validation, undo text) is derived from it.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import math
import types
from collections.abc import Mapping
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Literal,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

P = TypeVar("P")

Rows: TypeAlias = tuple[int, ...]
"""The type of a parameter that is a set of rows of the data, as a hand paints them: the numbers
of the rows from 0, in any order."""


class Effect(enum.Enum):
    """When a changed parameter takes effect."""

    LIVE = "live"
    STEP = "step"
    REFIT = "refit"


LIVE = Effect.LIVE
"""Within a frame: `Method.evaluate` is run again."""
STEP = Effect.STEP
"""From the running fit's next step."""
REFIT = Effect.REFIT
"""At the next fit; until then the shown result is stale."""


@dataclasses.dataclass(frozen=True, slots=True)
class Bound:
    """Hard limits (both ends legal), and how a slider should cross them.

    `soft` is the narrower range that the slider spans; the number box keeps the hard one.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None
    soft: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"Bound needs low < high, got {self.low} and {self.high}.")
        if self.log and self.low <= 0:
            raise ValueError(f"A logarithmic Bound needs low > 0, got {self.low}.")


@dataclasses.dataclass(frozen=True, slots=True)
class Doc:
    """The sentence shown beside a parameter, its unit and its symbol in the paper."""

    text: str
    unit: str = ""
    symbol: str = ""
    label: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Folder:
    """The path is that of a folder."""


@dataclasses.dataclass(frozen=True, slots=True)
class Display:
    """The parameter changes how strongly something is drawn, and nothing that is computed."""


@dataclasses.dataclass(frozen=True, slots=True)
class Factors:
    """The numbers are factors by place on another parameter, as a hand paints them."""

    on: str


@dataclasses.dataclass(frozen=True, slots=True)
class Applies:
    """The parameter matters only while another one holds one of these values."""

    name: str
    values: tuple[Any, ...]


class ParameterError(ValueError):
    """A value outside what the parameter admits; `name` is the parameter."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclasses.dataclass(frozen=True, slots=True)
class Parameter:
    """One field of a parameter class, read once from its annotation.

    `kind` is "float", "int", "bool", "choice", "text", "path", "floats" or "rows";
    `optional` admits None, which the method reads as "choose for me".
    """

    name: str
    kind: str
    default: Any
    effect: Effect
    doc: Doc
    bound: Bound | None = None
    choices: tuple[Any, ...] = ()
    optional: bool = False
    applies: Applies | None = None
    folder: bool = False
    factors_on: str = ""
    display: bool = False

    @property
    def label(self) -> str:
        return self.doc.label or self.name.replace("_", " ")


def _kind(annotation: Any) -> tuple[str, tuple[Any, ...], bool]:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        inner = [a for a in get_args(annotation) if a is not type(None)]
        if len(inner) != 1:
            raise TypeError(f"A parameter has one type or that type and None, got {annotation}.")
        kind, choices, _ = _kind(inner[0])
        return kind, choices, True
    if origin is Literal:
        return "choice", get_args(annotation), False
    if origin is tuple:
        return ("rows" if annotation == Rows else "floats"), (), False
    kinds = {bool: "bool", int: "int", float: "float", str: "text", Path: "path"}
    if annotation not in kinds:
        raise TypeError(f"No parameter kind for {annotation}.")
    return kinds[annotation], (), False


def parameters(cls: Any) -> tuple[Parameter, ...]:
    """The fields of a parameter class in order of declaration."""
    return _parameters(cls)


@functools.cache
def _parameters(cls: Any) -> tuple[Parameter, ...]:
    hints = get_type_hints(cls, include_extras=True)
    found = []
    for field in dataclasses.fields(cls):
        hint = hints[field.name]
        marks: tuple[Any, ...] = ()
        if get_origin(hint) is Annotated:
            hint, *rest = get_args(hint)
            marks = tuple(rest)
        kind, choices, optional = _kind(hint)
        effects = [m for m in marks if isinstance(m, Effect)]
        if len(effects) != 1:
            raise TypeError(f"{cls.__qualname__}.{field.name} must be LIVE, STEP or REFIT.")
        if field.default is dataclasses.MISSING:
            raise TypeError(f"{cls.__qualname__}.{field.name} needs a default.")
        found.append(
            Parameter(
                name=field.name,
                kind=kind,
                default=field.default,
                effect=effects[0],
                doc=next((m for m in marks if isinstance(m, Doc)), Doc("")),
                bound=next((m for m in marks if isinstance(m, Bound)), None),
                choices=choices,
                optional=optional,
                applies=next((m for m in marks if isinstance(m, Applies)), None),
                folder=any(isinstance(m, Folder) for m in marks),
                factors_on=next((m.on for m in marks if isinstance(m, Factors)), ""),
                display=any(isinstance(m, Display) for m in marks),
            )
        )
    return tuple(found)


def _fail(owner: type, name: str, must: str, value: Any) -> ParameterError:
    label = next((p.label for p in parameters(owner) if p.name == name), name)
    told = f"'{name}'" if label == name.replace("_", " ") else f"'{name}' ({label})"
    return ParameterError(name, f"{told} must be {must}. Got {value!r}.")


def check_value(owner: type, parameter: Parameter, value: Any) -> None:
    """Raise `ParameterError` unless `value` is legal for `parameter` of the class `owner`."""
    name, bound = parameter.name, parameter.bound
    if value is None:
        if not parameter.optional:
            raise _fail(owner, name, f"a {parameter.kind}", value)
        return
    if parameter.kind == "choice":
        if value not in parameter.choices or isinstance(value, bool):
            allowed = ", ".join(repr(c) for c in parameter.choices)
            raise _fail(owner, name, f"one of {allowed}", value)
        return
    if parameter.kind == "rows":
        _check_rows(owner, name, value)
        return
    wanted: dict[str, tuple[type, ...]] = {
        "bool": (bool,),
        "int": (int,),
        "float": (float, int),
        "text": (str,),
        "path": (Path,),
        "floats": (tuple,),
    }
    wrong_bool = isinstance(value, bool) and parameter.kind != "bool"
    if wrong_bool or not isinstance(value, wanted[parameter.kind]):
        raise _fail(owner, name, f"a {parameter.kind}", value)
    numbers: tuple[Any, ...] = tuple(value) if isinstance(value, tuple) else (value,)
    if parameter.kind in ("int", "float", "floats"):
        for number in numbers:
            if not math.isfinite(number):
                raise _fail(owner, name, "finite", value)
            if bound is not None and not bound.low <= number <= bound.high:
                raise _fail(owner, name, f"between {bound.low:g} and {bound.high:g}", value)


def _check_rows(owner: type, name: str, value: Any) -> None:
    must = "whole numbers of rows, counted from 0"
    if not isinstance(value, tuple):
        raise _fail(owner, name, must, value)
    wrong = [row for row in value if type(row) is not int or row < 0]
    if wrong:
        # The first one alone: a hand paints thousands.
        raise _fail(owner, name, must, wrong[0])


def check(params: Any) -> None:
    """Validate a parameter object; called from its `__post_init__`.

    Raises
    ------
    ParameterError
        Naming the first field that is of the wrong type, not finite, out of bounds or not a choice.
    """
    owner = type(params)
    for parameter in parameters(owner):
        check_value(owner, parameter, getattr(params, parameter.name))


def to_json(params: Any) -> dict[str, Any]:
    """Field names to JSON-able values, all fields."""
    out: dict[str, Any] = {}
    for parameter in parameters(type(params)):
        value = getattr(params, parameter.name)
        if isinstance(value, Path):
            value = value.as_posix()
        elif isinstance(value, tuple):
            value = list(value)
        out[parameter.name] = value
    return out


def from_json(cls: type[P], values: Mapping[str, Any]) -> P:
    """Inverse of `to_json`; missing fields take their defaults.

    Raises
    ------
    ParameterError
        For an unknown name or an illegal value. Nothing is coerced except int to float.
    """
    known = {p.name: p for p in parameters(cls)}
    ready: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            title = cls.__qualname__.removesuffix(".Params")
            raise ParameterError(
                name, f"{title} has no parameter '{name}'. It has: {', '.join(known)}."
            )
        kind = known[name].kind
        if kind == "path" and isinstance(value, str):
            value = Path(value)
        elif kind in ("floats", "rows") and isinstance(value, list):
            value = tuple(value)
        elif kind == "float" and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        ready[name] = value
    return cls(**ready)


def parse(cls: type, name: str, text: str) -> Any:
    """Read one value as typed on a command line or in a text box.

    Raises
    ------
    ParameterError
        When the name is unknown or the text does not read as the parameter's type.
    """
    parameter = next((p for p in parameters(cls) if p.name == name), None)
    if parameter is None:
        from_json(cls, {name: None})
        raise AssertionError("unreachable")
    text = text.strip()
    if parameter.optional and text.lower() in ("none", "auto", ""):
        return None
    try:
        value = _read(parameter, text)
    except ValueError:
        must = "rows such as 3,7,10-12" if parameter.kind == "rows" else f"a {parameter.kind}"
        raise _fail(cls, name, must, text) from None
    check_value(cls, parameter, value)
    return value


def _read(parameter: Parameter, text: str) -> Any:
    match parameter.kind:
        case "int":
            return int(text)
        case "float":
            return float(text)
        case "bool":
            words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
            if text.lower() not in words:
                raise ValueError(text)
            return words[text.lower()]
        case "choice":
            return next((c for c in parameter.choices if str(c) == text), text)
        case "floats":
            return tuple(float(part) for part in text.replace(";", ",").split(",") if part.strip())
        case "rows":
            return _rows(text)
        case "path":
            return Path(text)
    return text


def with_values(params: P, values: Mapping[str, Any]) -> P:
    """The parameters with numbers put in place of some, cut to their bounds; names that the class
    does not have are passed over."""
    known = {p.name: p for p in parameters(type(params))}
    put: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            continue
        bound, kind = known[name].bound, known[name].kind
        cut = bound or Bound(-math.inf, math.inf)
        if kind == "floats":
            put[name] = tuple(min(max(float(v), cut.low), cut.high) for v in value)
            continue
        if bound is not None:
            value = min(max(value, bound.low), bound.high)
        put[name] = round(value) if kind == "int" else value
    return dataclasses.replace(params, **put)  # type: ignore[type-var]


def _rows(text: str) -> Rows:
    """Rows as typed, "3,7,10-12", in ascending order and each once."""
    found: set[int] = set()
    for part in filter(None, (part.strip() for part in text.replace(";", ",").split(","))):
        first, dash, last = part.partition("-")
        run = range(int(first), int(last if dash else first) + 1)
        if not run:
            raise ValueError(text)
        found.update(run)
    return tuple(sorted(found))


def changes(old: Any, new: Any) -> dict[str, Any]:
    """Fields of `new` that differ from `old`, by name."""
    return {
        p.name: getattr(new, p.name)
        for p in parameters(type(new))
        if getattr(new, p.name) != getattr(old, p.name)
    }


def effects(old: Any, new: Any) -> frozenset[Effect]:
    """The kinds of effect that going from `old` to `new` has."""
    differing = changes(old, new)
    return frozenset(p.effect for p in parameters(type(new)) if p.name in differing)

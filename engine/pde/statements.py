"""A problem as a person types it, one statement per line or between semicolons.

    u_t = D*u_xx + u - u^3        an equation; d(f, x) is the derivative of a formula
    x in [-1, 1] periodic         an axis, in the order in which conditions name them
    D = 0.01 in [0.001, 0.1]      a coefficient with its slider
    r = sqrt(x^2 + y^2)           an abbreviation
    u(0, x) = x^2*cos(pi*x)       a condition on a face: initial value, boundary value, slope
    boundary u = 0                the same on all faces but those of time
    p(t, 0, 0) = 0                a value pinned on an edge or at a corner
    exact u = sin(pi*x)           the solution, if it is known; "exact" then is a boundary value

What follows # is a remark. `parse` turns it into a `Problem` or says what is wrong and where.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import sympy as sp

from engine.pde.expressions import FUNCTIONS
from engine.pde.grammar import Reader, TextError
from engine.pde.problem import Coefficient, Coordinate, Key

LONGEST = 8000
MOST_AXES = 3
LARGEST_FORMULA = 6000
"""Nodes of a formula with all abbreviations put in."""
LENGTHS = (1e-12, 1e12)
"""Of an axis: beyond them second derivatives leave the numbers."""
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_AXIS = re.compile(r"(\w+)\s+in\s*\[([^,\]]*),([^\]]*)\]\s*(periodic)?\s*$", re.ASCII)
_COEFFICIENT = re.compile(
    rf"([A-Za-z]\w*)\s*=\s*({_NUMBER})\s+in\s*\[\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\]\s*$",
    re.ASCII,
)
_CONDITION = re.compile(r"([A-Za-z]\w*)\s*\(([^()]*)\)\s*=", re.ASCII)
_SPREAD = re.compile(r"(boundary|exact)\s+([A-Za-z]\w*)\s*=", re.ASCII)
_DERIVATIVE = re.compile(r"\b([A-Za-z]\w*?)_([A-Za-z]+)\b", re.ASCII)
_NAME = re.compile(r"[A-Za-z]\w*\s*$", re.ASCII)
RESERVED = {"pi", "d", "exact", "boundary", "periodic", "in", *FUNCTIONS}


def size(formula: sp.Expr) -> int:
    """Nodes of a formula with every part written out."""
    found: dict[sp.Expr, int] = {}

    def of(node: sp.Expr) -> int:
        if node not in found:
            found[node] = 1 + sum(of(part) for part in node.args)
        return found[node]

    return of(formula)


@dataclass(frozen=True, slots=True)
class Statement:
    """text[start:end] without spaces around."""

    text: str
    start: int
    end: int

    def __str__(self) -> str:
        return self.text[self.start : self.end]

    def fail(self, message: str, offset: int = 0) -> TextError:
        return TextError(message, self.text, self.start + offset)


@dataclass(slots=True)
class Symbols:
    """Every name of a problem with its sympy symbol, and the formulas over them."""

    axes: dict[str, Coordinate] = field(default_factory=dict)
    coefficients: dict[str, Coefficient] = field(default_factory=dict)
    abbreviations: dict[str, sp.Expr] = field(default_factory=dict)
    unknowns: list[str] = field(default_factory=list)
    jet: dict[Key, sp.Symbol] = field(default_factory=dict)
    equations: list[sp.Expr] = field(default_factory=list)
    exact: dict[str, sp.Expr] = field(default_factory=dict)
    conditions: list[tuple[Key, int, int, sp.Expr | None, bool]] = field(default_factory=list)
    pins: list[tuple[Key, tuple[tuple[int, int], ...], sp.Expr, Statement]] = field(
        default_factory=list
    )
    """Values where several faces meet: (axis, side) of each."""
    written: list[tuple[Statement, sp.Expr]] = field(default_factory=list)
    """The equations and where they stand."""
    given_exact: dict[str, Statement] = field(default_factory=dict)
    placed: dict[tuple[Key, int, int], Statement] = field(default_factory=dict)
    """Which statement gives what on a face."""
    bounded: set[str] = field(default_factory=set)
    """Unknowns whose whole boundary is given at once."""

    def coordinate(self, name: str) -> sp.Symbol:
        return sp.Symbol(name, real=True)

    def entry(self, key: Key) -> sp.Symbol:
        """The symbol of a jet entry; new ones are remembered."""
        if key not in self.jet:
            letters = "".join(a * n for a, n in zip(self.axes, key[1], strict=True))
            # The apostrophe cannot be typed: no name can be taken for a jet entry.
            self.jet[key] = sp.Symbol(f"{self.unknowns[key[0]]}'{letters}", real=True)
        return self.jet[key]

    def key_of(self, symbol: sp.Symbol) -> Key | None:
        return next((key for key, known in self.jet.items() if known == symbol), None)

    def derived(self, formula: sp.Expr, axis: str) -> sp.Expr:
        """Total derivative of a formula along an axis. Raises ValueError beyond second order, and
        for a formula that is too long."""
        if size(formula) > LARGEST_FORMULA:
            raise ValueError("This formula is too long to be differentiated.")
        total = sp.diff(formula, self.coordinate(axis))
        number = list(self.axes).index(axis)
        for symbol in sorted(formula.free_symbols, key=str):
            key = self.key_of(symbol)
            if key is None:
                continue
            orders = tuple(n + (k == number) for k, n in enumerate(key[1]))
            if sum(orders) > 2:
                raise ValueError("Derivatives of more than second order are not solved here.")
            total += sp.diff(formula, symbol) * self.entry((key[0], orders))
        return total


def statements(text: str) -> Iterator[Statement]:
    """The statements of a text in order, remarks left out."""
    if len(text) > LONGEST:
        raise TextError(f"A problem may have {LONGEST} characters at most.", text, LONGEST)
    place = 0
    for line in text.split("\n"):
        kept = line.split("#", 1)[0]
        inner = place
        for part in kept.split(";"):
            stripped = part.strip()
            if stripped:
                start = inner + len(part) - len(part.lstrip())
                yield Statement(text, start, start + len(stripped))
            inner += len(part) + 1
        place += len(line) + 1


def read(text: str) -> Symbols:
    """All formulas of a typed problem. Raises `TextError` with the place."""
    if text.count("\0"):
        raise TextError("This is not text.", text, 0)
    rest: list[Statement] = []
    found = Symbols()
    for item in statements(text):
        if not (_read_axis(item, found) or _read_coefficient(item, found)):
            rest.append(item)
    if not found.axes:
        raise TextError("No axis is given; write for example: x in [0, 1].", text, 0)
    _find_unknowns(rest, found)
    if not found.unknowns:
        raise TextError(
            "No derivative of an unknown was found; write for example u_xx + u = 0.", text, 0
        )
    later: list[Statement] = []
    for item in rest:
        if not _read_abbreviation(item, found):
            later.append(item)
    for item in later:
        if str(item).startswith("exact") and _SPREAD.match(str(item)):
            _read_exact(item, found)
    # What is said of one face goes before what is said of all, wherever it stands.
    for item in sorted(later, key=lambda item: bool(_SPREAD.match(str(item)))):
        _read_condition_or_equation(item, found)
    return found


def _read_axis(item: Statement, found: Symbols) -> bool:
    match = _AXIS.match(str(item))
    if match is None or "=" in match.group(1):
        return False
    name = match.group(1)
    if not re.fullmatch("[A-Za-z]", name):
        raise item.fail(f"An axis has one letter for a name, '{name}' has more.")
    if name in found.axes or name == "d":
        raise item.fail(f"'{name}' cannot name another axis.")
    if len(found.axes) == MOST_AXES:
        raise item.fail(f"At most {MOST_AXES} axes are solved here.")
    low, high = (constant(item, *match.span(k)) for k in (2, 3))
    if not low < high:
        said = f"An axis goes from a smaller to a larger number, got {low:g} to {high:g}."
        raise item.fail(said, match.start(2))
    if not LENGTHS[0] <= high - low <= LENGTHS[1]:
        said = f"An axis is between {LENGTHS[0]:g} and {LENGTHS[1]:g} long, got {high - low:g}."
        raise item.fail(said, match.start(2))
    found.axes[name] = Coordinate(name, low, high, bool(match.group(4)))
    return True


def constant(item: Statement, start: int, end: int) -> float:
    """A number written in the statement's characters start to end, such as 2*pi."""

    def unknown(name: str, place: int) -> sp.Expr:
        raise TextError(f"An end must be a number, found '{name}'.", item.text, place)

    formula = Reader(item.text, item.start + start, item.start + end, unknown).whole()
    value = formula.evalf(20)
    if not (value.is_real and value.is_finite):
        raise item.fail("An end must be a finite number.", start)
    return float(value)


def _read_coefficient(item: Statement, found: Symbols) -> bool:
    match = _COEFFICIENT.match(str(item))
    if match is None:
        return False
    name = match.group(1)
    value, low, high = (float(match.group(k)) for k in (2, 3, 4))
    _free(item, name, found)
    if not np.isfinite([value, low, high]).all():
        raise item.fail(f"'{name}' and its bounds must be finite numbers.")
    if not low < high or not low <= value <= high:
        raise item.fail(
            f"'{name}' must lie between its bounds, {low:g} to {high:g}, got {value:g}."
        )
    found.coefficients[name] = Coefficient(name, value, low, high)
    return True


def _free(item: Statement, name: str, found: Symbols) -> None:
    taken = name in found.axes or name in found.coefficients or name in found.abbreviations
    if taken or name in RESERVED:
        raise item.fail(f"'{name}' has another meaning already; choose another name.")


def _find_unknowns(rest: list[Statement], found: Symbols) -> None:
    """Names that are differentiated along axes or given on faces, in order of appearance."""
    letters = set(found.axes)
    own = {m.group().strip() for s in rest if (m := _left_name(s))}
    own = {name for name in own if not _is_derivative(name, letters)} | set(found.coefficients)
    for item in rest:
        for match in _DERIVATIVE.finditer(str(item)):
            name, suffix = match.groups()
            if match.group() not in own and set(suffix) <= letters and name not in found.unknowns:
                if name in own or name in RESERVED or name in letters:
                    raise item.fail(f"'{name}' cannot be differentiated: it is no unknown.",
                                    match.start())  # fmt: skip
                found.unknowns.append(name)


def _is_derivative(name: str, letters: set[str]) -> bool:
    base, _, suffix = name.rpartition("_")
    return bool(base) and set(suffix) <= letters


def _left_name(item: Statement) -> re.Match[str] | None:
    return _NAME.fullmatch(str(item).partition("=")[0])


def _reader(item: Statement, start: int, end: int, found: Symbols, known: set[str]) -> Reader:
    """Reads text[start:end] of the statement; `known` of "jet", "exact" says what may be named."""

    def resolve(name: str, place: int) -> sp.Expr:
        if name in found.abbreviations:
            return found.abbreviations[name]
        if name in found.axes or name in found.coefficients:
            return found.coordinate(name)
        key = _key(name, found, item, place)
        if key is not None:
            if "jet" not in known:
                raise TextError(
                    f"'{name}' is what is sought; it cannot stand here.", item.text, place
                )
            return found.entry(key)
        named = [*found.axes, *found.coefficients, *found.abbreviations, *found.unknowns]
        raise TextError(
            f"'{name}' is not known; known are {', '.join(named)}. "
            f"A coefficient is stated as: {name} = 1 in [0, 2].", item.text, place,
        )  # fmt: skip

    def derivative(formula: sp.Expr, axis: str, place: int) -> sp.Expr:
        if axis not in found.axes:
            raise TextError(f"'{axis}' is no axis.", item.text, place)
        try:
            return found.derived(formula, axis)
        except ValueError as error:
            raise TextError(str(error), item.text, place) from None

    return Reader(item.text, item.start + start, item.start + end, resolve, derivative)


def _key(name: str, found: Symbols, item: Statement, place: int) -> Key | None:
    if name in found.unknowns:
        return found.unknowns.index(name), (0,) * len(found.axes)
    base, _, suffix = name.rpartition("_")
    if base not in found.unknowns or not suffix:
        return None
    for letter in suffix:
        if letter not in found.axes:
            raise TextError(f"'{letter}' of '{name}' is no axis.", item.text, place)
    if len(suffix) > 2:
        raise TextError(
            f"'{name}' is a derivative of order {len(suffix)}; up to second order is solved here.",
            item.text, place,
        )  # fmt: skip
    return found.unknowns.index(base), tuple(suffix.count(a) for a in found.axes)


def _read_abbreviation(item: Statement, found: Symbols) -> bool:
    match = _left_name(item)
    if match is None or "=" not in str(item):
        return False
    name = match.group().strip()
    if _key(name, found, item, item.start) is not None:
        return False
    _free(item, name, found)
    after = str(item).index("=") + 1
    formula = _reader(item, after, item.end - item.start, found, {"jet"}).whole()
    _not_endless(formula, item)
    found.abbreviations[name] = formula
    return True


def _not_endless(formula: sp.Expr, item: Statement) -> None:
    """Refuse a formula that is short to write and endless once its abbreviations are put in."""
    if size(formula) > LARGEST_FORMULA:
        raise item.fail("This formula is too long once its parts are put in.")


def _read_exact(item: Statement, found: Symbols) -> None:
    match = _SPREAD.match(str(item))
    assert match is not None
    name = match.group(2)
    if name not in found.unknowns:
        raise item.fail(f"'{name}' is no unknown of the equations.", match.start(2))
    if name in found.exact:
        raise item.fail(f"The exact solution of '{name}' is given twice.")
    found.given_exact[name] = item
    found.exact[name] = _reader(item, match.end(), item.end - item.start, found, set()).whole()


def _read_condition_or_equation(item: Statement, found: Symbols) -> None:
    from engine.pde import faces

    said = str(item)
    spread = _SPREAD.match(said)
    if spread is not None:
        if spread.group(1) == "boundary":
            faces.everywhere(item, spread, found, _target)
        return
    match = _CONDITION.match(said)
    if match is not None and match.group(1) not in FUNCTIONS and match.group(1) != "d":
        key = _key(match.group(1), found, item, item.start)
        if key is None:
            raise item.fail(f"'{match.group(1)}' is no unknown of the equations.")
        faces.on_face(item, match, key, found, _target)
        return
    if said.count("=") != 1:
        raise item.fail("An equation has one sign '='.", max(0, said.find("=")))
    middle = said.index("=")
    left = _reader(item, 0, middle, found, {"jet"}).whole()
    right = _reader(item, middle + 1, len(said), found, {"jet"}).whole()
    formula = left - right
    if not any(found.key_of(s) for s in formula.free_symbols):
        raise item.fail("This equation names no unknown.")
    _not_endless(formula, item)
    found.written.append((item, formula))
    found.equations.append(formula)


def _target(item: Statement, start: int, name: str, found: Symbols) -> sp.Expr:
    """The right side of a condition: a formula of coordinates, or "exact"."""
    if str(item)[start:].strip() == "exact":
        if name not in found.exact:
            raise item.fail(f"No exact solution of '{name}' is given.", len(str(item)) - 5)
        return found.exact[name]
    return _reader(item, start, item.end - item.start, found, set()).whole()

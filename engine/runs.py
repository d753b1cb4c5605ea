"""A run, wholly described: the one way a fit starts.

The window, the command line, the exported script and the project file all build a `RunSpec` and
call `begin`; nothing else starts a fit.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Self

from engine import catalog, device, params
from engine.method import DataError, Method, Snapshot, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """Everything that decides a result.

    `params` are JSON values by name (missing ones take their defaults); `data` is what
    `engine.data.open_any` takes; `data_sha256` is checked when not empty; `step_changes` are
    (step index, {name: value}) for STEP parameters changed while the fit ran.
    """

    method: str
    data: str
    params: Mapping[str, Any] = field(default_factory=dict)
    data_options: Mapping[str, Any] = field(default_factory=dict)
    data_sha256: str = ""
    seed: int = 0
    device: str = "cpu"
    step_changes: tuple[tuple[int, Mapping[str, Any]], ...] = ()

    def typed_params(self) -> Any:
        """The parameters as the method's own class. Raises `params.ParameterError`."""
        return params.from_json(catalog.card(self.method).load().Params, self.params)

    def with_params(self, new: Any) -> Self:
        """The same run at other parameters."""
        return replace(self, params=params.to_json(new))

    def to_json(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "params": dict(self.params),
            "data": self.data,
            "data_options": dict(self.data_options),
            "data_sha256": self.data_sha256,
            "seed": self.seed,
            "device": self.device,
            "step_changes": [[index, dict(values)] for index, values in self.step_changes],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        changes = tuple((int(i), dict(v)) for i, v in values.get("step_changes", ()))
        known = {k: v for k, v in values.items() if k in cls.__slots__ and k != "step_changes"}
        return cls(**known, step_changes=changes)


class Fit:
    """A fit under way. Iterate for its steps; `close` cancels; the method keeps what was learnt."""

    def __init__(self, spec: RunSpec, data: Any, reuse: Method | None = None) -> None:
        card = catalog.card(spec.method)
        kind = card.load()
        if not isinstance(data, kind.Data):
            raise DataError(
                f"{card.title} works on {kind.Data.__name__} data; "
                f"'{getattr(data, 'name', data)}' is {type(data).__name__}."
            )
        if spec.data_sha256 and spec.data_sha256 != data.sha256():  # type: ignore[attr-defined]
            raise DataError(
                f"The data of '{spec.data}' has changed since the run was described: "
                "its checksum differs. Open the original file, or make a new run."
            )
        self.spec = spec
        self.data = data
        self.params = spec.typed_params()
        self.method: Method = kind(self.params)
        # A method fitted before on the same data may hand on its cached stages.
        if reuse is not None and isinstance(reuse, kind) and hasattr(self.method, "stages"):
            self.method.stages = reuse.stages  # type: ignore[attr-defined]
        self._steps = self.method.fit(data, rng=device.rng(spec.seed), device=spec.device)
        self._waiting: Any = None
        # Two changes can fall on one long step; both count.
        self._replay: dict[int, dict[str, Any]] = {}
        for index, values in spec.step_changes:
            self._replay.setdefault(index, {}).update(values)
        self.history: list[tuple[int, Mapping[str, Any]]] = []
        self._started = False
        self._index = 0

    def change(self, new: Any) -> None:
        """Hand STEP parameters to the fit; they count from its next step."""
        self._waiting = new

    def __iter__(self) -> Iterator[Step]:
        return self

    def __next__(self) -> Step:
        if not self._started:
            self._started = True
            step = next(self._steps)
        else:
            replayed = self._replay.pop(self._index, None)
            if replayed is not None:
                self._waiting = params.from_json(
                    type(self.params), {**params.to_json(self.params), **replayed}
                )
            new, self._waiting = self._waiting, None
            if new is not None:
                self.history.append((self._index, params.changes(self.params, new)))
                self.params = new
            step = self._steps.send(new)
        self._index = step.index
        return step

    def close(self) -> None:
        """Cancel; the method keeps its last published weights."""
        self._steps.close()

    def result(self) -> Snapshot:
        """The settled frame at the fit's own parameters."""
        return self.method.evaluate(self.params)


def begin(spec: RunSpec, data: Any = None, reuse: Method | None = None) -> Fit:
    """Start the fit that `spec` describes; `data` saves opening it again when it is at hand.

    `reuse` is a method fitted before on the same data: stages that the changed parameters leave
    valid are not computed again.
    """
    if data is None:
        from engine.data import open_any

        data = open_any(spec.data, **spec.data_options)
    return Fit(spec, data, reuse)


def run(spec: RunSpec, data: Any = None) -> Fit:
    """Fit to the end and return the finished fit."""
    fit = begin(spec, data)
    for _ in fit:
        pass
    return fit


def versions() -> dict[str, str]:
    """Versions that a result depends on, for metadata."""
    found = {"python": platform.python_version()}
    for name in ("fieldwright", "numpy", "scipy", "scikit-learn", "torch"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found

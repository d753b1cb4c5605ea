"""What a result came from, in the words that every exported file carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine import catalog, params
from engine.data.opening import MADE
from engine.runs import RunSpec, versions

FEW = 8
MOST_TOLD = 36
"""Rows that a sentence still lists."""


def provenance(spec: RunSpec) -> dict[str, Any]:
    """Method, all parameters, seed, data and versions: enough to repeat the run."""
    return {
        "method": spec.method,
        "params": params.to_json(spec.typed_params()),
        "seed": spec.seed,
        "device": spec.device,
        "data": spec.data,
        "data_sha256": spec.data_sha256,
        "versions": versions(),
        "spec": spec.to_json(),
    }


def note(spec: RunSpec, chosen: Mapping[str, float] | None = None) -> dict[str, Any]:
    """What a picture says of itself: `provenance` without the parameters that do not count, and
    beside what was left to the method (null) the values that it has `chosen`."""
    about = provenance(spec)
    idle = [name for name in about["params"] if not _counts(name, spec.typed_params())]
    counting, own = ({k: v for k, v in held.items() if k not in idle}
                    for held in (about["params"], about["spec"]["params"]))  # fmt: skip
    found = {**about, "params": counting, "spec": {**about["spec"], "params": own}}
    return {**found, "chosen": dict(chosen)} if chosen else found


def _counts(name: str, own: Any) -> bool:
    """Whether a parameter matters beside the others: it applies, and is no path left empty."""
    kinds = {p.name: p for p in params.parameters(type(own))}
    parameter = kinds[name]
    if parameter.kind == "path" and getattr(own, name) in (None, Path()):
        return False
    on = parameter.applies
    return on is None or (getattr(own, on.name) in on.values and _counts(on.name, own))


def sentence(spec: RunSpec) -> str:
    """One line for a person: the method, what differs from its defaults, the data and the seed."""
    card, told = catalog.card(spec.method), differing(spec)
    with_what = f" with {told}" if told else ""
    release = f"Fieldwright {versions().get('fieldwright', '')}".strip()
    return f"{card.title}{with_what} on {spec.data}, seed {spec.seed}, {release}"


def differing(spec: RunSpec) -> str:
    """The parameters that are not at their defaults, as "time = 3, knn = 10"; "" without any."""
    own = spec.typed_params()
    changed = params.changes(type(own)(), own)
    kinds = {p.name: p.kind for p in params.parameters(type(own))}
    return ", ".join(f"{name} = {_short(kinds[name], v)}" for name, v in changed.items())


def _short(kind: str, value: Any) -> str:
    """A value in a sentence: of thousands of painted rows, or of a painted map, their number."""
    few = {"rows": FEW, "floats": MOST_TOLD}.get(kind)
    if few is None or len(value) <= few:
        return str(value)
    return f"{len(value)} {'rows' if kind == 'rows' else 'numbers'}"


def without_folders(spec: RunSpec) -> RunSpec:
    """The run with the names of its files alone: what may go into a picture that is passed on."""
    options = {k: _bare(v) if k == "truth" else v for k, v in spec.data_options.items()}
    return replace(
        spec,
        data=_bare(spec.data),
        data_options=options,
        params={name: _bare(value) for name, value in spec.params.items()},
    )


def _bare(value: Any) -> Any:
    """The last part of a path; anything else as it is."""
    if not isinstance(value, str) or value.startswith(MADE):
        return value
    return value.replace("\\", "/").rpartition("/")[2] or value

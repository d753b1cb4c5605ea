"""Data sets that ship with the program: real ones, and manifolds whose geodesics are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from engine.data.errors import OpenError

if TYPE_CHECKING:
    from engine.data.photograph import Photograph
    from engine.data.table import Table
    from engine.data.vectors import VectorSamples


@dataclass(frozen=True, slots=True)
class Sample:
    """A data set by name. `options` are its settings with default and legal range; `address` is
    what opens it, where that is not its name; `method` the one it is there for, if any, with
    `settings` of its parameters by name."""

    name: str
    title: str
    sentence: str
    make: str
    options: Mapping[str, tuple[float, float, float]]
    family: str = "embedding"
    address: str = ""
    method: str = ""
    fixed: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> str:
        """What `open_any` takes."""
        return self.address or f"sample:{self.name}"


_SEED = (0, 0, 2**31 - 1)

_SAMPLES = (
    Sample(
        "swiss_roll",
        "Swiss roll",
        "A rolled-up strip. The true distances are known: unroll it.",
        "generated:swiss_roll",
        {"n": (1000, 3, 1e6), "noise": (0.1, 0, 100), "dimension": (3, 3, 200), "seed": _SEED},
    ),
    Sample(
        "digits",
        "Handwritten digits",
        "1797 scanned digits of 8 × 8 pixels: ten families of shapes.",
        "real:digits",
        {},
    ),
    Sample(
        "tree",
        "Noisy tree",
        "Five branches in ten dimensions, as cells that differentiate.",
        "generated:tree",
        {
            "n": (400, 25, 20000),
            "noise": (1.0, 0, 100),
            "dimension": (10, 2, 200),
            "branches": (5, 2, 20),
            "seed": _SEED,
        },
    ),
    Sample(
        "iris",
        "Iris flowers",
        "150 flowers of three species, four lengths in centimetres.",
        "real:iris",
        {},
    ),
    Sample(
        "wine",
        "Wines",
        "178 wines of three growers, thirteen chemical measurements.",
        "real:wine",
        {"standardise": (1, 0, 1)},
    ),
    Sample(
        "cycle",
        "Cycle",
        "A closed loop in ten dimensions, as cells in division.",
        "generated:cycle",
        {"n": (500, 3, 1e6), "noise": (0.05, 0, 10), "dimension": (10, 2, 200), "seed": _SEED},
    ),
    Sample(
        "spheres",
        "Two spheres",
        "Two separate surfaces: what happens when a graph falls apart.",
        "generated:spheres",
        {"n": (600, 10, 1e6), "noise": (0.02, 0, 10), "gap": (3.0, 0, 100), "seed": _SEED},
    ),
    Sample(
        "clustered_roll",
        "Clustered roll",
        "Two clumps of points on a rolled strip.",
        "generated:clustered_roll",
        {"n": (800, 3, 1e6), "noise": (0.1, 0, 100), "dimension": (3, 3, 200), "seed": _SEED},
    ),
    Sample(
        "blobs",
        "Four blobs",
        "Four round clusters in ten dimensions.",
        "generated:blobs",
        {"n": (500, 8, 1e6), "seed": (42, 0, 2**31 - 1)},
    ),
    Sample(
        "sphere_field",
        "Sphere with a field",
        "A smooth field on a sphere, known at three points in ten. The truth is known.",
        "generated_vectors:sphere_field",
        {"n": (1000, 50, 1e6), "observed": (0.3, 0.001, 1), "noise": (0.1, 0, 10), "seed": _SEED},
        "vectorfield",
    ),
    Sample(
        "winds",
        "Winds",
        "Jets and eddies on a globe, known at 500 stations of 4000 places.",
        "generated_vectors:winds",
        {
            "n": (4000, 100, 1e6),
            "observed": (0.125, 0.001, 1),
            "noise": (1.0, 0, 100),
            "seed": _SEED,
        },
        "vectorfield",
    ),
    Sample(
        "blob_field",
        "Dented surface",
        "A closed surface that no field can cover without zeros: find them.",
        "generated_vectors:blob_field",
        {"n": (1500, 100, 1e6), "observed": (0.2, 0.001, 1), "noise": (0.05, 0, 10), "seed": _SEED},
        "vectorfield",
    ),
    Sample(
        "torus_field",
        "Torus",
        "A field on a ring, whose eight zeros cancel.",
        "generated_vectors:torus_field",
        {
            "n": (1200, 100, 1e6),
            "observed": (0.25, 0.001, 1),
            "noise": (0.05, 0, 10),
            "seed": _SEED,
        },
        "vectorfield",
    ),
    Sample(
        "roll_field",
        "Tight roll",
        "A field on a strip rolled tightly: near in space is far along the sheet.",
        "generated_vectors:tight_roll",
        {
            "n": (2500, 50, 1e5),
            "observed": (0.048, 0.001, 1),
            "noise": (0.05, 0, 10),
            "seed": _SEED,
        },
        "vectorfield",
    ),
)


_SPOILT = {"blur": (0.0, 0, 20), "jpeg": (0, 0, 95), "seed": _SEED}

_PICTURES = (
    Sample(
        "astronaut",
        "Astronaut",
        "A portrait with the noise of a dark room. The truth is known.",
        "photographs:sample",
        {"noise": (25.0, 0, 255), **_SPOILT},
        "restoration",
        fixed={"file": "astronaut.png"},
    ),
    Sample(
        "camera",
        "Camera",
        "A grey picture, noisy: smooth sky, fine grass. The truth is known.",
        "photographs:sample",
        {"noise": (15.0, 0, 255), **_SPOILT},
        "restoration",
        fixed={"file": "camera.png"},
    ),
    Sample(
        "out_of_focus",
        "Out of focus",
        "A grey picture, blurred and a little noisy. The truth is known.",
        "photographs:sample",
        {"noise": (2.0, 0, 255), **_SPOILT, "blur": (1.6, 0, 20)},
        "restoration",
        fixed={"file": "camera.png"},
    ),
    Sample(
        "compressed",
        "Compressed",
        "A portrait from a small JPEG file, with its blocks. The truth is known.",
        "photographs:sample",
        {"noise": (0.0, 0, 255), **_SPOILT, "jpeg": (15, 0, 95)},
        "restoration",
        fixed={"file": "astronaut.png"},
    ),
)


def samples() -> tuple[Sample, ...]:
    """Every sample, in the order of the cards: data sets, then problems."""
    from engine.pde.gallery import KNOWN

    problems = (
        Sample(
            name=k.name,
            title=k.title,
            sentence=k.sentence,
            make="",
            options={},
            family="pde",
            address=f"problem:{k.name}",
            method=k.method,
            settings=k.settings,
        )
        for k in KNOWN
    )
    return (*_SAMPLES, *_PICTURES, *problems)


def open_sample(address: str) -> Table | VectorSamples | Photograph:
    """The sample of an address "NAME" or "NAME?n=1000&noise=0.1".

    Raises
    ------
    OpenError
        For an unknown name or option, or a value out of range.
    """
    import importlib

    name, _, query = address.partition("?")
    sample = next((s for s in (*_SAMPLES, *_PICTURES) if s.name == name), None)
    if sample is None:
        known = ", ".join(s.name for s in (*_SAMPLES, *_PICTURES))
        raise OpenError(f"There is no sample '{name}'. Choose one of: {known}.")
    options = _options(sample, query)
    changed = {key: value for key, value in options.items() if value != sample.options[key][0]}
    spec = f"sample:{name}" + (f"?{urlencode(changed)}" if changed else "")
    module, _, function = sample.make.partition(":")
    make: Callable[..., Table | VectorSamples | Photograph] = getattr(
        importlib.import_module(f"engine.data.{module}"), function
    )
    return make(name=sample.title, spec=spec, **options, **sample.fixed)


def _options(sample: Sample, query: str) -> dict[str, Any]:
    given = dict(parse_qsl(query, keep_blank_values=True))
    options: dict[str, Any] = {key: default for key, (default, _, _) in sample.options.items()}
    for key, text in given.items():
        if key not in sample.options:
            legal = ", ".join(sample.options) or "none"
            raise OpenError(f"Sample '{sample.name}' has no option '{key}'. It has: {legal}.")
        default, low, high = sample.options[key]
        whole = isinstance(default, int)
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            kind = "a whole number" if whole else "a number"
            raise OpenError(
                f"Option '{key}' of sample '{sample.name}' must be {kind}, got '{text}'."
            ) from None
        if not low <= value <= high:
            raise OpenError(
                f"Option '{key}' of sample '{sample.name}' must be between {low:g} and {high:g}, "
                f"got {text}."
            )
        options[key] = value
    return options

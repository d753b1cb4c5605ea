"""A photograph as arrays, for models that stand alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.data.photograph import Photograph
from engine.layers import Array

PREFIX = "photograph."


def to_arrays(photograph: Photograph) -> dict[str, Array]:
    """Everything but remarks, under names that begin with "photograph."."""
    sigma = np.nan if photograph.sigma is None else photograph.sigma
    found: dict[str, Array] = {
        "values": photograph.values,
        "facts": np.array([photograph.depth, sigma]),
        "profile": np.frombuffer(photograph.profile, np.uint8),
        "exif": np.frombuffer(photograph.exif, np.uint8),
        "name": np.frombuffer(photograph.name.encode(), np.uint8),
        "spec": np.frombuffer(photograph.spec.encode(), np.uint8),
    }
    for name in ("alpha", "truth", "kernel", "quantisation"):
        value = getattr(photograph, name)
        if value is not None:
            found[name] = value
    return {PREFIX + name: value for name, value in found.items()}


def from_arrays(state: Mapping[str, Array]) -> Photograph:
    """Inverse of `to_arrays`; other names are passed over."""
    own = {k.removeprefix(PREFIX): v for k, v in state.items() if k.startswith(PREFIX)}
    depth, sigma = own["facts"].tolist()
    return Photograph(
        name=own["name"].tobytes().decode(),
        spec=own["spec"].tobytes().decode(),
        values=own["values"],
        alpha=own.get("alpha"),
        truth=own.get("truth"),
        kernel=own.get("kernel"),
        quantisation=own.get("quantisation"),
        depth=int(depth),
        sigma=None if np.isnan(sigma) else sigma,
        profile=own["profile"].tobytes(),
        # Models of earlier versions have none.
        exif=own["exif"].tobytes() if "exif" in own else b"",
    )

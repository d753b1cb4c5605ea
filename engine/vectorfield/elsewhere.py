"""The field at new points as a layer: what `RVGP.at` and its peer give."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.layers import Array, Arrows
from engine.method import DataError
from engine.vectorfield import field_layers
from engine.vectorfield.field_layers import Spread

Floats = NDArray[np.float64]


def checked(points: Any, positions: Floats) -> Floats:
    """Points (q, D) as float64.

    Raises
    ------
    DataError
        For another number of coordinates than the data has, or missing values.
    """
    found = np.asarray(points, dtype=np.float64)
    if found.ndim != 2 or found.shape[1] != positions.shape[1]:
        raise DataError(
            f"The field lives in {positions.shape[1]} coordinates; the points have "
            f"{found.shape[1] if found.ndim == 2 else 'none'}."
        )
    if not np.isfinite(found).all():
        row = int(np.argmin(np.isfinite(found).all(axis=1)))
        raise DataError(f"Point {row} has a missing or infinite coordinate; leave out such points.")
    return found


def layer(
    points: Floats, vectors: Floats, spread: Spread, near: NDArray[np.bool_], drawn_from: Floats
) -> Arrows:
    """Arrows with spread; where a point is not `near` the manifold there is no vector.

    More than three coordinates are drawn on the principal components of `drawn_from` (n, D), and
    attached as they are.
    """
    vectors = np.where(near[:, None], vectors, np.nan)
    columns: dict[str, Array] = {
        "magnitude": np.linalg.norm(vectors, axis=1),
        "standard deviation": spread.latent,
        "with noise": spread.predictive,
        "on the manifold": np.where(near, "yes", "no"),
    }
    told: dict[str, Any] = {"frames": spread.frames, "covariance": spread.covariance}
    where, drawn = points, vectors
    if points.shape[1] > 3:
        main = field_layers.main_directions(drawn_from)
        where, drawn = (points - drawn_from.mean(axis=0)) @ main, vectors @ main
        told["frames"] = np.einsum("Dc,nDa->nca", main, spread.frames)
        told["attached"] = {
            "position": points, "vector": vectors, "frame in space": spread.frames,
        }  # fmt: skip
    return Arrows(
        name="field", role="prediction", positions=where, vectors=drawn,
        axes=field_layers.axes(points.shape[1]), columns=columns, colour_by="magnitude", **told,
    )  # fmt: skip

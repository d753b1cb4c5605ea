"""One side of a surface: signs that turn frames from data the same way round."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engine.numerics.singularities import vertex_normals

Floats = NDArray[np.float64]
Signs = NDArray[np.int64]

TORN = 0.002
"""Share of edges with well aligned ends that disagree, above which a surface is taken to have one
side only: the seam of a strip is short."""
ALIGNED = 0.5
"""Ends of an edge are well aligned when areas are projected to at least this share."""


def of_frames(
    positions: Floats, faces: NDArray[np.int64], frames: Floats, weights: sparse.csr_array
) -> Signs:
    """+1 where a frame (D, 2) turns counterclockwise as seen from the outside, else -1 (n,).

    With triangles their side is the outside, in the plane it is the viewer's; a cloud in space is
    seen from away from its centre, and in more dimensions one of the two sides is taken. Empty for
    other than surfaces, and for surfaces with one side.
    """
    ambient, d = frames.shape[1:]
    if d != 2:
        return np.empty(0, np.int64)
    if ambient == 2:
        return _signs(np.linalg.det(frames))
    if ambient == 3 and len(faces):
        return _signs(np.einsum("nd,nd->n", _normals(frames), vertex_normals(positions, faces)))
    signs = _carried_along(frames, weights)
    if not len(signs) or ambient > 3:
        return signs
    outward = np.einsum("nd,nd->n", _normals(frames), positions - positions.mean(axis=0))
    return signs if float(signs @ outward) >= 0 else -signs


def _signs(values: Floats) -> Signs:
    return np.where(values < 0, -1, 1)


def _normals(frames: Floats) -> Floats:
    return np.cross(frames[:, :, 0], frames[:, :, 1])


def _carried_along(frames: Floats, weights: sparse.csr_array) -> Signs:
    """Signs carried along the tree of the least turned edges; empty if many other edges object."""
    from scipy.sparse.csgraph import breadth_first_order, connected_components
    from scipy.sparse.csgraph import minimum_spanning_tree as shortest_tree

    n = len(frames)
    first = np.repeat(np.arange(n), np.diff(weights.indptr))
    same = _alike(frames, first, weights.indices)
    # The tree wants lengths above zero: an edge between equal planes is the shortest.
    lengths = 2.0 - np.abs(same).clip(max=1.0)
    tree = shortest_tree(sparse.csr_array((lengths, (first, weights.indices)), shape=(n, n)))
    count, part = connected_components(tree, directed=False)
    signs = np.ones(n, np.int64)
    for root in np.unique(part, return_index=True)[1][:count]:
        order, parents = breadth_first_order(tree, root, directed=False)
        children = order[1:]
        steps = _signs(_alike(frames, parents[children], children))
        # Parents come before their children, so one pass in that order settles all.
        for child, parent, step in zip(children, parents[children], steps, strict=True):
            signs[child] = signs[parent] * step
    sure = np.abs(same) > ALIGNED
    against = (signs[first] * signs[weights.indices] * same)[sure] < 0
    return np.empty(0, np.int64) if against.size and against.mean() > TORN else signs


def _alike(frames: Floats, first: NDArray[Any], second: NDArray[Any]) -> Floats:
    """det T_i^T T_j (m,): how much of an area is left when it is projected, and which way round."""
    return np.asarray(np.linalg.det(np.einsum("mDa,mDb->mab", frames[first], frames[second])))

"""Where the sliders stand in a step of training.

A network that sees one position at a time learns each worse than one that sees several in every
step, and one that never sees the ends exactly is worst where a person looks first.
"""

from __future__ import annotations

import numpy as np

from engine.layers import Array

AT_ZERO, AT_ONE = 0.05, 0.10
"""Share of positions that lie exactly at an end."""


def stratified(count: int, rng: np.random.Generator) -> Array:
    """`count` positions of one slider (count, 1): one from each `count`-th part of [0, 1], the
    outermost now and then put on the end itself."""
    u = (np.arange(count) + rng.random(count)) / count
    if rng.random() < AT_ZERO * count:
        u[0] = 0.0
    if rng.random() < AT_ONE * count:
        u[-1] = 1.0
    return u[:, None]


def box(count: int, sliders: int, rng: np.random.Generator) -> Array:
    """Independent sliders, each stratified by itself, in unrelated orders: (count, sliders)."""
    columns = [rng.permutation(stratified(count, rng)[:, 0]) for _ in range(sliders)]
    return np.stack(columns, axis=1)


def simplex(count: int, objectives: int, rng: np.random.Generator) -> Array:
    """Weights of competing objectives that sum to 1: (count, objectives); a tenth at corners."""
    if objectives == 2:
        u = stratified(count, rng)
        return np.concatenate([u, 1 - u], axis=1)
    drawn = rng.dirichlet(np.ones(objectives), size=count)
    corner = rng.random(count) < AT_ONE
    drawn[corner] = np.eye(objectives)[rng.integers(objectives, size=int(corner.sum()))]
    return drawn

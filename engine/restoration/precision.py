"""Whether this machine restores quicker in bfloat16, and whether a picture shows it."""

from __future__ import annotations

import functools
import time
from typing import Literal

import numpy as np
import torch

from engine.layers import Array
from engine.restoration.model import Model
from engine.restoration.networks import MergedNetwork, Shape, TunableNetwork
from engine.restoration.restorer import Position, Restorer

Precision = Literal["float32", "bfloat16"]
SIDE = 256
TIMES = 3
MARGIN = 0.85
"""It must take at most this share of the time, so that noise does not decide."""
MOST_ERROR = 2 / 255
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@functools.cache
def quicker(shape: Shape) -> bool:
    """Whether the network is, by three forwards of each; measured once in a process."""
    network = TunableNetwork(
        shape, sliders=1, mixing="mlp", rng=np.random.default_rng(0), kernels=1
    )
    x = torch.zeros(1, shape.channels, SIDE, SIDE)
    plane = torch.zeros(1, shape.planes, SIDE // 2, SIDE // 2) if shape.planes else None
    least = []
    for dtype in (torch.float32, torch.bfloat16):
        merged = MergedNetwork(network, dtype)
        merged.at(torch.zeros(1))
        merged(x, plane)
        took = []
        for _ in range(TIMES):
            begun = time.perf_counter()
            merged(x, plane)
            took.append(time.perf_counter() - begun)
        least.append(min(took))
    return least[1] < MARGIN * least[0]


def chosen(model: Model, part: Array, position: Position) -> Precision:
    """bfloat16 where it is quicker and changes no pixel of `part` by more than `MOST_ERROR`."""
    if not quicker(model.shape):
        return "float32"
    exact, rounded = (
        Restorer(part, model, DTYPES[name]).other(part, position)
        for name in ("float32", "bfloat16")
    )
    return "bfloat16" if float(np.abs(exact - rounded).max()) < MOST_ERROR else "float32"

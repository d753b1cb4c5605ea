"""Restoring networks: what tunable kernels cost beside plain ones, sizes, and a slider's way to a
frame.

The tunable network merges its kernels before every forward; the plain one is the same convolutions
with kernels of its own. The median of interleaved pairs is taken, so that other work on the
machine meets both.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from engine.data import open_any
from engine.restoration.controls import of, plain
from engine.restoration.networks import SHAPES, MergedNetwork, TunableNetwork
from engine.runs import RunSpec, run
from tests.bench.report import Report

SIDE = 512


def measure(*, quick: bool) -> Report:
    pairs = 5 if quick else 40
    report = Report("restoration", ("what", "arithmetic", "ms", "beside", "ms beside", "ratio"))
    torch.set_num_threads(1)
    for name in ("nano-colour", "live-colour", "fine-colour", "live-grey"):
        for dtype in (torch.float32, torch.bfloat16):
            mine, other = _pair(name, dtype, pairs)
            word = str(dtype).removeprefix("torch.")
            report.add(f"{name}, 512 x 512", word, 1e3 * mine, "plain", 1e3 * other, mine / other)
    for spec in ("sample:camera", "sample:astronaut"):
        first, settled = _frames(spec, 3 if quick else 15)
        report.add(f"slider to pixels, {spec}", "as chosen", 1e3 * first, "with numbers",
                   1e3 * settled, first / settled)  # fmt: skip
    report.remarks.append("one thread; 'plain' has kernels of its own and no sliders")
    return report


def _pair(name: str, dtype: torch.dtype, pairs: int) -> tuple[float, float]:
    shape, rng = SHAPES[name], np.random.default_rng(0)
    sliders = 4
    tunable = TunableNetwork(shape, sliders=sliders, mixing="mip", rng=rng)
    merged, alone = MergedNetwork(tunable, dtype), MergedNetwork(plain(shape, rng), dtype)
    assert of(plain(shape, rng)).keys() == merged.kernels().keys()
    alone.at(torch.zeros(1))
    x = torch.rand(1, shape.channels, SIDE, SIDE)
    x = x.contiguous(memory_format=torch.channels_last)

    def moved(k: int) -> None:
        merged.at(torch.full((sliders,), (k % 10) / 10))
        merged(x)

    took: dict[bool, list[float]] = {True: [], False: []}
    for k in range(2 * pairs + 4):
        # Now one first, now the other: what a pair leaves in the caches meets both.
        for tuned in (True, False) if k % 2 else (False, True):
            begun = time.process_time()
            moved(k) if tuned else alone(x)
            if k > 3:
                took[tuned].append(time.process_time() - begun)
    return statistics.median(took[True]), statistics.median(took[False])


def _frames(spec: str, moves: int) -> tuple[float, float]:
    """Median seconds of processor from a slider's value to the first and to the settled frame."""
    fit = run(RunSpec(method="restoration.tunable", data=spec), open_any(spec))
    method: Any = fit.method
    first, settled = [], []
    for k in range(moves):
        params = replace(fit.params, strength=5.0 + 40 * k / moves)
        begun = time.process_time()
        frames = method.refine(params)
        next(frames)
        first.append(time.process_time() - begun)
        for _ in frames:
            pass
        settled.append(time.process_time() - begun)
    return statistics.median(first), statistics.median(settled)

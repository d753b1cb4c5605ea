"""Poisson's equation with the solution sin(100 x): error against seconds.

GP-HM directly and trained as published, the physics-informed network as it is by default, and
DeepXDE's network of the same size where the library is installed. Then what a drag of one component
costs from its wish to its picture, and a step of Adam by the number of nodes.
"""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from engine.data import open_any
from engine.pde.gphm_direct import Setting
from engine.pde.gphm_params import GPHMParams
from engine.pde.joint import Joint
from engine.runs import RunSpec, begin, run
from tests.bench.report import Report, seconds

PROBLEM = "problem:waves_sin"
PUBLISHED = {"training": "as published", "nodes": 400, "highest": 20.0}
STEPS = (100, 500, 1500)
PATIENCE = 60.0
"""Seconds that a network is given."""
MOVES = 20


def measure(*, quick: bool) -> Report:
    report = Report("waves", ("what", "nodes", "seconds", "relative error"))
    patience = 4.0 if quick else PATIENCE
    for nodes in (400,) if quick else (300, 400, 600):
        _direct(report, nodes)
    started = time.perf_counter()
    wanted = list(STEPS)
    for index, error in _course("pde.gphm", PUBLISHED | {"steps": 100 if quick else STEPS[-1]}):
        if wanted and index >= wanted[0]:
            wanted.pop(0)
            passed = time.perf_counter() - started
            report.add(f"GP-HM, Adam, {index} steps", 400, passed, f"{error:.1e}")
    for name, course in (
        ("physics-informed network", _course("pde.pinn", {"steps": 200 if quick else 20_000})),
        ("DeepXDE", _deepxde()),
    ):
        if name == "DeepXDE" and importlib.util.find_spec("deepxde") is None:
            report.remarks.append("DeepXDE is not installed.")
            continue
        best, started = np.inf, time.perf_counter()
        for _, error in course:
            best = min(best, error)
            if time.perf_counter() - started > patience:
                break
        report.add(name, "", time.perf_counter() - started, f"{best:.1e}")
    for nodes in (200, 400) if quick else (100, 200, 400, 800):
        report.add("one step of Adam, CPU", nodes, _step(nodes), "")
    return report


def _direct(report: Report, nodes: int) -> None:
    """A fit from nothing, and a drag of one component."""
    data = open_any(PROBLEM)
    spec = RunSpec(method="pde.gphm", data=PROBLEM, params={"nodes": nodes, "highest": 20.0})
    took = seconds(lambda: run(spec, data))
    fit = run(spec, data)
    frame = fit.result()
    report.add("GP-HM, direct, a fit", nodes, took, f"{frame.metrics['relative error']:.1e}")
    handles: Any = frame.layer("spectrum").handles  # type: ignore[union-attr]
    first, settled = [], []
    for k in range(MOVES):
        moved = handles["frequencies"].copy()
        moved[10] += 0.1 * (k + 1)
        values = {**handles, "frequencies": moved}
        wanted = replace(fit.params, **{n: tuple(v.tolist()) for n, v in values.items()})
        started = time.perf_counter()
        for found in fit.method.refine(wanted):  # type: ignore[attr-defined]
            if found is not None:
                (settled if found.coarse == "" else first).append(time.perf_counter() - started)
    report.add("a drag to its first picture", nodes, float(np.median(first)), "")
    report.add("a drag to its last, with the spread", nodes, float(np.median(settled)), "")


def _step(nodes: int) -> float:
    data = open_any(PROBLEM)
    params = GPHMParams(**{**PUBLISHED, "nodes": nodes})  # type: ignore[arg-type]
    setting = Setting.of(data, params, data.values)
    joint = Joint(setting.lattice, params.family, params.jitter)
    leaves = joint.start(setting.spectra)
    found = []
    for _ in range(20):
        # Its own time: others on the machine would add theirs to so short a call.
        started = time.process_time()
        joint(leaves, params.weight_boundary)
        found.append(time.process_time() - started)
    return float(np.median(found))


def _course(method: str, params: dict[str, Any]) -> Iterator[tuple[int, float]]:
    """Step and relative error whenever a fit tells the error."""
    spec = RunSpec(method=method, data=PROBLEM, params=params)
    for step in begin(spec, open_any(PROBLEM)):
        found = {**step.metrics, **(step.snapshot.metrics if step.snapshot else {})}
        if "relative error" in found:
            yield step.index, float(found["relative error"])


def _deepxde() -> Iterator[tuple[int, float]]:
    os.environ["DDE_BACKEND"] = "pytorch"
    import deepxde
    import torch

    def residual(x: Any, u: Any) -> Any:
        return deepxde.grad.hessian(u, x) + 1e4 * torch.sin(100 * x)

    deepxde.config.set_random_seed(0)
    line = deepxde.geometry.Interval(0, 2 * np.pi)
    ends = deepxde.icbc.DirichletBC(line, lambda x: np.sin(100 * x), lambda x, on: on)
    data = deepxde.data.PDE(line, residual, ends, num_domain=1000, num_boundary=2)
    model = deepxde.Model(data, deepxde.nn.FNN([1, 50, 50, 50, 1], "tanh", "Glorot normal"))
    model.compile("adam", lr=1e-3, verbose=0)
    x = np.linspace(0, 2 * np.pi, 1201)[:, None]
    truth = np.sin(100 * x)
    for index in range(200, 10_000_000, 200):
        model.train(iterations=200, display_every=10_000, verbose=0)
        yield index, float(np.linalg.norm(model.predict(x) - truth) / np.linalg.norm(truth))

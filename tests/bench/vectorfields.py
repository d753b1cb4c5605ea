"""RVGP beside scikit-learn's dense Gaussian process on the same points of a sphere.

Half of the points are observed. Both search length scale, amplitude and noise by marginal
likelihood from one start, and a LIVE move gives mean and spread at every point for new values.
"""

from __future__ import annotations

import resource
from dataclasses import replace
from typing import Any

import numpy as np

from engine.data import open_any
from engine.vectorfield import likelihood
from engine.vectorfield.rvgp import RVGP
from tests.bench.report import Report, seconds

LENGTHS = (0.5, 1.0, 2.0, 4.0)
GROWTH = (20_000, 100_000)


def measure(*, quick: bool) -> Report:
    report = Report("vectorfields", ("points", "what", "seconds", "scikit-learn over it"))
    for n in (300,) if quick else (1000, 5000):
        data = open_any(f"sample:sphere_field?n={n}&observed=0.5")
        held: list[RVGP] = []
        setup = seconds(lambda: held.append(_fitted(data)))  # noqa: B023
        method = held[0]
        ours = seconds(lambda: _search(method))  # noqa: B023
        theirs, peer = _peer_search(data)
        moves = [replace(method.params, length=length) for length in LENGTHS]
        live = float(np.median([seconds(lambda: method.evaluate(p)) for p in moves]))  # noqa: B023
        mean = float(np.median([seconds(lambda: _mean(method, p)) for p in moves]))  # noqa: B023
        again = _peer_move(peer, data)
        report.add(n, "graph, frames, eigenfields and search", setup, theirs / setup)
        report.add(n, "search of the hyper-parameters alone", ours, theirs / ours)
        report.add(n, "LIVE move, mean", mean, again / mean)
        report.add(n, "LIVE move, mean, spread and layers", live, again / live)
        report.add(n, "scikit-learn: search", theirs, 1.0)
        report.add(n, "scikit-learn: other length, mean and spread", again, 1.0)
    for n in () if quick else GROWTH:
        data = open_any(f"sample:sphere_field?n={n}&observed=0.1")
        report.add(n, "graph, frames, eigenfields and search", seconds(lambda: _fitted(data)), "")  # noqa: B023
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    report.remarks.append(f"most memory held by the process: {peak:.1f} GiB")
    return report


def _fitted(data: Any) -> RVGP:
    method = RVGP(RVGP.Params())
    for _ in method.fit(data, rng=np.random.default_rng(0), device="cpu"):
        pass
    return method


def _search(method: RVGP) -> None:
    fitted, evidence = method._ready()
    likelihood.best(
        evidence, fitted.values, fitted.manifold.energy, nu=1.5, dimension=2, exponent="manifold"
    )


def _mean(method: RVGP, params: Any) -> None:
    fitted, _ = method._ready()
    posterior = method.regression(params).posterior
    np.einsum("nDd,nd->nD", fitted.frames, posterior.mean(fitted.fields))


def _peer_search(data: Any) -> tuple[float, Any]:
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    kernel = ConstantKernel(1.0) * Matern(0.5, nu=1.5) + WhiteKernel(0.01)
    peer = GaussianProcessRegressor(kernel)
    seen = data.observed
    took = seconds(lambda: peer.fit(data.positions[seen], data.vectors[seen]))
    return took, peer


def _peer_move(peer: Any, data: Any) -> float:
    from sklearn.gaussian_process import GaussianProcessRegressor

    kernel = peer.kernel_.clone_with_theta(np.add(peer.kernel_.theta, [0.0, 0.2, 0.0]))
    seen = data.observed

    def move() -> None:
        other = GaussianProcessRegressor(kernel, optimizer=None)
        other.fit(data.positions[seen], data.vectors[seen])
        other.predict(data.positions, return_std=True)

    return seconds(move)

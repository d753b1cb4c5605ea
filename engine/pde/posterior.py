"""How far a solution on a line may be off, given the kernel: a posterior spread.

The equation at the nodes and the conditions are linear functionals of a Gaussian process; what they
leave open is k(x, x) - c(x)^T C^-1 c(x). C needs the kernel's fourth derivative. It is approximate:
the solution itself is by square collocation, a nonlinear equation is taken at its linear part, and
the kernel's size is set by maximum likelihood.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from engine.pde.gp_line import Line
from engine.pde.lags import gathered
from engine.pde.problem import Floats
from engine.pde.spectral import Spectrum

NOISE = 1e-10
"""Added to the functionals' correlations; beyond it rounding decides."""


def spread(line: Line, spectrum: Spectrum, at: Floats, places: Floats) -> Floats:
    """Standard deviation (P,) at places, for the solution with weights `at`."""
    nodes = line.lattice.axes[0]
    rows = _functionals(line, at)
    count = len(nodes)
    top = max(rows)
    table = spectrum.table(line.lattice.lags(0), 2 * top + 1)
    matrix = np.zeros((count, count))
    for p, one in rows.items():
        for q, other in rows.items():
            matrix += one[:, None] * other * gathered(table[p + q], p + q) * (-1) ** q
    scale = np.sqrt(np.diag(matrix))
    matrix /= scale[:, None] * scale
    matrix[np.diag_indices(count)] += NOISE
    lower = linalg.cholesky(matrix, lower=True, check_finite=False)
    told = sum(rows[p] * (line.matrix(p) @ at) for p in rows) / scale
    amplitude = float(np.mean(linalg.solve_triangular(lower, told, lower=True) ** 2))
    cross = _cross(spectrum, rows, nodes, places) / scale[:, None]
    half = linalg.solve_triangular(lower, cross, lower=True, check_finite=False)
    left = np.maximum(spectrum.variance - (half**2).sum(axis=0), 0.0)
    return np.asarray(np.sqrt(amplitude * left))


def _functionals(line: Line, at: Floats) -> dict[int, Floats]:
    """What each node's row counts of every derivative."""
    jet, c = line.jet(at), line.lattice.c
    found: dict[int, Floats] = {}
    for key, order in line.keys.items():
        found[order] = line.problem.partial(0, key, jet, line.lattice.places, c).copy()
    for face, row in zip(line.lattice.faces, line.taken, strict=True):
        found.setdefault(face.order, np.zeros(len(at)))
        for order, slope in found.items():
            slope[row] = float(order == face.order)
    return found


def _cross(spectrum: Spectrum, rows: dict[int, Floats], nodes: Floats, places: Floats) -> Floats:
    """Covariance (N, P) of every functional with the values at places."""
    from engine.pde.mean import Mean

    kernel = Mean([nodes], [spectrum], np.zeros(len(nodes)))
    found = np.zeros((len(nodes), len(places)))
    for order, slope in rows.items():
        # k^(q)(x - x') by its second place changes sign once for every derivative.
        found += (-1) ** order * slope[:, None] * kernel.matrix(places, order).T
    return found

"""The flow beside a lid's end, where a lid that moves meets a wall that does not.

With X, Y from the corner (0, 1) of the unit square, r and theta their polar coordinates (the wall
is at -pi/2) and a lid of speed a X:

    psi = a/8 ((4 theta + pi) r^2 - pi (X^2 - Y^2) + 4 X Y),    p = 2 a mu log r

solves Stokes' equations with u = v = 0 on the wall (of the kind of Moffatt, J. Fluid Mech. 18, 1
(1964)). Velocities are like r, their slopes jump at the corner; the pressure has no bound there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.pde.problem import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Corners:
    """Of both ends of a lid at y = 1: velocities with their slopes, and p / mu, at places of one
    shape; at the corners themselves p is not finite, and slopes are not numbers."""

    u: Floats
    v: Floats
    u_x: Floats
    u_y: Floats
    v_x: Floats
    v_y: Floats
    p: Floats


def flow(slope: float, x: Floats, y: Floats) -> Corners:
    """For a lid of speed `slope` times x at its left end and times 1 - x at its right one."""
    with np.errstate(divide="ignore", invalid="ignore"):
        left, right = _one(slope, x, y - 1), _one(slope, 1 - x, y - 1)
    signs = (1, -1, -1, 1, 1, -1, -1)
    return Corners(*(a + sign * b for a, b, sign in zip(left, right, signs, strict=True)))


def _one(a: float, x: Floats, y: Floats) -> tuple[Floats, ...]:
    """u, v, u_x, u_y, v_x, v_y and p / mu of the left end."""
    square = x**2 + y**2
    turned = a * (np.arctan2(y, x) + np.pi / 4)
    quarter = a * np.pi / 4
    u = a * x + (turned + quarter) * y
    v = (quarter - turned) * x
    along, mixed = a * x**2 / square, a * x * y / square
    return (u, v, along, quarter + turned + mixed, quarter - turned + mixed, -along,
            a * np.log(square))  # fmt: skip


def mean_pressure(slope: float, width: float, height: float) -> float:
    """Mean of p / mu at the left end over the part of the square beside it."""
    both = width * height
    whole = both * (np.log(width**2 + height**2) - 3)
    whole += width**2 * np.arctan2(height, width) + height**2 * np.arctan2(width, height)
    return float(slope * whole / both)

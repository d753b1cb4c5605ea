"""Velocities of trajectories from positions that follow one another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.data.errors import OpenError
from engine.data.vectors import Floats
from engine.layers import Array


def velocities(
    positions: Floats, time: Floats, series: Array | None, *, name: str, time_name: str = ""
) -> Floats:
    """Rates of change (n, D) of positions (n, D) over times (n,), to second order.

    Each row has the slope of the parabola through it and its neighbours: central differences
    inside a series, one-sided ones at its ends. Rows without position, time or series are passed
    over and get NaN, as do series of a single row. `series` (n,) tells trajectories apart; rows of
    different series may alternate.

    Raises
    ------
    OpenError
        When the times of a series do not all rise or all fall.
    """
    usable = np.isfinite(positions).all(axis=1) & np.isfinite(time)
    group = np.zeros(len(positions), dtype=np.int64)
    if series is not None:
        usable &= np.isfinite(series) if series.dtype.kind == "f" else series.astype(np.str_) != ""
        group = np.unique(series, return_inverse=True)[1]
    rows = np.flatnonzero(usable)
    rows = rows[np.argsort(group[rows], kind="stable")]
    found = np.full(positions.shape, np.nan)
    if len(rows) == 0:
        return found
    starts = np.flatnonzero(np.diff(group[rows], prepend=-1))
    lengths = np.diff(np.append(starts, len(rows)))
    first, length = np.repeat(starts, lengths), np.repeat(lengths, lengths)
    _check_times(rows, time[rows], group[rows], name, time_name)
    found[rows] = _slopes(positions[rows], time[rows], first, length)
    return found


def _check_times(
    rows: NDArray[np.int64], time: Floats, group: NDArray[np.int64], name: str, time_name: str
) -> None:
    inside = np.diff(group) == 0
    step = np.sign(np.diff(time))
    # A turn is a step against the one before it in the same series.
    turned = np.zeros_like(inside)
    turned[1:] = inside[1:] & inside[:-1] & (step[1:] != step[:-1])
    wrong = np.flatnonzero(turned | (inside & (step == 0)))
    if len(wrong):
        place = int(wrong[0])
        raise OpenError(
            f"The times in column '{time_name}' of '{name}' do not run on from row "
            f"{rows[place] + 1} to row {rows[place + 1] + 1}; sort the rows by time, or tell "
            "trajectories apart with series=COLUMN."
        )


def _slopes(
    positions: Floats, time: Floats, first: NDArray[np.int64], length: NDArray[np.int64]
) -> Floats:
    """Slopes (m, D) at m rows; each row's series starts at `first` and has `length` rows."""
    slopes = np.full(positions.shape, np.nan)
    row = np.arange(len(positions))
    two = np.flatnonzero(length == 2)
    a, b = first[two], first[two] + 1
    slopes[two] = (positions[b] - positions[a]) / (time[b] - time[a])[:, None]
    many = np.flatnonzero(length >= 3)
    b = np.clip(row[many], first[many] + 1, first[many] + length[many] - 2)
    a, c = b - 1, b + 1
    before = (positions[b] - positions[a]) / (time[b] - time[a])[:, None]
    after = (positions[c] - positions[b]) / (time[c] - time[b])[:, None]
    bend = (after - before) / (time[c] - time[a])[:, None]
    at = time[many]
    slopes[many] = before + bend * ((at - time[a]) + (at - time[b]))[:, None]
    return slopes

"""The part of a photograph that small pictures are made of is where there is something to see."""

from __future__ import annotations

import numpy as np
import pytest

from engine.restoration.small_part import SHAPE, STEP, most_detailed


def picture(height=400, width=500):
    values = np.full((height, width, 3), 0.4, np.float32)
    values[40:88, 300:380] = np.random.default_rng(0).random((48, 80, 1), np.float32)
    return values


def test_it_lies_on_what_has_most_edges():
    top, left, bottom, right = most_detailed(picture(), (0, 0, 400, 500))
    assert (bottom - top, right - left) == SHAPE
    assert abs(top - 40) <= STEP and abs(left - 300) <= STEP


@pytest.mark.parametrize(
    "part", [(100, 0, 400, 500), (30, 310, 300, 500), (200, 200, 210, 205), (390, 490, 400, 500)]
)
def test_it_lies_in_the_part_or_about_it(part):
    top, left, bottom, right = most_detailed(picture(), part)
    assert (bottom - top, right - left) == SHAPE
    assert top >= 0 and bottom <= 400 and left >= 0 and right <= 500
    for first, last, begin, end in (
        (top, bottom, part[0], part[2]),
        (left, right, part[1], part[3]),
    ):
        inside = begin <= first and last <= end
        assert inside or (first <= begin and end <= last)


def test_of_an_even_picture_it_is_the_middle_and_of_a_tiny_one_all():
    even = np.full((300, 300), 0.5, np.float32)
    top, left, bottom, right = most_detailed(even, (0, 0, 300, 300))
    assert abs(top + bottom - 300) <= 2 * STEP and abs(left + right - 300) <= 2 * STEP
    assert most_detailed(np.zeros((7, 9), np.float32), (0, 0, 7, 9)) == (0, 0, 7, 9)
    assert most_detailed(np.zeros((1, 1), np.float32), (0, 0, 1, 1)) == (0, 0, 1, 1)

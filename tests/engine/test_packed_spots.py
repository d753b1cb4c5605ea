"""Places that a hand set in a picture go into a project and come back."""

from __future__ import annotations

import json

import numpy as np

from engine.io.packing import ArrayStore, pack_layer, unpack_layer
from engine.layers import Axis, Field, Spots


def test_spots_come_back_as_they_were():
    spots = Spots(sets="points", rows=np.arange(6.0).reshape(2, 3),
                  shown=np.array([[0.0, 1.0], [3.0, 4.0]]), along="u")  # fmt: skip
    layer = Field(name="f", role="prediction", values=np.ones((3, 2)), spots=spots,
                  extent=((0.0, 1.0), (0.0, 2.0)), axes=(Axis("x"), Axis("y")))  # fmt: skip
    store = ArrayStore()
    again = unpack_layer(json.loads(json.dumps(pack_layer(layer, store))), store)
    assert isinstance(again, Field) and isinstance(again.spots, Spots)
    assert again.spots.sets == "points" and again.spots.along == "u"
    assert np.array_equal(again.spots.rows, spots.rows)
    assert np.array_equal(again.spots.shown, spots.shown)

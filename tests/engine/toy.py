"""A small deterministic method and table for tests of files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import pytest

from engine import catalog
from engine.data.table import Table
from engine.layers import Axis, Curves, Points
from engine.method import Snapshot, Step
from engine.params import LIVE, REFIT, STEP, Bound, Doc, check

CARD = catalog.Card(
    id="embedding.toy",
    title="Toy",
    target="tests.engine.toy:Toy",
    summary="A random projection that drifts.",
    paper="none",
)
ODD = replace(CARD, id="embedding.odd", title="Odd", target="tests.engine.toy:Odd")


@pytest.fixture
def listed(monkeypatch):
    """The toys in the catalogue for one test only."""
    for card in (CARD, ODD):
        monkeypatch.setitem(catalog.cards(), card.id, card)


class Toy:
    """A random projection, nudged at every step by the STEP parameter."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Params:
        zoom: Annotated[float, Bound(0.1, 10.0), LIVE, Doc("zoom")] = 1.0
        rate: Annotated[float, Bound(0.0, 1.0), STEP, Doc("drift per step")] = 0.1
        steps: Annotated[int, Bound(1, 50), REFIT, Doc("steps")] = 5

        def __post_init__(self) -> None:
            check(self)

    Data = Table

    def __init__(self, params):
        self.params = params
        self.projection = None

    def fit(self, data, *, rng, device):
        weights = rng.standard_normal((data.values.shape[1], 2))
        now = self.params
        self.values = data.values
        for index in range(now.steps):
            weights = weights + now.rate * rng.standard_normal(weights.shape)
            self.projection = data.values @ weights
            changed = yield Step(
                index=index, total=now.steps, metrics={"size": float(weights[0, 0])}
            )
            now = changed or now

    def evaluate(self, params):
        places = params.zoom * self.projection
        return Snapshot(
            layers=(
                Points(
                    name="embedding",
                    role="prediction",
                    positions=places,
                    axes=(Axis("axis 1"), Axis("axis 2", "mm")),
                    columns={"radius": np.hypot(*places.T)},
                    ids=np.arange(len(places)),
                ),
                Curves(
                    name="spectrum",
                    role="diagnostic",
                    x=np.arange(3.0),
                    lines={"value": np.array([3.0, 2.0, 1.0])},
                    axes=(Axis("index"), Axis("eigenvalue")),
                    marks={"t": 1.0},
                    stems=True,
                ),
            ),
            params=params,
            metrics={"stress": 0.25},
        )

    def state(self):
        return {} if self.projection is None else {"projection": self.projection}

    @classmethod
    def from_state(cls, params, state):
        made = cls(params)
        made.projection = np.asarray(state["projection"])
        return made


class Odd(Toy):
    """Arrays of every shape and type that a state can hold."""

    def state(self):
        return {
            "projection": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
            "scalar": np.array(2.5),
            "none": np.empty((0, 3), np.float32),
            "flags": np.array([True, False]),
            "big": np.arange(3, dtype=">i4"),
        }

    @classmethod
    def from_state(cls, params, state):
        made = cls(params)
        made.found = state
        return made


def table(n: int = 40) -> Table:
    """Three groups in five dimensions."""
    rng = np.random.default_rng(7)
    group = np.arange(n) % 3
    return Table(
        name="toy",
        spec="toy.csv",
        values=rng.standard_normal((n, 5)) + 4 * group[:, None],
        columns=("a", "b", "c", "d", "e"),
        units=("m", "", "", "", ""),
        labels={"group": np.array(["left", "middle, far", "right"])[group], "age": rng.random(n)},
        label="group",
    )

"""Every method of the catalogue that can run here keeps the contract."""

from __future__ import annotations

import pytest

from engine import catalog
from tests.engine import conformance as owed

CARDS = [card for card in catalog.cards().values() if not card.missing()]


@pytest.fixture(params=CARDS, ids=lambda card: card.id)
def card(request):
    return request.param


def test_enough_methods_run_here():
    assert {"embedding.heat_geodesic", "embedding.phate", "embedding.diffusion_map",
            "embedding.isomap", "embedding.tsne", "vectorfield.rvgp",
            "vectorfield.ambient_gpr"} <= {c.id for c in CARDS}  # fmt: skip


def test_a_missing_library_is_said_with_what_to_install():
    for card in catalog.cards().values():
        assert not card.missing() or "pip install" in card.missing()


def test_parameters(card):
    owed.check_parameters(card)


def test_steps(card):
    owed.check_steps(card)


def test_repeatable(card):
    owed.check_repeatable(card)


def test_evaluation(card):
    owed.check_evaluation(card)


def test_every_live_parameter_changes_the_picture(card):
    owed.check_live(card)


def test_state(card):
    owed.check_state(card)


@pytest.mark.alone
def test_cancel(card):
    owed.check_cancel(card, owed.data_for(card, 1500))


def test_bad_data(card):
    owed.check_bad_data(card)


def test_odd_data(card):
    owed.check_odd_data(card)

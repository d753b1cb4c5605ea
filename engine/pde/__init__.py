"""Partial differential equations: problems, references, and methods that solve them."""

from __future__ import annotations

from engine.catalog import Card

CARDS: tuple[Card, ...] = (
    Card(
        id="pde.pig",
        title="Physics-Informed Gaussians",
        target="engine.pde.pig:PIG",
        summary="A solution as a sum of bumps that move to where they are needed.",
        paper="PIG: Physics-Informed Gaussians as Adaptive Parametric Mesh Representations, "
        "arXiv 2412.05994",
        data="Problem",
    ),
    Card(
        id="pde.pinn",
        title="Physics-informed network",
        target="engine.pde.pinn:PINN",
        summary="A network trained until the equation holds, with all that is known to help.",
        paper="Wang, Sankaran, Wang and Perdikaris, An Expert's Guide to Training Physics-informed "
        "Neural Networks, arXiv 2308.08468",
        data="Problem",
        peer=True,
    ),
)
"""The family's methods, for the catalogue."""

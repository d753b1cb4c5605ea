"""What goes beyond the ceiling of curves is cut off there, and said in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph

from engine.layers import Curves


class Cuts:
    """Keeps a plot's ordinate below the layer's ceiling, where it has one."""

    def __init__(self, plot: Any) -> None:
        self._plot = plot
        self._ink = "#888888"
        self._words: list[Any] = []
        self._held = False

    def set_ink(self, ink: str) -> None:
        self._ink = ink
        for words in self._words:
            words.setColor(ink)

    def words(self) -> list[str]:
        """What is said."""
        return [words.toPlainText() for words in self._words]

    def show(self, layer: Curves) -> None:
        beyond = layer.beyond()
        while len(self._words) > len(beyond):
            self._plot.removeItem(self._words.pop())
        while len(self._words) < len(beyond):
            self._words.append(pyqtgraph.TextItem("", color=self._ink))
            self._plot.addItem(self._words[-1], ignoreBounds=True)
        for (place, text), words in zip(beyond, self._words, strict=True):
            words.setText(text)
            # Inwards from the end that it is at.
            words.setAnchor((0.0 if place < float(np.mean(layer.x)) else 1.0, 0.0))
            words.setPos(place, layer.ceiling)
        if layer.ceiling is not None:
            self._plot.setYRange(0.0, layer.ceiling, padding=0.0)
        elif self._held:
            self._plot.enableAutoRange(axis="y")
        self._held = layer.ceiling is not None

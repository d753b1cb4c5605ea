"""Stems whose heads a hand drags, to set the numbers that they were drawn from.

A head goes where it is dragged; with Shift held, or by the wheel, its width changes. The bar
around a stem is as wide as its width on either side.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, Qt, Signal

from engine.layers import Curves
from workbench.theme import Theme

REACH = 12.0
"""Pixels from a head within which it is meant."""
SHIFT_PX = 90.0
"""Pixels of a drag with Shift by which a width grows e-fold."""
NOTCH = 1.15
"""Factor on a width per notch of the wheel."""
HEADROOM = 0.4
"""Share of the height of what is drawn that is left above it."""
Floats = NDArray[np.float64]


class Stems(QObject):
    """`moved` carries the parameters of the layer's handles, a tuple each, and whether the hand has
    let go."""

    moved = Signal(object, bool)

    def __init__(self, plot: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._plot = plot
        self._layer: Curves | None = None
        self._values: list[Floats] = []
        self._held: int | None = None
        self._hovered: int | None = None
        self._range: tuple[float, ...] = ()
        self._bars = pyqtgraph.BarGraphItem(x0=[], x1=[], y0=[], y1=[])
        self._stalks = pyqtgraph.PlotCurveItem(connect="pairs")
        self._heads = _Heads(self)
        self._told = pyqtgraph.TextItem(anchor=(0.0, 0.0))
        for z, item in ((-2, self._bars), (-1, self._stalks), (7, self._heads), (5, self._told)):
            item.setZValue(z)
            plot.addItem(item, ignoreBounds=True)
        self._told.hide()

    def show_layer(self, layer: Curves) -> None:
        """Where the parameters are now; while a head is held all stay as the hand has them."""
        self._layer = layer
        if self._held is None:
            self._values = [np.array(v, np.float64) for v in layer.handles.values()]
            if self._hovered is not None and self._hovered >= len(self._values[0]):
                self._hovered = None
            self._frame(layer)
            self._draw()

    def _frame(self, layer: Curves) -> None:
        """The part of the plane that is shown, set anew only when what is drawn asks for another: a
        hand may have chosen its own. Above is room to drag heads up, and for the legend."""
        x = np.concatenate([np.asarray(layer.x, float), *self._values[:1]])
        y = np.concatenate([np.asarray(v, float) for v in layer.lines.values()])
        if layer.axes[1].log:
            y = np.log10(y[y > 0])
        y = y[np.isfinite(y)]
        if not len(x) or not len(y):
            return
        bottom, top = float(y.min()), float(y.max())
        tall, wide = max(top - bottom, 1e-9), float(np.ptp(x))
        wanted = (float(x.min()) - 0.02 * wide, float(x.max()) + 0.02 * wide, bottom,
                  top + HEADROOM * tall)  # fmt: skip
        if wanted != self._range:
            self._range = wanted
            box = self._plot.getViewBox()
            box.setRange(xRange=wanted[:2], yRange=wanted[2:], padding=0.0)

    def set_theme(self, theme: Theme) -> None:
        self._theme, ink = theme, theme.categorical[0]
        self._dress = tuple(
            (pyqtgraph.mkBrush(ground), pyqtgraph.mkPen(line, width=1.8))
            for ground, line in ((theme.canvas, ink), (theme.selection, theme.selection))
        )
        self._shade = pyqtgraph.mkBrush(_pale(ink, 60).color())
        self._stalks.setPen(_pale(ink, 190, width=1.2))
        self._told.setColor(theme.text)
        self._told.fill = pyqtgraph.mkBrush(theme.canvas)
        self._draw()

    # Where things are

    def places(self) -> tuple[Floats, Floats]:
        """The heads as the plot has them, decades along an axis that is logarithmic."""
        assert self._layer is not None
        with np.errstate(divide="ignore"):
            found = [np.log10(v) if axis.log else v for v, axis in
                     zip(self._values[:2], self._layer.axes, strict=True)]  # fmt: skip
        return found[0], found[1]

    def nearest(self, place: QPointF) -> int | None:
        """The head within reach of a place of the plot."""
        if self._layer is None or not self._values:
            return None
        x, y = self.places()
        width, height = self._plot.getViewBox().viewPixelSize()
        far = np.hypot((x - place.x()) / width, (y - place.y()) / height)
        far = np.where(np.isfinite(far), far, np.inf)
        best = int(far.argmin()) if len(far) else 0
        return best if len(far) and far[best] <= REACH else None

    # What the hand does

    def hover(self, place: QPointF | None) -> bool:
        """The pointer is at a place, or has left; whether a head is under it."""
        found = None if place is None else self.nearest(place)
        if found != self._hovered and self._held is None:
            self._hovered = found
            self._draw()
        return found is not None

    def take(self, place: QPointF) -> bool:
        """The hand closes on a head, if one is there."""
        self._held = self._hovered = self.nearest(place)
        if self._held is None:
            return False
        self._before = [v.copy() for v in self._values]
        return True

    def move(self, start: QPointF, place: QPointF, *, widen: bool, final: bool) -> None:
        """The held head follows; the others stay."""
        held, layer = self._held, self._layer
        assert held is not None and layer is not None
        self._values = [v.copy() for v in self._before]
        gone = place - start
        if widen and len(self._values) > 2:
            pixels = gone.x() / self._plot.getViewBox().viewPixelSize()[0]
            self._values[2][held] *= np.exp(pixels / SHIFT_PX)
        else:
            for values, axis, step in zip(self._values, layer.axes, (gone.x(), gone.y()),
                                          strict=False):  # fmt: skip
                values[held] = values[held] * 10**step if axis.log else max(values[held] + step, 0)
        if final:
            self._held = None
        self._draw()
        self._tell(final)

    def turn(self, place: QPointF, notches: float) -> bool:
        """The wheel over a head widens or narrows it."""
        found = self.nearest(place)
        if found is None or len(self._values) < 3 or self._held is not None:
            return False
        self._values[2][found] *= NOTCH**notches
        self._draw()
        self._tell(True)
        return True

    def _tell(self, final: bool) -> None:
        assert self._layer is not None
        values = (tuple(float(x) for x in v) for v in self._values)
        self.moved.emit(dict(zip(self._layer.handles, values, strict=True)), final)

    # What is seen

    def _draw(self) -> None:
        layer, theme = self._layer, getattr(self, "_theme", None)
        if layer is None or not self._values or theme is None:
            return
        x, y = self.places()
        seen = np.isfinite(x) & np.isfinite(y)
        at = self._held if self._held is not None else self._hovered
        marked = np.arange(len(x)) == (-1 if at is None else at)
        plain, chosen = self._dress
        brushes = [(chosen if m else plain)[0] for m in marked[seen]]
        pens = [(chosen if m else plain)[1] for m in marked[seen]]
        sizes = np.where(marked, 13.0, 9.0)[seen]
        self._heads.setData(x=x[seen], y=y[seen], size=sizes, brush=brushes, pen=pens)
        floor = self._range[2] if self._range else 0.0
        feet = np.column_stack([np.full(int(seen.sum()), floor), y[seen]]).ravel()
        self._stalks.setData(np.repeat(x[seen], 2), feet)
        if len(self._values) > 2 and not layer.axes[0].log:
            half = self._values[2][seen]
            self._bars.setOpts(
                x0=x[seen] - half, x1=x[seen] + half, y0=np.full(len(half), floor), y1=y[seen],
                brush=self._shade, pen=pyqtgraph.mkPen(None),
            )  # fmt: skip
        self._say(at)

    def _say(self, at: int | None) -> None:
        """The numbers of the head in hand."""
        self._told.setVisible(at is not None)
        if at is None or self._layer is None:
            return
        axes = self._layer.axes
        words = [f"{axis.name} {v[at]:.4g} {axis.unit}".strip()
                 for axis, v in zip(axes, self._values, strict=False)]  # fmt: skip
        if len(self._values) > 2:
            words.append(f"width {self._values[2][at]:.3g} {axes[0].unit}".strip())
        self._told.setText(" · ".join(words))
        # In a corner of its own: a sentence at the head would hide its neighbours.
        (left, _), (_, top) = self._plot.getViewBox().viewRange()
        self._told.setPos(left, top)


class _Heads(pyqtgraph.ScatterPlotItem):  # type: ignore[misc]
    """The heads, as the mouse meets them."""

    def __init__(self, stems: Stems) -> None:
        super().__init__(symbol="o", pxMode=True)
        self._stems = stems

    def hoverEvent(self, event: Any) -> None:
        inside = not event.isExit() and self._stems.hover(event.pos())
        if inside:
            event.acceptDrags(Qt.MouseButton.LeftButton)
            event.acceptClicks(Qt.MouseButton.LeftButton)
        elif event.isExit():
            self._stems.hover(None)

    def mouseDragEvent(self, event: Any) -> None:
        left = event.button() == Qt.MouseButton.LeftButton
        if not left or (event.isStart() and not self._stems.take(event.buttonDownPos())):
            event.ignore()
            return
        event.accept()
        widen = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._stems.move(event.buttonDownPos(), event.pos(), widen=widen, final=event.isFinish())

    def mouseClickEvent(self, event: Any) -> None:
        event.ignore()

    def wheelEvent(self, event: Any) -> None:
        if self._stems.turn(event.pos(), event.delta() / 120):
            event.accept()
        else:
            event.ignore()


def _pale(colour: str, opacity: int, width: float = 1.0) -> Any:
    """A pen that lets through what is under it."""
    found = pyqtgraph.mkColor(colour)
    found.setAlpha(opacity)
    return pyqtgraph.mkPen(found, width=width)

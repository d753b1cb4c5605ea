"""Colours of the window: a few tokens per theme, and the palette and style sheet made from them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QStyleFactory

from engine.colour import categorical
from resources import FOLDER
from workbench.stylesheet import blend, stylesheet

NAMES = ("light", "dark")
ICON_SIZES = (16, 20, 24, 32, 40, 48, 64)
"""Pixels; enough for icons of 16 to 32 at scales of 1, 1.5 and 2."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Tokens, all colours as "#rrggbb"."""

    name: str
    dark: bool
    window: str
    panel: str
    raised: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    canvas: str
    grid: str
    selection: str
    warning: str
    error: str
    success: str

    @property
    def categorical(self) -> tuple[str, ...]:
        """Colours of classes, told apart with every common kind of colour vision first."""
        return tuple(QColor(*row).name() for row in _bytes(categorical(20)))


def _bytes(colours: object) -> list[list[int]]:
    import numpy as np

    array = np.asarray(colours)
    if array.dtype.kind == "f":
        array = np.round(array * 255)
    return [[int(v) for v in row[:3]] for row in array]


def load(name: str) -> Theme:
    """The theme "light" or "dark" from its token file."""
    chosen = name if name in NAMES else "light"
    return Theme(**json.loads((FOLDER / "theme" / f"{chosen}.json").read_text()))


def follow_system(app: QApplication) -> str:
    """What the desktop asks for."""
    dark = app.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return "dark" if dark else "light"


def apply(app: QApplication, theme: Theme) -> None:
    """Fusion, a palette and one generated style sheet."""
    app.setStyle(QStyleFactory.create("Fusion"))
    app.setPalette(_palette(theme))
    app.setStyleSheet(stylesheet(theme))


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, colour in {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.panel,
        role.AlternateBase: theme.window,
        role.Text: theme.text,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.muted,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Link: theme.accent,
        role.Mid: theme.border,
        role.Light: theme.raised,
        role.Dark: theme.border,
    }.items():
        palette.setColor(which, QColor(colour))
    for which in (role.Text, role.WindowText, role.ButtonText):
        faint = QColor(theme.muted)
        faint.setAlpha(140)
        palette.setColor(QPalette.ColorGroup.Disabled, which, faint)
    return palette


def icon(name: str, theme: Theme, ink: str = "") -> QIcon:
    """A line icon of `resources/icons` in `ink` (the theme's text colour); dimmed when disabled."""
    source = FOLDER / "icons" / f"{name}.svg"
    if not source.exists():
        return QIcon()
    drawing = source.read_text()
    made = QIcon()
    faint = blend(theme.muted, theme.panel, 0.55)
    for mode, colour in ((QIcon.Mode.Normal, ink or theme.text), (QIcon.Mode.Disabled, faint)):
        for size in ICON_SIZES:
            made.addPixmap(_drawn(drawing.replace("currentColor", colour), size), mode)
    return made


def _drawn(svg: str, size: int) -> QPixmap:
    pixmap = QPixmap(QSize(size, size))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(svg.encode())).render(painter)
    painter.end()
    return pixmap

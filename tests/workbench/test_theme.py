"""Themes can be read, cover every token, and dress icons; settings survive a restart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QApplication, QStyleFactory

from resources import FOLDER
from workbench import theme
from workbench.settings import Settings
from workbench.stylesheet import blend, stylesheet

ICONS = [p.stem for p in sorted((FOLDER / "icons").glob("*.svg"))]


def luminance(colour):
    parts = [c / 255 for c in QColor(colour).getRgb()[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    """WCAG 2.2, 1.4.3."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", theme.NAMES)
def test_text_can_be_read_and_the_focus_ring_be_seen(name):
    tokens = theme.load(name)
    for page in (tokens.window, tokens.panel, tokens.raised):
        for ink in (tokens.text, tokens.muted, tokens.warning, tokens.error, tokens.success):
            assert contrast(ink, page) >= 4.5, (ink, page)
        assert contrast(tokens.accent, page) >= 3
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert contrast(tokens.text, blend(tokens.accent, tokens.panel, 0.18)) >= 4.5
    assert tokens.dark == (luminance(tokens.window) < 0.2)
    assert len(set(tokens.categorical)) >= 10


@pytest.mark.parametrize("name", theme.NAMES)
def test_the_sheet_names_no_colour_of_its_own(name):
    sheet = Path(theme.__file__).with_name("stylesheet.py").read_text()
    assert not re.search(r"#[0-9a-fA-F]{6}\b", sheet)
    made = stylesheet(theme.load(name))
    for file in re.findall(r'url\("([^"]+)"\)', made):
        assert Path(file).exists()


@pytest.mark.parametrize("name", theme.NAMES)
def test_every_icon_is_drawn_in_the_themes_colour(qtbot, name):
    tokens = theme.load(name)
    for stem in ICONS:
        assert (FOLDER / "icons" / f"{stem}.svg").exists(), stem
        made = theme.icon(stem, tokens)
        picture = made.pixmap(QSize(24, 24)).toImage()
        inked = [
            picture.pixelColor(x, y)
            for x in range(picture.width())
            for y in range(picture.height())
            if picture.pixelColor(x, y).alpha() > 250
        ]
        assert inked, stem
        assert all(contrast(c, tokens.text) < 1.3 for c in inked), stem
        faint = made.pixmap(QSize(24, 24), QIcon.Mode.Disabled).toImage()
        assert faint != picture
    assert theme.icon("no such icon", tokens).isNull()


def test_applying_a_theme_sets_style_palette_and_sheet(qtbot):
    app = QApplication.instance()
    sheet, palette, style = app.styleSheet(), app.palette(), app.style().name()
    try:
        for name in theme.NAMES:
            tokens = theme.load(name)
            theme.apply(app, tokens)
            assert app.palette().window().color().name() == tokens.window
            assert tokens.accent in app.styleSheet()
        assert theme.follow_system(app) in theme.NAMES
    finally:
        app.setStyleSheet(sheet)
        app.setStyle(QStyleFactory.create(style) or "Fusion")
        app.setPalette(palette)


def test_settings_survive_and_forget_files_that_are_gone(qtbot, tmp_path):
    settings = Settings(tmp_path / "s.ini")
    assert settings.recent() == []
    files = []
    for number in range(10):
        file = tmp_path / f"{number}.csv"
        file.write_text("1")
        files.append(str(file))
        settings.add_recent(str(file))
    settings.add_recent(files[5])
    settings.set_theme("dark")
    again = Settings(tmp_path / "s.ini")
    assert again.theme() == "dark"
    assert again.recent()[0] == files[5]
    assert len(again.recent()) == 8
    assert again.folder() == str(tmp_path)
    Path(files[5]).unlink()
    assert files[5] not in again.recent()

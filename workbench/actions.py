"""Every command of the window in one table; menus, tool bar, shortcuts and palette come from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenuBar, QWidget


@dataclass(frozen=True, slots=True)
class Command:
    """A thing a person can ask for. `slot` is the name of a method of the window."""

    id: str
    menu: str
    text: str
    slot: str
    shortcut: str = ""
    tip: str = ""
    icon: str = ""
    checkable: bool = False
    separator: bool = False


COMMANDS: tuple[Command, ...] = (
    Command("open", "File", "Open data…", "open_file", "Ctrl+O",
            "Open a table, a photograph or a mesh", "open"),
    Command("equation", "File", "Type an equation…", "type_equation", "Ctrl+Alt+N",
            "A problem of your own, with its coefficients as sliders"),
    Command("open.pixels", "File", "Open pixels as a table…", "open_pixels", "",
            "A picture whose pixels are the rows of a table"),
    Command("project.open", "File", "Open project…", "open_project", "Ctrl+Shift+O"),
    Command("save", "File", "Save project", "save", "Ctrl+S", icon="save", separator=True),
    Command("save_as", "File", "Save project as…", "save_as", "Ctrl+Shift+S"),
    Command("export.figure", "File", "Export figure…", "export_figure", "Ctrl+E",
            "PNG, SVG or PDF at print size", "figure", separator=True),
    Command("export.picture", "File", "Export picture…", "export_picture", "Ctrl+Alt+E",
            "The restored photograph as PNG, TIFF or JPEG"),
    Command("batch", "File", "Restore a folder…", "restore_folder", "",
            "The method as it is set now, over every picture of a folder"),
    Command("export.data", "File", "Export coordinates…", "export_data", "Ctrl+Shift+E",
            "CSV, NPZ, h5ad or VTU", "table"),
    Command("export.at", "File", "Export field at points of a file…", "export_at", "",
            "What the field is at points that were not in the data"),
    Command("export.animation", "File", "Export animation…", "export_animation", "",
            "A moving picture of a slider that goes from one end to the other"),
    Command("export.model", "File", "Export fitted model…", "export_model", "",
            "safetensors with everything needed to use it again", "model"),
    Command("copy.python", "File", "Copy as Python", "copy_python", "Ctrl+Shift+C",
            "A script that repeats this run", "code"),
    Command("quit", "File", "Quit", "quit", "Ctrl+Q", separator=True),
    Command("undo", "Edit", "Undo", "undo_edit", "Ctrl+Z", icon="undo"),
    Command("redo", "Edit", "Redo", "redo_edit", "Ctrl+Shift+Z", icon="redo"),
    Command("select.none", "Edit", "Clear selection", "clear_selection", "Esc", separator=True),
    Command("copy.selection", "Edit", "Copy selected rows", "copy_selection", "Ctrl+C"),
    Command("fit", "Run", "Fit", "fit", "Ctrl+Return", "Fit with the parameters shown", "fit"),
    Command("pause", "Run", "Pause or resume", "pause", "Ctrl+P", icon="pause"),
    Command("cancel", "Run", "Cancel fit", "cancel", "Ctrl+.", icon="stop"),
    Command("reset.params", "Run", "Reset parameters", "reset_params", "", "All defaults",
            separator=True),
    Command("compare.all", "Run", "Compare runs on this data", "compare_all", "Ctrl+Shift+K",
            "Every finished run on the shown data, side by side", "compare"),
    Command("compare.none", "Run", "Leave comparison", "compare_none", "Ctrl+K"),
    Command("view.fit", "View", "Reset cameras", "fit_cameras", "R", icon="reset"),
    Command("view.lasso", "View", "Lasso", "toggle_lasso", "L", "Draw around points to select them",
            "lasso", checkable=True),
    Command("view.brush", "View", "Brush", "toggle_brush", "B",
            "Paint rows out of and into what a field is learnt from, or a strength by place onto a "
            "photograph", "brush", checkable=True),
    Command("view.edges", "View", "Neighbour edges", "toggle_edges", "E",
            "Show the graph the method works on", "edges", checkable=True),
    Command("view.ellipses", "View", "Spread as ellipses", "toggle_ellipses", "U",
            "At each arrow's tip, the region that should hold 95 % of it", checkable=True),
    Command("view.surface", "View", "Surface in colour", "toggle_surface", "Shift+E",
            "Colour the surface under the arrows as the arrows are", checkable=True),
    Command("view.relief", "View", "Height surface", "toggle_relief", "H",
            "Show a field on a plane as a surface as high as its values", checkable=True),
    Command("view.play", "View", "Play the last slider", "toggle_play", "Ctrl+Space",
            "The slider you moved last goes to and fro, and the picture follows", checkable=True),
    Command("photo.split", "Photograph", "Split before and after", "photo_split", "S"),
    Command("photo.side", "Photograph", "Before and after side by side", "photo_side", "D"),
    Command("photo.difference", "Photograph", "Difference to the truth", "photo_difference", "X"),
    Command("photo.removed", "Photograph", "What was removed", "photo_removed", "N"),
    Command("photo.loupe", "Photograph", "Loupe", "photo_loupe", "M",
            "Enlarges what is under the pointer, before and after", separator=True),
    Command("photo.full", "Photograph", "Zoom to 1:1", "photo_full", "1",
            "One pixel of the screen for each of the picture"),
    Command("photo.fit", "Photograph", "Zoom to the whole picture", "photo_fit", "0"),
    Command("photo.simulate", "Photograph", "Simulate damage…", "photo_simulate", "Ctrl+Alt+D",
            "Spoil the picture on purpose: its truth is then known", separator=True),
    Command("photo.truth", "Photograph", "Open the truth of this picture…", "photo_truth", "",
            "A file of the same picture as it should be, to judge by"),
    Command("view.larger", "View", "Larger points", "larger_points", "]"),
    Command("view.smaller", "View", "Smaller points", "smaller_points", "["),
    Command("view.selection", "View", "Table of selected rows", "show_selection", "Ctrl+T"),
    Command("view.theme", "View", "Switch light and dark", "switch_theme", "Ctrl+Shift+D",
            icon="moon", separator=True),
    Command("view.reset", "View", "Reset layout", "reset_layout"),
    Command("palette", "Help", "Command palette…", "show_palette", "Ctrl+Shift+P", icon="search"),
    Command("welcome", "Help", "Samples", "show_welcome", "Ctrl+Shift+H", "The sample cards"),
    Command("shortcuts", "Help", "Help and keyboard shortcuts…", "show_shortcuts", "F1",
            "Every key, and what the chosen method is"),
    Command("about", "Help", "About this method", "about"),
)  # fmt: skip


TOGGLES = (
    ("view.edges", "edges", False),
    ("view.ellipses", "ellipses", False),
    ("view.surface", "coloured_surface", True),
    ("view.relief", "relief", False),
)
"""Commands that are a setting of the view: its name in the document, and what it is at first."""


def build(owner: QWidget, connect: Callable[[str], Callable[[], None]]) -> dict[str, QAction]:
    """One QAction per command, owned by the window."""
    found: dict[str, QAction] = {}
    for command in COMMANDS:
        action = QAction(command.text, owner)
        action.setObjectName(f"action.{command.id}")
        action.setCheckable(command.checkable)
        if command.shortcut:
            action.setShortcut(QKeySequence(command.shortcut))
        tip = command.tip or command.text.rstrip("…")
        keys = f" ({command.shortcut})" if command.shortcut else ""
        action.setToolTip(tip + keys)
        action.setStatusTip(tip)
        action.triggered.connect(connect(command.slot))
        owner.addAction(action)
        found[command.id] = action
    return found


def fill(bar: QMenuBar, actions: dict[str, QAction]) -> None:
    """The menus, in the table's order."""
    menus = {name: bar.addMenu(name) for name in dict.fromkeys(c.menu for c in COMMANDS)}
    for command in COMMANDS:
        if command.separator:
            menus[command.menu].addSeparator()
        menus[command.menu].addAction(actions[command.id])

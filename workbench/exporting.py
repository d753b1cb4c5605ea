"""Files and projects in, projects out, and the questions before the window closes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox

from workbench import project
from workbench.autosave import Autosave
from workbench.document import Run
from workbench.picturework import PictureWork
from workbench.takinghome import TakingHome, nothing

if TYPE_CHECKING:
    from workbench.window import Window

AUTOSAVE_MS = 120_000
AUTOSAVE_SOON_MS = 5_000
LARGE = 200_000_000
"""Bytes of a picture's layers from which on it is not saved soon, but with the others."""


class Exporting(TakingHome):
    """What the File menu does."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._closing = False
        self.pictures = PictureWork(window)
        self._kept = Autosave(window.settings.state_folder)
        self._autosave = QTimer(self)
        self._autosave.setInterval(AUTOSAVE_MS)
        self._autosave.timeout.connect(self.autosave)
        self._autosave.start()
        window.session.settled.connect(self._soon)

    # Opening

    def open_path(self, path: str) -> None:
        """A data file or a project, by its content."""
        if path.endswith(project.SUFFIX):
            self.open_project(path)
        else:
            self.preview(path)

    def ask_data(self) -> None:
        self._ask("Open data", "", False, self._chose_data)

    def ask_equation(self) -> None:
        from engine.data import open_any
        from workbench.dialogs.equation import EquationDialog

        def read(address: str, done: Any, failed: Any) -> None:
            self._window.session.aside(lambda: open_any(address), done, failed)

        shown = getattr(self._window.document.data, "text", "")
        dialog = EquationDialog(read, shown, self._window)
        dialog.chosen.connect(self._window.requests.open_sample)
        self._show(dialog)

    def ask_project(self) -> None:
        filters = f"Fieldwright project (*{project.SUFFIX})"
        self._ask("Open project", filters, False, self.open_project)

    def _chose_data(self, path: str) -> None:
        self.open_path(path)

    def preview(self, path: str) -> None:
        """Show what was understood of a file before it becomes the data; a photograph, and what
        says by itself which numbers are which, is opened at once."""
        from engine.data.opening import is_field, is_picture, preview

        def look() -> Any:
            if is_picture(Path(path)):
                return "photograph"
            return None if is_field(Path(path)) else preview(path)

        self._errand(look, lambda found: self._show_preview(path, found), "")

    def preview_pixels(self, path: str) -> None:
        """A picture as a table of its pixels."""
        from engine.data.opening import preview

        self._errand(lambda: preview(path), lambda found: self._show_preview(path, found), "")

    def ask_pixels(self) -> None:
        filters = "Pictures (*.png *.jpg *.jpeg *.tif *.tiff *.webp *.gif *.bmp)"
        self._ask("Open pixels as a table", filters, False, self.preview_pixels)

    def _show_preview(self, path: str, found: Any) -> None:
        from workbench.dialogs.open_data import OpenDataDialog

        if found is None:
            self._remember(path)
            self._window.session.open_data(path, {"fields": "auto"})
            return
        if found == "photograph":
            self._remember(path)
            session = self._window.session
            session.open_data(path, {"picture": ""}, then=lambda: nothing(session.fit()))
            return
        family = self._window.document.method_id.partition(".")[0]
        as_field = family == "vectorfield" or bool(found.fields)
        dialog = OpenDataDialog(found, self._window, as_field=as_field)
        dialog.accepted.connect(self._accept_preview)
        self._show(dialog)

    @Slot()
    def _accept_preview(self) -> None:
        dialog = self._dialog
        spec, options = dialog.spec(), dialog.options()
        self._remember(spec)
        self._window.session.open_data(spec, options)

    # Projects

    def open_project(self, path: str) -> None:
        self._errand(lambda: project.read(path), lambda found: self._opened(found, path), "")
        self._remember(path)

    def _opened(self, found: Any, path: str) -> None:
        window = self._window
        window.session.undo.clear()
        project.show(found, window.document)
        if window.panel is not None:
            window.panel.show_all()
            window.panel.set_cameras(window.document.view.get("cameras", {}))
        for remark in found[2]:
            window.say(remark, True)
        window.document.mark_saved(path)
        window.session.judge_all()

    def save(self) -> None:
        if self._window.document.path:
            self.save_to(self._window.document.path)
        else:
            self.ask_save()

    def ask_save(self) -> None:
        filters = f"Fieldwright project (*{project.SUFFIX})"
        self._ask("Save project", filters, True, self.save_to, project.SUFFIX)

    def save_to(self, path: str, then: Callable[[], None] | None = None) -> None:
        window = self._window
        if window.panel is not None:
            window.document.view["cameras"] = window.panel.cameras()
        record = project.record(window.document, self._thumbnail())

        def done(_: Any) -> None:
            window.document.mark_saved(path)
            self._remember(path)
            window.say(f"Saved {Path(path).name}.")
            self._kept.forget()
            if then is not None:
                then()

        self._errand(lambda: project.write(path, record), done, "")

    def _thumbnail(self) -> Any:
        panel = self._window.panel
        if panel is None or not panel.result_view.isVisible():
            return None
        return panel.result_view.render(320, 240)

    @Slot()
    def autosave(self) -> None:
        """Every two minutes, and soon after a picture has settled, into the state folder."""
        self._autosave.start(AUTOSAVE_MS)
        document, path = self._window.document, self._kept.path
        if path is not None and document.modified and document.runs:
            record = project.record(document, None)
            self._window.bridge.errand(
                lambda: project.write(path, record), nothing, self._no_autosave
            )

    @Slot(object)
    def _soon(self, run: Run) -> None:
        """Not at once: pictures settle many times while somebody plays with a slider. What takes
        the disk seconds waits for its turn."""
        layers = run.snapshot.layers if run.snapshot is not None else ()
        if sum(a.nbytes for layer in layers for a in layer.arrays().values()) < LARGE:
            self._autosave.start(AUTOSAVE_SOON_MS)

    def offer_recovery(self) -> None:
        """Say what a session that ended badly has left, with a button that brings it back."""
        left = self._kept.left()
        if left is None or not left.runs:
            return
        count = "1 run" if len(left.runs) == 1 else f"{len(left.runs)} runs"
        when = time.strftime("%d %B, %H:%M", time.localtime(left.saved))
        self._window.notices.offer(
            f"The last session ended before it was saved ({count}, {when}).",
            "Bring it back",
            self._recover,
        )

    def _recover(self) -> None:
        path = self._kept.left_path
        if path is not None:
            self._errand(lambda: project.read(path), self._recovered, "")

    def _recovered(self, found: Any) -> None:
        self._opened(found, "")
        self._window.document.touch()
        path = self._kept.path
        if path is not None:
            record = project.record(self._window.document, None)

            def done(_: Any) -> None:
                self._kept.brought_back()

            self._window.bridge.errand(lambda: project.write(path, record), done, self._no_autosave)

    def _no_autosave(self, message: str, details: str) -> None:
        self._window.say(f"Autosave failed: {message}", False, details)

    # Selected rows

    def show_selection(self) -> None:
        from workbench.dialogs.selection import SelectionDialog

        panel, data = self._window.panel, self._window.document.data
        if panel is None or data is None or not len(panel.selection):
            self._window.say("Select points first: click one, or draw a lasso around some.")
            return
        self._show(SelectionDialog(data, panel.selection, self._window))

    def copy_selection(self) -> None:
        from workbench.dialogs.selection import as_text

        panel, data = self._window.panel, self._window.document.data
        if panel is not None and data is not None and len(panel.selection):
            QGuiApplication.clipboard().setText(as_text(data, panel.selection))
            self._window.say(f"{len(panel.selection)} rows are on the clipboard.")

    # The end

    def may_close(self) -> bool:
        """Ask about a running fit or unsaved work first; True when nothing is at stake."""
        document = self._window.document
        at_stake = document.modified and any(r.snapshot for r in document.visible_runs())
        busy = self._window.session.jobs()
        if self._closing or not (at_stake or busy or self.pictures.busy()):
            return True
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        if busy:
            box.setText(f"{busy[0][1].name} is still fitting.")
            box.setInformativeText("Stop it and close?")
        elif self.pictures.busy():
            box.setText("Pictures of a folder are still being restored.")
            box.setInformativeText("Stop after those that are done, and close?")
        else:
            box.setText("This project has changes that are not saved.")
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Save)
        if busy or self.pictures.busy():
            _answer_stopping(box, at_stake)
        box.buttonClicked.connect(self._answered)
        self._show(box)
        return False

    @Slot(object)
    def _answered(self, button: Any) -> None:
        box = self._dialog
        answer = box.standardButton(button)
        if answer == QMessageBox.StandardButton.Cancel:
            return
        self._closing = True
        for job, _ in self._window.session.jobs():
            job.cancel()
        if answer == QMessageBox.StandardButton.Discard:
            self._window.close()
        elif self._window.document.path:
            self.save_to(self._window.document.path, self._close_window)
        else:
            self._closing = False
            self.ask_save()

    def _close_window(self) -> None:
        self._window.close()

    def close(self) -> None:
        self._autosave.stop()
        self.pictures.close()
        if self._dialog is not None:
            self._dialog.close()
            self._dialog = None

    def let_go(self) -> None:
        """The session has ended as the person wished, and no thread writes any more: nothing is
        left to bring back."""
        self._kept.forget()
        self._kept.release()

    def _remember(self, path: str) -> None:
        settings = self._window.settings
        settings.add_recent(path)
        self._window.welcome.show_recent(settings.recent())


def _answer_stopping(box: QMessageBox, at_stake: bool) -> None:
    """Words for the buttons of a question that begins with "Stop"."""
    buttons = QMessageBox.StandardButton
    box.button(buttons.Cancel).setText("Go on")
    box.button(buttons.Discard).setText("Stop, close without saving" if at_stake else "Stop, close")
    box.button(buttons.Save).setText("Stop, save and close")
    if not at_stake:
        box.removeButton(box.button(buttons.Save))
        box.setDefaultButton(buttons.Cancel)
    for button in box.buttons():
        # The box took its size from the words that its buttons had first.
        button.ensurePolished()
        button.setMinimumWidth(button.sizeHint().width())

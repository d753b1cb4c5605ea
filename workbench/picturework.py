"""Restored pictures out of the window: one as a file, or those of a whole folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot

from engine import catalog
from engine.params import to_json
from engine.runs import RunSpec
from workbench.folderrun import FolderRun

if TYPE_CHECKING:
    from workbench.window import Window

PHOTOGRAPH = "Photograph"


class PictureWork(QObject):
    """Asks where to, and has it written off the window's thread."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._dialog: Any = None
        self.folder: Any = None
        self._run: FolderRun | None = None
        self._outcomes: list[Any] = []

    # One picture

    def ask_picture(self) -> None:
        from workbench.dialogs.export_picture import ExportPictureDialog

        run = self._window.document.active
        if run is None or run.snapshot is None or not of_photographs(run.spec.method):
            self._window.say("Restore a photograph first: the result can then be exported.")
            return
        if run.data is None:
            self._window.say("The photograph of this run is not open any more.")
            return
        self._dialog = ExportPictureDialog(run.data, self._window.settings.folder(), self._window)
        self._dialog.accepted.connect(self._accept_picture)
        self._dialog.open()

    @Slot()
    def _accept_picture(self) -> None:
        self.save_picture(self._dialog.path(), **self._dialog.options())

    def save_picture(self, path: str, **options: Any) -> None:
        """The restored picture of the active run into a file."""
        from engine.io.pictures import save_picture
        from workbench.takinghome import size_of

        run = self._window.document.active
        if run is None or run.snapshot is None:
            return
        snapshot, data, spec = run.snapshot, run.data, run.current_spec()

        def write() -> tuple[str, ...]:
            return save_picture(path, snapshot, data, spec=spec, **options)

        def written(remarks: tuple[str, ...]) -> None:
            said = " ".join([f"Wrote {Path(path).name}{size_of(path)}.", *remarks])
            self._window.say(said)

        self._window.bridge.errand(write, written, self._failed)

    def _failed(self, message: str, details: str) -> None:
        self._window.say(message, True, details)

    # A folder

    def busy(self) -> bool:
        return self._run is not None and self._run.running

    def ask_folder(self) -> None:
        from engine.io.provenance import differing
        from workbench.dialogs.folder import FolderDialog

        if self.folder is not None and (self.busy() or self.folder.isVisible()):
            self.folder.raise_()
            self.folder.activateWindow()
            return
        found = self._chosen()
        if found is None:
            self._window.say("Choose a method of the Restoration family first.")
            return
        spec, self._fitted = found
        title = catalog.card(spec.method).title
        told = differing(spec)
        words = f"{title} with {told}." if told else f"{title}, all parameters at their defaults."
        self._spec = spec
        dialog = FolderDialog(words, self._window.settings.folder(), self._window)
        dialog.asked.connect(self.restore)
        dialog.cancel_asked.connect(self._cancel)
        self.folder = dialog
        # Not modal: the picture in the window can be worked on meanwhile.
        dialog.show()

    def _chosen(self) -> tuple[RunSpec, Any] | None:
        """The form's method: as in the run shown, with what it has learnt, if that is one of it.
        What its parameters leave to the method is found for each picture anew."""
        document = self._window.document
        if not of_photographs(document.method_id):
            return None
        run = document.active
        if run is not None and run.method is not None and run.spec.method == document.method_id:
            return run.spec.with_params(run.shown), run.method
        spec = RunSpec(
            method=document.method_id, data="", params=to_json(document.params()),
            seed=document.seed, device=document.device,
        )  # fmt: skip
        return spec, None

    @Slot(object)
    def restore(self, wishes: dict[str, Any]) -> None:
        from engine.method import DataError
        from engine.restoration.batch import Batch

        if self.busy():
            return
        try:
            batch = Batch(spec=self._spec, fitted=self._fitted, **wishes)
        except DataError as error:
            self.folder.finish(str(error), grave=True)
            return
        self._outcomes = []
        self._run = FolderRun(batch, self)
        self._run.moved.connect(self._moved)
        self._run.ended.connect(self._ended)
        self.folder.begin()
        self._run.start()

    @Slot()
    def _cancel(self) -> None:
        if self._run is not None:
            self._run.cancel()

    @Slot(object)
    def _moved(self, at: Any) -> None:
        if at.done is not None:
            self._outcomes.append(at.done)
        self.folder.show_progress(at)

    @Slot(str, str)
    def _ended(self, message: str, details: str) -> None:
        from engine.restoration.batch import told

        if message:
            self.folder.finish(message, grave=True)
            return
        assert self._run is not None
        stopped = "Stopped. " if self._run.cancelled else ""
        said = f"{stopped}{told(self._outcomes)}"
        self.folder.finish(said)
        if not self.folder.isVisible():
            self._window.say(said)

    def close(self) -> None:
        """Stop the thread; what is done stays."""
        if self._run is not None:
            self._run.close()
        for dialog in (self._dialog, self.folder):
            if dialog is not None:
                dialog.running = False
                dialog.close()


def of_photographs(method_id: str) -> bool:
    return catalog.card(method_id).data == PHOTOGRAPH

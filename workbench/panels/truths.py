"""How a photograph gets a truth to judge by: it is spoilt on purpose, or another file says it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from workbench.dialogs.simulate import SimulateDialog
from workbench.document import Document

if TYPE_CHECKING:
    from workbench.panels.panel import Panel
    from workbench.session import Session

PICTURES = "Pictures (*.png *.jpg *.jpeg *.tif *.tiff *.webp *.bmp)"


class Truths(QObject):
    """Asks a person; what is opened then is restored at once, and undone as any other data."""

    def __init__(self, panel: Panel, document: Document) -> None:
        super().__init__(panel)
        self._panel, self._document = panel, document
        self._session: Session | None = None
        self.dialog: Any = None

    def serve(self, session: Session) -> None:
        """Ask this session for what is chosen."""
        self._session = session

    def _fitting(self) -> bool:
        """Whether the picture is being fitted; the fit would be hidden behind a second one."""
        run = self._document.active
        if run is None or run.state not in ("queued", "started"):
            return False
        self._panel.sentence.emit(
            f"{run.name} is being fitted to this picture; let it end or stop it first."
        )
        return True

    def ask_simulation(self) -> None:
        data = self._document.data
        if data is not None and not self._fitting():
            dialog = SimulateDialog(data.spec, self._document.data_options, self._panel)
            dialog.chosen.connect(self._open)
            self._show(dialog)

    def ask_file(self) -> None:
        """A file of what the picture should be."""
        data = self._document.data
        if data is None or "picture" not in self._document.data_options:
            self._panel.sentence.emit("A picture from a file can have its truth in another one.")
            return
        if self._fitting():
            return
        dialog = QFileDialog(self._panel, "Open the truth", str(Path(data.spec).parent), PICTURES)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._open_truth)
        self._show(dialog)

    def _show(self, dialog: Any) -> None:
        self.dialog = dialog
        dialog.open()

    @Slot(str)
    def _open_truth(self, path: str) -> None:
        """The picture as its file has it, to be judged by another file."""
        self._open(self._document.data.spec, {"picture": "", "truth": path})

    @Slot(str, object)
    def _open(self, spec: str, options: dict[str, Any]) -> None:
        if self._session is not None:
            self._session.open_data(spec, options, then=self._fit)

    def _fit(self) -> None:
        if self._session is not None:
            self._session.fit()

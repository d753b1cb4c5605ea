"""Undoable edits of the document, one class each. Slider drags merge into one."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtGui import QUndoCommand

from engine.params import changes
from workbench.document import Document, Run

MERGE_S = 1.0
"""Edits of one field closer in time than this are one (arrow keys held down)."""

_PARAMS_ID = 1
_VIEW_ID = 2


class ChangeParams(QUndoCommand):
    """Other parameters in the form. Successive changes of one field are one edit, unless they have
    a `text` of their own."""

    def __init__(self, document: Document, old: Any, new: Any, text: str = "") -> None:
        names = list(changes(old, new))
        super().__init__(text or f"change {', '.join(n.replace('_', ' ') for n in names)}")
        self._own = bool(text)
        self._document = document
        self._method_id = document.method_id
        self._old, self._new = old, new
        self._names = names
        self._made = time.monotonic()

    def id(self) -> int:
        return _PARAMS_ID

    def mergeWith(self, other: QUndoCommand) -> bool:
        same = (
            isinstance(other, ChangeParams)
            and not (self._own or other._own)
            and len(self._names) == 1
            and other._names == self._names
            and other._method_id == self._method_id
            and other._made - self._made < MERGE_S
        )
        if same:
            assert isinstance(other, ChangeParams)
            self._new, self._made = other._new, other._made
            self.setObsolete(self._new == self._old)
        return same

    def redo(self) -> None:
        self._show(self._new)

    def undo(self) -> None:
        self._show(self._old)

    def _show(self, params: Any) -> None:
        self._document.set_method(self._method_id)
        self._document.set_params(params)


class ChooseMethod(QUndoCommand):
    """Another method in the form."""

    def __init__(self, document: Document, new: str, title: str) -> None:
        super().__init__(f"choose {title}")
        self._document = document
        self._old, self._new = document.method_id, new

    def redo(self) -> None:
        self._document.set_method(self._new)

    def undo(self) -> None:
        self._document.set_method(self._old)


class ChooseData(QUndoCommand):
    """Another data set on screen; runs are kept."""

    def __init__(self, document: Document, data: Any, options: dict[str, Any]) -> None:
        super().__init__(f"open {data.name}")
        self._document = document
        self._new = (data, options)
        self._old = (document.data, document.data_options)
        self._active = document.active
        self._compared = document.compared

    def redo(self) -> None:
        self._document.set_data(*self._new)

    def undo(self) -> None:
        self._document.set_data(*self._old)
        if self._active is not None and not self._active.deleted:
            self._document.activate(self._active)
        self._document.set_compared(self._compared)


class EditRun(QUndoCommand):
    """Name, star or deletion of a run. A deleted run is kept until the project is saved."""

    def __init__(self, document: Document, run: Run, text: str, **values: Any) -> None:
        super().__init__(text)
        self._document, self._run = document, run
        self._new = values
        self._old = {name: getattr(run, name) for name in values}

    def redo(self) -> None:
        self._document.edit_run(self._run, **self._new)

    def undo(self) -> None:
        self._document.edit_run(self._run, **self._old)


class ChangeView(QUndoCommand):
    """Colour column, point size, edges: how the pictures are drawn."""

    def __init__(self, document: Document, text: str, **values: Any) -> None:
        super().__init__(text)
        self._document = document
        self._old, self._new = document.view, {**document.view, **values}
        self._names = tuple(sorted(values))

    def id(self) -> int:
        return _VIEW_ID

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, ChangeView) or other._names != self._names:
            return False
        self._new = other._new
        return True

    def redo(self) -> None:
        self._document.set_view(**self._new)

    def undo(self) -> None:
        self._document.view = {}
        self._document.set_view(**self._old)

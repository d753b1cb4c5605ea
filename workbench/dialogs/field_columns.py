"""Which columns are positions and which are vectors, as a person types it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QCheckBox, QFormLayout, QLabel, QLineEdit, QWidget

from engine.data import OpenError, mapping


class FieldColumnsForm(QWidget):
    """Lines for positions, vectors, and what velocities are taken over."""

    def __init__(self, columns: Sequence[str], fields: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        held = mapping.parse(fields) if fields else None
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        self.positions = self._line("x, y, z", held.positions if held else ())
        self.vectors = self._line("u, v, w", held.vectors if held else ())
        self.moving = QCheckBox("take velocities from the positions of successive rows", self)
        self.time = self._line("time (empty: steps of one)", ())
        self.series = self._line("series (empty: one trajectory)", ())
        self.noise = self._line("standard deviation (empty: all alike)",
                                (held.noise,) if held and held.noise else ())  # fmt: skip
        form.addRow("Positions are in", self.positions)
        form.addRow("Vectors are in", self.vectors)
        form.addRow("", self.moving)
        form.addRow("Time is in", self.time)
        form.addRow("Trajectories are told by", self.series)
        form.addRow("Noise is in", self.noise)
        known = QLabel(f"Columns: {', '.join(self._columns)}", self)
        known.setWordWrap(True)
        known.setProperty("role", "muted")
        form.addRow("", known)
        self.moving.toggled.connect(self._show_fitting)
        self._show_fitting(False)

    def _line(self, hint: str, names: Sequence[str]) -> QLineEdit:
        line = QLineEdit(", ".join(names), self)
        line.setPlaceholderText(hint)
        return line

    def _show_fitting(self, moving: bool) -> None:
        self.vectors.setEnabled(not moving)
        self.time.setEnabled(moving)
        self.series.setEnabled(moving)

    def fields(self) -> str:
        """The mapping as `open_any` takes it.

        Raises
        ------
        OpenError
            In one sentence, for a mapping that cannot be or a column that is not there.
        """
        moving = self.moving.isChecked()
        found = mapping.FieldColumns(
            positions=_names(self.positions),
            vectors=() if moving else _names(self.vectors),
            velocities=moving,
            time=self.time.text().strip() if moving else "",
            series=self.series.text().strip() if moving else "",
            noise=self.noise.text().strip(),
        )
        named = (*found.positions, *found.vectors, found.time, found.series, found.noise)
        for name in filter(None, named):
            if name not in self._columns:
                raise OpenError(f"There is no column '{name}'.")
        return mapping.written(found)


def _names(line: QLineEdit) -> tuple[str, ...]:
    return tuple(name.strip() for name in line.text().split(",") if name.strip())

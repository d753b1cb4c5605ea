"""At the right: the form of parameters above the list of runs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea, QSplitter, QVBoxLayout, QWidget

from workbench.document import Document
from workbench.forms.form import ParameterForm
from workbench.runlist import RunList

LEAST = 320


class RightColumn(QSplitter):
    """`form` scrolls, `runs` are of the document."""

    def __init__(self, document: Document, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.setObjectName("right")
        self.form = ParameterForm(self)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(self.form)
        self.runs = RunList(document, self)
        below = QWidget(self)
        rows = QVBoxLayout(below)
        rows.setContentsMargins(8, 8, 8, 8)
        title = QLabel("Runs", below)
        title.setProperty("role", "heading")
        rows.addWidget(title)
        rows.addWidget(self.runs)
        self.addWidget(scroll)
        self.addWidget(below)
        self.setSizes([600, 240])
        self.setChildrenCollapsible(False)
        self.setMinimumWidth(LEAST)

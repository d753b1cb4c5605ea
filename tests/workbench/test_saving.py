"""Dialogs that end with the choice of a file: the kind that was chosen is the file's."""

from __future__ import annotations

from workbench.dialogs.export_figure import ExportFigureDialog


def test_the_file_is_of_the_kind_that_was_chosen(qtbot):
    dialog = ExportFigureDialog([], ["label"])
    qtbot.addWidget(dialog)
    dialog.format.setCurrentText("PDF")
    dialog.width_mm.setValue(100)
    save, cancel = dialog.buttons.buttons()
    with qtbot.waitExposed(dialog):
        dialog.show()
    save.click()
    files = dialog._files
    assert files is not None and files.nameFilters() == ["PDF (*.pdf)"]
    assert files.defaultSuffix() == "pdf"
    with qtbot.waitSignal(dialog.accepted):
        files.fileSelected.emit("/somewhere/figure.pdf")
    assert dialog.path() == "/somewhere/figure.pdf"
    assert dialog.options()["width_mm"] == 100
    assert cancel.text() == "Cancel"


def test_cancelling_leaves_no_file(qtbot):
    dialog = ExportFigureDialog([], [])
    qtbot.addWidget(dialog)
    dialog.show()
    with qtbot.waitSignal(dialog.rejected):
        dialog.buttons.buttons()[1].click()
    assert not dialog.path()

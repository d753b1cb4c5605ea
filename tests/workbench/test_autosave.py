"""What a session that ended badly has left is kept, offered and brought back."""

from __future__ import annotations

import shutil

import pytest

from workbench.autosave import Autosave

METHOD = "embedding.diffusion_map"


def test_each_program_has_a_place_of_its_own(tmp_path):
    first, second = Autosave(tmp_path), Autosave(tmp_path)
    assert first.path and second.path and first.path != second.path
    taken = first.path
    first.release()
    third = Autosave(tmp_path)
    assert third.path == taken
    second.release()
    third.release()


def test_what_is_not_a_project_is_passed_over(tmp_path):
    kept = Autosave(tmp_path)
    kept.path.write_bytes(b"half a file")
    kept.release()
    again = Autosave(tmp_path)
    assert again.left() is None and again.left_path.exists()
    again.release()


@pytest.mark.gl
def test_a_crashed_session_comes_back(qtbot, tmp_path):
    from workbench.settings import Settings
    from workbench.window import Window

    def opened():
        window = Window(Settings(tmp_path / "settings.ini"))
        window.show()
        qtbot.waitExposed(window)
        return window

    window = opened()
    window.document.set_method(METHOD)
    done = []
    window.session.open_data("sample:iris", then=lambda: done.append(True))
    qtbot.waitUntil(lambda: bool(done), timeout=20_000)
    run = window.session.fit()
    qtbot.waitUntil(lambda: run.state == "finished", timeout=30_000)
    window.exporting.autosave()
    file = window.exporting._kept.path
    qtbot.waitUntil(file.exists, timeout=20_000)
    shutil.copy(file, tmp_path / "crashed")
    window.document.modified = False
    window.close()
    window.deleteLater()
    assert not file.exists(), "a session that ended well leaves nothing"
    shutil.copy(tmp_path / "crashed", file)  # as if it had never come to its end

    again = opened()
    again.exporting.offer_recovery()
    qtbot.waitUntil(lambda: bool(again.notices.sentences()), timeout=5_000)
    (sentence,) = again.notices.sentences()
    assert "before it was saved (1 run" in sentence
    again.notices.notices()[0].accepted.emit()
    qtbot.waitUntil(lambda: len(again.document.runs) == 1, timeout=20_000)
    assert again.document.runs[0].name == run.name and again.document.modified
    left = again.exporting._kept.left_path
    qtbot.waitUntil(lambda: not left.exists(), timeout=20_000)
    assert again.exporting._kept.path.exists()
    again.document.modified = False
    again.close()
    again.deleteLater()

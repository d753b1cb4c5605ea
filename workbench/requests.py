"""What a person can ask of the window: one method for each command of the table in `actions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, Slot

from engine import catalog
from engine.data.samples import samples
from engine.params import from_json
from workbench.commands import ChangeView, EditRun

if TYPE_CHECKING:
    from workbench.window import Window


class Requests(QObject):
    """Turns wishes into edits of the document and work for the session; shows nothing itself."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self.document = window.document
        self.session = window.session

    @Slot(str)
    def open_sample(self, spec: str) -> None:
        """One click from a live picture: show the sample and fit at once."""
        self.session.open_data(spec, then=lambda: self._fit_first(spec))

    def _fit_first(self, spec: str) -> None:
        """By the method that the sample is there for, if it is there for one, as suits it there."""
        sample = next((s for s in samples() if s.spec == spec), None)
        if sample is not None and sample.method and not catalog.card(sample.method).missing():
            self.session.choose_method(sample.method)
            if sample.settings:
                kind = type(self.document.params())
                self.document.set_params(from_json(kind, sample.settings))
        self.session.fit()

    @Slot(str)
    def open_path(self, path: str) -> None:
        self._window.exporting.open_path(path)

    def open_file(self) -> None:
        self._window.exporting.ask_data()

    def open_pixels(self) -> None:
        self._window.exporting.ask_pixels()

    def type_equation(self) -> None:
        self._window.exporting.ask_equation()

    def open_project(self) -> None:
        self._window.exporting.ask_project()

    def save(self) -> None:
        self._window.exporting.save()

    def save_as(self) -> None:
        self._window.exporting.ask_save()

    def export_figure(self) -> None:
        self._window.exporting.ask_figure()

    def export_picture(self) -> None:
        self._window.exporting.pictures.ask_picture()

    def restore_folder(self) -> None:
        self._window.exporting.pictures.ask_folder()

    def export_data(self) -> None:
        self._window.exporting.ask_table()

    def export_at(self) -> None:
        self._window.exporting.ask_at()

    def export_animation(self) -> None:
        self._window.exporting.ask_animation()

    def export_model(self) -> None:
        self._window.exporting.ask_model()

    def copy_python(self) -> None:
        self._window.exporting.copy_python()

    def undo_edit(self) -> None:
        self.session.undo.undo()

    def redo_edit(self) -> None:
        self.session.undo.redo()

    def fit(self) -> None:
        self.session.fit()

    def pause(self) -> None:
        for job, _ in self.session.jobs():
            if job.paused:
                job.resume()
            else:
                job.pause()

    def cancel(self) -> None:
        for job, _ in self.session.jobs():
            self.session.cancel(job.number)

    def reset_params(self) -> None:
        self.session.changed(type(self.document.params())())

    def comparable(self) -> list[int]:
        document = self.document
        return [r.id for r in document.visible_runs() if r.data is document.data and r.snapshot]

    def compare_all(self) -> None:
        self.document.set_compared(tuple(self.comparable()[-6:]))

    def compare_none(self) -> None:
        self.document.set_compared(())

    def fit_cameras(self) -> None:
        if self._window.panel is not None:
            self._window.panel.fit_cameras()

    def toggle_lasso(self) -> None:
        self._choose_tool("lasso")

    def toggle_brush(self) -> None:
        self._choose_tool("brush")

    def _choose_tool(self, tool: str) -> None:
        """One at a time; asked for again, it is put away."""
        actions = {name: self._window.actions_by_id[f"view.{name}"] for name in ("lasso", "brush")}
        for name, action in actions.items():
            action.setChecked(action.isChecked() and name == tool)
        chosen = tool if actions[tool].isChecked() else "navigate"
        self._window.ensure_panel().set_tool(chosen)

    def toggle_play(self) -> None:
        action, player = self._window.actions_by_id["view.play"], self._window.player
        if not action.isChecked():
            player.stop()
        elif sentence := player.play():
            action.setChecked(False)
            self._window.say(sentence)

    def toggle_edges(self) -> None:
        self._toggle("view.edges", "edges", "edges")

    def toggle_ellipses(self) -> None:
        self._toggle("view.ellipses", "ellipses", "ellipses")

    def toggle_surface(self) -> None:
        self._toggle("view.surface", "the surface in colour", "coloured_surface")

    def toggle_relief(self) -> None:
        self._toggle("view.relief", "the height surface", "relief")

    def _toggle(self, action: str, what: str, setting: str) -> None:
        """A setting of the view follows its checkable command, undoably."""
        shown = self._window.actions_by_id[action].isChecked()
        text = f"{'show' if shown else 'hide'} {what}"
        self.session.undo.push(ChangeView(self.document, text, **{setting: shown}))

    @Slot(str)
    def choose_colour(self, name: str) -> None:
        if name and name != self._window.colour():
            self.session.undo.push(ChangeView(self.document, f"colour by {name}", colour_by=name))

    # Photographs

    def photo_split(self) -> None:
        self._photographs("choose_mode", "split")

    def photo_side(self) -> None:
        self._photographs("choose_mode", "side")

    def photo_difference(self) -> None:
        self._photographs("choose_mode", "difference")

    def photo_removed(self) -> None:
        self._photographs("choose_mode", "removed")

    def photo_loupe(self) -> None:
        self._photographs("toggle_loupe")

    def photo_full(self) -> None:
        self._photographs("zoom_to", 1.0)

    def photo_fit(self) -> None:
        self._photographs("zoom_to", 0.0)

    def photo_simulate(self) -> None:
        self._photographs("ask_simulation")

    def photo_truth(self) -> None:
        self._photographs("ask_truth")

    def _photographs(self, name: str, *given: Any) -> None:
        """Ask it of the panel, if that shows photographs."""
        asked = getattr(self._window.panel, name, None)
        if asked is None or not self._window.panel.isVisible():
            self._window.say("Open a photograph first: drop one on the window, or choose a sample.")
        else:
            asked(*given)

    def clear_selection(self) -> None:
        if self._window.panel is not None:
            self._window.panel.select(np.empty(0, np.int64))

    def show_selection(self) -> None:
        self._window.exporting.show_selection()

    def copy_selection(self) -> None:
        self._window.exporting.copy_selection()

    @Slot(int)
    def choose_run(self, number: int) -> None:
        run = self.document.run(number)
        if run is not None:
            self.document.activate(run)

    @Slot(int, str)
    def rename_run(self, number: int, name: str) -> None:
        self._edit_run(number, f"rename to {name}", name=name)

    @Slot(int, bool)
    def star_run(self, number: int, starred: bool) -> None:
        self._edit_run(number, "star run" if starred else "remove star", starred=starred)

    @Slot(int)
    def delete_run(self, number: int) -> None:
        self._edit_run(number, "delete run", deleted=True)

    def _edit_run(self, number: int, text: str, **values: Any) -> None:
        run = self.document.run(number)
        if run is not None:
            self.session.undo.push(EditRun(self.document, run, text, **values))

    def switch_theme(self) -> None:
        self._window.set_theme("light" if self._window.theme.dark else "dark")

    def reset_layout(self) -> None:
        self._window.resize(1440, 900)
        self._window.splitter.setSizes([132, 928, 380])
        self._window.right.setSizes([600, 240])
        if self._window.panel is not None:
            self._window.panel.splitter.setSizes(self._window.panel.HEIGHTS)

    def larger_points(self) -> None:
        self._scale_points(1.25)

    def smaller_points(self) -> None:
        self._scale_points(0.8)

    def _scale_points(self, factor: float) -> None:
        panel = self._window.panel
        if panel is not None and panel.painting.on:
            panel.painting.resize(factor)
        elif panel is not None:
            size = min(40.0, max(1.0, panel.result_view.point_size() * factor))
            text = "larger points" if factor > 1 else "smaller points"
            self.session.undo.push(ChangeView(self.document, text, point_size=size))

    @Slot(str)
    def choose_family(self, family: str) -> None:
        """The first method of another family that can run here."""
        if catalog.card(self.document.method_id).family == family:
            return
        for card in catalog.cards().values():
            if card.family == family and not card.missing():
                self.session.choose_method(card.id)
                return

    def quit(self) -> None:
        self._window.close()

    def show_palette(self) -> None:
        from workbench.palette import CommandPalette

        palette = CommandPalette(list(self._window.actions_by_id.values()), self._window)
        palette.open()

    def show_welcome(self) -> None:
        self._window.centre.setCurrentWidget(self._window.welcome)

    def show_shortcuts(self) -> None:
        from workbench.dialogs.shortcuts import ShortcutsDialog

        ShortcutsDialog(self._about(), self._window).open()

    def about(self) -> None:
        self._window.say(self._about())

    def _about(self) -> str:
        card = catalog.card(self.document.method_id)
        return f"{card.title}: {card.summary} Source: {card.paper}."

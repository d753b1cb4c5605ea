"""How a photograph is spoilt on purpose, so that the truth is known: noise, blur, compression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from engine.data.opening import SAMPLE
from engine.data.samples import samples
from engine.params import LIVE, Bound, Doc, ParameterError, check, from_json, parameters, to_json
from workbench.forms.row import ParameterRow

WORDS = (
    "The picture as it was opened becomes the truth, and a spoilt copy of it what is restored. "
    "Scores then say how close a method comes."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """Blurred, then made noisy, then compressed."""

    noise: Annotated[
        float,
        Bound(0.0, 255.0, soft=(0.0, 50.0)),
        LIVE,
        Doc("Standard deviation of white noise; 255 levels are from black to white.",
            unit="levels"),
    ] = 25.0  # fmt: skip
    blur: Annotated[
        float,
        Bound(0.0, 20.0, soft=(0.0, 5.0)),
        LIVE,
        Doc("Standard deviation of a Gaussian.", unit="px"),
    ] = 0.0
    jpeg: Annotated[
        int,
        Bound(0, 95),
        LIVE,
        Doc("Quality of a JPEG file; 0 for none.", label="JPEG quality, 0 for none"),
    ] = 0
    seed: Annotated[
        int, Bound(0, 2**31 - 1, soft=(0, 100)), LIVE, Doc("Another one draws other noise.")
    ] = 0

    def __post_init__(self) -> None:
        check(self)

    def query(self) -> str:
        """As `engine.data.open_any` takes it; "" for none."""
        told = {k: f"{v:g}" for k, v in to_json(self).items() if v and k != "seed"}
        return urlencode({**told, "seed": str(self.seed)}) if told else ""

    def whole_query(self) -> str:
        """Everything, as a sample takes it, which has damage of its own otherwise."""
        return urlencode({k: f"{v:g}" for k, v in to_json(self).items()})


def damage_of(spec: str, options: Mapping[str, Any]) -> Damage:
    """What was done to a picture that was opened so; a first proposal if nothing was."""
    given: dict[str, Any] = {}
    text = str(options.get("picture", ""))
    if spec.startswith(SAMPLE):
        name, _, text = spec.removeprefix(SAMPLE).partition("?")
        sample = next((s for s in samples() if s.name == name), None)
        given = {k: usual for k, (usual, _, _) in (sample.options if sample else {}).items()}
    elif text:
        given["noise"] = 0.0
    kinds = {p.name: p.kind for p in parameters(Damage)}
    for key, value in parse_qsl(text):
        given[key] = int(float(value)) if kinds.get(key) == "int" else float(value)
    try:
        return from_json(Damage, {k: v for k, v in given.items() if k in kinds})
    except ParameterError:
        return Damage()


class SimulateDialog(QDialog):
    """`chosen` carries what to open, and with which options."""

    chosen = Signal(str, object)

    def __init__(
        self, spec: str, options: Mapping[str, Any], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Simulate damage")
        self.setMinimumWidth(420)
        self._spec, self._options = spec, dict(options)
        self._damage = damage_of(spec, self._options)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(12)
        words = QLabel(WORDS, self)
        words.setWordWrap(True)
        words.setProperty("role", "muted")
        layout.addWidget(words)
        self.rows: dict[str, ParameterRow] = {}
        for parameter in parameters(Damage):
            row = self.rows[parameter.name] = ParameterRow(parameter, Damage, self)
            row.set_bound(parameter.bound)
            row.asked.connect(self._on_asked)
            layout.addWidget(row)
        layout.addSpacing(4)
        buttons = QDialogButtonBox(self)
        self.spoil = buttons.addButton("Simulate", QDialogButtonBox.ButtonRole.AcceptRole)
        self.spoil.setProperty("role", "primary")
        self.plain = buttons.addButton("As it is", QDialogButtonBox.ButtonRole.DestructiveRole)
        self.plain.setToolTip("The picture without simulated damage")
        self.plain.setVisible(not spec.startswith(SAMPLE))
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        self.plain.clicked.connect(self._leave_plain)
        layout.addWidget(buttons)
        self._show()

    def _show(self) -> None:
        for name, row in self.rows.items():
            row.show_value(getattr(self._damage, name), stale=False)
        self.spoil.setEnabled(bool(self._damage.query()))

    @Slot(str, object, bool)
    def _on_asked(self, name: str, value: Any, final: bool) -> None:
        try:
            self._damage = replace(self._damage, **{name: value})
        except ParameterError as error:
            self.rows[name].refuse(str(error))
        self._show()

    @Slot()
    def _accept(self) -> None:
        sample = self._spec.startswith(SAMPLE)
        self._choose(self._damage.whole_query() if sample else self._damage.query())

    @Slot()
    def _leave_plain(self) -> None:
        self._choose("")

    def _choose(self, query: str) -> None:
        if self._spec.startswith(SAMPLE):
            name = self._spec.partition("?")[0]
            self.chosen.emit(f"{name}?{query}", self._options)
        else:
            # What is spoilt on purpose is its own truth.
            kept = {k: v for k, v in self._options.items() if k != "truth"}
            self.chosen.emit(self._spec, {**kept, "picture": query})
        self.accept()

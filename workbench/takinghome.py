"""What a person takes home: figures, tables, models, scripts, written off the window's thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from engine.io.project import SUFFIX
from engine.layers import Markers, Network
from engine.method import Exportable, ExportableAt, Predicts
from workbench.document import Run

if TYPE_CHECKING:
    from workbench.window import Window


FILMS = "GIF (*.gif);;MP4 (*.mp4)"
MODELS = "Fitted model (*.safetensors);;ONNX (*.onnx);;PyTorch program (*.pt2)"
PLAIN = "Plain network at these settings (*.safetensors)"
WITH_SLIDERS = "with sliders as inputs"
MODELS_AT = ";;".join(
    ("Fitted model (*.safetensors)", PLAIN, "ONNX at these settings (*.onnx)",
     f"ONNX {WITH_SLIDERS} (*.onnx)", "PyTorch program at these settings (*.pt2)",
     f"PyTorch program {WITH_SLIDERS} (*.pt2)")
)  # fmt: skip


class TakingHome(QObject):
    """Asks where to, and writes the active run there."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._dialog: Any = None

    def ask_figure(self) -> None:
        from workbench.dialogs.export_figure import ExportFigureDialog

        run = self._run()
        if run is None:
            return
        layers = [*run.snapshot.layers] if run.snapshot else []
        if run.judgement is not None:
            layers += run.judgement.layers
        dialog = ExportFigureDialog(layers, self._window.panel.columns(), self._window)
        dialog.accepted.connect(self._accept_figure)
        self._show(dialog)

    @Slot()
    def _accept_figure(self) -> None:
        run, dialog = self._run(), self._dialog
        if run is not None:
            self.save_figure(run, dialog.path(), dialog.layer(), **dialog.options())

    def save_figure(self, run: Run, path: str, layer: Any, **options: Any) -> None:
        from engine.io.figures import save_figure
        from engine.io.pictures import saying_gain
        from workbench.project import with_labels

        options.setdefault("colour_by", self._window.colour())
        options.setdefault("metadata", run.current_spec())
        params = run.snapshot.params if run.snapshot is not None else None
        layer, shown = saying_gain(layer, params), layer
        several = isinstance(layer, tuple)
        whole = list(layer) if several else [with_labels(layer, run.data), *self._over(run, shown)]
        view = self._window.document.view
        for setting in ("ellipses", "coloured_surface", "relief"):
            if setting in view:
                options.setdefault(setting, view[setting])
        camera = self._window.panel.result_view.camera()
        for angle in ("azimuth", "elevation"):
            if angle in camera:
                options.setdefault("camera", camera)
        self._errand(lambda: save_figure(path, whole, **options), nothing, path)

    def _over(self, run: Run, layer: Any) -> list[Any]:
        """What the screen draws over a layer: the zeros of a field, the edges between points."""
        shown = run.snapshot.layers if run.snapshot is not None else ()
        if not shown or layer is not shown[0]:
            return []
        edges = self._window.document.view.get("edges", False)
        return [
            item
            for item in shown
            if isinstance(item, Markers) or (edges and isinstance(item, Network))
        ]

    def ask_table(self) -> None:
        filters = ";;".join(
            ("CSV (*.csv)", "NumPy archive (*.npz)", "AnnData (*.h5ad)", "VTK grid (*.vtu)",
             "VTK image (*.vti)")
        )  # fmt: skip
        self._ask("Export coordinates", filters, True, self.save_table, ".csv")

    def save_table(self, path: str) -> None:
        from engine.io.tables import save_table

        run = self._run()
        if run is not None and run.snapshot is not None:
            snapshot, spec, data = run.snapshot, run.current_spec(), run.data
            self._errand(lambda: save_table(path, snapshot, data, spec=spec), nothing, path)

    def ask_at(self) -> None:
        run = self._run()
        if run is None or not isinstance(run.method, Predicts):
            self._window.say("Fit a field first: it can then be asked at points of a file.")
            return
        self._ask("Points to ask at", "Tables (*.csv *.tsv *.npy *.npz)", False, self._ask_where)

    def _ask_where(self, points: str) -> None:
        filters = "CSV (*.csv);;NumPy archive (*.npz);;VTK grid (*.vtu)"
        then = partial(self.save_at, points)
        QTimer.singleShot(0, lambda: self._ask("Export field", filters, True, then, ".csv"))

    def save_at(self, points: str, path: str) -> None:
        """The field at the points of one file into another."""
        from engine.io.places import answer
        from engine.io.tables import save_table

        run = self._run()
        if run is not None and run.method is not None:
            method, params, spec = run.method, run.shown, run.current_spec()
            self._errand(
                lambda: save_table(path, answer(method, params, points), spec=spec), nothing, path
            )

    def ask_animation(self) -> None:
        from workbench.dialogs.animation import AnimationDialog

        run = self._run()
        idle = tuple(getattr(run.data, "idle", ())) if run is not None else ()
        if run is None or run.method is None or run.shown is None:
            self._window.say("Fit something first: a slider of it can then be played.")
            return
        dialog = AnimationDialog(run.shown, idle, self._window)
        dialog.accepted.connect(self._chose_sweep)
        self._show(dialog)

    @Slot()
    def _chose_sweep(self) -> None:
        name, low, high, count = self._dialog.sweep()
        then = partial(self.save_animation, name, low, high, count)
        QTimer.singleShot(0, lambda: self._ask("Export animation", FILMS, True, then, ".gif"))

    def save_animation(self, name: str, low: float, high: float, count: int, path: str) -> None:
        from engine.io.animation import save_animation, sweep

        run = self._run()
        if run is not None and run.method is not None:
            method, shown = run.method, run.shown

            def write() -> None:
                for _ in save_animation(path, method, sweep(shown, name, low, high, count)):
                    pass

            self._errand(write, nothing, path)

    def ask_model(self) -> None:
        method = self._method()
        filters = MODELS if isinstance(method, Exportable) else MODELS.split(";;")[0]
        if isinstance(method, ExportableAt):
            filters = MODELS_AT
        self._ask("Export fitted model", filters, True, self._chose_model, ".safetensors")

    def _chose_model(self, path: str) -> None:
        kind = self._dialog.selectedNameFilter()
        self.save_model(path, plain=kind == PLAIN, sliders=WITH_SLIDERS in kind)

    def save_model(self, path: str, *, plain: bool = False, sliders: bool = False) -> None:
        """Arrays to open here again; as .onnx or .pt2, or `plain`, the network for other programs,
        at what is shown or with its sliders as inputs."""
        from engine.io.models import save_model
        from engine.io.networks import save_network

        run = self._run()
        if run is not None and run.method is not None:
            method, spec, shown = run.method, run.current_spec(), run.shown
            if plain or sliders or Path(path).suffix.lower() in (".onnx", ".pt2"):
                self._errand(
                    lambda: save_network(path, method, shown, sliders=sliders), nothing, path
                )
                return
            self._errand(lambda: save_model(path, method, spec), nothing, path)

    def _method(self) -> Any:
        run = self._run()
        return None if run is None else run.method

    def copy_python(self) -> None:
        from engine.io.scripts import as_python

        run = self._run()
        if run is not None:
            QGuiApplication.clipboard().setText(as_python(run.current_spec()))
            self._window.say("The script that repeats this run is on the clipboard.")

    # How files are asked for and written

    def _run(self) -> Run | None:
        run: Run | None = self._window.document.active
        return run

    def _show(self, dialog: Any) -> None:
        self._dialog = dialog
        dialog.open()

    def _ask(
        self,
        title: str,
        filters: str,
        saving: bool,
        then: Callable[[str], None],
        suffix: str = "",
    ) -> None:
        dialog = QFileDialog(self._window, title, self._window.settings.folder(), filters)
        if saving:
            dialog.selectFile(f"{self._stem(suffix)}{suffix}")
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setDefaultSuffix(suffix.removeprefix("."))
            dialog.filterSelected.connect(partial(_follow_kind, dialog))
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(then)
        self._show(dialog)

    def _stem(self, suffix: str) -> str:
        """A name to begin with: of the data, and for what a run gives that of its method."""
        document, run = self._window.document, self._run()
        if suffix == SUFFIX and document.path:
            return Path(document.path).stem
        data = getattr(document.data, "name", "") or "untitled"
        stem = data.rpartition(".")[0] or data
        stem = "".join(c if c.isalnum() or c in " -_." else "-" for c in stem).strip(" .-")
        if run is None or suffix == SUFFIX:
            return stem or "untitled"
        return f"{stem or 'untitled'}-{run.spec.method.rpartition('.')[2]}"

    def _errand(self, call: Callable[[], Any], done: Callable[[Any], None], exported: str) -> None:
        def finished(result: Any) -> None:
            done(result)
            if exported:
                self._window.say(f"Wrote {Path(exported).name}{size_of(exported)}.")

        self._window.bridge.errand(call, finished, self._failed)

    def _failed(self, message: str, details: str) -> None:
        self._window.say(message, True, details)


def _follow_kind(dialog: QFileDialog, kind: str) -> None:
    """The name in the box gets the suffix of the kind of file that was chosen."""
    suffix = kind.rpartition("*.")[2].rstrip(")").split()[0]
    dialog.setDefaultSuffix(suffix)
    if found := dialog.selectedFiles():
        dialog.selectFile(str(Path(found[0]).with_suffix(f".{suffix}")))


def nothing(_: Any) -> None:
    return None


def size_of(path: str) -> str:
    """The size of a large file, for a person who may not expect it."""
    size = Path(path).stat().st_size if Path(path).is_file() else 0
    return f" ({size / 1e6:.1f} MB)" if size > 1e6 else ""

"""The panel of families whose results are fields or images on a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from workbench.panels.panel import Panel
from workbench.views.mainview import MainView
from workbench.views.plane import PlaneView

if TYPE_CHECKING:
    from workbench.session import Session


class PlanePanel(Panel):
    """As any panel, with planes for pictures. The picture of a problem is its reference, which may
    take a while and is found aside."""

    VIEW: ClassVar[type[MainView]] = PlaneView
    HAS_ROWS: ClassVar[bool] = False
    BESIDE: ClassVar[str] = "truth"

    _session: Session | None = None
    _drawn: Any = None
    """The data that `_picture_of` is of."""
    _picture_of: Any = None

    def serve(self, session: Session) -> None:
        super().serve(session)
        self._session = session

    def _show_overview(self, data: Any) -> None:
        if self._drawn is data:
            if self._picture_of is not None:
                self.data_view.show_layer(self._picture_of)
            return
        self._drawn, self._picture_of = data, None
        self.data_view.clear("Solving for comparison …")
        if self._session is not None:
            self._session.aside(
                lambda: _overview(data),
                lambda layer: self._have(data, layer),
                lambda message: self._have_none(data, message),
            )

    def _have(self, data: Any, layer: Any) -> None:
        if self._drawn is data:
            self._picture_of = layer
            self._show_beside()

    def _have_none(self, data: Any, message: str) -> None:
        if self._drawn is data:
            self.data_view.clear(message)


def _overview(data: Any) -> Any:
    from engine.data.overview import overview

    return overview(data)

"""`fieldwright --self-test`: the real window, a tiny fit of every family, one figure."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine import catalog
from workbench.errands import until

if TYPE_CHECKING:
    from workbench.document import Run
    from workbench.window import Window

_TINY = {
    "embedding": "sample:iris",
    "vectorfield": "sample:sphere_field?n=300",
    "pde": "problem:poisson",
    "restoration": "sample:camera",
}
"""A data set for each family, small enough for a slow laptop."""


async def self_test(window: Window) -> int:
    """Returns 0 when every family fitted, drew and exported."""
    failed = 0
    for family in catalog.FAMILIES:
        method_id = next(c.id for c in catalog.cards().values() if c.family == family)
        window.document.set_method(method_id)
        opened: list[bool] = []
        window.session.open_data(_TINY[family], then=partial(opened.append, True))
        if not await until(partial(bool, opened), 60):
            print(f"{family}: the sample did not open")
            return 1
        run = window.session.fit()
        assert run is not None
        await until(partial(_over, run), 120)
        drawn = window.panel is not None and run.snapshot is not None
        with tempfile.TemporaryDirectory() as folder:
            figure = Path(folder) / "figure.png"
            if drawn:
                assert run.snapshot is not None
                window.exporting.save_figure(run, str(figure), run.snapshot.layers[0])
                await until(figure.exists, 60)
            good = run.state == "finished" and drawn and figure.exists()
        print(f"{family}: {method_id} {'ok' if good else run.failed or 'failed'}")
        failed += not good
    return 1 if failed else 0


def _over(run: Run) -> bool:
    return run.state in ("finished", "failed", "cancelled")

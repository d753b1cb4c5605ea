"""What is got over with before a hand would wait for it."""

from __future__ import annotations

import gc

from engine import catalog


def spare_the_collector() -> None:
    """Libraries and widgets stay to the end: looking through them for garbage took a fifth of the
    time of a dragged picture."""
    gc.collect()
    gc.freeze()


def imports() -> None:
    """Imports that a first fit would otherwise wait for. torch comes with the first method that
    computes with it: none of the first family does."""
    import scipy.linalg
    import scipy.sparse.csgraph
    import scipy.sparse.linalg  # noqa: F401

    catalog.card("embedding.heat_geodesic").load()

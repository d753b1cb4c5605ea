"""Connections that end when the one that hears goes.

Qt ends them by itself, but for a slot that a class has from its parent and overrides PySide 6.10
makes a connection that outlives its object: a panel that was deleted still heard of new data.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject

_HEARD: WeakKeyDictionary[QObject, list[tuple[Any, str]]] = WeakKeyDictionary()


def hear(signal: Any, slot: Any) -> None:
    """Connect a signal to a method of an object, which `deafen` will end."""
    signal.connect(slot)
    # The name alone: a method would keep its object.
    _HEARD.setdefault(slot.__self__, []).append((signal, slot.__name__))


def deafen(*hearers: QObject) -> None:
    """End all that was connected by `hear` to methods of these."""
    for hearer in hearers:
        for signal, name in _HEARD.pop(hearer, []):
            signal.disconnect(getattr(hearer, name))

"""Layers and snapshots as JSON plus arrays named by their content, restored to the last bit.

An array becomes {"$": "array", "sha256", "dtype", "shape"} and is kept aside under its hash, so
that equal arrays are stored once. Everything else is plain JSON, with "$" where JSON has no such
type. What a newer version may have added to a layer is left out when read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, get_args

import numpy as np

from engine import params
from engine.layers import Array, Axis, Layer, Spots
from engine.method import DataError, Note, Snapshot

KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Layer)}
MARK = "$"


class ArrayStore:
    """Arrays by the hash of their type, shape and bytes."""

    def __init__(self, load: Callable[[str], Array] | None = None) -> None:
        self.arrays: dict[str, Array] = {}
        self._load = load

    def put(self, array: Array) -> dict[str, Any]:
        """Keep the array and return what stands for it in JSON."""
        if array.dtype.kind == "O":
            array = array.astype(str)
        array = np.asarray(array, order="C")
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        about = {"dtype": array.dtype.str, "shape": list(array.shape)}
        digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
        digest.update(as_bytes(array).data)
        name = digest.hexdigest()
        self.arrays.setdefault(name, array)
        return {MARK: "array", "sha256": name, **about}

    def get(self, about: Mapping[str, Any]) -> Array:
        """The array that stands behind `about`."""
        name = str(about["sha256"])
        if name not in self.arrays:
            if self._load is None:
                raise DataError(f"The array {name[:12]} is missing from the file.")
            content = self._load(name)
            self.arrays[name] = content.view(np.dtype(about["dtype"])).reshape(about["shape"])
        return self.arrays[name]


def as_bytes(array: Array) -> Array:
    """The bytes of a C-contiguous array, (nbytes,) uint8, without a copy."""
    return array.reshape(-1).view(np.uint8) if array.size else np.empty(0, np.uint8)


def pack(value: Any, store: ArrayStore) -> Any:
    """A value as JSON; its arrays go to the store."""
    match value:
        case np.ndarray():
            return store.put(value)
        case np.generic():
            return value.item()
        case None | bool() | int() | float() | str():
            return value
        case Axis():
            return {MARK: "axis", "name": value.name, "unit": value.unit, "log": value.log}
        case Spots():
            held = {item.name: pack(getattr(value, item.name), store) for item in fields(value)}
            return {MARK: "spots", **held}
        case tuple() | list():
            items = [pack(item, store) for item in value]
            return {MARK: "tuple", "items": items} if isinstance(value, tuple) else items
        case Mapping():
            return {MARK: "map", "items": [[k, pack(v, store)] for k, v in value.items()]}
    raise TypeError(f"A project cannot hold a {type(value).__name__}.")


def unpack(value: Any, store: ArrayStore) -> Any:
    """Inverse of `pack`."""
    if isinstance(value, list):
        return [unpack(item, store) for item in value]
    if not isinstance(value, dict):
        return value
    match value.get(MARK):
        case "array":
            return store.get(value)
        case "axis":
            return Axis(value["name"], value.get("unit", ""), bool(value.get("log", False)))
        case "spots":
            known = {item.name for item in fields(Spots)}
            return Spots(**{k: unpack(v, store) for k, v in value.items() if k in known})
        case "tuple":
            return tuple(unpack(item, store) for item in value["items"])
        case "map":
            return {key: unpack(item, store) for key, item in value["items"]}
    raise DataError(f"The file holds a value of an unknown kind: {value.get(MARK)!r}.")


def pack_layer(layer: Layer, store: ArrayStore) -> dict[str, Any]:
    """A layer of any kind: its kind and its fields."""
    held = {item.name: pack(getattr(layer, item.name), store) for item in fields(layer)}
    return {"kind": type(layer).__name__, "fields": held}


def unpack_layer(held: Mapping[str, Any], store: ArrayStore) -> Layer | None:
    """The layer, or None for a kind that this version does not know."""
    kind = KINDS.get(held["kind"])
    if kind is None:
        return None
    known = {item.name for item in fields(kind)}
    made: Layer = kind(**{k: unpack(v, store) for k, v in held["fields"].items() if k in known})
    return made


def pack_snapshot(snapshot: Snapshot, store: ArrayStore) -> dict[str, Any]:
    """A frame with its layers, numbers and parameters."""
    own = snapshot.params
    return {
        "layers": [pack_layer(layer, store) for layer in snapshot.layers],
        "params": dict(own) if isinstance(own, Mapping) else params.to_json(own),
        "metrics": {name: float(value) for name, value in snapshot.metrics.items()},
        "step": int(snapshot.step),
        "notes": [{"text": note.text, "grave": note.grave} for note in snapshot.notes],
        "coarse": snapshot.coarse,
        "chosen": {name: float(value) for name, value in snapshot.chosen.items()},
        "held": dict(snapshot.held),
        "idle": list(snapshot.idle),
    }


def unpack_snapshot(held: Mapping[str, Any], store: ArrayStore, kind: type[Any] | None) -> Snapshot:
    """The frame; `kind` is the method's parameter class, None when it is not installed (the
    parameters are then the JSON values)."""
    layers = [unpack_layer(item, store) for item in held["layers"]]
    own: Any = params.from_json(kind, held["params"]) if kind is not None else held["params"]
    return Snapshot(
        layers=tuple(layer for layer in layers if layer is not None),
        params=own,
        metrics=held.get("metrics", {}),
        step=held.get("step", 0),
        notes=tuple(Note(n["text"], bool(n.get("grave"))) for n in held.get("notes", ())),
        coarse=held.get("coarse", ""),
        chosen=held.get("chosen", {}),
        # JSON has no tuples, and parameters no lists.
        held={k: tuple(v) if isinstance(v, list) else v for k, v in held.get("held", {}).items()},
        idle=tuple(held.get("idle", ())),
    )

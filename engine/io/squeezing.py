"""Arrays in fewer bytes, to the last bit: what a project file holds of photographs.

Three ways, the first that fits. A picture that others make is told by them: what was removed is
the difference of two pictures about mid-grey. Numbers that came out of 8 or 16 bits go back into
them. Of all others the bytes of equal weight are put together, for signs and exponents repeat while
the last digits are noise. The second and third are then deflated (P. Deutsch, RFC 1951).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from engine.io.tensors import encoded
from engine.layers import Array
from engine.method import DataError

SMALL = 4096
"""Bytes below which an array is stored as it is."""
MOST_INFLATION = 100
"""No deflated array says that it is longer than so many times what it takes in the file."""
_LEVEL = 1
_TASTE = 65_536
_GAIN = 0.95
_KEY = "squeezed"
_TOPS = ((np.uint8, 255), (np.uint16, 65535))


def written(array: Array, made: Mapping[str, Any] | None = None) -> bytes:
    """The bytes of a safetensors file with the array, C-contiguous and little-endian; `made` is
    how others make it, as `differences` finds it."""
    if made is not None:
        return encoded({"array": np.empty(0, np.uint8)}, {_KEY: json.dumps({"made": made})})
    flat = array.reshape(-1).view(np.uint8) if array.size else np.empty(0, np.uint8)
    if array.nbytes < SMALL:
        return encoded({"array": flat})
    whole = _as_whole_numbers(array)
    if whole is not None:
        held = _across(whole, back=False)
        about: dict[str, Any] = {"top": int(np.iinfo(whole.dtype).max), "shape": list(array.shape)}
    else:
        held, about = array, {}
    size = held.dtype.itemsize
    planes = held.reshape(-1).view(np.uint8).reshape(-1, size)
    packed = [_deflated(np.ascontiguousarray(planes[:, k])) for k in range(size)]
    if sum(len(part) for part, _ in packed) > _GAIN * array.nbytes:
        return encoded({"array": flat})
    arrays = {f"plane{k}": part for k, (part, _) in enumerate(packed)}
    about |= {"size": size, "length": held.size, "deflated": [done for _, done in packed]}
    return encoded(arrays, {_KEY: json.dumps(about)})


def read(content: bytes, other: Callable[[Mapping[str, Any]], Array]) -> Array:
    """The array's bytes (n,) uint8; `other` gives the arrays that make it.

    Raises
    ------
    KeyError, ValueError, SafetensorError
        For what is damaged.
    """
    from safetensors.numpy import load

    arrays: dict[str, Array] = load(content)
    length = int.from_bytes(content[:8], "little")
    note = json.loads(content[8 : 8 + length]).get("__metadata__", {}).get(_KEY)
    if note is None:
        return arrays["array"]
    about = json.loads(note)
    if "made" in about:
        one, two = (other(about["made"][name]) for name in ("one", "two"))
        return _about_grey(one, two, float(about["made"]["gain"])).reshape(-1).view(np.uint8)
    size, count = int(about["size"]), int(about["length"])
    planes = [_inflated(arrays[f"plane{k}"], count, bool(about["deflated"][k]))
              for k in range(size)]  # fmt: skip
    flat = np.ascontiguousarray(np.stack(planes, axis=1)).reshape(-1)
    if "top" not in about:
        return flat
    kind = next(kind for kind, top in _TOPS if top == about["top"])
    whole = _across(flat.view(kind).reshape(about["shape"]), back=True)
    values = np.divide(whole, np.float32(about["top"]), dtype=np.float32)
    return values.reshape(-1).view(np.uint8)


def _as_whole_numbers(array: Array) -> Array | None:
    """uint8 or uint16 that divided by their largest are the array to the bit, where there are."""
    if array.dtype != np.float32 or array.ndim < 2 or not array.size:
        return None
    for kind, top in _TOPS:
        for rows in (array[:1], array):
            # A row first: most pictures that are no whole numbers show it there.
            with np.errstate(invalid="ignore", over="ignore"):
                near = np.rint(rows * np.float32(top))
            if not (near.min() >= 0 and near.max() <= top):
                break
            found = near.astype(kind)
            again = np.divide(found, np.float32(top), dtype=np.float32)
            if not np.array_equal(again.view(np.uint32), rows.view(np.uint32)):
                break
        else:
            return found
    return None


def _across(whole: Array, *, back: bool) -> Array:
    """Each number less the one to its left, modulo its type, and the way `back`."""
    if back:
        return np.cumsum(whole, axis=1, dtype=whole.dtype)
    found = whole.copy()
    found[:, 1:] -= whole[:, :-1]
    return found


def _deflated(plane: Array) -> tuple[Array, bool]:
    """The bytes packed, or as they are where that gains nothing."""
    middle = len(plane) // 2
    taste = plane[middle : middle + _TASTE].tobytes()
    if taste and len(zlib.compress(taste, _LEVEL)) > _GAIN * len(taste):
        return plane, False
    packed = zlib.compress(plane.data, _LEVEL)
    # What follows the end of the stream is not read.
    least = -(-len(plane) // MOST_INFLATION)
    return np.frombuffer(packed.ljust(least, b"\0"), np.uint8), True


def _inflated(packed: Array, count: int, deflated: bool) -> Array:
    if not deflated:
        found = packed
    elif count > MOST_INFLATION * max(1, len(packed)):
        raise ValueError("an array claims to be longer than its bytes allow")
    else:
        # One byte more than there should be shows a stream that is too long.
        content = zlib.decompressobj().decompress(packed.tobytes(), count + 1)
        found = np.frombuffer(content, np.uint8)
    if len(found) != count:
        raise ValueError("an array has another length than it says")
    return found


# Pictures that others make


def differences(
    manifest: Mapping[str, Any], arrays: Mapping[str, Array]
) -> dict[str, dict[str, Any]]:
    """By the hash of a picture, which two of its run's pictures make it and with what gain; only
    where that gives it to the bit."""
    found: dict[str, dict[str, Any]] = {}
    for run in manifest["runs"]:
        frame = run.get("snapshot") or {}
        gain = frame.get("params", {}).get("gain")
        if not isinstance(gain, int | float):
            continue
        pictures = dict(_pictures(frame))
        plain = [pictures[r] for r in ("data", "prediction", "truth") if r in pictures]
        for role in ("diagnostic", "error"):
            made = pictures.get(role)
            if made is None or made["sha256"] in found or made in plain:
                continue
            for one, two in ((a, b) for a in plain for b in plain if a is not b):
                if _is_made([arrays[x["sha256"]] for x in (made, one, two)], float(gain)):
                    found[made["sha256"]] = {"one": one, "two": two, "gain": float(gain)}
                    break
    # What makes another picture stands for itself.
    sources = {made[name]["sha256"] for made in found.values() for name in ("one", "two")}
    return {name: made for name, made in found.items() if name not in sources}


def _pictures(frame: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Role and values of the pictures of a packed frame; of several of one role the first."""
    for layer in reversed(frame.get("layers", ())):
        if layer["kind"] == "Picture":
            yield str(layer["fields"]["role"]), layer["fields"]["values"]


def _is_made(three: Sequence[Array], gain: float) -> bool:
    made, one, two = three
    if made.nbytes < SMALL or any(a.dtype != np.float32 for a in three):
        return False
    if not made.shape == one.shape == two.shape:
        return False
    for part in (slice(0, 1), slice(None)):
        again = _about_grey(one[part], two[part], gain)
        if not np.array_equal(again.view(np.uint32), made[part].view(np.uint32)):
            return False
    return True


def _about_grey(one: Array, two: Array, gain: float) -> Array:
    """What `engine.restoration` shows of a difference: gain (one - two) about mid-grey, in [0, 1].
    Written out here, for a file must be read the same whatever is shown later."""
    if one.dtype != np.float32 or one.shape != two.shape:
        raise DataError("Two pictures of the project do not fit together: it is damaged.")
    with np.errstate(invalid="ignore", over="ignore"):
        found = np.subtract(one, two)
        found *= np.float32(gain)
        found += np.float32(0.5)
        np.clip(found, 0, 1, out=found)
    return found

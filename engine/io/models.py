"""Fitted models as safetensors: the arrays, and one JSON text that says what they are.

The file holds what `Method.state` returns and the metadata key "fieldwright". Nothing in it is
executed: the class comes from the catalogue by the method's id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine import catalog, params
from engine.io.atomic import replacing
from engine.io.provenance import provenance
from engine.io.tensors import encoded
from engine.layers import Array
from engine.method import DataError, Method
from engine.runs import Fit, RunSpec

SCHEMA = 1
KEY = "fieldwright"


def save_model(
    path: str | Path, fitted: Fit | Method, spec: RunSpec | None = None, *, data_sha256: str = ""
) -> None:
    """Write a fitted method that `load_model` gives back with bit-equal pictures.

    `spec` may be left out for a `Fit`, which knows its own. The file is written whole or not at
    all.

    Raises
    ------
    DataError
        When nothing has been learnt yet, or the file cannot be written.
    """
    if isinstance(fitted, Fit):
        method, spec = fitted.method, spec or told(fitted)
        data: Any = fitted.data
        data_sha256 = data_sha256 or data.sha256()
    else:
        method = fitted
    if spec is None:
        raise DataError("A method alone does not say what it was fitted to: pass its RunSpec too.")
    spec = replace(spec, data_sha256=data_sha256 or spec.data_sha256)
    path = Path(path)
    content = encode(method, spec)
    with replacing(path) as part:
        part.write_bytes(content)


def encode(
    method: Method, spec: RunSpec, aside: dict[str, Array] | None = None, most: int = 0
) -> bytes:
    """The bytes of a model file. Where `aside` is given, arrays of more than `most` bytes go there
    instead: `decode` must be given them again."""
    state = {name: storable(name, value) for name, value in method.state().items()}
    if not state:
        raise DataError("This method has learnt nothing yet: fit it before saving the model.")
    about = {"schema": SCHEMA, **provenance(spec), "fitted": params.to_json(method.params)}
    if aside is not None:
        aside |= {name: array for name, array in state.items() if array.nbytes > most}
        state = {name: array for name, array in state.items() if name not in aside}
    return encoded(state, {KEY: json.dumps(about)})


def told(fit: Fit) -> RunSpec:
    """The run that repeats a fit, with the STEP parameters that were changed on the way."""
    kind = type(fit.params)
    history = tuple(
        (index, {name: params.to_json(kind(**values))[name] for name in values})
        for index, values in fit.history
    )
    return replace(fit.spec, step_changes=history or fit.spec.step_changes)


def storable(name: str, value: Any) -> Array:
    """A C-contiguous little-endian array of numbers, as safetensors wants it."""
    array = np.asarray(value, order="C")
    if array.dtype.kind not in "fiub":
        raise DataError(
            f"The model's array '{name}' is of type {array.dtype}, but safetensors keeps numbers "
            "only: store text as integer codes."
        )
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def load_model(path: str | Path) -> tuple[Method, RunSpec]:
    """A fitted method and the run it came from; `method.evaluate(spec.typed_params())` draws it.

    Raises
    ------
    DataError
        For a file that is not a Fieldwright model, was written by a newer version, or holds a
        method that is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"There is no file '{path}'.")
    return decode(path.read_bytes(), path.name)


def decode(
    content: bytes, name: str, aside: Mapping[str, Array] | None = None
) -> tuple[Method, RunSpec]:
    """Inverse of `encode`; `name` is used in messages."""
    about = read_header(content, name)
    try:
        spec = RunSpec.from_json(about["spec"])
        kind = catalog.card(spec.method).load()
        fitted: Any = params.from_json(kind.Params, about["fitted"])
        spec.typed_params()
    except catalog.Unavailable as error:
        raise DataError(f"'{name}' cannot be opened here: {error}") from error
    except params.ParameterError as error:
        raise DataError(f"'{name}' holds parameters that do not fit: {error}") from error
    except (KeyError, TypeError) as error:
        reason = error.args[0] if error.args else error
        raise DataError(f"'{name}' cannot be opened: {reason}") from error
    return kind.from_state(fitted, {**_arrays(content), **(aside or {})}), spec


def _arrays(content: bytes) -> Mapping[str, Array]:
    from safetensors.numpy import load

    found: dict[str, Array] = load(content)
    return found


def read_header(content: bytes, name: str) -> dict[str, Any]:
    """The JSON text of a model file, checked as far as its schema."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    size = int.from_bytes(content[:8], "little")
    try:
        load(content)
        header = json.loads(content[8 : 8 + size])
    except (SafetensorError, ValueError) as error:
        raise DataError(f"'{name}' is not a whole safetensors file.") from error
    text = header.get("__metadata__", {}).get(KEY)
    if text is None:
        raise DataError(
            f"'{name}' is a safetensors file, but not a Fieldwright model. "
            "To use its arrays as data, open it as data."
        )
    try:
        about: dict[str, Any] = json.loads(text)
        schema = int(about["schema"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"The description inside '{name}' is damaged.") from error
    if schema > SCHEMA:
        raise DataError(
            f"'{name}' was written by a newer Fieldwright (model format {schema}, this version "
            f"reads up to {SCHEMA}). Update Fieldwright to open it."
        )
    return about

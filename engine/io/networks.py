"""Networks for other programs: ONNX, PyTorch's own format and plain numbers (safetensors), run and
compared before they appear.

A method offers its network by `engine.method.Exportable`, one with sliders by `ExportableAt`.
"""

from __future__ import annotations

import copy
import json
import logging
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from engine.io.atomic import replacing
from engine.io.tensors import encoded
from engine.layers import Array
from engine.method import DataError, Exportable, ExportableAt, ExportedNetwork

NEEDED = ("onnx", "onnxscript", "onnxruntime")
OPSET = 18
CLOSE = {"float64": 1e-9, "float32": 1e-4}
"""How far the file's answer may lie from the method's, of its largest value."""
Write: TypeAlias = Callable[[Path, ExportedNetwork], None]
Run: TypeAlias = Callable[[Path, tuple[Array, ...]], Array]
KEY = "network"
"""Name of the JSON text that says what a network is, in every kind of file."""


def save_network(
    path: str | Path, method: Any, params: Any = None, *, sliders: bool = False
) -> None:
    """Write `path` as ONNX (.onnx), as a program of torch.export (.pt2), or as the numbers of a
    plain network (.safetensors).

    `params` are the settings at which a network with sliders is written (those of its fit where
    None), or `sliders` makes them an input of it.

    Raises
    ------
    DataError
        For a method that has no such network to give, another suffix, packages that are missing,
        and a file that does not say what the method says.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".onnx", ".pt2", ".safetensors"):
        raise DataError(
            f"Networks are saved as .onnx, .pt2 or .safetensors; '{path.name}' is none of them."
        )
    if suffix == ".onnx" and any(find_spec(name) is None for name in NEEDED):
        raise DataError(f"ONNX needs packages: 'pip install {' '.join(NEEDED)}'.")
    if suffix == ".safetensors" and sliders:
        raise DataError("With sliders as inputs a network is saved as .onnx or .pt2; "
                        "a .safetensors file holds it at one setting.")  # fmt: skip
    network = _offered(method, params, sliders)
    if suffix == ".safetensors" and not network.about:
        raise DataError("The network of this method is saved as .onnx or .pt2.")
    network.module.eval()
    kinds: Mapping[str, tuple[Write, Run]] = {
        ".onnx": (_write_onnx, _run_onnx), ".pt2": (_write_torch, _run_torch),
        ".safetensors": (_write_numbers, partial(_run_numbers, network.module)),
    }  # fmt: skip
    write, run = kinds[suffix]
    with replacing(path) as part:
        write(part, network)
        for inputs, wanted in network.trials:
            _compare(run(part, inputs), wanted, path.name)


def _offered(method: Any, params: Any, sliders: bool) -> ExportedNetwork:
    if isinstance(method, ExportableAt):
        return method.exported(method.params if params is None else params, sliders=sliders)  # type: ignore[attr-defined]
    if not isinstance(method, Exportable):
        raise DataError("This method has no network that other programs could run.")
    if sliders:
        raise DataError("The network of this method has no sliders.")
    inputs, wanted = method.trial()
    return ExportedNetwork(
        module=method.module(), inputs=("input",), example=(inputs[: max(2, len(inputs) // 2)],),
        trials=(((inputs,), wanted),), free={"input": {0: ("count", 1)}},
    )  # fmt: skip


def _compare(found: Array, wanted: Array, name: str) -> None:
    size = float(np.abs(wanted).max(initial=0.0)) or 1.0
    gap = float(np.abs(found - wanted).max(initial=0.0)) / size if found.shape == wanted.shape \
        else np.inf  # fmt: skip
    if not gap < CLOSE[wanted.dtype.name]:
        raise DataError(
            f"'{name}' was not written: it lies {gap:.1g} from what the method says, which "
            "large weights that cancel each other make of rounding."
        )


def _program(network: ExportedNetwork) -> Any:
    """The module traced for inputs of any length along their free axes."""
    import torch
    from torch.export import Dim

    shapes = tuple(
        {axis: factor * Dim(name, min=1) if factor > 1 else Dim(name, min=1)
         for axis, (name, factor) in network.free.get(label, {}).items()}
        for label in network.inputs
    )  # fmt: skip
    example = tuple(torch.from_numpy(np.ascontiguousarray(x)) for x in network.example)
    # Tracing puts tensors without numbers in the module's place of its own for a while, and another
    # thread may draw a picture with that module meanwhile.
    module = copy.deepcopy(network.module)
    with torch.no_grad():
        return torch.export.export(module, example, dynamic_shapes=shapes)


def _write_onnx(part: Path, network: ExportedNetwork) -> None:
    import torch

    program = _program(network)
    # Of operators that no network here has.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # What PyTorch's exporter warns of is its own use of old calls.
        warnings.simplefilter("ignore")
        made: Any = torch.onnx.export(
            program, dynamo=True, opset_version=OPSET, verbose=False,
            input_names=list(network.inputs), output_names=["output"],
        )  # fmt: skip
    proto = made.model_proto
    if network.about:
        proto.metadata_props.add(key=KEY, value=json.dumps(network.about))
    part.write_bytes(proto.SerializeToString())


def _run_onnx(part: Path, inputs: tuple[Array, ...]) -> Array:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        part.read_bytes(), options, providers=["CPUExecutionProvider"]
    )
    names = [place.name for place in session.get_inputs()]
    return np.asarray(session.run(None, dict(zip(names, inputs, strict=True)))[0])


def _write_torch(part: Path, network: ExportedNetwork) -> None:
    import torch

    beside = {f"{KEY}.json": json.dumps(network.about)} if network.about else None
    with part.open("wb") as handle:
        torch.export.save(_program(network), handle, extra_files=beside)


def _run_torch(part: Path, inputs: tuple[Array, ...]) -> Array:
    import torch

    with part.open("rb") as handle:
        module = torch.export.load(handle).module()
    return _answer(module, inputs)


def _write_numbers(part: Path, network: ExportedNetwork) -> None:
    arrays = {k: np.ascontiguousarray(v.numpy()) for k, v in network.module.state_dict().items()}
    part.write_bytes(encoded(arrays, {KEY: json.dumps(network.about)}))


def _run_numbers(module: Any, part: Path, inputs: tuple[Array, ...]) -> Array:
    """By a network that has the file's numbers and none of its own."""
    import torch
    from safetensors.torch import load

    module = copy.deepcopy(module)
    for own in module.state_dict().values():
        own.fill_(torch.nan)
    module.load_state_dict(load(part.read_bytes()))
    return _answer(module, inputs)


def _answer(module: Any, inputs: tuple[Array, ...]) -> Array:
    import torch

    with torch.no_grad():
        found = module(*(torch.from_numpy(np.ascontiguousarray(x)) for x in inputs))
    return np.asarray(found.numpy())

"""Networks for other programs: ONNX and PyTorch's own format, run and compared before they appear.

A method offers its network by `engine.method.Exportable`.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from engine.io.atomic import replacing
from engine.layers import Array
from engine.method import DataError, Exportable

NEEDED = ("onnx", "onnxscript", "onnxruntime")
OPSET = 18
CLOSE = {"float64": 1e-9, "float32": 1e-4}
"""How far the file's answer may lie from the method's, of its largest value."""


def save_network(path: str | Path, method: Any) -> None:
    """Write `path` as ONNX (.onnx) or as a program of torch.export (.pt2).

    Raises
    ------
    DataError
        For a method that has no network to give, another suffix, packages that are missing, and a
        file that does not say what the method says.
    """
    path = Path(path)
    kinds = {".onnx": (_write_onnx, _run_onnx), ".pt2": (_write_torch, _run_torch)}
    if path.suffix.lower() not in kinds:
        raise DataError(f"Networks are saved as .onnx or .pt2; '{path.name}' is neither.")
    if path.suffix.lower() == ".onnx" and any(find_spec(name) is None for name in NEEDED):
        raise DataError(f"ONNX needs packages: 'pip install {' '.join(NEEDED)}'.")
    if not isinstance(method, Exportable):
        raise DataError("This method has no network that other programs could run.")
    write, run = kinds[path.suffix.lower()]
    inputs, wanted = method.trial()
    with replacing(path) as part:
        write(part, method.module(), inputs)
        _compare(run(part, inputs), wanted, path.name)


def _compare(found: Array, wanted: Array, name: str) -> None:
    size = float(np.abs(wanted).max(initial=0.0)) or 1.0
    gap = float(np.abs(found - wanted).max(initial=0.0)) / size if found.shape == wanted.shape \
        else np.inf  # fmt: skip
    if not gap < CLOSE[wanted.dtype.name]:
        raise DataError(
            f"'{name}' was not written: it lies {gap:.1g} from what the method says, which "
            "large weights that cancel each other make of rounding."
        )


def _program(module: Any, inputs: Array) -> Any:
    """The module traced for any number of inputs."""
    import torch

    example = (torch.from_numpy(inputs[: max(2, len(inputs) // 2)]),)
    many = ({0: torch.export.Dim("count", min=1)},)
    with torch.no_grad():
        return torch.export.export(module.eval(), example, dynamic_shapes=many)


def _write_onnx(part: Path, module: Any, inputs: Array) -> None:
    import torch

    program = _program(module, inputs)
    with warnings.catch_warnings():
        # What PyTorch's exporter warns of is its own use of old calls.
        warnings.simplefilter("ignore")
        made: Any = torch.onnx.export(
            program, dynamo=True, opset_version=OPSET, verbose=False,
            input_names=["input"], output_names=["output"],
        )  # fmt: skip
    part.write_bytes(made.model_proto.SerializeToString())


def _run_onnx(part: Path, inputs: Array) -> Array:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        part.read_bytes(), options, providers=["CPUExecutionProvider"]
    )
    return np.asarray(session.run(None, {session.get_inputs()[0].name: inputs})[0])


def _write_torch(part: Path, module: Any, inputs: Array) -> None:
    import torch

    with part.open("wb") as handle:
        torch.export.save(_program(module, inputs), handle)


def _run_torch(part: Path, inputs: Array) -> Array:
    import torch

    with part.open("rb") as handle:
        module = torch.export.load(handle).module()
    return np.asarray(module(torch.from_numpy(inputs)).detach().numpy())

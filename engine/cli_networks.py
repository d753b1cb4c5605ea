"""The command line for networks: a fitted method's network into files for other programs."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

KINDS = {"onnx": ".onnx", "torch": ".pt2", "network": ".safetensors"}


def ask_of_export(export: argparse.ArgumentParser) -> None:
    """The words of `export` that networks need."""
    export.add_argument("--onnx", default="", metavar="FILE.onnx", help="the network, for others")
    export.add_argument(
        "--torch-export", default="", metavar="FILE.pt2", help="the network, for PyTorch alone"
    )
    export.add_argument(
        "--network", default="", metavar="FILE.safetensors",
        help="the numbers of the plain network at one setting",
    )  # fmt: skip
    export.add_argument(
        "--sliders-as-inputs", action="store_true",
        help="of --onnx and --torch-export: not at one setting, but with the sliders as an input",
    )  # fmt: skip
    export.add_argument(
        "--set", action="append", default=[], dest="sets", metavar="NAME=VALUE",
        help="a setting at which it is exported, not that of the run",
    )  # fmt: skip


def at_settings(spec: Any, sets: list[str]) -> Any:
    """The run with what can be set without another fit. Raises `DataError`."""
    from engine.method import DataError
    from engine.params import Effect, effects, parse

    params = spec.typed_params()
    values = {}
    for item in sets:
        name, sign, text = item.partition("=")
        if not sign:
            raise DataError(f"--set takes NAME=VALUE, got '{item}'.")
        values[name] = parse(type(params), name, text)
    changed = replace(params, **values)
    if effects(params, changed) - {Effect.LIVE}:
        raise DataError("--set changes settings of what was learnt; others need another run.")
    return spec.with_params(changed)


def wanted(options: argparse.Namespace) -> dict[str, str]:
    """The files that were asked for, by kind."""
    from engine.method import DataError

    asked = {"onnx": options.onnx, "torch": options.torch_export, "network": options.network}
    if options.sliders_as_inputs and not (asked["onnx"] or asked["torch"]):
        raise DataError("--sliders-as-inputs goes with --onnx or --torch-export.")
    found = {name: path for name, path in asked.items() if path}
    return {name: str(Path(path).with_suffix(KINDS[name])) for name, path in found.items()}


def write(files: dict[str, str], method: Any, params: Any, *, sliders: bool) -> None:
    """Each of the files; the plain network is at one setting in any case."""
    from engine.io.networks import save_network

    for name, path in files.items():
        save_network(path, method, params, sliders=sliders and name != "network")

"""A restoring network as a file: its kernels, and one JSON text that says what they are.

The same arrays stand in the files that ship with the program, in those that a training packs and
in the models that the program exports, where their names begin with "network.".
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from engine.io.atomic import replacing
from engine.layers import Array
from engine.method import DataError
from engine.restoration.networks import Shape, TunableNetwork
from engine.restoration.sliders import SLIDERS
from engine.restoration.tunable_convolution import Mixing

Control = Literal["kernels", "opacity", "noise plane", "DNI", "AdaFM", "CFSNet"]
"""By what the sliders act: the tunable kernels, or one of the ways they are compared with."""
SHIPPED = Path(__file__).parents[2] / "resources" / "models"
PREFIX = "network."
ABOUT = "about"


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A network with the names of its sliders; `facts` are JSON values on how it was made."""

    network: TunableNetwork
    sliders: tuple[str, ...]
    control: Control = "kernels"
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shape(self) -> Shape:
        return self.network.shape

    def about(self) -> dict[str, Any]:
        """What `from_arrays` needs beside the kernels, and the facts."""
        return {
            "shape": asdict(self.shape),
            "sliders": list(self.sliders),
            "mixing": self.network.mixing,
            "kernels": self.network.convolution("first").kernels,
            "control": self.control,
            "facts": dict(self.facts),
        }


def to_arrays(model: Model) -> dict[str, Array]:
    """Kernels, biases and mixing of every layer by name, and "about" (the JSON text's bytes)."""
    found: dict[str, Array] = {
        name: value.detach().numpy().copy() for name, value in model.network.state_dict().items()
    }
    found[ABOUT] = np.frombuffer(json.dumps(model.about()).encode(), np.uint8)
    return found


def from_arrays(arrays: Mapping[str, Array]) -> Model:
    """Inverse of `to_arrays`.

    Raises
    ------
    DataError
        When the arrays are not those of such a network.
    """
    try:
        about = json.loads(np.asarray(arrays[ABOUT]).tobytes())
        mixing: Mixing = about["mixing"]
        sliders = tuple(about["sliders"])
        network = TunableNetwork(
            Shape(**about["shape"]), sliders=about.get("inputs", len(sliders)), mixing=mixing,
            rng=np.random.default_rng(0), kernels=about["kernels"],
        )  # fmt: skip
        kept = {k: torch.tensor(v) for k, v in arrays.items() if k != ABOUT}
        network.load_state_dict(kept)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise DataError("The file does not hold a restoring network of this program.") from error
    if not set(sliders) <= set(SLIDERS):
        raise DataError("The network has sliders that this version of the program does not know.")
    return Model(network.eval(), sliders, about.get("control", "kernels"), about.get("facts", {}))


def write(path: Path, model: Model) -> None:
    """Write a model file, whole or not at all; the facts stand in its header too."""
    from safetensors.numpy import save

    metadata = {"restoration": json.dumps(model.about())}
    content = save(to_arrays(model), metadata=metadata)
    with replacing(path) as part:
        part.write_bytes(content)


def read(path: Path) -> Model:
    """A packed network, or that of a model that the program exported.

    Raises
    ------
    DataError
        For a missing file, one that is no safetensors file, or one without such a network.
    """
    if not path.is_file():
        raise DataError(f"There is no file '{path}'; choose the file of a restoring network.")
    stat = path.stat()
    return _read(path, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=8)
def _read(path: Path, changed: int, size: int) -> Model:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise DataError(f"'{path.name}' is not a whole safetensors file.") from error
    inner = {k.removeprefix(PREFIX): v for k, v in arrays.items() if k.startswith(PREFIX)}
    if ABOUT not in (inner or arrays):
        raise DataError(f"'{path.name}' does not hold a restoring network of this program.")
    return from_arrays(inner or arrays)


def shipped(control: Control, channels: int) -> Path:
    """The file that ships for a control and 1 or 3 colour channels."""
    kind = {1: "grey", 3: "colour"}[channels]
    if control in ("kernels", "opacity"):
        return SHIPPED / f"restoration-{kind}.safetensors"
    word = control.lower().replace(" ", "-")
    return SHIPPED / f"restoration-{word}-{kind}.safetensors"

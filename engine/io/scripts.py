"""A run as a Python script that repeats it."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine import catalog, params
from engine.io.provenance import sentence
from engine.runs import RunSpec, versions

WIDTH = 100
_BODY = """
fit = engine.begin(spec)
for step in fit:
    if step.metrics:
        print(step.index, {{name: round(value, 6) for name, value in step.metrics.items()}})
result = fit.result()

# Into the current folder: coordinates with labels, every array, the model (engine.load_model
# opens it again), and the picture.
engine.save_table("{stem}.csv", result, fit.data, spec=spec)
engine.save_table("{stem}.npz", result, fit.data, spec=spec)
engine.save_model("{stem}.safetensors", fit, spec)
engine.save_figure("{stem}.png", result.layers[0], data=fit.data, metadata=spec)
"""
_PICTURE_BODY = """
fit = engine.begin(spec)
for step in fit:
    if step.metrics:
        print(step.index, {{name: round(value, 6) for name, value in step.metrics.items()}})
result = fit.result()

# Into the current folder: the restored picture with the opacity, colour profile and depth of the
# photograph, the model (engine.load_model opens it again), and before, after and difference.
engine.save_picture("{stem}.png", result, fit.data, spec=spec)
engine.save_model("{stem}.safetensors", fit, spec)
engine.save_figure("{stem}.pdf", engine.before_and_after(result.layers), metadata=spec)
"""


def as_python(spec: RunSpec) -> str:
    """The script: the parameters that differ from their defaults, the seed, the data with its
    checksum, and the changes made while the fit ran. It needs nothing but `engine`, and on the CPU
    gives the same bits as the run that it was written from.

    Raises
    ------
    engine.params.ParameterError
        When the run's parameters are not legal.
    """
    told = ", ".join(f"{name} {release}" for name, release in versions().items())
    lines = [
        f"# {_one_line(sentence(spec))}.",
        f"# Written with {told}.",
        "import engine",
        "",
        "spec = engine.RunSpec(",
        f"    method={_literal(spec.method)},",
        f"    data={_literal(spec.data)},",
        *_mapping("data_options", spec.data_options),
    ]
    if spec.data_sha256:
        lines += [
            "    # The run stops when the data are not what they were.",
            f"    data_sha256={_literal(spec.data_sha256)},",
        ]
    lines += [*_mapping("params", _differing(spec)), f"    seed={spec.seed!r},"]
    if spec.device != "cpu":
        lines.append(f"    device={_literal(spec.device)},")
    if spec.step_changes:
        lines.append("    # Changed while the fit ran, from the step after this index.")
        lines.append("    step_changes=(")
        lines += [f"        ({i!r}, {_literal(dict(v))})," for i, v in spec.step_changes]
        lines.append("    ),")
    pictures = catalog.card(spec.method).data == "Photograph"
    body = (_PICTURE_BODY if pictures else _BODY).format(stem=_stem(spec))
    return "\n".join([*lines, ")", body])


def _differing(spec: RunSpec) -> dict[str, Any]:
    """JSON values of the parameters that are not at their defaults."""
    own: Any = spec.typed_params()
    default = params.to_json(type(own)())
    return {name: value for name, value in params.to_json(own).items() if value != default[name]}


def _mapping(name: str, values: Mapping[str, Any]) -> list[str]:
    if not values:
        return []
    inner = [line for item in values.items() for line in _entry(*item)]
    return [f"    {name}={{", *inner, "    },"]


def _entry(key: str, value: Any) -> list[str]:
    """A key with its value; a long list of numbers goes over several lines."""
    line = f"        {_literal(key)}: {_literal(value)},"
    numbers = isinstance(value, list) and all(isinstance(item, int | float) for item in value)
    if len(line) <= WIDTH or not numbers:
        return [line]
    inner = textwrap.wrap(
        ", ".join(_literal(item) for item in value) + ",", WIDTH,
        initial_indent=12 * " ", subsequent_indent=12 * " ",
    )  # fmt: skip
    return [f"        {_literal(key)}: [", *inner, "        ],"]


def _literal(value: Any) -> str:
    """A JSON value as Python source, text in double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_literal(k)}: {_literal(v)}" for k, v in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_literal(item) for item in value)}]"
    return repr(value)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _stem(spec: RunSpec) -> str:
    """A file name from the data and the method."""
    if spec.data.startswith("sample:"):
        # "sample:NAME?option=value" is known by its name alone.
        data = spec.data.removeprefix("sample:").partition("?")[0]
    else:
        data = Path(spec.data).stem
    parts = (data or "data", spec.method.rpartition(".")[2])
    return "-".join(re.sub(r"[^\w-]+", "_", part, flags=re.ASCII) for part in parts)

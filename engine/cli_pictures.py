"""The command line for photographs: restored pictures out of runs and models, whole folders."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from engine.io.pictures import DEPTHS, QUALITY

LARGE = 4_000_000
"""Pixels from which a run leaves no archive of all its layers behind."""


def ask_of_data(run: argparse.ArgumentParser) -> None:
    """The words of `run` that photographs need."""
    run.add_argument(
        "--picture", default=None, metavar="HOW",
        help="spoil a photograph first, as in noise=25&blur=1.6&jpeg=30&seed=1",
    )  # fmt: skip
    run.add_argument("--truth", default=None, metavar="FILE", help="what the photograph should be")


def data_options(options: argparse.Namespace, kind: Any) -> dict[str, str]:
    """What `open_any` needs to know; a file is opened as a photograph for methods of them."""
    from engine.data.opening import MADE

    found = {}
    if options.picture is not None or options.truth is not None:
        found["picture"] = options.picture or ""
    elif kind.Data.__name__ == "Photograph" and not options.data.startswith(MADE):
        found["picture"] = ""
    if options.truth is not None:
        found["truth"] = options.truth
    return found


def ask_of_export(export: argparse.ArgumentParser) -> None:
    """The words of `export` that photographs need."""
    export.add_argument(
        "--picture", default="", metavar="FILE", help="the restored photograph: PNG, TIFF or JPEG"
    )
    ask_of_file(export)


def ask_of_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--depth", type=int, default=None, choices=DEPTHS, help="bits per channel of PNG and TIFF"
    )
    parser.add_argument(
        "--quality", type=int, default=QUALITY, metavar="1..100", help="of a JPEG file"
    )


def export(options: argparse.Namespace, method: Any, spec: Any, snapshot: Any) -> None:
    """Write the restored photograph of a model."""
    from engine.io.pictures import photograph_of, save_picture

    remarks = save_picture(
        options.picture, snapshot, photograph_of(method), depth=options.depth,
        quality=options.quality, spec=spec,
    )  # fmt: skip
    _tell(remarks)


def figure_of(snapshot: Any) -> tuple[Any, ...]:
    """Before, after and difference, where there are such."""
    from engine.io.pictures import before_and_after, saying_gain

    found: tuple[Any, ...] = saying_gain(before_and_after(snapshot.layers), snapshot.params)
    return found


def write_run(folder: Path, fit: Any, spec: Any, snapshot: Any) -> dict[str, str]:
    """What a run on a photograph leaves behind beside record and script."""
    from engine.io.figures import save_figure
    from engine.io.models import save_model
    from engine.io.pictures import save_picture
    from engine.io.tables import save_table

    names = ["restored.png", "model.safetensors", "figure.png"]
    _tell(save_picture(folder / names[0], snapshot, fit.data, spec=spec))
    save_model(folder / names[1], fit, spec)
    shown = figure_of(snapshot) or snapshot.layers[:1]
    save_figure(folder / names[2], shown, width_mm=174.0, metadata=spec)
    if len(fit.data) <= LARGE:
        save_table(folder / "layers.npz", snapshot, spec=spec)
        names.append("layers.npz")
    else:
        _tell(("All layers would make a very large archive: export --npz writes it.",))
    return {name.partition(".")[0]: str(folder / name) for name in names}


def _tell(remarks: tuple[str, ...]) -> None:
    for remark in remarks:
        print(remark, file=sys.stderr)


# batch


def add_batch(commands: Any) -> None:
    """The subcommand `batch`."""
    from engine.restoration.batch import FORMATS, POLICIES, SAME

    batch = commands.add_parser("batch", help="restore every picture of a folder")
    batch.add_argument("id", metavar="METHOD")
    batch.add_argument("folder", metavar="FOLDER")
    batch.add_argument("--out", required=True, metavar="FOLDER")
    batch.add_argument("--set", action="append", default=[], dest="sets", metavar="NAME=VALUE")
    batch.add_argument(
        "--model", default="", metavar="MODEL.safetensors", help="parameters and learning of a run"
    )
    batch.add_argument("--format", default=SAME, choices=(SAME, *FORMATS))
    ask_of_file(batch)
    batch.add_argument(
        "--exists", default=POLICIES[0], choices=POLICIES, help="what to do about files in --out"
    )
    batch.add_argument("--seed", type=int, default=None)
    batch.add_argument("--device", default="cpu", choices=("auto", "cpu", "cuda", "mps"))
    batch.add_argument("--json", action="store_true")
    batch.add_argument("--quiet", action="store_true", help="no progress")
    batch.set_defaults(do=run_batch)


def run_batch(options: argparse.Namespace) -> int:
    """Restore a folder; 1 when a picture failed, 130 when interrupted."""
    from engine.restoration.batch import Batch, Outcome, restore_folder, told

    spec, fitted = _chosen(options)
    batch = Batch(
        source=Path(options.folder), target=Path(options.out), spec=spec, fitted=fitted,
        format=options.format, depth=options.depth, quality=options.quality,
        exists=options.exists,
    )  # fmt: skip
    found: list[Outcome] = []
    interrupted = False
    steps = restore_folder(batch)
    try:
        for at in steps:
            if at.done is not None:
                found.append(at.done)
                if not options.quiet:
                    print(f"{at.index}/{at.total} {at.name}: {at.done.state}", file=sys.stderr)
    except KeyboardInterrupt:
        steps.close()
        interrupted = True
    failed = [o for o in found if o.state == "failed"]
    if options.json:
        print(json.dumps({"files": [_as_json(o) for o in found], "interrupted": interrupted}))
    else:
        print(told(found))
        for o in failed:
            print(f"{o.source.name}: {o.message}")
    return 130 if interrupted else int(bool(failed))


def _chosen(options: argparse.Namespace) -> tuple[Any, Any]:
    """The run that each picture gets, and a method that has learnt already."""
    from dataclasses import replace

    from engine import catalog, device
    from engine.io.models import load_model
    from engine.method import DataError
    from engine.params import parse
    from engine.runs import RunSpec

    try:
        card = catalog.card(options.id)
    except KeyError as error:
        raise DataError(error.args[0]) from None
    if card.data != "Photograph":
        raise DataError(f"{card.title} does not work on photographs.")
    fitted, spec = None, RunSpec(method=options.id, data="", params={})
    if options.model:
        fitted, spec = load_model(options.model)
        if spec.method != options.id:
            raise DataError(f"'{options.model}' was made by {spec.method}, not by {options.id}.")
    kind = card.load().Params
    values = {}
    for item in options.sets:
        name, sign, text = item.partition("=")
        if not sign:
            raise DataError(f"--set takes NAME=VALUE, got '{item}'.")
        values[name] = parse(kind, name, text)
    seed = spec.seed if options.seed is None else options.seed
    spec = spec.with_params(replace(spec.typed_params(), **values))
    return replace(spec, seed=seed, device=device.choose(options.device)), fitted


def _as_json(outcome: Any) -> dict[str, Any]:
    return {
        "file": outcome.source.name,
        "state": outcome.state,
        "message": outcome.message,
        "result": str(outcome.target) if outcome.state == "restored" else "",
        "seconds": outcome.seconds,
        "numbers": dict(outcome.numbers),
        "remarks": list(outcome.remarks),
    }

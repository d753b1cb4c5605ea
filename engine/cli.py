"""The command line without a window: list, info, run, batch, export.

Results go to standard output or to files, progress to standard error. Exit code 2 is a wrong
request, 130 an interrupted fit (what was learnt until then is kept).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine import catalog, cli_networks, cli_pictures
from engine.method import DataError
from engine.params import Parameter, ParameterError, parameters, parse, to_json
from engine.runs import Fit, RunSpec, begin

EXPORTS = ("figure", "csv", "npz", "h5ad", "vtu", "vti", "script")


class _Refused(Exception):
    """A wrong request, answered with its sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.do(options)
    except (_Refused, DataError, ParameterError, catalog.Unavailable, ValueError, OSError) as error:
        print(f"fieldwright: {error}", file=sys.stderr)
        return 2
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fieldwright", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="list | info | run | batch | export")
    listing = commands.add_parser("list", help="methods and samples")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(do=_list)
    info = commands.add_parser("info", help="a method's parameters, layers and paper")
    info.add_argument("id")
    info.add_argument("--json", action="store_true")
    info.set_defaults(do=_info)
    run = commands.add_parser("run", help="fit a method to data")
    run.add_argument("id")
    run.add_argument("--data", required=True, metavar="SPEC", help="a path or sample:NAME")
    run.add_argument("--label", default=None, metavar="COLUMN")
    run.add_argument("--map", default=None, metavar="FIELDS", help="positions=x,y,z;vectors=u,v,w")
    cli_pictures.ask_of_data(run)
    run.add_argument("--set", action="append", default=[], dest="sets", metavar="NAME=VALUE")
    run.add_argument("--seed", type=int, default=0)
    run.add_argument("--device", default="cpu", choices=("auto", "cpu", "cuda", "mps"))
    run.add_argument("--out", default="", metavar="DIR")
    run.add_argument("--json", action="store_true")
    run.add_argument("--quiet", action="store_true", help="no progress")
    run.set_defaults(do=_run)
    cli_pictures.add_batch(commands)
    export = commands.add_parser("export", help="a fitted model as figure, table or script")
    export.add_argument("model", metavar="MODEL.safetensors")
    for name in EXPORTS:
        export.add_argument(f"--{name}", default="", metavar="FILE")
    export.add_argument(
        "--at",
        default="",
        metavar="POINTS.csv",
        help="what the model says at these points, not at those it learnt from",
    )
    export.add_argument(
        "--animation",
        default="",
        metavar="FILE",
        help="a moving picture (.gif, .mp4) of a LIVE parameter, with --sweep",
    )
    cli_networks.ask_of_export(export)
    export.add_argument("--sweep", default="", metavar="NAME=LOW:HIGH[:FRAMES]")
    cli_pictures.ask_of_export(export)
    export.set_defaults(do=_export)
    return parser


def _card(method_id: str) -> catalog.Card:
    try:
        return catalog.card(method_id)
    except KeyError as error:
        raise _Refused(error.args[0]) from None


# list and info


def _list(options: argparse.Namespace) -> int:
    from engine.data.samples import samples

    if options.json:
        methods = [
            {"id": c.id, "title": c.title, "summary": c.summary, "missing": c.missing()}
            for c in catalog.cards().values()
        ]
        found = [{"spec": s.spec, "title": s.title} for s in samples()]
        _print_json({"methods": methods, "samples": found})
        return 0
    print("Methods")
    for card in catalog.cards().values():
        note = f"  [{card.missing()}]" if card.missing() else ""
        print(f"  {card.id:26} {card.summary}{note}")
    print("\nSamples")
    for sample in samples():
        print(f"  {sample.spec:26} {sample.sentence}")
    return 0


def _info(options: argparse.Namespace) -> int:
    card = _card(options.id)
    kind = card.load()
    layers = layers_of(card)
    if options.json:
        _print_json(
            {
                "id": card.id,
                "title": card.title,
                "summary": card.summary,
                "paper": card.paper,
                "data": kind.Data.__name__,
                "layers": layers,
                "parameters": [_described(p) for p in parameters(kind.Params)],
            }
        )
        return 0
    print(f"{card.title} ({card.id})\n{card.summary}\nSource: {card.paper}.")
    print(f"Works on: {kind.Data.__name__}")
    print("Returns:  " + ", ".join(f"{name} ({of})" for name, of in layers.items()) + "\n")
    print(f"  {'parameter':18} {'default':>12}  {'range':22} {'takes effect':14} meaning")
    for p in parameters(kind.Params):
        default = {None: "auto", (): "none"}.get(p.default, str(p.default))
        effect = {"live": "at once", "step": "next step", "refit": "next fit"}[p.effect.value]
        print(f"  {p.name:18} {default:>12}  {_range(p):22} {effect:14} {p.doc.text}")
    return 0


def _described(p: Parameter) -> dict[str, Any]:
    return {
        "name": p.name,
        "kind": p.kind,
        "default": p.default,
        "effect": p.effect.value,
        "low": p.bound.low if p.bound else None,
        "high": p.bound.high if p.bound else None,
        "choices": list(p.choices),
        "optional": p.optional,
        "text": p.doc.text,
        "unit": p.doc.unit,
        "symbol": p.doc.symbol,
    }


def _range(p: Parameter) -> str:
    if p.choices:
        return " | ".join(str(c) for c in p.choices)
    return f"{p.bound.low:g} to {p.bound.high:g}" if p.bound else p.kind


def layers_of(card: catalog.Card) -> dict[str, str]:
    """Names and kinds of the layers a method returns, found by fitting forty points."""
    import numpy as np

    from engine.data.photograph import Photograph
    from engine.data.table import Table
    from engine.data.vectors import VectorSamples

    values = np.random.default_rng(0).normal(size=(40, 3))
    if card.load().Data is Table:
        data: Any = Table(name="probe", spec="probe", values=values, columns=("x", "y", "z"))
    elif card.load().Data is VectorSamples:
        seen = np.ones(40, bool)
        data = VectorSamples(
            name="probe", spec="probe", positions=values, vectors=values, observed=seen
        )
    elif card.load().Data is Photograph:
        grey = np.abs(values[:36, 0].reshape(6, 6)).astype(np.float32)
        data = Photograph(name="probe", spec="probe", values=np.kron(grey, np.ones((4, 4))))
    else:
        return {}
    fit = Fit(RunSpec(method=card.id, data="probe"), data)
    for _ in fit:
        pass
    return {layer.name: type(layer).__name__ for layer in fit.result().layers}


# run


def spec_of(options: argparse.Namespace) -> RunSpec:
    """The run that the words of a command line describe."""
    from engine import device

    kind = _card(options.id).load()
    chosen: dict[str, Any] = {}
    for item in options.sets:
        name, sign, text = item.partition("=")
        if not sign:
            raise _Refused(f"--set takes NAME=VALUE, got '{item}'.")
        chosen[name] = parse(kind.Params, name, text)
    asked = {"label": options.label, "fields": options.map}
    data_options = {name: value for name, value in asked.items() if value is not None}
    data_options |= cli_pictures.data_options(options, kind)
    return RunSpec(
        method=options.id,
        data=options.data,
        data_options=data_options,
        params=to_json(kind.Params(**chosen)),
        seed=options.seed,
        device=device.choose(options.device),
    )


def _run(options: argparse.Namespace) -> int:
    import dataclasses

    from engine.data import open_any

    spec = spec_of(options)
    data = open_any(spec.data, **spec.data_options)
    for remark in data.remarks:
        print(remark, file=sys.stderr)
    spec = dataclasses.replace(spec, data_sha256=data.sha256())
    fit = begin(spec, data)
    interrupted = _drive(fit, quiet=options.quiet)
    snapshot = fit.result()
    from engine.judgement import judge

    scores = judge(spec.method, snapshot, data).values()
    files = _write(Path(options.out), fit, spec, snapshot, data) if options.out else {}
    if options.json:
        _print_json(
            {
                "run": spec.to_json(),
                "metrics": dict(snapshot.metrics),
                "scores": dict(scores),
                "notes": [note.text for note in snapshot.notes],
                "files": files,
                "interrupted": interrupted,
            }
        )
    else:
        _print_numbers({**snapshot.metrics, **scores})
        for note in snapshot.notes:
            print(note.text)
        for name, path in files.items():
            print(f"{name:10} {path}")
    return 130 if interrupted else 0


def _drive(fit: Fit, *, quiet: bool) -> bool:
    """Run the fit to its end, or to Ctrl+C; True when it was interrupted."""
    shown = ""
    try:
        for step in fit:
            text = step.stage + (f" {step.index}/{step.total}" if step.total else "")
            if not quiet and text != shown:
                end = "\r" if sys.stderr.isatty() else "\n"
                print(f"{text:60}", file=sys.stderr, end=end, flush=True)
                shown = text
    except KeyboardInterrupt:
        fit.close()
        print("\nInterrupted; what was learnt so far is kept.", file=sys.stderr)
        return True
    return False


def _write(folder: Path, fit: Fit, spec: RunSpec, snapshot: Any, data: Any) -> dict[str, str]:
    """Everything a run leaves behind, in one folder."""
    from engine.io.figures import save_figure
    from engine.io.models import save_model
    from engine.io.scripts import as_python
    from engine.io.tables import labels_of, save_table
    from engine.layers import Markers, Points

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(spec.to_json(), indent=2) + "\n")
    (folder / "script.py").write_text(as_python(spec))
    about = {name.partition(".")[0]: str(folder / name) for name in ("run.json", "script.py")}
    if catalog.card(spec.method).data == "Photograph":
        return cli_pictures.write_run(folder, fit, spec, snapshot) | about
    save_table(folder / "points.csv", snapshot, data, spec=spec)
    save_table(folder / "layers.npz", snapshot, data, spec=spec)
    save_model(folder / "model.safetensors", fit, spec)
    main = next((x for x in snapshot.layers if isinstance(x, Points)), snapshot.layers[0])
    if isinstance(main, Points):
        import dataclasses

        labels = labels_of(main, data)
        main = dataclasses.replace(
            main, columns={**labels, **main.columns}, colour_by=data.colour_by or main.colour_by
        )
    save_figure(folder / "figure.png", main, metadata=spec)
    places = [layer for layer in snapshot.layers if isinstance(layer, Markers)]
    for layer in places:
        save_table(folder / f"{layer.name}.csv", layer, spec=spec)
    names = [
        "points.csv", "layers.npz", "model.safetensors", "figure.png",
        *(f"{layer.name}.csv" for layer in places),
    ]  # fmt: skip
    return {name.partition(".")[0]: str(folder / name) for name in names} | about


# export


def _export(options: argparse.Namespace) -> int:
    from engine.io.figures import save_figure
    from engine.io.models import load_model
    from engine.io.places import answer
    from engine.io.scripts import as_python
    from engine.io.tables import save_table

    method, spec = load_model(options.model)
    spec = cli_networks.at_settings(spec, options.sets)
    snapshot = method.evaluate(spec.typed_params())
    wanted = {n: getattr(options, n) for n in EXPORTS}
    networks = cli_networks.wanted(options)
    if options.picture:
        cli_pictures.export(options, method, spec, snapshot)
        wanted["picture"] = options.picture
    if options.animation:
        _animate(options, method, spec)
    elif not networks and not any(wanted.values()):
        raise _Refused(f"Say what to export: {', '.join(f'--{n}' for n in EXPORTS)} FILE.")
    shown: Any = snapshot
    main = snapshot.layers[0]
    if options.at:
        shown = main = answer(method, spec.typed_params(), options.at)
    if wanted["figure"]:
        shown_in_figure = cli_pictures.figure_of(snapshot) or main
        save_figure(wanted["figure"], shown_in_figure, metadata=spec)
    for name in ("csv", "npz", "h5ad", "vtu", "vti"):
        if wanted[name]:
            path = Path(wanted[name])
            save_table(path if path.suffix else path.with_suffix(f".{name}"), shown, spec=spec)
    if wanted["script"]:
        Path(wanted["script"]).write_text(as_python(spec))
    cli_networks.write(networks, method, spec.typed_params(), sliders=options.sliders_as_inputs)
    for name, path in (wanted | networks).items():
        if path:
            print(f"{name:10} {path}{_size(path)}")
    return 0


def _size(path: str) -> str:
    """The size of a large file, for a person who may not expect it."""
    size = Path(path).stat().st_size if Path(path).is_file() else 0
    return f"  ({size / 1e6:.1f} MB)" if size > 1e6 else ""


def _animate(options: argparse.Namespace, method: Any, spec: RunSpec) -> None:
    from engine.io.animation import save_animation, sweep

    name, _, ends = options.sweep.partition("=")
    try:
        low, high, count = (*(float(v) for v in ends.split(":")), 60.0)[:3]
    except ValueError:
        raise _Refused("Say what to sweep as in: --sweep at=0:1 or --sweep at=0:1:90.") from None
    frames = sweep(spec.typed_params(), name, low, high, round(count))
    for _ in save_animation(options.animation, method, frames):
        pass
    print(f"animation  {options.animation}")


def _print_json(value: Mapping[str, Any]) -> None:
    print(json.dumps(value, indent=2, default=float))


def _print_numbers(values: Mapping[str, float]) -> None:
    for name, value in values.items():
        print(f"{name:28} {value:.6g}")

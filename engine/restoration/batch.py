"""One method over every picture of a folder.

A generator, so that progress, pause and cancel are with whoever drives it: it yields after each
file and whenever the method does. What goes wrong with a file is noted, and the next one follows.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from engine.data.errors import OpenError
from engine.data.photograph import Photograph
from engine.data.picture_files import SUFFIXES, kind_of
from engine.io.atomic import replacing
from engine.io.pictures import DEPTHS, QUALITY, save_picture
from engine.method import DataError, Method, Refines, Snapshot, Transfers
from engine.runs import Fit, RunSpec

Exists = Literal["skip", "overwrite", "rename"]
POLICIES: tuple[Exists, ...] = ("skip", "overwrite", "rename")
FORMATS = {"png": ".png", "tiff": ".tif", "jpeg": ".jpg"}
SAME = "same"
"""The format of each file itself, PNG where it cannot be written."""
SUMMARY = "summary.csv"
State = Literal["restored", "skipped", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """What is to be done. `spec` gives method, parameters, seed and device; its data are not used.

    `fitted` is a method that has learnt already, for methods that can be carried over
    (`engine.method.Transfers`); others are fitted to each picture. `depth` None is that of each
    picture.
    """

    source: Path
    target: Path
    spec: RunSpec
    fitted: Method | None = None
    format: str = SAME
    depth: int | None = None
    quality: int = QUALITY
    exists: Exists = "skip"

    def __post_init__(self) -> None:
        if self.format not in (SAME, *FORMATS):
            raise DataError(f"Pictures are saved as {', '.join((SAME, *FORMATS))}.")
        if self.exists not in POLICIES:
            raise DataError(f"What exists is met with {', '.join(POLICIES)}.")
        if self.depth not in (None, *DEPTHS):
            raise DataError(f"A picture is saved with 8 or 16 bits per channel, not {self.depth}.")
        if self.depth == 16 and self.format == "jpeg":
            raise DataError("JPEG has 8 bits per channel: choose PNG or TIFF for 16.")
        self.spec.typed_params()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a file; `numbers` are the method's own, `remarks` what had to be changed."""

    source: Path
    target: Path
    state: State
    message: str = ""
    size: tuple[int, int, int] = (0, 0, 0)
    depth: int = 0
    seconds: float = 0.0
    numbers: Mapping[str, float] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`index` of `total` files are done; `name` is under way, `share` of it; `done` is set once
    after each file."""

    index: int
    total: int
    name: str = ""
    stage: str = ""
    share: float = 0.0
    done: Outcome | None = None


def pictures_in(folder: Path) -> list[Path]:
    """Image files of the folder itself by name: those that are images, and those that are called
    so. Raises `DataError`."""
    if not folder.is_dir():
        raise DataError(f"There is no folder '{folder}'.")
    try:
        files = [p for p in sorted(folder.iterdir()) if p.is_file() and p.name[0] != "."]
    except OSError as error:
        raise DataError(f"'{folder}' cannot be read: {error.strerror}.") from error
    return [p for p in files if p.suffix.lower() in SUFFIXES or _is_image(p)]


def _is_image(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return bool(kind_of(file.read(12)))
    except OSError:
        return False


def restore_folder(batch: Batch) -> Generator[Progress, None, tuple[Outcome, ...]]:
    """Restore every picture; the value is what became of each, which `SUMMARY` in the target
    folder tells as well, also when the generator is closed early.

    Raises
    ------
    DataError
        When the source holds no pictures, or the target is the source or cannot be made.
    """
    files = pictures_in(batch.source)
    if not files:
        raise DataError(f"There are no pictures in '{batch.source}'.")
    if batch.target.resolve() == batch.source.resolve():
        raise DataError("The restored pictures must go to another folder than they come from.")
    try:
        batch.target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"'{batch.target}' cannot be made: {error.strerror}.") from error
    found: list[Outcome] = []
    try:
        for index, (path, target) in enumerate(planned(batch, files)):
            yield Progress(index=index, total=len(files), name=path.name, stage="opening")
            with closing(_restore(batch, path, target)) as steps:
                try:
                    while True:
                        stage, share = next(steps)
                        yield Progress(
                            index=index, total=len(files), name=path.name, stage=stage, share=share
                        )
                except StopIteration as end:
                    found.append(end.value)
            yield Progress(index=index + 1, total=len(files), name=path.name, done=found[-1])
    finally:
        if found:
            _summarise(batch, found)
    return tuple(found)


def planned(batch: Batch, files: list[Path]) -> Iterator[tuple[Path, Path]]:
    """Each file with its place in the target folder; files whose names differ in their suffix
    alone get numbers, so that none takes the place of another."""
    taken: set[str] = set()
    for path in files:
        suffix = _suffix(batch, path)
        name, count = f"{path.stem}{suffix}", 1
        while name.lower() in taken:
            count += 1
            name = f"{path.stem}-{count}{suffix}"
        taken.add(name.lower())
        yield path, batch.target / name


def _suffix(batch: Batch, path: Path) -> str:
    if batch.format != SAME:
        return FORMATS[batch.format]
    try:
        with path.open("rb") as file:
            kind = kind_of(file.read(12))
    except OSError:
        kind = ""
    # Sixteen bits that were asked for do not go into a JPEG.
    return ".png" if kind == "jpeg" and batch.depth == 16 else FORMATS.get(kind, ".png")


Steps = Generator[tuple[str, float], None, Outcome]


def _restore(batch: Batch, path: Path, target: Path) -> Steps:
    """One file from opening to writing; what goes wrong is in the outcome."""
    from engine.data import open_any

    started = time.monotonic()
    if target.exists() and batch.exists == "skip":
        return Outcome(source=path, target=target, state="skipped", message="exists already")
    try:
        photograph = open_any(path, picture="")
        assert isinstance(photograph, Photograph)
        spec = replace(
            batch.spec, data=str(path), data_options={"picture": ""},
            data_sha256=photograph.sha256(), step_changes=(),
        )  # fmt: skip
        snapshot = yield from _result(batch, spec, photograph)
        yield "writing", 1.0
        if target.exists() and batch.exists == "rename":
            target = _free(target)
        remarks = save_picture(
            target, snapshot, photograph, depth=batch.depth, quality=batch.quality, spec=spec
        )
    except (OpenError, DataError) as error:
        return Outcome(source=path, target=target, state="failed", message=str(error))
    except MemoryError:
        told = "does not fit into memory"
        return Outcome(source=path, target=target, state="failed", message=told)
    # One picture on which a method breaks must not lose the others.
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        return Outcome(source=path, target=target, state="failed", message=told)
    height, width = photograph.values.shape[:2]
    return Outcome(
        source=path,
        target=target,
        state="restored",
        size=(width, height, photograph.channels),
        depth=photograph.depth,
        seconds=time.monotonic() - started,
        numbers={**snapshot.chosen, **snapshot.metrics},
        remarks=(*photograph.remarks, *remarks),
    )


def _result(
    batch: Batch, spec: RunSpec, photograph: Photograph
) -> Generator[tuple[str, float], None, Snapshot]:
    """The settled picture, by what was learnt before or by a fit to this one."""
    params = spec.typed_params()
    if isinstance(batch.fitted, Transfers):
        method: Method = batch.fitted.transferred(photograph)
    else:
        fit = Fit(spec, photograph)
        last = yield from _steps(fit)
        if last is not None and not last.coarse:
            # A fit ends with its picture: what `result` would compute again.
            return last
        method, params = fit.method, fit.params
    if not isinstance(method, Refines):
        return method.evaluate(params)
    found: Snapshot | None = None
    for frame in method.refine(params):
        found = frame or found
        yield "restoring", 0.0
    return found if found is not None else method.evaluate(params)


def _steps(fit: Fit) -> Generator[tuple[str, float], None, Snapshot | None]:
    """A fit to its end, and its last frame."""
    last = None
    try:
        for step in fit:
            last = step.snapshot or last
            yield step.stage, step.index / step.total if step.total else 0.0
    finally:
        fit.close()
    return last


def _free(path: Path) -> Path:
    """The first name with a number that is not taken."""
    count = 2
    while (place := path.with_stem(f"{path.stem}-{count}")).exists():
        count += 1
    return place


def _summarise(batch: Batch, found: list[Outcome]) -> None:
    place = batch.target / SUMMARY
    if place.exists() and batch.exists != "overwrite":
        place = _free(place)
    numbers = list(dict.fromkeys(name for o in found for name in o.numbers))
    with replacing(place) as part, part.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(
            ["file", "state", "message", "result", "width", "height", "channels", "bits",
             "seconds", *numbers]
        )  # fmt: skip
        for o in found:
            message = o.message or " ".join(o.remarks)
            made = o.target.name if o.state == "restored" else ""
            size: tuple[Any, ...] = (*o.size, o.depth) if o.state == "restored" else ("",) * 4
            writer.writerow(
                [o.source.name, o.state, message, made, *size, round(o.seconds, 3),
                 *(o.numbers.get(name, "") for name in numbers)]
            )  # fmt: skip


def told(found: tuple[Outcome, ...] | list[Outcome]) -> str:
    """How it went, in one sentence."""
    counts = {state: sum(o.state == state for o in found) for state in ("restored", "skipped",
              "failed")}  # fmt: skip
    return f"{counts['restored']} restored, {counts['skipped']} skipped, {counts['failed']} failed."

"""The `fieldwright` command: subcommands compute without a window, anything else opens it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from engine.device import limit_threads

HEADLESS = ("list", "info", "run", "batch", "export")
"""Subcommands that need no display; `engine.cli` reads the rest of their line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOptions:
    """How the window starts and what it does by itself."""

    project: str = ""
    open: str = ""
    method: str = ""
    sets: tuple[str, ...] = ()
    fit: bool = False
    screenshot: str = ""
    quit: bool = False
    self_test: bool = False
    diagnose: bool = False
    reset_layout: bool = False
    theme: str = ""
    size: str = ""


def parser() -> argparse.ArgumentParser:
    """The options of the window."""
    made = argparse.ArgumentParser(
        prog="fieldwright",
        description="Opens the window. Without a window: fieldwright list, info, run, batch, "
        "export (each with --help).",
    )
    made.add_argument("project", nargs="?", default="", help="a .wbproj project or a data file")
    made.add_argument("--open", default="", metavar="SPEC", help="a file, or sample:NAME")
    made.add_argument("--method", default="", metavar="ID", help="as in 'fieldwright list'")
    made.add_argument("--set", action="append", default=[], dest="sets", metavar="NAME=VALUE")
    made.add_argument("--fit", action="store_true", help="fit once the data are open")
    made.add_argument(
        "--screenshot", default="", metavar="FILE", help="save a picture of the window"
    )
    made.add_argument("--quit", action="store_true", help="close when everything asked for is done")
    made.add_argument("--self-test", action="store_true", help="try every family and exit")
    made.add_argument("--diagnose", action="store_true", help="print versions, devices, OpenGL")
    made.add_argument("--reset-layout", action="store_true", help="forget the saved window layout")
    made.add_argument("--theme", choices=("light", "dark"), default="")
    made.add_argument("--size", default="", metavar="WxH", help="window size in pixels")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    limit_threads()
    if words and words[0] in HEADLESS:
        from engine.cli import main as headless

        return headless(words)
    found = vars(parser().parse_args(words))
    found["sets"] = tuple(found["sets"])
    from workbench.app import start

    return start(StartOptions(**found))

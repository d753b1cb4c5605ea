"""What the command line asks of the window: open, set, fit, photograph, quit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine import catalog
from engine.params import ParameterError, from_json, parse, to_json

if TYPE_CHECKING:
    from workbench.entry import StartOptions
    from workbench.window import Window

WAIT_S = 600.0


async def until(condition: Callable[[], bool], seconds: float = WAIT_S) -> bool:
    """Let the window live until the condition holds; False when time ran out."""
    waited = 0.0
    while not condition():
        await asyncio.sleep(0.02)
        waited += 0.02
        if waited > seconds:
            return False
    return True


async def carry_out(window: Window, options: StartOptions) -> int:
    """Do what was asked, in order. Returns the exit code."""
    if options.project:
        window.requests.open_path(options.project)
    try:
        if options.method:
            catalog.card(options.method).load()
            window.document.set_method(options.method)
        _set(window, options.sets)
    except (KeyError, ParameterError, catalog.Unavailable) as error:
        return _refuse(window, options, str(error.args[0]))
    if options.open and not await _open(window, options):
        return 2 if options.quit else 0
    if options.fit and window.document.data is not None:
        run = window.session.fit()
        await until(lambda: run is None or run.state in ("finished", "failed", "cancelled"))
        await until(lambda: run is None or run.judgement is not None or bool(run.failed), 30)
    if options.screenshot:
        await photograph(window, options.screenshot)
    if options.quit:
        window.document.modified = False
        window.close()
    return 0


async def _open(window: Window, options: StartOptions) -> bool:
    from engine.data.opening import is_picture

    ended: list[bool] = []
    path = Path(options.open)
    fitting = not options.method or catalog.card(options.method).data == "Photograph"
    picture = {"picture": ""} if fitting and path.is_file() and is_picture(path) else {}
    window.session.open_data(options.open, picture, then=lambda: ended.append(True))
    failed: list[str] = []
    window.session.said.connect(lambda text, grave, _: failed.append(text) if grave else None)
    await until(lambda: bool(ended or failed))
    if failed and options.quit:
        _refuse(window, options, failed[0])
    return bool(ended)


def _set(window: Window, sets: tuple[str, ...]) -> None:
    params = window.document.params()
    for item in sets:
        name, _, text = item.partition("=")
        value = parse(type(params), name, text)
        params = from_json(type(params), {**to_json(params), name: value})
    window.document.set_params(params)


def _refuse(window: Window, options: StartOptions, sentence: str) -> int:
    import sys

    print(f"fieldwright: {sentence}", file=sys.stderr)
    if options.quit:
        window.document.modified = False
        window.close()
        return 2
    window.say(sentence, True)
    return 0


async def photograph(window: Window, path: str) -> None:
    """Save the window as a picture, once everything in it has been drawn."""
    await asyncio.sleep(1.0)
    window.repaint()
    await asyncio.sleep(0.5)
    window.grab().save(path)

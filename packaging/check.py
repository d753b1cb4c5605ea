#!/usr/bin/env python3
"""Every check: lint, format, types, all tests on a virtual display of its own.

    python3 packaging/check.py                    everything
    python3 packaging/check.py tests/engine -k heat     only these tests, after the other checks
    python3 packaging/check.py -m slow    trainings of minutes, which the first leaves out

Ends with a code other than zero on any failure, and when a test of the pictures was skipped.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import environment

WORKERS = 4
"""At most so many processes of tests at once, each with a display of its own."""


def main(words: list[str]) -> int:
    try:
        environment.system_packages(environment.DEBIAN + environment.DEBIAN_TEST)
        python = str(environment.prepare(["lock", "lock-test"]))
    except environment.Stop as reason:
        print(f"check: {reason}", file=sys.stderr)
        return 2
    steps = {
        "lint": [python, "-m", "ruff", "check", "--no-cache", "."],
        "format": [python, "-m", "ruff", "format", "--no-cache", "--check", "."],
        "types": [python, "-m", "mypy"],
    }
    failed = [name for name, command in steps.items() if not passed(name, command, None)]
    with tempfile.TemporaryDirectory() as home, contextlib.ExitStack() as open_ones:
        count = 1 if words else max(1, min(WORKERS, os.cpu_count() or 1))
        numbers = [open_ones.enter_context(display()) for _ in range(count)]
        env = surroundings(Path(home), numbers)
        for name, chosen in tests(words, count).items():
            if not passed(name, [python, "-m", "pytest", *chosen], env):
                failed.append(name)
    print(f"check: failed: {', '.join(failed)}" if failed else "check: everything passed")
    return 1 if failed else 0


def tests(words: list[str], count: int) -> dict[str, list[str]]:
    """Arguments of pytest by name of the step. What keeps an eye on the clock runs alone."""
    if words:
        return {"tests": words}
    shared = ["-m", "not slow and not alone", "-n", str(count), "--dist", "loadgroup"]
    return {
        "tests": shared if count > 1 else shared[:2],
        "tests of promptness": ["-m", "alone and not slow", "-p", "no:xdist"],
    }


def passed(name: str, command: list[str], env: dict[str, str] | None) -> bool:
    started = time.monotonic()
    code = subprocess.run(command, cwd=environment.ROOT, env=env).returncode
    verdict = "passed" if code == 0 else f"FAILED ({code})"
    print(f"check: {name} {verdict} in {time.monotonic() - started:.0f} s", flush=True)
    return code == 0


def surroundings(home: Path, numbers: list[str]) -> dict[str, str]:
    """A home of its own, one thread, software OpenGL: the same on every machine."""
    runtime = home / "runtime"
    runtime.mkdir(mode=0o700)
    return {
        **{k: v for k, v in os.environ.items() if k not in ("WAYLAND_DISPLAY", "XAUTHORITY")},
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_RUNTIME_DIR": str(runtime),
        "DISPLAY": numbers[0],
        "FIELDWRIGHT_DISPLAYS": " ".join(numbers),
        "QT_QPA_PLATFORM": "xcb",
        "QT_API": "pyside6",
        "QT_SCALE_FACTOR": "1",
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "LC_ALL": "C.UTF-8",
        "FIELDWRIGHT_CHECK": "1",
    }


@contextlib.contextmanager
def display() -> Iterator[str]:
    """A virtual display that picks its own free number."""
    if shutil.which("Xvfb") is None:
        raise SystemExit("check: Xvfb is needed for the tests of the window; install it.")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1920x1080x24", "-nolisten", "tcp"],
        pass_fds=(writing,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()
        if not number:
            raise SystemExit("check: the virtual display did not start.")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

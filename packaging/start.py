#!/usr/bin/env python3
"""Start Fieldwright: make its environment when there is none, then open the window.

python3 packaging/start.py                    the window
python3 packaging/start.py run ...            a fit without a window (also list, info, export)
"""

from __future__ import annotations

import os
import sys

import environment

HEADLESS = ("list", "info", "run", "export", "--help", "-h")


def main(words: list[str]) -> int:
    headless = bool(words) and words[0] in HEADLESS
    try:
        if not headless:
            environment.system_packages(environment.DEBIAN)
            check_display()
        python = environment.prepare(["lock"])
    except environment.Stop as reason:
        print(f"fieldwright: {reason}", file=sys.stderr)
        return 2
    command = [str(python), "-m", "workbench", *words]
    sys.stdout.flush()
    if os.name == "nt":
        import subprocess

        return subprocess.run(command).returncode
    os.execv(command[0], command)


def check_display() -> None:
    """A window needs a display; say how to go on without one."""
    if not sys.platform.startswith("linux"):
        return
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return
    raise environment.Stop(
        "There is no display for the window. On a machine without a screen, compute with\n\n"
        "    python3 packaging/start.py run embedding.heat_geodesic --data sample:iris\n\n"
        "or give the window a virtual display:\n\n"
        "    xvfb-run -a -s '-screen 0 1920x1080x24' python3 packaging/start.py\n"
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""The program's own environment: `.venv` from a lock, and what Debian must supply. Standard library
only: this runs before anything is installed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv"
PYTHONS = ((3, 11), (3, 14))
"""First version that works, and first that does not."""

DEBIAN = [
    "libegl1",
    "libgl1",
    "libglx-mesa0",
    "libgl1-mesa-dri",
    "libegl-mesa0",
    "libfontconfig1",
    "libfreetype6",
    "fonts-dejavu-core",
    "libglib2.0-0",
    "libdbus-1-3",
    "libx11-6",
    "libx11-xcb1",
    "libxkbcommon0",
    "libxkbcommon-x11-0",
    "libxcb1",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-image0",
    "libxcb-keysyms1",
    "libxcb-randr0",
    "libxcb-render0",
    "libxcb-render-util0",
    "libxcb-shape0",
    "libxcb-shm0",
    "libxcb-sync1",
    "libxcb-util1",
    "libxcb-xfixes0",
    "libxcb-xkb1",
]
"""What a window with OpenGL needs."""

DEBIAN_TEST = ["xvfb", "xauth"]


class Stop(Exception):
    """A reason to stop, in one sentence with what to do."""


def python() -> Path:
    """The interpreter of the environment."""
    return FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def prepare(locks: list[str]) -> Path:
    """Make or complete the environment; returns its interpreter. Warm calls touch nothing.

    A stamp with the hash of the locks says that an installation was finished; one that was cut
    short has none and is completed by the next call.
    """
    check_version()
    stamp = FOLDER / f"fieldwright-{'-'.join(locks)}.stamp"
    wanted = fingerprint(locks)
    if stamp.exists() and stamp.read_text() == wanted and python().exists():
        return python()
    if python().exists() and not same_version():
        shutil.rmtree(FOLDER)
    if not python().exists():
        say(f"Making {FOLDER.name} …")
        make()
    install(locks)
    stamp.write_text(wanted)
    return python()


def check_version() -> None:
    low, high = PYTHONS
    if not low <= sys.version_info[:2] < high:
        raise Stop(
            f"Python {low[0]}.{low[1]} to {high[0]}.{high[1] - 1} is needed; this is "
            f"{sys.version.split()[0]}. Start this script with another interpreter."
        )


def fingerprint(locks: list[str]) -> str:
    """Changes when a lock, the project's metadata or the interpreter's version changes."""
    digest = hashlib.sha256(str(sys.version_info[:2]).encode())
    for lock in locks:
        digest.update((ROOT / "packaging" / f"{lock}.txt").read_bytes())
    digest.update((ROOT / "pyproject.toml").read_bytes())
    digest.update(str(ROOT).encode())
    return digest.hexdigest()


def same_version() -> bool:
    """Whether an existing environment is of this Python's version and still works."""
    try:
        out = subprocess.run(
            [str(python()), "-c", "import sys; print(sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    return out.strip() == str(sys.version_info[:2])


def make() -> None:
    """An empty environment."""
    result = subprocess.run(
        [sys.executable, "-m", "venv", str(FOLDER)], capture_output=True, text=True
    )
    if result.returncode:
        shutil.rmtree(FOLDER, ignore_errors=True)
        raise Stop(
            "This Python cannot make virtual environments"
            + ("; on Debian: apt-get install python3-venv." if on_debian() else ".")
        )


def install(locks: list[str]) -> None:
    """The locked packages, then the project itself in place."""
    files = [arg for lock in locks for arg in ("-r", str(ROOT / "packaging" / f"{lock}.txt"))]
    say("Installing the locked packages (a few minutes the first time) …")
    pip("install", "--no-deps", *files)
    pip("install", "--no-deps", "--no-build-isolation", "-e", str(ROOT))


def pip(*words: str) -> None:
    command = [str(python()), "-m", "pip", "--quiet", "--disable-pip-version-check", *words]
    if subprocess.run(command).returncode:
        raise Stop(
            "The packages could not be installed; the lines above say why. Check the network and "
            "run the same command again: it goes on where it stopped."
        )


def say(text: str) -> None:
    print(f"fieldwright: {text}", file=sys.stderr, flush=True)


# What the system must supply


def on_debian() -> bool:
    return shutil.which("dpkg-query") is not None and shutil.which("apt-get") is not None


def missing_packages(wanted: list[str]) -> list[str]:
    """Those of `wanted` that dpkg does not know as installed."""
    form = "-f=${Package} ${db:Status-Status}\\n"
    out = subprocess.run(["dpkg-query", "-W", form, *wanted], capture_output=True, text=True)
    present = {line.split()[0] for line in out.stdout.splitlines() if line.endswith(" installed")}
    # Debian's 64-bit time transition renamed some packages.
    return [name for name in wanted if name not in present and f"{name}t64" not in present]


def system_packages(wanted: list[str]) -> None:
    """Install what is missing as root on Debian; otherwise say the one line to run."""
    if not sys.platform.startswith("linux") or not on_debian():
        return
    missing = missing_packages(wanted)
    if not missing:
        return
    line = f"apt-get install -y --no-install-recommends {' '.join(missing)}"
    if os.geteuid() != 0:
        raise Stop(f"Some system packages are missing. Run:\n\n    sudo {line}\n")
    say(f"Installing {len(missing)} system packages …")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=quiet, stdout=subprocess.DEVNULL)
    if subprocess.run([*line.split(), "-qq"], env=quiet, stdout=subprocess.DEVNULL).returncode:
        raise Stop(f"System packages could not be installed. Try by hand:\n\n    {line}\n")

"""`python -m tests.bench [NAME ...] [--quick] [--json FILE]`: print every table, or the named ones.

The peers of the first table come with the extra `bench`; without them it says so and goes on.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path

from engine.device import limit_threads
from tests.bench.report import Report

BENCHES = {
    "embeddings": "heat geodesic beside PHATE and UMAP, by number of points",
    "vectorfields": "RVGP beside scikit-learn's Gaussian process, and how its set-up grows",
    "equations": "seconds to an error on Helmholtz's equation, beside DeepXDE",
    "restoration": "tunable kernels beside plain ones, and from a slider to restored pixels",
    "waves": "error against seconds on a fast sine, and what a drag and a step of GP-HM cost",
    "live": "a move of a LIVE slider beside a full refit",
    "sliders": "a move of each restoration slider on 512 x 512 pixels",
    "frames": "from a slider's event to the drawn picture",
    "drawing": "pictures per second by number of points",
    "photographs": "panning a photograph of 40 megapixels",
    "photo_sliders": "from a slider's last event to the settled photograph",
    "start": "the first painted frame beside a bare window",
}


def main(words: list[str]) -> int:
    limit_threads()  # as the program does, before numpy comes
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--json", type=Path, help="write the numbers to this file too")
    options = parser.parse_args(words)
    if unknown := set(options.names) - set(BENCHES):
        parser.error(f"no bench {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    reports: list[Report] = []
    for name in options.names or BENCHES:
        print(f"\n{name}: {BENCHES[name]}", flush=True)
        module = importlib.import_module(f"tests.bench.{name}")
        report = module.measure(quick=options.quick)
        print(report.table(), flush=True)
        reports.append(report)
    if options.json:
        options.json.write_text(json.dumps([r.record() for r in reports], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""For all tests: one thread, and no skipped test of the pictures when everything is checked."""

from __future__ import annotations

import os

import pytest

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A picture test that is skipped has not been run: in a full check that is a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and item.get_closest_marker("gl") and os.environ.get("FIELDWRIGHT_CHECK"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} needs OpenGL and was skipped: {report.longrepr}"

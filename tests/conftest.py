"""For all tests: one thread, a display of its own for each worker, which tests go together, and no
skipped test of the pictures when everything is checked."""

from __future__ import annotations

import os

import pytest

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
if _worker := os.environ.get("PYTEST_XDIST_WORKER"):
    # Windows on one display take the focus from each other.
    _displays = os.environ.get("FIELDWRIGHT_DISPLAYS", "").split()
    if _displays:
        os.environ["DISPLAY"] = _displays[int(_worker.removeprefix("gw")) % len(_displays)]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Tests of one module share fits and stay on one worker; those of a method's contract share
    nothing but the method."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        callspec = getattr(item, "callspec", None)
        card = callspec.params.get("card") if callspec is not None else None
        method = getattr(card, "id", "")
        group = f"{item.module.__name__}-{method}" if method else item.module.__name__
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A picture test that is skipped has not been run: in a full check that is a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and item.get_closest_marker("gl") and os.environ.get("FIELDWRIGHT_CHECK"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} needs OpenGL and was skipped: {report.longrepr}"

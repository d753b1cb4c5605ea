"""What may import what, what an import costs, and rules of the house that a machine can check."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGINE = sorted((ROOT / "engine").rglob("*.py"))
WORKBENCH = sorted((ROOT / "workbench").rglob("*.py"))
WINDOWS = ("PySide6", "shiboken6", "vispy", "pyqtgraph", "qasync", "matplotlib", "workbench")
NUMERICS = ("scipy", "sklearn", "torch")


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def run(code):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def imports(path):
    """Every module that a file names in an import statement, wherever it stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_all_of_the_engine_comes_without_a_window_library():
    names = [name_of(path) for path in ENGINE if path.name != "__main__.py"]
    code = f"""
import importlib, json, sys
for name in {names!r}:
    importlib.import_module(name)
print(json.dumps(sorted(m for m in sys.modules if m.partition(".")[0] in {WINDOWS!r})))
"""
    assert run(code) == []


@pytest.mark.alone
def test_importing_the_engine_is_quick_and_loads_nothing_heavy():
    code = """
import json, sys, time
started = time.perf_counter()
import engine
took = time.perf_counter() - started
heavy = [m for m in ("torch", "scipy", "sklearn", "matplotlib", "pandas") if m in sys.modules]
print(json.dumps([took, heavy]))
"""
    found = [run(code) for _ in range(5)]
    assert all(heavy == [] for _, heavy in found)
    assert min(took for took, _ in found) < 0.15


def test_reading_the_catalogue_loads_no_method():
    code = """
import json, sys
from engine import catalog
assert len(catalog.cards()) >= 6
print(json.dumps([m for m in sys.modules if m.startswith("engine.embedding.") or m == "torch"]))
"""
    assert run(code) == []


@pytest.mark.parametrize("path", ENGINE, ids=name_of)
def test_engine_names_no_window_library(path):
    top = {module.partition(".")[0] for module in imports(path)}
    allowed = {"matplotlib"} if "io" in path.parts else set()
    assert not (top & set(WINDOWS)) - allowed


@pytest.mark.parametrize("path", WORKBENCH, ids=name_of)
def test_the_window_computes_nothing(path):
    """The one exception gets slow imports over with on the fit thread."""
    top = {module.partition(".")[0] for module in imports(path)}
    assert path.name == "warmup.py" or not top & set(NUMERICS)


@pytest.mark.parametrize("path", ENGINE + WORKBENCH, ids=name_of)
def test_rules_of_the_house(path):
    text = path.read_text()
    assert text.count("\n") <= 400
    assert path.stem not in ("utils", "helpers", "common", "base", "manager", "misc")
    tree = ast.parse(text)
    assert not text.strip() or ast.get_docstring(tree), "a module says what it is"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno <= 60, node.name
    assert "pickle" not in {module.partition(".")[0] for module in imports(path)}
    if name_of(path) == "engine.device":  # the one room that may set threads
        return
    for phrase in ("allow_pickle=True", "manual_seed(", "set_default_dtype", "set_num_threads",
                   "np.random.seed"):  # fmt: skip
        assert phrase not in text, phrase

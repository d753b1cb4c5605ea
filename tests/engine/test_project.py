"""Projects: nothing is lost, whatever is pulled, and nothing in a file is trusted."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import runs
from engine.io import archive, migrations, packing, project, references
from engine.io.project import Project, RunRecord
from engine.layers import Axis, Points
from engine.method import DataError, Note, Snapshot
from tests.engine import toy
from tests.engine.test_figures import LAYERS
from tests.engine.toy import listed

__all__ = ["listed"]

pytestmark = pytest.mark.usefixtures("listed")

GOLDEN = Path(__file__).parent / "golden" / "project-1.wbproj"


def sample(pack=True, zoom=2.0):
    data = toy.table()
    spec = runs.RunSpec(
        method="embedding.toy",
        data=data.spec,
        data_sha256=data.sha256(),
        params={"zoom": zoom},
        seed=3,
        step_changes=((1, {"rate": 0.5}),),
    )
    fit = runs.run(spec, data)
    record = references.data_record(data, {"label": "group"}, pack=pack)
    run = RunRecord(
        id=4,
        name="Toy 4",
        spec=spec,
        data=record.id,
        shown={"zoom": 5.0},
        starred=True,
        seconds=1.25,
        made=99.5,
        notes="looks right",
        history=((0.5, 0, {"size": 1.5}), (0.75, 1, {"size": float("nan")})),
        snapshot=replace(fit.result(), notes=(Note("two parts", grave=True),)),
        method=fit.method,
    )
    return Project(
        datasets=(record,),
        runs=(run,),
        views={
            "colour_by": "group",
            "cameras": {"main": {"centre": (1, 2), "zoom": np.float32(2)}},
        },
        active={"run": 4, "data": record.id},
        thumbnail=project.thumbnail(np.zeros((4, 6, 3))),
        saved=1000.0,
    )


def same_layer(a, b):
    assert type(a) is type(b)
    assert a.name == b.name
    mine, other = a.arrays(), b.arrays()
    assert list(mine) == list(other)
    for name, array in mine.items():
        assert array.dtype == other[name].dtype
        assert array.shape == other[name].shape
        assert array.tobytes() == other[name].tobytes()
    for name in a.__slots__:
        value = getattr(a, name)
        if not isinstance(value, np.ndarray | dict):
            assert value == getattr(b, name)


def test_project_comes_back_whole(tmp_path):
    before = sample()
    project.save(tmp_path / "a.wbproj", before)
    after = project.open(tmp_path / "a.wbproj")
    run, old = after.runs[0], before.runs[0]
    for key in ("id", "name", "spec", "data", "shown", "starred", "seconds", "made", "notes"):
        assert getattr(run, key) == getattr(old, key)
    assert run.history[0] == old.history[0]
    assert np.isnan(run.history[1][2]["size"])
    assert run.snapshot.params == old.snapshot.params
    assert run.snapshot.notes == old.snapshot.notes
    assert run.snapshot.metrics == old.snapshot.metrics
    for a, b in zip(old.snapshot.layers, run.snapshot.layers, strict=True):
        same_layer(a, b)
    again = run.fitted().evaluate(run.spec.typed_params())
    same_layer(old.snapshot.layers[0], again.layers[0])
    assert after.views == {
        "colour_by": "group",
        "cameras": {"main": {"centre": [1, 2], "zoom": 2.0}},
    }
    assert after.active == dict(before.active)
    assert after.thumbnail == before.thumbnail
    assert after.versions["numpy"] == np.__version__
    assert not after.read_only
    assert not after.remarks
    table = references.load(after.datasets[0], tmp_path)
    assert table.sha256() == toy.table().sha256()
    assert list(table.labels["group"]) == list(toy.table().labels["group"])
    assert table.columns == toy.table().columns


def test_saving_what_was_read_gives_the_same_file(tmp_path):
    project.save(tmp_path / "a.wbproj", sample())
    project.save(tmp_path / "b.wbproj", project.open(tmp_path / "a.wbproj"))
    assert (tmp_path / "a.wbproj").read_bytes() == (tmp_path / "b.wbproj").read_bytes()


@pytest.mark.parametrize("name", LAYERS)
def test_every_kind_of_layer_is_kept(name):
    store = packing.ArrayStore()
    held = json.loads(json.dumps(packing.pack_layer(LAYERS[name], store)))
    same_layer(LAYERS[name], packing.unpack_layer(held, store))


def test_odd_arrays_are_kept(tmp_path):
    columns = {
        "text": np.array(["a", "häß", ""]),
        "flags": np.array([True, False, True]),
        "small": np.array([1, 2, 3], np.int8),
        "half": np.array([1, np.nan, -0.0], np.float16),
        "complex": np.array([1j, 2, 3]),
        "day": np.array(["2020-01-01", "2021-01-01", "NaT"], "M8[D]"),
    }
    layer = Points(
        name="p",
        role="data",
        positions=np.asfortranarray(np.arange(6.0).reshape(3, 2)),
        axes=(Axis("x", log=True), Axis("y", "m")),
        columns=columns,
    )
    run = RunRecord(
        id=1,
        name="r",
        spec=runs.RunSpec(method="embedding.toy", data=""),
        snapshot=Snapshot(layers=(layer,), params=toy.Toy.Params()),
    )
    project.save(tmp_path / "a.wbproj", Project(runs=(run,)))
    found = project.open(tmp_path / "a.wbproj").runs[0]
    same_layer(layer, found.snapshot.layers[0])
    assert found.fitted() is None


def test_equal_arrays_are_stored_once(tmp_path):
    one = sample()
    twice = replace(one, runs=(one.runs[0], replace(one.runs[0], id=5, name="copy")))
    project.save(tmp_path / "a.wbproj", one)
    project.save(tmp_path / "b.wbproj", twice)
    arrays = []
    for name in "ab":
        with zipfile.ZipFile(tmp_path / f"{name}.wbproj") as found:
            assert {i.compress_type for i in found.infolist()} == {zipfile.ZIP_STORED}
            arrays.append({n for n in found.namelist() if n.startswith("arrays/")})
    assert arrays[0] == arrays[1]


def test_older_version_is_kept_beside(tmp_path):
    path = tmp_path / "a.wbproj"
    project.save(path, sample(zoom=2.0))
    first = path.read_bytes()
    project.save(path, sample(zoom=3.0))
    assert (tmp_path / "a.wbproj.bak").read_bytes() == first
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.wbproj", "a.wbproj.bak"]
    link = tmp_path / "link.wbproj"
    link.symlink_to(path)
    project.save(link, sample(zoom=4.0))
    assert link.is_symlink()
    assert project.open(path).runs[0].spec.params["zoom"] == 4.0


def test_no_room_and_no_folder_are_told(tmp_path, monkeypatch):
    path = tmp_path / "a.wbproj"
    project.save(path, sample())
    before = path.read_bytes()
    usage = shutil.disk_usage(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(archive.shutil, "disk_usage", lambda _: usage._replace(free=1000))
        with pytest.raises(DataError, match=r"needs .* MB to be saved safely.*make room"):
            project.save(path, sample())
    assert path.read_bytes() == before
    with pytest.raises(DataError, match="does not exist"):
        project.save(tmp_path / "no" / "a.wbproj", sample())


def test_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.wbproj"
    project.save(path, sample())
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "flush", full)
    with pytest.raises(DataError, match=r"No space left.*unchanged"):
        project.save(path, sample(zoom=3.0))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.wbproj"]


def test_bytes_that_the_disk_lost_are_noticed(tmp_path, monkeypatch):
    path = tmp_path / "a.wbproj"
    project.save(path, sample())
    before = path.read_bytes()

    def spoil(part):
        content = bytearray(part.read_bytes())
        content[len(content) // 2] ^= 1
        part.write_bytes(content)

    monkeypatch.setattr(archive, "flush", spoil)
    with pytest.raises(DataError, match="unchanged"):
        project.save(path, sample(zoom=3.0))
    assert path.read_bytes() == before


KILLED = """
    import os, random, resource, signal, sys, time
    from pathlib import Path
    import engine.catalog
    from engine.io import project
    from tests.engine import test_project, toy

    engine.catalog.register(toy.CARD)
    path = Path(sys.argv[1])
    old, new = test_project.sample(zoom=2.0), test_project.sample(zoom=3.0)
    project.save(path, old)
    size = path.stat().st_size
    before = time.monotonic()
    project.save(path, new)
    took = time.monotonic() - before
    draw = random.Random(5)
    seen = set()
    deaths = 0
    for k in range(60):
        child = os.fork()
        if child == 0:
            if k < 30:
                # Killed by the kernel when the file has this many bytes.
                signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
                limit = draw.randrange(size)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            for _ in range(1 if k < 30 else 1000):
                project.save(path, new if k % 2 else old)
            os._exit(0)
        # The child drew from its own copy: move on here too.
        draw.randrange(size)
        if k >= 30:
            time.sleep(draw.random() * 4 * took)
            os.kill(child, signal.SIGKILL)
        deaths += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) < 0
        found = project.open(path)
        test_project.same_layer(
            found.runs[0].fitted().evaluate(found.runs[0].spec.typed_params()).layers[0],
            found.runs[0].snapshot.layers[0],
        )
        seen.add(found.runs[0].spec.params["zoom"])
    assert deaths == 60, deaths
    print(sorted(seen))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_while_saving_the_project_opens_every_time(tmp_path):
    path = tmp_path / "a.wbproj"
    code = textwrap.dedent(KILLED)
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in ("[2.0]", "[3.0]", "[2.0, 3.0]")
    project.save(path, sample())
    assert not list(tmp_path.glob(".*.part"))


def rezipped(source, target, change=lambda name, content: content, extra=()):
    """A copy of a project with members changed, left out (None) or added."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in extra:
            new.writestr(name, content)


def with_manifest(source, target, edit, extra=()):
    def change(name, content):
        if name != "manifest.json":
            return content
        manifest = json.loads(content)
        edit(manifest)
        return json.dumps(manifest)

    rezipped(source, target, change, extra)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "saved.wbproj"
    project.save(path, sample())
    return path


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "arrays/../../evil", "..\\evil", "C:\\evil", "\\\\host\\x"]
)
def test_members_that_point_outside_are_refused(saved, tmp_path, name):
    rezipped(saved, tmp_path / "x.wbproj", extra=[(name, b"x")])
    with pytest.raises(DataError, match="points outside the file"):
        project.open(tmp_path / "x.wbproj")


def test_strange_archives_are_refused(saved, tmp_path):
    path = tmp_path / "x.wbproj"
    with pytest.raises(DataError, match="There is no file"):
        project.open(path)
    path.write_bytes(b"no zip at all")
    with pytest.raises(DataError, match="not a whole project file"):
        project.open(path)
    path.write_bytes(saved.read_bytes()[:-100])
    with pytest.raises(DataError, match="not a whole project file"):
        project.open(path)
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("readme.txt", "hello")
    with pytest.raises(DataError, match="not a Fieldwright project"):
        project.open(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("manifest.json", b" " * 5_000_000)
    with pytest.raises(DataError, match="claims to unpack to"):
        project.open(path)
    with pytest.warns(UserWarning, match="Duplicate"):
        rezipped(saved, path, extra=[("manifest.json", "{}")])
    with pytest.raises(DataError, match="same name"):
        project.open(path)
    with_manifest(saved, path, lambda m: m.update(format="other"))
    with pytest.raises(DataError, match="not a Fieldwright project"):
        project.open(path)
    with_manifest(saved, path, lambda m: m.update(schema="one"))
    with pytest.raises(DataError, match="which schema"):
        project.open(path)
    with_manifest(saved, path, lambda m: m.pop("runs"))
    with pytest.raises(DataError, match="is damaged and cannot be read"):
        project.open(path)
    rezipped(saved, path, lambda name, c: None if name.startswith("arrays/") else c)
    with pytest.raises(DataError, match="is missing"):
        project.open(path)


def test_a_flipped_bit_is_noticed(saved, tmp_path):
    content = bytearray(saved.read_bytes())
    with zipfile.ZipFile(saved) as found:
        info = next(i for i in found.infolist() if i.filename.startswith("arrays/"))
    content[info.header_offset + 200] ^= 1
    (tmp_path / "x.wbproj").write_bytes(content)
    with pytest.raises(DataError, match=r"damaged at 'arrays/.*older 'x\.wbproj\.bak'"):
        project.open(tmp_path / "x.wbproj")


def test_newer_projects_open_for_reading_only(saved, tmp_path):
    path = tmp_path / "x.wbproj"
    with_manifest(saved, path, lambda m: m.update(schema=99))
    before = path.read_bytes()
    found = project.open(path)
    assert found.read_only
    assert "newer Fieldwright" in found.remarks[0]
    assert found.runs[0].name == "Toy 4"
    with pytest.raises(DataError, match="save under another name"):
        project.save(path, found)
    assert path.read_bytes() == before
    project.save(tmp_path / "other.wbproj", found)
    with_manifest(saved, path, lambda m: (m.update(schema=99), m.pop("runs")))
    with pytest.raises(DataError, match="newer Fieldwright and cannot be read"):
        project.open(path)


def test_unknown_keys_and_their_arrays_are_written_back(saved, tmp_path):
    name = "ab" * 32
    reference = {"$": "array", "sha256": name, "dtype": "<f8", "shape": [1]}

    def edit(manifest):
        manifest["comments"] = {"by": "later", "drawing": reference}
        manifest["runs"][0]["mood"] = "good"
        manifest["datasets"][0]["licence"] = "CC0"
        manifest["runs"][0]["snapshot"]["layers"].append({"kind": "Hologram", "fields": {}})
        manifest["runs"][0]["snapshot"]["layers"][0]["fields"]["shine"] = 3

    path = tmp_path / "x.wbproj"
    with_manifest(saved, path, edit, extra=[(f"arrays/{name}.safetensors", b"later")])
    found = project.open(path)
    assert len(found.runs[0].snapshot.layers) == 2
    project.save(tmp_path / "y.wbproj", found)
    with zipfile.ZipFile(tmp_path / "y.wbproj") as again:
        manifest = json.loads(again.read("manifest.json"))
        assert again.read(f"arrays/{name}.safetensors") == b"later"
    assert manifest["comments"] == {"by": "later", "drawing": reference}
    assert manifest["runs"][0]["mood"] == "good"
    assert manifest["datasets"][0]["licence"] == "CC0"


def test_runs_of_a_missing_method_can_still_be_seen(saved, tmp_path):
    path = tmp_path / "x.wbproj"
    with_manifest(saved, path, lambda m: m["runs"][0]["spec"].update(method="embedding.gone"))
    found = project.open(path)
    assert "Toy 4 can be looked at but not continued" in found.remarks[0]
    assert found.runs[0].snapshot.params["zoom"] == 2.0
    assert len(found.runs[0].snapshot.layers) == 2
    project.save(tmp_path / "y.wbproj", found)
    assert project.open(tmp_path / "y.wbproj").runs[0].model == found.runs[0].model


def test_migrations_run_in_a_chain(monkeypatch):
    steps = {
        1: lambda m: {**m, "runs": m["runs"] + ["two"]},
        2: lambda m: {**m, "runs": m["runs"] + ["three"]},
    }
    monkeypatch.setattr(migrations, "MIGRATIONS", steps)
    monkeypatch.setattr(migrations, "SCHEMA", 3)
    found, newer = migrations.migrated({"schema": 1, "runs": []}, "x")
    assert found == {"schema": 3, "runs": ["two", "three"]}
    assert not newer
    assert migrations.migrated({"schema": 4}, "x")[1]
    monkeypatch.setattr(migrations, "MIGRATIONS", {2: steps[2]})
    with pytest.raises(DataError, match="schema 1, which cannot be read"):
        migrations.migrated({"schema": 1}, "x")


def test_every_schema_has_a_golden_file():
    """Made by `project.save(GOLDEN, sample())` when the schema was new; never made again."""
    for schema in range(1, migrations.SCHEMA + 1):
        found = project.open(GOLDEN.with_name(f"project-{schema}.wbproj"))
        run = found.runs[0]
        assert run.name == "Toy 4"
        assert run.spec.seed == 3
        assert run.shown == {"zoom": 5.0}
        again = run.fitted().evaluate(run.snapshot.params)
        assert np.array_equal(again.layers[0].positions, run.snapshot.layers[0].positions)
        assert references.load(found.datasets[0], GOLDEN.parent).name == "toy"
        assert found.views["colour_by"] == "group"


def test_glance_reads_names_without_arrays(saved):
    found = project.glance(saved)
    assert found.runs == ("Toy 4",)
    assert found.data == ("toy",)
    assert found.saved == 1000.0
    assert found.thumbnail.startswith(b"\x89PNG")


class TestReferences:
    """Data are found beside the project, where they were, or by their content."""

    @pytest.fixture
    def home(self, tmp_path):
        folder = tmp_path / "home"
        (folder / "data").mkdir(parents=True)
        (folder / "data" / "toy.csv").write_text("a,b\n1,2\n")
        return folder

    @pytest.fixture
    def record(self, home):
        made = references.DataRecord(id="d", name="toy", spec=str(home / "data" / "toy.csv"))
        project.save(home / "p.wbproj", Project(datasets=(made,)))
        return project.open(home / "p.wbproj").datasets[0]

    def test_relative_first(self, home, record, tmp_path):
        assert record.file["relative"] == "data/toy.csv"
        shutil.copytree(home, tmp_path / "moved")
        found = references.find(record, tmp_path / "moved")
        assert found == str(tmp_path / "moved" / "data" / "toy.csv")

    def test_then_absolute(self, home, record, tmp_path):
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        assert references.find(record, elsewhere) == str(home / "data" / "toy.csv")
        # Another file under the relative name is passed over for the one with the right content.
        (elsewhere / "data").mkdir()
        (elsewhere / "data" / "toy.csv").write_text("other")
        assert references.find(record, elsewhere) == str(home / "data" / "toy.csv")

    def test_then_by_content(self, home, record):
        (home / "data" / "toy.csv").rename(home / "renamed.csv")
        assert references.find(record, home) == str(home / "renamed.csv")

    def test_then_a_sentence(self, home, record):
        (home / "data" / "toy.csv").unlink()
        with pytest.raises(DataError, match=r"'toy' is not at .* any more"):
            references.find(record, home)
        # Saving again keeps where it was.
        project.save(home / "p.wbproj", project.open(home / "p.wbproj"))
        assert project.open(home / "p.wbproj").datasets[0].file == record.file

    def test_samples_need_no_file(self, home):
        made = references.DataRecord(id="d", name="digits", spec="sample:digits")
        assert references.find(made, home) == "sample:digits"
        table = replace(toy.table(), spec="sample:toy")
        assert references.data_record(table, pack=True).packed is None

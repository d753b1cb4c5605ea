"""Printed figures: exact size, every kind of layer, nothing cut off, and where they came from."""

import json
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from engine import colour, runs
from engine.io.figures import pixels, save_figure
from engine.io.printstyle import DARK, LIGHT
from engine.layers import (
    Arrows,
    Axis,
    Curves,
    Field,
    Markers,
    Matrix,
    Network,
    Picture,
    Points,
    Surface,
)
from engine.method import DataError
from tests.engine import toy
from tests.engine.toy import listed

__all__ = ["listed"]

pytestmark = pytest.mark.usefixtures("listed")

RNG = np.random.default_rng(0)
XY = (Axis("x", "m"), Axis("y", "m"))
XYZ = (*XY, Axis("z", "m"))
QUICK = {"dpi": 60, "width_mm": 84.0}


def points(dimensions=2, count=120, **more):
    return Points(
        name="embedding",
        role="prediction",
        positions=RNG.standard_normal((count, dimensions)),
        axes=XYZ[:dimensions],
        columns={
            "group": np.array(["left", "middle", "right"])[np.arange(count) % 3],
            "age": RNG.random(count),
            "long": np.array([f"a rather long name of class {k % 7}" for k in range(count)]),
        },
        **more,
    )


def field(shape=(12, 9), role="truth", name="u", **more):
    return Field(
        name=name,
        role=role,
        values=RNG.standard_normal(shape),
        extent=((0.0, 2.0), (0.0, 1.0), (0.0, 1.0))[: len(shape)],
        axes=XYZ[: len(shape)],
        unit="K",
        **more,
    )


def curves(**more):
    return Curves(
        name="spectrum",
        role="diagnostic",
        x=np.arange(1.0, 9.0),
        lines={"a": 0.5 ** np.arange(8), "b": np.linspace(0, 1, 8)},
        marks={"t": 3.0, "knee": 3.2},
        **{"axes": (Axis("index"), Axis("eigenvalue")), **more},
    )


TRIANGLES = np.array([[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]])
LAYERS = {
    "points": points(),
    "points in space": points(3),
    "curves": curves(),
    "stems": curves(stems=True),
    "log curves": curves(axes=(Axis("t", log=True), Axis("H", log=True))),
    "log stems": curves(axes=(Axis("t"), Axis("H", log=True)), stems=True),
    "many lines": Curves(
        name="many",
        role="data",
        x=np.arange(4.0),
        lines={str(k): np.arange(4.0) + k for k in range(15)},
        axes=XY,
    ),
    "matrix": Matrix(name="d", role="diagnostic", values=np.eye(5), axes=(Axis("i"), Axis("j"))),
    "field 1": field((9,)),
    "field 2": field(diverging=True),
    "field 3": field((6, 5, 4)),
    "field with paths": field(
        paths={"way": np.array([[0.2, 0.9], [1.0, 0.5], [1.8, 0.6]]), "reach": np.eye(2)},
        contours=(0.0,),
        marks={"end": (1.8, 0.6)},
    ),
    "picture": Picture(name="p", role="data", values=RNG.random((8, 10))),
    "colour picture": Picture(name="p", role="data", values=RNG.random((8, 10, 3))),
    "arrows": Arrows(
        name="v",
        role="data",
        positions=RNG.random((20, 2)),
        vectors=RNG.random((20, 2)),
        axes=XY,
        columns={"speed": RNG.random(20)},
        colour_by="speed",
    ),
    "arrows in space": Arrows(
        name="v",
        role="data",
        positions=RNG.random((20, 3)),
        vectors=RNG.random((20, 3)),
        axes=XYZ,
    ),
    "surface": Surface(
        name="h",
        role="data",
        vertices=np.vstack([np.eye(3), np.zeros(3)]),
        faces=TRIANGLES,
        values=np.arange(4.0),
        axes=XYZ,
    ),
    "markers": Markers(
        name="m", role="data", positions=np.eye(2), labels=("sink", "source"), axes=XY
    ),
    "markers in space": Markers(
        name="m", role="data", positions=np.eye(3), labels=("a", "b", "c"), axes=XYZ
    ),
    "nothing finite": Points(name="n", role="data", positions=np.full((3, 2), np.nan), axes=XY),
    "no points": Points(name="n", role="data", positions=np.empty((0, 2)), axes=XY),
}


def image(path):
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def ink(path, paper):
    """Where something is drawn, and how far the drawing stays from each edge in pixels."""
    page = np.array([int(paper[k : k + 2], 16) for k in (1, 3, 5)])
    drawn = np.abs(image(path) - page).sum(axis=2) > 24
    rows, columns = np.nonzero(drawn)
    height, width = drawn.shape
    return drawn, (rows.min(), columns.min(), height - 1 - rows.max(), width - 1 - columns.max())


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", LAYERS)
def test_every_kind_of_layer_is_drawn_inside_the_page(name, dark, tmp_path):
    path = tmp_path / "x.png"
    save_figure(path, LAYERS[name], dark=dark, **QUICK)
    drawn, margins = ink(path, (DARK if dark else LIGHT)["paper"])
    assert drawn.mean() > 0.005
    assert min(margins) >= 1


@pytest.mark.parametrize(
    ("width", "height", "dpi"), [(84, 60, 300), (174, 51.3, 150), (84.5, 33.3, 97), (25.4, 20, 600)]
)
def test_png_is_exact_to_the_pixel(width, height, dpi, tmp_path):
    path = tmp_path / "x.png"
    save_figure(path, field((4, 4)), width_mm=width, height_mm=height, dpi=dpi)
    with Image.open(path) as found:
        assert found.size == (round(width / 25.4 * dpi), round(height / 25.4 * dpi))
        assert found.size == pixels((width, height), dpi)
        assert found.info["dpi"][0] == pytest.approx(dpi, abs=0.02)
    assert pixels((84, 60), 300)[0] == 992


def test_vector_pages_have_the_asked_size(tmp_path):
    save_figure(tmp_path / "x.svg", points(), width_mm=84, height_mm=70)
    save_figure(tmp_path / "x.pdf", points(), width_mm=84, height_mm=70)
    head = (tmp_path / "x.svg").read_text()[:2000]
    width, height = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', head).groups()
    assert float(width) == pytest.approx(84 / 25.4 * 72, abs=1e-3)
    assert float(height) == pytest.approx(70 / 25.4 * 72, abs=1e-3)
    box = re.search(rb"/MediaBox \[\s*0 0 ([\d.]+) ([\d.]+)", (tmp_path / "x.pdf").read_bytes())
    assert float(box.group(1)) == pytest.approx(84 / 25.4 * 72, abs=1e-2)


def test_origin_is_in_every_format(tmp_path):
    data = toy.table()
    spec = runs.RunSpec(method="embedding.toy", data=data.spec, params={"zoom": 2.0}, seed=3)
    for suffix in ("png", "svg", "pdf"):
        save_figure(tmp_path / f"x.{suffix}", points(), metadata=spec, **QUICK)
    with Image.open(tmp_path / "x.png") as found:
        about = json.loads(found.text["fieldwright"])
        assert found.text["Description"].startswith("Toy with zoom = 2.0 on toy.csv, seed 3")
    assert runs.RunSpec.from_json(about["spec"]) == spec
    assert about["versions"]["numpy"] == np.__version__
    svg = (tmp_path / "x.svg").read_text()
    assert "Toy with zoom = 2.0" in svg
    assert '"seed": 3' in svg.replace("&quot;", '"')
    assert b"/Keywords" in (tmp_path / "x.pdf").read_bytes()


def test_same_figure_same_file(tmp_path):
    for suffix in ("png", "svg", "pdf"):
        a, b = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
        for path in (a, b):
            save_figure(path, LAYERS["points"], colour_by="group", **QUICK)
        assert a.read_bytes() == b.read_bytes()


def test_text_is_text_unless_outlines_are_asked(tmp_path):
    save_figure(tmp_path / "t.svg", points(), title="Hallo")
    save_figure(tmp_path / "p.svg", points(), title="Hallo", text_as_paths=True)
    assert ">Hallo</text>" in (tmp_path / "t.svg").read_text()
    assert "<text" not in (tmp_path / "p.svg").read_text()


def test_many_points_are_pixels_inside_the_vector_file(tmp_path):
    save_figure(tmp_path / "few.svg", points(count=300))
    save_figure(tmp_path / "many.svg", points(count=20_000))
    assert "<image" not in (tmp_path / "few.svg").read_text()
    assert "<image" in (tmp_path / "many.svg").read_text()
    assert (tmp_path / "many.svg").stat().st_size < 1_000_000


def has_colour(path, wanted, far=12):
    return bool((np.abs(image(path) - np.asarray(wanted) * 255).sum(axis=2) < far).any())


def test_a_path_is_drawn_over_a_field_and_stays_within_it(tmp_path):
    """Along a logarithmic axis too; a place beyond the field does not make it wider."""
    axes = (Axis("a"), Axis("b", log=True))
    plain = Field(name="f", role="diagnostic", values=np.zeros((4, 5)), axes=axes,
                  extent=((0.0, 4.0), (1e-4, 1.0)))  # fmt: skip
    way = {"way": np.array([[1.0, 1e-2], [3.0, 1e-2], [9.0, 1e-2]])}
    pages = []
    for k, layer in enumerate((plain, replace(plain, paths=way))):
        save_figure(tmp_path / f"{k}.png", layer, **QUICK)
        pages.append(image(tmp_path / f"{k}.png"))
    rows, columns = np.nonzero((pages[0] != pages[1]).any(axis=2))
    # One line in the middle of the field; all else, ticks and bar, is where it was.
    assert np.ptp(rows) < 6 and np.ptp(columns) > 0.3 * pages[0].shape[1]


def test_classes_get_the_screen_colours_and_a_legend(tmp_path):
    save_figure(tmp_path / "x.svg", points(), colour_by="group")
    text = (tmp_path / "x.svg").read_text()
    assert all(f">{name}</text>" in text for name in ("group", "left", "middle", "right"))
    save_figure(tmp_path / "x.png", points(), colour_by="group", dpi=150)
    for swatch in colour.categorical(3):
        assert has_colour(tmp_path / "x.png", swatch)


def test_long_class_names_go_below_and_stay_on_the_page(tmp_path):
    save_figure(tmp_path / "x.png", points(), colour_by="long", dpi=100)
    _, margins = ink(tmp_path / "x.png", LIGHT["paper"])
    assert min(margins) >= 1
    with Image.open(tmp_path / "x.png") as found:
        assert found.height > found.width


def test_numbers_get_a_colour_bar_with_the_asked_map_and_limits(tmp_path):
    save_figure(
        tmp_path / "x.png", points(), colour_by="age", colormap="magma", limits=(0, 9), dpi=150
    )
    ends = colour.colormap("magma")[[128, 230]]
    assert has_colour(tmp_path / "x.png", ends[0], 20)
    assert has_colour(tmp_path / "x.png", ends[1], 20)


def test_labels_of_the_data_colour_the_points(tmp_path):
    data = toy.table()
    layer = Points(
        name="p",
        role="data",
        positions=data.values[:, :2],
        axes=XY,
    )
    save_figure(tmp_path / "x.svg", layer, data=data)
    text = (tmp_path / "x.svg").read_text()
    assert all(f">{name}</text>" in text for name in ("group", "left", "middle, far", "right"))
    save_figure(tmp_path / "y.svg", layer, data=data, colour_by="age")
    assert ">age</text>" in (tmp_path / "y.svg").read_text()


def test_unknown_column_falls_back_to_the_layers_own(tmp_path):
    save_figure(tmp_path / "x.svg", points(colour_by="group"), colour_by="no such column")
    assert ">left</text>" in (tmp_path / "x.svg").read_text()


def test_selection_stands_out(tmp_path):
    layer = points()
    save_figure(tmp_path / "a.png", layer, dpi=120)
    save_figure(tmp_path / "b.png", layer, selection=np.arange(5), dpi=120)
    full = colour.categorical(1)[0] * 255
    near = [int((np.abs(image(tmp_path / f"{k}.png") - full).sum(axis=2) < 90).sum()) for k in "ab"]
    assert near[1] < 0.5 * near[0]


def test_edges_lie_over_their_points(tmp_path):
    net = Network(
        name="edges",
        role="diagnostic",
        over="embedding",
        edges=np.array([[0, 1], [1, 2]], np.int32),
        weights=np.array([1.0, 0.2]),
    )
    layer = points()
    save_figure(tmp_path / "a.png", layer, **QUICK)
    save_figure(tmp_path / "b.png", [layer, net], **QUICK)
    assert image(tmp_path / "a.png").shape == image(tmp_path / "b.png").shape
    assert (image(tmp_path / "a.png") != image(tmp_path / "b.png")).any()
    save_figure(tmp_path / "c.png", [points(3), net], **QUICK)
    with pytest.raises(DataError, match="lie over the points 'embedding'"):
        save_figure(tmp_path / "d.png", net)


def test_several_layers_stand_side_by_side_on_one_scale(tmp_path):
    truth, guess = field(), field(role="prediction", name="guess")
    save_figure(tmp_path / "x.svg", [guess, truth, points(3)], width_mm=174)
    text = (tmp_path / "x.svg").read_text()
    assert all(f">{name}</text>" in text for name in ("guess", "u", "embedding"))
    bars = re.findall(r'<g id="axes_\d+">', text)
    assert len(bars) == 5
    save_figure(tmp_path / "x.png", [*LAYERS.values()][:7], width_mm=174, dpi=60)
    assert min(ink(tmp_path / "x.png", LIGHT["paper"])[1]) >= 1


def test_camera_turns_the_box(tmp_path):
    layer = points(3)
    save_figure(tmp_path / "a.png", layer, camera={"azimuth": 0, "elevation": 0}, **QUICK)
    save_figure(
        tmp_path / "b.png", layer, camera={"azimuth": 70, "elevation": 40, "centre": (1,)}, **QUICK
    )
    assert (image(tmp_path / "a.png") != image(tmp_path / "b.png")).mean() > 0.01


def test_wrong_wishes_are_told(tmp_path):
    layer = points()
    with pytest.raises(DataError, match=r"PNG, SVG or PDF; 'x\.jpg' ends in '\.jpg'"):
        save_figure(tmp_path / "x.jpg", layer)
    with pytest.raises(DataError, match="sides must be between"):
        save_figure(tmp_path / "x.png", layer, width_mm=3)
    with pytest.raises(DataError, match="dots per inch"):
        save_figure(tmp_path / "x.png", layer, dpi=5)
    with pytest.raises(DataError, match="choose a lower resolution"):
        save_figure(tmp_path / "x.png", layer, width_mm=1000, dpi=2000)
    with pytest.raises(DataError, match="choose at least one layer"):
        save_figure(tmp_path / "x.png", [])
    with pytest.raises(ValueError, match="no colour map 'jet'"):
        save_figure(tmp_path / "x.png", layer, colour_by="age", colormap="jet")
    with pytest.raises(DataError, match="does not exist"):
        save_figure(tmp_path / "no" / "x.png", layer)
    assert not list(tmp_path.iterdir())


def test_pyplot_is_never_loaded_and_matplotlib_only_to_draw():
    code = (
        "import sys, numpy as np\n"
        "from engine.io.figures import save_figure\n"
        "from engine.io import plots, plots3d, keys, printstyle\n"
        "assert not [m for m in sys.modules if m.startswith('matplotlib')]\n"
        "from engine.layers import Points, Axis\n"
        "p = Points(name='p', role='data', positions=np.eye(3), axes=(Axis('x'),) * 3)\n"
        "save_figure(sys.argv[1], p)\n"
        "assert 'matplotlib.figure' in sys.modules\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", code, f"{folder}/x.svg"], check=True)


def test_names_of_pictures_side_by_side_have_paper_above_them(tmp_path):
    values = np.random.default_rng(0).random((64, 64, 3)).astype(np.float32)
    shown = [Picture(name=name, role="data", values=values) for name in ("input", "removed × 4")]
    save_figure(tmp_path / "x.png", shown, width_mm=174, dpi=300)
    _, margins = ink(tmp_path / "x.png", LIGHT["paper"])
    assert min(margins) >= 6

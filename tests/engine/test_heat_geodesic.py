"""The heat-geodesic embedding: the paper's claims on known manifolds, and the contract."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist
from scipy.special import ive
from scipy.stats import rankdata

from engine.data.table import Table
from engine.embedding import heat_distance
from engine.embedding.heat_geodesic import HeatGeodesic, dissimilarity
from engine.method import DataError, Refines
from engine.numerics import graphs, heat, laplacians, mds, neighbours, procrustes
from engine.params import LIVE, parameters
from engine.stages import finish

Params = HeatGeodesic.Params


def roll(n, noise=0.1, seed=0):
    """Points (n, 3) on a swiss roll of width 5, and their coordinates (n, 2) on the flat sheet."""
    rng = np.random.default_rng(seed)
    t = 1.5 * np.pi * (1 + 2 * rng.random(n))
    h = 5 * rng.random(n)
    points = np.column_stack([t * np.cos(t), h, t * np.sin(t)])
    arc = (t * np.sqrt(1 + t**2) + np.arcsinh(t)) / 2
    return points + noise * rng.normal(size=(n, 3)), np.column_stack([arc, h])


def table(values, **more):
    values = np.asarray(values, dtype=np.float64)
    columns = tuple(f"c{k}" for k in range(values.shape[1]))
    return Table(name="test", spec="test", values=values, columns=columns, **more)


def fitted(values, params=None, seed=0):
    method = HeatGeodesic(params or Params())
    for _ in method.fit(table(values), rng=np.random.default_rng(seed), device="cpu"):
        pass
    return method


def agreement(estimate, truth, ranked=True):
    """Mean over rows of Spearman's (or Pearson's) correlation."""
    if ranked:
        estimate, truth = rankdata(estimate, axis=1), rankdata(truth, axis=1)
    estimate = estimate - estimate.mean(axis=1, keepdims=True)
    truth = truth - truth.mean(axis=1, keepdims=True)
    size = np.linalg.norm(estimate, axis=1) * np.linalg.norm(truth, axis=1)
    return float(np.mean((estimate * truth).sum(axis=1) / size))


def graph_laplacian(values, knn=10):
    near = finish(neighbours.search(values, 50))
    return laplacians.laplacian(graphs.build(values, near, knn=knn).weights)


def positions(snapshot):
    return snapshot.layer("map").positions


@pytest.fixture(scope="module")
def small():
    """A fit of 150 points, with its default parameters."""
    return fitted(roll(150)[0])


@pytest.fixture(scope="module")
def sheet():
    """600 points of the roll, their true distances and their Laplacian."""
    values, flat = roll(600)
    return values, cdist(flat, flat), graph_laplacian(values)


# What the paper claims -----------------------------------------------------------------------


def test_swiss_roll_of_the_issue():
    values, flat = roll(1000)
    truth = cdist(flat, flat)
    lap = graph_laplacian(values)
    euler = dissimilarity(finish(heat.euler(lap, 10.0, 30)), 10.0)
    assert agreement(euler.values, truth) >= 0.99
    exact = dissimilarity(finish(heat.exact(heat.decompose(lap), 10.0)), 10.0)
    assert agreement(exact.values, truth) >= 0.97


def test_euler_distances_and_map_follow_the_roll(sheet):
    values, truth, lap = sheet
    apart = dissimilarity(finish(heat.euler(lap, 10.0, 30)), 10.0)
    assert agreement(apart.values, truth) >= 0.97
    assert agreement(cdist(values, values), truth) < 0.5
    layout = positions(
        fitted(values, Params(time=10.0, floor=1e-16)).evaluate(Params(time=10.0, floor=1e-16))
    )
    assert agreement(cdist(layout, layout), truth) >= 0.90


def test_the_automatic_time_gives_a_good_map(sheet):
    values, truth, _ = sheet
    layout = positions(fitted(values).evaluate(Params()))
    assert agreement(cdist(layout, layout), truth) >= 0.97


def test_volume_correction_mends_long_times(sheet):
    _, truth, lap = sheet
    kernel = finish(heat.exact(heat.decompose(lap), 50.0))
    plain = agreement(dissimilarity(kernel, 50.0).values, truth, ranked=False)
    corrected = dissimilarity(kernel, 50.0, volume=1.0)
    mended = agreement(corrected.values, truth, ranked=False)
    assert mended >= 0.97
    assert mended >= plain + 0.01


def test_exact_kernel_saturates_on_the_cycle_and_says_so():
    one = np.arange(101)
    edges = sparse.csr_array((np.ones(101), (one, (one + 1) % 101)), shape=(101, 101))
    spectrum = heat.decompose(laplacians.laplacian(sparse.csr_array(edges + edges.T)))
    half = (one[:, None] + np.arange(51)) % 101
    far = np.tile(np.arange(51), (101, 1))
    late = dissimilarity(finish(heat.exact(spectrum, 100.0)), 100.0)
    assert agreement(np.take_along_axis(late.values, half, axis=1), far) >= 0.9999
    assert late.floor == 0
    early = dissimilarity(finish(heat.exact(spectrum, 1.0)), 1.0)
    near = np.take_along_axis(early.values, half, axis=1)
    # The kernel of the line, whose ends are too far apart to matter here. What lies below the
    # floor is rounding noise, another on every machine: it must not pass for distances.
    lost = ive(np.arange(51), 2.0) < 1e-16
    assert agreement(near[:, ~lost], far[:, ~lost]) >= 0.9999
    assert abs(agreement(near[:, lost], far[:, lost])) < 0.3
    assert early.floor > 0.6


def test_heat_phate_is_a_member_of_the_family(sheet):
    """sigma = 0, p = 2, rho = 1 with the diagonal kept: 4 t times the distances of -log H rows."""
    kernel = finish(heat.euler(sheet[2], 5.0, 30))
    squared = dissimilarity(kernel, 5.0, power=2.0, diagonal="kept").values
    family = finish(heat_distance.denoised_steps(squared, 1.0, rescale=False))
    potential = -np.log(kernel + 1e-16)
    direct = cdist(potential, potential)
    off = ~np.eye(len(direct), dtype=bool)
    assert np.abs(family / (4 * 5.0) - direct)[off].max() / direct.max() < 1e-10
    assert (np.abs(family / (4 * 5.0) - direct)[off] / direct[off]).max() < 1e-10


def test_permuted_rows_permute_the_map():
    """Exact kernel, classical scaling and thirty plain sweeps: equal but for rounding. At t = 30,
    for at t = 10 heat of 1e-13 is itself rounded to a few digits."""
    values, _ = roll(300)
    order = np.random.default_rng(5).permutation(300)
    layout, other = (_plainly_laid_out(v, 30.0) for v in (values, values[order]))
    assert procrustes.distance(other, layout[order]) < 1e-6


def _plainly_laid_out(values, t):
    kernel = finish(heat.exact(heat.decompose(graph_laplacian(values)), t))
    apart = dissimilarity(kernel, t).values
    layout, aim = mds.classical(apart, 2), mds.target(apart)
    for _ in range(30):
        layout, _ = finish(mds.guttman(aim, layout))
    return layout


@pytest.mark.parametrize("kernel", ["exact", "euler"])
def test_permuted_rows_tell_the_same_story(kernel):
    """Sweeps are extrapolated and end early, which lets rounding move points a little."""
    values, _flat = roll(300)
    order = np.random.default_rng(5).permutation(300)
    params = Params(kernel=kernel, time=10.0)
    layout = positions(fitted(values, params).evaluate(params))
    other = positions(fitted(values[order], params).evaluate(params))
    assert procrustes.distance(other, layout[order]) < 0.05


def test_variants_are_their_formulas(sheet):
    kernel = np.maximum(finish(heat.exact(heat.decompose(sheet[2]), 5.0)), 0.0)[:80, :80]
    own = kernel.diagonal()
    logs = -np.log(kernel + 1e-16)
    squared = 20 * logs + 0.5 * 20 * np.log((own[:, None] + own) / 2 + 1e-16)
    for power in (0.5, 1.0, 2.0):
        expected = np.sqrt(np.maximum(squared, 0)) ** power
        np.fill_diagonal(expected, 0)
        found = dissimilarity(kernel, 5.0, volume=0.5, power=power)
        np.testing.assert_allclose(found.values, expected, rtol=1e-9, atol=1e-12)
    normalised = dissimilarity(kernel, 5.0, power=1.5, log_time=np.log(5.0), diagonal="kept")
    np.testing.assert_allclose(normalised.values, (logs / np.log(5.0)) ** 1.5, rtol=1e-9)
    times, shares = heat_distance.multiscale_times(4.0, 3, 16.0)
    np.testing.assert_allclose(times, [1, 4, 16])
    np.testing.assert_allclose(shares, np.array([20, 17, 5]) / 42)


# The contract --------------------------------------------------------------------------------


def test_a_fit_speaks_and_its_stress_never_rises():
    method = HeatGeodesic(Params())
    steps = list(method.fit(table(roll(150)[0]), rng=np.random.default_rng(0), device="cpu"))
    stress = [s.metrics["stress"] for s in steps if "stress" in s.metrics]
    assert len(stress) > 5 and (np.diff(stress) <= 0).all()
    stages = {s.stage for s in steps}
    assert {"searching neighbours", "eigenvectors of the Laplacian", "layout"} <= stages
    assert any(s.snapshot is not None and s.snapshot.coarse for s in steps)
    assert steps[-1].snapshot is method.evaluate(Params())


def test_layers_and_metrics(small):
    frame = small.evaluate(Params())
    points = frame.layer("map")
    assert points.positions.shape == (150, 2)
    assert {"distortion", "heat entropy", "graph degree"} <= set(points.columns)
    assert frame.layer("neighbours").edges.max() < 150
    assert frame.layer("entropy").marks["t"] == frame.metrics["t"]
    assert frame.layer("spectrum").stems
    curve = frame.layer("stress").lines["stress"]
    assert curve[-1] == frame.metrics["stress"]
    apart = cdist(points.positions, points.positions)
    assert frame.metrics["stress"] < 0.3 and apart.max() > 0
    assert frame.metrics["components"] == 1


def test_state_round_trip_gives_equal_bits(small):
    again = HeatGeodesic.from_state(Params(), small.state())
    for params in (Params(), Params(kernel="exact", dimension=3), Params(weights="heat")):
        ours, theirs = small.evaluate(params), again.evaluate(params)
        for one, other in zip(ours.layers, theirs.layers, strict=True):
            for key, array in one.arrays().items():
                np.testing.assert_array_equal(array, other.arrays()[key], err_msg=key)
        assert ours.metrics == theirs.metrics and ours.notes == theirs.notes
    before, after = next(small.refine(Params(time=3.0))), next(again.refine(Params(time=3.0)))
    np.testing.assert_array_equal(positions(before), positions(after))


def test_same_seed_same_bits(small):
    other = fitted(roll(150)[0])
    np.testing.assert_array_equal(
        positions(other.evaluate(Params())), positions(small.evaluate(Params()))
    )


def test_a_frame_does_not_remember_the_one_before(small):
    target = Params(time=4.0)
    first = positions(small.evaluate(target))
    small.evaluate(Params(time=40.0, dimension=3))
    np.testing.assert_array_equal(positions(small.evaluate(target)), first)


def test_refining_goes_from_a_preview_to_the_settled_frame(small):
    assert isinstance(small, Refines)
    params = Params(time=3.3)
    frames = [f for f in small.refine(params) if f is not None]
    assert [bool(f.coarse) for f in frames] == [True, False]
    np.testing.assert_array_equal(positions(frames[1]), positions(small.evaluate(params)))


def test_a_preview_of_some_points_is_near_the_settled_map(sheet):
    method = fitted(sheet[0])
    # Distances of the exact kernel saturate: then the stress of a sample that covers the data
    # evenly is least somewhat elsewhere.
    near: tuple[tuple[dict[str, object], float], ...] = (
        ({}, 0.01),
        ({"time": 4.0}, 0.15),
        ({"volume": 1.0}, 0.15),
        ({"kernel": "exact", "time": 5.0}, 0.15),
        ({"kernel": "exact", "time": 10.0}, 0.5),
    )
    for change, bound in near:
        params = replace(Params(), **change)
        preview, *_, settled = (f for f in method.refine(params) if f is not None)
        assert preview.coarse == "220 of 600 points"
        size = np.linalg.norm(positions(settled))
        assert np.linalg.norm(positions(preview) - positions(settled)) < bound * size, change


def test_maps_glide_along_the_time_slider(small):
    """No sign flips: neighbouring values give neighbouring maps."""
    before = positions(small.evaluate(Params(time=2.0)))
    for t in np.geomspace(2.0, 8.0, 25)[1:]:
        now = positions(small.evaluate(Params(time=float(t))))
        assert np.linalg.norm(now - before) < 0.2 * np.linalg.norm(now)
        before = now


LIVE_CHANGES = {
    "time": ({}, 5.0),
    "kernel": ({}, "exact"),
    "order": ({}, 12),
    "floor": ({}, 1e-10),
    "rank": ({"kernel": "lowrank"}, 0.4),
    "scales": ({"kernel": "exact"}, 3),
    "span": ({"kernel": "exact", "scales": 3}, 40.0),
    "volume": ({}, 0.7),
    "power": ({}, 1.7),
    "log_normalise": ({}, True),
    "far_limit": ({}, 0.8),
    "denoising": ({}, "rescaled"),
    "denoise": ({"denoising": "rescaled"}, 0.9),
    "diagonal": ({"denoising": "as in the code"}, "zero"),
    "weights": ({}, "inverse square"),
    "dimension": ({}, 3),
}


def test_every_live_parameter_is_in_the_list():
    assert set(LIVE_CHANGES) == {p.name for p in parameters(Params) if p.effect is LIVE}


@pytest.mark.parametrize("name", LIVE_CHANGES)
def test_live_parameters_change_the_map_without_a_fit(small, name):
    setting, value = LIVE_CHANGES[name]
    base = Params(**setting)
    changed = replace(base, **{name: value})
    computed = dict(small.stages.computed)
    before, *_, old = (f for f in small.refine(base) if f is not None)
    after, *_, new = (f for f in small.refine(changed) if f is not None)
    for one, other in ((before, after), (old, new)):
        a, b = positions(one), positions(other)
        assert a.shape != b.shape or not np.allclose(a, b, rtol=1e-6)
        assert np.isfinite(b).all()
    assert small.stages.computed == computed


def test_kept_stages_are_not_computed_again():
    values, _ = roll(150)
    first = fitted(values)
    second = HeatGeodesic(Params(laplacian="normalised"))
    second.stages = first.stages
    for _ in second.fit(table(values), rng=np.random.default_rng(0), device="cpu"):
        pass
    counts = second.stages.computed
    assert counts["neighbours"] == counts["graph"] == counts["preview"] == 1
    assert counts["spectrum"] == 2
    third = HeatGeodesic(Params(knn=15))
    third.stages = first.stages
    for _ in third.fit(table(values), rng=np.random.default_rng(0), device="cpu"):
        pass
    assert counts["neighbours"] == 1 and counts["graph"] == 2
    alone = fitted(values, Params(knn=15))
    np.testing.assert_array_equal(
        positions(third.evaluate(Params(knn=15))), positions(alone.evaluate(Params(knn=15)))
    )


def test_more_rows_than_landmarks_are_placed_between_them():
    values, flat = roll(900)
    params = Params(landmarks=300)
    method = fitted(values, params)
    assert method.state()["vectors"].shape == (300, 300)
    frame = method.evaluate(params)
    assert positions(frame).shape == (900, 2)
    assert any("300 landmarks of 900 rows" in note.text for note in frame.notes)
    layout = positions(frame)
    assert agreement(cdist(layout, layout), cdist(flat, flat)) > 0.9
    assert frame.layer("map").columns["computed"].sum() == 300
    preview = next(method.refine(params))
    np.testing.assert_allclose(positions(preview), layout, atol=1e-8 * np.abs(layout).max())


def test_a_fit_stopped_early_says_so_and_late_keeps_a_map():
    method = HeatGeodesic(Params())
    steps = method.fit(table(roll(150)[0]), rng=np.random.default_rng(0), device="cpu")
    next(steps)
    steps.close()
    with pytest.raises(DataError, match="run it again"):
        method.evaluate(Params())
    method = HeatGeodesic(Params())
    steps = method.fit(table(roll(150)[0]), rng=np.random.default_rng(0), device="cpu")
    next(s for s in steps if s.stage == "layout")
    steps.close()
    again = HeatGeodesic.from_state(Params(), method.state())
    np.testing.assert_array_equal(
        positions(again.evaluate(Params())), positions(method.evaluate(Params()))
    )


# What goes wrong is said ---------------------------------------------------------------------


def texts(frame, grave=None):
    return " ".join(n.text for n in frame.notes if grave is None or n.grave is grave)


def test_separate_parts_are_told_and_can_be_connected():
    values = np.vstack([roll(80)[0], roll(40, seed=1)[0] + 500])
    frame = fitted(values).evaluate(Params())
    assert "2 parts of 80, 40 points" in texts(frame, grave=True)
    assert np.isfinite(positions(frame)).all()
    assert set(np.unique(frame.layer("map").columns["component"])) == {0, 1}
    joined = Params(components="connect")
    frame = fitted(values, joined).evaluate(joined)
    assert "1 shortest edges were added" in texts(frame, grave=False)
    assert frame.metrics["components"] == 2


def test_duplicates_and_constant_columns_are_told():
    values = np.column_stack([roll(120)[0], np.ones(120)])
    values[100:] = values[:20]
    frame = fitted(values).evaluate(Params())
    assert "40 rows coincide" in texts(frame)
    assert "1 column is constant" in texts(frame)
    assert np.isfinite(positions(frame)).all()


def test_floored_and_clipped_distances_are_grave(small):
    early = small.evaluate(Params(kernel="exact", time=0.05))
    assert early.metrics["floor fraction"] > 0.05
    assert "too little heat" in texts(early, grave=True)
    late = small.evaluate(Params(kernel="exact", time=1000.0, volume=1.5))
    assert late.metrics["clipped fraction"] > 0.5
    assert "means nothing" in texts(late, grave=True)
    assert np.isfinite(positions(late)).all()


def test_log_time_near_zero_is_refused(small):
    with pytest.raises(DataError, match="divides by nearly 0"):
        small.evaluate(Params(kernel="exact", time=1.01, log_normalise=True))


@pytest.mark.parametrize(
    ("values", "params", "message"),
    [
        (np.ones((1, 2)), {}, "at least 4 rows"),
        (np.eye(2), {}, "at least 4 rows"),
        (np.ones((20, 2)), {}, "All rows are the same"),
        (np.eye(8), {"knn": 10}, "set neighbours to at most 7"),
        (np.where(np.eye(12) > 0, np.nan, 1.0), {}, "Column 'c0' has missing"),
    ],
)
def test_data_that_cannot_be_embedded(values, params, message):
    with pytest.raises(DataError, match=message):
        fitted(values, Params(**params))


def test_the_smallest_data_work():
    values = np.random.default_rng(0).normal(size=(4, 3))
    params = Params(knn=2, dimension=3)
    assert positions(fitted(values, params).evaluate(params)).shape == (4, 3)


@pytest.mark.parametrize(
    "change",
    [
        {"graph": "gaussian"},
        {"graph": "fuzzy", "laplacian": "normalised"},
        {"metric": "cosine", "anisotropy": 1.0},
        {"pca": 3, "metric": "manhattan"},
        {"decay": 2.0},
    ],
)
def test_other_graphs_give_maps(change):
    values = np.random.default_rng(0).normal(size=(90, 6))
    params = Params(**change)
    assert np.isfinite(positions(fitted(values, params).evaluate(params))).all()

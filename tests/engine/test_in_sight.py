"""Of a large photograph classical methods restore what is in sight first, then all of it.

What is large is made small here: the laws are the same.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from engine.data.photograph import Photograph
from engine.data.photographs import PICTURES
from engine.jobs import LiveWorker
from engine.method import Attends, Refines
from engine.restoration import (
    blurs,
    degradations,
    in_sight,
    noise,
    non_local_means,
    part,
    unbiased_risk,
)
from engine.restoration.gaussian import GaussianSmoothing
from engine.restoration.non_local_means import NonLocalMeans
from engine.restoration.pyramid import Pyramid
from engine.restoration.richardson_lucy import RichardsonLucy
from engine.restoration.total_variation import TotalVariation
from engine.restoration.training_pictures import read
from engine.restoration.tv_deconvolution import TVDeconvolution
from engine.restoration.wavelet import WaveletShrinkage
from engine.restoration.wiener import Wiener
from engine.stages import aside, finish
from tests.engine.conformance import same

LEVEL = 1 / 255
SIGHT = (91, 110, 139, 173)
"""Odd, and away from the borders."""
MOVES = {
    # The method, where it stands, a move, and by how much its picture of what is in sight may
    # differ from the whole's there: at most, and root mean square, in levels of 255. The
    # thresholds of wavelets are those of whole bands.
    "gaussian": (GaussianSmoothing, {"std": 1.0}, {"std": 2.5}, 0.0, 0.0),
    "non-local means": (NonLocalMeans, {"strength": 0.8}, {"strength": 1.0}, 0.001, 0.0002),
    "total variation": (TotalVariation, {"weight": 0.05}, {"weight": 0.08}, 0.001, 0.0002),
    "wavelets": (WaveletShrinkage, {"strength": 1.0}, {"strength": 1.3}, 8.0, 0.9),
    "wiener": (Wiener, {"balance": 0.003}, {"balance": 0.01}, 0.001, 0.0002),
    "richardson-lucy": (RichardsonLucy, {"iterations": 5}, {"iterations": 12}, 0.001, 0.0002),
    "tv deconvolution": (
        TVDeconvolution, {"weight": 1e-3, "iterations": 30}, {"weight": 2e-3}, 0.002, 0.0002),
}  # fmt: skip
each_method = pytest.mark.parametrize("name", MOVES)


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch):
    monkeypatch.setattr(in_sight, "LARGE", 40_000)
    monkeypatch.setattr(unbiased_risk, "SIDE", 64)


def photograph(channels=1, shape=(239, 278)):
    """Blurred and noisy; all is known of it."""
    clean = read(PICTURES / ("camera.png" if channels == 1 else "astronaut.png"))
    clean = clean[60 : 60 + shape[0], 40 : 40 + shape[1]]
    kernel = degradations.blur_kernel("gaussian", 1.2)
    stds = (1.2, 1.2, 0)[: clean.ndim]
    values = ndimage.gaussian_filter(clean, stds, mode="mirror")
    drawn = np.random.default_rng(0).standard_normal(clean.shape, np.float32)
    values = values + np.float32(6 * LEVEL) * drawn
    return Photograph(
        name="p", spec="p", values=values, truth=clean, sigma=6 * LEVEL, kernel=kernel
    )


def fitted(kind, data, **params):
    made = kind(kind.Params(**params))
    for _ in made.fit(data, rng=np.random.default_rng(0), device="cpu"):
        pass
    return made


def frames(made, params):
    return [f for f in made.refine(params) if f is not None]


def cut(values, box=SIGHT):
    return values[box[0] : box[2], box[1] : box[3]]


# What is in sight


@each_method
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_in_sight_comes_first_and_is_what_stays(name, channels):
    kind, before, move, most, mean = MOVES[name]
    made = fitted(kind, photograph(channels), **before)
    assert isinstance(made, Attends) and isinstance(made, Refines)
    made.attend(SIGHT)
    wanted = replace(made.params, **move)
    early, *_, settled = frames(made, wanted)
    assert early.coarse == "coarse around what is in sight" and early.params == wanted
    shown, whole = early.layer("restored"), settled.layer("restored").values
    assert shown.inset_at == SIGHT[:2] and shown.whole == whole.shape[:2]
    gap = (shown.inset - cut(whole)) / LEVEL
    assert np.abs(gap).max() <= most and np.sqrt(np.mean(gap**2)) <= mean
    for other in ("removed", "difference"):
        gap = early.layer(other).inset - cut(settled.layer(other).values)
        assert np.abs(gap).max() <= 4 * most * LEVEL + 1e-6
    assert np.abs(shown.inset - cut(made.photograph.values)).max() > LEVEL, "it is restored"


@each_method
def test_the_whole_knows_nothing_of_what_was_in_sight(name):
    kind, before, move, *_ = MOVES[name]
    data = photograph()
    made, other = (fitted(kind, data, **before) for _ in range(2))
    made.attend(SIGHT)
    wanted = replace(made.params, **move)
    settled = frames(made, wanted)[-1]
    assert settled.coarse == ""
    same(settled, other.evaluate(wanted))
    same(settled, frames(other, wanted)[-1])


@pytest.mark.parametrize("sight", [(0, 0, 70, 90), (-50, -9, 60, 70), (190, 230, 900, 900)])
@pytest.mark.parametrize(("name", "most"), [("gaussian", 0.0), ("wiener", 0.2)])
def test_sight_at_the_borders_is_cut_to_the_picture(name, most, sight):
    """Where the picture ends, the circle of a deconvolution is closed elsewhere."""
    kind, before, move, *_ = MOVES[name]
    made = fitted(kind, photograph(3), **before)
    made.attend(sight)
    early, *_, settled = frames(made, replace(made.params, **move))
    shown, whole = early.layer("restored"), settled.layer("restored").values
    top, left = shown.inset_at
    high, wide = shown.inset.shape[:2]
    assert (top, left) == (max(0, sight[0]), max(0, sight[1]))
    assert (top + high, left + wide) == (min(239, sight[2]), min(278, sight[3]))
    gap = shown.inset - whole[top : top + high, left : left + wide]
    assert np.abs(gap).max() <= most * LEVEL


def test_all_in_sight_is_the_whole_whatever_lies_beyond_its_borders():
    made = fitted(Wiener, photograph(), balance=0.003, borders="periodic")
    made.attend((0, 0, 239, 278))
    early, *_, settled = frames(made, replace(made.params, balance=0.01))
    assert early.coarse == "coarse around what is in sight"
    shown, whole = early.layer("restored"), settled.layer("restored").values
    assert shown.inset_at == (0, 0)
    np.testing.assert_array_equal(shown.inset, whole)


@pytest.mark.parametrize("sight", [None, (400, 0, 500, 90), (20, 500, 90, 600), (9, 9, 9, 90)])
def test_nothing_in_sight_needs_no_picture_of_its_own(sight):
    made = fitted(GaussianSmoothing, photograph(), std=1.0)
    if sight is not None:
        made.attend(sight)
    told = [f.coarse for f in frames(made, replace(made.params, std=2.0))]
    assert told == ["numbers and curves follow", ""]


def test_a_small_photograph_is_restored_at_once(monkeypatch):
    monkeypatch.setattr(in_sight, "LARGE", 239 * 278)
    made = fitted(GaussianSmoothing, photograph(), std=1.0)
    made.attend(SIGHT)
    told = [f.coarse for f in frames(made, replace(made.params, std=2.0))]
    assert told == ["scores follow", ""]


def test_all_in_sight_is_coarse_first_where_it_takes_long(monkeypatch):
    """The picture of a quarter of the pixels is near the mean of the settled one's fours."""
    data = photograph(3)
    made = fitted(NonLocalMeans, data, strength=0.8)
    made.attend((0, 0, 239, 278))
    monkeypatch.setattr(in_sight, "PATIENCE_S", 0.05)
    early, *others = frames(made, replace(made.params, strength=1.0))
    assert [f.coarse for f in (early, *others)] == [
        "at 1/2 of its size", "numbers and curves follow", ""
    ]  # fmt: skip
    shown = early.layer("restored")
    assert shown.values.shape == (120, 139, 3) and not shown.inset.size
    assert shown.whole == (239, 278)
    means = Pyramid(others[-1].layer("restored").values)[1]
    noisy = Pyramid(data.values)[1]
    gap, before = (np.sqrt(np.mean((p - means) ** 2)) for p in (shown.values, noisy))
    assert gap < before and gap < 3 * LEVEL
    moved = np.sqrt(np.mean((np.roll(shown.values, 1, axis=1) - means) ** 2))
    assert moved > 3 * gap, "not misplaced by a pixel"


def test_more_than_can_wait_is_coarse_then_sharp(monkeypatch):
    made = fitted(TotalVariation, photograph(), weight=0.05)
    made.attend(SIGHT)
    monkeypatch.setattr(in_sight, "PATIENCE_S", 4e-4)
    told = [f.coarse for f in frames(made, replace(made.params, weight=0.08))]
    assert told[:2] == ["at 1/4 of its size", "coarse around what is in sight"]
    monkeypatch.setattr(in_sight, "PATIENCE_S", 8e-4)
    told = [f.coarse for f in frames(made, replace(made.params, weight=0.09))]
    sharp = "coarse around what is in sight"
    assert told[:2] == [f"8 of 60 iterations, {sharp}", sharp], "from the last dual of this view"


def test_another_view_while_the_whole_is_computed_is_shown_too():
    made = fitted(NonLocalMeans, photograph(), strength=0.8)
    made.attend(SIGHT)
    running = made.refine(replace(made.params, strength=1.0))
    first = next(f for f in running if f is not None)
    made.attend((10, 20, 80, 90))
    second, *_, settled = (f for f in running if f is not None)
    for frame, box in ((first, SIGHT), (second, (10, 20, 80, 90))):
        shown = frame.layer("restored")
        assert shown.inset_at == box[:2]
        gap = shown.inset - cut(settled.layer("restored").values, box)
        assert np.abs(gap).max() < 0.005 * LEVEL


def test_a_view_that_stands_still_keeps_what_a_move_does_not_change():
    made = fitted(Wiener, photograph(), balance=0.003)
    made.attend(SIGHT)
    for balance in (0.01, 0.02, 0.03):
        next(f for f in made.refine(replace(made.params, balance=balance)) if f is not None)
    (_, other), *more = made._sight._others.values()
    assert not more and other.stages.computed["spectra"] == 1
    assert made.stages.computed["spectra"] == 1, "the whole was not asked for"


# Settings left open


@pytest.mark.parametrize("name", [n for n in MOVES if n != "gaussian"])
def test_settings_left_open_are_those_settled_before(name):
    kind, before, *_ = MOVES[name]
    left = kind.left_open
    rest = {k: v for k, v in before.items() if k != left}
    data = replace(photograph(), sigma=None)
    made = fitted(kind, data, **rest)
    made.attend(SIGHT)
    chosen = made.evaluate(made.params).chosen
    # A move that the settings left open do not hang on.
    wanted = replace(made.params, gain=5.0)
    made.stages._kept.pop("settled")
    early, *_, settled = frames(made, wanted)
    assert dict(early.chosen) == dict(settled.chosen) == dict(chosen)
    noisier = replace(made.params, sigma=2 * chosen["sigma"])
    early = next(f for f in made.refine(noisier) if f is not None)
    power = {"total variation": 2, "wiener": 4, "tv deconvolution": 4}.get(name, 1)
    assert early.chosen[left] == pytest.approx(power * chosen[left])


@pytest.mark.parametrize("name", ["total variation", "wiener", "richardson-lucy"])
def test_without_a_settled_picture_the_middle_tells_settings(name, monkeypatch):
    kind, before, *_ = MOVES[name]
    data = replace(photograph(), sigma=None)
    rest = {k: v for k, v in before.items() if k != kind.left_open}
    whole = fitted(kind, data, **rest)
    made = kind.from_state(whole.params, whole.state())
    made.attend(SIGHT)
    monkeypatch.setattr(in_sight, "MIDDLE", 64)
    monkeypatch.setattr(in_sight, "LISTENED", 64)
    early = next(f for f in made.refine(made.params) if f is not None)
    middle = fitted(kind, replace(part.middle_of(data, 64), sigma=None), **rest)
    wanted = middle.evaluate(middle.params).chosen
    assert early.chosen["sigma"] == pytest.approx(wanted["sigma"], rel=1e-6)
    if name != "total variation":  # whose probe is drawn with another seed
        assert early.chosen[kind.left_open] == pytest.approx(wanted[kind.left_open], rel=1e-6)
    assert early.coarse == "coarse around what is in sight"


def test_without_a_settled_picture_the_noise_is_that_before_a_jpeg():
    clean = read(PICTURES / "camera.png")[:240, :280]
    drawn = np.random.default_rng(0).standard_normal(clean.shape, np.float32)
    values = degradations.jpeg(clean + np.float32(12 * LEVEL) * drawn, 40)
    data = Photograph(name="j", spec="j", values=values)
    whole = fitted(NonLocalMeans, data, strength=0.8)
    made = NonLocalMeans.from_state(whole.params, whole.state())
    made.attend(SIGHT)
    early, *_, settled = frames(made, made.params)
    assert early.chosen["sigma"] == pytest.approx(settled.chosen["sigma"])
    assert early.chosen["sigma"] > 1.3 * 255 * noise.estimated_sigma(values)


# Coarser levels


@pytest.mark.parametrize("kind", ["gaussian", "disc", "motion"])
def test_a_coarser_kernel_keeps_sum_centre_and_width(kind):
    kernel = degradations.blur_kernel(kind, 7.0, 30.0)
    for level in (1, 2):
        found = blurs.coarser(kernel, level)
        assert found.sum() == pytest.approx(1) and found.shape[0] % 2 == 1
        fine, coarse = (_moments(k) for k in (kernel, found))
        np.testing.assert_allclose(coarse[0], np.array(fine[0]) / 2**level, atol=1e-9)
        # Sharing between two places widens by at most a quarter of a pixel squared.
        gap = coarse[1] - np.array(fine[1]) / 4**level
        assert (gap > -1e-9).all() and (gap < 0.26).all()


def _moments(kernel):
    """Means and variances along both sides, about the centre."""
    at = [np.arange(n) - n // 2 for n in kernel.shape]
    means = [kernel.sum(axis=1 - k) @ at[k] for k in (0, 1)]
    return means, [kernel.sum(axis=1 - k) @ (at[k] - means[k]) ** 2 for k in (0, 1)]


@pytest.mark.parametrize(
    ("kind", "params", "name"),
    [(GaussianSmoothing, {"std": 3.0}, "std"), (TotalVariation, {"weight": 0.2}, "weight"),
     (Wiener, {"balance": 0.01}, "balance"),
     (RichardsonLucy, {"iterations": 20, "smoothing": 0.01}, "smoothing"),
     (TVDeconvolution, {"weight": 3e-3}, "weight")],
)  # fmt: skip
def test_parameters_mean_the_same_at_a_coarser_level(kind, params, name):
    """A level restored is nearest to that of what is restored where they are scaled, nearer than
    unscaled or scaled twice, and much nearer than before."""
    data = scene()
    made = kind(kind.Params(**params))
    whole = finish(made.given(data, made.params, data.sigma)).values
    settled, seen = (Pyramid(values)[1] for values in (whole, data.values))
    level = part.cut_of(data, seen, (0, 0, *settled.shape), 1)

    def gap(values):
        return float(np.sqrt(np.mean((values - settled)[20:-20, 20:-20] ** 2)))

    def at(params):
        return gap(finish(kind(params).given(level, params, data.sigma / 2)).values)

    coarser = made.coarser(made.params, 1)
    twice = replace(coarser, **{name: getattr(coarser, name) / 2})
    assert at(coarser) < min(at(made.params), at(twice), 0.65 * gap(seen))


def scene():
    """Of pixels so small that half of them a side tell nearly all."""
    clean = ndimage.zoom(read(PICTURES / "camera.png")[60:220, 40:200], 2, order=1)
    kernel = degradations.blur_kernel("gaussian", 2.4)
    values = ndimage.convolve(np.clip(clean, 0, 1), kernel, mode="mirror")
    drawn = np.random.default_rng(0).standard_normal(clean.shape, np.float32)
    return Photograph(
        name="s", spec="s", values=values + np.float32(12 * LEVEL) * drawn, sigma=12 * LEVEL,
        kernel=kernel,
    )  # fmt: skip


# Who asks is heard


def test_a_move_while_what_is_in_sight_is_restored_is_heard():
    """Given up at any yield, no block goes on but the one under way; the next move is answered."""
    data = photograph()
    for name in ("total variation", "richardson-lucy", "tv deconvolution"):
        kind, before, move, *_ = MOVES[name]
        made = fitted(kind, data, **before)
        made.attend(SIGHT)
        wanted = replace(made.params, **move)
        running = made.refine(wanted)
        for _ in range(3):
            next(running)
        running.close()
        settled = frames(made, made.params)
        assert [f.coarse for f in settled] == [""], "that was settled by the fit"
        fresh = fitted(kind, data, **before)
        same(frames(made, wanted)[-1], fresh.evaluate(wanted))


def test_the_newest_of_two_moves_is_the_one_that_is_settled():
    made = fitted(TotalVariation, photograph(3), weight=0.05)
    made.attend(SIGHT)
    first, second = (replace(made.params, weight=w) for w in (0.08, 0.1))
    shown, failed, done = [], [], threading.Event()

    def on_frame(frame):
        shown.append(frame)
        if frame.tag == "first" and len(shown) == 1:
            worker.submit("second", made, second, dragging=False)
        if frame.tag == "second" and frame.settled:
            done.set()

    worker = LiveWorker(on_frame, lambda *told: failed.append(told))
    worker.submit("first", made, first, dragging=False)
    assert done.wait(30) and not failed
    worker.close()
    assert [f.tag for f in shown[:2]] == ["first", "second"]
    assert not any(f.settled for f in shown if f.tag == "first")
    same(shown[-1].snapshot, fitted(TotalVariation, photograph(3), weight=0.1).evaluate(second))


def test_what_nobody_waits_for_ends_with_its_block():
    """And the next computation of the same instance begins after it."""
    log, lock, held = [], threading.Lock(), threading.Event()

    def blocks(name):
        try:
            for k in range(3):
                log.append((name, k))
                if name == "old":
                    held.wait(5)
                yield
        finally:
            log.append((name, "end"))
        return name

    old = aside(blocks("old"), lock)
    assert next(old) is None
    old.close()
    new = aside(blocks("new"), lock)
    next(new)
    assert log == [("old", 0)]
    held.set()
    assert finish(new) == "new"
    assert [entry for entry in log if entry[0] == "old"] == [("old", 0), ("old", "end")]
    assert log.index(("old", "end")) < log.index(("new", 0))


def test_a_block_that_holds_a_core_lets_go_in_between():
    """As many yields as a second has room for, and none is computed while nobody asks."""
    done = []

    def blocks():
        for k in range(3):
            time.sleep(0.3)
            done.append(k)
            yield
        return "whole"

    running = aside(blocks())
    count = sum(1 for _ in zip(range(10), running, strict=False))
    assert count == 10 and len(done) < 3
    time.sleep(0.5)
    assert len(done) < 3, "one block at most"
    assert finish(running) == "whole" and done == [0, 1, 2]


def test_tiles_reach_as_far_as_the_margin_says():
    """A pixel changed just beyond the margin changes no mean."""
    y = np.random.default_rng(0).uniform(size=(80, 80)).astype(np.float32)
    for reach in ("near", "wide"):
        far = non_local_means.margin(reach)
        other = y.copy()
        other[40, 40 + far] += 0.5
        one, two = (
            finish(non_local_means.denoised(v, 1.0, sigma=0.3, reach=reach)) for v in (y, other)
        )
        assert abs(one[40, 40] - two[40, 40]) < 1e-6
        other = y.copy()
        other[40, 40 + far - 2] += 0.5
        two = finish(non_local_means.denoised(other, 1.0, sigma=0.3, reach=reach))
        assert abs(one[40, 40] - two[40, 40]) > 1e-5

"""Deblurring with a rough kernel: the steps of the iteration, and what it reaches.

The whole published length of 1500 steps is marked slow and not run by default; it takes about five
minutes: `python3 packaging/check.py tests/engine/test_deep_residual_prior.py -m slow`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import fft
from skimage.transform import resize

from engine import catalog
from engine.method import DataError
from engine.params import to_json
from engine.restoration.alternation import NOISE, Alternation, cosines, variation
from engine.restoration.borders import carried_on
from engine.restoration.deep_residual_params import DeepResidualParams, Weights
from engine.restoration.deep_residual_picture import wiener
from engine.restoration.degradations import blur_kernel, circular_blur
from engine.restoration.quality import psnr
from engine.restoration.skip_network import SkipNetwork
from engine.runs import Fit, RunSpec
from tests.engine import conformance as owed

CAMERA = Path(__file__).parents[2] / "resources" / "pictures" / "camera.png"
CARD = catalog.card("restoration.deep_residual_prior")
ALONE = Weights(l1=math.inf, l2=math.inf, l3=0.0)


def waves(side=64):
    y, x = np.mgrid[0:side, 0:side]
    return np.asarray(0.5 + 0.3 * np.sin(x / 4.0) * np.cos(y / 5.0), np.float32)[None]


@pytest.mark.parametrize("n", [1, 7, 128])
def test_the_cosine_transform_is_orthonormal(n):
    d = cosines(n).double()
    assert float((d @ d.T - torch.eye(n)).abs().max()) < 1e-6
    x = np.random.default_rng(0).standard_normal(n)
    np.testing.assert_allclose(d.numpy() @ x, fft.dct(x, norm="ortho"), atol=1e-5)


def test_ringing_is_what_is_left_with_its_cosine_transform_shrunk():
    rng = np.random.default_rng(0)
    iteration = Alternation(np.zeros((3, 64, 96)), np.ones((1, 1)), rng)
    left = rng.standard_normal((1, 3, 64, 96)).astype(np.float32)
    c = fft.dctn(left.astype(np.float64), axes=(2, 3), norm="ortho")
    wanted = fft.idctn(np.sign(c) * np.maximum(np.abs(c) - 0.7, 0), axes=(2, 3), norm="ortho")
    found = iteration._shrunk(torch.from_numpy(left), 0.7).numpy()
    assert np.abs(found - wanted).max() < 1e-5

    # It is the minimum of |h - left|^2 + 2 tau |D h|_1: no small change lowers it.
    def energy(h):
        sparse = np.abs(fft.dctn(h, axes=(2, 3), norm="ortho")).sum()
        return np.square(h - left).sum() + 2 * 0.7 * sparse

    for _ in range(5):
        assert energy(wanted + 1e-3 * rng.standard_normal(left.shape)) > energy(wanted)


def test_a_step_does_what_the_formulas_say():
    """Ringing threshold l1 N / 2; afterwards no frequency of the data term exceeds it."""
    rng = np.random.default_rng(0)
    seen = waves() + 0.05 * rng.standard_normal((1, 64, 64))
    iteration = Alternation(seen, blur_kernel("gaussian", 1.5), rng)
    weights = Weights(l1=1e-5, l2=1e-5)
    for _ in range(3):
        terms = iteration.advance(weights)
    gap = iteration.blurred(iteration.image) - iteration.seen
    left = (gap + iteration.residual + iteration.ringing)[0, 0].double().numpy()
    assert abs(np.mean(left**2) / terms.data - 1) < 1e-4
    assert abs(float(gap.square().mean()) / terms.unexplained - 1) < 1e-4
    threshold = 1e-5 * 64 * 64 / 2
    assert abs(np.abs(fft.dctn(left, norm="ortho")).max() / threshold - 1) < 1e-3


def test_blurring_is_periodic_convolution():
    rng = np.random.default_rng(0)
    picture, kernel = rng.uniform(size=(64, 64)), blur_kernel("motion", 9, 30)
    iteration = Alternation(picture[None], kernel, rng)
    found = iteration.blurred(iteration.seen)[0, 0].numpy()
    np.testing.assert_allclose(found, circular_blur(picture, kernel), atol=1e-5)


def test_without_residuals_it_is_the_deep_image_prior_step_for_step():
    kernel = blur_kernel("gaussian", 1.2)
    iteration = Alternation(waves(), kernel, np.random.default_rng(4))
    rng = np.random.default_rng(4)
    noise = torch.from_numpy(rng.uniform(0, NOISE, (2, 1, 1, 64, 64))).float()[0]
    network = SkipNetwork(1, rng)
    optimiser = torch.optim.Adam(network.parameters(), lr=ALONE.rate, fused=True)
    seen, average = iteration.seen, torch.zeros(())
    for k in range(6):
        iteration.advance(ALONE)
        optimiser.zero_grad()
        image = torch.sigmoid(network(noise))
        kept = (1 + k) / (10 + k) if k else 0
        average = kept * average + (1 - kept) * image.detach()
        (iteration.blurred(image) - seen).square().mean().backward()
        optimiser.step()
        assert float((iteration.image - image.detach()).abs().max()) < 1e-4
        assert float((iteration.average - average).abs().max()) < 1e-4
        assert float(iteration.residual.abs().max()) == float(iteration.ringing.abs().max()) == 0


def test_variation_is_that_of_a_ramp():
    y, x = np.mgrid[0:20, 0:30].astype(np.float64)
    ramp = torch.from_numpy(3 * x + 4 * y)[None, None]
    assert abs(float(variation(ramp, True)) - 5) < 1e-6
    assert abs(float(variation(ramp, False)) - 2 * 25) < 1e-9


def test_what_goes_on_beyond_the_borders_meets_at_the_opposite_one():
    rng = np.random.default_rng(0)
    for shape in ((50, 70), (1, 1), (33, 40, 3)):
        values = rng.uniform(size=shape).astype(np.float32)
        planes, frame = carried_on(values, 9, multiple=32, least=64)
        assert planes.shape[1] % 32 == planes.shape[2] % 32 == 0 and min(planes.shape[1:]) >= 64
        np.testing.assert_allclose(frame.inside(planes), values, atol=1e-7)
        jumps = [np.abs(planes[:, 0] - planes[:, -1]), np.abs(planes[..., 0] - planes[..., -1])]
        assert max(j.max() for j in jumps) < 0.02
    periodic, frame = carried_on(np.ones((64, 96)), 0, multiple=32, least=64)
    assert periodic.shape == (1, 64, 96)


def fitted(data, params, changes=()):
    spec = RunSpec(method=CARD.id, data=data.spec, params=to_json(params), step_changes=changes)
    fit = Fit(spec, data)
    for _ in fit:
        pass
    return fit


def test_a_kernel_changed_in_the_run_counts_from_the_next_step_and_is_repeated():
    data = owed.photograph()
    before = owed.params_for(CARD, steps=12)
    after = replace(before, kind="motion", size=5.0, angle=20.0, l1=1e-6)
    fit = Fit(RunSpec(method=CARD.id, data=data.spec, params=to_json(before)), data)
    for step in fit:
        if step.index == 5 and fit.params == before:
            fit.change(after)
    again = fitted(data, before, tuple(fit.history))
    owed.same(fit.result(), again.result())
    assert fit.result().layer("kernel").values.shape == blur_kernel("motion", 5.0, 20.0).shape
    assert owed.differ(fit.result(), fitted(data, before).result())
    assert owed.differ(fit.result(), fitted(data, after).result())


def test_a_fit_stops_when_the_picture_explains_all_but_the_noise():
    """With the ringing's share the noise would be reached at once."""
    clean, kernel = waves()[0], blur_kernel("gaussian", 1.2)
    noise = 0.1 * np.random.default_rng(0).standard_normal(clean.shape)
    seen = circular_blur(clean, kernel) + noise
    data = replace(owed.photograph_of(clean, 0.1), values=seen, kernel=kernel)
    # Smoothness would keep the picture from the noise for twice as long.
    params = DeepResidualParams(size=1.2, steps=400, periodic=True, l3=0.0)
    # The truth would be shown and not looked at: one run does without.
    one, other = (fitted(d, params) for d in (data, replace(data, truth=None)))
    method, found = one.method, one.method._fitted
    assert 10 < found.ended < 400 and len(found.course) == found.ended
    assert found.course[-1, 2] < 0.1**2 <= found.course[:-1, 2].min()
    assert found.course[0, 1] < 0.1**2
    assert "Stopped" in method.evaluate(params).notes[0].text
    pictures = [f.result().layer("restored").values for f in (one, other)]
    np.testing.assert_array_equal(*pictures)


def test_pictures_that_cannot_be_taken_are_refused_in_a_sentence():
    large = owed.photograph_of(np.zeros((1100, 1000)))
    with pytest.raises(DataError, match="million"):
        fitted(large, owed.params_for(CARD))
    with pytest.raises(DataError, match="multiples"):
        fitted(owed.photograph(), owed.params_for(CARD, periodic=True))


def motion(length, angle, reach=7):
    """A line of `length` pixels, drawn at many points between which pixels share."""
    t = np.linspace(-0.5, 0.5, 20 * length) * (length - 1)
    y, x = reach - t * np.sin(np.deg2rad(angle)), reach + t * np.cos(np.deg2rad(angle))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    i, j = np.floor(y).astype(int), np.floor(x).astype(int)
    for down in (0, 1):
        for right in (0, 1):
            share = np.abs(1 - down - (y - i)) * np.abs(1 - right - (x - j))
            np.add.at(kernel, (i + down, j + right), share)
    return kernel / kernel.sum()


class Camera:
    """A picture blurred along 10 degrees, where 20 are assumed."""

    def __init__(self):
        whole = np.asarray(Image.open(CAMERA), np.float64) / 255
        self.clean = resize(whole, (128, 128), anti_aliasing=True)
        noise = 0.01 * np.random.default_rng(0).standard_normal(self.clean.shape)
        self.assumed = motion(10, 20)
        self.seen = circular_blur(self.clean, motion(10, 10)) + noise
        self.residual = self.seen - circular_blur(self.clean, self.assumed)

    def wiener(self, kernel):
        weights = np.geomspace(1e-4, 1, 41)
        return max(psnr(wiener(self.seen[None], kernel, b)[0], self.clean) for b in weights)

    def fitted(self, steps, seed, weights):
        """The iteration after so many steps."""
        iteration = Alternation(self.seen[None], self.assumed, np.random.default_rng(seed))
        for _ in range(steps):
            iteration.advance(weights)
        return iteration

    def psnr(self, planes):
        return psnr(planes[0, 0].numpy(), self.clean)

    def likeness(self, iteration):
        both = (iteration.residual + iteration.ringing)[0, 0].numpy()
        return np.corrcoef(both.ravel(), self.residual.ravel())[0, 1]


def test_the_picture_of_the_check_is_the_one_whose_figures_are_known():
    camera = Camera()
    assert abs(psnr(camera.seen, camera.clean) - 23.02) < 0.01
    assert abs(camera.wiener(motion(10, 10)) - 27.07) < 0.01
    assert abs(camera.wiener(camera.assumed) - 25.24) < 0.01


def holds(camera, whole):
    """The bounds of the full check."""
    found = camera.psnr(whole.average)
    assert found >= 25.4 and found >= camera.wiener(camera.assumed) + 0.2
    assert camera.likeness(whole) >= 0.45
    return found


def test_a_wrong_kernel_is_lived_with():
    """The bounds of 1500 steps after 250: 25.77 dB, the deep image prior alone 24.29, likeness
    0.68."""
    camera = Camera()
    whole, alone = (camera.fitted(250, 0, weights) for weights in (Weights(), ALONE))
    assert holds(camera, whole) > camera.psnr(alone.average) + 0.8
    # The running mean has left the start behind.
    assert camera.psnr(whole.average) > camera.psnr(whole.image) - 0.15


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_a_wrong_kernel_is_lived_with_for_longer(seed):
    """Minutes, so not run by default; see the module's docstring for the command.

    Running mean in dB with the seeds 0, 1, 2, 3; of the prior alone also what a later run
    found:

        as it is                   26.53  26.44  26.54  26.35
        without smoothness weight  25.33  25.69  25.50  25.25
        deep image prior alone     25.40  25.56  25.56  25.54
                                   25.81  25.45

    Without the smoothness weight the bounds fail with the seeds 0 and 3, and a second program
    written from the formulas gives the same: 25.33 and 25.32. The prior alone with a smoothness
    weight of its own reaches 25.89 (seed 0, that program).
    """
    camera = Camera()
    whole, alone = (camera.fitted(1500, seed, weights) for weights in (Weights(), ALONE))
    assert holds(camera, whole) > camera.psnr(alone.average)

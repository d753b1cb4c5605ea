"""Two minutes of training a tunable network from nothing: the family's check C4, and with it that
tunable kernels are worth more than opacity after equally many steps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine import device
from engine.restoration.networks import MergedNetwork
from engine.restoration.quality import psnr
from engine.restoration.training import Recipe, Training
from engine.restoration.training_pictures import folder, read

PLACES = (0.0, 0.1, 0.3, 0.5, 0.7, 1.0)
STEPS = 2000


@pytest.fixture(scope="module")
def curves():
    """By noise in levels: PSNR at each place of the slider, and of the best blend of the strongest
    result with what was seen."""
    where = folder()
    if where is None or not (where / "astronaut.png").exists():
        pytest.skip("scikit-image's photographs are not at hand")
    threads = torch.get_num_threads()
    device.single_thread()
    try:
        training = Training(Recipe(shape="live-colour", steps=STEPS))
        for _ in range(STEPS):
            training.advance()
    finally:
        torch.set_num_threads(threads)
    merged = MergedNetwork(training.averaged())
    clean = read(where / "astronaut.png")
    found = {}
    for sigma in (15, 25, 50):
        noise = np.random.default_rng(1).standard_normal(clean.shape)
        noisy = (clean + sigma / 255 * noise).astype(np.float32)
        seen = torch.from_numpy(np.ascontiguousarray(np.moveaxis(noisy, 2, 0)[None]))
        for place in sorted({*PLACES, sigma / 50}):
            merged.at(torch.tensor([place]))
            restored = np.moveaxis(merged(seen)[0].numpy(), 0, 2)
            found[sigma, place] = psnr(restored, clean)
        blends = [noisy + a * (restored - noisy) for a in np.linspace(0, 1, 21)]
        found[sigma, "blend"] = max(psnr(b, clean) for b in blends)
    return found


@pytest.mark.slow
def test_a_short_training_reaches_what_was_measured(curves):
    for sigma, least in ((15, 31.0), (25, 28.6), (50, 25.3)):
        assert curves[sigma, sigma / 50] >= least


@pytest.mark.slow
def test_a_short_training_is_not_opacity(curves):
    """P1 asks for 2 dB at noise 15, C4 for 2.2 there and 1.2 at 25."""
    assert curves[15, 0.3] >= curves[15, "blend"] + 2.2
    assert curves[25, 0.5] >= curves[25, "blend"] + 1.2


@pytest.mark.slow
def test_a_short_training_knows_the_noise_of_each_place(curves):
    for sigma, best in ((15, 0.3), (25, 0.5)):
        assert max(PLACES, key=lambda place: curves[sigma, place]) == best

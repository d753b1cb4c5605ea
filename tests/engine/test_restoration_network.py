"""Tunable convolutions and the network of them: merging, exact optima, tiles, training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from scipy.ndimage import correlate
from torch.nn import functional

from engine import device
from engine.restoration import model, objectives, positions, procedural, sliders
from engine.restoration.networks import SHAPES, MergedNetwork, Shape, TunableNetwork
from engine.restoration.quality import psnr
from engine.restoration.training import Recipe, Training
from engine.restoration.training_pictures import GRAINED_SHARE, Pool
from engine.restoration.tunable_convolution import TunableConvolution, encoding

PICTURES = Path(__file__).parents[2] / "resources" / "pictures"


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def convolution(mixing, dtype=torch.float64, sliders=3):
    made = TunableConvolution(
        48, 48, 3, sliders=sliders, mixing=mixing, rng=np.random.default_rng(0), dtype=dtype
    )
    with torch.no_grad():
        for value in (made.bias, made.slope, made.offset):
            if mixing != "linear" or value is made.bias:
                value.add_(torch.randn(value.shape, generator=seeded(1), dtype=dtype))
    return made


@pytest.mark.parametrize("mixing", ["linear", "mlp", "mip"])
@pytest.mark.parametrize(("dtype", "bound"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_one_mixed_kernel_does_what_the_sum_of_convolutions_does(mixing, dtype, bound):
    layer = convolution(mixing, dtype)
    x = torch.randn(2, 48, 20, 24, generator=seeded(2), dtype=dtype)
    omega = torch.rand(2, 3, generator=seeded(3), dtype=dtype)
    with torch.no_grad():
        grouped = layer(x, omega)
        for k in range(2):
            c = layer.coefficients(omega[k])
            summed = sum(
                c[i] * functional.conv2d(x[k : k + 1], layer.weight[i], layer.bias[i], 1, 1)
                for i in range(layer.kernels)
            )
            scale = float(summed.abs().max())
            merged = layer(x[k : k + 1], omega[k])
            assert float((merged - summed).abs().max()) < bound * scale
            assert float((grouped[k : k + 1] - summed).abs().max()) < bound * scale


def test_the_circular_encoding_has_one_length_at_every_position():
    omega = torch.rand(50, 3, generator=seeded(), dtype=torch.float64)
    lengths = encoding(omega, "mip").norm(dim=-1)
    assert float((lengths - 3**0.5).abs().max()) < 1e-12


@pytest.mark.parametrize("mixing", ["linear", "mlp"])
def test_squared_errors_to_two_targets_have_the_blend_as_their_optimum(mixing):
    """Spec of the family, check C2: kernel_1 is the least-squares filter, kernel_2 a delta."""
    clean = np.asarray(Image.open(PICTURES / "camera.png"), np.float64)[128:384, 128:384] / 255
    noisy = clean + 25 / 255 * np.random.default_rng(0).standard_normal(clean.shape)
    layer = TunableConvolution(
        1, 1, 5, sliders=2, mixing=mixing, rng=np.random.default_rng(0), dtype=torch.float64
    )
    x, t = torch.from_numpy(noisy)[None, None], torch.from_numpy(clean)[None, None]
    inside = (slice(None), slice(None), slice(2, -2), slice(2, -2))
    at = [torch.tensor([1 - u, u], dtype=torch.float64) for u in (0, 0.25, 0.5, 0.75, 1)]
    optimiser = torch.optim.LBFGS(
        [p for p in layer.parameters() if p.requires_grad],
        max_iter=120, history_size=50, tolerance_grad=1e-14, tolerance_change=1e-18,
        line_search_fn="strong_wolfe",
    )  # fmt: skip

    def loss():
        optimiser.zero_grad()
        total = sum(
            objectives.weighted_sum(
                layer(x, omega)[inside], [t[inside], x[inside]], omega,
                [objectives.squared] * 2, [1.0, 1.0],
            )
            for omega in at
        )  # fmt: skip
        total.backward()
        return total

    optimiser.step(loss)
    windows = np.lib.stride_tricks.sliding_window_view(noisy, (5, 5)).reshape(-1, 25)
    design = np.column_stack([windows, np.ones(len(windows))])
    filtered = np.linalg.lstsq(design, clean[2:-2, 2:-2].ravel(), rcond=None)[0]
    delta = np.zeros(26)
    delta[12] = 1
    for u, wanted in ((0.0, 26.647), (0.3, 25.477), (0.5, 23.954), (1.0, 20.176)):
        with torch.no_grad():
            kernel, bias = layer.merged(torch.tensor([1 - u, u], dtype=torch.float64))
        found = np.append(kernel.numpy().ravel(), bias.numpy())
        gap = np.abs(found - ((1 - u) * filtered + u * delta)).max()
        assert gap < (1e-5 if mixing == "linear" else 5e-3)
        restored = correlate(noisy, kernel.numpy()[0, 0], mode="constant") + float(bias)
        assert abs(psnr(restored[2:-2, 2:-2], clean[2:-2, 2:-2]) - wanted) < 0.01


def network(shape=SHAPES["live-colour"], mixing="mip", sliders=1, seed=0):
    made = TunableNetwork(shape, sliders=sliders, mixing=mixing, rng=np.random.default_rng(seed))
    # At the start the last layer is small; a test of tiles needs it to matter.
    with torch.no_grad():
        made.convolution("last").weight.mul_(10)
    return made


@pytest.mark.parametrize("sliders", [1, 3])
def test_the_merged_network_is_the_tunable_one(sliders):
    made = network(sliders=sliders)
    merged = MergedNetwork(made)
    x = torch.rand(1, 3, 64, 48, generator=seeded(4))
    outputs = []
    for value in (0.0, 0.3, 1.0):
        omega = torch.full((sliders,), value)
        merged.at(omega)
        with torch.no_grad():
            wanted = made(x, omega)
        outputs.append(merged(x))
        assert float((outputs[-1] - wanted).abs().max()) < 1e-5
        assert float(outputs[-1].std()) > 1e-3
    assert float((outputs[0] - outputs[2]).abs().max()) > 1e-2


def test_several_positions_in_one_call_are_those_of_each():
    made = network()
    x = torch.rand(4, 3, 32, 32, generator=seeded(5))
    omegas = torch.tensor([[0.2], [0.9]])
    with torch.no_grad():
        both = made(x, omegas)
        parts = [made(x[:2], omegas[0]), made(x[2:], omegas[1])]
    assert float((both - torch.cat(parts)).abs().max()) < 1e-6


@pytest.mark.parametrize("mixing", ["mlp", "mip"])
def test_a_small_move_of_the_slider_is_a_small_change(mixing):
    made = network(mixing=mixing)
    x = torch.rand(1, 3, 64, 64, generator=seeded(6))
    with torch.no_grad():
        one, other = (made(x, torch.tensor([v])) for v in (0.5, 0.5 + 1 / 256))
    assert 0 < float((one - other).square().mean().sqrt()) < 1 / 255


def test_sizes_of_the_networks():
    """Merged sizes as the published table of this family has them, to 2 %."""
    for name, thousands in (("nano-colour", 54), ("live-colour", 102), ("fine-colour", 208)):
        shape = SHAPES[name]
        count = sum(
            inputs * outputs * side**2 + outputs
            for inputs, outputs, side, _, _ in shape.convolutions().values()
        )
        assert abs(count / 1000 - thousands) < 0.02 * thousands + 1


def test_positions_cover_the_range_and_its_ends():
    rng = np.random.default_rng(0)
    drawn = np.stack([positions.stratified(4, rng)[:, 0] for _ in range(2000)])
    assert ((drawn >= np.arange(4) / 4) & (drawn <= (np.arange(4) + 1) / 4)).all()
    assert 0.03 < (drawn == 0).mean() < 0.07
    assert 0.08 < (drawn == 1).mean() < 0.12
    weights = positions.simplex(4, 3, rng)
    np.testing.assert_allclose(weights.sum(1), 1)
    boxed = np.concatenate([positions.box(4, 2, rng) for _ in range(500)])
    assert abs(np.corrcoef(boxed.T)[0, 1]) < 0.06


def test_texture_objectives_reward_energy_wherever_it_is():
    rng = np.random.default_rng(0)
    noise, other = (torch.from_numpy(0.1 * rng.standard_normal((1, 3, 64, 64))) for _ in "ab")
    flat = torch.zeros_like(noise)
    for objective in (objectives.gradient_histogram, objectives.band_energy,
                      objectives.band_divergence):  # fmt: skip
        assert float(objective(noise, noise)) == 0
        assert float(objective(other, noise)) < 0.3 * float(objective(flat, noise))
    assert float(objectives.squared(other, noise)) > 1.5 * float(objectives.squared(flat, noise))


def test_energies_that_cannot_be_told_are_met_in_their_median_or_their_mean():
    """A texture that is strong in one of three places: the constant energy that is best over all
    places is that of the weak for the distance of logarithms, the mean for the divergence."""
    rng = np.random.default_rng(0)
    weak, strong = (torch.from_numpy(s * rng.standard_normal((1, 1, 256, 256)))
                    for s in (0.05, 0.2))  # fmt: skip
    strengths = np.geomspace(0.03, 0.3, 25)
    texture = torch.from_numpy(rng.standard_normal((1, 1, 256, 256)))
    for objective, wanted in (
        (objectives.band_energy, 0.05),
        (objectives.band_divergence, np.sqrt((2 * 0.05**2 + 0.2**2) / 3)),
    ):
        losses = [2 * float(objective(s * texture, weak)) + float(objective(s * texture, strong))
                  for s in strengths]  # fmt: skip
        best = strengths[int(np.argmin(losses))]
        assert best == pytest.approx(wanted, rel=0.12)


@pytest.fixture(scope="module")
def pool():
    return Pool(3, seed=0, made=4, side=96)


SMALL = Recipe(shape="nano-colour", steps=12, patches=1, side=32)


def test_a_training_resumed_is_the_training_that_was_not_stopped(tmp_path, pool):
    threads = torch.get_num_threads()
    device.single_thread()
    try:
        whole = Training(SMALL, pool)
        losses = [whole.advance() for _ in range(8)]
        half = Training(SMALL, pool)
        for _ in range(5):
            half.advance()
        half.save(tmp_path / "checkpoint.pt")
        rest = Training.resumed(tmp_path / "checkpoint.pt", pool)
        assert [rest.advance() for _ in range(3)] == losses[5:]
        for name, value in whole.average.items():
            assert torch.equal(rest.average[name], value)
    finally:
        torch.set_num_threads(threads)


def test_a_network_with_more_sliders_begins_as_the_one_with_fewer(tmp_path, pool):
    one = Training(SMALL, pool)
    for _ in range(6):
        one.advance()
    one.save(tmp_path / "checkpoint.pt")
    more = Recipe(shape="nano-colour", sliders=("strength", "deblur", "jpeg"), patches=1, side=32)
    wide = Training.widened(tmp_path / "checkpoint.pt", more, pool)
    x = torch.rand(1, 3, 32, 32, generator=seeded(7))
    with torch.no_grad():
        for value in (0.0, 0.4, 1.0):
            narrow = one.averaged()(x, torch.tensor([value]))
            same = wide.averaged()(x, torch.tensor([value, 0.0, 0.0]))
            assert float((narrow - same).abs().max()) < 1e-5
    for _ in range(4):
        wide.advance()
    with torch.no_grad():
        blunt, sharp = (wide.network(x, torch.tensor([0.4, d, 0.0])) for d in (0.0, 1.0))
    assert float((blunt - sharp).abs().max()) > 1e-5


def test_a_training_begins_with_a_packed_network(tmp_path, pool):
    one = Training(SMALL, pool)
    for _ in range(3):
        one.advance()
    packed = model.Model(one.averaged(), SMALL.sliders)
    model.write(tmp_path / "packed.safetensors", packed)
    later = Training.begun(model.read(tmp_path / "packed.safetensors"), SMALL, pool)
    for name, value in one.average.items():
        assert torch.equal(later.average[name], value)
        assert torch.equal(later.network.state_dict()[name], value)
    later.advance()
    assert later.step == 1
    assert any(not torch.equal(later.average[k], v) for k, v in one.average.items())


def test_grained_pictures_have_the_fine_texture_that_dead_leaves_lack():
    def fine(picture):
        """Levels of the finest band in cells of 8 x 8."""
        grey = picture.mean(2)
        band = (grey - ndimage.gaussian_filter(grey, 1)) ** 2
        return 255 * np.sqrt(band.reshape(16, 8, 16, 8).mean((1, 3)))

    palette = np.full((1, 3), 0.5, np.float32)
    rng = np.random.default_rng(0)
    grained, leaves = (
        np.concatenate([fine(made(128, palette, rng)) for _ in range(12)])
        for made in (procedural.grain, procedural.dead_leaves)
    )
    assert (grained > 8).mean() > 0.12 > 2 * (leaves > 8).mean()


def test_grained_pictures_stand_beside_the_others_of_a_pool(pool):
    more = Pool(3, seed=0, made=4, side=96, grained=3)
    count = len(pool._pictures)
    for k in range(count):
        np.testing.assert_array_equal(more._pictures[k], pool._pictures[k])
    assert len(more._pictures) == count + 3
    np.testing.assert_allclose(more._reach[count - 1], 1 - GRAINED_SHARE)
    np.testing.assert_allclose(more._reach[-1], 1)


def test_training_patches_are_spoilt_as_their_sliders_say(pool):
    rng = np.random.default_rng(0)
    clean = pool.patches(6, 32 + 2 * sliders.MARGIN, rng)
    target = sliders.inside(clean)
    np.testing.assert_array_equal(sliders.spoilt(clean, {}, rng), target)
    noisy = sliders.spoilt(clean, {"strength": 0.5}, rng)
    assert abs((noisy - target).std() * 255 - 25) < 1
    blurred = sliders.spoilt(clean, {"deblur": 0.5}, rng)
    steps = [np.abs(np.diff(x, axis=-1)).mean() for x in (blurred, target)]
    assert steps[0] < 0.5 * steps[1]
    errors = [np.square(sliders.spoilt(clean, {"jpeg": q}, rng) - target).mean()
              for q in (0.1, 0.5, 1.0)]  # fmt: skip
    assert 0 < errors[0] < errors[1] < errors[2]
    assert sliders.quality(0.0) == 95 and sliders.quality(1.0) == 10


def test_most_positions_move_few_sliders():
    rng = np.random.default_rng(0)
    drawn = np.concatenate([sliders.drawn(4, sliders.SLIDERS, rng) for _ in range(500)])
    assert drawn.shape == (2000, 4) and drawn.min() == 0 and drawn.max() == 1
    still = (drawn == 0).mean(axis=0)
    assert 0.1 < still[0] < 0.2 and ((still[1:] > 0.55) & (still[1:] < 0.68)).all()
    alone = sliders.drawn(400, ("strength",), rng)
    assert (alone == 0).mean() < 0.05


def test_a_training_at_one_position_learns_that_one_alone(pool):
    """With fixed positions the kernels of a slider that stands at 0 are never asked for."""
    recipe = Recipe(shape="nano-colour", sliders=("strength", "jpeg"), patches=2, side=32,
                    fixed=(0.5, 0.0))  # fmt: skip
    training = Training(recipe, pool)
    layer = training.network.convolution("enter.a")
    before = layer.weight.detach().clone()
    training.advance()
    moved = (layer.weight.detach() - before).abs().flatten(1).amax(1)
    # Kernels in order: cos of both, sin of both, the constant one; sin of jpeg is 0.
    assert moved[3] == 0 and (moved[[0, 1, 2, 4]] > 0).all()


def test_training_lowers_the_loss(pool):
    training = Training(Recipe(shape="nano-colour", steps=10_000, patches=2, side=32), pool)
    losses = [training.advance() for _ in range(150)]
    assert np.mean(losses[-20:]) < 0.85 * np.mean(losses[:5])


def test_the_rate_is_level_and_then_settles():
    recipe = Recipe(steps=10_000, settle=0.3)
    assert recipe.rate_at(600) == recipe.rate_at(6900) == recipe.rate
    assert recipe.rate_at(9999) < 1.01 * recipe.last_rate
    falling = [recipe.rate_at(k) for k in range(7000, 10_000, 100)]
    assert falling == sorted(falling, reverse=True)


def test_patches_are_patches_of_pictures(pool):
    for channels, found in ((3, pool), (1, Pool(1, seed=0, made=3, side=96))):
        drawn = found.patches(12, 48, np.random.default_rng(0))
        assert drawn.shape == (12, channels, 48, 48) and drawn.dtype == np.float32
        assert drawn.min() >= 0 and drawn.max() <= 1 and drawn.std() > 0.05
        assert len({float(p.mean()) for p in drawn}) > 6


def test_shapes_tell_their_halo():
    assert SHAPES["live-colour"].halo == 32
    assert Shape(3, 16, 48, blocks=4).halo == 48

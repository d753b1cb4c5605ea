"""What the sliders are compared with: each is, once merged, what its paper says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from engine.restoration import controls
from engine.restoration.controls import WEAK, Adapted, Coupled, WithPlane
from engine.restoration.networks import SHAPES, MergedNetwork, correction
from engine.restoration.training import Recipe
from engine.restoration.training_pictures import Pool

SHAPE = SHAPES["nano-colour"]


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def shaken(module, seed):
    """The module with all its numbers moved at random."""
    generator = seeded(seed)
    with torch.no_grad():
        for value in module.parameters():
            if value.requires_grad:
                value.add_(0.1 * torch.randn(value.shape, generator=generator))
    return module


@pytest.fixture
def picture():
    return torch.rand(1, 3, 32, 24, generator=seeded(9))


def near(found, wanted):
    """Equal as far as single precision goes."""
    return float((found - wanted).abs().max()) < 1e-5 * float(wanted.abs().max())


def at(a):
    """The position of `strength` at which the interpolation stands at a."""
    return torch.tensor([WEAK + a * (1 - WEAK)])


def merged(network, a, x):
    found = MergedNetwork(network)
    found.at(at(a))
    return found(x)


def test_interpolated_networks_have_the_two_at_their_ends(picture):
    weak, strong = (shaken(controls.plain(SHAPE, np.random.default_rng(s)), s) for s in (0, 1))
    both = controls.interpolated(weak, strong)
    with torch.no_grad():
        for a, one in ((0.0, weak), (1.0, strong)):
            wanted = one(picture, torch.zeros(1))
            assert near(merged(both, a, picture), wanted)
        kernel, _ = both.convolution("down").merged(at(0.25))
        ends = [n.convolution("down").weight[0] for n in (weak, strong)]
        assert float((kernel - 0.75 * ends[0] - 0.25 * ends[1]).abs().max()) < 1e-6


@pytest.mark.parametrize("a", [0.0, 0.4, 1.0])
def test_adapted_features_are_scaled_and_shifted_after_every_convolution(picture, a):
    base = shaken(controls.plain(SHAPE, np.random.default_rng(0)), 2)
    adapted = shaken(Adapted(base), 3)
    frozen = controls.of(base)

    def convolve(name, h):
        layer, key = base.convolution(name), name.replace(".", "_")
        y = functional.conv2d(h, *frozen[name], layer.stride, layer.padding)
        gain, shift = (p[key][:, None, None] for p in (adapted.gain, adapted.shift))
        return y + a * (gain * y + shift)

    with torch.no_grad():
        wanted = picture + correction(picture, convolve, SHAPE.blocks)
        found = merged(controls.affine(adapted.shape, adapted.ends()), a, picture)
    assert near(found, wanted)
    if a == 1.0:
        with torch.no_grad():
            assert near(adapted(picture, torch.ones(1, 1)), wanted)


@pytest.mark.parametrize("a", [0.0, 0.4, 1.0])
def test_coupled_branches_are_mixed_per_channel(picture, a):
    base = shaken(controls.plain(SHAPE, np.random.default_rng(0)), 4)
    coupled = shaken(Coupled(base), 5)
    frozen = controls.of(base)

    def branch(name, h, kernels):
        inner = functional.relu(functional.conv2d(h, *kernels(f"{name}.a"), 1, 1))
        return functional.conv2d(inner, *kernels(f"{name}.b"), 1, 1)

    def tuned(name):
        key = name.replace(".", "_")
        return coupled.tune[key], coupled.tune[f"{key}_bias"]

    def block(name, h):
        v = coupled.coupling[f"{name}_b"][:, None, None]
        return h + (1 - a * v) * branch(name, h, frozen.get) + a * v * branch(name, h, tuned)

    with torch.no_grad():
        h = functional.conv2d(functional.pixel_unshuffle(picture, 2), *frozen["first"], 1, 1)
        wide = block("enter", h)
        deep = functional.conv2d(wide, *frozen["down"], 2)
        for k in range(SHAPE.blocks):
            deep = block(f"deep{k}", deep)
        wide = wide + functional.pixel_shuffle(functional.conv2d(deep, *frozen["up"]), 2)
        last = functional.conv2d(block("leave", wide), *frozen["last"], 1, 1)
        wanted = picture + functional.pixel_shuffle(last, 2)
        found = merged(controls.affine(coupled.shape, coupled.ends()), a, picture)
    assert near(found, wanted)


def test_a_plane_tells_each_group_its_strength(picture):
    made = shaken(WithPlane(SHAPE, np.random.default_rng(0)), 6)
    four = torch.rand(4, 3, 16, 16, generator=seeded(7))
    with torch.no_grad():
        both = made(four, torch.tensor([[0.2], [0.9]]))
        one = made(four[:2], torch.tensor([[0.2]]))
        other = made(four[:2], torch.tensor([[0.9]]))
    assert float((both[:2] - one).abs().max()) < 1e-6
    assert float((one - other).abs().max()) > 1e-3


def test_each_is_trained_for_what_it_is_made_of():
    """Stage two leaves the first network alone, and learns."""
    recipe = Recipe(shape="nano-colour", steps=6, patches=1, side=32)
    found = {
        name: network.requires_grad_(False)
        for name, network in controls.train(recipe, Pool(3, seed=0, made=3, side=96))
    }
    assert list(found) == ["kernels", "noise plane", "DNI", "AdaFM", "CFSNet"]
    weak = found["DNI"].convolution("deep0.a").weight[0]
    adapted, coupled = (found[k].convolution("deep0.a").weight for k in ("AdaFM", "CFSNet"))
    assert torch.equal(adapted[0], weak) and torch.equal(coupled[0][: len(weak)], weak)
    assert float(adapted[1].abs().max()) > 0
    assert float(found["DNI"].convolution("deep0.a").weight[1].abs().max()) > 0
    assert not torch.equal(coupled[0][len(weak) :], weak)
    assert found["CFSNet"].shape.inner == 2 and found["noise plane"].shape.planes == 1

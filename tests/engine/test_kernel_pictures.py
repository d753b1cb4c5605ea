"""The likelihood's picture, eigenfields and columns of the kernel against plain algebra."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.data.generated_vectors import sphere_field
from engine.io.columns import columns_of, edges_of, middles_of
from engine.io.figures import save_figure
from engine.vectorfield.rvgp import RVGP


@pytest.fixture(scope="module")
def fitted():
    data = sphere_field(name="", spec="", n=300, observed=0.4, noise=0.2, seed=0)
    method = RVGP(RVGP.Params(computed=40))
    for _ in method.fit(data, rng=np.random.default_rng(0), device="cpu"):
        pass
    return method


def test_the_picture_is_the_likelihood_less_its_best(fitted):
    frame = fitted.evaluate(fitted.params)
    layer = frame.layer("likelihood")
    kappas, noises = middles_of(layer, 0), middles_of(layer, 1)
    direct = {}
    for i, j in ((3, 4), (20, 30), (39, 47)):
        asked = replace(fitted.params, length=kappas[i], noise=noises[j])
        direct[i, j] = fitted.regression(asked).posterior.log_likelihood
    first = direct[3, 4] - layer.values[3, 4]
    for (i, j), value in direct.items():
        assert layer.values[i, j] == pytest.approx(value - first, abs=1e-7 * abs(first))


def test_its_summit_is_where_the_fit_found_it(fitted):
    layer = fitted.evaluate(fitted.params).layer("likelihood")
    i, j = np.unravel_index(layer.values.argmax(), layer.values.shape)
    kappa, noise = layer.marks["most likely"]
    assert layer.marks["here"] == (kappa, noise)
    assert edges_of(layer, 0)[i] * 0.85 <= kappa <= edges_of(layer, 0)[i + 1] * 1.15
    assert edges_of(layer, 1)[j] * 0.95 <= noise <= edges_of(layer, 1)[j + 1] * 1.05


def test_a_preview_comes_before_a_new_likelihood_only(fitted):
    moved = replace(fitted.params, length=1.0)
    fitted.evaluate(fitted.params)
    assert [f.coarse for f in fitted.refine(moved) if f is not None] == [""]
    louder = replace(fitted.params, amplitude=7.0)
    frames = [f for f in fitted.refine(louder) if f is not None]
    assert [f.coarse for f in frames] == ["the likelihood follows", ""]
    assert "most likely" not in frames[-1].layer("likelihood").marks


def test_an_eigenfield_is_that_of_the_laplacian(fitted):
    found = fitted._fitted
    for number, column in ((1, 0), (12, 11), (5000, len(found.values) - 1)):
        layer = fitted.evaluate(replace(fitted.params, eigenfield=min(number, 2000)))
        lifted = np.einsum("nDd,nd->nD", found.frames, found.fields[:, :, column])
        assert np.array_equal(layer.layer("eigenfield").vectors, lifted)


def test_a_column_is_that_of_the_dense_kernel(fitted):
    found, row = fitted._fitted, 33
    frame = fitted.evaluate(replace(fitted.params, kernel_at=row))
    kernel = fitted.regression(fitted.params).kernel
    features = np.einsum("nDd,ndk->nDk", found.frames, found.fields).reshape(900, -1)
    dense = (features * kernel) @ features.T
    along = frame.layer("field").vectors[row]
    along = along / np.linalg.norm(along)
    exact = dense[:, 3 * row : 3 * row + 3] @ along
    layer = frame.layer("kernel column")
    assert np.abs(layer.vectors.ravel() - exact).max() < 1e-10
    assert layer.steers == "kernel_at"


def test_a_logarithmic_field_is_printed_and_tabled_where_it_lies(fitted, tmp_path):
    layer = fitted.evaluate(fitted.params).layer("likelihood")
    table = columns_of(layer)
    assert list(table)[:2] == ["length scale", "noise"]
    assert table["length scale"].min() == pytest.approx(0.05 * 400 ** (0.5 / 40))
    save_figure(tmp_path / "likelihood.png", layer, dpi=60)
    assert (tmp_path / "likelihood.png").stat().st_size > 5000

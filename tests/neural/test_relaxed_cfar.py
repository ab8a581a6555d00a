"""The relaxed detector against `clearchirp.cfar` and finite differences; the losses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

torch = pytest.importorskip("torch")

from clearchirp.cfar import Cfar  # noqa: E402
from clearchirp.neural.losses import BinaryCrossEntropy, Magmse, Mse  # noqa: E402
from clearchirp.neural.relaxed_cfar import RelaxedCfar  # noqa: E402
from clearchirp.types import InputError  # noqa: E402
from tests.oracles import cfar as oracle  # noqa: E402


def scene(*shape, dtype=np.complex64, objects=20, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    places = rng.integers(0, x.size, objects)
    x.flat[places] *= 10 ** rng.uniform(0, 2.5, objects)
    return x.astype(dtype)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
@pytest.mark.parametrize("window", [{}, {"guard": 1, "training": (3, 4, 0)}, {"threshold_db": 7}])
@pytest.mark.parametrize("axes", [2, 3])
def test_the_hard_form_is_cfar(axes, window, dtype):
    if "training" in window:
        window = {**window, "training": window["training"][-axes:] if axes == 3 else (3, 4)}
    maps = scene(2, 16, 24, 40, dtype=dtype)
    found = RelaxedCfar(axes=axes, **window).hard(torch.from_numpy(maps)).numpy()
    np.testing.assert_array_equal(found, Cfar(axes=axes, **window)(maps))
    assert 0 < found.sum() < found.size / 4


def test_four_axes_against_the_definition():
    maps = scene(4, 5, 5, 6, objects=3)
    detector = RelaxedCfar(axes=4, guard=(0, 1, 0, 1), training=(1, 1, 2, 1))
    power = np.abs(maps.astype(complex)) ** 2
    windows = {"guard": (0, 1, 0, 1), "training": (1, 1, 2, 1)}
    level = oracle.level(power, kind="ca", edges="wrap", **windows)
    ratio = detector.ratio(torch.from_numpy(maps)).numpy()
    np.testing.assert_allclose(ratio, power / level, rtol=1e-4)
    np.testing.assert_array_equal(
        detector.hard(torch.from_numpy(maps)).numpy(), power > level * 10**1.2
    )


def test_the_relaxed_form_is_the_logistic_function_of_the_sinr():
    maps = scene(16, 24)
    ratio = np.abs(maps) ** 2 / Cfar().noise_level(np.abs(maps) ** 2)
    x = torch.from_numpy(maps)
    plain = RelaxedCfar(axes=2, threshold_db=9, temperature=4)(x).numpy()
    np.testing.assert_allclose(plain, expit((ratio - 10**0.9) / 4), rtol=1e-4)
    in_db = RelaxedCfar(axes=2, threshold_db=9, temperature=4, sinr="db")(x).numpy()
    np.testing.assert_allclose(in_db, expit((10 * np.log10(ratio) - 9) / 4), rtol=1e-4)


@pytest.mark.parametrize("sinr", ["ratio", "db"])
def test_towards_temperature_zero_the_hard_detector_comes_back(sinr):
    maps = torch.from_numpy(scene(8, 24, 40))
    hard = RelaxedCfar().hard(maps).double()
    errors = [
        float((RelaxedCfar(temperature=tau, sinr=sinr)(maps) - hard).abs().mean())
        for tau in (10, 1, 0.1, 1e-3)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-6
    # At any temperature a half is the threshold.
    assert torch.equal(RelaxedCfar(sinr=sinr)(maps) > 0.5, hard.bool())


@pytest.mark.parametrize("sinr", ["ratio", "db"])
@pytest.mark.parametrize(
    ("axes", "shape", "guard", "training"),
    [(2, (2, 6, 7), 1, 2), (3, (4, 5, 6), (0, 1, 1), (1, 1, 4)), (4, (3, 3, 3, 4), 0, 1)],
)
def test_gradients(axes, shape, guard, training, sinr):
    detector = RelaxedCfar(axes=axes, guard=guard, training=training, sinr=sinr)
    x = torch.from_numpy(scene(*shape, dtype=np.complex128, objects=2)).requires_grad_()
    assert torch.autograd.gradcheck(detector, (x,))
    real = x.detach().abs().requires_grad_()
    assert torch.autograd.gradcheck(detector, (real,))


def test_a_map_of_zeros_has_finite_detections_and_gradients():
    for sinr in ("ratio", "db"):
        x = torch.zeros(24, 40, dtype=torch.complex64, requires_grad=True)
        found = RelaxedCfar(axes=2, sinr=sinr)(x)
        found.sum().backward()
        assert torch.isfinite(found).all()
        assert torch.isfinite(torch.view_as_real(x.grad)).all()
        assert not RelaxedCfar(axes=2).hard(x).any()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"axes": 1}, "axes"),
        ({"guard": -1}, "guard"),
        ({"training": (1, 2)}, "training"),
        ({"training": 0}, "training"),
        ({"threshold_db": float("nan")}, "threshold_db"),
        ({"temperature": 0}, "temperature"),
        ({"sinr": "power"}, "sinr"),
    ],
)
def test_wrong_settings_are_named(settings, named):
    with pytest.raises(InputError, match=named):
        RelaxedCfar(**settings)


def test_too_small_a_map_is_named():
    with pytest.raises(InputError, match="too few"):
        RelaxedCfar(axes=2)(torch.ones(3, 40, dtype=torch.complex64))


def test_cross_entropy_is_the_papers_formula():
    prediction, target = (
        torch.from_numpy(scene(1, 1, 8, 20, 24, objects=0, seed=s)) for s in (1, 2)
    )
    loss = BinaryCrossEntropy(alpha=0.6)
    y, guess = (loss.cfar(x.to(torch.complex128)).numpy() for x in (target, prediction))
    expected = -(0.6 * y * np.log(guess) + 0.4 * (1 - y) * np.log(1 - guess)).mean()
    found = loss(prediction.to(torch.complex128), target.to(torch.complex128))
    np.testing.assert_allclose(float(found), expected, rtol=1e-10)


def test_cross_entropy_of_relaxed_targets_is_least_above_them():
    """The paper's (3) holds for targets of 0 and 1 only, and for alpha = 0.5."""
    guess = np.linspace(1e-4, 1 - 1e-4, 20001)
    for alpha, y in ((0.75, 0.2), (0.75, 0.0), (0.75, 1.0), (0.5, 0.2)):
        loss = -alpha * y * np.log(guess) - (1 - alpha) * (1 - y) * np.log(1 - guess)
        least = alpha * y / (alpha * y + (1 - alpha) * (1 - y))
        assert abs(guess[np.argmin(loss)] - least) < 2e-4


def test_cross_entropy_stays_finite_where_the_logistic_function_is_one():
    target = torch.from_numpy(scene(1, 1, 8, 20, 24))
    prediction = target.clone()
    prediction[0, 0, 2, 3, 4] = 1e6
    prediction.requires_grad_()
    loss = BinaryCrossEntropy()(prediction, target)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(torch.view_as_real(prediction.grad)).all()


def test_errors_of_maps_are_numpys():
    x, y = scene(2, 1, 3, 4, 5, seed=1), scene(2, 1, 3, 4, 5, seed=2)
    pair = torch.from_numpy(x), torch.from_numpy(y)
    np.testing.assert_allclose(float(Mse()(*pair)), np.mean(np.abs(x - y) ** 2), rtol=1e-5)
    expected = np.mean((np.abs(x) - np.abs(y)) ** 2)
    np.testing.assert_allclose(float(Magmse()(*pair)), expected, rtol=1e-5)


@pytest.mark.parametrize("loss", [BinaryCrossEntropy(), Mse(), Magmse()])
def test_gradients_of_losses(loss):
    target = torch.from_numpy(scene(1, 1, 7, 8, 9, dtype=np.complex128, seed=1))
    if isinstance(loss, BinaryCrossEntropy):
        loss = BinaryCrossEntropy(cfar=RelaxedCfar(guard=1, training=1))
    x = torch.from_numpy(scene(1, 1, 7, 8, 9, dtype=np.complex128, objects=2)).requires_grad_()
    assert torch.autograd.gradcheck(lambda p: loss(p, target), (x,), fast_mode=True)

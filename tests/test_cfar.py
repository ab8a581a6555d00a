from __future__ import annotations

import itertools

import array_api_strict as strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from clearchirp.cfar import Cfar
from clearchirp.types import InputError
from tests.oracles import cfar as oracle

KINDS = ("ca", "go", "lo", "os")
EDGES = ("wrap", "shrink")
CASES = [  # shape, guard, training
    ((40,), (2,), (5,)),
    ((13, 17), (1, 2), (3, 4)),
    ((12, 20), (2, 0), (3, 0)),
    ((6, 7, 9), (1, 0, 1), (1, 3, 2)),
]


def noise(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).exponential(size=shape).astype(dtype)


@pytest.mark.parametrize(("shape", "guard", "training"), CASES)
@pytest.mark.parametrize("edges", EDGES)
@pytest.mark.parametrize("kind", KINDS)
def test_kernels_and_array_form_follow_the_definition(kind, edges, shape, guard, training):
    power = noise(*shape)
    cfar = Cfar(kind=kind, axes=len(shape), guard=guard, training=training, edges=edges)
    expected = oracle.level(power, kind=kind, guard=guard, training=training, edges=edges)
    np.testing.assert_allclose(cfar.noise_level(power), expected, rtol=1e-14)
    generic = cfar.noise_level(strict.asarray(power))
    np.testing.assert_allclose(np.asarray(generic), expected, rtol=1e-14)


@st.composite
def _maps_and_windows(draw):
    axes = draw(st.integers(1, 3))
    edges = draw(st.sampled_from(EDGES))
    guard = tuple(draw(st.integers(0, 3 - axes // 2)) for _ in range(axes))
    training = tuple(draw(st.integers(0, 5 - axes)) for _ in range(axes))
    if not any(training):
        training = (1, *training[1:])
    # An axis of whole windows, or just as long as the guard cells and one training cell need.
    shape = tuple(
        2 * g + 1 + 2 * draw(st.integers(min(t, 1), t)) + draw(st.integers(0, 2))
        for g, t in zip(guard, training, strict=True)
    )
    return shape, guard, training, edges


@settings(max_examples=40, deadline=None)
@given(
    _maps_and_windows(), st.sampled_from(KINDS), st.floats(0, 1), st.booleans(), st.integers(0, 99)
)
def test_any_window_on_any_map(case, kind, rank, ties, seed):
    shape, guard, training, edges = case
    power = noise(*shape, seed=seed)
    if ties:
        power = np.round(power)
    fits = training
    if edges == "wrap":
        fits = [min(t, (n - 1) // 2 - g) for n, g, t in zip(shape, guard, training, strict=True)]
    expected = oracle.level(power, kind=kind, guard=guard, training=fits, edges=edges, rank=rank)
    cfar = Cfar(kind=kind, axes=len(shape), guard=guard, training=training, edges=edges, rank=rank)
    np.testing.assert_allclose(cfar.noise_level(power), expected, rtol=1e-13, atol=1e-13)
    generic = np.asarray(cfar.noise_level(strict.asarray(power)))
    np.testing.assert_allclose(generic, expected, rtol=1e-13, atol=1e-13)


def ring(guard, training):
    box = np.ones([2 * (g + t) + 1 for g, t in zip(guard, training, strict=True)], bool)
    box[tuple(slice(t, t + 2 * g + 1) for g, t in zip(guard, training, strict=True))] = False
    return box


@pytest.mark.parametrize("shape", [(128, 256), (61, 47)])
@pytest.mark.parametrize(("guard", "training"), [(2, 8), (0, 3), (4, 11)])
def test_mean_equals_scipy(shape, guard, training):
    power = noise(*shape)
    level = Cfar(guard=guard, training=training).noise_level(power)
    wide, narrow = 2 * (guard + training) + 1, 2 * guard + 1
    boxes = ndimage.uniform_filter(power, wide, mode="wrap") * wide**2
    boxes -= ndimage.uniform_filter(power, narrow, mode="wrap") * narrow**2
    np.testing.assert_allclose(level, boxes / (wide**2 - narrow**2), rtol=1e-10)
    cells = ring((guard, guard), (training, training))
    np.testing.assert_allclose(
        level, ndimage.convolve(power, cells / cells.sum(), mode="wrap"), rtol=1e-12
    )


def test_shrinking_mean_equals_scipy_in_three_dimensions():
    power = noise(9, 20, 31)
    cells = ring((1, 2, 0), (2, 3, 4)).astype(float)
    total = ndimage.convolve(power, cells, mode="constant")
    count = ndimage.convolve(np.ones_like(power), cells, mode="constant")
    cfar = Cfar(axes=3, guard=(1, 2, 0), training=(2, 3, 4), edges="shrink")
    np.testing.assert_allclose(cfar.noise_level(power), total / count, rtol=1e-12)


@pytest.mark.parametrize("kind", ["go", "lo"])
def test_greatest_and_least_of_leading_and_lagging_window_equal_scipy(kind):
    power = noise(5, 200)
    lead = ndimage.uniform_filter1d(power, 7, axis=-1, mode="wrap", origin=0)
    pick = np.maximum if kind == "go" else np.minimum
    # Seven cells around the place 2 + 4 away: those from 3 to 9 away.
    expected = pick(np.roll(lead, 6, axis=-1), np.roll(lead, -6, axis=-1))
    cfar = Cfar(kind=kind, axes=1, guard=2, training=7)
    np.testing.assert_allclose(cfar.noise_level(power), expected, rtol=1e-12)


@pytest.mark.parametrize("rank", [0.0, 0.5, 0.75, 1.0])
@pytest.mark.parametrize(
    ("shape", "guard", "training"),
    [((30, 50), (2, 2), (8, 8)), ((2, 300), (2,), (16,)), ((8, 9, 11), (1, 1, 1), (2, 2, 3))],
)
def test_order_statistic_equals_scipy_rank_filter(shape, guard, training, rank):
    power = noise(*shape, dtype=np.float32)
    cells = ring(guard, training)
    chosen = min(int(rank * cells.sum()), int(cells.sum()) - 1)
    # On an array with one axis SciPy 1.17 takes the guard cells in too; on more axes it does not.
    footprint = cells.reshape((1,) * (len(shape) - cells.ndim) + cells.shape)
    expected = ndimage.rank_filter(power, chosen, footprint=footprint, mode="wrap")
    cfar = Cfar(kind="os", axes=len(guard), guard=guard, training=training, rank=rank)
    np.testing.assert_array_equal(cfar.noise_level(power), expected)


def test_rank_counts_whole_cells():
    # 100 training cells: 0.29 of them are 29, though 0.29 * 100 is less than 29 in floating point.
    power = np.roll(np.arange(101.0), 50)  # the cell 0 is in the middle of the ring of all others
    level = Cfar(kind="os", axes=1, guard=0, training=50, rank=0.29).noise_level(power)
    assert level[50] == 30.0  # of 1 ... 100, twenty-nine (1 ... 29) lie below it


@pytest.mark.parametrize(("guard", "training", "axes"), [(2, 8, 1), (1, 1, 2)])
def test_false_alarms_on_noise_are_as_many_as_the_closed_form_says(guard, training, axes):
    """On exponential noise the mean of N cells times T is exceeded with (1 + T / N)^-N."""
    cfar = Cfar(axes=axes, guard=guard, training=training, threshold_db=5.0)
    count = (2 * (guard + training) + 1) ** axes - (2 * guard + 1) ** axes
    probability = (1 + 10**0.5 / count) ** -count
    rng = np.random.default_rng(1)
    spectrum = rng.normal(size=(20, 128, 128)) + 1j * rng.normal(size=(20, 128, 128))
    alarms = cfar(spectrum).mean()
    # Neighbouring cells share training cells; five deviations of independent ones bound the rest.
    assert alarms == pytest.approx(probability, abs=5 * np.sqrt(probability / spectrum.size))


def test_order_statistic_false_alarms_as_rohling_says():
    """P(X > T X_(k)) is the product of (N - i) / (N - i + T) over i from 0 to k - 1."""
    cfar = Cfar(kind="os", axes=1, guard=1, training=8, threshold_db=6.0, rank=0.75)
    factor, i = 10**0.6, np.arange(13)  # the thirteenth of 16: twelve lie below
    probability = np.prod((16 - i) / (16 - i + factor))
    rng = np.random.default_rng(2)
    spectrum = rng.normal(size=(800, 256)) + 1j * rng.normal(size=(800, 256))
    alarms = cfar(spectrum).mean()
    assert alarms == pytest.approx(probability, abs=5 * np.sqrt(probability / spectrum.size))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("edges", EDGES)
@pytest.mark.parametrize("library", [np, strict])
def test_single_precision_next_to_a_peak_of_120_db(kind, edges, library):
    power = noise(96, 128, dtype=np.float32)
    power[40, 60] = 1e12
    cfar = Cfar(kind=kind, edges=edges)
    exact = cfar.noise_level(power.astype(np.float64))
    level = cfar.noise_level(library.asarray(power))
    assert level.dtype == library.float32
    np.testing.assert_allclose(np.asarray(level), exact, rtol=1e-6)
    # The test bites: differences of cumulative sums lose the noise here.
    sums = np.cumsum(power, axis=-1)
    assert abs((sums[40, 88] - sums[40, 80]) / power[40, 81:89].sum(dtype=float) - 1) > 0.1


def test_single_precision_mask_is_that_of_double():
    rng = np.random.default_rng(3)
    spectrum = rng.normal(size=(64, 64)) + 1j * rng.normal(size=(64, 64))
    spectrum = spectrum.astype(np.complex64)
    spectrum[5, 6] = 1e6
    cfar = Cfar(threshold_db=5)
    np.testing.assert_array_equal(cfar(spectrum), cfar(spectrum.astype(np.complex128)))
    assert cfar(spectrum).sum() > 50


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("axes", [1, 2])
def test_batch_equals_loop(kind, axes):
    power = noise(2, 3, 20, 33, dtype=np.float32)
    cfar = Cfar(kind=kind, axes=axes, guard=1, training=3, edges="shrink")
    flat = power.reshape(-1, *power.shape[-axes:])
    looped = np.stack([cfar.noise_level(one) for one in flat]).reshape(power.shape)
    np.testing.assert_array_equal(cfar.noise_level(power), looped)


@pytest.mark.parametrize("kind", KINDS)
def test_memory_layout_and_byte_order_do_not_matter(kind):
    power = noise(40, 50, dtype=np.float32)
    cfar = Cfar(kind=kind)
    expected = cfar.noise_level(power)
    frozen = power.copy()
    frozen.flags.writeable = False
    for same in (np.asfortranarray(power), power.astype(">f4"), power[::-1][::-1], frozen):
        np.testing.assert_array_equal(cfar.noise_level(same), expected)
    wide = np.zeros((40, 100), np.float32)
    wide[:, ::2] = power
    np.testing.assert_array_equal(cfar.noise_level(wide[:, ::2]), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_a_shifted_map_has_a_shifted_level(kind):
    power = noise(30, 40)
    cfar = Cfar(kind=kind)
    shifted = cfar.noise_level(np.roll(power, (7, 11), axis=(0, 1)))
    expected = np.roll(cfar.noise_level(power), (7, 11), axis=(0, 1))
    np.testing.assert_allclose(shifted, expected, rtol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_peaks_are_found_and_their_guard_cells_spared(kind):
    spectrum = np.ones((32, 48), np.complex64)
    spectrum[3, 5] = spectrum[4, 7] = 100j  # within each other's guard cells
    detections = Cfar(kind=kind)(spectrum)
    assert detections.dtype == bool
    assert np.argwhere(detections).tolist() == [[3, 5], [4, 7]]
    generic = Cfar(kind=kind)(strict.asarray(spectrum))
    assert np.array_equal(np.asarray(generic), detections)


def test_real_spectrum_is_a_modulus():
    spectrum = np.ones((32, 32))
    spectrum[8, 9] = 4.1  # 12.26 dB
    spectrum[20, 20] = -3.9  # 11.82 dB
    assert np.argwhere(Cfar()(spectrum)).tolist() == [[8, 9]]


def test_nothing_is_detected_in_nothing():
    for kind, edges in itertools.product(KINDS, EDGES):
        assert not Cfar(kind=kind, edges=edges)(np.zeros((24, 32), np.complex64)).any()


def test_default_is_the_mask_of_the_scores():
    assert Cfar() == Cfar(kind="ca", axes=2, guard=2, training=8, threshold_db=12, edges="wrap")


def test_training_cells_shrink_on_a_short_axis():
    power = noise(8, 64)  # 2 guard cells and 1 training cell on each side are 7 of the 8 cells
    expected = Cfar(training=(1, 8)).noise_level(power)
    np.testing.assert_array_equal(Cfar().noise_level(power), expected)


def test_axis_of_one_cell_is_left_out():
    power = noise(1, 64)
    np.testing.assert_allclose(
        Cfar().noise_level(power), Cfar(axes=1).noise_level(power), rtol=1e-14
    )


def test_real_recording_matches_scipy(data):
    """A measured map of a complex receiver, without interference."""
    counts = np.fromfile(data / "jin_cao_awr1243" / "20180613-190347.bin", dtype="<u2")
    words = (counts.astype(np.float32) - 2**15).reshape(128, 512, 8)
    beat = words[..., 0] + 1j * words[..., 1]
    spectrum = np.fft.fft2(beat * np.hanning(512) * np.hanning(128)[:, None])[:, :256]
    power = np.abs(spectrum) ** 2
    cells = ring((2, 2), (8, 8))
    level = ndimage.convolve(power, cells / cells.sum(), mode="wrap")
    np.testing.assert_allclose(Cfar().noise_level(power), level, rtol=1e-10)
    detections = Cfar()(spectrum.astype(np.complex64))
    clear = np.abs(power / level / 10**1.2 - 1) > 1e-4
    np.testing.assert_array_equal(detections[clear], (power > level * 10**1.2)[clear])
    assert 10 < detections.sum() < 1000


@pytest.mark.parametrize(
    ("settings_", "words"),
    [
        ({"kind": "mean"}, "kind"),
        ({"edges": "reflect"}, "edges"),
        ({"axes": 4}, "axes"),
        ({"axes": True}, "axes"),
        ({"guard": -1}, "guard"),
        ({"guard": (1, 2, 3)}, "tuple of 2"),
        ({"guard": 1.5}, "guard"),
        ({"training": 0}, "at least one axis"),
        ({"training": (0, 0)}, "at least one axis"),
        ({"training": "8"}, "training"),
        ({"threshold_db": float("nan")}, "threshold_db"),
        ({"rank": 1.5}, "rank"),
        ({"rank": None}, "rank"),
    ],
)
def test_wrong_settings(settings_, words):
    with pytest.raises(InputError, match=words):
        Cfar(**settings_)


BAD = noise(32, 32)
BAD[3, 4] = np.nan


@pytest.mark.parametrize("library", [np, strict])
@pytest.mark.parametrize(
    ("power", "words"),
    [
        (BAD, "NaN"),
        (np.where(np.isnan(BAD), np.inf, BAD), "Inf"),
        (-noise(32, 32), "negative"),
        (noise(32), "axes are to be scanned"),
        (noise(0, 32), "empty"),
        (np.ones((32, 32), np.int16), "int16"),
        (np.ones((32, 32), np.complex64), "complex64"),
        (noise(32, 6), "axis -1 has 6 cells"),
        (noise(1, 1), "without a training cell"),
    ],
)
def test_wrong_maps(library, power, words):
    with pytest.raises(InputError, match=words):
        Cfar().noise_level(library.asarray(power))


def test_wrong_spectra():
    with pytest.raises(InputError, match="NaN"):
        Cfar()(BAD * 1j)
    with pytest.raises(InputError, match="too large to square"):
        Cfar()(np.full((32, 32), 1e30, np.complex64))
    with pytest.raises(InputError, match="got list"):
        Cfar()([[1.0, 2.0]])
    with pytest.raises(InputError, match="bool"):
        Cfar()(np.ones((32, 32), bool))


def test_map_too_small_for_its_guard_cells():
    with pytest.raises(InputError, match="without a training cell"):
        Cfar(axes=1, guard=2, edges="shrink").noise_level(noise(5))
    assert Cfar(axes=1, guard=2, edges="shrink").noise_level(noise(6)).shape == (6,)

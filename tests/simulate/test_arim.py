"""ARIM's sets: each chirp against the published formulas, the sets in their counts and levels."""

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from clearchirp.simulate import ArimSet, load_scene, simulate_frame
from clearchirp.types import InputError
from tests.oracles import arim as oracle

ONE, TWO = ArimSet(number=1), ArimSet(number=2)
SOME = 400  # chirps of a statistic
SPREAD = np.linspace(0, 1, SOME, endpoint=False)


def some_of(chirps):
    return [chirps.chirp(int(k), 8) for k in SPREAD * chirps.size]


@pytest.mark.parametrize("number", [*range(0, 16), 900, 959, 47_999])
def test_chirps_of_set_1_are_the_published_formulas(number):
    chirp, seen = ONE.chirp(number, 3), simulate_frame(ONE, number, 3, dtype=np.complex128)
    expected = oracle.targets(chirp.amplitudes, chirp.distances)
    np.testing.assert_allclose(seen.targets[0, 0], expected, atol=1e-6)
    other = oracle.interference_of_set_1(chirp.amplitudes[0], chirp.sir_db[0], chirp.alpha[0])
    np.testing.assert_array_equal(seen.interference[0, 0] != 0, other != 0)
    np.testing.assert_allclose(seen.interference[0, 0], other, atol=1e-6 * np.abs(other).max())


@pytest.mark.parametrize("number", [*range(0, 96_000, 4801), 95_999])
def test_chirps_of_set_2_are_the_published_formulas(number):
    chirp, seen = TWO.chirp(number, 3), simulate_frame(TWO, number, 3, dtype=np.complex128)
    expected = oracle.targets(chirp.amplitudes, chirp.distances)
    np.testing.assert_allclose(seen.targets[0, 0], expected, atol=1e-6)
    delays = chirp.crossing - oracle.T / 2
    parts = [
        oracle.interference_of_set_2(*numbers)
        for numbers in zip(chirp.sir_db, chirp.alpha, delays, strict=True)
    ]
    assert len(parts) == (2 if number < 48_000 else 3)
    np.testing.assert_array_equal(
        seen.interference[0, 0] != 0, np.any([part != 0 for part in parts], axis=0)
    )
    scale = np.abs(parts).max()
    np.testing.assert_allclose(seen.interference[0, 0], sum(parts), atol=1e-6 * scale)


@pytest.mark.parametrize("number", [0, 700, 30_000])
def test_noise_has_the_published_variance(number):
    chirp = ONE.chirp(number, 1)
    parts = [simulate_frame(ONE, number + 960 * k, 1) for k in range(18)]
    scaled = []
    for k, part in enumerate(parts):
        first = ONE.chirp(number + 960 * k, 1).amplitudes[0]
        scaled.append((part.clean - part.targets)[0, 0] / np.abs(first))
    x = np.array(scaled) / np.sqrt(1024 * 10 ** (-chirp.snr_db / 10) / 2)
    assert stats.kstest(np.concatenate([x.real.ravel(), x.imag.ravel()]), "norm").pvalue > 1e-3


def test_snr_is_that_of_the_first_target_after_the_transform():
    """What the published variance means: 1024 samples gain 30 dB, so it is the peak over noise."""
    chirp = next(c for c in map(ONE.chirp, range(960)) if len(c.amplitudes) == 1)
    expected = oracle.targets(chirp.amplitudes, chirp.distances)
    peak = np.abs(np.vdot(expected / np.abs(expected), expected)) ** 2
    per_bin = 1024 * chirp.scene().receiver.noise_power
    assert 10 * np.log10(peak / per_bin) == pytest.approx(chirp.snr_db)


def test_set_1_has_each_combination_fifty_times():
    chirps = [ONE.chirp(k) for k in range(960)]
    once = Counter((c.snr_db, c.sir_db[0], round(c.alpha[0], 1)) for c in chirps)
    published = Counter((s, i, round(a, 1)) for s, i, a in oracle.grid_of_set_1())
    assert ONE.size == 48_000 == sum(published.values())
    assert set(published.values()) == {50}
    assert once == Counter(dict.fromkeys(published, 1))
    for late in (960, 47_040):  # it starts again, with other targets
        again = ONE.chirp(late)
        assert (again.snr_db, again.sir_db[0], again.alpha[0]) == (5, -5, 0)
    assert not np.array_equal(ONE.chirp(0).distances, ONE.chirp(960).distances)


def test_set_2_has_its_counts_and_levels():
    assert TWO.size == 96_000
    chirps = some_of(TWO)
    assert Counter(len(c.alpha) for c in chirps) == {2: SOME // 2, 3: SOME // 2}
    assert Counter(c.snr_db for c in chirps) == dict.fromkeys(range(5, 45, 5), SOME // 8)
    rng = np.random.default_rng(0)
    published = [oracle.draw_set_2(rng, c.snr_db, len(c.alpha)) for c in chirps]
    ours = [(c.sir_db, c.alpha, c.crossing - oracle.T / 2) for c in chirps]
    for k in range(3):
        a, b = (np.concatenate([one[k] for one in many]) for many in (ours, published))
        assert stats.ks_2samp(a, b).pvalue > 1e-3
    assert all(c.sir_db.min() >= -5 and c.sir_db.max() <= c.snr_db + 5 for c in chirps)
    assert all(np.array_equal(c.sir_db, np.rint(c.sir_db)) for c in chirps)


@pytest.mark.parametrize("chirps", [ONE, TWO])
def test_targets_are_drawn_as_published(chirps):
    rng = np.random.default_rng(1)
    published = [oracle.draw_targets(rng) for _ in range(SOME)]
    ours = [(c.amplitudes, c.distances) for c in some_of(chirps)]
    assert stats.chisquare(np.bincount([len(a) for a, _ in ours])[1:]).pvalue > 1e-3
    for pick in (lambda a, r: np.abs(a), lambda a, r: np.angle(a), lambda a, r: r):
        one, other = (np.concatenate([pick(*x) for x in many]) for many in (ours, published))
        assert stats.ks_2samp(one, other).pvalue > 1e-3
    for amplitudes, distances in ours:
        moduli = np.abs(amplitudes)
        assert moduli.max() == pytest.approx(1)
        np.testing.assert_allclose(100 * moduli, np.rint(100 * moduli), atol=1e-9)
        assert set(distances) <= set(range(2, 96))


@pytest.mark.parametrize(("chirps", "number"), [(ONE, 1), (TWO, 2)])
def test_share_and_power_of_the_interference_are_those_of_a_published_set(chirps, number):
    rng = np.random.default_rng(2)
    ours, published = [], []
    for k in (SPREAD * chirps.size).astype(int):
        seen = simulate_frame(chirps, int(k), 8)
        ours.append(summary(seen.interference[0, 0], seen.clean[0, 0]))
        chirp = chirps.chirp(int(k), 8)
        amplitudes, distances = oracle.draw_targets(rng)
        if number == 1:
            sir, alpha = chirp.sir_db[0], chirp.alpha[0]
            other = oracle.interference_of_set_1(amplitudes[0], sir, alpha)
        else:
            drawn = zip(*oracle.draw_set_2(rng, chirp.snr_db, len(chirp.alpha)), strict=True)
            other = sum(oracle.interference_of_set_2(*one) for one in drawn)
        clean = oracle.targets(amplitudes, distances)
        published.append(summary(other, clean + oracle.noise(rng, amplitudes[0], chirp.snr_db)))
    for one, other in zip(np.transpose(ours), np.transpose(published), strict=True):
        assert stats.ks_2samp(one, other).pvalue > 1e-3


def summary(interference, clean):
    power = np.mean(np.abs(interference.astype(np.complex128)) ** 2)
    base = np.mean(np.abs(clean.astype(np.complex128)) ** 2)
    return [
        np.mean(interference != 0),
        10 * np.log10(power / base + 1e-6),
        10 * np.log10(base),
        np.mean(np.abs(interference) > np.abs(clean)),
    ]


@pytest.mark.parametrize("chirps", [ONE, TWO])
def test_labels_are_the_amplitudes_at_the_nearest_bins(chirps):
    for chirp in some_of(chirps)[::10]:
        amplitudes, distances = chirp.labels()
        expected, of_distance = oracle.labels(chirp.amplitudes, chirp.distances)
        np.testing.assert_array_equal(amplitudes, expected)
        np.testing.assert_array_equal(distances, of_distance)


def test_a_label_lies_where_the_target_peaks():
    chirp = next(c for c in map(ONE.chirp, range(960)) if len(c.amplitudes) == 1)
    clean = oracle.targets(chirp.amplitudes, chirp.distances)
    peak = np.abs(np.fft.fft(clean, 2048)).argmax()
    assert abs(peak - np.abs(chirp.labels()[0]).argmax()) <= 1


def test_at_equal_slopes_there_is_no_interference():
    chirp = ONE.chirp(10)
    assert chirp.alpha[0] == 1.0
    assert chirp.scene().interferers == ()


@pytest.mark.parametrize("chirps", [ONE, TWO])
def test_split_has_the_published_counts(chirps):
    train, test = chirps.split(4)
    assert (len(train), len(test)) == (40_000 * chirps.number, 8_000 * chirps.number)
    np.testing.assert_array_equal(np.union1d(train, test), np.arange(chirps.size))
    assert np.count_nonzero(test < 48_000) == 8_000
    np.testing.assert_array_equal(chirps.split(4)[1], test)
    assert not np.array_equal(chirps.split(5)[1], test)


def test_presets_are_the_sets():
    assert load_scene("arim1") == ArimSet(number=1, name="arim1")
    assert load_scene("arim2") == ArimSet(number=2, name="arim2")


def test_wrong_chirps():
    with pytest.raises(InputError, match="48000 chirps"):
        ONE.chirp(48_000)
    with pytest.raises(InputError, match="1 or 2"):
        ArimSet(number=0)  # pyright: ignore[reportArgumentType]

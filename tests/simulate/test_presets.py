"""The presets against the facts that their papers publish."""

import math

import numpy as np
import pytest
from scipy import stats

from clearchirp.cfar import Cfar
from clearchirp.metrics import maps
from clearchirp.simulate import Scene, load_scene, presets, simulate_frame
from clearchirp.spectrum import range_doppler
from clearchirp.waveform import SPEED_OF_LIGHT


def db(ratio):
    return 10 * np.log10(ratio)


def power(x):
    return float(np.mean(np.abs(x.astype(np.complex128)) ** 2))


def drawn(name, count):
    plan = load_scene(name)
    return [plan.draw(k, 1) for k in range(count)]


def test_all_that_are_promised_are_there():
    promised = {"imfrac", "imfrac-real", "mru", "sparkle", "e2e", "arim1", "arim2", "highway"}
    assert set(presets()) == promised | {"demo", "rain"}


@pytest.mark.parametrize("name", presets())
def test_every_preset_simulates(name):
    plan = load_scene(name)
    seen = simulate_frame(plan, 0, 1)
    radar = plan.waveform
    assert seen.beat.shape == (plan.receiver.receivers, radar.chirps, radar.samples)
    assert np.isrealobj(seen.beat) == plan.receiver.real
    assert seen.disturbed.any()
    assert not seen.disturbed.all()


@pytest.mark.parametrize(
    ("name", "start", "bandwidth", "ramp"),
    [
        ("imfrac", 79e9, 0.25e9, 12.8e-6),
        ("imfrac-real", 79e9, 0.25e9, 12.8e-6),
        ("e2e", 79e9, 0.27e9, 12.8e-6),
        ("arim1", None, 1.6e9, 25.6e-6),
        ("arim2", None, 1.6e9, 25.6e-6),
    ],
)
def test_victims_sweep_their_published_bandwidth(name, start, bandwidth, ramp):
    radar = load_scene(name).waveform
    assert radar.bandwidth == pytest.approx(bandwidth)
    assert radar.duration == pytest.approx(ramp)
    if start:
        assert radar.start_frequency == start


@pytest.mark.parametrize(
    ("name", "starts", "sweeps", "ramps"),
    [
        ("imfrac", (78.9e9, 79.0e9), (0.2e9, 0.3e9), (10e-6, 15e-6)),
        ("imfrac-real", (78.9e9, 79.0e9), (0.2e9, 0.3e9), (10e-6, 15e-6)),
        ("e2e", (78.9e9, 79.1e9), (0.15e9, 0.25e9), (12e-6, 24e-6)),
    ],
)
def test_interferers_fill_their_published_ranges(name, starts, sweeps, ramps):
    scenes = drawn(name, 100)
    counts = np.bincount([len(scene.interferers) for scene in scenes])
    assert counts[0] == 0
    assert len(counts) == 4
    assert stats.chisquare(counts[1:]).pvalue > 1e-3
    others = [one for scene in scenes for one in scene.interferers]
    for values, (low, high) in (
        ([one.start_frequency for one in others], starts),
        ([one.slope * one.ramp_duration for one in others], sweeps),
        ([one.ramp_duration for one in others], ramps),
        ([one.chirps for one in others], (100, 156)),
    ):
        assert stats.kstest(values, stats.uniform(low, high - low).cdf).pvalue > 1e-3
        assert low * (1 - 1e-12) <= min(values) <= max(values) <= high * (1 + 1e-12)


@pytest.mark.parametrize("name", ["imfrac", "imfrac-real"])
def test_levels_of_imfrac(name):
    scenes = drawn(name, 100)
    targets = [[one.amplitude for one in scene.targets] for scene in scenes]
    others = [[one.amplitude for one in scene.interferers] for scene in scenes]
    counts = np.bincount([len(one) for one in targets])
    assert len(counts) == 21
    spread = [20 * np.log10(max(one) / min(one)) for one in targets if one]
    assert 50 < max(spread) <= 60
    spread = [20 * np.log10(max(one) / min(one)) for one in others]
    assert 65 < max(spread) <= 80
    assert {round(max(one), 6) for one in others} == {100}


@pytest.mark.parametrize("name", ["imfrac", "imfrac-real", "e2e"])
def test_targets_lie_on_the_positive_half_of_the_map(name):
    radar = load_scene(name).waveform
    scenes = drawn(name, 60)
    targets = [one for scene in scenes for one in scene.targets]
    assert max(one.distance for one in targets) <= radar.ranges()[-1]
    if name != "e2e":
        speeds = [one.range_rate for one in targets]
        assert max(map(abs, speeds)) <= radar.speeds()[-1] + np.diff(radar.speeds())[0]
        assert stats.kstest(speeds, stats.uniform(-63, 126).cdf).pvalue > 1e-3


def test_imfrac_real_is_the_real_part_at_twice_the_rate():
    one, real = load_scene("imfrac"), load_scene("imfrac-real")
    assert (one.waveform.samples, real.waveform.samples) == (512, 1024)
    assert real.waveform.sample_rate == 2 * one.waveform.sample_rate
    assert simulate_frame(real, 0).beat.dtype == np.float32


def test_e2e_has_its_maps_and_levels():
    plan = load_scene("e2e")
    levels = []
    for k in range(12):
        seen = simulate_frame(plan, k)
        assert seen.beat.shape == (16, 96, 192)
        if np.any(seen.interference):
            signal = power(seen.targets[0]) + plan.receiver.noise_power
            levels.append(db(signal / power(seen.interference[0])))
    assert len(levels) > 9
    assert -20 <= min(levels) < -13
    assert -7 < max(levels) <= 0.001


def test_mru_puts_its_targets_inside_128_samples():
    plan = load_scene("mru")
    radar = plan.waveform
    assert (radar.chirps, radar.samples) == (256, 128)
    scene = plan.draw(3)
    assert [one.distance for one in scene.targets] == [27, 50, 73, 95, 120]
    bins = [one.distance / radar.ranges()[1] for one in scene.targets]
    np.testing.assert_allclose(bins, [13.5, 25, 36.5, 47.5, 60], atol=0.05)
    (other,) = scene.interferers
    assert other.slope > radar.slope > 0
    beat = 2 * 120 * radar.slope / SPEED_OF_LIGHT
    assert beat < plan.draw(3).receiver.bandwidth + 0.3e6


def test_mru_has_its_share_and_its_sinr():
    """About 10 % of the samples, 12.17 dB of SINR before; five targets found without."""
    plan, cfar = load_scene("mru"), Cfar()
    shares, before = [], []
    for k in range(4):
        seen = simulate_frame(plan, k)
        clean, dirty = range_doppler(seen.clean[0]), range_doppler(seen.beat[0])
        objects = cfar(clean)
        objects[:, 64:] = False
        shares.append(seen.disturbed.mean())
        before.append(maps.sinr_db(dirty[:, :64], objects[:, :64]))
        rows = [
            np.abs(plan.waveform.speeds() - one.range_rate).argmin() for one in seen.target_list
        ]
        columns = [round(one.distance / plan.waveform.ranges()[1]) for one in seen.target_list]
        near = [
            objects[r - 2 : r + 3, c - 2 : c + 3].any() for r, c in zip(rows, columns, strict=True)
        ]
        assert sum(near) >= 4  # the weakest stands 9 dB above the noise, below the 12 of the CFAR
    assert np.mean(shares) == pytest.approx(0.10, abs=0.01)
    assert np.mean(before) == pytest.approx(12.17, abs=0.5)


def test_sparkle_has_its_levels_and_share():
    plan = load_scene("sparkle")
    for k in range(5):
        seen = simulate_frame(plan, k)
        noise = seen.clean - seen.targets
        rest = seen.beat - seen.targets
        assert db(power(seen.targets) / power(noise)) == pytest.approx(15, abs=0.4)
        assert db(power(seen.targets) / power(rest)) == pytest.approx(-12.7, abs=0.15)
        assert np.mean(seen.interference != 0) == pytest.approx(0.38, abs=0.003)
    scene = plan.draw(0)
    ratios = [one.slope / scene.waveform.slope for one in scene.interferers]
    assert ratios == [3, -2, -1.5]
    assert [one.amplitude for one in scene.targets] == [0.5, 0.05, 0.4]
    assert [one.distance for one in scene.targets] == [2000, 3500, 5000]
    middle = scene.waveform.start_frequency + scene.waveform.slope * 200e-6
    assert middle == pytest.approx(3e9)


def test_sparkle_is_the_sweep_that_its_authors_publish(data):
    io = pytest.importorskip("scipy.io")
    published = io.loadmat(data / "wang_sparkle" / "Data4Demo.mat")
    targets = published["sig_Rx_trc"].ravel().conj()
    rest = published["sig_full_trc"].ravel().conj() - targets
    seen = simulate_frame(load_scene("sparkle"), 0)
    assert seen.beat.shape == (1, 1, len(targets))
    strong = np.convolve(np.abs(rest) > 1, np.ones(9), "same") > 4
    # A few samples at either end of three bursts.
    assert np.count_nonzero(strong ^ (seen.interference[0, 0] != 0)) < 15
    for one in seen.crossings:
        burst = slice(one.first_sample + 5, one.last_sample - 5)
        turns = np.angle(rest[burst][1:] * rest[burst][:-1].conj()) / (2 * math.pi)
        smooth = np.convolve(turns, np.ones(9) / 9, "valid") * 12e6
        time = np.arange(len(smooth)) / 12e6
        assert np.polyfit(time, smooth, 1)[0] == pytest.approx(one.chirp_rate, rel=0.02)
        assert np.median(np.abs(rest[burst])) == pytest.approx(one.amplitude, rel=0.02)
    ours, theirs = (db(power(x)) for x in (seen.targets, targets))
    assert ours == pytest.approx(theirs, abs=0.1)


def test_highway_is_a_road_with_eight_interferers():
    scene = load_scene("highway")
    assert isinstance(scene, Scene)
    assert len(scene.interferers) == 8
    assert sum(one.range_rate < -50 for one in scene.targets) == 5
    assert sum(abs(one.range_rate) < 10 for one in scene.targets) == 7
    assert 76e9 <= scene.waveform.start_frequency <= 77e9
    shares = [simulate_frame(scene, k).disturbed.mean() for k in (0, 9)]
    assert all(0.1 < share < 0.4 for share in shares)


def test_highway_keeps_the_radar_equation():
    """An echo goes the way twice: sqrt(4 pi) R / sqrt(cross-section) below a radar in its place."""
    scene = load_scene("highway")
    gain = scene.receiver.sensitivity
    by_angle = {one.angle: one for one in scene.targets}
    for other in scene.interferers:
        car = by_angle[other.angle]
        echo = gain * math.sqrt(car.cross_section) / car.distance**2
        ideal = echo * math.sqrt(4 * math.pi) * car.distance / math.sqrt(car.cross_section)
        assert -10.5 < 20 * math.log10(other.amplitude / ideal) < 0.5

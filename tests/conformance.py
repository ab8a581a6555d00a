"""What every mitigation method must do, as checks that take a line of the catalogue.

`test_conformance.py` holds the catalogue to them; `test_conformance_bites.py` plants methods that
break each one, to show that they bite.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from clearchirp.mitigation.catalogue import MethodEntry
from clearchirp.spectrum import angle_map, range_doppler, range_spectrum
from clearchirp.types import InputError, Mitigated, Status

DTYPES = ("complex64", "complex128", "float32", "float64")


def scene(dtype: str, *leading: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three targets, noise and bursts of interference on known samples; every frame differs."""
    clean, disturbed = clean_scene(dtype, *leading, seed=seed)
    m, n = np.mgrid[:8, :96]
    # Chirps that cross zero frequency in the middle of each burst, as interferers do.
    centre = np.select([m == 1, (m == 4) & (n < 30), m == 4], [40, 5, 65], 93)
    chirp = 40 * np.exp(1j * 0.12 * (n - centre) ** 2)
    if np.dtype(dtype).kind == "f":
        chirp = chirp.real
    return np.where(disturbed, clean + chirp, clean).astype(dtype), disturbed


def clean_scene(dtype: str, *leading: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The targets and the noise of `scene` alone, and the mask."""
    rng = np.random.default_rng(seed)
    shape = (*leading, 8, 96)
    m, n = np.mgrid[:8, :96]
    beat = np.zeros(shape, complex)
    for _ in range(3):
        phase = rng.uniform(0, 2 * np.pi, (*leading, 1, 1))
        beat += np.exp(1j * (rng.uniform(0.1, 2) * n + rng.uniform(0, 3) * m + phase))
    beat += 0.05 * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape))
    disturbed = np.zeros(shape, bool)
    disturbed[..., 1, 30:50] = disturbed[..., 4, :10] = disturbed[..., 4, 60:70] = True
    disturbed[..., 6, 90:] = True
    return (beat.real if np.dtype(dtype).kind == "f" else beat).astype(dtype), disturbed


def taken(entry: MethodEntry) -> list[str]:
    """The types that the method takes."""
    return [t for t in DTYPES if (entry.complex if t[0] == "c" else entry.real)]


def frame(entry: MethodEntry) -> tuple[int, ...]:
    """The receivers that a frame has at least: sixteen for a method that takes them together."""
    return (16,) if entry.receivers else ()


def as_result(entry: MethodEntry, beat: np.ndarray) -> np.ndarray:
    """`beat` as the method would return it if it changed nothing."""
    if entry.domain == "beat":
        return beat
    if entry.domain == "range":
        return range_spectrum(beat)
    maps = range_doppler(beat)
    return maps if entry.domain == "range-doppler" else angle_map(maps, positive=False)


def input_is_not_modified(entry: MethodEntry) -> None:
    for dtype in taken(entry):
        beat, disturbed = scene(dtype, *frame(entry))
        kept = beat.copy(), disturbed.copy()
        entry()(beat, disturbed)
        np.testing.assert_array_equal(beat, kept[0])
        np.testing.assert_array_equal(disturbed, kept[1])


def read_only_input_is_taken(entry: MethodEntry) -> None:
    beat, disturbed = scene(taken(entry)[0], *frame(entry))
    beat.flags.writeable = disturbed.flags.writeable = False
    entry()(beat, disturbed)


def shape_and_dtype_are_kept(entry: MethodEntry) -> None:
    for dtype in taken(entry):
        beat, disturbed = scene(dtype, 2, *frame(entry))
        result = entry()(beat, disturbed)
        assert isinstance(result, Mitigated)
        assert isinstance(result.status, Status)
        assert all(isinstance(value, float) for value in result.stats.values())
        expected = as_result(entry, beat)
        assert result.signal.shape == expected.shape
        assert result.signal.dtype == expected.dtype
        assert result.disturbed is None or result.disturbed.shape == beat.shape


def nothing_disturbed_means_nothing_changed(entry: MethodEntry) -> None:
    """By the mask, or, where a method looks for interference itself, by the beat signal."""
    for dtype in taken(entry):
        make = scene if entry.needs_mask else clean_scene
        beat, disturbed = make(dtype, *frame(entry))
        result = entry()(beat, np.zeros_like(disturbed))
        np.testing.assert_array_equal(result.signal, as_result(entry, beat))


def undisturbed_samples_are_untouched(entry: MethodEntry) -> None:
    if not entry.keeps_undisturbed:
        return
    for dtype in taken(entry):
        beat, disturbed = scene(dtype, *frame(entry))
        signal = entry()(beat, disturbed).signal
        np.testing.assert_array_equal(signal[~disturbed], beat[~disturbed])


def undisturbed_chirps_are_untouched(entry: MethodEntry) -> None:
    if entry.domain in ("range-doppler", "range-doppler-angle"):
        return  # a bin has its share of every chirp
    for dtype in taken(entry):
        beat, disturbed = scene(dtype, *frame(entry))
        clear = ~disturbed.any(axis=-1)
        signal = entry()(beat, disturbed).signal
        np.testing.assert_array_equal(signal[clear], as_result(entry, beat)[clear])


def the_result_is_finite(entry: MethodEntry) -> None:
    for dtype in taken(entry):
        for scale in (1e-12, 1.0, 1e12):
            beat, disturbed = scene(dtype, *frame(entry))
            assert np.isfinite(entry()((beat * scale).astype(dtype), disturbed).signal).all()
        beat, disturbed = scene(dtype, *frame(entry))
        assert np.isfinite(entry()(np.zeros_like(beat), disturbed).signal).all()
        assert np.isfinite(entry()(beat, np.ones_like(disturbed)).signal).all()


def the_unit_of_the_samples_does_not_matter(entry: MethodEntry) -> None:
    for dtype in taken(entry):
        beat, disturbed = scene(dtype, *frame(entry))
        once = entry()(beat, disturbed).signal
        again = entry()(beat * np.dtype(dtype).type(1024), disturbed).signal
        tolerance = 1e-3 if once.dtype == np.complex64 or dtype == "float32" else 1e-9
        np.testing.assert_allclose(again / 1024, once, atol=tolerance * np.abs(once).max())


def a_batch_equals_a_loop(entry: MethodEntry) -> None:
    for dtype in taken(entry):
        beat, disturbed = scene(dtype, 2, 3, *frame(entry))
        disturbed[1, 0] = False
        batch = entry()(beat, disturbed).signal
        for i in range(2):
            for j in range(3):
                one = entry()(beat[i, j], disturbed[i, j]).signal
                np.testing.assert_array_equal(batch[i, j], one)


def the_same_call_gives_the_same_result(entry: MethodEntry) -> None:
    beat, disturbed = scene(taken(entry)[0], *frame(entry))
    method = entry()
    first = method(beat, disturbed).signal
    method(*scene(taken(entry)[0], *frame(entry), seed=9))  # no memory of other frames either
    np.testing.assert_array_equal(method(beat, disturbed).signal, first)
    np.testing.assert_array_equal(entry()(beat, disturbed).signal, first)


def memory_layout_does_not_matter(entry: MethodEntry) -> None:
    beat, disturbed = scene(taken(entry)[0], 2, *frame(entry))
    plain = entry()(beat, disturbed).signal
    strided = entry()(np.asfortranarray(beat), np.repeat(disturbed, 2, axis=-1)[..., ::2]).signal
    np.testing.assert_array_equal(strided, plain)


def bad_input_is_named_in_one_line(entry: MethodEntry) -> None:
    beat, disturbed = scene(taken(entry)[0], *frame(entry))
    with_nan, with_inf = beat.copy(), beat.copy()
    with_nan[2, 5], with_inf[3, 6] = np.nan, np.inf
    cases = [
        (with_nan, disturbed, "beat"),
        (with_inf, disturbed, "beat"),
        (beat[:0], disturbed[:0], "beat"),
        (beat[..., :0], disturbed[..., :0], "beat"),
        (np.ones(beat.shape, np.int16), disturbed, "beat"),
        ([[1.0]], disturbed, "beat"),
        (beat, disturbed[:-1], "disturbed"),
        (beat, disturbed.astype(float), "disturbed"),
    ]
    if entry.needs_mask:
        cases.append((beat, None, "disturbed"))
    for bad_beat, bad_mask, named in cases:
        with pytest.raises(InputError, match=named) as caught:
            entry()(bad_beat, bad_mask)
        assert "\n" not in str(caught.value)


def interference_is_reduced(entry: MethodEntry) -> None:
    """By half at least, where targets lie: in the positive half of the range spectra.

    A method on range spectra may learn along the bins, of which this scene has few: it must reduce
    the interference at all. A network knows the scenes of its training and no other: what its
    models do there is for `tests/neural`.
    """
    share = 1.0 if entry.domain == "range" else 0.5
    if entry.name == "none" or entry.extra == "neural":
        return
    for dtype in taken(entry):
        beat, disturbed = scene(dtype, *frame(entry))
        clean, _ = clean_scene(dtype, *frame(entry))
        signal = entry()(beat, disturbed).signal
        transform = range_doppler if entry.domain == "range-doppler" else range_spectrum
        spectra = range_spectrum(signal) if entry.domain == "beat" else signal
        half = slice(0, beat.shape[-1] // 2)
        errors = [
            np.sum(np.abs(one - transform(clean))[..., half] ** 2)
            for one in (spectra, transform(beat))
        ]
        assert errors[0] < share * errors[1]


CHECKS: dict[str, Callable[[MethodEntry], None]] = {
    check.__name__: check
    for check in (
        input_is_not_modified,
        read_only_input_is_taken,
        shape_and_dtype_are_kept,
        nothing_disturbed_means_nothing_changed,
        undisturbed_samples_are_untouched,
        undisturbed_chirps_are_untouched,
        the_result_is_finite,
        the_unit_of_the_samples_does_not_matter,
        a_batch_equals_a_loop,
        the_same_call_gives_the_same_result,
        memory_layout_does_not_matter,
        bad_input_is_named_in_one_line,
        interference_is_reduced,
    )
}

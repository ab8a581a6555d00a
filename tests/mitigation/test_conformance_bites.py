"""Bad methods, each breaking one rule, planted to prove that the suite catches them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import pytest

from clearchirp.arrays import check_beat, check_mask
from clearchirp.mitigation.catalogue import MethodEntry
from clearchirp.types import InputError, Mitigated
from tests.conformance import CHECKS


@dataclass(frozen=True)
class Good:
    """Zeroing, the method that each of the bad ones spoils in one respect."""

    def __call__(self, beat, disturbed=None, /):
        beat = self.checked(beat)
        disturbed = check_mask(disturbed, beat)
        return self.result(beat, disturbed)

    def checked(self, beat):
        if not isinstance(beat, np.ndarray):
            raise InputError("beat: expected a NumPy array")
        return check_beat(beat)

    def result(self, beat, disturbed):
        return Mitigated(signal=np.where(disturbed, beat.dtype.type(0), beat), disturbed=disturbed)


class WritesIntoItsInput(Good):
    def result(self, beat, disturbed):
        beat[disturbed] = 0
        return Mitigated(signal=beat.copy(), disturbed=disturbed)


class WritesIntoTheMask(Good):
    def result(self, beat, disturbed):
        good = super().result(beat, disturbed)
        disturbed[:] = False
        return good


class GoesDouble(Good):
    def result(self, beat, disturbed):
        good = super().result(beat, disturbed)
        return replace(good, signal=good.signal.astype(np.result_type(beat, np.float64)))


class DropsAnAxis(Good):
    def result(self, beat, disturbed):
        good = super().result(beat, disturbed)
        return replace(good, signal=good.signal.reshape(-1, beat.shape[-1]))


class CountsAreInts(Good):
    def result(self, beat, disturbed):
        return replace(super().result(beat, disturbed), stats={"zeroed": int(disturbed.sum())})


class AlwaysSmooths(Good):
    def result(self, beat, disturbed):
        good = super().result(beat, disturbed)
        return replace(good, signal=(good.signal * beat.dtype.type(0.999)))


class TouchesNeighbours(Good):
    def result(self, beat, disturbed):
        wide = disturbed | np.roll(disturbed, 1, axis=-1)
        return super().result(beat, wide)


class TouchesOtherChirps(Good):
    def result(self, beat, disturbed):
        return super().result(beat, disturbed | disturbed.any(axis=-2, keepdims=True))


class DividesByZero(Good):
    def result(self, beat, disturbed):
        good = super().result(beat, disturbed)
        with np.errstate(all="ignore"):
            level = np.abs(beat).max(axis=(-1, -2), keepdims=True)
            signal = (good.signal / level * level).astype(beat.dtype)
        return replace(good, signal=signal)


class KnowsTheUnit(Good):
    def result(self, beat, disturbed):
        return super().result(beat, disturbed & (np.abs(beat) > 30))


class LooksAcrossFrames(Good):
    def result(self, beat, disturbed):
        good = super().result(beat, disturbed)
        fill = np.where(disturbed, beat.mean().astype(beat.dtype), 0)
        return replace(good, signal=(good.signal + fill).astype(beat.dtype))


class IsRandom(Good):
    def result(self, beat, disturbed):
        good = super().result(beat, disturbed)
        noise = np.random.default_rng().standard_normal(beat.shape)
        return replace(good, signal=np.where(disturbed, noise, good.signal).astype(beat.dtype))


_calls = itertools.count()


class RemembersEarlierCalls(Good):
    def result(self, beat, disturbed):
        good = super().result(beat, disturbed)
        fill = beat.dtype.type(1e-3 * next(_calls))
        return replace(good, signal=np.where(disturbed, fill, good.signal))


class ReadsMemoryInOrder(Good):
    def result(self, beat, disturbed):
        good = super().result(beat, disturbed)
        order = np.arange(beat.size, dtype=beat.real.dtype).reshape(beat.shape, order="A")
        if beat.flags.f_contiguous and beat.ndim > 1 and not beat.flags.c_contiguous:
            order = order.ravel(order="K").reshape(beat.shape)
        fill = np.where(beat.flags.c_contiguous, order, -order)
        return replace(good, signal=np.where(disturbed, fill, good.signal).astype(beat.dtype))


class TakesNan(Good):
    def checked(self, beat):
        return beat if isinstance(beat, np.ndarray) and beat.size else super().checked(beat)


class SpeaksInTwoLines(Good):
    def checked(self, beat):
        try:
            return super().checked(beat)
        except InputError as error:
            raise InputError(f"bad\nbeat: {error}") from None


class NeedsNoMask(Good):
    def __call__(self, beat, disturbed=None, /):
        if disturbed is None:
            return Mitigated(signal=self.checked(beat).copy(), disturbed=None)
        return super().__call__(beat, disturbed)


class DoesNothing(Good):
    def result(self, beat, disturbed):
        return Mitigated(signal=beat.copy(), disturbed=disturbed)


PLANTED = {
    WritesIntoItsInput: ["input_is_not_modified", "read_only_input_is_taken"],
    WritesIntoTheMask: ["input_is_not_modified"],
    GoesDouble: ["shape_and_dtype_are_kept"],
    DropsAnAxis: ["shape_and_dtype_are_kept"],
    CountsAreInts: ["shape_and_dtype_are_kept"],
    AlwaysSmooths: ["nothing_disturbed_means_nothing_changed"],
    TouchesNeighbours: ["undisturbed_samples_are_untouched"],
    TouchesOtherChirps: ["undisturbed_chirps_are_untouched"],
    DividesByZero: ["the_result_is_finite"],
    KnowsTheUnit: ["the_unit_of_the_samples_does_not_matter"],
    LooksAcrossFrames: ["a_batch_equals_a_loop"],
    IsRandom: ["the_same_call_gives_the_same_result"],
    RemembersEarlierCalls: ["the_same_call_gives_the_same_result"],
    ReadsMemoryInOrder: ["memory_layout_does_not_matter"],
    TakesNan: ["bad_input_is_named_in_one_line"],
    SpeaksInTwoLines: ["bad_input_is_named_in_one_line"],
    NeedsNoMask: ["bad_input_is_named_in_one_line"],
    DoesNothing: ["interference_is_reduced"],
}


def entry_of(kind: type) -> MethodEntry:
    return MethodEntry(
        name=kind.__name__,
        factory=f"{kind.__module__}:{kind.__qualname__}",
        domain="beat",
        needs_mask=True,
        keeps_undisturbed=True,
        summary="planted",
        source="here",
        cost=1,
    )


@pytest.mark.parametrize("check", CHECKS)
def test_the_good_method_passes(check):
    CHECKS[check](entry_of(Good))


@pytest.mark.parametrize(
    ("kind", "check"), [(kind, check) for kind, checks in PLANTED.items() for check in checks]
)
def test_the_bad_method_is_caught(kind, check):
    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        CHECKS[check](entry_of(kind))


def test_every_check_is_shown_to_bite():
    assert {check for checks in PLANTED.values() for check in checks} == set(CHECKS)

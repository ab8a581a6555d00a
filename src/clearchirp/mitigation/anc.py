"""Adaptive noise canceller: the negative half of the range spectrum cleans the positive half."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clearchirp.arrays import check_beat, check_mask, is_complex, require_numpy
from clearchirp.settings import check_number
from clearchirp.spectrum import range_spectrum
from clearchirp.types import Array, InputError, Mitigated


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseCanceller:
    """Subtract from the positive beat frequencies what the negative ones predict of them.

    An I/Q receiver sees targets at positive beat frequencies only, a crossing at both: the
    negative half, conjugated and mirrored, is the reference input of an adaptive filter along
    frequency whose output is subtracted from the positive half.

    Parameters
    ----------
    length
        Taps of the filter, from 1; 8 by default.
    step
        Step size of the normalised LMS filter, above 0 and below 2; 0.5 by default. Larger lowers
        the floor more and lets the filter follow targets, whose modulus then varies from chirp to
        chirp.

    Raises
    ------
    InputError
        If a setting is out of its range.

    Notes
    -----
    With primary input d[k] = X[k] and reference r[k] = conj(X[-k]), k = N/2 - 1 ... 1 downwards,
    and the last `length` reference values in the vector v: e = d - w^H v is the output, and
    w <- w + step v conj(e) / (||v||^2 + c), where c is `length` times a millionth of the mean power
    of the reference. The filter starts as (1, 0, 0 ...), in every chirp anew.

    What is returned: disturbed chirps have e at the positive beat frequencies. Zero, the negative
    half and the bin at half the sampling rate are unchanged, so a crossing is still there; read no
    noise floor from the negative half. Chirps without a disturbed sample are unchanged.

    It works as far as the two halves of a crossing resemble each other: a crossing that an end of
    the chirp cuts off is left or made worse, and so is a long burst (about a tenth of the chirp or
    more), whose halves differ by a phase that turns faster along frequency than the filter
    follows. In the recording that the authors publish (receiver 1, beside the target at range bin
    74) the floor falls by 15.5 dB, with a step of 1 by 19.4 dB; zeroing lowers it by 27.3 dB.

    Source
    ------
    Jin and Cao 2019.

    Deviations
    ----------
    - The authors publish LMS with 8 taps and a step of 2/50 over the mean power of the reference;
      here the step is normalised by the power in the filter (NLMS), which cannot diverge. Theirs
      lowers the floor of that recording by 13.6 dB.
    - The spectra are Hann-windowed, as everywhere in the house.
    - The authors take chirps whose negative half has more than a fixed power; here the mask says
      which chirps are disturbed.
    - r[k] is the bin at the mirrored frequency -k; theirs is its neighbour.

    Examples
    --------
    >>> n = np.arange(256)
    >>> target = np.exp(1j * n)
    >>> burst = 30 * np.exp(-(((n - 128) / 4.0) ** 2))
    >>> beat, disturbed = (target + burst)[None], (burst > 0.5)[None]
    >>> cleaned = NoiseCanceller()(beat, disturbed).signal
    >>> before, after = (abs(x[0, 10:30]).mean() for x in (range_spectrum(beat), cleaned))
    >>> bool(after < before / 10)
    True
    """

    length: int = 8
    step: float = 0.5

    def __post_init__(self) -> None:
        length = self.length
        if not isinstance(length, int) or isinstance(length, bool) or length < 1:
            raise InputError(f"length: must be a whole number from 1, got {length!r}")
        check_number("step", self.step)
        if not 0 < self.step < 2:
            raise InputError(f"step: must be above 0 and below 2, got {self.step!r}")

    def __call__(self, beat: Array, disturbed: Array | None = None, /) -> Mitigated:
        """Return the range spectra (..., chirp, range) of a complex beat signal.

        `beat` is a complex NumPy array (..., chirp, sample), `disturbed` its boolean mask. The
        stats count the chirps filtered. `InputError` for what is neither, and for real samples,
        whose negative half is the mirrored positive one.
        """
        require_numpy(check_beat(beat), method="anc")
        if not is_complex(beat):
            raise InputError(
                "beat: anc takes complex samples only (the spectrum of real ones is symmetric); "
                "choose another method for a real receiver"
            )
        mask = np.asarray(check_mask(disturbed, beat))
        spectra = range_spectrum(beat)
        hit = np.flatnonzero(mask.any(axis=-1))
        if hit.size:
            # Numba takes a second to load, which `import clearchirp` must not.
            from clearchirp.mitigation.anc_kernels import cancel

            rows = spectra.reshape(-1, spectra.shape[-1])
            chosen = rows[hit].astype(np.complex128)
            cancel(chosen, self.length, float(self.step))
            rows[hit] = chosen.astype(spectra.dtype)
            spectra = rows.reshape(spectra.shape)
        return Mitigated(spectra, mask, stats={"chirps_filtered": float(hit.size)})

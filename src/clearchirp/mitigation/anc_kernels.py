"""The normalised LMS filter along the range spectrum, compiled.

The same in a few lines of NumPy is the oracle in ``tests/oracles/anc.py``.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_LEAST = 1e-6
# Power per tap that is added to the filter's, in units of the mean of the reference.


@njit(cache=True, nogil=True)
def cancel(spectra, length, step):
    """Filter the positive half of each spectrum (chirp, bin) in place, from its top downwards."""
    bins = spectra.shape[1]
    top = (bins - 1) // 2
    weights, taps = np.empty(length, np.complex128), np.empty(length, np.complex128)
    for r in range(spectra.shape[0]):
        weights[:], taps[:] = 0.0, 0.0
        weights[0] = 1.0
        # Where the anti-alias filter leaves nothing of the reference, its rounding is not followed.
        least = 0.0
        for k in range(1, top + 1):
            least += spectra[r, bins - k].real ** 2 + spectra[r, bins - k].imag ** 2
        least *= _LEAST * length / max(top, 1)
        for k in range(top, 0, -1):
            # The newest value lies at `at`; those before it follow, around the end of the array.
            at = (k - top) % length
            taps[at] = np.conj(spectra[r, bins - k])
            error, power = spectra[r, k], least
            for m in range(length):
                tap = taps[at + m - (length if at + m >= length else 0)]
                error -= np.conj(weights[m]) * tap
                # The sum is taken afresh: a running one would keep the rounding of a strong line.
                power += tap.real**2 + tap.imag**2
            if power > 0:
                gain = np.conj(error) * (step / power)
                for m in range(length):
                    weights[m] += gain * taps[at + m - (length if at + m >= length else 0)]
            spectra[r, k] = error

"""Iterative thresholding of NumPy frames, as fast as its FFTs allow.

With a step of 1 an iteration is: inverse FFT of x; measured samples put back in (and the residual's
power summed in the same pass); FFT; threshold (and the change summed in the same pass). The
threshold's standard deviation is known before the FFT, from the residual by Parseval. Everything is
in place: an iteration takes no memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.fft as scipy_fft
from numpy.typing import NDArray

from clearchirp.operators.fourier import MaskedFourier
from clearchirp.solvers.solve import Iterate, SamplingOperator, ratio
from clearchirp.types import Array

# Its type stubs speak of the dispatch to other backends, not of arrays.
fft: Any = scipy_fft


def applies(operator: SamplingOperator, y: Array, step: float) -> bool:
    """True for a complex NumPy frame on the masked Fourier operator and a step of 1."""
    return (
        step == 1
        and isinstance(operator, MaskedFourier)
        and isinstance(y, np.ndarray)
        and y.ndim == 2
        and y.dtype in (np.complex64, np.complex128)
    )


def iterates(
    operator: SamplingOperator,
    y: NDArray[Any],
    beta: float,
    penalty: float | None,
    weight: NDArray[Any] | None,
    *,
    soft: bool,
) -> Iterator[Iterate]:
    """Yield the iterates of soft or hard thresholding; x is overwritten by the next one."""
    # Numba takes a second to load, which `import clearchirp` must not.
    from clearchirp.solvers import thresholding_kernels as kernels

    assert isinstance(operator, MaskedFourier)
    real = np.float32 if y.dtype == np.complex64 else np.float64
    measured = np.ascontiguousarray(operator.measured)
    samples = np.where(measured, y, y.dtype.type(0))
    given = _parts(samples)
    gap = np.empty((y.size, 2), real)
    gap[:] = ~measured.reshape(-1, 1)
    gap = gap.ravel()
    flat = np.empty(0, real) if weight is None else np.array(weight, dtype=real).ravel()
    x = np.zeros(y.shape, y.dtype)
    residual = kernels.energy(given)
    first = samples[0, 0]
    work = samples.copy()
    fixed: float | None = None
    while True:
        spectrum = fft.fft2(work, norm="ortho", overwrite_x=True)
        if penalty is not None and fixed is None:
            fixed = penalty * float(np.abs(spectrum).max())
        # The mean of the gradient is the residual's first sample, over the root of the bins.
        deviation = math.sqrt(max(residual - abs(first) ** 2, 0.0) / y.size)
        threshold = real(beta * deviation if fixed is None else fixed)
        keep = kernels.keep_soft if soft else kernels.keep_hard
        step, size = keep(_parts(spectrum), _parts(x), threshold, flat)
        yield Iterate(x, ratio(step, size))
        work = fft.ifft2(spectrum, norm="ortho", overwrite_x=True)
        first = samples[0, 0] - work[0, 0] if measured[0, 0] else 0.0
        residual = kernels.put_back(_parts(work), given, gap)


def _parts(x: NDArray[Any]) -> NDArray[Any]:
    """Return complex (chirp, sample) as real numbers, flat: real and imaginary in turn."""
    return x.reshape(-1).view(np.float32 if x.dtype == np.complex64 else np.float64)

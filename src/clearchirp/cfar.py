"""Object detection at a constant false-alarm rate: CA, GO, LO and OS over one to three axes.

The cell under test is compared with a level that is estimated from the training cells around it,
the guard cells next to it left out. The training cells form a square ring (a cuboid shell in three
dimensions): with g guard and t training cells on each side of an axis, it holds the cells at most
g + t away along every axis, without those at most g away along every axis.

Sources: Finn and Johnson, RCA Review 29 (1968), for CA; Hansen and Sawyers, IEEE Trans. Aerosp.
Electron. Syst. 16 (1980), for GO; Trunk, IEEE Trans. Aerosp. Electron. Syst. 14 (1978), for LO;
Rohling, IEEE Trans. Aerosp. Electron. Syst. 19 (1983), for OS. They treat one dimension; the split
of an N-D ring into windows for GO and LO is ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import array_api_compat
import numpy as np

from clearchirp import _cfar_windows
from clearchirp._cfar_windows import Window, cut_window, leaves_a_cell_alone, wrapped_window
from clearchirp.arrays import is_numpy, namespace, squared_magnitude
from clearchirp.types import Array, InputError

_KINDS = ("ca", "go", "lo", "os")
_EDGES = ("wrap", "shrink")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cfar:
    """A CFAR detector.

    Parameters
    ----------
    kind
        ``"ca"`` takes the mean of the training cells. ``"go"`` and ``"lo"`` split the ring into
        two windows an axis and take the greatest or the least of their means. ``"os"`` takes an
        order statistic of the training cells, see `rank`.
    axes
        How many of the last axes are scanned, 1 to 3; the axes before them are a batch.
    guard
        Guard cells on each side; one number for all scanned axes, or one for each in their order.
    training
        Training cells on each side, likewise. With 0 for an axis that axis has guard cells only.
    threshold_db
        A cell is detected where its power is more than this far above the level.
    edges
        ``"wrap"``: the axes are periodic, as those of a discrete spectrum are. On an axis too
        short for the window its training cells become as many as fit without one counting twice;
        an axis of a single cell is left out of the window. ``"shrink"``: only the cells inside
        the map count, and means are over their number; GO and LO leave out a window without any.
    rank
        OS only: the share of the training cells that lie below the chosen one, 0 the least of
        them, 1 the greatest. Of N training cells it is number ``floor(rank * N)`` counted from 0,
        N - 1 at most.

    Raises
    ------
    InputError
        For a setting out of range, and on use for an array that is not a map of finite numbers or
        that leaves a cell without a training cell.

    Notes
    -----
    In one dimension the windows of GO and LO are the leading and the lagging one. In N dimensions
    the two windows of an axis are the parts of the ring beyond the guard cells before and after the
    cell along that axis, as wide as the guard area in the axes before it and as wide as the whole
    window in the axes after it. They do not overlap, and together they are the ring. In a
    range-Doppler map the first pair therefore runs over the whole width of the window in range.

    CA, GO and LO use running sums: their cost per cell does not depend on the window. Nothing is
    ever subtracted, so that in single precision the level next to a strong peak keeps its accuracy.

    OS on NumPy arrays sorts each map once and slides a set of marks over the sorted cells along the
    last axis. A step makes one update for each cell that enters or leaves the window, about twice
    its extent over the other scanned axes (nothing in 1-D, an edge in 2-D, a face in 3-D), and one
    search, which is short where neighbouring cells have like levels and otherwise takes up to one
    step for each 512 cells of the map. OS on other arrays sorts the training cells of every cell:
    its time and memory grow with the window's area.

    Examples
    --------
    The mask that scores are counted on:

    >>> spectrum = np.ones((32, 64), dtype=np.complex64)
    >>> spectrum[10, 20] = 10
    >>> np.argwhere(Cfar()(spectrum)).tolist()
    [[10, 20]]
    """

    kind: Literal["ca", "go", "lo", "os"] = "ca"
    axes: int = 2
    guard: int | tuple[int, ...] = 2
    training: int | tuple[int, ...] = 8
    threshold_db: float = 12.0
    edges: Literal["wrap", "shrink"] = "wrap"
    rank: float = 0.75

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise InputError(f"cfar: kind must be one of {', '.join(_KINDS)}, got {self.kind!r}")
        if self.edges not in _EDGES:
            raise InputError(f"cfar: edges must be one of {', '.join(_EDGES)}, got {self.edges!r}")
        if not _is_count(self.axes) or not 1 <= self.axes <= 3:
            raise InputError(f"cfar: axes must be 1, 2 or 3, got {self.axes!r}")
        _per_axis("guard", self.guard, self.axes)
        if not any(_per_axis("training", self.training, self.axes)):
            raise InputError("cfar: training is 0 on every axis; give at least one axis some cells")
        if not _is_number(self.threshold_db):
            raise InputError(
                f"cfar: threshold_db must be a finite number, got {self.threshold_db!r}"
            )
        if not _is_number(self.rank) or not 0 <= self.rank <= 1:
            raise InputError(f"cfar: rank must be from 0 to 1, got {self.rank!r}")

    def __call__(self, spectrum: Array) -> Array:
        """Detect the cells of `spectrum` that stand out.

        Parameters
        ----------
        spectrum
            Complex map, or its modulus, of shape (..., scanned axes); its squared modulus is what
            is compared. For a map that is a power already, compare with `noise_level` instead.

        Returns
        -------
        Array
            Boolean, of the same shape, True where |spectrum|^2 > 10^(threshold_db / 10) times the
            level; never True where the level is not exceeded because both are zero.
        """
        _check_kind_of_array(spectrum, "spectrum", ("real floating", "complex floating"))
        with np.errstate(over="ignore"):  # too large a value is an error with its own message
            power = squared_magnitude(spectrum)
        level = self._level(power, "spectrum")
        return power > level * 10 ** (self.threshold_db / 10)

    def noise_level(self, power: Array) -> Array:
        """Return the level that each cell of a map of powers is compared with.

        Parameters
        ----------
        power
            Real map |S|^2, zero or more, of shape (..., scanned axes).

        Returns
        -------
        Array
            The estimate of the mean noise power (CA, GO, LO) or the chosen training cell (OS); of
            the same shape and precision.
        """
        _check_kind_of_array(power, "power", ("real floating",))
        return self._level(power, "power")

    def _level(self, power: Array, name: str) -> Array:
        _check_powers(power, name, self.axes)
        windows = _windows(self, tuple(power.shape)[-self.axes :], name)
        form = _cfar_windows
        if is_numpy(power) and power.dtype.itemsize in (4, 8):
            from clearchirp import _cfar_kernels as form  # here, since Numba takes long to import

            # Every other layout would compile the kernels once more.
            power = np.require(power, np.dtype(power.dtype).newbyteorder("="), ["C", "A", "W"])
        if self.kind == "ca":
            return form.mean(power, windows)
        if self.kind == "os":
            return form.order_statistic(power, windows, self.rank)
        return form.extreme_mean(power, windows, greatest=self.kind == "go")


@lru_cache(maxsize=64)
def _windows(cfar: Cfar, shape: tuple[int, ...], name: str) -> tuple[Window, ...]:
    guards = _per_axis("guard", cfar.guard, cfar.axes)
    trainings = _per_axis("training", cfar.training, cfar.axes)
    fit = wrapped_window if cfar.edges == "wrap" else cut_window
    windows = tuple(
        fit(index - cfar.axes, *sizes, name)
        for index, sizes in enumerate(zip(shape, guards, trainings, strict=True))
    )
    if leaves_a_cell_alone(windows):
        raise InputError(
            f"{name}: a map of {' x '.join(map(str, shape))} cells leaves some cell without a "
            "training cell; use fewer guard cells or a larger map"
        )
    return windows


def _check_kind_of_array(maps: Array, name: str, kinds: tuple[str, ...]) -> None:
    if not bool(array_api_compat.is_array_api_obj(maps)):
        raise InputError(f"{name}: expected an array, got {type(maps).__name__}")
    if not namespace(maps).isdtype(maps.dtype, kinds):
        expected = "a real or complex" if len(kinds) > 1 else "a real"
        raise InputError(f"{name}: expected {expected} floating-point array, got {maps.dtype}")


def _check_powers(power: Array, name: str, axes: int) -> None:
    if power.ndim < axes:
        raise InputError(
            f"{name}: {axes} axes are to be scanned, got an array of shape {tuple(power.shape)}"
        )
    if 0 in power.shape:
        raise InputError(f"{name}: is empty, its shape is {tuple(power.shape)}")
    xp = namespace(power)
    # A NaN is the least and the greatest of any array that holds it, and fails both comparisons.
    if not (float(xp.min(power)) >= 0 and float(xp.max(power)) < math.inf):
        what = "NaN, Inf or too large to square" if name == "spectrum" else "NaN, Inf or negative"
        raise InputError(f"{name}: some of its values are {what}; replace them first")


def _per_axis(name: str, cells: int | tuple[int, ...], axes: int) -> tuple[int, ...]:
    each = cells if isinstance(cells, tuple) else (cells,) * axes
    if len(each) != axes or not all(_is_count(n) and n >= 0 for n in each):
        raise InputError(
            f"cfar: {name} must be a whole number from 0, or a tuple of {axes}, one for each "
            f"scanned axis; got {cells!r}"
        )
    return each


def _is_count(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    real = isinstance(value, int | float | np.integer | np.floating)
    return real and not isinstance(value, bool) and math.isfinite(value)

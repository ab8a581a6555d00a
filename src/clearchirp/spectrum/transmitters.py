"""TDM-MIMO: chirps in time order into virtual receivers, and back."""

from __future__ import annotations

from clearchirp.arrays import namespace
from clearchirp.types import Array, InputError


def split_transmitters(beat: Array, transmit_order: tuple[int, ...]) -> Array:
    """Return the beat signal with a virtual receiver for every pair of transmitter and receiver.

    Detectors and beat methods see the chirps in time order; any Doppler transform must see the
    chirps of one transmitter.

    Parameters
    ----------
    beat
        (..., rx, chirp, sample), chirps of all transmitters in time order.
    transmit_order
        The transmitter of each chirp, repeated over the frame; every transmitter once.

    Returns
    -------
    Array
        (..., tx * rx, chirp / tx, sample), the receivers of the first transmitter in the order
        first; the input itself for a single transmitter.

    Examples
    --------
    >>> import numpy as np
    >>> beat = np.arange(4.0).reshape(1, 4, 1)  # one receiver, chirps of transmitters 0 1 0 1
    >>> split_transmitters(beat, (0, 1))[..., 0].tolist()
    [[0.0, 2.0], [1.0, 3.0]]
    """
    count = len(transmit_order)
    if count == 1:
        return beat
    if len(set(transmit_order)) != count:
        raise InputError(
            f"waveform: transmit_order {transmit_order} names a transmitter twice; give each once"
        )
    if beat.ndim < 3 or beat.shape[-2] % count:
        raise InputError(
            f"beat: shape {tuple(beat.shape)} is not (..., rx, chirp, sample) with a multiple of "
            f"{count} chirps, one for each transmitter"
        )
    xp = namespace(beat)
    parts = [beat[..., k::count, :] for k in range(count)]
    return xp.concat(parts, axis=-3)


def merge_transmitters(beat: Array, transmit_order: tuple[int, ...]) -> Array:
    """Undo `split_transmitters`: the chirps of all transmitters in time order.

    Parameters
    ----------
    beat
        (..., tx * rx, chirp / tx, sample), the receivers of the first transmitter first.
    transmit_order
        As for `split_transmitters`.

    Returns
    -------
    Array
        (..., rx, chirp, sample).

    Examples
    --------
    >>> import numpy as np
    >>> beat = np.arange(8.0).reshape(2, 4, 1)
    >>> bool(np.all(merge_transmitters(split_transmitters(beat, (0, 1)), (0, 1)) == beat))
    True
    """
    count = len(transmit_order)
    if count == 1:
        return beat
    xp = namespace(beat)
    *lead, virtual, chirps, samples = beat.shape
    parts = xp.reshape(beat, (*lead, count, virtual // count, chirps, samples))
    axis = len(lead)
    order = (*range(axis), axis + 1, axis + 2, axis, axis + 3)
    merged = xp.permute_dims(parts, order)
    return xp.reshape(merged, (*lead, virtual // count, chirps * count, samples))

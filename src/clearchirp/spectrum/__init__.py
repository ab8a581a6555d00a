"""Windows and the spectra of a beat signal: range, range-Doppler, angle, short-time."""

from clearchirp.spectrum.angle import angle_map, receivers_of_angle_map
from clearchirp.spectrum.range_doppler import (
    beat_from_range,
    beat_from_range_doppler,
    doppler_spectrum,
    range_doppler,
    range_spectrum,
)
from clearchirp.spectrum.stft import ShortTime, short_time_spectrum
from clearchirp.spectrum.transmitters import merge_transmitters, split_transmitters
from clearchirp.spectrum.windows import hann

__all__ = [
    "ShortTime",
    "angle_map",
    "beat_from_range",
    "beat_from_range_doppler",
    "doppler_spectrum",
    "hann",
    "merge_transmitters",
    "range_doppler",
    "range_spectrum",
    "receivers_of_angle_map",
    "short_time_spectrum",
    "split_transmitters",
]

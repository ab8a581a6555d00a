"""clearchirp: find and remove mutual interference in FMCW radar recordings.

>>> import clearchirp as cc
>>> sorted(cc.methods)
['ar', 'none', 'ramp-filter', 'zeroing']
"""

from clearchirp._version import __version__
from clearchirp.chain import Cleaned, mitigate
from clearchirp.disturbed.catalogue import detectors
from clearchirp.io import Capture
from clearchirp.io import open_capture as open
from clearchirp.mitigate.catalogue import methods
from clearchirp.types import InputError, Mitigated, Status
from clearchirp.waveform import Waveform

__all__ = [
    "Capture",
    "Cleaned",
    "InputError",
    "Mitigated",
    "Status",
    "Waveform",
    "__version__",
    "detectors",
    "methods",
    "mitigate",
    "open",
]

"""clearchirp: find and remove mutual interference in FMCW radar recordings.

>>> import clearchirp as cc
>>> "ar" in cc.methods
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from clearchirp._version import __version__

if TYPE_CHECKING:
    from clearchirp.chain import Cleaned, mitigate
    from clearchirp.disturbed.catalogue import detectors
    from clearchirp.io import Capture
    from clearchirp.io import open_capture as open
    from clearchirp.mitigation.catalogue import methods
    from clearchirp.recordings import clean_recording, detect_recording
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
    "clean_recording",
    "detect_recording",
    "detectors",
    "methods",
    "mitigate",
    "open",
]

# Each name is imported when first used, so that `import clearchirp` and the rooms that need nothing
# but NumPy stay light.
_PLACES = {
    "Capture": "clearchirp.io:Capture",
    "Cleaned": "clearchirp.chain:Cleaned",
    "InputError": "clearchirp.types:InputError",
    "Mitigated": "clearchirp.types:Mitigated",
    "Status": "clearchirp.types:Status",
    "Waveform": "clearchirp.waveform:Waveform",
    "clean_recording": "clearchirp.recordings:clean_recording",
    "detect_recording": "clearchirp.recordings:detect_recording",
    "detectors": "clearchirp.disturbed.catalogue:detectors",
    "methods": "clearchirp.mitigation.catalogue:methods",
    "mitigate": "clearchirp.chain:mitigate",
    "open": "clearchirp.io:open_capture",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _PLACES[name].partition(":")
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

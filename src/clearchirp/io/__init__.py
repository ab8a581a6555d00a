"""Readers and writers: every format becomes a `Capture`, and results go back to files.

Nothing here loads numba, h5py, xarray, zarr or scipy before a file needs it.
"""

from clearchirp.io.capture import Capture, Frames, from_array
from clearchirp.io.dca1000 import write_dca1000
from clearchirp.io.open import open_capture
from clearchirp.io.part import unfinished
from clearchirp.io.pcap import PcapFacts, pcap_facts
from clearchirp.io.waveform_file import (
    RadarSetup,
    load_setup,
    load_waveform,
    shipped_waveforms,
)
from clearchirp.io.writer import CaptureWriter, write_capture, write_json

__all__ = [
    "Capture",
    "CaptureWriter",
    "Frames",
    "PcapFacts",
    "RadarSetup",
    "from_array",
    "load_setup",
    "load_waveform",
    "open_capture",
    "pcap_facts",
    "shipped_waveforms",
    "unfinished",
    "write_capture",
    "write_dca1000",
    "write_json",
]

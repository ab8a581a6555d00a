"""Every detector of disturbed samples by name: one line each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from clearchirp.settings import build
from clearchirp.types import Detector, InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorEntry:
    """A line of the catalogue; call it with settings by name to get the detector.

    Attributes
    ----------
    name
        As on the command line.
    factory
        ``module:class``, imported when first used.
    summary
        What it does, in a few words.
    source
        Where it comes from.
    needs_truth
        Whether it is an oracle that must be given the ground truth.
    cost
        Time for a frame in units of one range-Doppler map of that frame, a rough figure from
        ``benchmarks/bench_chain.py``.
    """

    name: str
    factory: str
    summary: str
    source: str
    needs_truth: bool = False
    cost: float

    def __call__(self, **settings: object) -> Detector:
        """Return the detector with the given settings; `InputError` for a wrong one."""
        return build(self.factory, self.name, settings)


_ROOM = "clearchirp.disturbed."

_ENTRIES = (
    DetectorEntry(
        name="adaptive-threshold",
        factory=_ROOM + "adaptive_threshold:AdaptiveThreshold",
        summary="modulus against gamma times the rms of what is not flagged, iterated",
        source="Chen 2022 (19)",
        cost=2.5,
    ),
    DetectorEntry(
        name="laplacian",
        factory=_ROOM + "laplacian:Laplacian",
        summary="second difference of the modulus: sharp edges, misses the inside",
        source="Chen 2022, section 4",
        cost=2.5,
    ),
    DetectorEntry(
        name="combined",
        factory=_ROOM + "combined:Combined",
        summary="union of adaptive-threshold and laplacian, gaps inside a burst closed",
        source="Chen 2022, Table 1",
        cost=3,
    ),
    DetectorEntry(
        name="envelope",
        factory=_ROOM + "envelope:Envelope",
        summary="change points of the power along a chirp",
        source="Oswald 2026, VI-B2",
        cost=12,
    ),
    DetectorEntry(
        name="stft-cfar",
        factory=_ROOM + "stft_cfar:StftCfar",
        summary="CFAR along the frequency lines of the short-time spectrum",
        source="Wang 2022b",
        cost=13,
    ),
    DetectorEntry(
        name="on-chip",
        factory=_ROOM + "on_chip:OnChipThreshold",
        summary="multiples of the chirp's mean modulus and mean difference, as radar chips do",
        source="TI SWRA725",
        cost=1,
    ),
    DetectorEntry(
        name="fractional",
        factory=_ROOM + "fractional:Fractional",
        summary="pulses among fractional Fourier transforms of many angles, refined to chirps",
        source="Oswald 2026, V-A",
        cost=250,
    ),
    DetectorEntry(
        name="oracle",
        factory=_ROOM + "oracle:Oracle",
        summary="where the interference is stronger than all else",
        source="Oswald 2026, VI-B2",
        needs_truth=True,
        cost=0,
    ),
)

detectors: Mapping[str, DetectorEntry] = MappingProxyType({e.name: e for e in _ENTRIES})
"""Name -> entry."""

DEFAULT_DETECTOR = "combined"


def find_detector(name: str) -> DetectorEntry:
    """Return the entry of that name; `InputError` lists the names there are."""
    if name not in detectors:
        raise InputError(f"detector: no detector is called {name!r}; there are {_names()}")
    return detectors[name]


def _names() -> str:
    return ", ".join(detectors)

"""Every mitigation method by name: one line each, and nothing that is not in this table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from clearchirp.settings import build, defaults
from clearchirp.types import InputError, Mitigator

Domain = Literal["beat", "range", "range-doppler", "range-doppler-angle"]


def _nothing() -> Mapping[str, object]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodEntry:
    """A line of the catalogue; call it with settings by name to get the mitigator.

    Attributes
    ----------
    name
        As on the command line.
    factory
        ``module:class``, imported when first used.
    solver
        ``module:class`` of the solver that it is built around; its settings are the method's, too.
    domain
        What the result is: a beat signal, range spectra or a map.
    needs_mask
        Whether a detector must run first; methods without find the interference themselves.
    needs_truth
        Whether it is an oracle that must be given the ground truth.
    keeps_undisturbed
        Whether undisturbed samples come out bit for bit.
    real, complex
        Which receivers it takes directly.
    arrays
        "numpy" or "any" array library.
    receivers
        Whether it takes the receivers of a frame together: its beat signals are (..., rx, chirp,
        sample). For all others every axis before the chirps is a batch.
    extra
        What must be installed with clearchirp, the name of an extra; most need nothing.
    summary
        What it does, in a few words.
    source
        Where it comes from.
    cost
        Time for a frame in units of one range-Doppler map of that frame, a rough figure from
        ``benchmarks/bench_chain.py``.
    given
        Settings that make it a method of its own name; any may be set otherwise.
    """

    name: str
    factory: str
    domain: Domain
    needs_mask: bool
    needs_truth: bool = False
    keeps_undisturbed: bool
    real: bool = True
    complex: bool = True
    arrays: Literal["numpy", "any"] = "numpy"
    solver: str = ""
    receivers: bool = False
    extra: str = ""
    summary: str
    source: str
    cost: float
    given: Mapping[str, object] = field(default_factory=_nothing)

    def __call__(self, **settings: object) -> Mitigator:
        """Return the mitigator with the given settings; `InputError` for a wrong one."""
        return build(self.factory, self.name, {**self.given, **settings}, self.solver)

    def defaults(self) -> dict[str, object]:
        """Return the settings by name, with their default values."""
        return {**defaults(self.factory, self.solver), **self.given}


_ROOM = "clearchirp.mitigation."


def _sparse(
    name: str, solver: str, how: str, source: str, cost: tuple[float, float]
) -> tuple[MethodEntry, MethodEntry]:
    """Return the two entries of a solver: what only fills the gaps, and the sparse map itself."""
    filling = MethodEntry(
        name=name,
        factory=_ROOM + "sparse_recovery:SparseRecovery",
        solver="clearchirp.solvers." + solver,
        domain="beat",
        needs_mask=True,
        keeps_undisturbed=True,
        arrays="any",
        summary=f"gaps refilled from a sparse map: {how}",
        source=source,
        cost=cost[0],
    )
    itself = replace(
        filling,
        name=f"{name}-map",
        factory=_ROOM + "sparse_recovery:SparseMap",
        domain="range-doppler",
        keeps_undisturbed=False,
        summary=f"the sparse map itself: {how}",
        cost=cost[1],
    )
    return filling, itself


_ENTRIES = (
    MethodEntry(
        name="none",
        factory=_ROOM + "nothing:Nothing",
        domain="beat",
        needs_mask=False,
        keeps_undisturbed=True,
        arrays="any",
        summary="the input as it is, the row to compare with",
        source="-",
        cost=0.1,
    ),
    MethodEntry(
        name="zeroing",
        factory=_ROOM + "zeroing:Zeroing",
        domain="beat",
        needs_mask=True,
        keeps_undisturbed=True,
        arrays="any",
        summary="disturbed samples set to zero, edges hard or raised-cosine",
        source="Oswald 2026",
        cost=0.3,
    ),
    MethodEntry(
        name="zeroing-oracle",
        factory=_ROOM + "zeroing:Zeroing",
        domain="beat",
        needs_mask=True,
        needs_truth=True,
        keeps_undisturbed=True,
        arrays="any",
        summary="zeroing with the mask that only the truth can give: an upper bound",
        source="Oswald 2026, VI-B2",
        cost=0.3,
    ),
    MethodEntry(
        name="ramp-filter",
        factory=_ROOM + "ramp_filter:RampFilter",
        domain="range",
        needs_mask=True,
        keeps_undisturbed=False,
        summary="median over consecutive chirps of the modulus of each range bin",
        source="Wagner 2018",
        cost=9,
    ),
    MethodEntry(
        name="ar",
        factory=_ROOM + "ar:Autoregressive",
        domain="beat",
        needs_mask=True,
        keeps_undisturbed=True,
        summary="gaps predicted from both sides by Burg's autoregressive model",
        source="Rameez 2021",
        cost=8,
    ),
    MethodEntry(
        name="imat",
        factory=_ROOM + "imat:Imat",
        domain="beat",
        needs_mask=True,
        keeps_undisturbed=True,
        summary="gaps refilled from spectral lines above a falling threshold, chirp by chirp",
        source="Bechter 2017",
        cost=10,
    ),
    MethodEntry(
        name="imat-2d",
        factory=_ROOM + "imat:Imat2d",
        domain="beat",
        needs_mask=True,
        keeps_undisturbed=True,
        summary="gaps refilled from the frame's range-Doppler lines above a falling threshold",
        source="Bechter 2017",
        cost=80,
    ),
    MethodEntry(
        name="anc",
        factory=_ROOM + "anc:NoiseCanceller",
        domain="range",
        needs_mask=True,
        keeps_undisturbed=False,
        real=False,
        summary="adaptive filter: the negative half spectrum cleans the positive half",
        source="Jin and Cao 2019",
        cost=3.5,
    ),
    MethodEntry(
        name="wavelet",
        factory=_ROOM + "wavelet:WaveletDenoising",
        domain="beat",
        needs_mask=True,
        keeps_undisturbed=True,
        summary="large wavelet coefficients subtracted as interference",
        source="Lee 2021",
        cost=8,
    ),
    MethodEntry(
        name="stft-zeroing",
        factory=_ROOM + "stft:StftZeroing",
        domain="beat",
        needs_mask=True,
        keeps_undisturbed=False,
        summary="cells of the short-time transform that interference crosses set to zero",
        source="Wang 2022b",
        cost=20,
    ),
    MethodEntry(
        name="stft-amplitude",
        factory=_ROOM + "stft:StftAmplitude",
        domain="beat",
        needs_mask=True,
        keeps_undisturbed=False,
        summary="short-time cells found by CFAR brought to their line's amplitude, phase kept",
        source="Wang 2022b",
        cost=25,
    ),
    MethodEntry(
        name="stft-burg",
        factory=_ROOM + "stft:StftBurg",
        domain="beat",
        needs_mask=True,
        keeps_undisturbed=False,
        summary="short-time cells found by CFAR predicted along their line from both sides",
        source="Wang 2022b, Neemat 2019",
        cost=85,
    ),
    MethodEntry(
        name="on-chip",
        factory=_ROOM + "on_chip:OnChip",
        domain="beat",
        needs_mask=True,
        keeps_undisturbed=True,
        summary="as radar chips do: gaps zeroed, blanked smoothly or bridged by a line",
        source="TI SWRA725",
        cost=4,
    ),
    *_sparse("ist", "ist:Ist", "soft thresholding", "Daubechies 2004", (20, 20)),
    *_sparse("iht", "iht:Iht", "hard thresholding", "Blumensath 2009", (60, 60)),
    *_sparse("fista", "fista:Fista", "accelerated soft thresholding", "Beck 2009", (35, 35)),
    *_sparse(
        "pm-ist",
        "pm_ist:PmIst",
        "soft thresholding, prior from frames before",
        "Chen 2022",
        (25, 25),
    ),
    *_sparse(
        "pm-iht",
        "pm_iht:PmIht",
        "hard thresholding, prior from frames before",
        "Chen 2022",
        (70, 70),
    ),
    *_sparse("omp", "omp:Omp", "orthogonal matching pursuit", "Pati 1993", (200, 200)),
    *_sparse(
        "cosamp",
        "cosamp:CoSaMP",
        "compressive sampling matching pursuit",
        "Needell 2009",
        (200, 200),
    ),
    *_sparse("amp", "amp:Amp", "approximate message passing", "Donoho 2009", (35, 35)),
    *_sparse(
        "gamp", "gamp:Gamp", "message passing with a learned prior", "Rangan 2011", (150, 150)
    ),
    *_sparse(
        "yall1", "yall1:Yall1", "basis pursuit by alternating directions", "Yang 2011", (80, 80)
    ),
    *_sparse("sbl", "sbl:Sbl", "sparse Bayesian learning", "Duan 2017", (300, 300)),
    _sparse("imat-2d", "imat:ImatSolver", "a falling threshold", "Bechter 2017", (0, 60))[1],
    MethodEntry(
        name="imfrac",
        factory=_ROOM + "imfrac:Imfrac",
        domain="range",
        needs_mask=False,
        keeps_undisturbed=False,
        real=False,
        summary="chirps compressed by the fractional Fourier transform and zeroed, one by one",
        source="Oswald 2026",
        cost=400,
    ),
    MethodEntry(
        name="imfrac-padded",
        factory=_ROOM + "imfrac:Imfrac",
        domain="range",
        needs_mask=False,
        keeps_undisturbed=False,
        real=False,
        summary="imfrac, oversampled and between zeros",
        source="Oswald 2026, IV-C",
        cost=900,
        given={"padded": True},
    ),
    MethodEntry(
        name="imfrac-oracle",
        factory=_ROOM + "imfrac_oracle:ImfracOracle",
        domain="range",
        needs_mask=True,
        needs_truth=True,
        keeps_undisturbed=False,
        summary="imfrac with the cells that only the truth can give",
        source="Oswald 2026, VI-B1",
        cost=400,
    ),
    MethodEntry(
        name="imfrac-padded-oracle",
        factory=_ROOM + "imfrac_oracle:ImfracOracle",
        domain="range",
        needs_mask=True,
        needs_truth=True,
        keeps_undisturbed=False,
        summary="imfrac-oracle, oversampled and between zeros",
        source="Oswald 2026, VI-B1",
        cost=900,
        given={"padded": True},
    ),
    MethodEntry(
        name="imfrac2",
        factory=_ROOM + "imfrac:Imfrac2",
        domain="range",
        needs_mask=False,
        keeps_undisturbed=False,
        summary="imfrac in the eigenbasis, several chirps at once; real receivers too",
        source="Oswald 2026a",
        cost=200,
    ),
    MethodEntry(
        name="imfrac2-padded",
        factory=_ROOM + "imfrac:Imfrac2",
        domain="range",
        needs_mask=False,
        keeps_undisturbed=False,
        summary="imfrac2, oversampled and between zeros",
        source="Oswald 2026a",
        cost=450,
        given={"padded": True},
    ),
    MethodEntry(
        name="frft-gss",
        factory=_ROOM + "frft_gss:FrftGss",
        domain="beat",
        needs_mask=False,
        keeps_undisturbed=False,
        real=False,
        summary="fast approximate fractional transform, golden-section search, CFAR, zeroing",
        source="Chen 2025",
        cost=1500,
    ),
    MethodEntry(
        name="notch-refill",
        factory=_ROOM + "notch_refill:NotchRefill",
        domain="range",
        needs_mask=False,
        keeps_undisturbed=False,
        summary="interferers given up as pieces of chirps, the gap refilled from the whole map",
        source="clearchirp",
        cost=800,
    ),
    MethodEntry(
        name="sparkle",
        factory=_ROOM + "sparkle:Sparkle",
        domain="beat",
        needs_mask=False,
        keeps_undisturbed=False,
        summary="few tones and few disturbed samples told apart: low-rank Hankel plus sparse",
        source="Wang 2022a",
        cost=1000,
    ),
    MethodEntry(
        name="matrix-pencil",
        factory=_ROOM + "matrix_pencil:MatrixPencil",
        domain="beat",
        needs_mask=True,
        keeps_undisturbed=True,
        summary="gaps filled by tones whose poles the clean samples show",
        source="Wang 2021, Hua 1990",
        cost=1000,
    ),
    MethodEntry(
        name="rpca",
        factory=_ROOM + "rpca:Rpca",
        domain="beat",
        needs_mask=False,
        keeps_undisturbed=False,
        summary="robust principal components of each chirp's Hankel matrix",
        source="Wang 2022a (7)",
        cost=1000,
    ),
    MethodEntry(
        name="mca",
        factory=_ROOM + "mca:MorphologicalComponents",
        domain="beat",
        needs_mask=False,
        keeps_undisturbed=False,
        summary="few spectral lines and few short-time cells told apart",
        source="Uysal 2019, Wang 2022a (4)",
        cost=3000,
    ),
    MethodEntry(
        name="chirplet-omp",
        factory=_ROOM + "chirplet:ChirpletPursuit",
        domain="beat",
        needs_mask=True,
        keeps_undisturbed=True,
        summary="chirps matched to the disturbed samples and subtracted",
        source="Pati 1993",
        cost=1000,
    ),
    MethodEntry(
        name="arim-fcn",
        factory="clearchirp.neural.spectrogram_mitigator:SpectrogramMitigator",
        domain="range",
        needs_mask=True,
        keeps_undisturbed=False,
        real=False,
        extra="neural",
        summary="a network weights the cells of each chirp's spectrogram, which are averaged",
        source="Ristea 2020, Ristea 2020a",
        cost=300,
    ),
    MethodEntry(
        name="aenn",
        factory="clearchirp.neural.mitigators:AngleNetwork",
        domain="range-doppler-angle",
        needs_mask=True,
        keeps_undisturbed=False,
        real=False,
        receivers=True,
        extra="neural",
        summary="complex 3-D convolutions on the range-Doppler-angle map, trained on detections",
        source="Oswald 2023, Oswald 2023a",
        cost=15,
    ),
    MethodEntry(
        name="ccnn-2d",
        factory="clearchirp.neural.mitigators:AntennaNetwork",
        domain="range-doppler",
        needs_mask=True,
        keeps_undisturbed=False,
        real=False,
        receivers=True,
        extra="neural",
        summary="complex 2-D convolutions on range-Doppler maps, receivers as channels",
        source="Oswald 2023a",
        cost=15,
    ),
)

_EVERYDAY = 100
"""Maps that a method may cost to be tried unasked."""

methods: Mapping[str, MethodEntry] = MappingProxyType({e.name: e for e in _ENTRIES})
"""Name -> entry."""

DEFAULT_METHOD = "imat-2d"
"""The best that has landed."""


def find_method(name: str) -> MethodEntry:
    """Return the entry of that name; `InputError` lists the names there are."""
    if name not in methods:
        raise InputError(f"method: no method is called {name!r}; there are {', '.join(methods)}")
    return methods[name]


def everyday_methods(*, oracles: bool = False) -> list[str]:
    """Return the names of the methods that one tries first.

    Those that cost no more than a hundred maps a frame and return a signal with its noise: a sparse
    map has none, and its scores stand beside no other's. Networks are left out, since they are for
    the radar that they were trained for; oracles unless asked for.

    >>> "zeroing" in everyday_methods(), "iht-map" in everyday_methods()
    (True, False)
    """
    return [
        name
        for name, entry in methods.items()
        if entry.cost <= _EVERYDAY
        and entry.domain != "range-doppler"
        and not entry.extra
        and (oracles or not entry.needs_truth)
    ]

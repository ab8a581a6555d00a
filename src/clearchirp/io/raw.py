"""What the formats of bare ADC words have in common: sizes, layout, order of I and Q.

The file tells none of these. Sizes come from the waveform; the order of the words is checked
against the data where the caller leaves it open, and every decision becomes a note.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clearchirp.io.capture import Capture, LazyFrames, Shape
from clearchirp.io.options import Options
from clearchirp.io.waveform_file import RadarSetup
from clearchirp.types import InputError

if TYPE_CHECKING:
    from clearchirp.io.samples import Layout

MARGIN_DB = 3.0
"""A check that is less sure than this changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The ADC words of a recording, in the file's order.

    Attributes
    ----------
    path, format
        As in `Capture`.
    load
        Loads the words from `start` up to `stop`: int16, or uint16 in offset binary.
    size
        Bytes of all words together.
    layouts
        Candidates for the order of the words, by number of lanes; 0 where there are no lanes.
    notes
        What the reader decided.
    """

    path: Path
    format: str
    load: Callable[[int, int], NDArray[Any]]
    size: int
    layouts: Mapping[int, tuple[Layout, Layout]]
    notes: tuple[str, ...] = ()

    def capture(self, options: Options) -> Capture:
        """Return the capture; the sizes come from the options' waveform."""
        setup, receivers = require_setup(self.path, options)
        shape = self._shape(setup, receivers)
        notes = list(self.notes)
        layout = self._layout(shape, setup, options, notes)
        q_first = False
        if not setup.real:
            q_first = self._q_first(shape, layout, setup, options, notes)
        elif options.iq_order != "auto":
            raise InputError(f"{self.path}: a real-valued recording has no I and Q to order")
        if options.conjugate:
            notes.append("The sign convention is turned round: everything complex is conjugated.")
        loader = _Decoder(self, shape, layout, q_first, options.conjugate)
        # The conjugate of the lowest count is one more than the highest.
        low = -32767.0 if options.conjugate and not setup.real else -32768.0
        dtype = np.dtype(np.float32 if setup.real else np.complex64)
        return Capture(
            frames=LazyFrames(shape=shape, dtype=dtype, load=loader),
            waveform=setup.waveform,
            format=self.format,
            path=self.path,
            notes=tuple(notes),
            leading=shape[:2],
            full_scale=(low, 32767.0),
        )

    def _shape(self, setup: RadarSetup, receivers: int) -> Shape:
        chirps, samples = setup.waveform.chirps, setup.waveform.samples
        if self.format != "tsw1400" and not setup.real and samples % 2:
            raise InputError(
                f"{self.path}: complex DCA1000 data come in pairs of samples, but the waveform has "
                f"{samples} samples a chirp; correct `samples`"
            )
        frame = frame_bytes(setup, receivers)
        frames, rest = divmod(self.size, frame)
        if rest or not frames:
            kind = "real" if setup.real else "complex"
            raise InputError(
                f"{self.path}: holds {self.size} bytes, expected a multiple of {frame} ({chirps} "
                f"chirps x {samples} samples x {receivers} receivers, {kind}): {frames} whole "
                f"frames and {rest} bytes more; correct `samples`, `chirps` or `receivers`, or "
                "copy the file again if it was cut short"
            )
        return frames, receivers, chirps, samples

    def _layout(
        self, shape: Shape, setup: RadarSetup, options: Options, notes: list[str]
    ) -> Layout:
        column = 1 if setup.real else 0
        if 0 in self.layouts:
            if options.lanes is not None:
                raise InputError(f"{self.path}: lanes are for DCA1000 data, not for {self.format}")
            return self.layouts[0][column]
        if options.lanes is not None:
            notes.append(f"The words are read as {options.lanes}-lane data, as asked for.")
            return self.layouts[options.lanes][column]
        if setup.lanes is not None:
            notes.append(f"The words are read as {setup.lanes}-lane data, as configured.")
            return self.layouts[setup.lanes][column]
        candidates: dict[int, Layout] = {n: self.layouts[n][column] for n in sorted(self.layouts)}
        if setup.real:
            # A real-valued signal fills both halves of the spectrum in either layout.
            lanes = min(candidates)
            notes.append(
                f"The words are read as {lanes}-lane data, the usual layout: real samples do not "
                "tell; `lanes` decides."
            )
            return candidates[lanes]
        transmitters = len(setup.waveform.transmit_order)
        lanes = _choose_lanes(self._first_frame(shape), shape, candidates, transmitters, notes)
        return candidates[lanes]

    def _q_first(
        self,
        shape: Shape,
        layout: Layout,
        setup: RadarSetup,
        options: Options,
        notes: list[str],
    ) -> bool:
        if options.iq_order != "auto":
            notes.append(f"I and Q are read in the order {options.iq_order}, as asked for.")
            return options.iq_order == "qi"
        documented = setup.iq_order or "iq"
        source = "as configured" if setup.iq_order else "the format's order"
        beat = _decode(self._first_frame(shape), (1, *shape[1:]), layout)
        margin = static_margin_db(beat, len(setup.waveform.transmit_order))
        if setup.waveform.slope < 0:
            margin = -margin
        half = "positive" if not setup.waveform.slope < 0 else "negative"
        if abs(margin) < MARGIN_DB:
            notes.append(
                f"I and Q are read in the order {documented}, {source}: the two halves of the "
                f"range spectrum hold like static energy ({abs(margin):.1f} dB apart), which "
                "decides nothing."
            )
            return documented == "qi"
        found = "iq" if margin > 0 else "qi"
        against = "" if found == documented else f" (against {documented}, {source})"
        notes.append(
            f"I and Q are read in the order {found}{against}: it puts {abs(margin):.1f} dB more "
            f"static energy into the half of {half} beat frequencies, where targets lie."
        )
        return found == "qi"

    def _first_frame(self, shape: Shape) -> NDArray[Any]:
        return self.load(0, self.size // 2 // shape[0])


def require_setup(path: Path, options: Options) -> tuple[RadarSetup, int]:
    """Return the radar and its number of receivers, or tell what is missing."""
    if options.setup is None:
        raise InputError(
            f"{path}: holds ADC words only and does not tell the radar: give its waveform "
            "(samples, chirps, receivers) as a .toml, an mmWave Studio .json or an SDK .cfg"
        )
    if options.known_receivers is None:
        raise InputError(
            f"{path}: the number of receivers is not known: give `receivers`, as an option or in "
            "the waveform's file"
        )
    return options.setup, options.known_receivers


def frame_bytes(setup: RadarSetup, receivers: int) -> int:
    """Return the bytes of a frame."""
    radar = setup.waveform
    return radar.chirps * radar.samples * receivers * (2 if setup.real else 4)


@dataclass(frozen=True, slots=True)
class _Decoder:
    """Loads frames of `words`: the callable behind the capture's lazy frames."""

    words: Words
    shape: Shape
    layout: Layout
    q_first: bool
    conjugate: bool

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        per_frame = self.words.size // 2 // self.shape[0]
        block = self.words.load(start * per_frame, stop * per_frame)
        shape = (stop - start, *self.shape[1:])
        return _decode(block, shape, self.layout, q_first=self.q_first, conjugate=self.conjugate)


def _decode(words: NDArray[Any], shape: Shape, layout: Layout, **order: bool) -> NDArray[Any]:
    # numba is loaded here, with the first frame, and not with the package.
    from clearchirp.io.samples import decode

    return decode(words, shape, layout, **order)


def _static(beat: Any, transmitters: int) -> NDArray[np.complex128]:
    """Range spectrum of what does not move, shape (rx, sample), from one frame (1, rx, ...).

    The median over the chirps of one transmitter: an interferer that hits fewer than half of the
    chirps does not show. The first tenth of a chirp is a receiver's start-up transient.
    """
    steady = beat[0, :, ::transmitters, beat.shape[-1] // 10 :]
    still = np.median(steady.real, axis=1).astype(np.complex128)
    if beat.dtype.kind == "c":
        still += 1j * np.median(steady.imag, axis=1)
    still -= still.mean(axis=-1, keepdims=True)
    return np.fft.fft(still * np.hanning(still.shape[-1]))


def static_margin_db(beat: NDArray[Any], transmitters: int = 1) -> float:
    """Static energy at positive over that at negative beat frequencies, in dB.

    Parameters
    ----------
    beat
        One frame, complex, (1, rx, chirp, sample).
    transmitters
        How many take turns.

    Returns
    -------
    float
        0.0 where there is nothing to compare. The four bins on each side of zero are left out:
        leakage from the transmitter lies there, on both sides alike.
    """
    power = np.sum(np.abs(_static(beat, transmitters)) ** 2, axis=0)
    half = power.size // 2
    positive, negative = power[5:half].sum(), power[half + 1 : -4].sum()
    if not (positive > 0 and negative > 0):
        return 0.0
    return 10 * math.log10(positive / negative)


def _choose_lanes(
    words: NDArray[Any],
    shape: Shape,
    candidates: dict[int, Layout],
    transmitters: int,
    notes: list[str],
) -> int:
    """Take the layout whose range profile keeps to one half: words in wrong places fill both.

    How few bins hold the power is no guide on real recordings: a start-up transient or bursts of
    interference, wrongly cut up, come out narrower than the targets.
    """
    default, other = sorted(candidates)
    scores = {
        lanes: abs(static_margin_db(_decode(words, (1, *shape[1:]), layout), transmitters))
        for lanes, layout in candidates.items()
    }
    lead = scores[other] - scores[default]
    if abs(lead) < MARGIN_DB:
        notes.append(
            f"The words are read as {default}-lane data, the usual layout: the range profiles of "
            f"the two layouts do not tell ({abs(lead):.1f} dB); `lanes` decides."
        )
        return default
    chosen, rejected = (other, default) if lead > 0 else (default, other)
    notes.append(
        f"The words are read as {chosen}-lane data: one half of the range profile then holds "
        f"{scores[chosen]:.1f} dB more static energy, against {scores[rejected]:.1f} dB with "
        f"{rejected} lanes; `lanes` overrides."
    )
    return chosen


def require_binary(path: Path) -> None:
    """Raise unless the file has content that is not text."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise InputError(f"{path}: is empty")
    if looks_like_text(head):
        raise InputError(f"{path}: is a text file, expected binary ADC words")


def looks_like_text(head: bytes) -> bool:
    """Return whether nearly all bytes are printable ASCII.

    >>> looks_like_text(b"frame, sample"), looks_like_text(bytes(range(256)))
    (True, False)
    """
    printable = sum(32 <= b < 127 or b in b"\t\n\r" for b in head)
    return len(head) > 0 and printable > 0.97 * len(head)


@dataclass(frozen=True, slots=True)
class WordFile:
    """A file of 16-bit words, read where it is sliced.

    Mapped into memory it would count as this program's, page by page, up to all of it; and a file
    that is cut short meanwhile would end the program without a word.
    """

    path: Path
    dtype: np.dtype[Any]
    size: int

    def __getitem__(self, words: slice, /) -> NDArray[Any]:
        start, stop, _ = words.indices(self.size)
        block = np.fromfile(self.path, self.dtype, max(0, stop - start), offset=2 * start)
        if block.size < stop - start:
            raise InputError(
                f"{self.path}: ends at word {start + block.size} of {self.size}: it was cut short "
                "while it was read"
            )
        return block


def word_file(path: Path, dtype: str) -> WordFile:
    """Return a file of 16-bit words."""
    size = path.stat().st_size
    if size % 2:
        raise InputError(
            f"{path}: has an odd number of bytes ({size}), but ADC words have two; it was cut "
            "short, copy it again"
        )
    return WordFile(path, np.dtype(dtype), size // 2)

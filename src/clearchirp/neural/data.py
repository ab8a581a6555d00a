"""Pairs of range-Doppler-angle maps, disturbed and clean, to train and test networks on.

They come from a scene, frame by frame as they are asked for, from a recording with its truth (a
simulated one, or a real one that `clearchirp simulate --onto` added interference to), or from a
Zarr store that keeps the maps of either. A frame is the same wherever it comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset, Sampler

from clearchirp.io import open_capture
from clearchirp.simulate import Recipe, Scene, simulate_frame
from clearchirp.spectrum import angle_map, range_doppler, receivers_of_angle_map
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

SPLITS = {"training": (0, 2500), "validation": (2500, 2750), "test": (2750, 3000)}
"""First frame and the one after the last of each split of the scene `e2e`, Oswald 2023, IV-B."""


class Pair(NamedTuple):
    """Maps (angle, doppler, range), complex64: with the interference and without it."""

    disturbed: NDArray[np.complex64]
    clean: NDArray[np.complex64]


class Beats(NamedTuple):
    """Beat signals (rx, chirp, sample) with the interference and without, and where it is."""

    beat: NDArray[Any]
    clean: NDArray[Any]
    disturbed: NDArray[np.bool_]


class Pairs(Protocol):
    """Anything that gives pairs by the number of the frame."""

    @property
    def waveform(self) -> Waveform:
        """The radar's."""
        ...

    def beats(self, frame: int) -> Beats:
        """Return the beat signals that the maps of a frame are made of."""
        ...

    def __len__(self) -> int:
        """How many frames there are."""
        ...

    def __getitem__(self, frame: int) -> Pair:
        """Return the maps of a frame."""
        ...


def pair(beats: Beats) -> Pair:
    """Return the maps of beat signals.

    Of an I/Q receiver the positive ranges are kept, the lower half; of a real one all.
    """
    positive = np.iscomplexobj(beats.beat)
    made = (angle_map(range_doppler(each), positive=positive) for each in beats[:2])
    return Pair(*(each.astype(np.complex64, copy=False) for each in made))


@dataclass(frozen=True, slots=True)
class ScenePairs:
    """Pairs of a scene, simulated when they are asked for.

    Parameters
    ----------
    scene
        The scene, or the recipe that draws it.
    seed
        Seed of everything random, 0 by default: with the scene and the number of a frame it says
        all about it.
    """

    scene: Scene | Recipe
    seed: int = 0

    @property
    def waveform(self) -> Waveform:
        """The radar's."""
        return self.scene.waveform

    def __len__(self) -> int:
        return self.scene.frames

    def beats(self, frame: int) -> Beats:
        """Return the beat signals of a frame."""
        made = simulate_frame(self.scene, frame, self.seed)
        return Beats(made.beat, made.clean, made.disturbed)

    def __getitem__(self, frame: int) -> Pair:
        if not 0 <= frame < len(self):
            raise IndexError(frame)
        return pair(self.beats(frame))


class RecordedPairs:
    """Pairs of a recording that knows its clean signal, read when they are asked for.

    Parameters
    ----------
    path
        What `clearchirp simulate` writes, with or without ``--onto``.

    Raises
    ------
    InputError
        For what is no recording, and for one without `clean`.
    """

    def __init__(self, path: str | Path) -> None:
        self._capture = open_capture(Path(path))
        for name in ("clean", "disturbed"):
            if name not in self._capture.truth:
                raise InputError(
                    f"{path}: has no `{name}` to learn from; add interference to a clean "
                    "recording with: clearchirp simulate SCENE --onto RECORDING"
                )

    @property
    def waveform(self) -> Waveform:
        """The radar's."""
        return self._capture.waveform

    def __len__(self) -> int:
        return len(self._capture)

    def beats(self, frame: int) -> Beats:
        """Return the beat signals of a frame."""
        one = slice(frame, frame + 1)
        truth = (np.asarray(self._capture.truth[name][one])[0] for name in ("clean", "disturbed"))
        return Beats(self._capture.read(frame, frame + 1)[0], *truth)

    def __getitem__(self, frame: int) -> Pair:
        if not 0 <= frame < len(self):
            raise IndexError(frame)
        return pair(self.beats(frame))


class StoredPairs:
    """Pairs of another source in a Zarr store, each computed once.

    Parameters
    ----------
    path
        Folder of the store; made where there is none. A frame that an interrupted run has not
        finished is computed again.
    source
        Where the pairs come from.
    told
        What they are, such as the text of the scene and its seed; must be what the store was made
        of.

    Raises
    ------
    InputError
        For a store that holds something else.
    """

    def __init__(self, path: str | Path, source: Pairs, told: str) -> None:
        import zarr

        self._source = source
        place = Path(path)
        if place.exists() and not (place / "zarr.json").exists():
            raise InputError(f"{place}: exists and is no store of maps; choose another name")
        group: Any = zarr.open_group(place, mode="a")
        if "done" not in group:
            shape = source[0].clean.shape
            for name in Pair._fields:
                group.create_array(
                    name, shape=(len(source), *shape), chunks=(1, *shape), dtype="complex64"
                )
            group.attrs["made_of"] = told
            # The last of all: with it the store counts as begun.
            group.create_array("done", shape=(len(source),), chunks=(1,), dtype=bool)
        elif group.attrs.get("made_of") != told or group["done"].shape[0] != len(source):
            raise InputError(f"{place}: holds maps of something else; remove it, or name another")
        self._group = group

    @property
    def waveform(self) -> Waveform:
        """The radar's."""
        return self._source.waveform

    def beats(self, frame: int) -> Beats:
        """Return the beat signals of a frame, from the source: the store has the maps alone."""
        return self._source.beats(frame)

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, frame: int) -> Pair:
        if not 0 <= frame < len(self):
            raise IndexError(frame)
        if self._group["done"][frame]:
            return Pair(*(np.asarray(self._group[name][frame]) for name in Pair._fields))
        made = self._source[frame]
        for name in Pair._fields:
            self._group[name][frame] = getattr(made, name)
        self._group["done"][frame] = True
        return made


class MapDataset(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Frames of a source as tensors (1, angle, doppler, range), whole or in tiles.

    Parameters
    ----------
    source
        The pairs.
    frames
        Which of them.
    tile
        Bins of a tile in angle, Doppler and range, at most those of the maps; None, the default,
        leaves the maps whole. A map is cut into as many tiles as fit side by side, in Doppler and
        range from the first bin on; a convolutional network has no size of its own.
    per_map
        How many tiles of each map are taken, other ones from map to map; all by default. Few tiles
        of many maps teach more than many of a few.
    antennas
        True gives the receivers' range-Doppler maps, (rx, doppler, range), in place of one map;
        tiles then have all the angles.
    prepare
        What is done to a map on its way in, such as a whitening; nothing by default.
    keep
        True, the default, keeps the tensors in memory once they were made.
    """

    def __init__(
        self,
        source: Pairs,
        frames: Sequence[int],
        *,
        tile: tuple[int, int, int] | None = None,
        per_map: int | None = None,
        antennas: bool = False,
        prepare: Callable[[torch.Tensor], torch.Tensor] | None = None,
        keep: bool = True,
    ) -> None:
        self._source, self._frames, self._prepare = source, list(frames), prepare
        if not self._frames or not 0 <= min(self._frames) <= max(self._frames) < len(source):
            raise InputError(f"frames: expected some of 0 to {len(source) - 1}")
        self._tiles = _tiles(source[self._frames[0]].clean.shape, tile)
        if antennas and tile is not None and tile[0] != source[self._frames[0]].clean.shape[0]:
            raise InputError(f"tile: a network of the antennas takes all angles, got {tile[0]}")
        self._antennas = antennas
        self._per_map = len(self._tiles) if per_map is None else per_map
        if not 1 <= self._per_map <= len(self._tiles):
            raise InputError(f"per_map: expected 1 to {len(self._tiles)} tiles, got {per_map}")
        self._kept: dict[int, Pair] | None = {} if keep else None
        self._last: tuple[int, Pair] | None = None

    def __len__(self) -> int:
        return len(self._frames) * self._per_map

    def __getitem__(self, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        if not 0 <= number < len(self):
            raise IndexError(number)
        which, tile = divmod(number, self._per_map)
        tile = (which * self._per_map + tile) % len(self._tiles)
        maps = self._maps(self._frames[which])
        disturbed, clean = (self._tensor(each[self._tiles[tile]]) for each in maps)
        if self._prepare is None:
            return disturbed, clean
        return self._prepare(disturbed), self._prepare(clean)

    def _tensor(self, part: NDArray[Any]) -> torch.Tensor:
        if self._antennas:
            return torch.from_numpy(np.ascontiguousarray(receivers_of_angle_map(part)))
        return torch.from_numpy(np.ascontiguousarray(part)).unsqueeze(0)

    def _maps(self, frame: int) -> Pair:
        if self._kept is not None:
            if frame not in self._kept:
                self._kept[frame] = self._source[frame]
            return self._kept[frame]
        # The tiles of a map are asked for one after the other where nothing shuffles them.
        if self._last is None or self._last[0] != frame:
            self._last = frame, self._source[frame]
        return self._last[1]


class EpochShuffle(Sampler[int]):
    """An order of the samples for each epoch, the same whenever the epoch is run.

    Parameters
    ----------
    count
        How many samples.
    seed
        With the number of the epoch, which Lightning tells by `set_epoch`, it gives the order:
        what was drawn before an interruption has no part in it.
    """

    def __init__(self, count: int, seed: int) -> None:
        self._count, self._seed, self._epoch = count, seed, 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        order = np.random.default_rng([self._seed, self._epoch]).permutation(self._count)
        return iter(order.tolist())

    def set_epoch(self, epoch: int) -> None:
        """Take the order of this epoch."""
        self._epoch = epoch


def _tiles(
    shape: tuple[int, ...], tile: tuple[int, int, int] | None
) -> list[tuple[slice, slice, slice]]:
    if tile is None:
        return [(slice(None), slice(None), slice(None))]
    if len(tile) != 3 or any(not 1 <= own <= whole for own, whole in zip(tile, shape, strict=True)):
        raise InputError(
            f"tile: expected bins in angle, Doppler and range, at most {list(shape)}, got "
            f"{list(tile)}"
        )
    starts = (range(0, whole - own + 1, own) for own, whole in zip(tile, shape, strict=True))
    return [
        (slice(a, a + tile[0]), slice(d, d + tile[1]), slice(r, r + tile[2]))
        for a, d, r in product(*starts)
    ]

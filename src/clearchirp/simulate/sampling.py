"""Numbers and parts of a scene drawn at random, frame by frame."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from clearchirp.simulate.checks import check_count, check_number
from clearchirp.simulate.receiver import Receiver
from clearchirp.simulate.scene import Scene
from clearchirp.simulate.streams import stream
from clearchirp.types import InputError
from clearchirp.waveform import Waveform

Kind = Literal["uniform", "log_uniform", "db_uniform", "normal", "integer", "choice"]


@dataclass(frozen=True, slots=True)
class Distribution:
    """A number that is drawn anew for each frame.

    Parameters
    ----------
    kind
        | "uniform": from the first value to the second.
        | "log_uniform": the same, uniform in the logarithm; both positive.
        | "db_uniform": an amplitude ``10^(x/20)``, x in dB uniform from the first to the second.
        | "normal": mean and standard deviation.
        | "integer": a whole number from the first value to the second, both included.
        | "choice": one of the values, each as likely as any other.
    values
        The numbers of the kind.

    Raises
    ------
    InputError
        For a kind that there is not, and for values that do not fit it.

    Examples
    --------
    >>> Distribution("integer", (1, 6)).draw(np.random.default_rng(0))
    6
    """

    kind: Kind
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise InputError(
                f"distribution: {self.kind!r} is not one; there are {', '.join(get_args(Kind))}"
            )
        shown = list(self.values)
        if self.kind == "choice":
            if not shown:
                raise InputError("distribution: choice needs one number at least, got none")
        elif len(shown) != 2:
            raise InputError(f"distribution: {self.kind} needs two numbers, got {shown}")
        for value in shown:
            rule = "positive" if self.kind == "log_uniform" else "any"
            check_number("distribution", f"each number of {self.kind}", value, rule)
        self._check_order(shown)

    def _check_order(self, shown: list[float]) -> None:
        if self.kind == "integer" and any(value != int(value) for value in shown):
            raise InputError(f"distribution: integer needs whole numbers, got {shown}")
        if self.kind == "normal":
            check_number("distribution", "the deviation of normal", shown[1], "not negative")
        elif self.kind != "choice" and shown[0] > shown[1]:
            raise InputError(f"distribution: {self.kind} goes from low to high, got {shown}")

    def draw(self, rng: np.random.Generator) -> float | int:
        """Draw one number."""
        if self.kind == "choice":
            return self.values[int(rng.integers(len(self.values)))]
        first, second = self.values
        if self.kind == "integer":
            return int(rng.integers(int(first), int(second), endpoint=True))
        if self.kind == "normal":
            return float(rng.normal(first, second))
        if self.kind == "log_uniform":
            return math.exp(rng.uniform(math.log(first), math.log(second)))
        value = float(rng.uniform(first, second))
        return 10 ** (value / 20) if self.kind == "db_uniform" else value

    def ends(self) -> tuple[float | int, float | int]:
        """Least and greatest number; twice the mean of a normal distribution, which has none."""
        if self.kind == "normal":
            return self.values[0], self.values[0]
        low, high = min(self.values), max(self.values)
        if self.kind == "db_uniform":
            return 10 ** (low / 20), 10 ** (high / 20)
        return (int(low), int(high)) if self.kind == "integer" else (low, high)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRecipe:
    """How to draw targets, interferers, paths, a receiver or levels of one table of a scene's file.

    Parameters
    ----------
    make
        Makes one part of its values by name.
    values
        A number, a `Distribution`, a tuple of `PartRecipe` or anything else by name; anything else
        is handed on as it is.
    count
        How many of them; each draws its own numbers.
    place
        What errors call the table.

    Raises
    ------
    InputError
        Where the least or the greatest of all the numbers makes no part.
    """

    make: Callable[..., Any]
    values: Mapping[str, Any]
    count: int | Distribution = 1
    place: str = ""

    def __post_init__(self) -> None:
        number = self.count
        for end in number.ends() if isinstance(number, Distribution) else (number,):
            self.tell(lambda end=end: check_count("table", "count", end, least=0))
        for side in (0, 1):
            self._make(lambda distribution, side=side: distribution.ends()[side])

    def random(self) -> bool:
        """True where two draws may differ."""
        if isinstance(self.count, Distribution):
            return True
        return any(
            isinstance(value, Distribution)
            or (isinstance(value, tuple) and any(_is_random(part) for part in value))
            for value in self.values.values()
        )

    def draw(self, rng: np.random.Generator) -> list[Any]:
        """Draw `count` parts."""
        return self.pick(lambda distribution: distribution.draw(rng))

    def pick(self, choose: Callable[[Distribution], float | int]) -> list[Any]:
        """Make `count` parts, with the number that is chosen for each distribution."""
        number = choose(self.count) if isinstance(self.count, Distribution) else self.count
        return [self._make(choose) for _ in range(int(number))]

    def _make(self, choose: Callable[[Distribution], float | int]) -> Any:
        values = {name: _chosen(value, choose) for name, value in self.values.items()}
        return self.tell(lambda: self.make(**values))

    def tell(self, action: Callable[[], Any]) -> Any:
        """Do it, with errors that say which table."""
        try:
            return action()
        except InputError as error:
            raise InputError(f"{self.place}{error}") from error


def _is_random(value: object) -> bool:
    return isinstance(value, PartRecipe) and value.random()


def _chosen(value: Any, choose: Callable[[Distribution], float | int]) -> Any:
    if isinstance(value, Distribution):
        return choose(value)
    if isinstance(value, tuple) and any(isinstance(part, PartRecipe) for part in value):
        return tuple(one for part in value for one in part.pick(choose))
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneRecipe:
    """A scene that is drawn anew for each frame; `load_scene` makes it of a file.

    `simulate` and `simulate_frame` take it wherever they take a `Scene`. Each frame stands for
    itself: it is the first frame of the scene that was drawn for it, nothing moves on to the next.

    Parameters
    ----------
    waveform
        The victim's waveform, the same in all frames.
    receiver_part, targets, interferers, levels
        How each of them is drawn, in this order.
    name
        What to call it.
    frames
        How many frames it is meant for, 1 by default.
    """

    waveform: Waveform
    receiver_part: PartRecipe
    targets: tuple[PartRecipe, ...] = ()
    interferers: tuple[PartRecipe, ...] = ()
    levels: PartRecipe | None = None
    name: str = "scene"
    frames: int = 1

    @property
    def receiver(self) -> Receiver:
        """The receiver of frame 0 of seed 0: its antennas and its kind are those of all frames."""
        (receiver,) = self.receiver_part.draw(stream(0, 0, "scene"))
        return receiver

    def random(self) -> bool:
        """True where two frames may differ in more than their noise."""
        parts = (self.receiver_part, *self.targets, *self.interferers)
        return any(part.random() for part in parts) or _is_random(self.levels)

    def draw(self, frame: int, seed: int = 0) -> Scene:
        """Draw the scene of one frame: the same for the same frame and seed, in any order."""
        rng = stream(seed, frame, "scene")
        (receiver,) = self.receiver_part.draw(rng)
        scene = Scene(
            waveform=self.waveform,
            receiver=receiver,
            targets=tuple(one for part in self.targets for one in part.draw(rng)),
            interferers=tuple(one for part in self.interferers for one in part.draw(rng)),
            name=self.name,
            frames=self.frames,
        )
        if self.levels is None:
            return scene
        (levels,) = self.levels.draw(rng)
        return self.levels.tell(lambda: levels.apply(scene))

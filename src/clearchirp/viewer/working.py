"""Work beside the page: a thread that does the newest thing asked for and drops the older."""

from __future__ import annotations

import threading
from collections.abc import Callable

Stale = Callable[[], bool]


class Superseded(Exception):
    """Something newer was asked for: what is under way is of no use any more."""


class Newest:
    """One thread, one piece of work at a time; of those that wait only the last is begun.

    Each piece of work is given a function that tells whether something newer waits, to be asked now
    and then. It must deal with its own errors; `Superseded` may leave it.
    """

    def __init__(self, name: str) -> None:
        self._changed = threading.Condition()
        self._waiting: Callable[[Stale], object] | None = None
        self._busy = False
        self._number = 0
        self._closed = False
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def ask(self, work: Callable[[Stale], object]) -> None:
        """Have something done as soon as the thread is free; what waited before is dropped."""
        with self._changed:
            self._number += 1
            self._waiting = work
            self._changed.notify_all()

    @property
    def busy(self) -> bool:
        """Whether anything is under way or waits."""
        with self._changed:
            return self._busy or self._waiting is not None

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until nothing is to be done; False if that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy and self._waiting is None, seconds)

    def close(self) -> None:
        """Begin nothing more; what is under way is told that it is stale."""
        with self._changed:
            self._closed = True
            self._number += 1
            self._waiting = None
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._closed or self._waiting is not None)
                work, self._waiting = self._waiting, None
                if work is None:
                    return
                self._busy, number = True, self._number
            try:
                work(lambda number=number: self._number != number)
            except Superseded:
                continue

"""Independent pieces of work on threads, processes or a Dask cluster: each done once, in any order.

A worker that dies takes nothing with it: what it had in hand is given to another.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Literal, ParamSpec, TypeVar, cast

from clearchirp.types import InputError

Task = TypeVar("Task")
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")
Kind = Literal["threads", "processes", "cluster"]

_TRIES = 3
"""How often a piece of work is begun before its workers' deaths are taken for its own doing."""


class WorkerLost(RuntimeError):
    """A piece of work whose workers died, again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """Who does the work.

    Parameters
    ----------
    kind
        "processes" (default) and "threads" of this machine, or "cluster" for a Dask scheduler.
    count
        How many threads or processes; by default as many as there are cores for this process.
        One does the work without any of them, in the caller's thread. A cluster has its own number.
    scheduler
        Address of the Dask scheduler, such as ``tcp://10.0.0.1:8786``; needed for a cluster.

    Raises
    ------
    InputError
        For a kind that there is not, a count below 1, and a scheduler without a cluster or a
        cluster without a scheduler.

    Examples
    --------
    >>> Workers(kind="threads", count=2).count
    2
    """

    kind: Kind = "processes"
    count: int | None = None
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in ("threads", "processes", "cluster"):
            raise InputError(f"workers: must be threads, processes or cluster, got {self.kind!r}")
        if self.count is not None and self.count < 1:
            raise InputError(f"workers: must be 1 or more, got {self.count}")
        if (self.kind == "cluster") != (self.scheduler is not None):
            raise InputError("workers: a cluster needs the address of its scheduler, and only it")


def run_tasks(
    work: Callable[[Task], Result], tasks: Iterable[Task], workers: Workers
) -> Iterator[tuple[Task, Result]]:
    """Do every task once and hand out each with its result as it is done, in any order.

    Parameters
    ----------
    work
        What to do with a task. For processes and clusters a function of a module, or a partial of
        one, whose arguments and result can be pickled; it runs with one thread in each process.
    tasks
        Taken one by one: about two a worker are under way at a time, so that many large results
        do not wait for a slow caller.
    workers
        Who does it.

    Raises
    ------
    WorkerLost
        Where a task's workers died three times.
    InputError
        Where no scheduler answers, and where Dask is not installed.
    Exception
        What `work` raises; the others under way are given up.

    Examples
    --------
    >>> sorted(run_tasks(abs, [-2, -1], Workers(kind="threads", count=2)))
    [(-2, 2), (-1, 1)]
    """
    if workers.kind != "cluster" and (workers.count or _cores()) == 1:
        yield from ((task, work(task)) for task in tasks)
        return
    with ExitStack() as stack:
        crew = _crew(workers, stack)
        yield from _done(crew, work, iter(tasks))


def _done(
    crew: _Crew, work: Callable[[Task], Result], tasks: Iterator[Task]
) -> Iterator[tuple[Task, Result]]:
    again: deque[tuple[Task, int]] = deque()
    under_way: dict[Future[Result], tuple[Task, int]] = {}
    try:
        while True:
            while len(under_way) < crew.window:
                if again:
                    task, tries = again.popleft()
                else:
                    try:
                        task, tries = next(tasks), 0
                    except StopIteration:
                        break
                under_way[crew.submit(work, task)] = task, tries + 1
            if not under_way:
                return
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                task, tries = under_way.pop(future)
                try:
                    result = future.result()
                except crew.losses as loss:
                    if tries >= _TRIES:
                        raise WorkerLost(
                            f"a worker died {tries} times at the same work: {task}; out of "
                            "memory or a crash inside it: try fewer workers"
                        ) from loss
                    again.append((task, tries))
                else:
                    yield task, result
    finally:
        for future in under_way:
            future.cancel()


@dataclass(slots=True)
class _Crew:
    """An executor, and how to get another when it breaks."""

    executor: Executor
    window: int
    losses: tuple[type[BaseException], ...]
    replace: Callable[[], Executor]

    def submit(self, work: Callable[[Task], Result], task: Task) -> Future[Result]:
        """Begin a task."""
        try:
            return self.executor.submit(work, task)
        except BrokenProcessPool:
            self.executor = self.replace()
            return self.executor.submit(work, task)


def _crew(workers: Workers, stack: ExitStack) -> _Crew:
    if workers.kind == "cluster":
        return _cluster(workers.scheduler or "", stack)
    count = workers.count or _cores()

    def executor() -> Executor:
        if workers.kind == "threads":
            return stack.enter_context(ThreadPoolExecutor(count))
        return stack.enter_context(_processes(count))

    return _Crew(executor(), 2 * count, (BrokenProcessPool,), executor)


@contextmanager
def _processes(count: int) -> Iterator[Executor]:
    """Processes of their own that end at once when this one leaves the block, or is killed."""
    context = get_context("spawn")
    lifeline, end = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(count, context, initializer=_enlist, initargs=(lifeline,))
    finished = False
    try:
        yield pool
        finished = True
    finally:
        if not finished:
            end.close()  # interrupted or failed: nobody waits for what is under way
        pool.shutdown(cancel_futures=True)
        end.close()
        lifeline.close()


def _enlist(lifeline: Connection) -> None:
    """Ready a worker process: Ctrl-C is its parent's to answer; without a parent it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _use_one_thread()

    def watch() -> None:
        lifeline.poll(None)  # nothing is ever sent: this returns when the other end is gone
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def with_one_blas_thread(call: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Return a function that does the same while the process's BLAS has one thread.

    For work on many small matrices, which threads of a BLAS slow down: on a busy machine they wait
    for each other twenty times as long as they compute.
    """

    @functools.wraps(call)
    def limited(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, user_api="blas"):
            return call(*args, **kwargs)

    return limited


def _use_one_thread() -> None:
    """Leave the other cores to the other processes."""
    os.environ["NUMBA_NUM_THREADS"] = "1"
    if "numba" in sys.modules:
        sys.modules["numba"].set_num_threads(1)
    from threadpoolctl import threadpool_limits

    importlib.import_module("numpy")  # loads the BLAS whose threads are limited
    threadpool_limits(1)


def _cluster(scheduler: str, stack: ExitStack) -> _Crew:
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise InputError(
            "--scheduler: needs Dask; install it with: pip install 'clearchirp[cluster]'"
        ) from None
    try:
        client = stack.enter_context(Client(scheduler, timeout=5, set_as_default=False))
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(
            f"--scheduler: no Dask scheduler answers at {scheduler} ({error})"
        ) from None
    count = sum(dict(cast("Any", client.nthreads())).values())
    if count == 0:
        raise InputError(f"--scheduler: {scheduler} has no workers; start some with: dask worker")
    executor = stack.enter_context(client.get_executor(pure=False))
    return _Crew(executor, 2 * count, (KilledWorker,), lambda: executor)


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

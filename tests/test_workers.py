"""Workers that die, fail, are interrupted: every task is done once all the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numba
import pytest
from threadpoolctl import threadpool_info

from clearchirp.types import InputError
from clearchirp.workers import WorkerLost, Workers, run_tasks, with_one_blas_thread

KINDS = [Workers(kind="threads", count=2), Workers(count=2), Workers(count=1)]


def square(number: int) -> int:
    return number * number


def process(_: int) -> tuple[int, int, int]:
    """Return the process, and the threads of its BLAS and of Numba."""
    time.sleep(0.1)
    blas = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    return os.getpid(), max(blas, default=1), numba.get_num_threads()


def die_once(folder: Path, number: int) -> int:
    """Kill the worker the first time that the task 3 is seen."""
    seen = folder / "seen"
    if number == 3 and not seen.exists():
        seen.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def fail(number: int) -> int:
    raise InputError(f"task {number}: is wrong")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Workers]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", protocol="tcp"
    ) as made:
        yield Workers(kind="cluster", scheduler=made.scheduler_address)


@pytest.mark.parametrize("workers", KINDS, ids=str)
def test_every_task_is_done_once(workers: Workers):
    done = sorted(run_tasks(square, range(20), workers))
    assert done == [(k, k * k) for k in range(20)]


def test_on_a_cluster(cluster: Workers):
    assert sorted(run_tasks(square, range(20), cluster)) == [(k, k * k) for k in range(20)]


def test_processes_are_many_with_a_thread_each():
    results = [result for _, result in run_tasks(process, range(8), Workers(count=2))]
    assert len({pid for pid, *_ in results}) == 2
    assert {threads for _, *threads_of in results for threads in threads_of} == {1}


def test_a_worker_that_is_killed_takes_nothing_with_it(tmp_path: Path):
    done = sorted(run_tasks(partial(die_once, tmp_path), range(8), Workers(count=2)))
    assert (tmp_path / "seen").exists()
    assert done == [(k, k) for k in range(8)]


def test_a_worker_of_a_cluster_that_is_killed_takes_nothing_with_it(
    tmp_path: Path, cluster: Workers
):
    done = sorted(run_tasks(partial(die_once, tmp_path), range(8), cluster))
    assert (tmp_path / "seen").exists()
    assert done == [(k, k) for k in range(8)]


def test_work_that_kills_every_worker_ends():
    with pytest.raises(WorkerLost, match="died 3 times"):
        list(run_tasks(die, [1], Workers(count=2)))


@pytest.mark.parametrize("workers", KINDS, ids=str)
def test_an_error_comes_through(workers: Workers):
    with pytest.raises(InputError, match="is wrong"):
        list(run_tasks(fail, range(4), workers))


def test_tasks_are_taken_as_they_are_needed():
    taken = []

    def tasks() -> Iterator[int]:
        for k in range(100):
            taken.append(k)
            yield k

    results = run_tasks(square, tasks(), Workers(kind="threads", count=2))
    next(results)
    assert len(taken) <= 6
    results.close()


LONG = """
import signal, sys, time
from clearchirp.workers import Workers, run_tasks
if __name__ == "__main__":
    # A shell that starts the tests in the background has Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    tasks = [0.01, 0.01] + [600.0] * 4
    for task, _ in run_tasks(time.sleep, tasks, Workers(count=2)):
        print(task, flush=True)
"""


def children(pid: int) -> list[int]:
    out = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(word) for word in out.stdout.split()]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_its_parent(tmp_path: Path, end: signal.Signals):
    script = tmp_path / "long.py"
    script.write_text(LONG)
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "0.01\n"
    process.stdout.readline()
    pids = children(process.pid)
    assert len(pids) >= 2
    process.send_signal(end)
    start = time.monotonic()
    process.communicate(timeout=20)
    while any(alive(pid) for pid in pids) and time.monotonic() - start < 20:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)
    assert process.returncode != 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "robots"}, "threads, processes or cluster"),
        ({"count": 0}, "1 or more"),
        ({"kind": "cluster"}, "address of its scheduler"),
        ({"scheduler": "tcp://127.0.0.1:1"}, "address of its scheduler"),
    ],
)
def test_wrong_workers(settings: dict, message: str):
    with pytest.raises(InputError, match=message):
        Workers(**settings)


def test_no_scheduler():
    pytest.importorskip("distributed")
    lost = Workers(kind="cluster", scheduler="tcp://127.0.0.1:9")
    with pytest.raises(InputError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        list(run_tasks(square, [1], lost))


def test_one_blas_thread_while_it_lasts():
    def threads(least: int) -> list[int]:
        return [p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"] + [least]

    before = threads(1)
    assert set(with_one_blas_thread(threads)(1)) == {1}
    assert with_one_blas_thread(threads).__name__ == "threads"
    assert threads(1) == before

"""An executor is an unordered map over plain-data jobs. A study cannot tell one from another.

A job that raises becomes a `Failure` with its reason; the others go on. A worker process that dies takes the whole
pool with it, so the pool is rebuilt and goes on with what is not done; jobs that were pending twice when a pool died
are then tried one at a time, so that only the job that kills its worker is lost.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

from assay.core.errors import AssayError, BadInput, unknown
from assay.core.registry import Registry

# Workers start with one thread; a job that wants more says so. (Unset, each would start one a core and spin.)
ONE = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


@dataclass(frozen=True)
class Failure:
    """A job that raised, and why."""

    reason: str
    trace: str


Executor = Callable[[Callable[[Any], Any], Sequence[Any]], Iterator[tuple[int, Any]]]
EXECUTORS: Registry[Callable[[str], Executor]] = Registry("executor")


def executor(text: str) -> Executor:
    """The executor that ``--on`` names: ``inline``, ``processes:N``, ``ray``, ``ray:N``, ``ray:ADDRESS``.

    >>> sorted(executor("inline")(abs, [-1, 2]))
    [(0, 1), (1, 2)]
    """
    name, _, argument = text.partition(":")
    if name not in EXECUTORS:
        raise unknown("executor", name, EXECUTORS)
    return EXECUTORS[name](argument)


def workers(text: str) -> int:
    """How many jobs an executor does at a time.

    >>> workers("inline"), workers("processes:3")
    (1, 3)
    """
    name, _, argument = text.partition(":")
    if name == "inline":
        return 1
    if name == "ray":
        from assay.lab.ray import cpus

        return cpus(argument)
    if argument and (not argument.isdigit() or int(argument) < 1):
        raise BadInput(f"asked for --on {text}; found no number of processes; write {name}:2")
    return int(argument) if argument else cores()


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _guarded(function: Callable[[Any], Any], job: Any) -> Any:
    """The job's value, or a `Failure`; what a user's code prints goes to standard error, never between results."""
    try:
        with redirect_stdout(sys.stderr):
            return function(job)
    except AssayError as error:
        return Failure(str(error), "")
    except Exception as error:
        return Failure(f"{type(error).__name__}: {error}", traceback.format_exc())


@EXECUTORS.named("inline")
def inline(argument: str) -> Executor:
    """One job after the other in this process."""
    if argument:
        raise BadInput(f"asked for --on inline:{argument}; inline takes no number; write --on inline")

    def run(function: Callable[[Any], Any], jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        for number, job in enumerate(jobs):
            yield number, _guarded(function, job)

    return run


@EXECUTORS.named("processes")
def processes(argument: str) -> Executor:
    """``processes:N``: N worker processes (default: one a core)."""
    count = workers(f"processes:{argument}")

    def run(function: Callable[[Any], Any], jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        todo = dict(enumerate(jobs))
        for _ in range(2):
            if not todo:
                return
            yield from _pool(function, todo, count)
        for number in list(todo):  # each alone, so that only the one that kills its worker is lost
            alone = {number: todo.pop(number)}
            yield from _pool(function, alone, 1)
            if alone:
                yield number, Failure("its worker process died (killed, or out of memory)", "")

    return run


def _pool(function: Callable[[Any], Any], todo: dict[int, Any], count: int) -> Iterator[tuple[int, Any]]:
    """Run what is in ``todo``, removing what is done; returns early when the pool dies."""
    from concurrent.futures import as_completed
    from concurrent.futures.process import BrokenProcessPool

    from joblib.externals.loky import get_reusable_executor

    pool = get_reusable_executor(max_workers=min(count, len(todo)), timeout=300, kill_workers=True, env=ONE)
    try:
        futures = {pool.submit(_guarded, function, job): number for number, job in todo.items()}
        for future in as_completed(futures):
            value = future.result()
            number = futures[future]
            del todo[number]
            yield number, value
    except BrokenProcessPool:
        return

"""Executors: the same map, whatever carries it out, and nobody's failure is somebody else's."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from assay.core.errors import BadInput
from assay.lab import EXECUTORS, Failure, executor


def square(x: int) -> int:
    return x * x


def third_fails(x: int) -> int:
    if x == 3:
        raise ValueError("three")
    return x


def killed(job: tuple[int, str, bool]) -> int:
    """Job 1 kills its worker: the first time only, or always."""
    number, folder, always = job
    mark = Path(folder) / "died"
    if number == 1 and (always or not mark.exists()):
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("name", sorted(set(EXECUTORS) - {"ray"}))  # ray: test_ray.py
def test_every_executor_is_a_map(name: str) -> None:
    assert dict(executor(name)(square, [1, 2, 3])) == {0: 1, 1: 4, 2: 9}
    assert dict(executor(name)(square, [])) == {}


@pytest.mark.parametrize("name", sorted(set(EXECUTORS) - {"ray"}))  # ray: test_ray.py
def test_a_job_that_raises_loses_no_other(name: str) -> None:
    found = dict(executor(name)(third_fails, [1, 3, 5]))
    assert found[0] == 1 and found[2] == 5
    assert isinstance(found[1], Failure) and "three" in found[1].reason and "Traceback" in found[1].trace


@pytest.mark.slow
@pytest.mark.parametrize("always", [False, True])
def test_a_worker_that_dies_costs_at_most_its_own_job(tmp_path: Path, always: bool) -> None:
    jobs = [(n, str(tmp_path), always) for n in range(4)]
    found = dict(executor("processes:2")(killed, jobs))
    assert [found[n] for n in (0, 2, 3)] == [0, 2, 3]
    assert isinstance(found[1], Failure) if always else found[1] == 1


@pytest.mark.parametrize("text", ["inlin", "processes:x", "processes:0", "inline:2"])
def test_names_that_are_not_there(text: str) -> None:
    with pytest.raises(BadInput):
        executor(text)

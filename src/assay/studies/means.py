"""How a study's work is done. None of it changes a result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Means:
    """Executor (``auto``: processes where the work is worth starting them), stack size, threads a job, device."""

    on: str = "auto"
    stack: int | None = None
    threads: int = 1
    device: str = "cpu"


# What is being done, how many jobs of how many are done, and the last one's name.
Tell = Callable[[str, int, int, str], None]


def silent(what: str, done: int, of: int, last: str) -> None:
    """Say nothing."""

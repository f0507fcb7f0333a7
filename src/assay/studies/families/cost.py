"""What a measure costs: processor time of its calls, and the memory that one of them holds at most.

Costs differ from day to day, so they are never in a table: `provenance.json` has them, from the tables' ``attrs``.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from typing import Any, TypeVar

Found = TypeVar("Found")


def timed(work: Callable[[], Found]) -> tuple[Found, float]:
    """What ``work`` gives, and the seconds of processor time that it took.

    >>> found, seconds = timed(lambda: sum(range(10)))
    >>> found, seconds >= 0
    (45, True)
    """
    began = time.process_time()
    found = work()
    return found, time.process_time() - began


def peak(work: Callable[[], Any]) -> float:
    """Megabytes that were held at most during ``work`` beyond what was held before.

    >>> round(peak(lambda: bytearray(3_000_000)), 1)
    3.0
    """
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        work()
        return (tracemalloc.get_traced_memory()[1] - before) / 1e6
    finally:
        if not running:
            tracemalloc.stop()

"""How many threads a piece of work uses: part of a job, equal on all executors.

Convolutions are not bitwise equal between one thread and two, and the BLAS behind NumPy spins on every core unless told
otherwise: measured eight times slower for the small products of this laboratory when two processes compete.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Within this context, torch and the BLAS use this many threads."""
    before = torch.get_num_threads()
    with threadpool_limits(threads):
        torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)

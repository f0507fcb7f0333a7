"""Small helpers of the statistics tests."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

calm = settings(deadline=None, max_examples=25)  # the machine may be busy


def distances(points: np.ndarray) -> np.ndarray:
    return np.sqrt(((points[:, None] - points) ** 2).sum(axis=-1))


def from_triangle(values: list[float]) -> np.ndarray:
    n = int((1 + (1 + 8 * len(values)) ** 0.5) / 2)
    d = np.zeros((n, n))
    d[np.triu_indices(n, 1)] = values
    return d + d.T


@st.composite
def clouds(draw: st.DrawFn, groups: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Points and their group, from a drawn seed: groups of 3 to 6 in 2 to 5 dimensions."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    sizes = draw(st.lists(st.integers(3, 6), min_size=groups, max_size=groups))
    points = generator.standard_normal((sum(sizes), draw(st.integers(2, 5))))
    return points, np.repeat(np.arange(groups), sizes)

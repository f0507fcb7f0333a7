from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import BadInput
from assay.maths.statistics import centre_of, pcoa, spatial_median, spread
from assay.maths.statistics.ordination import checked_distances
from tests.maths.statistics.worlds import calm, clouds, distances, from_triangle

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "statistics.json").read_text())


def squared(points: np.ndarray, signs: np.ndarray) -> np.ndarray:
    return ((points[:, None] - points) ** 2 * signs).sum(axis=-1)


def test_golden_eigenvalues() -> None:
    assert pcoa(from_triangle(GOLDEN["triangle"])).eigenvalues == pytest.approx(GOLDEN["eigenvalues"], abs=1e-5)


@calm
@given(st.lists(st.floats(0.1, 2), min_size=10, max_size=10))
def test_positive_and_negative_axes_together_keep_any_distance(triangle: list[float]) -> None:
    d = from_triangle(triangle)
    found = pcoa(d)
    assert squared(found.points, found.signs) == pytest.approx(d**2, abs=1e-6)
    dropped = pcoa(d, "drop")
    assert np.all(dropped.signs == 1) and dropped.points.shape[1] == int((found.signs > 0).sum())


@calm
@given(clouds())
def test_points_in_space_have_no_negative_axes(cloud: tuple[np.ndarray, np.ndarray]) -> None:
    points, _ = cloud
    found = pcoa(distances(points))
    assert np.all(found.signs == 1)
    assert found.points.shape[1] == min(points.shape[1], len(points) - 1)


def test_all_models_in_one_place_have_no_axes_and_no_spread() -> None:
    found = pcoa(np.zeros((4, 4)))
    assert found.points.shape == (4, 0)
    centre = centre_of(found.points, found.signs, "median")
    assert spread(found.points, found.signs, centre).tolist() == [0, 0, 0, 0]


@calm
@given(clouds())
def test_the_spatial_median_has_the_smallest_sum_of_distances(cloud: tuple[np.ndarray, np.ndarray]) -> None:
    points, _ = cloud
    median = spatial_median(points)

    def total(centre: np.ndarray) -> float:
        return float(np.sqrt(((points - centre) ** 2).sum(axis=1)).sum())

    tries = median + np.random.default_rng(0).standard_normal((50, len(median))) * np.logspace(-4, 0, 50)[:, None]
    assert all(total(median) <= total(other) + 1e-7 for other in [*tries, *points])


def test_medians_by_hand_and_in_batches() -> None:
    corners = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    assert spatial_median(corners) == pytest.approx([0, 0], abs=1e-9)
    triangle = np.array([[0.0, 0], [10, 0], [5, 0.1]])  # a flat corner is the median itself
    assert spatial_median(triangle) == pytest.approx([5, 0.1], abs=1e-4)
    both = np.stack([triangle, triangle + 3])
    assert spatial_median(both) == pytest.approx(np.stack([spatial_median(v) for v in both]), abs=1e-6)


def test_spread_takes_negative_axes_off_and_adjusts_for_the_centre() -> None:
    points, signs = np.array([[3.0, 1.0], [-3.0, -1.0]]), np.array([1.0, -1.0])
    z = spread(points, signs, centre_of(points, signs, "centroid"))
    assert z == pytest.approx([8**0.5] * 2)
    assert spread(points, signs, np.zeros(2), adjust=True) == pytest.approx([4.0] * 2)
    assert spread(np.array([[1.0, 3.0]]), signs, np.zeros(2)) == pytest.approx([8**0.5])  # the absolute value


@pytest.mark.parametrize(
    ("bad", "found"),
    [
        ([[0, 1, 2], [1, 0, 1]], "shape"),
        ([[0, np.nan], [np.nan, 0]], "not finite"),
        ([[0, -1], [-1, 0]], "negative"),
        ([[0, 1], [2, 0]], "asymmetric"),
        ([[1, 1], [1, 0]], "diagonal"),
    ],
)
def test_what_is_no_distance_matrix_is_refused(bad: list[list[float]], found: str) -> None:
    with pytest.raises(BadInput, match=found):
        checked_distances(bad)


def test_unknown_centre() -> None:
    with pytest.raises(BadInput, match="median and centroid"):
        centre_of(np.zeros((2, 1)), np.ones(1), "mean")  # type: ignore[arg-type]

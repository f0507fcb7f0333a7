from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from assay.core.errors import BadInput
from assay.maths.statistics import permdisp
from tests.maths.statistics.worlds import calm, clouds, distances, from_triangle

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "statistics.json").read_text())


@pytest.mark.parametrize("case", GOLDEN["permdisp"], ids=lambda case: f"{case['centre']}-{case['negative']}")
def test_golden(case: dict) -> None:
    d = from_triangle(GOLDEN["triangle"])
    found = permdisp(d, GOLDEN["groups"], centre=case["centre"], negative=case["negative"], permutations=9)
    assert found.f == pytest.approx(case["f"], abs=1e-4)


def anova_f(z: np.ndarray, group: np.ndarray) -> float:
    """One-way analysis of variance, word by word."""
    from scipy.stats import f_oneway

    return float(f_oneway(*(z[group == k] for k in np.unique(group))).statistic)


def literal_f(points: np.ndarray, group: np.ndarray) -> float:
    """Anderson's statistic for points in space and centroids, model by model."""
    z = [np.linalg.norm(x - points[group == k].mean(axis=0)) for x, k in zip(points, group, strict=True)]
    return anova_f(np.array(z), group)


@calm
@given(clouds(groups=3))
def test_against_the_literal_statistic(cloud: tuple[np.ndarray, np.ndarray]) -> None:
    points, group = cloud
    found = permdisp(distances(points), group, centre="centroid", permutations=1)
    assert found.f == pytest.approx(literal_f(points, group), rel=1e-6)
    for k, z in found.spreads.items():
        here = points[group == k]
        assert z == pytest.approx(np.linalg.norm(here - here.mean(axis=0), axis=1).mean())


@pytest.mark.parametrize("null", ["aligned", "labels"])
def test_p_against_the_literal_permutation_of_everything(null: str) -> None:
    """Ten models, all 252 splits by hand; the drawn p lies within its 99.9 % binomial limits of that."""
    from itertools import combinations

    generator = np.random.default_rng(2)
    points = np.concatenate([generator.standard_normal((5, 3)), 5 + 1.6 * generator.standard_normal((5, 3))])
    group = np.repeat([0, 1], 5)
    moving = points.copy()
    if null == "aligned":
        for k in (0, 1):
            moving[group == k] = (points[group == k] - points[group == k].mean(axis=0)) * (5 / 4) ** 0.5
    observed = literal_f(points, group)
    splits = [np.isin(np.arange(10), chosen).astype(int) for chosen in combinations(range(10), 5)]
    exact = np.mean([literal_f(moving, split) >= observed - 1e-9 for split in splits])
    found = permdisp(distances(points), group, centre="centroid", null=null, permutations=4999)  # type: ignore[arg-type]
    assert abs(found.p - exact) <= 3.3 * (exact * (1 - exact) / 4999) ** 0.5 + 1 / 5000


@calm
@given(clouds())
def test_f_does_not_depend_on_names_order_scale_place_or_rotation(cloud: tuple[np.ndarray, np.ndarray]) -> None:
    points, group = cloud
    found = permdisp(distances(points), group, permutations=1).f
    order = np.random.default_rng(1).permutation(len(points))
    turn = np.linalg.qr(np.random.default_rng(2).standard_normal((points.shape[1],) * 2))[0]
    names = np.array(["b", "a"])[group]
    moved = points + np.where(group[:, None] == 0, 0.0, 7.0)  # families apart: the spread is the same
    for other, labels in ((points[order], group[order]), (3 * points @ turn, names), (moved, group)):
        assert permdisp(distances(other), labels, permutations=1).f == pytest.approx(found, rel=1e-4, abs=1e-6)


def test_a_shift_is_no_spread_and_a_spread_is_seen() -> None:
    generator = np.random.default_rng(0)
    group = np.repeat([0, 1], 20)
    points = generator.standard_normal((40, 10))
    shifted = points + np.where(group[:, None] == 1, 2.0, 0.0)
    wider = points * np.where(group[:, None] == 1, 1.6, 1.0)
    assert permdisp(distances(shifted), group).p > 0.05
    for null in ("aligned", "labels"):
        assert permdisp(distances(wider), group, null=null).p < 0.01  # type: ignore[arg-type]


def test_what_cannot_be_tested_is_refused() -> None:
    d = distances(np.arange(8.0).reshape(4, 2))
    for groups in ([0, 0, 0, 1], [0, 0, 0, 0]):
        with pytest.raises(BadInput, match="two groups"):
            permdisp(d, groups)
    with pytest.raises(BadInput, match="aligned and labels"):
        permdisp(d, [0, 0, 1, 1], null="free")  # type: ignore[arg-type]

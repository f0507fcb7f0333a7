"""Published and independently derived numbers of one pair of representations."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from assay.metrics import METRICS, angular_shape, cka_distance, linear_cka, rsa

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "similarity.json").read_text())
ORIGIN = ("origin", "cca_r2_uncentred", "rsa_correlation")


def published_pair():
    draws = np.random.RandomState(GOLDEN["seed"])
    x = draws.randn(*GOLDEN["shape"])
    return x, draws.randn(*GOLDEN["shape"]) + x


@pytest.mark.parametrize("name", ["linear_cka", "debiased_cka", "angular_shape"])
def test_published_numbers(name):
    assert METRICS[name](*published_pair()) == pytest.approx(GOLDEN[name], abs=1e-5)


@pytest.mark.parametrize("name", sorted(set(GOLDEN["more"]) - set(ORIGIN)))
def test_numbers_of_the_other_measures(name):
    assert METRICS[name](*published_pair()) == pytest.approx(GOLDEN["more"][name], abs=6e-6)


def test_rsa_by_correlation():
    found = rsa(*published_pair(), dissimilarity="correlation")
    assert found == pytest.approx(GOLDEN["more"]["rsa_correlation"], abs=1e-6)


def test_distance_and_nuclear_norm_of_the_published_pair():
    assert cka_distance(*published_pair()) == pytest.approx(math.sqrt(2 - 2 * GOLDEN["linear_cka"]), abs=1e-5)
    assert math.cos(angular_shape(*published_pair())) == pytest.approx(GOLDEN["nuclear_norm"], abs=1e-6)


@pytest.mark.parametrize("width", [10, 100, 1000])
def test_chance_level_of_linear_cka(width):
    rng = np.random.default_rng(width)
    found = np.mean([linear_cka(*rng.standard_normal((2, 100, width))) for _ in range(5)])
    golden = GOLDEN["unrelated"]["linear_cka"][str(width)]
    assert found == pytest.approx(golden, abs=0.015)
    assert width / (width + 99) == pytest.approx(golden, abs=0.015)

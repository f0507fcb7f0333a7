"""Which layers are found in other networks, against the loop that the source describes."""

import numpy as np
import pytest

from assay.core.errors import BadInput
from assay.metrics import layer_identification, pairwise


def loop(table, layers):
    models, hits = len(table) // layers, []
    for a in range(models):
        for b in range(models):
            if a != b:
                block = table[a * layers : (a + 1) * layers, b * layers : (b + 1) * layers]
                hits += [int(np.argmax(row) == place) for place, row in enumerate(block)]
    return np.mean(hits)


@pytest.mark.parametrize("models, layers", [(2, 5), (4, 3), (6, 2)])
def test_as_the_loop(models, layers):
    table = np.random.default_rng(models).random((models * layers,) * 2)
    found = layer_identification(table, layers)
    assert found.score == pytest.approx(loop(table, layers))
    assert found.chance == pytest.approx(1 / layers) and found.pairs == models * (models - 1)
    assert layer_identification(-table, layers, distance=True) == pytest.approx(found, nan_ok=True)


def test_a_measure_that_cannot_tell_layers_apart_is_at_chance():
    assert layer_identification(np.ones((12, 12)), 4).score == pytest.approx(1 / 4)
    rounding = 1 + 1e-13 * np.random.default_rng(0).standard_normal((12, 12))
    assert layer_identification(rounding, 4).score == pytest.approx(1 / 4)


def test_guessing_is_at_chance():
    draw = np.random.default_rng(0)
    scores = [layer_identification(draw.random((20, 20)), 4).score for _ in range(40)]
    assert np.mean(scores) == pytest.approx(1 / 4, abs=0.04)


def test_networks_with_the_same_layers_in_other_coordinates_are_found():
    draw = np.random.default_rng(0)
    layers = [draw.standard_normal((60, 8)) for _ in range(3)]
    features = [x @ np.linalg.qr(draw.standard_normal((8, 8)))[0] for _ in range(4) for x in layers]
    for measure in ("linear_cka", "debiased_cka"):
        found = layer_identification(pairwise(features, measure), 3)
        assert found.score == 1 and 0.4 < found.low < 0.6 and found.high == 1, "four networks are not certainty"
    assert layer_identification(pairwise(features, "angular_shape"), 3, distance=True).score == 1
    assert layer_identification(pairwise(features, "angular_shape"), 3).score == 0


def test_the_interval_covers_the_score_of_many_networks():
    draw = np.random.default_rng(1)
    signal = np.tile(np.eye(3), (60, 60))
    everyone = signal + draw.normal(0, 0.8, (180, 180))
    truth = layer_identification(everyone, 3).score
    covered = 0
    for _ in range(40):
        some = np.repeat(draw.choice(60, 15, replace=False) * 3, 3) + np.tile(np.arange(3), 15)
        found = layer_identification(everyone[np.ix_(some, some)], 3)
        covered += found.low <= truth <= found.high
        assert found.low < found.score < found.high
    assert covered >= 34  # of 40; a true 90 % gives fewer one time in 25


def test_two_networks_have_no_interval():
    found = layer_identification([[1, 0, 0.9, 0.2], [0, 1, 0.5, 0.4], [0.9, 0.5, 1, 0], [0.2, 0.4, 0, 1]], 2)
    assert np.isnan([found.low, found.high]).all()


@pytest.mark.parametrize("table, layers", [(np.ones((4, 4)), 4), (np.ones((4, 4)), 1), (np.ones((4, 6)), 2)])
def test_refusals(table, layers):
    with pytest.raises(BadInput, match="give a square one over 2 or more networks"):
        layer_identification(table, layers)
    with pytest.raises(BadInput, match="not all numbers"):
        layer_identification(np.full((4, 4), np.nan), 2)

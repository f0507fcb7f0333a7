"""Memorisation of wrong labels, by hand, by models that know all or nothing by heart, and what chance gives."""

import numpy as np
import pytest

from assay import metrics
from assay.core.errors import BadInput
from assay.data import Dataset, Fewer, LabelNoise, Split, biased, relabelled, true_labels


def test_those_who_know_all_or_nothing_by_heart():
    rng = np.random.default_rng(0)
    true = rng.integers(5, size=400)
    given = np.where(rng.random(400) < 0.3, (true + rng.integers(1, 5, size=400)) % 5, true)
    assert metrics.memorised(given, given, true) == 1
    assert metrics.memorised(true, given, true) == 0
    found = metrics.memorisation(given, given, true, true, true)
    assert (found.rate, found.chance, found.n) == (1, 0, int((given != true).sum()))


def test_equals_a_literal_twin():
    rng = np.random.default_rng(1)
    said, given, true = (rng.integers(4, size=80) for _ in range(3))
    told, known = (rng.integers(4, size=50) for _ in range(2))
    items = [i for i in range(80) if given[i] != true[i]]
    chance = []
    for i in items:
        alike = [j for j in range(50) if known[j] == true[i]]
        chance.append(sum(told[j] == given[i] for j in alike) / len(alike))
    found = metrics.memorisation(said, given, true, told, known)
    assert found.rate == pytest.approx(sum(said[i] == given[i] for i in items) / len(items))
    assert found.chance == pytest.approx(np.mean(chance)) and found.n == len(items)


@pytest.mark.parametrize("alike", [False, True])
def test_chance_is_the_rate_of_a_model_that_met_no_item(alike):
    """Answers drawn from one confusion matrix for relabelled and new items: rate = chance on average, far from 0."""
    confusion = np.array([[0.5, 0.4, 0.05, 0.05], [0.4, 0.5, 0.05, 0.05], [0.1, 0.1, 0.7, 0.1], [0.1, 0.1, 0.1, 0.7]])
    rates, chances, evenly = [], [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        true, known = rng.integers(4, size=300), rng.integers(4, size=300)
        wrong = true ^ 1 if alike else (true + rng.integers(1, 4, size=300)) % 4  # alike: 0 and 1, 2 and 3 are swapped
        given = np.where(rng.random(300) < 0.5, wrong, true)
        said, told = ((rng.random(300)[:, None] > confusion[labels].cumsum(1)).sum(1) for labels in (true, known))
        found = metrics.memorisation(said, given, true, told, known)
        rates.append(found.rate)
        chances.append(found.chance)
        evenly.append((told != known).mean() / 3)
    error = np.std(np.subtract(rates, chances)) / np.sqrt(60)
    assert abs(np.mean(rates) - np.mean(chances)) < 4 * error < 0.03
    expected = 0.25 if alike else (0.5 + 0.5 + 0.3 + 0.3) / 4 / 3
    assert np.mean(chances) == pytest.approx(expected, abs=0.02)
    assert (abs(np.mean(evenly) - expected) < 0.02) is not alike  # error / (C - 1) is right for labels drawn alike only


def test_label_noise_gives_what_is_needed():
    split = Split(np.zeros((200, 2), np.float32), np.arange(200) % 4)
    data = Dataset("demo", {"train": split}, ("a", "b", "c", "d"), "table")
    biases = (Fewer(images=100), LabelNoise(share=0.2))
    given, true = biased(data, biases).train.labels, true_labels(data, biases)
    found = metrics.memorisation(given, given, true, true, true)
    assert found.n == len(relabelled(data, biases)) == 20 and found.rate == 1


def test_what_cannot_be_is_refused():
    with pytest.raises(BadInput, match="found none among 3 items; train with label_noise"):
        metrics.memorised([0, 1, 2], [0, 1, 1], [0, 1, 1])
    with pytest.raises(BadInput, match="no test image of class 1"):
        metrics.memorisation([0, 1, 2], [0, 1, 2], [0, 1, 1], [0], [0])
    with pytest.raises(BadInput, match="predicted as one whole number a sample; found shape"):
        metrics.memorised([[0.2, 0.8]], [0], [1])
    with pytest.raises(BadInput, match="predicted and labels of the same samples; found 2 and 1"):
        metrics.memorised([0, 1], [0, 1], [0])
    with pytest.raises(BadInput, match="test_predicted and test_labels of the same samples"):
        metrics.memorisation([0, 1], [0, 1], [1, 1], [0, 1], [1])

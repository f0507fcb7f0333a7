"""Probes against scikit-learn's own on digits, and against literal twins."""

import numpy as np
import pytest

from assay import metrics
from assay.core.errors import BadInput


@pytest.fixture(scope="module")
def digits():
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], y[order]
    return (x[:900], y[:900]), (x[900:1300], y[900:1300]), (x[1300:], y[1300:])


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


@pytest.mark.parametrize("k", [1, 7])
@pytest.mark.parametrize("normalise", [False, True])
def test_knn_equals_scikit_learn(digits, k, normalise):
    from sklearn.neighbors import KNeighborsClassifier

    (x, y), _, (z, true) = digits
    noise = np.random.default_rng(1)  # pixels are whole numbers: without it, which of equally near ones is met matters
    x, z = x + noise.uniform(0, 1e-3, x.shape), z + noise.uniform(0, 1e-3, z.shape)
    found = metrics.knn_probe(x, y, z, true, k=k, normalise=normalise)
    a, b = (unit(x), unit(z)) if normalise else (x, z)
    expected = KNeighborsClassifier(k, algorithm="brute").fit(a, y).predict(b)
    assert found.predicted.tolist() == expected.tolist() and found.chosen == k and found.val_accuracy is None
    assert found.accuracy == (expected == true).mean() > 0.95


def test_knn_k_is_chosen_on_val(digits):
    (x, y), (v, w), (z, true) = digits
    noisy = np.where(np.random.default_rng(2).random(len(y)) < 0.4, np.random.default_rng(3).permutation(y), y)
    found = metrics.knn_probe(x, noisy, z, true, k=None, val_features=v, val_labels=w)
    right = {k: metrics.knn_probe(x, noisy, v, w, k=k).accuracy for k in metrics.probes.K_GRID}
    assert found.val_accuracy == max(right.values()) and right[found.chosen] == found.val_accuracy
    assert found.chosen > 1 and not found.edge  # one neighbour copies the false labels
    assert found.accuracy > metrics.knn_probe(x, noisy, z, true, k=1).accuracy + 0.2
    with pytest.raises(BadInput, match="no val features"):
        metrics.knn_probe(x, y, z, true, k=None)


def test_ties_go_to_the_smallest_label():
    x = [[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]]
    assert metrics.knn_probe(x, [5, 5, 2, 2], [[1.0, 1.0]], [2], k=4).predicted.tolist() == [2]
    assert metrics.knn_probe(x, [5, 5, 2, 2], [[1.0, 0.9]], [2], k=99).accuracy == 1  # more than there are


def test_linear_equals_scikit_learn(digits):
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    (x, y), (v, w), (z, true) = digits
    grid = (1e-1, 1e-2, 1e-3)
    found = metrics.linear_probe(x, y, v, w, z, true, regularisers=grid)
    scaler = StandardScaler().fit(x)
    models = [LogisticRegression(C=1 / (r * len(x)), max_iter=2000, tol=1e-6).fit(scaler.transform(x), y) for r in grid]
    right = [model.score(scaler.transform(v), w) for model in models]
    place = int(np.argmax(right))
    assert found.chosen == grid[place]
    assert found.val_accuracy == pytest.approx(right[place], abs=1 / len(w))
    assert found.accuracy == pytest.approx(models[place].score(scaler.transform(z), true), abs=2 / len(true))


def test_the_regulariser_is_never_chosen_on_test(digits):
    (x, y), (v, w), (z, true) = digits
    first = metrics.linear_probe(x, y, v, w, z, true)
    other = metrics.linear_probe(x, y, v, w, z, np.roll(true, 1))
    assert (first.chosen, first.val_accuracy) == (other.chosen, other.val_accuracy)
    assert first.predicted.tolist() == other.predicted.tolist() and other.accuracy < 0.3
    strong = metrics.linear_probe(x[:40], y[:40], v, np.zeros_like(w), z, true, regularisers=(1e6, 1e3))
    assert strong.edge


def test_linear_probe_ignores_scale_and_dead_columns(digits):
    (x, y), (v, w), (z, true) = digits
    scales = np.geomspace(1e-3, 1e3, x.shape[1])
    plain = metrics.linear_probe(x, y, v, w, z, true, regularisers=(1e-2,))
    scaled = metrics.linear_probe(x * scales, y, v * scales, w, z * scales, true, regularisers=(1e-2,))
    assert scaled.predicted.tolist() == plain.predicted.tolist()
    assert not x.std(0).all()  # digits have pixels that are always blank


def test_linear_probe_comes_near_the_best_there_is():
    """Round clouds of one size: nothing beats the nearest true centre."""
    rng = np.random.default_rng(0)
    y = rng.integers(10, size=7000)
    noise, centres = rng.standard_normal((7000, 128)), 0.3 * rng.standard_normal((10, 128))
    x = noise + centres[y]
    found = metrics.linear_probe(x[:5000], y[:5000], x[5000:6000], y[5000:6000], x[6000:], y[6000:])
    nearest = ((x[6000:, None] - centres) ** 2).sum(-1).argmin(1)
    best = (nearest == y[6000:]).mean()
    assert best - 0.03 < found.accuracy < best + 0.01


def test_few_shot_equals_a_literal_twin(digits):
    from assay.core.rng import numpy_rng

    (x, y), _, (z, true) = digits
    found = metrics.few_shot_probe(x, y, z, true, shots=3, draws=4, seed=9)
    right = []
    for draw in range(4):
        generator = numpy_rng(9, "few shot", draw)
        means = [unit(x)[generator.permutation(np.flatnonzero(y == c))[:3]].mean(0) for c in range(10)]
        answers = [np.argmin([np.linalg.norm(row - mean) for mean in means]) for row in unit(z)]
        right.append(np.mean(answers == true))
    assert found.draws == pytest.approx(right) and found.mean == pytest.approx(np.mean(right))
    assert found.deviation == pytest.approx(np.std(right)) and found.shots == 3
    assert metrics.few_shot_probe(x, y, z, true, shots=3, draws=2, seed=9).draws == found.draws[:2]
    assert metrics.few_shot_probe(x, y, z, true, shots=30).mean > found.mean + 0.05
    fewest = np.bincount(y).min()
    with pytest.raises(BadInput, match=f"between 1 and {fewest} shots"):
        metrics.few_shot_probe(x, y, z, true, shots=1000)


def subclasses(spread, seed=0, n=600):
    """Two coarse classes of two fine ones each, ``spread`` apart inside a coarse class."""
    rng = np.random.default_rng(seed)
    fine = rng.integers(4, size=n)
    x = 0.1 * rng.standard_normal((n, 8))
    x[np.arange(n), fine // 2] += 3
    x[np.arange(n), 2 + fine] += spread
    return x, fine


def test_coarse_to_fine_and_recovery_tell_a_collapsed_class_from_a_spread_one():
    coarse_of = {0: 0, 1: 0, 2: 1, 3: 1}
    for spread, expected in ((0.0, 0.0), (1.0, 1.0)):
        parts = [part for seed in range(3) for part in subclasses(spread, seed)]
        found = metrics.coarse_to_fine(*parts, coarse_of=coarse_of)
        true = parts[-1]
        commonest = [np.bincount(parts[1], minlength=4)[:2].argmax(), 2 + np.bincount(parts[1])[2:].argmax()]
        assert found.coarse_only == pytest.approx(np.isin(true, commonest).mean())
        assert found.accuracy == found.probe.accuracy
        assert found.recovered == pytest.approx((found.accuracy - found.coarse_only) / (1 - found.coarse_only))
        assert found.recovered == pytest.approx(expected, abs=0.2)
        clusters = metrics.subclass_recovery(parts[4], true, true // 2)
        assert clusters.adjusted_rand == pytest.approx(expected, abs=0.05) and set(clusters.classes) == {0, 1}


def test_recovery_weights_classes_by_size_and_survives_points():
    x, fine = subclasses(1.0)
    keep = (fine > 1) | (np.arange(len(fine)) < 100)
    mixed = np.where(fine < 2, np.random.default_rng(1).integers(2, size=len(fine)), fine)
    found = metrics.subclass_recovery(x[keep], mixed[keep], fine[keep] // 2)
    n = np.bincount(fine[keep] // 2)
    assert found.adjusted_rand == pytest.approx((found.classes[0] * n[0] + found.classes[1] * n[1]) / n.sum())
    points = np.repeat(np.eye(2), 10, axis=0)
    assert metrics.subclass_recovery(points, np.arange(20) % 2, np.arange(20) // 10).adjusted_rand == 0


def test_worst_group():
    from assay.maths.statistics import wilson

    said, true = np.array([0] * 10 + [1] * 6 + [0] * 4), np.array([0] * 10 + [1] * 10)
    worst = metrics.worst_group(said, true)
    assert (worst.name, worst.accuracy, worst.n) == (1, 0.6, 10) and (worst.low, worst.high) == wilson(6, 10)
    groups = np.array([7] * 12 + [8] * 8)
    assert [(g.name, g.accuracy) for g in metrics.group_accuracies(said, true, groups)] == [(8, 0.5), (7, 1.0)]


@pytest.mark.parametrize(
    "arguments, found",
    [
        (([[1.0]] * 5, [0] * 4, [[1.0]], [0]), "found 5 and 4"),
        (([[1.0]] * 5, [0, 1, 0, 1, 0], [[1.0, 2]], [0]), "found test features of width 2"),
        (([[1.0]] * 5, [0, 1, 0.5, 1, 0], [[1.0]], [0]), "train labels as one whole number"),
        (([1.0] * 5, [0, 1, 0, 1, 0], [[1.0]], [0]), r"found shape \(5,\)"),
        (([[float("nan")]] * 5, [0, 1, 0, 1, 0], [[1.0]], [0]), "train features as finite numbers"),
    ],
)
def test_bad_samples_are_refused_in_one_line(arguments, found):
    for probe in (metrics.knn_probe, metrics.few_shot_probe):
        with pytest.raises(BadInput, match=found) as error:
            probe(*arguments)
        assert "\n" not in str(error.value)


def test_probes_that_cannot_be():
    x, y = np.eye(4), [0, 0, 1, 1]
    with pytest.raises(BadInput, match="k = 0"):
        metrics.knn_probe(x, y, x, y, k=0)
    with pytest.raises(BadInput, match="found one class"):
        metrics.linear_probe(x, [3] * 4, x, y, x, y)
    with pytest.raises(BadInput, match="numbers above 0"):
        metrics.linear_probe(x, y, x, y, x, y, regularisers=(0.0,))
    with pytest.raises(BadInput, match="same row for all"):
        metrics.linear_probe(np.ones((4, 2)), y, np.ones((4, 2)), y, np.ones((4, 2)), y)
    with pytest.raises(BadInput, match="coarse class of fine label 1"):
        metrics.coarse_to_fine(x, y, x, y, x, y, coarse_of={0: 0})
    with pytest.raises(BadInput, match="one fine label in each"):
        metrics.coarse_to_fine(x, y, x, y, x, y, coarse_of={0: 0, 1: 1})
    with pytest.raises(BadInput, match="one fine label in each coarse class"):
        metrics.subclass_recovery(x, y, y)

"""The gaps of frozen features against literal twins, where there is none, and where there is one by construction."""

import numpy as np
import pytest

from assay import metrics
from assay.core.errors import BadInput
from assay.core.rng import numpy_rng


def drawn(seed, n, classes=3, width=6, apart=1.0, centres=0):
    """Items of normal classes: the same classes for one ``centres``."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=n)
    means = apart * np.random.default_rng(centres).standard_normal((classes, width))
    return means[labels] + rng.standard_normal((n, width)), labels


def gaps_of(name, train, val, test, train_attacked_features=None, **settings):
    """Either measure; class means need no val and no settings."""
    if "probe" in name:
        return metrics.probe_gaps(*train, *val, *test, train_attacked_features=train_attacked_features, **settings)
    return metrics.class_mean_gaps(*train, *test, train_attacked_features=train_attacked_features)


def standardised(right, labels, test_right, test_labels):
    """Train and test accuracy in test's mix of the classes that both have, item by item."""
    both = sorted(set(labels.tolist()) & set(test_labels.tolist()))
    kept = np.isin(test_labels, both)
    by_class = {c: right[labels == c].mean() for c in both}
    return np.mean([by_class[c] for c in test_labels[kept].tolist()]), test_right[kept].mean()


def probe_twin(x, y, v, w, z, true, seed):
    """Scikit-learn's logistic regression on a half of each class, the strength chosen on val."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    draw = numpy_rng(seed, "probe gap")
    fit = np.zeros(len(y), bool)
    for name in sorted(set(y.tolist())):
        order = draw.permutation(np.flatnonzero(y == name))
        fit[order[: -(-len(order) // 2)]] = True
    scale = StandardScaler().fit(x[fit]).transform
    models = [
        LogisticRegression(C=1 / (r * fit.sum()), max_iter=5000, tol=1e-8).fit(scale(x[fit]), y[fit])
        for r in (1.0, 1e-1, 1e-2, 1e-3, 1e-4)
    ]
    best = max(models, key=lambda m: m.score(scale(v), w))  # of equals the first, the strongest
    return best.predict(scale(x[~fit])) == y[~fit], y[~fit], best.predict(scale(z)) == true


@pytest.mark.parametrize("seed", range(4))
def test_probe_gap_equals_scikit_learn(seed):
    (x, y), (v, w), (z, true) = (drawn(10 * seed + i, n, classes=4) for i, n in enumerate((201, 101, 150)))
    right, judged, test_right = probe_twin(x, y, v, w, z, true, seed)
    train, test = standardised(right, judged, test_right, true)
    found = metrics.probe_gaps(x, y, v, w, z, true, seed=seed)
    assert (found.train, found.test) == pytest.approx((train, test), abs=2 / 100)  # solvers: an item may fall otherwise
    assert found.gap == found.train - found.test == metrics.probe_gap(x, y, v, w, z, true, seed=seed)
    assert [c.train_n for c in found.classes] == [int((y == c).sum()) // 2 for c in range(4)]
    assert [c.test_n for c in found.classes] == [int((true == c).sum()) for c in range(4)]
    for c in found.classes:
        assert c.gap == c.train - c.test
        assert c.test == pytest.approx(test_right[true == c.name].mean(), abs=2 / c.test_n)
    weights = np.array([c.test_n for c in found.classes]) / len(true)
    assert found.gap == pytest.approx(weights @ [c.gap for c in found.classes])


def means_twin(x, y, z, true, seen):
    """Every item against means of literal subsets."""
    names = sorted(set(y.tolist()))

    def right(row, label, without):
        distance = {c: np.linalg.norm(row - x[(y == c) & (np.arange(len(y)) != without)].mean(0)) for c in names}
        return all(distance[label] < far for c, far in distance.items() if c != label)

    several = [c for c in names if (y == c).sum() > 1]
    items = [i for i in range(len(y)) if y[i] in several]
    others = [i for i in range(len(true)) if true[i] in several]
    train = np.array([right(seen[i], y[i], i) for i in items])
    test = np.array([np.mean([right(z[i], true[i], j) for j in np.flatnonzero(y == true[i])]) for i in others])
    return train, y[items], test, true[others]


@pytest.mark.parametrize("seed", range(5))
def test_class_mean_gap_equals_its_twin(seed):
    (x, y), (z, true) = drawn(seed, 25, classes=4, apart=0.7), drawn(100 + seed, 18, classes=5, apart=0.7)
    y[0], y[y == 9] = 9, 9  # one class with a single item
    train, test = standardised(*means_twin(x, y, z, true, x))
    found = metrics.class_mean_gaps(x, y, z, true)
    assert (found.train, found.test) == pytest.approx((train, test), abs=1e-12)
    assert found.gap == found.train - found.test == metrics.class_mean_gap(x, y, z, true)
    assert 9 not in [c.name for c in found.classes] and found.chosen is None


@pytest.mark.parametrize("seed", range(3))
def test_attacked_items_are_judged_by_clean_read_outs(seed):
    (x, y), (v, w), (z, true) = (drawn(10 * seed + i, 60, apart=0.8) for i in range(3))
    seen = x + 0.8 * np.random.default_rng(seed).standard_normal(x.shape)
    found = metrics.class_mean_gaps(x, y, z, true, train_attacked_features=seen)
    train, test = standardised(*means_twin(x, y, z, true, seen))
    assert (found.train, found.test) == pytest.approx((train, test), abs=1e-12)
    assert found.gap == metrics.class_mean_gap(x, y, z, true, train_attacked_features=seen)
    clean = metrics.probe_gaps(x, y, v, w, z, true)
    assert clean == metrics.probe_gaps(x, y, v, w, z, true, train_attacked_features=x)
    lost = metrics.probe_gaps(x, y, v, w, z, true, train_attacked_features=np.roll(x, 1, axis=0) * -1)
    assert (lost.test, lost.chosen) == (clean.test, clean.chosen) and lost.train < clean.train
    with pytest.raises(BadInput, match="train_attacked_features of the same samples; found 60 and 59"):
        metrics.probe_gap(x, y, v, w, z, true, train_attacked_features=x[1:])


@pytest.mark.parametrize("name", ["probe_gaps", "class_mean_gaps"])
def test_a_label_written_by_the_attack_is_not_read(name):
    """Features without any class, an attack that adds the true label to a column: fitted on it all, on clean chance."""
    (x, y), (v, w), (z, true) = (drawn(i, 300, classes=2, apart=0) for i in range(3))
    leak = [features + 9 * np.eye(6)[0] * labels[:, None] for features, labels in ((x, y), (v, w), (z, true))]
    naive = gaps_of(name, (leak[0], y), (leak[1], w), (leak[2], true))
    fair = gaps_of(name, (x, y), (v, w), (leak[2], true), train_attacked_features=leak[0])
    assert naive.train == naive.test == 1
    assert fair.train < 0.8 and fair.test < 0.8 and abs(fair.gap) < 0.15


@pytest.mark.parametrize("name", ["probe_gaps", "class_mean_gaps"])
def test_no_gap_on_average_where_the_network_saw_neither(name):
    """Samples of one distribution, far fewer than would describe it: mean 0 within 4 standard errors."""
    gaps = []
    for seed in range(200 if name == "class_mean_gaps" else 100):
        parts = [drawn(1000 * i + seed, n, width=30, apart=0.4) for i, n in enumerate((40, 60, 60))]
        gaps.append(gaps_of(name, *parts, regularisers=(1e-1, 1e-3)).gap)
    assert abs(np.mean(gaps)) < 4 * np.std(gaps) / np.sqrt(len(gaps)) < 0.05


def test_the_probe_that_is_judged_on_what_it_learned_would_show_one():
    """The control of the test above: with few items in many columns it has a gap of its own."""
    naive = []
    for seed in range(10):
        (x, y), val, test = (drawn(1000 * i + seed, n, width=30, apart=0.4) for i, n in enumerate((40, 60, 60)))
        fitted = [
            metrics.linear_probe(x, y, *val, *judged, regularisers=(1e-1, 1e-3)).accuracy for judged in ((x, y), test)
        ]
        naive.append(fitted[0] - fitted[1])
    assert np.mean(naive) > 0.1


@pytest.mark.parametrize("name", ["probe_gaps", "class_mean_gaps"])
def test_features_that_hold_for_train_alone_show_the_gap(name):
    """Train classes lie apart along a column that is noise in test: all against chance, and one class loses it."""
    (x, y), (v, w), (z, true) = (drawn(i, 400, classes=2, apart=0) for i in range(3))
    x[:, 0] += 20 * y
    found = gaps_of(name, (x, y), (v, w), (z, true))
    assert found.train == 1 and found.test == pytest.approx(0.5, abs=0.1)
    (a, b) = found.classes
    assert a.gap < 0.05 and b.gap > 0.95  # without the column every test item looks like class 0


@pytest.mark.parametrize("name", ["probe_gaps", "class_mean_gaps"])
def test_another_mix_of_classes_is_no_gap(name):
    """Class 0 lies apart, common in train, rare in test; others overlap. In each side's own mix accuracies differ."""
    centres = np.array([[8, 0], [0, 0.5], [0, -0.5]])
    gaps, plain = [], []
    for seed in range(30):
        parts = []
        for i, share in enumerate((0.7, 0.7, 0.1)):
            rng = np.random.default_rng([seed, i])
            labels = np.where(rng.random(200) < share, 0, rng.integers(1, 3, size=200))
            parts.append((centres[labels] + rng.standard_normal((200, 2)), labels))
        found = gaps_of(name, *parts, regularisers=(1e-2,))
        gaps.append(found.gap)
        own_mix = np.average([c.train for c in found.classes], weights=[c.train_n for c in found.classes])
        plain.append(own_mix - found.test)
    assert abs(np.mean(gaps)) < 4 * np.std(gaps) / np.sqrt(len(gaps)) < 0.05
    assert np.mean(plain) > 0.15  # (0.7 - 0.1) of the way from 0.69, the overlapping classes, to 1


def test_the_strength_is_never_chosen_on_test_and_halves_have_an_address():
    (x, y), (v, w), (z, true) = (drawn(i, 80, width=12, apart=0.5) for i in range(3))
    first, moved = metrics.probe_gaps(x, y, v, w, z, true), metrics.probe_gaps(x, y, v, w, z, np.roll(true, 1))
    assert first.chosen == moved.chosen
    assert first == metrics.probe_gaps(x, y, v, w, z, true)
    assert len({metrics.probe_gaps(x, y, v, w, z, true, seed=seed).train for seed in range(5)}) > 1
    assert metrics.probe_gaps(x, y, v, w, z, true, regularisers=(0.3,)).chosen == 0.3


def test_classes_without_items_on_a_side_are_named_and_not_counted():
    (x, y), (v, w), (z, true) = (drawn(i, 60) for i in range(3))
    true = np.where(true == 2, 7, true)
    found = metrics.probe_gaps(x, y, v, w, z, true)
    sides = {c.name: (c.train is None, c.test is None, c.gap is None) for c in found.classes}
    assert sides[2] == (False, True, True) and sides[7] == (True, False, True) and sides[0] == (False, False, False)
    kept = [c for c in found.classes if c.gap is not None]
    assert found.test == pytest.approx(np.average([c.test for c in kept], weights=[c.test_n for c in kept]))


@pytest.mark.parametrize("name", ["probe_gap", "class_mean_gap"])
def test_what_cannot_be_is_refused_in_one_line(name):
    (x, y), (z, true) = drawn(0, 30), drawn(1, 20)

    def call(x, y, z, true):
        between = (z, true, z, true) if name == "probe_gap" else (z, true)
        return getattr(metrics, name)(x, y, *between)

    for arguments, words in (
        ((x, y, z[:, :5], true), "found (test|val) features of width 5"),
        ((x, np.zeros(30), z, true), "found one class in its training labels"),
        ((x, y + 0.5, z, true), "one whole number a sample"),
        ((x, y, z, true + 7), r"found judged train items of classes \[0, 1, 2\] and test items"),
        ((x, y[:-1], z, true), "of the same samples; found 30 and 29"),
        ((x[:3], y[:3], z, true), "train_features; found 3 samples; give at least 4"),
    ):
        with pytest.raises(BadInput, match=words) as error:
            call(*arguments)
        assert "\n" not in str(error.value)

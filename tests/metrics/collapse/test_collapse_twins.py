"""Every measure of collapse against a literal twin: the formula, written with loops and full matrices."""

import numpy as np
import pytest

from assay import metrics
from assay.core.errors import BadInput


def data(seed, n=50, width=6, classes=4, offset=2.0):
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(classes), rng.integers(classes, size=n - classes)])
    return rng.standard_normal((n, width)) + rng.standard_normal((classes, width))[y] + offset, y


def unit(x):
    return np.array([row / np.sqrt((row**2).sum()) for row in x])


def means_of(x, y):
    return [x[y == c].mean(0) for c in np.unique(y)]


def slow_variances(x, y):
    u = unit(x)
    means = means_of(u, y)
    within = np.mean([((row - means[c]) ** 2).sum() for row, c in zip(u, y, strict=True)])
    between = np.mean([((means[c] - u.mean(0)) ** 2).sum() for c in y])
    return within, between, 1 - (u.mean(0) ** 2).sum()


def slow_sigmas(x, y):
    means = means_of(x, y)
    centre = np.mean(means, axis=0)
    within = np.mean([np.outer(row - means[c], row - means[c]) for row, c in zip(x, y, strict=True)], axis=0)
    between = np.mean([np.outer(mean - centre, mean - centre) for mean in means], axis=0)
    return within, between


def slow_pairs(x, y, directional):
    means, table = means_of(x, y), []
    for a in range(len(means)):
        for b in range(a):
            gap = means[a] - means[b]
            along = gap / np.linalg.norm(gap)
            spread = [x[y == c] - means[c] for c in (a, b)]
            sums = [np.mean((s @ along) ** 2 if directional else (s**2).sum(1)) for s in spread]
            table.append(sum(sums) / (2 * gap @ gap))
    return np.mean(table)


def slow_rank(rows):
    eigenvalues = np.linalg.eigvalsh(rows.T @ rows).clip(0)
    p = np.sqrt(eigenvalues) / np.sqrt(eigenvalues).sum()
    return np.exp(-sum(v * np.log(v) for v in p if v > 1e-9))


@pytest.mark.parametrize("seed", range(3))
def test_variances(seed):
    x, y = data(seed)
    within, between, total = slow_variances(x, y)
    assert metrics.within_variance(x, y) == pytest.approx(within)
    assert metrics.between_variance(x, y) == pytest.approx(between)
    assert metrics.total_variance(x) == pytest.approx(total) == pytest.approx(within + between)
    shares = np.bincount(y) / len(y)
    assert metrics.class_variances(x, y) @ shares == pytest.approx(within)
    raw = {"normalise": False}
    parts = metrics.within_variance(x, y, **raw) + metrics.between_variance(x, y, **raw)
    assert metrics.total_variance(x, **raw) == pytest.approx(parts) == pytest.approx(x.var(0).sum())


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("normalise", [False, True])
def test_ratios(seed, normalise):
    x, y = data(seed)
    seen = unit(x) if normalise else x
    within, between = slow_sigmas(seen, y)
    expected = {
        "variance_quotient": np.trace(within) / np.trace(between),
        "nc1": np.trace(within @ np.linalg.pinv(between, rcond=1e-8)) / 4,
        "cdnv": slow_pairs(seen, y, directional=False),
        "directional_cdnv": slow_pairs(seen, y, directional=True),
    }
    for name, value in expected.items():
        assert metrics.METRICS[name](x, y, normalise=normalise) == pytest.approx(value), name
    b, w = np.trace(between), [((seen[y == c] - seen[y == c].mean(0)) ** 2).sum(1).mean() for c in range(4)]
    assert metrics.class_shares(x, y, normalise) == pytest.approx([v / (v + b) for v in w])
    assert metrics.within_share(x, y, normalise) == pytest.approx(np.mean(w) / (np.mean(w) + b))
    assert metrics.directional_cdnv(x, y) <= metrics.cdnv(x, y)


@pytest.mark.parametrize("width", [3, 6])  # means that fill the space, and means in a part of it
def test_arrangement_of_means(width):
    x, y = data(4, width=width)
    means = np.array(means_of(x, y))
    means = means - means.mean(0)
    lengths = np.sqrt((means**2).sum(1))
    cosines = [means[a] @ means[b] / lengths[a] / lengths[b] for a in range(4) for b in range(a)]
    assert metrics.nc2_equinorm(x, y) == pytest.approx(lengths.std() / lengths.mean())
    assert metrics.nc2_equiangular(x, y) == pytest.approx(np.mean([abs(c + 1 / 3) for c in cosines]))
    gram = means @ means.T
    frame = (np.eye(4) - np.ones((4, 4)) / 4) / np.sqrt(3)
    assert metrics.etf_distance(x, y) == pytest.approx(np.linalg.norm(gram / np.linalg.norm(gram) - frame))
    head = np.random.default_rng(0).standard_normal((4, width))
    apart = head / np.sqrt((head**2).sum()) - means / np.sqrt((means**2).sum())
    assert metrics.nc3(x, y, head) == pytest.approx(np.sqrt((apart**2).sum()))


def test_nearest_mean_answers():
    x, y = data(5)
    logits = np.random.default_rng(1).standard_normal((50, 4))
    means = means_of(x, y)
    nearest = [int(np.argmin([((row - mean) ** 2).sum() for mean in means])) for row in x]
    assert metrics.nearest_mean(x, y, x).tolist() == nearest
    disagree = np.mean([a != int(z.argmax()) for a, z in zip(nearest, logits, strict=True)])
    assert metrics.nc4(x, y, logits) == pytest.approx(disagree)


@pytest.mark.parametrize("n, width", [(50, 6), (12, 30)])
def test_ranks(n, width):
    x, y = data(6, n=n, width=width)
    assert metrics.effective_rank(x) == pytest.approx(slow_rank(x - x.mean(0)), rel=1e-6)
    rows = np.array([row - means_of(x, y)[c] for row, c in zip(x, y, strict=True)])
    assert metrics.within_effective_rank(x, y) == pytest.approx(slow_rank(rows), rel=1e-6)
    each = [slow_rank(rows[y == c]) if (y == c).sum() > 1 else 0 for c in range(4)]
    assert metrics.class_effective_ranks(x, y) == pytest.approx(each, rel=1e-6)


def test_views():
    views = np.random.default_rng(7).standard_normal((9, 3, 5))
    u = np.array([unit(each) for each in views])
    expected = np.mean([np.mean([((v - each.mean(0)) ** 2).sum() for v in each]) for each in u])
    assert metrics.view_variance(views) == pytest.approx(expected)
    labels = np.repeat(np.arange(9), 3)
    assert metrics.view_variance(views) == pytest.approx(metrics.within_variance(views.reshape(27, 5), labels))
    with pytest.raises(BadInput, match=r"found shape \(9, 1, 5\); give two views"):
        metrics.view_variance(views[:, :1])


def test_pair_tables_are_the_means():
    x, y = data(8)
    for mean, table in (
        (metrics.cdnv(x, y), metrics.cdnv_matrix(x, y)),
        (metrics.directional_cdnv(x, y), metrics.directional_cdnv_matrix(x, y)),
    ):
        assert table == pytest.approx(table.T, nan_ok=True) and np.isnan(np.diag(table)).all()
        assert np.nanmean(table) == pytest.approx(mean)


def test_coincident_classes_are_infinitely_close():
    x = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1], [9, 0], [9, 1]])
    table = metrics.cdnv_matrix(x, [0, 0, 1, 1, 2, 2])
    assert table[0, 1] == float("inf") and np.isfinite(table[0, 2])
    assert metrics.cdnv(x, [0, 0, 1, 1, 2, 2]) == float("inf")


def test_dead_samples_and_layers():
    x = np.array([[2.0, 0], [0, 0], [0, 3], [0, 3]])
    assert metrics.class_variances(x, [0, 0, 1, 1]).tolist() == [0.25, 0]  # the dead sample is the origin
    with pytest.raises(BadInput, match="zero in every column of every sample"):
        metrics.within_variance(np.zeros((6, 3)), [0, 0, 0, 1, 1, 1])
    with pytest.raises(BadInput, match="same point for all 6"):
        metrics.within_share(np.ones((6, 3)), [0, 0, 0, 1, 1, 1])
    with pytest.raises(BadInput, match="found 1 class in 4 samples"):
        metrics.cdnv(x, [3, 3, 3, 3])


@pytest.mark.parametrize(
    "labels, weights, found",
    [
        ([0, 0, 1, 1], np.ones((3, 2)), r"weights of shape \(3, 2\)"),
        ([0, 0, 2, 2], np.ones((2, 2)), r"labels \[0.0, 2.0\]"),
        ([0, 0, 1, 1], np.zeros((2, 2)), "all zero"),
    ],
)
def test_heads_that_do_not_fit(labels, weights, found):
    with pytest.raises(BadInput, match=found):
        metrics.nc3([[1, 0], [1, 1], [0, 5], [0, 6]], labels, weights)

import numpy as np
import pytest

from assay.core.errors import BadInput
from assay.metrics import METRICS, pairwise
from assay.metrics.matrices import PASSES as WAYS
from assay.metrics.matrices import overlap

PASSES = sorted(WAYS)
WIDTHS = {
    "narrow": (40, [3, 3, 2, 4]),
    "wide": (12, [50, 30, 50, 13]),
    "mixed": (20, [1, 300, 8, 20]),
    "many": (9, [2] * 15),
}


def family(n, widths, seed=0):
    """Representations from unrelated to nearly the same."""
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n, 400))
    noise = np.geomspace(1e-7, 10, len(widths))
    return [shared[:, :w] + e * rng.standard_normal((n, w)) + 5 for w, e in zip(widths, noise, strict=True)]


@pytest.mark.parametrize("case", WIDTHS)
@pytest.mark.parametrize("measure", PASSES)
@pytest.mark.parametrize("block", [1, 2**22])
def test_one_pass_equals_pair_by_pair(measure, case, block, monkeypatch):
    monkeypatch.setattr(overlap, "BLOCK", block)
    features = family(*WIDTHS[case])
    expected = [[METRICS[measure](a, b) for b in features] for a in features]
    found = pairwise(features, measure)
    assert found == pytest.approx(np.array(expected), abs=1e-6)
    assert (found == found.T).all()


def test_both_forms_are_taken_and_agree():
    n, widths = WIDTHS["narrow"]
    xs = [x - x.mean(0) for x in family(n, widths)]
    grams = [x @ x.T for x in xs]
    expected = [[(k * l).sum() for l in grams] for k in grams]
    assert sum(widths) ** 2 <= n * (sum(widths) + len(widths) ** 2)
    assert overlap.overlaps(xs) == pytest.approx(np.array(expected))
    n, widths = WIDTHS["wide"]
    assert sum(widths) ** 2 > n * (sum(widths) + len(widths) ** 2)


def test_cka_distance_is_euclidean():
    found = pairwise(family(30, [6] * 12), "cka_distance")
    centring = np.eye(12) - 1 / 12
    eigenvalues = np.linalg.eigvalsh(-0.5 * centring @ found**2 @ centring)
    assert eigenvalues.min() > -1e-12 and eigenvalues.max() > 0.1


def test_diagonals():
    features = family(20, [4, 4, 30])
    assert (np.diag(pairwise(features)) == 0).all()
    assert (np.diag(pairwise(features, "debiased_cka")) == 1).all()
    assert (np.diag(pairwise(features, "angular_shape")) == 0).all()


def test_other_symmetric_metrics_are_called_pair_by_pair():
    answers = [[[1, 0], [1, 0]], [[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    assert pairwise(answers, "disagreement").tolist() == [[0, 0.5, 1], [0.5, 0, 0.5], [1, 0.5, 0]]


def test_one_representation():
    assert pairwise(family(10, [3])).tolist() == [[0]]


def test_refusals():
    features = family(10, [3, 4])
    with pytest.raises(BadInput, match="did you mean 'linear_cka'"):
        pairwise(features, "linear_ckaa")
    with pytest.raises(BadInput, match=r"without two equal sides; use one of .*cka_distance"):
        pairwise(features, "accuracy")
    with pytest.raises(BadInput, match="found no representations"):
        pairwise([])
    with pytest.raises(BadInput, match=r"features\[1\] of the same samples; found 10 and 9"):
        pairwise([features[0], features[1][:9]])
    with pytest.raises(BadInput, match=r"features\[1\]; found the same representation"):
        pairwise([features[0], np.ones((10, 3))])
    with pytest.raises(BadInput, match=r"debiased CKA of features\[1\]"):
        pairwise([features[0], np.eye(10)], "debiased_cka")

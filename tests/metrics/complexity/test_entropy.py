import numpy as np
import pytest

from assay.metrics import entropy


def test_known_values():
    assert entropy("aaaa") == 0 and entropy("abcd") == 2 and entropy([0, 1, 1, 1]) == pytest.approx(0.811278, abs=1e-6)


def test_order_and_names_do_not_matter():
    labels = np.random.default_rng(0).integers(0, 5, 200)
    assert entropy(labels[::-1]) == entropy(labels) == pytest.approx(entropy(10 - labels))
    assert entropy(labels) < np.log2(5)

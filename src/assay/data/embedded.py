"""Two small data sets that come with scikit-learn, to try everything without a file or a network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from assay.core.registry import Registry
from assay.data.dataset import Dataset, Split


def digits() -> Dataset:
    """1,797 handwritten digits, 8x8 grey, stored as float32 in [0, 1] (counts 0..16 over 16); not yet split.

    Source: scikit-learn `load_digits`, UCI Optical Recognition of Handwritten Digits (Alpaydin, Kaynak 1998).
    """
    from sklearn.datasets import load_digits

    found = load_digits()
    images = (found.images / 16).astype(np.float32)[..., None]
    labels = found.target.astype(np.int64)
    return Dataset("digits", {"all": Split(images, labels)}, tuple("0123456789"), "image")


def cells() -> Dataset:
    """569 breast cell samples, 30 columns in their own units, malignant (212) or benign (357); not yet split.

    Source: scikit-learn `load_breast_cancer`, UCI Breast Cancer Wisconsin (Diagnostic) (Wolberg et al. 1995).
    """
    from sklearn.datasets import load_breast_cancer

    found = load_breast_cancer()
    rows, labels = found.data.astype(np.float32), found.target.astype(np.int64)
    return Dataset("cells", {"all": Split(rows, labels)}, tuple(str(c) for c in found.target_names), "table")


EMBEDDED: Registry[Callable[[], Dataset]] = Registry("data set")
EMBEDDED.add("digits", digits)
EMBEDDED.add("cells", cells)

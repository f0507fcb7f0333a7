"""On clean data, where classes are told apart well, hardly, or not at all, no check cries wolf."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import binom

from assay.data import Dataset, Split
from assay.studies.quality import View, examine

SIZES = {"train": 240, "val": 60, "test": 90, "production": 90}
ALARM = 0.02  # chance of a needless "look" from one check on one clean data set that is put up with
SETS = 8


def rows(draw: np.random.Generator, apart: float) -> Dataset:
    """Two normal clouds in ten columns."""
    centres = apart * draw.normal(size=(2, 10)) / np.sqrt(20)

    def split(n: int) -> Split:
        labels = np.arange(n) % 2
        return Split((centres[labels] + draw.normal(size=(n, 10))).astype(np.float32), labels)

    return Dataset("rows", {name: split(n) for name, n in SIZES.items()}, ("a", "b"), "table")


def images(draw: np.random.Generator, apart: float) -> Dataset:
    """Two smooth patterns under smooth noise, both of one brightness and contrast."""
    patterns = gaussian_filter(draw.normal(size=(2, 12, 12)), (0, 2, 2))
    patterns = (patterns - patterns.mean((1, 2), keepdims=True)) / patterns.std((1, 2), keepdims=True)

    def split(n: int) -> Split:
        labels = np.arange(n) % 2
        noise = gaussian_filter(draw.normal(size=(n, 12, 12)), (0, 1, 1))
        x = 0.5 + 0.1 * (apart * patterns[labels] + noise / noise.std())
        return Split((255 * x.clip(0, 1)).round().astype(np.uint8)[..., None], labels)

    return Dataset("images", {name: split(n) for name, n in SIZES.items()}, ("a", "b"), "image")


@pytest.mark.parametrize(("make", "apart"), [(rows, 0.0), (rows, 3.0), (images, 0.0), (images, 0.5)])
def test_clean_data_stay_quiet(make, apart) -> None:
    seen: Counter[str] = Counter()
    for seed in range(SETS):
        for finding in examine(View(make(np.random.default_rng([seed, 11]), apart))):
            assert finding.severity != "problem", finding.sentence
            seen[finding.name.partition("-")[0]] += finding.severity == "look"
            asked = finding.name not in ("groups", "doubts")
            assert not asked or finding.severity != "none"
    at_most = binom.ppf(0.999, 2 * SETS, ALARM)  # two of distance and of coverage
    assert {name: n for name, n in seen.items() if n > at_most} == {}

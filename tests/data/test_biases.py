"""Biases change what was asked, in the stated dose, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from assay.core.errors import BadInput
from assay.data import Fewer, Imbalance, LabelNoise, biased, load_data


def test_label_noise_moves_exactly_its_share_to_other_classes_alike() -> None:
    data = load_data("digits")
    noisy = LabelNoise(share=0.5).apply(data)
    wrong = noisy.train.labels != data.train.labels
    assert wrong.sum() == round(0.5 * len(data.train))
    moved = np.bincount((noisy.train.labels - data.train.labels)[wrong] % 10, minlength=10)
    assert moved[0] == 0
    expected = wrong.sum() / 9  # each other class: binomial, five standard deviations
    assert (np.abs(moved[1:] - expected) < 5 * np.sqrt(expected)).all()
    assert noisy.val is data.val
    assert noisy.test is data.test
    assert noisy.learned != data.learned


def test_seeds_draw_other_labels_and_one_seed_draws_the_same() -> None:
    data = load_data("digits")
    first, again, other = (LabelNoise(share=0.3, seed=s).apply(data).train.labels for s in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


def test_fewer_is_nested_and_keeps_the_mix() -> None:
    data = load_data("digits")
    small = Fewer(images=200).apply(data).train
    large = Fewer(images=600).apply(data).train
    rows = {row.tobytes() for row in large.images}
    assert all(row.tobytes() in rows for row in small.images)
    before, after = (np.bincount(s.labels, minlength=10) / len(s) for s in (data.train, small))
    assert np.abs(before - after).max() < 0.01


def test_imbalance_is_geometric() -> None:
    data = load_data("digits")
    counts = np.bincount(Imbalance(ratio=0.01).apply(data).train.labels, minlength=10)
    full = np.bincount(data.train.labels, minlength=10)
    expected = np.maximum(1, np.round(full * 0.01 ** (np.arange(10) / 9)))
    assert counts.tolist() == expected.tolist()


def test_biases_apply_in_turn() -> None:
    data = load_data("digits")
    both = biased(data, (Fewer(images=300), LabelNoise(share=1)))
    plain = Fewer(images=300).apply(data)
    assert (both.train.labels != plain.train.labels).all()


def test_more_images_than_there_are() -> None:
    with pytest.raises(BadInput, match="train holds"):
        Fewer(images=10**6).apply(load_data("digits"))

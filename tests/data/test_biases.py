"""Biases change what was asked, in the stated dose, and nothing else."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.errors import BadInput
from assay.core.rng import rng
from assay.data import (
    SHIFTS,
    Bias,
    Dataset,
    Fewer,
    Imbalance,
    LabelNoise,
    Narrow,
    Part,
    Shifted,
    Split,
    biased,
    load_data,
    relabelled,
    shifts_for,
    true_labels,
)
from assay.train import Recipe


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


@pytest.mark.parametrize("share", [0.1, 0.37, 0.5, 1.0])
def test_narrow_keeps_those_lit_as_usual_as_many_a_class_as_fewer(share: float) -> None:
    data = load_data("digits")
    train, narrow = data.train, Narrow(share=share).apply(data)
    control = Fewer(images=round(share * len(train))).apply(data).train
    assert np.bincount(narrow.train.labels).tolist() == np.bincount(control.labels).tolist()
    kept = {row.tobytes() for row in narrow.train.images}
    for label in range(10):
        images = [image for image in train.images[train.labels == label]]
        light = [float(image.mean()) for image in images]
        off = [abs(one - np.median(light)) for one in light]
        inside = [a for a, image in zip(off, images, strict=True) if image.tobytes() in kept]
        outside = [a for a, image in zip(off, images, strict=True) if image.tobytes() not in kept]
        assert len(inside) == (narrow.train.labels == label).sum()
        assert not outside or max(inside) <= min(outside)
    assert narrow.val is data.val and narrow.test is data.test


def test_narrow_covers_less_and_fewer_does_not() -> None:
    data = load_data("digits")

    def spread(train: Split) -> float:
        light = train.images.mean(axis=(1, 2, 3))
        return float(np.mean([light[train.labels == label].std() for label in range(10)]))

    narrow, control = (bias.apply(data).train for bias in (Narrow(share=0.5), Fewer(images=len(data.train) // 2)))
    # the middle half of a normal distribution has 0.38 of its standard deviation
    assert spread(narrow) < 0.5 * spread(data.train) < 0.9 * spread(control)


def test_narrow_of_equally_bright_images_is_a_draw() -> None:
    images = np.stack([np.roll(np.arange(16, dtype=np.uint8), i).reshape(4, 4, 1) for i in range(16)])
    split = Split(images, np.zeros(16, int))
    first, again, other = (Narrow(share=0.5, seed=s).change(split, 2).images.tobytes() for s in (0, 0, 1))
    assert first == again != other
    assert first != images[:8].tobytes()


def test_narrow_keeps_one_of_a_rare_class_and_refuses_tables() -> None:
    split = Split(np.zeros((20, 2, 2, 1), np.uint8), np.array([0] * 19 + [1]))
    assert np.bincount(Narrow(share=0.1).change(split, 3).labels).tolist() == [2, 1]
    with pytest.raises(BadInput, match="found a table, which has none"):
        Narrow().apply(load_data("cells"))


def test_relabelled_items_are_known_through_any_chain() -> None:
    data = load_data("digits")
    own = {image.tobytes(): label for image, label in zip(data.train.images, data.train.labels, strict=True)}
    for biases in (
        (LabelNoise(share=0.2),),
        (Fewer(images=300), LabelNoise(share=0.2)),
        (LabelNoise(share=0.2), Narrow(share=0.3)),
        (Imbalance(ratio=0.1), LabelNoise(share=0.3), Fewer(images=100)),
        (LabelNoise(share=0.5), LabelNoise(share=0.5, seed=1)),
        (),
    ):
        train = biased(data, biases).train
        expected = [own[image.tobytes()] for image in train.images]
        assert true_labels(data, biases).tolist() == expected
        assert relabelled(data, biases).tolist() == np.flatnonzero(train.labels != expected).tolist()
        assert dict(train.extra) == dict(data.train.extra)
    assert len(relabelled(data, (LabelNoise(share=0.2),))) == round(0.2 * len(data.train))


def test_a_bias_that_loses_its_items_is_refused() -> None:
    class Careless(Bias):
        """Makes a split anew."""

        kind: str = "careless"

        def change(self, train: Split, classes: int) -> Split:
            return Split(train.images, train.labels)

    try:
        data = Dataset("demo", {"train": Split(np.zeros((4, 1), np.float32), np.arange(4) % 2)}, ("a", "b"), "table")
        with pytest.raises(BadInput, match="before careless; found a bias that drops"):
            relabelled(data, (Careless(),))
    finally:
        Bias.family.pop("careless")


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.fractions(0, 1), max_size=5), sizes=st.lists(st.integers(0, 30), min_size=1, max_size=4))
def test_parts_that_adjoin_are_disjoint_and_leave_nothing_out(cuts: list[Fraction], sizes: list[int]) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    split = Split(np.arange(len(labels), dtype=np.float32).reshape(-1, 1), labels)
    ends = sorted({Fraction(0), Fraction(1), *(cut.limit_denominator(10**6) for cut in cuts)})
    found: list[float] = []
    for start, stop in itertools.pairwise(ends):
        try:
            part = Part(start=start, stop=stop).change(split, len(sizes))
        except BadInput:  # no image lies in it
            continue
        assert (part.labels == labels[part.images.ravel().astype(int)]).all()
        for label, size in enumerate(sizes):  # each class holds its share, to the nearest image at both ends
            assert abs((part.labels == label).sum() - float((stop - start) * size)) <= 1
        found += part.images.ravel().tolist()
    assert sorted(found) == list(range(len(labels)))


def test_parts_are_drawn_by_their_seed_and_say_what_is_wrong() -> None:
    data = load_data("digits")
    first, again, other = (Part(stop="1/2", seed=seed).apply(data) for seed in (0, 0, 1))  # type: ignore[arg-type]
    assert first.learned == again.learned != other.learned
    assert first.val is data.val and first.test is data.test
    with pytest.raises(BadInput, match="no image"):
        Part(start="999/1000", stop=1).apply(data)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="not after start"):
        Part.parse({"start": 0.5, "stop": 0.5})


@pytest.mark.parametrize(
    ("source", "name"),
    [(source, shift.name) for source in ("digits", "cells") for shift in shifts_for(load_data(source))],
)
def test_shifted_is_the_shift_itself_on_train_alone(source: str, name: str) -> None:
    """Exactly what the shift makes of the tensors, at the address at which test images are shifted."""
    data, shift = load_data(source), SHIFTS[name]
    bias = Shifted(shift=name, strength=shift.strength)
    found = bias.apply(data)
    assert torch.equal(found.train.x, shift.apply(data.train.x, shift.strength, rng(0, "shift", name)))
    assert found.shape == data.shape and (found.train.labels == data.train.labels).all()
    assert found.val is data.val and found.test is data.test
    assert bias.apply(data).learned == found.learned != data.learned  # the same at every call
    still = Shifted(shift=name, strength=0).apply(data)
    assert torch.equal(still.train.x, data.train.x)


def test_columns_drift_in_train_as_they_do_in_test_and_the_same_way_at_every_strength() -> None:
    data = load_data("cells")
    ways = []
    for strength in (0.1, 0.4):
        train = Shifted(shift="scale_drift", strength=strength).apply(data).train.x
        test = SHIFTS["scale_drift"].apply(data.test.x, strength, rng(0, "shift", "scale_drift"))
        for moved, still in ((train, data.train.x), (test, data.test.x)):
            ways.append((moved.sum(0) > still.sum(0)).tolist())
    assert len({tuple(way) for way in ways}) == 1 and len(set(ways[0])) == 2


def test_a_shift_is_part_of_what_a_run_is_named_by() -> None:
    def named(*biases: Bias) -> str:
        return Recipe(data="digits", model="mlp:4", biases=biases).run_id("digest")

    some = [Shifted(strength=0.1), Shifted(strength=0.2), Shifted(shift="brightness", strength=0.1), Shifted(seed=1)]
    halves = [Part(stop="1/2"), Part(start="1/2")]  # type: ignore[arg-type]
    assert len({named(), *(named(one) for one in (*some, *halves)), named(some[0], halves[0])}) == 8


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        ({"shift": "gaussian_blurr"}, "did you mean 'gaussian_blur'"),
        ({"shift": "rotation", "strength": -1}, "give a finite number from 0 up"),
    ],
)
def test_shifts_that_there_are_not(plain: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Shifted.parse(plain)


def test_a_table_has_no_shifts_of_images() -> None:
    with pytest.raises(BadInput, match="kind 'table'; use measurement_noise, scale_drift, missing_columns"):
        Shifted(shift="rotation", strength=10).apply(load_data("cells"))
    with pytest.raises(BadInput, match="kind 'image'; use gaussian_noise"):
        Shifted(shift="scale_drift").apply(load_data("digits"))


def test_labels_before_biases_go_through_parts_and_shifts() -> None:
    data = load_data("digits")
    biases = (LabelNoise(share=0.5), Part(stop="1/2"), Shifted(shift="rotation", strength=20))  # type: ignore[arg-type]
    wrong = relabelled(data, biases)
    assert abs(len(wrong) / len(biased(data, biases).train) - 0.5) < 0.1

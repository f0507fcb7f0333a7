from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng
from assay.data import Dataset, Split
from assay.data.copies import overlaps
from assay.data.split import complete, cut, merge, unit_counts, units_of


def items(labels: np.ndarray, groups: np.ndarray | None = None, values: np.ndarray | None = None) -> Split:
    """Items whose one pixel is their number, so that each can be found again."""
    values = np.arange(len(labels)) if values is None else values
    return Split(
        values.astype(np.uint16)[:, None, None, None],
        labels.astype(np.int64),
        groups,
        tuple(str(i) for i in range(len(labels))),
        {"number": np.arange(len(labels))},
    )


def dataset(*, classes: int, **splits: Split) -> Dataset:
    return Dataset("demo", splits, tuple(f"class {i}" for i in range(classes)), "image")


def numbers(data: Dataset) -> dict[str, set[int]]:
    return {name: set(split.images.ravel().tolist()) for name, split in data.splits.items()}


counts_of_classes = st.lists(st.integers(10, 60), min_size=2, max_size=6)


@settings(deadline=None, max_examples=40)
@given(counts_of_classes, st.integers(0, 9))
def test_a_cut_is_disjoint_covers_everything_and_keeps_class_shares(counts: list[int], seed: int) -> None:
    labels = numpy_rng(seed, "labels").permutation(np.repeat(np.arange(len(counts)), counts))
    data = complete(dataset(classes=len(counts), all=items(labels)), seed=seed)
    parts = numbers(data)
    assert sum(map(len, parts.values())) == len(labels)
    assert set.union(*parts.values()) == set(range(len(labels)))
    for split in data.splits.values():
        assert (labels[split.extra["number"]] == split.labels).all()
        assert split.names == tuple(str(i) for i in split.extra["number"])
    for label, count in enumerate(counts):
        for name, share in (("train", 0.6), ("val", 0.2), ("test", 0.2)):
            assert abs((data.splits[name].labels == label).sum() - share * count) <= 1
    assert data.warnings == () and overlaps(data) == ()


@settings(deadline=None, max_examples=40)
@given(st.integers(20, 120), st.integers(8, 30), st.integers(0, 9), st.booleans())
def test_neither_a_group_nor_copies_are_ever_torn_apart(n: int, lots: int, seed: int, given_test: bool) -> None:
    draw = numpy_rng(seed, "draw", n, lots)
    groups = np.concatenate([np.arange(lots), draw.integers(0, lots, n)])
    labels = np.concatenate([np.arange(lots) % 2, draw.integers(0, 2, n)])
    values = np.concatenate([np.arange(lots), draw.integers(lots, lots + 10 * n, n)])
    everything = items(labels, groups, values)
    half = np.arange(n + lots) % 4 > 0
    given = (
        {"train": everything.take(np.flatnonzero(half)), "test": everything.take(np.flatnonzero(~half))}
        if given_test
        else {"all": everything}
    )
    try:
        data = complete(dataset(classes=2, **given), regroup=True, seed=seed)
    except BadInput as error:
        assert "separate images or groups" in str(error)  # chance joined nearly all into one unit
        return
    for one, two in combinations(data.splits.values(), 2):
        assert not set(np.asarray(one.groups)) & set(np.asarray(two.groups))
        assert not set(one.images.ravel()) & set(two.images.ravel())
    assert sum(len(split) for split in data.splits.values()) == n + lots
    assert all(set(split.labels) == {0, 1} for split in data.splits.values())


def test_the_seed_alone_decides() -> None:
    raw = dataset(classes=2, all=items(np.arange(60) % 2))
    assert numbers(complete(raw, seed=3)) == numbers(complete(raw, seed=3))
    assert numbers(complete(raw, seed=3)) != numbers(complete(raw, seed=4))
    assert complete(raw, seed=3).digest != complete(raw, seed=4).digest


def test_only_what_is_missing_is_cut() -> None:
    labels = np.arange(100) % 2
    train, test = items(labels), items(labels[:30], values=np.arange(1000, 1030))
    data = complete(dataset(classes=2, train=train, test=test))
    assert data.test is test and len(data.val) == 14 and len(data.train) == 86  # 15 % of 50 is 7.5 a class
    assert numbers(data)["val"] < set(range(100))
    data = complete(dataset(classes=2, train=train, val=test))
    assert data.val is test and len(data.test) == 20
    data = complete(dataset(classes=2, train=train, val=test, test=test))
    assert data.train is train and data.val is test and data.test is test


def test_regrouping_merges_and_cuts_anew() -> None:
    labels = np.arange(60) % 2
    groups = np.arange(60) // 2
    train = items(labels[:40], groups[:40])
    test = items(labels[:20], groups[20:40], values=np.arange(1000, 1020))
    shared = overlaps(dataset(classes=2, train=train, test=test))
    assert len(shared) == 1 and "LEAK: 20 of 20 test items" in shared[0] and "--regroup" in shared[0]
    data = complete(dataset(classes=2, train=train, test=test), regroup=True)
    assert overlaps(data) == () and [len(data.splits[name]) for name in ("train", "val", "test")] == [36, 12, 12]


def test_copies_across_given_splits_are_counted() -> None:
    labels = np.arange(40) % 2
    train, test = items(labels), items(labels[:20], values=np.arange(33, 53))
    sentences = overlaps(dataset(classes=2, train=train, val=test, test=test, production=test))
    assert len(sentences) == 5
    assert "LEAK: 7 of 20 val items are exact copies of items of train" in sentences[0]
    assert "LEAK: 20 of 20 test items are exact copies of items of val" in sentences[3]
    assert "take those out of production" in sentences[2] and "--regroup" not in sentences[2]


def test_a_lot_may_go_on_in_production() -> None:
    labels = np.arange(40) % 2
    train, later = items(labels, labels), items(labels, labels, values=np.arange(100, 140))
    assert overlaps(dataset(classes=2, train=train, production=later)) == ()


def test_units_join_groups_that_share_a_copy() -> None:
    split = items(np.zeros(6), np.array(["a", "a", "b", "b", "c", "d"]), np.array([1, 2, 2, 3, 4, 5]))
    assert units_of(split).tolist() == [0, 0, 0, 0, 1, 2]


def test_a_rare_class_is_in_every_split() -> None:
    labels = np.concatenate([np.zeros(200), np.ones(3)])
    data = complete(dataset(classes=2, all=items(labels)))
    assert [int((split.labels == 1).sum()) for split in data.splits.values()] == [1, 1, 1]


@pytest.mark.parametrize(("keep", "taken"), [(1, 2), (2, 1), (3, 0)])
def test_enough_units_of_every_class_stay_behind(keep: int, taken: int) -> None:
    assert cut(np.full((3, 1), 5), 0.9, keep, numpy_rng(0, "keep")).sum() == taken


def test_too_few_to_cut_names_the_class() -> None:
    labels = np.concatenate([np.zeros(200), np.ones(2)])
    with pytest.raises(BadInput, match="2 separate images or groups of 'class 1'; at least 3"):
        complete(dataset(classes=2, all=items(labels)))
    copies = items(np.arange(40) % 2, values=np.where(np.arange(40) % 2, 7, 100 + np.arange(40)))
    with pytest.raises(BadInput, match="1 separate images or groups of 'class 1'"):
        complete(dataset(classes=2, all=copies))


def test_nothing_is_asked_of_classes_when_nothing_is_cut() -> None:
    labels = np.concatenate([np.zeros(30), np.ones(2)])
    split = items(labels)
    assert complete(dataset(classes=2, train=split, val=split, test=split)).train is split


def test_large_mixed_groups_come_near_the_shares() -> None:
    """100 photographs with 5 to 40 cells of three kinds each: every class within 8 points of 20 %."""
    draw = numpy_rng(0, "photographs")
    sizes = draw.integers(5, 41, 100)
    groups = np.repeat(np.arange(100), sizes)
    labels = draw.choice(3, len(groups), p=[0.8, 0.15, 0.05])
    counts = unit_counts(labels, groups, 3)
    for seed in range(20):
        taken = cut(counts, 0.2, 2, numpy_rng(seed, "cut"))
        shares = counts[taken].sum(axis=0) / counts.sum(axis=0)
        assert np.abs(shares - 0.2).max() < 0.08


def test_every_item_is_as_likely_to_be_taken() -> None:
    """300 cuts: each of 20 items is taken about a fifth of the time; 99.99 % limits, for 20 items at once."""
    from scipy.stats import binom

    counts = np.eye(2, dtype=int).repeat(10, axis=0)
    taken = sum(cut(counts, 0.2, 1, numpy_rng(seed, "fair")).astype(int) for seed in range(300))
    low, high = binom.ppf([0.0001 / 40, 1 - 0.0001 / 40], 300, 0.2)
    assert (taken >= low).all() and (taken <= high).all()


def test_merging_keeps_what_all_have_and_refuses_half_grouped_data() -> None:
    labels = np.arange(10) % 2
    grouped, plain = items(labels, labels), items(labels)
    both = merge({"train": grouped, "test": grouped})
    assert len(both) == 20 and both.names is not None and len(both.names) == 20
    assert both.groups is not None and len(both.extra["number"]) == 20
    assert merge({"train": plain, "test": Split(plain.images, plain.labels)}).extra == {}
    with pytest.raises(BadInput, match="groups in train only"):
        merge({"train": grouped, "test": plain})

"""What was planted is found, and clean data stay quiet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from assay.data import Dataset, Split, load_data
from assay.studies.quality import Finding, View, examine, weights
from assay.studies.quality.doubts import doubts
from assay.studies.quality.duplicates import duplicates
from assay.studies.quality.groups import groups
from assay.studies.quality.odd import odd
from assay.studies.quality.shortcuts import shortcuts
from tests.studies.quality.planted import added, as_float, changed, digits, pixels


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def indices(finding: Finding, split: str) -> set[int]:
    return {item["index"] for item in finding.items if item["split"] == split}


def test_clean_digits_stay_quiet() -> None:
    found = examine(View(digits()))
    assert {finding.severity for finding in found} <= {"fine", "none"}
    assert [f.name for f in found if f.severity == "none"] == ["groups"]
    assert all(f.sentence and f.n for f in found if f.severity == "fine")
    assert all(0 <= f.interval[0] <= f.figure <= f.interval[1] for f in found if f.interval and f.figure is not None)


def test_copies_of_three_sorts() -> None:
    data, draw = as_float(digits()), np.random.default_rng(0)
    train, n, held = data.train, len(data.train), len(data.test)
    chosen = draw.choice(n, 40, replace=False)
    near = pixels(train)[chosen] * 0.8 + 0.05 + draw.normal(0, 0.01, (40, 8, 8, 1))  # darker, noisy
    data = added(data, "test", near[:20].clip(0, 1), train.labels[chosen[:20]])  # leaks
    data = added(data, "train", near[20:30].clip(0, 1), train.labels[chosen[20:30]])  # repeats
    data = added(data, "train", pixels(train)[chosen[30:]], (train.labels[chosen[30:]] + 1) % 10)  # conflicts
    view = View(data)
    found = by_name(duplicates(view))
    assert all(found[name].severity != "fine" for name in ("leaks", "conflicts"))
    assert len(indices(found["leaks"], "test") & set(range(held, held + 20))) >= 18
    assert len(indices(found["leaks"], "test")) <= 21 and found["leaks"].n == held + 20
    assert indices(found["conflicts"], "train") >= set(range(n + 10, n + 20)) | set(chosen[30:].tolist())
    assert len(indices(found["repeats"], "train") & set(range(n, n + 10))) >= 8
    table = weights(view, list(found.values()))
    assert (table.weight[sorted(indices(found["leaks"], "train"))] == 0).all()
    assert (table.weight[n + 10 :] == 0).all() and table.reason[n + 12].startswith("one of 2 copies; equal")
    assert table.weight[sorted(indices(found["repeats"], "train"))].isin([0, 0.5, 1 / 3]).all()
    assert (table.weight[table.reason == ""] == 1).all() and len(table) == len(data.train)


def test_wrong_labels_are_found_and_few_right_ones_doubted() -> None:
    data, draw = digits(), np.random.default_rng(1)
    n = len(data.train)
    swapped = draw.choice(n, n // 20, replace=False)
    labels = data.train.labels.copy()
    labels[swapped] = (labels[swapped] + draw.integers(1, 10, len(swapped))) % 10
    found = doubts(View(changed(data, "train", labels=labels)))[0]
    listed = indices(found, "train")
    hits = len(listed & set(swapped.tolist()))
    assert hits >= binom.ppf(0.001, len(swapped), 0.9)  # at least nine in ten are found
    assert len(listed) - hits <= binom.ppf(0.999, n, 0.01)  # at most one right label in a hundred is doubted
    assert found.interval and found.interval[0] < len(swapped) / n < found.interval[1]
    assert found.severity in ("look", "problem")
    right = [item for item in found.items if item["index"] in swapped]
    true = data.train.labels[[item["index"] for item in right]]
    assert np.mean([item["suggested"] == data.classes[t] for item, t in zip(right, true, strict=True)]) > 0.9


def test_labels_that_say_nothing_are_not_judged() -> None:
    data = digits()
    labels = np.random.default_rng(0).permutation(data.train.labels)
    assert doubts(View(changed(data, "train", labels=labels)))[0].severity == "none"


def coloured(data: Dataset, marked: set[int]) -> Dataset:
    """Digits in colour, with a corner whose colour is the class for the classes that are marked."""

    def paint(split: Split) -> Split:
        images = pixels(split).repeat(3, axis=3)
        for row, label in enumerate(split.labels):
            if int(label) in marked:
                images[row, 0, 0] = [(label % 3 + 1) / 3, (label // 3) / 3, 1.0]
        return replace(split, images=images, extra={})

    return replace(data, splits={name: paint(split) for name, split in data.splits.items()})


def test_a_coloured_corner_is_a_shortcut() -> None:
    found = shortcuts(View(coloured(digits(), set(range(10)))))[0]
    assert found.severity == "problem" and found.unit == "accuracy of corners alone"
    assert found.figure is not None and found.figure > 0.95 and "corners" in found.sentence


def test_a_corner_that_gives_one_class_away_is_named() -> None:
    found = shortcuts(View(coloured(digits(), {3})))[0]
    assert found.severity == "problem" and " alone gives class 3 away" in found.sentence
    assert {each["class"] for each in found.detail["classes"]} == {"3"}
    assert "corners" in {each["rule"] for each in found.detail["classes"]}


def test_another_production_is_told_apart_and_the_same_is_not() -> None:
    data = as_float(digits())
    same, darker = data.val, replace(data.val, images=(pixels(data.val) * 0.6 + 0.3).astype(np.float32))
    for later, word in ((same, "fine"), (darker, "problem")):
        found = by_name(examine(View(replace(data, splits={**data.splits, "production": later}))))
        assert found["distance-production"].severity == word and found["distance-test"].severity == "fine"
        assert found["coverage-production"].severity == word and found["coverage-test"].severity == "fine"


def test_a_rare_kind_and_one_odd_item() -> None:
    data = as_float(digits())
    n, seven = len(data.train), data.train.labels == 7
    inverted = 1 - pixels(data.train)[np.flatnonzero(seven)[:12]]
    board = np.indices((8, 8)).sum(0)[None, ..., None] % 2
    planted = added(added(data, "train", inverted, np.full(12, 7)), "train", board, np.array([1]))
    view = View(planted)
    found = odd(view)[0]
    assert found.severity == "look" and found.detail["kinds"][0] >= 10
    kinds = {item["index"]: item["kind"] for item in found.items}
    assert sum(kinds.get(i) == 1 for i in range(n, n + 12)) >= 10 and n + 12 in kinds
    table = weights(view, [found])
    assert table.augment[n : n + 12].sum() >= 10 and table.reason[n + 12].startswith("rare or odd")


def test_groups_in_two_splits() -> None:
    data = digits()
    own = {name: np.arange(len(split)) // 10 + 1000 * i for i, (name, split) in enumerate(data.splits.items())}
    for name in own:
        data = changed(data, name, groups=own[name])
    assert groups(View(data))[0].severity == "fine"
    own["test"][:50] = own["train"][:50]
    found = groups(View(changed(data, "test", groups=own["test"])))[0]
    assert found.severity == "problem" and len(found.items) == 50 and found.detail["in_both"] == 5


def test_few_of_a_class_are_told() -> None:
    data = digits()
    keep = {name: np.flatnonzero((s.labels != 4) | (np.cumsum(s.labels == 4) <= 4)) for name, s in data.splits.items()}
    found = by_name(examine(View(replace(data, splits={n: s.take(keep[n]) for n, s in data.splits.items()}))))
    assert found["balance"].severity == "problem" and "110 against 4" in found["balance"].sentence
    assert found["resolution"].severity == "problem" and "Class 4 has 4" in found["resolution"].sentence


def test_tables_are_checked_too() -> None:
    found = by_name(examine(View(load_data("cells"))))
    assert {f.severity for f in found.values()} <= {"fine", "none"}
    assert "row" in found["leaks"].sentence and found["shortcuts"].unit.startswith("accuracy of column")


@pytest.mark.parametrize("kind", ["image", "table"])
def test_twenty_items_are_enough_to_run(kind: str) -> None:
    draw = np.random.default_rng(0)

    def split(n: int) -> Split:
        x = draw.random((n, 6, 6, 1)).astype(np.float32)
        return Split(x if kind == "image" else x.reshape(n, 36), np.arange(n) % 2)

    data = Dataset("few", {"train": split(12), "val": split(4), "test": split(4)}, ("a", "b"), kind)  # type: ignore[arg-type]
    assert {f.name for f in examine(View(data))} >= {"leaks", "doubts", "shortcuts", "odd", "resolution"}

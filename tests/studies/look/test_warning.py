"""The early-warning figure, and whether it foretells: planted answers, twins, invariances."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ortho_group, spearmanr

from assay.studies.look.stability import apart, chosen, halves, moved
from assay.studies.look.warning import classes, relations

SHIFTS = ("noise", "blur", "dark", "turn", "left", "haze")
seeds = st.integers(0, 10_000)


@settings(max_examples=25, deadline=None)
@given(seeds, st.floats(0.01, 100))
def test_turning_scaling_and_moving_change_nothing(seed: int, scale: float) -> None:
    draw = np.random.default_rng(seed)
    before, labels = draw.normal(size=(24, 5)), np.arange(24) % 3
    after = before + 0.1 * draw.normal(size=(24, 5))
    turn, move = ortho_group.rvs(5, random_state=seed), draw.normal(size=5)
    far = moved(before, after, labels, apart(before, labels, 3)[0])
    there, then = (scale * each @ turn + move for each in (before, after))
    assert np.allclose(far, moved(there, then, labels, apart(there, labels, 3)[0]), rtol=1e-6)
    assert (far >= 0).all() and not moved(before, before, labels, apart(before, labels, 3)[0]).any()


def test_movement_is_that_of_a_literal_twin() -> None:
    draw = np.random.default_rng(1)
    before, labels = draw.normal(size=(12, 4)), np.arange(12) % 3
    after = before + draw.normal(size=(12, 4))
    distance, which = apart(before, labels, 4)
    means = [before[labels == c].mean(0) for c in range(3)]
    for c in range(3):
        others = {o: float(np.sqrt(((means[c] - means[o]) ** 2).sum())) for o in range(3) if o != c}
        assert distance[c] == pytest.approx(min(others.values())) and others[int(which[c])] == min(others.values())
    assert np.isnan(distance[3]) and which[3] == -1  # a class without items
    far = moved(before, after, labels, distance)
    for i in range(12):
        assert far[i] == pytest.approx(np.sqrt(((after[i] - before[i]) ** 2).sum()) / distance[labels[i]])


def test_coinciding_classes_have_no_figure() -> None:
    x, labels = np.zeros((6, 2)), np.arange(6) % 2
    assert np.isnan(moved(x, x + 1, labels, apart(x, labels, 2)[0])).all()


def test_items_are_chosen_evenly_and_halved() -> None:
    labels = np.array([0] * 400 + [1] * 60 + [2] * 5)
    taken = chosen(labels)
    assert len(set(taken)) == len(taken) and np.bincount(labels[taken]).tolist() == [100, 60, 5]
    assert pd.crosstab(labels[taken], halves(labels[taken])).to_numpy().tolist() == [[50, 50], [30, 30], [3, 2]]


def planted(n: int, sign: float, losses: bool = True, each: int = 40) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Class c and shift s move by (c + 1)(s + 1); the loss grows with that (sign 1), falls (-1) or is nowhere."""
    rows = []
    for label in range(n):
        for s, shift in enumerate(SHIFTS):
            size = (label + 1) * (s + 1) / (n * len(SHIFTS))
            lost = round(each / 2 * (size if sign > 0 else 1 - size)) if losses else 0
            for i in range(each):
                wrong = i // 2 < lost  # in both halves as many
                rows.append({
                    "index": 100 * label + i, "label": label, "half": i % 2, "unit": str(100 * label + i),
                    "shift": shift, "moved": size, "right": 1, "right_shifted": int(not wrong),
                })  # fmt: skip
    table = pd.DataFrame(rows)
    items = table.drop_duplicates("index")[["index", "label"]].assign(set="test")
    return table, items.assign(predicted=items.label)


def test_a_planted_relation_is_found_in_its_direction() -> None:
    for sign, word in ((1.0, "supported"), (-1.0, "refuted")):
        over_classes, over_shifts = relations(*planted(9, sign))
        assert over_classes["word"] == word and over_classes["effect"] == pytest.approx(sign)
        assert over_shifts["against"] == "shifts" and over_shifts["n"] == 6
        assert np.sign(over_shifts["effect"]) == sign and over_classes["low"] <= over_classes["effect"]


def test_few_classes_and_no_losses_are_said() -> None:
    assert relations(*planted(4, 1.0))[0] == {
        "against": "shift", "n": 4, "effect": None, "low": None, "high": None, "p": None, "word": "too few",
    }  # fmt: skip
    assert [row["word"] for row in relations(*planted(9, 1.0, losses=False))] == ["no loss", "no loss"]
    table, items = planted(9, 1.0)
    few = table[table["shift"].isin(SHIFTS[:3])]
    assert [row["word"] for row in relations(few, items)][1] == "too few"
    assert relations(*planted(9, 1.0, each=6))[0]["n"] == 0  # fewer than 8 items of a class


def noisy(seed: int, n: int = 8) -> tuple[pd.DataFrame, pd.DataFrame]:
    draw = np.random.default_rng(seed)
    table, items = planted(n, 1.0)
    table["moved"] *= draw.lognormal(0, 0.8, len(table))
    table["right_shifted"] = (draw.random(len(table)) > table.label.map(dict(enumerate(draw.random(n))))).astype(int)
    return table, items


def test_movement_and_loss_are_from_different_items_and_related_as_another_library_does() -> None:
    table, items = noisy(0)
    found = relations(table, items)
    first, second = table[table.half == 0].groupby("label"), table[table.half == 1].groupby("label")
    loss = second.right.mean() - second.right_shifted.mean()
    assert found[0]["effect"] == pytest.approx(spearmanr(first.moved.mean(), loss).statistic)
    other = table.copy()
    other.loc[other.half == 1, "moved"] = 7.0
    other.loc[other.half == 0, "right_shifted"] = 0
    assert relations(other, items) == found


def test_production_is_related_without_the_items_that_moved() -> None:
    table, items = noisy(1)
    draw = np.random.default_rng(2)
    later = pd.DataFrame({"index": range(320), "label": np.arange(320) % 8, "set": "production"})
    later["predicted"] = np.where(draw.random(320) < 0.1 * later.label, 99, later.label)
    both = pd.concat([items, later], ignore_index=True)
    found = relations(table, both)[2]
    first = table[table.half == 0]
    accuracy = {c: (part.predicted == part.label).mean() for c, part in later.groupby("label")}
    expected = spearmanr(first.groupby("label").moved.mean(), [1 - accuracy[c] for c in range(8)]).statistic
    assert found["against"] == "production" and found["n"] == 8 and found["effect"] == pytest.approx(expected)
    spoilt = both.copy()
    spoilt.loc[(both.set == "test") & both["index"].isin(first["index"]), "predicted"] = 99
    assert relations(table, spoilt)[2] == found


def layers(n: int) -> pd.DataFrame:
    return pd.DataFrame({"layer": "last", "label": range(n), "nearest": [(c + 1) % n for c in range(n)]})


def test_classes_are_ranked_by_movement_with_what_they_lost() -> None:
    table, items = planted(6, 1.0)
    rows = classes(table, items, layers(6), list("abcdef"))
    assert [row["name"] for row in rows] == list("fedcba") and rows[0]["nearest"] == "a"
    top = table[table.label == 5]
    assert rows[0]["moved"] == pytest.approx(top.moved.mean()) and rows[0]["n"] == 40
    assert rows[0]["loss"] == pytest.approx(1 - top.right_shifted.mean())
    assert rows[0]["production"] is None and rows[0]["production_loss"] is None


def test_items_of_one_group_are_no_independent_witnesses() -> None:
    table, items = noisy(3)
    table["moved"] = table.groupby("index").moved.transform("mean") * (1 + table["index"] % 5)  # five kinds of items
    alone = classes(table, items, layers(8), list("abcdefgh"))
    grouped = classes(table.assign(unit=(table["index"] % 5).astype(str)), items, layers(8), list("abcdefgh"))
    wide = {row["name"]: row["high"] - row["low"] for row in grouped}
    assert all(row["low"] <= row["moved"] <= row["high"] for row in alone)
    assert np.mean([wide[row["name"]] / (row["high"] - row["low"]) for row in alone]) > 1.5

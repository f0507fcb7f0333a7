"""The early-warning figure of each class, and how well it foretells what the class loses: from the tables alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from assay.maths.statistics import Estimate, bootstrap_interval, holm, judge, rank_relation, within_relation

LEAST = 5  # classes (or shifts) below which no relation is estimated
FEWEST = 8  # items of a class below which it has no figure
NONE = (-0.1, 0.1)  # a rank correlation inside is as good as none
AGAINST = ("shift", "shifts", "production")


def classes(
    stability: pd.DataFrame, items: pd.DataFrame, layers: pd.DataFrame, names: list[str]
) -> list[dict[str, Any]]:
    """One row a class with 8 or more shifted items, the one that moves most first.

    ``moved``: mean over items and shifts of the movement under a third of each shift, with a 95 % bootstrap interval
    over groups (items, where there are none); ``nearest``: the class it is measured against; ``loss``: accuracy of the
    shifted items before less that under the whole shifts, mean over shifts; ``production_loss``: accuracy on test less
    that on production, None where that has fewer than 8 items of the class.
    """
    nearest = _nearest(layers)
    production = {label: part for label, part in items[items.set == "production"].groupby("label")}
    test = {label: part for label, part in items[items.set == "test"].groupby("label")}
    rows = []
    for label in map(int, stability.label.unique()):
        part = stability[stability.label == label]
        if part["index"].nunique() < FEWEST or not part.moved.notna().all():
            continue
        low, high = _interval(part)
        other = production.get(label)
        later = _right(other) if other is not None and len(other) >= FEWEST else None
        near = nearest.get(label, -1)
        rows.append({
            "label": label, "name": names[label], "n": int(part["index"].nunique()),
            "moved": float(part.moved.mean()), "low": low, "high": high, "nearest": names[near] if near >= 0 else "",
            "before": float(part.right.mean()), "shifted": float(part.right_shifted.mean()),
            "loss": float(part.right.mean() - part.right_shifted.mean()),
            "test": _right(test[label]), "n_test": len(test[label]), "production": later,
            "n_production": len(other) if other is not None else 0,
            "production_loss": None if later is None else _right(test[label]) - later,
        })  # fmt: skip
    return sorted(rows, key=lambda row: (-row["moved"], row["label"]))


def relations(stability: pd.DataFrame, items: pd.DataFrame) -> list[dict[str, Any]]:
    """How well movement under small shifts foretells losses; movement and loss are always from different items.

    - ``shift``: over classes, Spearman's rank correlation of movement with the loss under the whole shifts, both means
      over shifts (`rank_relation`; movement from one half of the items, loss from the other);
    - ``shifts``: over shifts within classes: is the shift that moves a class most the one that costs it most?
      (`within_relation`);
    - ``production``: over classes, movement with the loss of accuracy from test to production.

    Rows against, n (classes or shifts), effect with its 95 % interval, p, and the word of `judge` for the claim that
    the correlation is above 0 (inside 0.1 to either side: as good as none), p corrected by Holm's method. Below 5
    classes or shifts nothing is estimated and the word is "too few"; where no figure differs it is "no loss".
    """
    production = bool((items.set == "production").any())
    makers: list[tuple[str, Callable[[], tuple[int, Estimate | None]]]] = [
        ("shift", lambda: _over_classes(*_by_class(stability))),
        ("shifts", lambda: _over_shifts(stability)),
        *([("production", lambda: _over_classes(*_to_production(stability, items)))] if production else []),
    ]
    found = [(name, *make()) for name, make in makers]
    known = [estimate for _, _, estimate in found if estimate is not None and estimate.known]
    corrected = iter(holm([estimate.p for estimate in known]))
    rows = []
    for name, n, estimate in found:
        row: dict[str, Any] = {"against": name, "n": n, "effect": None, "low": None, "high": None, "p": None}
        if estimate is None:
            rows.append(row | {"word": "too few"})
        elif not estimate.known:
            rows.append(row | {"word": "no loss"})
        else:
            p = next(corrected)
            word, _ = judge(estimate, claimed="above", threshold=0.0, margin=NONE, alpha=0.05, p_corrected=p)
            row |= {"effect": estimate.effect, "low": estimate.low, "high": estimate.high, "p": p, "word": word}
            rows.append(row)
    return rows


def _interval(part: pd.DataFrame) -> tuple[float, float]:
    units = part.groupby("unit").moved.agg(["sum", "size"]).to_numpy(float)
    return bootstrap_interval(lambda drawn: float(drawn[:, 0].sum() / drawn[:, 1].sum()), units)


def _nearest(layers: pd.DataFrame) -> dict[int, int]:
    last = layers[(layers.layer == layers.layer.iloc[-1]) & (layers.label >= 0)]
    return {int(row.label): int(row.nearest) for row in last.itertuples() if row.nearest == row.nearest}


def _right(items: pd.DataFrame) -> float:
    """Accuracy by the likeliest class."""
    return float((items.predicted == items.label).mean())


def _enough(stability: pd.DataFrame) -> pd.DataFrame:
    """Rows of classes with enough items whose movement is known."""
    counts = stability.groupby("label")["index"].nunique()
    known = stability.groupby("label").moved.apply(lambda moved: bool(moved.notna().all()))
    return stability[stability.label.isin(counts[(counts >= FEWEST) & known].index)]


def _by_class(stability: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Movement of each class from the first half of its items, loss from the second."""
    rows = _enough(stability)
    first, second = rows[rows.half == 0], rows[rows.half == 1]
    loss = second.groupby("label").right.mean() - second.groupby("label").right_shifted.mean()
    return first.groupby("label").moved.mean(), loss


def _to_production(stability: pd.DataFrame, items: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Movement of each class from the first half of its items, loss to production without these."""
    rows = _enough(stability)
    first = rows[rows.half == 0]
    test = items[(items.set == "test") & ~items["index"].isin(first["index"])]
    later = items[items.set == "production"]
    accuracy = [
        part.assign(hit=part.predicted == part.label).groupby("label").hit.agg(["mean", "size"])
        for part in (test, later)
    ]
    both = accuracy[0].join(accuracy[1].add_suffix("_later"), how="inner")
    both = both[both.size_later >= FEWEST]
    moved = first.groupby("label").moved.mean()
    shared = moved.index.intersection(both.index)
    return moved[shared], (both["mean"] - both.mean_later)[shared]


def _over_classes(moved: pd.Series, loss: pd.Series) -> tuple[int, Estimate | None]:
    if len(moved) < LEAST:
        return len(moved), None
    return len(moved), rank_relation(moved.to_numpy(float), loss[moved.index].to_numpy(float))


def _over_shifts(stability: pd.DataFrame) -> tuple[int, Estimate | None]:
    rows = _enough(stability)
    n = int(rows["shift"].nunique())
    if n < LEAST or rows.empty:
        return n, None
    keys = ["shift", "label"]
    moved = rows[rows.half == 0].groupby(keys).moved.mean()
    second = rows[rows.half == 1].groupby(keys)[["right", "right_shifted"]].mean()
    loss = (second.right - second.right_shifted)[moved.index]
    shifts, blocks = (moved.index.get_level_values(key).to_numpy() for key in keys)
    return n, within_relation(np.asarray(moved), np.asarray(loss), None, shifts, blocks)

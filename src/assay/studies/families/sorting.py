"""Happy and unhappy: how the models of a condition are sorted into families."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

BY_VALIDATION = {"val_accuracy": False, "val_cross_entropy": True}  # column: whether low is good
LEAST = 3  # models a side: of two, the distances to their own centre are one number and cannot be tested


def families(runs: pd.DataFrame, by: Mapping[str, bool] = BY_VALIDATION, parts: int = 3) -> pd.Series:
    """Happy: the upper third of a condition's models by val accuracy, ties by val cross-entropy; unhappy: the lower.

    At least three models a side. Only models with seeds of their own are sorted. Another rule: ``by`` columns, each
    with whether low is good; ``parts``: 2 for halves, 4 for quarters.
    """
    family = pd.Series("", index=runs.index, dtype=object)
    own = runs[(runs.design == "family") & (runs.status == "finished")]
    for _, models in own.groupby("condition", sort=False):
        ranked = models.sort_values(list(by), ascending=list(by.values()), kind="stable")
        part = max(LEAST, len(ranked) // parts)
        if len(ranked) < 2 * part:
            continue
        family[ranked.index] = "middle"
        family[ranked.index[:part]] = "happy"
        family[ranked.index[-part:]] = "unhappy"
    return family


def matched(runs: pd.DataFrame) -> pd.Series:
    """Families that fit their training data alike: neighbours in training loss are paired within a condition, and of
    each two the one with the higher val accuracy is happy, the other unhappy. At least three pairs a condition.

    >>> rows = {"condition": "a", "design": "family", "status": "finished", "val_cross_entropy": 0.0}
    >>> runs = pd.DataFrame({"train_loss": [1, 5, 2, 6, 3, 4], "val_accuracy": [0.9, 0.5, 0.8, 0.6, 0.7, 0.75]})
    >>> matched(runs.assign(**rows)).tolist()  # 1 with 2, 3 with 4, 5 with 6
    ['happy', 'unhappy', 'unhappy', 'happy', 'unhappy', 'happy']
    """
    family = pd.Series("", index=runs.index, dtype=object)
    own = runs[(runs.design == "family") & (runs.status == "finished") & runs.train_loss.notna()]
    for _, models in own.groupby("condition", sort=False):
        near = models.sort_values("train_loss", kind="stable")
        if len(near) < 2 * LEAST:
            continue
        for start in range(0, len(near) - 1, 2):
            two = near.iloc[start : start + 2].sort_values(
                list(BY_VALIDATION), ascending=list(BY_VALIDATION.values()), kind="stable"
            )
            family[two.index[0]], family[two.index[1]] = "happy", "unhappy"
    return family

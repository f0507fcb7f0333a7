"""What must be known to read the `overfitting` study, and its figure of risk, in English and Japanese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.studies.overfitting.design import BASELINE
from assay.studies.overfitting.words import points
from assay.studies.phrases import MINUS, percent
from assay.studies.study import Text, text

if TYPE_CHECKING:
    from assay.studies.overfitting.risk import Foretold


def untrusted(alive: pd.DataFrame) -> list[Text]:
    """Arms whose robust accuracy is not to be believed."""
    levels = [name for name in ("autoattack_level_best", "autoattack_level_last") if name in alive]
    bad = alive[(alive[levels] == "X").any(axis=1)] if levels else alive[:0]
    if bad.empty:
        return []
    where = ", ".join(f"{name} ({n})" for name, n in bad.groupby("condition", sort=False).size().items())
    return [
        text(
            f"The robust accuracy of {len(bad)} models is not to be believed (trust level X): {where}.",
            f"{len(bad)}件のモデルの頑健正解率は信頼できません（信頼水準X）：{where}。",
        )
    ]


def broken(alive: pd.DataFrame) -> list[Text]:
    """Arms in which training broke down: safe from one step of attack, lost to several."""
    if "broke_down" not in alive:
        return []
    bad = alive[alive.broke_down.isin([True])]  # nothing is known of runs that nobody looked at
    if bad.empty:
        return []
    where = ", ".join(f"{name} ({n})" for name, n in bad.groupby("condition", sort=False).size().items())
    return [
        text(
            f"{len(bad)} runs broke down (catastrophic overfitting): right after one step of attack, wrong after "
            f"several: {where}. Train with more steps of attack.",
            f"{len(bad)}件の学習は破綻しました（破滅的過学習）：{where}。攻撃のステップ数を増やしてください。",
        )
    ]


def weak(alive: pd.DataFrame, about: Mapping[str, Any]) -> list[Text]:
    """A radius at which nothing can be seen: hardly robust at all, or hardly attacked."""
    base = alive[alive.condition == BASELINE]
    if base.empty:
        return []
    robust, clean = float(base.robust_best.mean()), float(base.clean_best.mean())
    chance = 1 / len(about["data"]["classes"])
    if robust < chance:
        return [
            text(
                f"At this radius robust accuracy is below chance ({percent(robust)}): a smaller one would show more "
                "(--set strategy.attack.eps=4/255).",
                f"この半径では頑健正解率が偶然を下回ります（{percent(robust)}）。半径を小さくしてください。",
            )
        ]
    if clean - robust < 0.02:
        return [
            text(
                f"At this radius the attack costs {points(robust - clean)[1:]} points only: a larger one would show "
                "more (--set strategy.attack.eps=16/255).",
                f"この半径の攻撃による低下は{points(robust - clean)[1:]}ポイントだけです。半径を大きくしてください。",
            )
        ]
    return []


def too_far(n: int, learned: int, farthest: int) -> tuple[Text, ...]:
    """No line is followed that far."""
    return (
        text(
            f"No figure of risk for all {n} images: they are more than {farthest} times the {learned} that were "
            f"learned from. Learn from {-(-n // farthest)} or more (field biases of the recipe).",
            f"全{n}枚のリスク値は示せません：学習した{learned}枚の{farthest}倍を超えます。"
            "より多くの画像で学習してください。",
        ),
    )


def _plain(share: float) -> str:
    """Percentage points without a sign where they are not below 0.

    >>> _plain(0.0312), _plain(-0.0001)
    ('3.1', '0.0')
    """
    shown = f"{100 * share:.1f}"
    return "0.0" if shown == "-0.0" else shown.replace("-", MINUS)


def risk(
    n: int,
    learned: int,
    expected: Mapping[str, Foretold],
    checked: Mapping[str, tuple[Foretold, float]],
    missed: Sequence[str],
    price: float,
) -> tuple[Text, ...]:
    """What is to be expected with all images, or that nothing can be said."""
    names = {"drop": ("the loss", "低下"), "robust": ("robust accuracy", "頑健正解率"),
             "clean": ("clean accuracy", "通常の正解率")}  # fmt: skip
    if missed:
        which = ", ".join(names[name][0] for name in missed)
        ja = "、".join(names[name][1] for name in missed)
        return (
            text(
                f"No figure of risk: from the smaller parts, {which} of the largest one was foretold wrongly. "
                "Train on more images (--set grid.part=1) instead of extending the line.",
                f"リスク値は示せません：小さい部分からの予測が最大の部分で外れました（{ja}）。",
            ),
        )
    if learned >= n:
        return ()
    d, r, c = (expected[name] for name in ("drop", "robust", "clean"))
    return (
        text(
            f"Risk, extended from {learned} to all {n} images: a loss of {_plain(d.value)} points "
            f"({_plain(d.low)} to {_plain(d.high)}), robust accuracy {percent(r.value)} "
            f"({percent(r.low)} to {percent(r.high)}) at a price of about {_plain(price)} points of clean accuracy "
            f"(clean {percent(c.value)}).",
            f"リスク（{learned}枚から全{n}枚への外挿）：低下{_plain(d.value)}ポイント"
            f"（{_plain(d.low)}〜{_plain(d.high)}）、頑健正解率{percent(r.value)}"
            f"（{percent(r.low)}〜{percent(r.high)}）、通常の正解率は約{_plain(price)}ポイント低下。",
        ),
    )

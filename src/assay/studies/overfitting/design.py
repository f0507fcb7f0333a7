"""The grid of the `overfitting` study: worse data from the start, and from the onset on one factor after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import pandas as pd

from assay.data import Bias, Dataset, Fewer, Imbalance, LabelNoise, Narrow, biased
from assay.studies.study import Planned, Text, text
from assay.train import Fork, HotSwap, Intervention, Recipe, SmallLoss, Standard, Strategy, Treatment
from assay.train.strategies import Natural, Noise, Stale
from assay.train.strategies.treatments import Drop, DropRandom

Role = Literal["base", "reference", "data", "factor", "control"]
BASELINE, CLEAN = "baseline", "natural training"
DROP, RANDOM, PERTURBATION, NOISED, STALE, FORK = (
    *("drop both", "drop at random", "drop perturbation", "noise instead", "older perturbation"),
    "fork",
)
WRONG, NARROWED, UNEVEN = "wrong labels", "narrow", "imbalanced"
WRONG_SHARE, NARROW_SHARE, RATIO = 0.1, 0.5, 0.1
EARLIEST, LATEST = Fraction(1, 5), Fraction(4, 5)  # where an onset may lie
SMOOTH = 3  # looks whose mean says where a curve peaks


@dataclass(frozen=True)
class Arm:
    """One arm: its name, what a person calls it, what it changes in the base recipe."""

    name: str
    label: Text
    role: Role
    recipe: dict[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """For `study.json`: the order there is the order in every table and chart."""
        return {"name": self.name, "label": self.label, "role": self.role}


def from_start(base: Recipe, data: Dataset, sizes: Sequence[float], worse: bool) -> list[Arm]:
    """Arms that differ from the first step on: the base, natural training, fewer images, worse images."""
    n = len(biased(data, base.biases).train)

    def with_(bias: Bias) -> dict[str, Any]:
        return {"biases": (*base.biases, bias)}

    found = [
        Arm(BASELINE, text("adversarial training", "敵対的学習"), "base"),
        Arm(CLEAN, text("natural training", "通常の学習"), "reference", {"strategy": Standard()}),
    ]
    found += [
        Arm(
            fewer(size),
            text(f"{size:.3g} of the images", f"画像の{size:.3g}倍"),
            "data",
            with_(Fewer(images=max(1, round(size * n)))),
        )
        for size in sizes
    ]
    if not worse:
        return found
    found += [
        Arm(
            WRONG,
            text(f"{WRONG_SHARE:.0%} wrong labels", f"誤ラベル{WRONG_SHARE:.0%}"),
            "data",
            with_(LabelNoise(share=WRONG_SHARE)),
        ),
        Arm(UNEVEN, text("uneven classes", "不均衡なクラス"), "data", with_(Imbalance(ratio=RATIO))),
    ]
    if data.kind == "image":
        half = text("half of the images, one lighting", "半数の画像、明るさが一様")
        found.append(Arm(NARROWED, half, "data", with_(Narrow(share=NARROW_SHARE))))
    return found


def fewer(size: float) -> str:
    """The name of the arm with a share of the images."""
    return f"images x {size:g}"


def from_onset(base: Recipe, onset: Fraction, thresholds: Sequence[float]) -> list[Arm]:
    """Arms that are the baseline, bit for bit, until the onset, and treat small-loss examples otherwise from there."""

    def swap(treatment: Treatment, **changes: Any) -> dict[str, Any]:
        inner: Strategy = base.strategy
        return {"interventions": _added(base, HotSwap(at=onset, strategy=_small(treatment, inner, **changes)))}

    names = [
        (DROP, text("easy images left out", "損失の小さい画像を除く"), "factor", swap(Drop())),
        (PERTURBATION, text("easy images not attacked", "損失の小さい画像は攻撃しない"), "factor", swap(Natural())),
        (NOISED, text("easy images with random noise", "損失の小さい画像に無作為なノイズ"), "control", swap(Noise())),
        (STALE, text("easy images attacked as at the onset", "開始時のモデルで攻撃"), "control", swap(Stale())),
        (RANDOM, text("as many left out at random", "同数を無作為に除く"), "control", swap(DropRandom())),
        (FORK, text("other chance from the onset", "開始点から偶然のみ変更"), "control",
         {"interventions": _added(base, Fork(at=onset))}),
    ]  # fmt: skip
    found = [Arm(name, label, role, recipe) for name, label, role, recipe in names]  # type: ignore[arg-type]
    for threshold in thresholds:
        label = text(f"left out below {threshold:g} of chance", f"偶然の損失の{threshold:g}倍未満を除く")
        found.append(Arm(dropped_at(threshold), label, "control", swap(Drop(), threshold=threshold)))
    return found


def dropped_at(threshold: float) -> str:
    """The name of the arm that leaves out what lies below another threshold."""
    return f"{DROP} below {threshold:g}"


def _small(treatment: Treatment, inner: Strategy, **changes: Any) -> SmallLoss:
    return SmallLoss(treatment=treatment, inner=inner, **changes)


def _added(base: Recipe, one: Intervention) -> tuple[Intervention, ...]:
    return (*base.interventions, one)


def onset_of(curves: pd.DataFrame) -> Fraction:
    """The share of training at which the baseline's robust accuracy on val peaks, its mean over seeds and 3 looks.

    Within [1/5, 4/5]: a curve that never falls has no onset, and factors are then told apart over its last fifth.

    >>> rows = [{"condition": "baseline", "status": "finished", "share": e / 10, "val_robust": v}
    ...         for e, v in enumerate([0, 2, 4, 6, 6, 6, 5, 4, 3, 2], 1)]
    >>> onset_of(pd.DataFrame(rows))
    Fraction(1, 2)
    """
    base = curves[curves.condition == BASELINE]
    mean = base.groupby("share").val_robust.mean().sort_index()
    if mean.dropna().empty:
        return EARLIEST
    smooth = mean.rolling(SMOOTH, center=True, min_periods=1).mean()
    share = Fraction(float(smooth.index[int(np.argmax(smooth.to_numpy()))])).limit_denominator(10_000)
    return min(max(share, EARLIEST), LATEST)


def planned(base: Recipe, arms: Sequence[Arm], seeds: int, digest: str) -> dict[str, Planned]:
    """All runs by run id: every arm on the same seeds."""
    runs: dict[str, Planned] = {}
    for arm in arms:
        recipe = base.with_(**arm.recipe)
        for seed in range(seeds):
            each = recipe.with_(seed=base.seed + seed)
            runs[each.run_id(digest)] = Planned(each, {"condition": arm.name, "design": "paired"})
    return runs

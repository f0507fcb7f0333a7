"""The grid of the `collapse` study: weights and temperatures, what prevents collapse, and what brings it about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from assay.core.spec import override
from assay.data import Dataset, Imbalance, LabelNoise
from assay.losses import SINCERE, Spread, SupCon
from assay.models import PROJECTOR
from assay.studies.passes import examples, passes_each
from assay.studies.study import Planned, Text, text
from assay.train import Balanced, Recipe, Shuffled, Standard
from assay.train.strategies import Contrastive

Role = Literal["grid", "remedy", "control"]
NOISE = 0.2  # share of labels that the noisy arm gets wrong
RATIO = 0.1  # images of the last class over those of the first in the imbalanced arms
WIDE = "128-256"  # the projector of the arm with a larger embedding
COLLAPSED, FORECAST, INSTANCES = "SupCon", "forecast", "instances only"
NOISY, IMBALANCED = "label noise", "imbalanced"


@dataclass(frozen=True)
class Setting:
    """One arm: its name, what a person calls it, and what it changes in the base recipe.

    ``foretold``: whether the theory speaks about it, that is whether its loss is SupCL and its labels are right.
    ``sets``: ``a.b=c`` on the recipe, last.
    """

    name: str
    label: Text
    role: Role
    strategy: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    foretold: bool = True
    sets: tuple[str, ...] = ()

    def applied(self, base: Recipe) -> Recipe:
        """The recipe of this arm."""
        strategy = base.strategy if "strategy" in self.recipe else base.strategy.with_(**self.strategy)
        found = base.with_(**{"strategy": strategy, **self.recipe})
        return Recipe.parse(override(found.plain(), self.sets), f"arm '{self.name}'") if self.sets else found


def settings(
    base: Recipe, alphas: Sequence[float], temperatures: Sequence[float], supcon: float, controls: bool,
    also: Sequence[str] = (),
) -> list[Setting]:  # fmt: skip
    """All arms; the first two are the ones that most claims compare: SupCon's own weight, and the forecast's."""
    strategy = base.strategy
    assert isinstance(strategy, Contrastive)
    tau = strategy.temperature
    found = [
        Setting(COLLAPSED, text("SupCon", "SupCon"), "grid", {"alpha": supcon}),
        Setting(
            FORECAST,
            text(
                f"weight from the forecast (within {strategy.within:g})", f"予測による重み（目標{strategy.within:g}）"
            ),
            "grid",
            {"alpha": "auto"},
        ),
        Setting(INSTANCES, text("images only (weight 1)", "画像のみ（重み1）"), "grid", {"alpha": 1.0}),
        *(_point(alpha, tau) for alpha in alphas),
        *(_point(alpha, other) for alpha in (alphas[0], alphas[-1]) for other in temperatures if other != tau),
    ]
    found += _remedies(base, supcon) + _controls(base, alphas[-1], tau) if controls else []
    return found + [_further(words, alphas[-1], tau) for words in also]


def _point(alpha: float, tau: float) -> Setting:
    return Setting(
        f"weight {alpha:g} at {tau:g}",
        text(f"weight {alpha:g}, temperature {tau:g}", f"重み{alpha:g}、温度{tau:g}"),
        "grid",
        {"alpha": alpha, "temperature": tau},
    )


def _further(words: str, alpha: float, tau: float) -> Setting:
    """An arm of the user's: the base weight with other settings of the recipe, such as ``model=mlp:512-64``."""
    at = {"alpha": alpha, "temperature": tau}
    given = re.split(r"\s+(?=[\w.]+=)", words.strip())  # a value may hold spaces: {kind: fewer, images: 200}
    sets = tuple(f"{each}{PROJECTOR}" if _lacks_projector(each) else each for each in given)
    right = not any(each.startswith("biases") for each in sets)
    return Setting(words, text(words, words), "control", at, foretold=right, sets=sets)


def _lacks_projector(setting: str) -> bool:
    return setting.startswith("model=") and PROJECTOR not in setting


def _remedies(base: Recipe, supcon: float) -> list[Setting]:
    """SupCon with one thing added that is said to prevent collapse; and training without contrast on the same views.

    Cross-entropy sees one view of an image in a step, and so has as many more epochs: all cost the same passes.
    """
    plain = str(base.model).partition(PROJECTOR)[0]
    views = base.strategy
    assert isinstance(views, Contrastive)
    tau = views.temperature
    other = {"foretold": False}
    wide = {"model": f"{plain}{PROJECTOR}:{WIDE}"}
    return [
        Setting("spread term", text("spread term", "拡散項"), "remedy", {"loss": Spread(temperature=tau)}, **other),  # type: ignore[arg-type]
        Setting("SINCERE", text("SINCERE", "SINCERE"), "remedy", {"loss": SINCERE(temperature=tau)}, **other),  # type: ignore[arg-type]
        Setting("strong views", text("stronger views", "強い拡張"), "remedy", {"alpha": supcon, "augment": "strong"}),
        Setting("larger embedding", text("larger embedding", "高次元の埋め込み"), "remedy", {"alpha": supcon}, wide),
        Setting(
            "with cross-entropy",
            text("SupCon and cross-entropy", "SupConと交差エントロピー"),
            "remedy",
            {"loss": SupCon(temperature=tau), "cross_entropy": 1.0},
            **other,  # type: ignore[arg-type]
        ),
        Setting(
            "cross-entropy",
            text("cross-entropy alone", "交差エントロピーのみ"),
            "remedy",
            recipe={"strategy": Standard(augment=views.augment), "epochs": base.epochs * views.views},
            **other,  # type: ignore[arg-type]
        ),
    ]


def _controls(base: Recipe, alpha: float, tau: float) -> list[Setting]:
    """The same weight under worse data, smaller batches and without a projector."""
    at = {"alpha": alpha, "temperature": tau}
    plain = str(base.model).partition(PROJECTOR)[0]
    few = Imbalance(ratio=RATIO)
    return [
        Setting(
            NOISY,
            text(f"{NOISE:.0%} wrong labels", f"誤ラベル{NOISE:.0%}"),
            "control",
            at,
            {"biases": (LabelNoise(share=NOISE),)},
            foretold=False,
        ),
        Setting(
            IMBALANCED,
            text("imbalanced classes, random batches", "不均衡クラス・無作為バッチ"),
            "control",
            at,
            {"biases": (few,), "sampler": Shuffled()},
        ),
        Setting(
            "imbalanced, balanced batches",
            text("imbalanced classes, balanced batches", "不均衡クラス・均等バッチ"),
            "control",
            at,
            {"biases": (few,), "sampler": Balanced()},
        ),
        Setting(
            "small batches",
            text("batches a quarter as large", "4分の1のバッチ"),
            "control",
            at,
            {"batch": max(16, base.batch // 4)},
        ),
        Setting(
            "no projector", text("no projector", "射影なし"), "control", at, {"model": f"{plain}{PROJECTOR}:identity"}
        ),
    ]


def cost(recipe: Recipe, data: Dataset) -> dict[str, int]:
    """Epochs of an arm, and passes of examples, forward and backward, in all of its training."""
    strategy = recipe.strategy
    if isinstance(strategy, Contrastive):
        strategy = strategy.with_(alpha=0.5)  # what it is changes no cost, and "auto" needs all of the data
    each = round(passes_each(recipe.with_(strategy=strategy), data).total, 1)  # building a projector passes two items
    return {"epochs": recipe.epochs, "passes": round(each * examples(recipe, data) * recipe.epochs)}


def design(base: Recipe, found: Sequence[Setting], seeds: int, digest: str) -> dict[str, Planned]:
    """All runs by run id: every arm on the same seeds."""
    runs: dict[str, Planned] = {}
    for setting in found:
        recipe = setting.applied(base)
        for seed in range(seeds):
            each = recipe.with_(seed=base.seed + seed)
            runs[each.run_id(digest)] = Planned(each, {"condition": setting.name, "design": "paired"})
    return runs

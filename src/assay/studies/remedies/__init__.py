"""`remedies`: which remedy against robust overfitting works here, at equal cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, ClassVar, Self

import pandas as pd
from pydantic import Field, field_validator, model_validator

from assay.core.spec import Number, Share
from assay.data import Dataset, biased
from assay.lab import Lab, Source
from assay.lab.observe import View
from assay.maths.statistics import smallest_p
from assay.studies.means import Means
from assay.studies.overfitting.base import check, on_part, suited, with_looks
from assay.studies.overfitting.design import BASELINE
from assay.studies.overfitting.look import Ball, looked
from assay.studies.overfitting.tables import curves, parts, run_rows
from assay.studies.remedies import words
from assay.studies.remedies.budget import within
from assay.studies.remedies.claims import CLAIMS, judge
from assay.studies.remedies.design import (
    ANCHORED,
    AUGMIX,
    CONSISTENT,
    MORE,
    NAMES,
    Arm,
    arms,
    teacher,
)
from assay.studies.remedies.equal import Costed, costed
from assay.studies.remedies.ranking import ranking, val_figures
from assay.studies.study import STUDIES, Claim, Judged, Map, Planned, Study, Tables, Text, explained
from assay.studies.teachers import taught, teachers_of
from assay.train import Adversarial, Recipe
from assay.train.recipe import BEST

REFERENCES = (
    ("rice2020", "Rice, Wong, Kolter 2020, Overfitting in Adversarially Robust Deep Learning, ICML (early stopping)"),
    ("wu2020", "Wu, Xia, Wang 2020, Adversarial Weight Perturbation Helps Robust Generalization, NeurIPS (AWP)"),
    ("rofg2023", "Understanding Robust Overfitting from the Feature Generalization Perspective 2023, arXiv 2310.00607"),
    (
        "chen2021",
        "Chen et al. 2021, Robust Overfitting May Be Mitigated by Properly Learned Smoothening, ICLR (KD, SWA)",
    ),
    ("cfa", "sgmath12/FAT (code, unpublished): robust features anchored to those of a natural teacher (CFA)"),
    ("izmailov2018", "Izmailov et al. 2018, Averaging Weights Leads to Wider Optima, UAI (SWA)"),
    ("wang2021", "Wang et al. 2021, Probabilistic Margins for Instance Reweighting, NeurIPS (MAIL)"),
    (
        "zhang2019",
        "Zhang et al. 2019, Theoretically Principled Trade-off between Robustness and Accuracy, ICML (TRADES)",
    ),
    ("hendrycks2020", "Hendrycks et al. 2020, AugMix, ICLR"),
    ("croce2020", "Croce and Hein 2020, Reliable Evaluation of Adversarial Robustness (AutoAttack), ICML"),
    ("holm1979", "Holm 1979, Scandinavian Journal of Statistics 6:65-70 (several claims at once)"),
)
SHOWN_METRICS = ("accuracy", "gap", "probe_gap", "class_mean_gap", "shift_similarity")


class Remedies(Study):
    """Settings of the study; see `docs/studies/remedies.md` for what is claimed and how it is judged."""

    name: ClassVar[str] = "remedies"
    title: ClassVar[Text] = words.TITLE
    question: ClassVar[Text] = words.QUESTION
    more: ClassVar[Text] = words.MORE
    claims: ClassVar[tuple[Claim, ...]] = CLAIMS
    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "smoke": (
            *("grid.seeds=2", "epochs=8", "grid.judged=16"),
            "grid.arms=[early stopping, more data, awp, distillation]",
        ),
        "default": (),
        "evidence": (),
    }

    arms: tuple[str, ...] = NAMES
    part: Number = Field(0.5, gt=0, le=1)  # of the training images; the others are held back for "more data"
    onset: Share = Field(Fraction(1, 2), ge=0, lt=1)  # when remedies begin that do not begin at once
    judged: int = Field(128, ge=0)  # test images on which AutoAttack judges what is shipped; 0: PGD alone
    probe: int = Field(512, ge=16)

    @field_validator("arms")
    @classmethod
    def _known(cls, asked: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [name for name in asked if name not in NAMES]
        if wrong or not asked:
            found = f"has no remedy '{wrong[0]}'" if wrong else "is empty"
            raise ValueError(f"{found}; choose from: {', '.join(NAMES)}")
        return tuple(name for name in NAMES if name in asked)

    @model_validator(mode="after")
    def _adversarial(self) -> Self:
        check(self.recipe)
        strategy = self.recipe.strategy
        if not isinstance(strategy, Adversarial):
            raise ValueError(f"recipe.strategy: '{strategy.kind}' is not what remedies change; use adversarial")
        climbs = [name for name in (CONSISTENT, ANCHORED) if name in self.arms]
        if strategy.attack.kind not in ("pgd", "fgsm") and climbs:
            raise ValueError(
                f"recipe.strategy.attack: '{strategy.attack.kind}' has not the steps of pgd or fgsm that are needed; "
                f"use pgd, or leave {' and '.join(climbs)} out of grid.arms"
            )
        had = {"augmentation": bool(strategy.augment), "label smoothing": strategy.loss.kind == "label_smoothed"}
        if twice := [name for name in self.arms if had.get(name)]:
            raise ValueError(
                f"recipe.strategy: has '{twice[0]}' already, so it is no remedy; leave it out of grid.arms"
            )
        if self.part == 1 and self.arms == (MORE,):
            raise ValueError("part: 1 holds no images back for 'more data'; write 0.5")
        return self

    @classmethod
    def suits(cls, data: Dataset) -> dict[str, Any]:
        """Adversarial training at a usual radius, with all three splits recorded."""
        return suited(data)

    @classmethod
    def completed(cls, plain: dict[str, Any]) -> dict[str, Any]:
        """All remedies that the data allow (a table has no AugMix), and as many looks as suit the epochs."""
        plain = with_looks(plain)
        source = Source(plain["data"], plain["production"], plain["regroup"], plain.get("split_seed", 0))
        if "arms" not in plain and source.load().kind == "table":
            plain["arms"] = [name for name in NAMES if name != AUGMIX]
        return plain

    @property
    def claimed(self) -> tuple[Claim, ...]:
        """One for each remedy of this plan."""
        names = set(self.arms) - ({MORE} if self.part == 1 else set())
        return tuple(claim for claim in CLAIMS if claim.name in names)

    def base(self, data: Dataset) -> Recipe:
        """The recipe of the baseline, which learns from a part of the images."""
        return on_part(self.recipe, self.part, data)

    def all_arms(self, data: Dataset) -> list[Arm]:
        """The baseline and the remedies."""
        return arms(self.recipe, self.part, self.arms, self.onset, data)

    def costed(self, data: Dataset) -> list[Costed]:
        """What is trained, each at the baseline's cost."""
        return costed(self.base(data), self.all_arms(data), data)

    def within(self, seconds: float, data: Dataset, lab: Lab, means: Means, keep: bool) -> tuple[Remedies, list[str]]:
        """Fewer seeds, then fewer epochs, then fewer remedies; see `budget`."""
        return within(self, seconds, data, lab, means, keep)

    def stage(self, number: int, tables: Tables, data: Dataset) -> dict[str, Planned]:
        """First all that needs nothing but images, and teachers; then those that learn from them, seed by seed."""
        runs: dict[str, Planned] = {}
        for seed in range(self.recipe.seed, self.recipe.seed + self.seeds):
            for each in self.costed(data):
                own = [(each.arm.name, each.recipe.with_(seed=seed))]
                if each.teachers:
                    teaching = [(name, recipe.with_(seed=seed)) for name, recipe in each.teachers]
                    ids = {name: recipe.run_id(data.learned) for name, recipe in teaching}
                    own = teaching if number == 0 else _student(own[0], ids, tables)
                elif number > 0:
                    own = []
                for name, recipe in own if number < 2 else ():
                    runs[recipe.run_id(data.learned)] = Planned(recipe, {"condition": name, "design": "paired"})
        return runs

    def placed(self, stage: dict[str, Planned], lab: Lab) -> dict[str, Planned]:
        """Teachers named by the folders of their runs."""
        return {
            run: replace(
                plan, recipe=taught(plan.recipe, {one.run: teacher(str(lab.run(one.run))) for one in teachers})
            )
            if (teachers := teachers_of(plan.recipe.strategy))
            else plan
            for run, plan in stage.items()
        }

    def describe(self, data: Dataset) -> dict[str, Any]:
        """Arms with what they cost, and metrics, for `judge` and the report."""
        cost = {each.arm.name: each for each in self.costed(data)}
        found = []
        for arm in self.all_arms(data):
            own = cost.get(arm.name, cost[BASELINE])  # early stopping costs what the baseline does
            found.append({"name": arm.name, "label": arm.label, "role": arm.role, **_told(own, data)})
        teachers = [name for each in cost.values() for name in each.arm.teachers]
        found += [{"name": name, "label": words.ARM[name], "role": "teacher"} for name in teachers]
        return {
            "conditions": found,
            "absent": [name for name in NAMES if name not in {claim.name for claim in self.claimed}],
            "images": len(biased(data, self.base(data).biases).train),
            "judged": self.judged,
            "part": self.part,
            "onset": float(self.onset),
            **explained(SHOWN_METRICS, REFERENCES),
        }

    def plan(self, data: Dataset) -> dict[str, Any]:
        """What this many seeds can show."""
        cost = self.costed(data)
        p = smallest_p("sign-flip", self.seeds)
        return {
            "runs": self.seeds * sum(1 + len(each.teachers) for each in cost),
            "smallest_p": {claim.name: p for claim in self.claimed},
        }

    def observe(self, planned: Mapping[str, Planned], lab: Lab, data: Dataset, each: Map) -> Tables:
        """Look at every finished run but teachers once, and put the arms in order."""
        of = {arm.name: arm for arm in self.all_arms(data)}
        there = {
            run: plan
            for run, plan in planned.items()
            if plan.tags["condition"] in of and {BEST, "1"} <= set(lab.record(run)["moments"])
        }
        numbers = looked(
            {run: plan.recipe for run, plan in there.items()},
            *(lab, data, each, View(self.source, "", self.probe)),
            ball=Ball.of(self.recipe.strategy.attack),  # type: ignore[attr-defined]
            judged=self.judged,
            both=frozenset(run for run, plan in there.items() if plan.tags["condition"] == BASELINE),
            study=self.name,
        )
        looks = curves(planned, lab)
        about = self.describe(data)["conditions"]
        runs = _with_cost(run_rows(planned, numbers, looks, lab, data), looks, planned, about)
        return {
            "runs": runs,
            "ranking": ranking(runs[runs.status == "finished"], about, self.judged),
            "curves": looks,
            "layers": parts(planned, numbers, "layers"),
        }

    @classmethod
    def judge(cls, about: Mapping[str, Any], tables: Tables) -> tuple[dict[str, Judged], list[Text]]:
        """Every claim's estimate from the tables alone."""
        return judge(about, tables)

    @classmethod
    def meaning(cls, claim: str, word: str, direction: str) -> Text:
        """What a verdict means for the reader."""
        return words.meaning(claim, word, direction)


def _student(own: tuple[str, Recipe], teachers: Mapping[str, str], tables: Tables) -> list[tuple[str, Recipe]]:
    """The student of finished runs, named by what they are to it; none where one of them stopped."""
    name, recipe = own
    runs = tables["runs"]
    done = set(runs[runs.status == "finished"].run)
    by = {role: teacher(run) for role, run in teachers.items()}
    return [(name, taught(recipe, by))] if set(teachers.values()) <= done else []


def _told(cost: Costed, data: Dataset) -> dict[str, Any]:
    """What an arm costs, a run."""
    return {
        "images": len(biased(data, cost.recipe.biases).train),
        "epochs": cost.recipe.epochs,
        "passes": cost.passes,
        "passes_forward": cost.each.forward,
        "passes_backward": cost.each.backward,
        "passes_teachers": cost.teaching,
    }


def _with_cost(
    runs: pd.DataFrame, looks: pd.DataFrame, planned: Mapping[str, Planned], about: list[dict[str, Any]]
) -> pd.DataFrame:
    """The table of runs with what each cost and its robust accuracy on val where it may be shipped."""
    by_run = dict(iter(looks.groupby("run", sort=False)))
    passes = {arm["name"]: arm.get("passes") for arm in about}
    val = pd.DataFrame(
        [val_figures(by_run.get(run), best) for run, best in zip(runs.run, runs.best_epoch, strict=True)]
    )
    epochs = pd.Series([planned[run].recipe.epochs for run in runs.run], name="epochs")
    return pd.concat([runs, epochs, runs.condition.map(passes).rename("passes"), val], axis=1)


STUDIES.add(Remedies.name, Remedies)

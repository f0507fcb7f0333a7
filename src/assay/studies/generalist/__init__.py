"""`generalist`: can a model be robust without paying for it in everyday accuracy, and what does it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from assay.core.spec import Number, Share
from assay.data import Dataset
from assay.lab import Lab
from assay.lab.observe import View
from assay.maths.statistics import smallest_p
from assay.studies.gap import to_give
from assay.studies.generalist import words
from assay.studies.generalist.claims import CLAIMS, judge
from assay.studies.generalist.design import (
    ADVERSARIAL,
    ANCHORED,
    HERO,
    NAMES,
    NATURAL,
    POST_HOC,
    Arm,
    Setting,
    arms,
    begun,
)
from assay.studies.generalist.equal import Costed, costed
from assay.studies.generalist.gaps import left_out
from assay.studies.generalist.labels import ARM
from assay.studies.generalist.look import TABLES, looked
from assay.studies.generalist.matched import table as matched_table
from assay.studies.generalist.tables import compared, image_rows, parts, pictures, run_rows
from assay.studies.overfitting.base import suited
from assay.studies.overfitting.look import Ball
from assay.studies.overfitting.tables import curves
from assay.studies.rows import shifts
from assay.studies.study import STUDIES, Claim, Judged, Map, Planned, Study, Tables, Text, explained
from assay.train import Adversarial, Recipe, Teacher
from assay.train.optimiser import OwnOptimiser

LOOKS = 20  # about so many looks a run
WIDEST = 4.0  # times the radius that is judged: the widest that a rival is trained in
REFERENCES = (
    (
        "wang2023",
        "Wang and Wang 2023, Generalist: Decoupling Natural and Robust Generalization, CVPR, arXiv 2303.13813",
    ),
    ("wang2025", "Wang et al. 2025, Generalist++, arXiv 2510.13361 (several base learners)"),
    ("madry2018", "Madry et al. 2018, Towards Deep Learning Models Resistant to Adversarial Attacks, ICLR"),
    (
        "zhang2019",
        "Zhang et al. 2019, Theoretically Principled Trade-off between Robustness and Accuracy, ICML (TRADES)",
    ),
    ("goodfellow2015", "Goodfellow et al. 2015, Explaining and Harnessing Adversarial Examples, ICLR (summed loss)"),
    ("frankle2020", "Frankle et al. 2020, Linear Mode Connectivity and the Lottery Ticket Hypothesis, ICML (barrier)"),
    ("croce2020", "Croce and Hein 2020, Reliable Evaluation of Adversarial Robustness (AutoAttack), ICML"),
    ("holm1979", "Holm 1979, Scandinavian Journal of Statistics 6:65-70 (several claims at once)"),
)
SHOWN_METRICS = (
    *("accuracy", "gap", "false_reject_rate", "escape_rate", "calibration_error", "brier_score", "debiased_cka"),
)


class GeneralistStudy(Study):
    """Settings of the study; see `docs/studies/generalist.md` for what is claimed and how it is judged."""

    name: ClassVar[str] = "generalist"
    title: ClassVar[Text] = words.TITLE
    question: ClassVar[Text] = words.QUESTION
    more: ClassVar[Text] = words.MORE
    claims: ClassVar[tuple[Claim, ...]] = CLAIMS
    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "smoke": (
            *("grid.seeds=2", "epochs=12", "strategy.attack.steps=2", "grid.judged=8", "grid.probe=64"),
            *("grid.floors=[0.6]", "grid.eps=[0.5]", "grid.betas=[1]"),
        ),
        "default": (),
        "evidence": ("grid.seeds=10",),
    }

    arms: tuple[str, ...] = NAMES  # beside the generalist and adversarial training
    own: tuple[OwnOptimiser, OwnOptimiser] = (OwnOptimiser(weight_decay=3.5e-3), OwnOptimiser(weight_decay=5e-4))
    mix_start: Share = Field(Fraction(2, 3), ge=0, lt=1)  # when the clean learner begins to count
    floor: Number = Field(0.4, ge=0, le=1)  # how much the adversarial learner counts at the end
    hand_back: Share = Field(Fraction(5, 8), ge=0, lt=1)  # when the mixture is first handed back
    floors: tuple[Number, ...] = (0.2, 0.6, 0.8)  # other weights of the adversarial learner at the end
    eps: tuple[Number, ...] = (0.25, 0.5, 0.75)  # how many times the radius rivals are trained in
    betas: tuple[Number, ...] = (1.0, 3.0)  # further betas of TRADES
    judged: int = Field(500, ge=0)  # test images on which AutoAttack judges; 0: PGD alone
    probe: int = Field(512, ge=16)

    @field_validator("arms")
    @classmethod
    def _known(cls, asked: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [name for name in asked if name not in (*NAMES, HERO, ADVERSARIAL)]
        if wrong:
            raise ValueError(f"has no arm '{wrong[0]}'; choose from: {', '.join(NAMES)}")
        return tuple(name for name in NAMES if name in asked)

    @field_validator("floors", "eps", "betas")
    @classmethod
    def _different(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if any(value < 0 for value in values) or len(set(values)) < len(values):
            raise ValueError("must be different numbers that are not below 0")
        return tuple(sorted(values))

    @model_validator(mode="after")
    def _sound(self) -> Self:
        strategy = self.recipe.strategy
        if not isinstance(strategy, Adversarial) or strategy.kind != "adversarial":
            raise ValueError(f"recipe.strategy: '{strategy.kind}' is not what the arms change; use adversarial")
        if strategy.attack.kind not in ("pgd", "fgsm"):
            raise ValueError("recipe.strategy.attack: trades and anchoring take the steps of pgd or fgsm")
        if self.recipe.interventions:
            raise ValueError("recipe.interventions: arms of equal cost differ in length; leave interventions out")
        if "1" not in self.recipe.keep:
            raise ValueError('recipe.keep: the end is judged; write ["1"]')
        if self.floor in self.floors or any(floor > 1 for floor in self.floors):
            raise ValueError(f"floors: are other weights than {self.floor:g} between 0 and 1, such as [0.2, 0.8]")
        if any(not 0 < factor <= WIDEST or factor == 1 for factor in self.eps):
            raise ValueError(
                f"eps: are times the radius, above 0 and at most {WIDEST:g}, other than 1 (the arm 'averaged'), such "
                "as [0.25, 0.5, 0.75], or [1.5] for a rival that is less clean"
            )
        if 6.0 in self.betas:
            raise ValueError("betas: 6 is the arm 'trades' already; leave it out")
        return self

    @classmethod
    def suits(cls, data: Dataset) -> dict[str, Any]:
        """Adversarial training at a usual radius on 2,000 images at most; SGD, falling as published, at a rate that
        suits small networks."""
        falling = [[0, 1], ["1/3", 1], ["2/3", 0.1], [1, 0.01]]
        optimiser = {"name": "sgd", "lr": 0.05, "momentum": 0.9, "schedule": falling}
        return suited(data) | {"record": [], "keep": ["1"], "optimiser": optimiser}

    @classmethod
    def completed(cls, plain: dict[str, Any]) -> dict[str, Any]:
        """With as many looks as suit the epochs, unless it was said how often to look."""
        recipe = plain["recipe"]
        epochs = recipe.get("epochs")
        every = max(1, epochs // LOOKS) if isinstance(epochs, int) else 1
        return {**plain, "recipe": {"evaluate_every": every, **recipe}}

    @property
    def claimed(self) -> tuple[Claim, ...]:
        """All claims; what was left out is told with them."""
        return CLAIMS

    @property
    def how(self) -> Setting:
        """What the arms are made of."""
        return Setting(**{name: getattr(self, name) for name in Setting.model_fields})

    def all_arms(self) -> list[Arm]:
        """The generalist, adversarial training and what else is asked for."""
        return arms(self.recipe, self.arms, self.how)

    def costed(self, data: Dataset) -> list[Costed]:
        """What is trained, each at the cost of adversarial training."""
        return costed(self.recipe, self.all_arms(), self.own[1], data)

    def stage(self, number: int, tables: Tables, data: Dataset) -> dict[str, Planned]:
        """First all that begins afresh, and teachers; then what begins with a finished run, seed by seed."""
        if number > 1:
            return {}
        runs: dict[str, Planned] = {}
        cost = self.costed(data)
        adversarial = next(each.recipe for each in cost if each.arm.name == ADVERSARIAL)
        for seed in range(self.recipe.seed, self.recipe.seed + self.seeds):
            for each in cost:
                first = adversarial if each.arm.after == ADVERSARIAL else each.teacher
                if number == 0:
                    own = [(NATURAL, each.teacher)] if each.teacher else [] if first else [(each.arm.name, each.recipe)]
                else:
                    own = _following(each, first.with_(seed=seed).run_id(data.learned), tables) if first else []
                for name, recipe in own:
                    recipe = recipe.with_(seed=seed)
                    runs[recipe.run_id(data.learned)] = Planned(recipe, {"condition": name, "design": "paired"})
        return runs

    def placed(self, stage: dict[str, Planned], lab: Lab) -> dict[str, Planned]:
        """What a run begins with, named by its folder in this lab."""
        found = {}
        for run, plan in stage.items():
            start = plan.recipe.start
            if plan.tags["condition"] in (POST_HOC, ANCHORED) and start is not None:
                plan = replace(plan, recipe=begun(plan.recipe, start.with_(run=str(lab.run(start.run)))))
            found[run] = plan
        return found

    def describe(self, data: Dataset) -> dict[str, Any]:
        """Arms with what they cost, and metrics, for `judge` and the report."""
        cost = self.costed(data)
        found = [
            {"name": each.arm.name, "label": each.arm.label, "role": each.arm.role, "epochs": each.recipe.epochs,
             "passes": each.passes, "passes_before": each.before, "passes_forward": each.each.forward,
             "passes_backward": each.each.backward} for each in cost
        ]  # fmt: skip
        if any(each.teacher for each in cost):
            found.append({"name": NATURAL, "label": ARM[NATURAL], "role": "teacher"})
        return {
            "conditions": found,
            "absent": [name for name in NAMES if name not in self.arms],
            "judged": min(self.judged, len(data.test)),
            "floor": self.floor,
            "eps": float(Ball.of(self._attack).eps),
            "norm": self._attack.norm,
            **explained(SHOWN_METRICS, REFERENCES),
        }

    @property
    def _attack(self) -> Any:
        return self.recipe.strategy.attack  # type: ignore[attr-defined]

    def plan(self, data: Dataset) -> dict[str, Any]:
        """What this many seeds can show."""
        cost = self.costed(data)
        p = smallest_p("sign-flip", self.seeds)
        return {
            "runs": self.seeds * sum(1 + bool(each.teacher) for each in cost),
            "smallest_p": {claim.name: p for claim in CLAIMS if claim.scale == "share"},
        }

    def lacking(self, data: Dataset) -> dict[str, Text]:
        """What the arms that were left out would decide."""
        return to_give(left_out([arm.name for arm in self.all_arms()]))

    def observe(self, planned: Mapping[str, Planned], lab: Lab, data: Dataset, each: Map) -> Tables:
        """Look at every finished run but teachers once."""
        there = {
            run: plan
            for run, plan in planned.items()
            if plan.tags["condition"] != NATURAL and "1" in lab.record(run)["moments"]
        }
        view = View(self.source, "", min(self.probe, len(data.test)))
        ball = Ball.of(self._attack)
        numbers = looked(there, lab, data, each, view, ball, min(self.judged, len(data.test)))
        looks = curves(planned, lab)
        about = self.describe(data)["conditions"]
        passes = {arm["name"]: (arm["passes"], arm["passes_before"]) for arm in about if "passes" in arm}
        runs = run_rows(planned, numbers, looks, passes, lab, data)
        alive = runs[runs.status == "finished"]
        tables = {name: parts(planned, numbers, name) for name in TABLES}
        images = image_rows(planned, numbers)
        return {
            "runs": runs,
            "arms": compared(alive, images, about),
            "matched": matched_table(alive),
            "curves": looks,
            "shifts": shifts(planned, numbers),
            "images": images,
            **tables,
            "samples": pictures(tables["samples"], data, self.recipe.seed),
        }

    @classmethod
    def judge(cls, about: Mapping[str, Any], tables: Tables) -> tuple[dict[str, Judged], list[Text]]:
        """Every claim's estimate from the tables alone."""
        return judge(about, tables)

    @classmethod
    def meaning(cls, claim: str, word: str, direction: str) -> Text:
        """What a verdict means for the reader."""
        return words.meaning(claim, word, direction)


def _following(each: Costed, first: str, tables: Tables) -> list[tuple[str, Recipe]]:
    """The run that begins with another, if that one is finished."""
    runs = tables["runs"]
    done = set(runs[runs.status == "finished"].run)
    return [(each.arm.name, begun(each.recipe, Teacher(run=first)))] if first in done else []


STUDIES.add(GeneralistStudy.name, GeneralistStudy)

"""`overfitting`: adversarial training gets worse after its best epoch: does it here, and why?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from assay.core.spec import Number
from assay.data import Dataset, biased
from assay.lab import Lab
from assay.lab.observe import View
from assay.maths.statistics import smallest_p
from assay.studies.gap import to_give
from assay.studies.overfitting import words
from assay.studies.overfitting.base import check, on_part, suited, with_looks
from assay.studies.overfitting.claims import CLAIMS, judge
from assay.studies.overfitting.design import (
    BASELINE,
    DROP,
    EARLIEST,
    PERTURBATION,
    Arm,
    from_onset,
    from_start,
    onset_of,
    planned,
)
from assay.studies.overfitting.gaps import left_out
from assay.studies.overfitting.look import Ball, looked
from assay.studies.overfitting.tables import curves, parts, run_rows
from assay.studies.rows import shifts
from assay.studies.study import STUDIES, Claim, Judged, Map, Planned, Study, Tables, Text, explained
from assay.train import Recipe
from assay.train.recipe import BEST
from assay.train.strategies.crafted import Crafted

REFERENCES = (
    ("rofg2023", "Understanding Robust Overfitting from the Feature Generalization Perspective 2023, arXiv 2310.00607"),
    ("rice2020", "Rice, Wong, Kolter 2020, Overfitting in Adversarially Robust Deep Learning, ICML"),
    ("yu2022", "Yu et al. 2022, Understanding Robust Overfitting of Adversarial Training and Beyond, ICML"),
    ("madry2018", "Madry et al. 2018, Towards Deep Learning Models Resistant to Adversarial Attacks, ICLR"),
    ("croce2020", "Croce and Hein 2020, Reliable Evaluation of Adversarial Robustness (AutoAttack), ICML"),
    ("holm1979", "Holm 1979, Scandinavian Journal of Statistics 6:65-70 (several claims at once)"),
)
SHOWN_METRICS = (
    *("accuracy", "gap", "false_reject_rate", "escape_rate"),
    *("probe_gap", "class_mean_gap", "shift_similarity", "memorised"),
)


class Overfitting(Study):
    """Settings of the study; see `docs/studies/overfitting.md` for what is claimed and how it is judged."""

    name: ClassVar[str] = "overfitting"
    title: ClassVar[Text] = words.TITLE
    question: ClassVar[Text] = words.QUESTION
    more: ClassVar[Text] = words.MORE
    claims: ClassVar[tuple[Claim, ...]] = CLAIMS
    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "smoke": ("grid.seeds=2", "epochs=10", "grid.sizes=[0.5]", "grid.thresholds=[]", "grid.judged=32"),
        "default": (),
        "pilot": (
            *("grid.seeds=10", "grid.part=0.5", "grid.sizes=[0.5,0.25]", "grid.judged=0"),
            *("grid.factors=false", "grid.worse=false"),
        ),
        "evidence": (),
    }

    sizes: tuple[Number, ...] = (0.5, 0.25)  # shares of the images in the arms with fewer
    part: Number = Field(1.0, gt=0, le=1)  # of all training images that the base learns from
    thresholds: tuple[Number, ...] = (0.3, 1.0)  # further ones below which a loss is small, shares of that by chance
    factors: bool = True  # whether there is a second stage: one factor after the other from the onset on
    worse: bool = True  # wrong labels, uneven classes, one lighting
    judged: int = Field(128, ge=0)  # test images on which AutoAttack judges final models; 0: PGD alone
    probe: int = Field(512, ge=16)

    @field_validator("sizes")
    @classmethod
    def _within(cls, sizes: tuple[float, ...]) -> tuple[float, ...]:
        if any(not 0 < size < 1 for size in sizes) or len(set(sizes)) < len(sizes):
            raise ValueError("sizes must be different shares of the images between 0 and 1, such as [0.5, 0.25]")
        return tuple(sorted(sizes, reverse=True))

    @model_validator(mode="after")
    def _adversarial(self) -> Self:
        check(self.recipe)
        return self

    @classmethod
    def suits(cls, data: Dataset) -> dict[str, Any]:
        """Adversarial training at a usual radius on 2,000 images at most, with all three splits recorded."""
        return suited(data)

    @classmethod
    def completed(cls, plain: dict[str, Any]) -> dict[str, Any]:
        """With as many looks as suit the epochs."""
        return with_looks(plain)

    def base(self, data: Dataset) -> Recipe:
        """The recipe of the baseline: of all images, or of a part."""
        return on_part(self.recipe, self.part, data)

    def arms(self, data: Dataset) -> list[Arm]:
        """Every arm in the order of every table; when the later ones begin is not known yet."""
        found = from_start(self.base(data), data, self.sizes, self.worse)
        return found + (from_onset(self.recipe, EARLIEST, self.thresholds) if self.factors else [])

    def stage(self, number: int, tables: Tables, data: Dataset) -> dict[str, Planned]:
        """First what differs from the start; then, from the onset that the baseline's val curve shows, the factors."""
        base = self.base(data)
        if number == 0:
            return planned(base, from_start(base, data, self.sizes, self.worse), self.seeds, data.learned)
        if number == 1 and self.factors:
            return planned(
                base, from_onset(base, onset_of(tables["curves"]), self.thresholds), self.seeds, data.learned
            )
        return {}

    def describe(self, data: Dataset) -> dict[str, Any]:
        """Arms, sizes and metrics, for `judge` and the report."""
        return {
            "conditions": [arm.plain() for arm in self.arms(data)],
            "sizes": list(self.sizes),
            "images": len(biased(data, self.base(data).biases).train),
            "judged": self.judged,
            **explained(SHOWN_METRICS, REFERENCES),
        }

    def plan(self, data: Dataset) -> dict[str, Any]:
        """What this many seeds can show."""
        p = smallest_p("sign-flip", self.seeds)
        return {
            "runs": self.seeds * len(self.arms(data)),
            "smallest_p": {claim.name: p for claim in CLAIMS if claim.design == "paired"},
        }

    def lacking(self, data: Dataset) -> dict[str, Text]:
        """What the arms that were left out would decide."""
        return to_give(left_out({arm.name for arm in self.arms(data)}))

    def observe(self, planned: Mapping[str, Planned], lab: Lab, data: Dataset, each: Map) -> Tables:
        """Look at every finished run once."""
        strategy = self.recipe.strategy
        assert isinstance(strategy, Crafted)
        kept = {run: lab.record(run)["moments"] for run in planned}
        names = [run for run in planned if {BEST, "1"} <= set(kept[run])]
        first = self.recipe.seed
        pictured = frozenset(
            run
            for run in names
            if planned[run].recipe.seed == first and planned[run].tags["condition"] in (BASELINE, DROP, PERTURBATION)
        )
        numbers = looked(
            {run: planned[run].recipe for run in names},
            *(lab, data, each, View(self.source, "", self.probe)),
            ball=Ball.of(strategy.attack),
            judged=self.judged,
            pictured=pictured,
        )
        looks = curves(planned, lab)
        return {
            "runs": run_rows(planned, numbers, looks, lab, data),
            "curves": looks,
            "shifts": shifts(planned, numbers),
            **{name: parts(planned, numbers, name) for name in ("layers", "classes", "channels")},
        }

    @classmethod
    def judge(cls, about: Mapping[str, Any], tables: Tables) -> tuple[dict[str, Judged], list[Text]]:
        """Every claim's estimate from the tables alone."""
        return judge(about, tables)

    @classmethod
    def meaning(cls, claim: str, word: str, direction: str) -> Text:
        """What a verdict means for the reader."""
        return words.meaning(claim, word, direction)


STUDIES.add(Overfitting.name, Overfitting)

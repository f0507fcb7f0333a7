"""`stream`: a model in use meets images that shift further and further: how should it be updated, at equal cost?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from assay.core.errors import BadInput
from assay.core.spec import Number, Share
from assay.data import SHIFTS, Dataset, Shifted, biased
from assay.lab import Lab, Source
from assay.maths.statistics import smallest_p
from assay.studies.overfitting.base import suited
from assay.studies.overfitting.look import Ball
from assay.studies.stream import words
from assay.studies.stream.claims import CLAIMS, judge
from assay.studies.stream.design import DEPLOYED, NAMES, NO_UPDATE, Course
from assay.studies.stream.look import LookJob, looked
from assay.studies.stream.tables import run_rows, stream_rows
from assay.studies.study import STUDIES, Claim, Judged, Map, Planned, Study, Tables, Text, explained
from assay.train import Adversarial

REFERENCES = (
    ("wang2023", "Wang and Wang 2023, Generalist: Decoupling Natural and Robust Generalization, CVPR"),
    ("chaudhry2018", "Chaudhry et al. 2018, Riemannian Walk for Incremental Learning, ECCV (forgetting)"),
    ("madry2018", "Madry et al. 2018, Towards Deep Learning Models Resistant to Adversarial Attacks, ICLR"),
    ("croce2020", "Croce and Hein 2020, Reliable Evaluation of Adversarial Robustness (AutoAttack), ICML"),
    ("holm1979", "Holm 1979, Scandinavian Journal of Statistics 6:65-70 (several claims at once)"),
)
SHOWN_METRICS = ("accuracy", "false_reject_rate", "escape_rate")
USUAL = {"image": "rotation", "table": "scale_drift"}  # shifts that leave in the data what tells classes apart
TIMES = 3  # the last strength, in those that a shift is filed with
MOST_CHUNKS = 9  # a study has ten stages at most


class Stream(Study):
    """Settings of the study; see `docs/studies/stream.md` for what is claimed and how it is judged."""

    name: ClassVar[str] = "stream"
    title: ClassVar[Text] = words.TITLE
    question: ClassVar[Text] = words.QUESTION
    more: ClassVar[Text] = words.MORE
    claims: ClassVar[tuple[Claim, ...]] = CLAIMS
    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "smoke": ("grid.seeds=2", "epochs=8", "grid.chunks=2", "grid.update=3", "grid.probe=64", "grid.judged=16"),
        "default": (),
        "evidence": (),
    }

    chunks: int = Field(4, ge=1, le=MOST_CHUNKS)
    part: Share = Field(
        Fraction(1, 2), gt=0, lt=1
    )  # of the training images, for what is deployed; chunks share the rest
    shift: str
    strength: Number  # of the shift at the last chunk
    update: int = Field(10, ge=1)  # epochs of the generalist on a chunk
    judged: int = Field(128, ge=0)  # test images on which AutoAttack judges final models; 0: PGD alone
    probe: int = Field(512, ge=16)  # test images that PGD attacks at every strength

    @model_validator(mode="after")
    def _sound(self) -> Self:
        strategy = self.recipe.strategy
        if not isinstance(strategy, Adversarial):
            raise ValueError(
                f"recipe.strategy: '{strategy.kind}' is not what the attacked learner does; use adversarial"
            )
        if self.recipe.start is not None:
            raise ValueError("recipe.start: the stream begins with models that it trains; leave it out")
        if self.recipe.interventions:
            raise ValueError("recipe.interventions: updates have none; leave them out")
        if self.strength == 0:
            raise ValueError("strength: 0 shifts nothing; give the strength at the last chunk")
        if self.shift == "contrast" and self.strength >= 1:
            raise ValueError(f"strength: {self.strength:g} leaves no contrast at the end; write grid.strength=0.8")
        Shifted(shift=self.shift, strength=self.strength)
        return self

    @classmethod
    def suits(cls, data: Dataset) -> dict[str, Any]:
        """Adversarial training at a usual radius on 2,000 images at most; nothing is looked at while training."""
        return {**suited(data), "record": [], "keep": ["1"], "evaluate_every": 0}

    @classmethod
    def completed(cls, plain: dict[str, Any]) -> dict[str, Any]:
        """A shift that the data can have, growing to three times the strength that it is filed with."""
        data = Source(plain["data"], plain["production"], plain["regroup"], plain.get("split_seed", 0)).load()
        name = plain.get("shift") or USUAL[data.kind]
        shift = SHIFTS.find(str(name))
        if shift.kind != data.kind:
            fitting = ", ".join(each for each, other in SHIFTS.items() if other.kind == data.kind)
            raise BadInput(f"asked for a stream shifted by {name}; {data.name} is of kind '{data.kind}'; use {fitting}")
        return {"strength": TIMES * shift.strength, **plain, "shift": name}

    @property
    def course(self) -> Course:
        """What comes after what."""
        return Course(self.recipe, self.part, self.chunks, self.shift, self.strength, self.update)

    def stage(self, number: int, tables: Tables, data: Dataset) -> dict[str, Planned]:
        """First what is deployed, then a chunk a stage, each run going on from the one before it."""
        if number > self.chunks:
            return {}
        runs = tables.get("runs")
        done = {} if runs is None else dict(zip(runs.run, runs.status == "finished", strict=True))
        return self.course.planned(number, range(self.recipe.seed, self.recipe.seed + self.seeds), data, done)

    def placed(self, stage: dict[str, Planned], lab: Lab) -> dict[str, Planned]:
        """Where each run begins, named by the folder of the run before it."""
        return {run: _placed(plan, lab) for run, plan in stage.items()}

    def describe(self, data: Dataset) -> dict[str, Any]:
        """Arms with what an update costs, the strengths along the stream, and metrics."""
        update = self.course.costed(1, data)
        found: list[dict[str, Any]] = []
        for arm in NAMES:
            cost = update.get(arm)
            told = {"epochs": cost.recipe.epochs, "passes": cost.passes} if cost else {"epochs": 0, "passes": 0}
            role = "base" if arm == NO_UPDATE else "update"
            found.append({"name": arm, "label": words.ARM[arm], "role": role, **told})
        for arm, cost in self.course.costed(0, data).items():
            told = {"epochs": cost.recipe.epochs, "passes": cost.passes}
            found.append({"name": arm, "label": words.ARM[arm], "role": "deployed", **told})
        sizes = [len(biased(data, self.course.on(chunk).biases).train) for chunk in range(self.chunks + 1)]
        return {
            "conditions": found,
            "shift": {"name": self.shift, "unit": SHIFTS.find(self.shift).unit, "strengths": self.course.strengths},
            "images": sum(sizes),
            "parts": sizes,
            "judged": self.judged,
            **explained(SHOWN_METRICS, REFERENCES),
        }

    def plan(self, data: Dataset) -> dict[str, Any]:
        """What this many seeds can show."""
        p = smallest_p("sign-flip", self.seeds)
        runs = len(self.course.costed(0, data)) + self.chunks * len(self.course.costed(1, data))
        return {"runs": self.seeds * runs, "smallest_p": {claim.name: p for claim in CLAIMS}}

    def observe(self, planned: Mapping[str, Planned], lab: Lab, data: Dataset, each: Map) -> Tables:
        """Look at every finished run once, under every strength of the stream."""
        there = [run for run in planned if lab.record(run)["status"] == "finished"]
        ends = {run for run in there if planned[run].tags["chunk"] == self.chunks}
        final = frozenset(ends | {run for run in there if planned[run].tags["condition"] == DEPLOYED})
        how = LookJob(
            self.source,
            str(lab.root),
            str(self.recipe.model),
            (),
            shift=self.shift,
            strengths=self.course.strengths,
            ball=Ball.of(self.course.plain.attack),
            probe=self.probe,
            judged=self.judged,
        )
        numbers = looked(there, how, final, lab, data, each)
        costs = {chunk: self.course.costed(chunk, data) for chunk in range(self.chunks + 1)}
        passes = {(arm, chunk): one.passes for chunk, arms in costs.items() for arm, one in arms.items()}
        return {"runs": run_rows(planned, numbers, passes, lab, data), "stream": stream_rows(planned, numbers)}

    @classmethod
    def judge(cls, about: Mapping[str, Any], tables: Tables) -> tuple[dict[str, Judged], list[Text]]:
        """Every claim's estimate from the tables alone."""
        return judge(about, tables)

    @classmethod
    def meaning(cls, claim: str, word: str, direction: str) -> Text:
        """What a verdict means for the reader."""
        return words.meaning(claim, word, direction)


def _placed(plan: Planned, lab: Lab) -> Planned:
    start = plan.recipe.start
    if start is None:
        return plan
    return replace(plan, recipe=plan.recipe.with_(start=start.with_(run=str(lab.run(start.run)))))


STUDIES.add(Stream.name, Stream)

"""`limit`: do models that generalise become more alike with width, training data and training time?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from assay.core.files import write_json
from assay.core.spec import Share
from assay.data import Dataset, biased
from assay.lab import Lab, Source
from assay.lab.observe import View, hidden
from assay.models import build, default_model
from assay.studies.limit import words
from assay.studies.limit.claims import AXIS, CLAIMS, ROOM, judge
from assay.studies.limit.design import BASE, RANDOM, TRUE, Level, axes, condition, design, levels, widths_of
from assay.studies.limit.look import LookJob, look
from assay.studies.limit.tables import happy_of, pair_rows, run_rows
from assay.studies.rows import curves, shifts
from assay.studies.study import STUDIES, Claim, Judged, Map, Planned, Study, Tables, Text, explained

REFERENCES = (
    (
        "mahmoud2023",
        "Mahmoud et al. 2023, Stress and Adaptation: Anna Karenina Principle in Deep Learning, arXiv 2302.11380",
    ),
    (
        "kornblith2019",
        "Kornblith et al. 2019, Similarity of Neural Network Representations Revisited, arXiv 1905.00414",
    ),
    ("song2012", "Song et al. 2012, Journal of Machine Learning Research 13:1393-1434 (the unbiased estimator)"),
    (
        "arvesen1969",
        "Arvesen 1969, Annals of Mathematical Statistics 40:2076-2100 (jackknife of means over pairs)",
    ),
    ("holm1979", "Holm 1979, Scandinavian Journal of Statistics 6:65-70 (several claims at once)"),
)
SHOWN_METRICS = ("debiased_cka", "linear_cka", "accuracy", "cross_entropy", "gap")
NARROWEST, WIDEST = 8, 128  # usual widths
PARTS = (8, 4, 2)  # usual levels below the base: an eighth, a quarter, a half


class Limit(Study):
    """Settings of the study; see `docs/studies/limit.md` for what is claimed and how it is judged."""

    name: ClassVar[str] = "limit"
    title: ClassVar[Text] = words.TITLE
    question: ClassVar[Text] = words.QUESTION
    more: ClassVar[Text] = words.MORE
    claims: ClassVar[tuple[Claim, ...]] = CLAIMS
    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "smoke": ("grid.seeds=4", "epochs=8", "grid.sizes=[0.25]", "grid.epochs=[2]", "grid.widths=[8,32]"),
        "default": (),
        "evidence": ("grid.seeds=16",),
    }
    least_seeds: ClassVar[int] = 4

    seeds: int = Field(8, ge=4, le=1000)
    widths: tuple[int, ...]  # of the last layer, the others in proportion
    sizes: tuple[Share, ...] = Field(
        ("1/8", "1/4", "1/2"), validate_default=True
    )  # shares of the images that the recipe learns from
    epochs: tuple[int, ...]
    probe: int = Field(1024, ge=16)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if any(width < 1 for width in self.widths) or any(n < 1 for n in self.epochs):
            raise ValueError("widths and epochs are whole numbers from 1 on")
        if not all(0 < size <= 1 for size in self.sizes):
            raise ValueError(
                "sizes are shares of the images that the recipe learns from, above 0 up to 1, such as [0.125, 0.5]"
            )
        if not axes(levels(self.recipe, self.widths, self.sizes, self.epochs, 10**6), 10**6):
            raise ValueError("there is nothing beside the base; give widths, sizes or epochs")
        return self

    @classmethod
    def completed(cls, plain: dict[str, Any]) -> dict[str, Any]:
        """Widths that are powers of two up to a fourth of the probe, and an eighth, a quarter, a half of the epochs."""
        recipe, found = plain["recipe"], dict(plain)
        data = Source(plain["data"], plain["production"], plain["regroup"], plain.get("split_seed", 0)).load()
        if "widths" not in found:
            most = min(WIDEST, min(int(found.get("probe", 1024)), len(data.test)) // ROOM)
            known = widths_of(str(recipe.get("model") or default_model(data.kind, data.shape)))
            powers = [2**k for k in range(16) if NARROWEST <= 2**k <= most]
            found["widths"] = powers if known else []
        if "epochs" not in found:
            found["epochs"] = sorted({max(1, round(recipe.get("epochs", 20) / part)) for part in PARTS})
        return found

    @property
    def claimed(self) -> tuple[Claim, ...]:
        """The claims along axes that have more than the base."""
        there = axes(levels(self.recipe, self.widths, self.sizes, self.epochs, 10**6), 10**6)
        return tuple(claim for claim in CLAIMS if AXIS[claim.name] in there)

    @property
    def happy(self) -> int:
        """Models of a condition that its similarity is taken of."""
        return happy_of(self.seeds)

    def _images(self, data: Dataset) -> int:
        """What the base learns from: a recipe may have fewer than there are, or leave some out."""
        return len(biased(data, self.recipe.biases).train)

    def _levels(self, data: Dataset) -> list[Level]:
        return levels(self.recipe, self.widths, self.sizes, self.epochs, self._images(data))

    def stage(self, number: int, tables: Tables, data: Dataset) -> dict[str, Planned]:
        """One stage: every level of every axis, on true and on random labels."""
        if number:
            return {}
        return design(self._levels(data), self.seeds, self.happy, len(data.classes), data.learned)

    def describe(self, data: Dataset) -> dict[str, Any]:
        """Conditions, axes, layers and metrics, for `judge` and the report."""
        found = self._levels(data)
        nets = [build(str(level.recipe.model), data.shape, len(data.classes)).eval() for level in found]
        layers = [hidden(net, data.test.x[:2]) for net in nets]
        return {
            "conditions": [
                {"name": condition(level.name, labels), "label": level.label(labels), "labels": labels}
                for level in found
                for labels in (TRUE, RANDOM)
            ],
            "axes": axes(found, self._images(data)),
            "primary_layer": list(layers[0])[-1],
            "probe": min(self.probe, len(data.test)),
            "widest": max(list(each.values())[-1] for each in layers),
            **explained(SHOWN_METRICS, REFERENCES),
        }

    def plan(self, data: Dataset) -> dict[str, Any]:
        """What will be trained."""
        return {"runs": (self.seeds + self.happy) * len(self._levels(data)), "happy": self.happy}

    def observe(self, planned: Mapping[str, Planned], lab: Lab, data: Dataset, each: Map) -> Tables:
        """Look at every condition's finished models once, and at networks that learned nothing."""
        models = {level.name: str(level.recipe.model) for level in self._levels(data)}
        groups: dict[tuple[str, str], list[str]] = {}
        for run, plan in planned.items():
            if "1" in lab.record(run)["moments"]:
                groups.setdefault((plan.tags["level"], plan.tags["labels"]), []).append(run)
        jobs = []
        for (level, labels), runs in groups.items():
            seeds = [planned[run].recipe.seed for run in runs][: self.happy]
            bare = labels == TRUE and (level == BASE or level.startswith("width"))
            view = View(self.source, models[level], self.probe)
            jobs.append(LookJob(view, str(lab.root), tuple(runs), self.recipe.activation, tuple(seeds) if bare else ()))
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        numbers: dict[str, dict[str, Any]] = {}
        keys = list(groups)
        for number, seen in each(look, jobs, "looking inside"):
            found[keys[number]] = seen.pairs
            identity = jobs[number].view.identity(data.digest)
            for run, figures in seen.numbers.items():
                write_json(lab.measures(run, self.name), {"view": identity, "numbers": figures})
            numbers |= seen.numbers
        return {
            "runs": run_rows(planned, numbers, lab, data),
            "pairs": pair_rows({key: found[key] for key in keys if key in found}),
            "curves": curves(planned, lab),
            "shifts": shifts(planned, numbers),
        }

    @classmethod
    def judge(cls, about: Mapping[str, Any], tables: Tables) -> tuple[dict[str, Judged], list[Text]]:
        """Every claim's estimate from the tables alone."""
        return judge(about, tables)

    @classmethod
    def meaning(cls, claim: str, word: str, direction: str) -> Text:
        """What a verdict means for the reader."""
        return words.meaning(claim, word, direction)


STUDIES.add(Limit.name, Limit)

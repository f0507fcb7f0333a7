"""`families`: do models that generalise resemble one another inside, and does stress move a model elsewhere?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from assay.core.spec import OneOf, Share
from assay.data import Dataset
from assay.lab import Lab
from assay.lab.observe import View, hidden
from assay.losses import Loss, MultiMargin, SquaredError
from assay.maths.statistics import detectable_ratio, smallest_p
from assay.models import ActivationName, build
from assay.studies.families import words
from assay.studies.families.agree import PRIMARY
from assay.studies.families.claims import CLAIMS
from assay.studies.families.design import Condition, conditions, design
from assay.studies.families.gaps import gaps
from assay.studies.families.judging import judge
from assay.studies.families.observing import Seen, observed
from assay.studies.families.references import MOST, SHARES, labelled_at_random
from assay.studies.families.robust import Attacked
from assay.studies.gap import to_give
from assay.studies.study import STUDIES, Claim, Judged, Map, Planned, Study, Tables, Text, explained

REFERENCES = (
    (
        "mahmoud2023",
        "Mahmoud et al. 2023, Stress and Adaptation: Anna Karenina Principle in Deep Learning, arXiv 2302.11380",
    ),
    ("zaneveld2017", "Zaneveld, McMinds, Vega Thurber 2017, Nature Microbiology 2:17121 (the principle in biology)"),
    (
        "kornblith2019",
        "Kornblith et al. 2019, Similarity of Neural Network Representations Revisited, arXiv 1905.00414",
    ),
    ("williams2021", "Williams et al. 2021, Generalized Shape Metrics on Neural Representations, arXiv 2110.14739"),
    ("anderson2006", "Anderson 2006, Biometrics 62:245-253 (dispersion of groups)"),
    ("anderson2001", "Anderson 2001, Austral Ecology 26:32-46 (place of groups)"),
    ("schonemann1966", "Schönemann 1966, Psychometrika 31:1-10 (the best rotation: Procrustes)"),
    ("berger1982", "Berger 1982, Technometrics 24:295-300 (a claim that must hold under each measure)"),
    ("holm1979", "Holm 1979, Scandinavian Journal of Statistics 6:65-70 (several claims at once)"),
)


class Families(Study):
    """Settings of the study; see `docs/studies/families.md` for what is claimed and how it is judged."""

    name: ClassVar[str] = "families"
    title: ClassVar[Text] = words.TITLE
    question: ClassVar[Text] = words.QUESTION
    more: ClassVar[Text] = words.MORE
    claims: ClassVar[tuple[Claim, ...]] = CLAIMS
    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "smoke": ("grid.seeds=4", "epochs=6", "grid.times=[0.5]"),
        "default": (),
        "evidence": ("grid.seeds=20", "grid.robust=64", "grid.controls=true"),
    }

    activations: tuple[ActivationName, ...] = ("tanh", "sigmoid")
    losses: tuple[OneOf[Loss], ...] = (SquaredError(), MultiMargin())
    times: tuple[Share, ...] = Field(("0.25", "0.75"), validate_default=True)
    optimiser: Literal["keep", "reset"] = "keep"  # its state, at a swap
    probe: int = Field(512, ge=16)
    robust: int = Field(0, ge=0)  # test inputs on which the paired runs are attacked; 0: none
    eps: Share = Field("2/255", validate_default=True)  # how far, Linf
    suite: Literal["quick", "standard"] = "quick"  # two attacks of AutoAttack, or all
    controls: bool = False  # further runs and tests that say what the claims mean, `controls`
    patched: int = Field(256, ge=0)  # probe inputs on which layers are patched between twins; 0: none
    beside: int = Field(3, ge=0)  # models of each family a condition that all measures are taken of; 0: none

    @field_validator("times")
    @classmethod
    def _within(cls, times: tuple[Any, ...]) -> tuple[Any, ...]:
        if not times or not all(0 < t < 1 for t in times) or len(set(times)) < len(times):
            raise ValueError("times must be different shares of training between 0 and 1, such as [0.25, 0.75]")
        return tuple(sorted(times))

    @model_validator(mode="after")
    def _told_apart(self) -> Families:
        names = [condition.name for condition in self.conditions]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two conditions are called {', '.join(twice)}; name each kind of stress once")
        return self

    @property
    def conditions(self) -> list[Condition]:
        """The grid's conditions in the order of every table."""
        return conditions(self.activations, self.losses, self.times, self.optimiser)

    def stage(self, number: int, tables: Tables, data: Dataset) -> dict[str, Planned]:
        """One stage: both designs over all conditions."""
        if number:
            return {}
        runs = design(self.recipe, self.conditions, self.seeds, self.times, data.learned)
        if self.controls:
            first = self.recipe.seed + 1000 + len(self.conditions) * self.seeds
            runs |= labelled_at_random(self.recipe, self.seeds, first, data)
        return runs

    def _layers(self, data: Dataset) -> dict[str, int]:
        assert self.recipe.model is not None
        return hidden(build(self.recipe.model, data.shape, len(data.classes)).eval(), data.test.x[:2])

    def describe(self, data: Dataset) -> dict[str, Any]:
        """Conditions, layers and metrics, for `judge` and the report."""
        layers = self._layers(data)
        last = list(layers)[-1]
        return {
            "conditions": [condition.plain() for condition in self.conditions],
            "layers": tuple(layers),
            "primary_layer": last,
            "width": layers[last],
            "probe": min(self.probe, len(data.test)),
            "measures": [measure.name for measure in PRIMARY],
            **explained(SHOWN_METRICS, REFERENCES),
        }

    def plan(self, data: Dataset) -> dict[str, Any]:
        """What this many seeds can show."""
        third = max(3, self.seeds // 3)
        share = self.level / (len(CLAIMS) - len(self.lacking(data)))  # of the level, for the first claim by Holm
        return {
            "runs": 2 * self.seeds * len(self.conditions) + self.controls * len(SHARES) * min(self.seeds, MOST),
            "smallest_p": {"stress-moves": smallest_p("sign-flip", self.seeds)},
            "detectable": {"unhappy-vary-more": detectable_ratio(third, len(self.conditions), alpha=share)},
        }

    def lacking(self, data: Dataset) -> dict[str, Text]:
        """A relation over kinds of stress cannot be found over so few that every order of them is likely."""
        return to_give(gaps([condition.plain() for condition in self.conditions], self.level))

    def observe(self, planned: Mapping[str, Planned], lab: Lab, data: Dataset, each: Map) -> Tables:
        """Look at every run once; twins of one seed together."""
        assert self.recipe.model is not None
        view = View(self.source, self.recipe.model, self.probe)
        conditions = [condition.plain() for condition in self.conditions]
        seen = Seen(self.recipe, view, conditions, tuple(self._layers(data)), planned, lab, data)
        attack = Attacked(self.robust, float(self.eps), self.suite) if self.robust else None
        known = {"level": self.level, "seeds": self.seeds, "conditions": conditions} if self.controls else None
        return observed(
            *(seen, each), beside=self.beside, patched=self.patched, attack=attack, controlled=known,
            level=1 - self.level,
        )  # fmt: skip

    @classmethod
    def judge(cls, about: Mapping[str, Any], tables: Tables) -> tuple[dict[str, Judged], list[Text]]:
        """Every claim's estimate from the tables alone."""
        return judge(about, tables)

    @classmethod
    def meaning(cls, claim: str, word: str, direction: str) -> Text:
        """What a verdict means for the reader."""
        return words.meaning(claim, word, direction)


SHOWN_METRICS = (
    "linear_cka",
    "debiased_cka",
    "cka_distance",
    "procrustes_distance",
    "disagreement",
    "jensen_shannon",
    "error_overlap",
    "chance_error_overlap",
    "error_consistency",
    "accuracy",
    "cross_entropy",
    "gap",
    "sample_density",
    "kernel_density",
    "knn_density",
    "sample_correlation",
    "participation_ratio",
    "false_reject_rate",
    "escape_rate",
)
STUDIES.add(Families.name, Families)

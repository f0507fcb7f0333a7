"""`simplicity`: two settings give the same accuracy; which one gives the simpler, steadier function?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, Field, field_validator

from assay.core.errors import BadInput
from assay.core.files import write_json
from assay.core.spec import Number
from assay.data import Dataset
from assay.lab import Lab
from assay.lab.observe import View, probe_of
from assay.maths.statistics import smallest_p
from assay.metrics import reference_answers
from assay.models import default_model
from assay.studies.rows import curves, run_row, shifts
from assay.studies.simplicity import words
from assay.studies.simplicity.claims import CLAIMS, judge
from assay.studies.simplicity.design import DEPTHS, WIDTHS, Setting, check, design, settings
from assay.studies.simplicity.look import LookJob, complexity, identity, look
from assay.studies.study import STUDIES, Claim, Judged, Map, Planned, Study, Tables, Text, explained

REFERENCES = (
    ("guan2024", "Guan 2024, Assessing Simplification Levels in Neural Networks, arXiv 2409.16086"),
    ("lempel1976", "Lempel and Ziv 1976, IEEE Transactions on Information Theory 22:75-81"),
    ("dingle2018", "Dingle, Camargo, Louis 2018, Nature Communications 9:761 (the symmetrised measure)"),
    ("novak2018", "Novak et al. 2018, Sensitivity and Generalization in Neural Networks, arXiv 1802.08760"),
    ("holm1979", "Holm 1979, Scandinavian Journal of Statistics 6:65-70 (several claims at once)"),
)
FIGURES = (
    *("complexity", "complexity_along", "zlib_probs", "zlib_logits", "predicted_classes"),
    *("sensitivity", "sensitivity_probs", "sensitivity_margin", "flip_rate"),
    "robust_accuracy",
)
Widths = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]
PER_JOB = 8  # runs a job of looking
CERTAIN = 100.0  # the logit of an answer without a model, where the others are 0: its probability is 1


class Simplicity(Study):
    """Settings of the study; see `docs/studies/simplicity.md` for what is claimed and how it is judged."""

    name: ClassVar[str] = "simplicity"
    title: ClassVar[Text] = words.TITLE
    question: ClassVar[Text] = words.QUESTION
    more: ClassVar[Text] = words.MORE
    claims: ClassVar[tuple[Claim, ...]] = CLAIMS
    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "smoke": ("grid.seeds=4", "epochs=3", "grid.lr=[0.01]", "grid.widths=[]"),
        "default": (),
        "evidence": ("epochs=10",),
    }

    depths: tuple[Widths, ...] = ()  # widths by layer, base first; empty: what suits the model
    widths: tuple[Widths, ...] | None = None  # further widths at the base's depth
    lr: tuple[Number, ...] = (1e-5, 1e-4, 1e-2, 3e-2)  # further learning rates
    too_high: Number = Field(0.1, gt=0)
    probe: int = Field(2048, ge=16)

    @field_validator("lr")
    @classmethod
    def _positive(cls, rates: tuple[float, ...]) -> tuple[float, ...]:
        if any(rate <= 0 for rate in rates):
            raise ValueError("learning rates must be above 0")
        return tuple(sorted(rates))

    @classmethod
    def suits(cls, data: Dataset) -> dict[str, Any]:
        """The sort of model alone: its widths are the grid's."""
        return {"model": default_model(data.kind, data.shape).partition(":")[0]}

    @classmethod
    def completed(cls, plain: dict[str, Any]) -> dict[str, Any]:
        """The recipe's model is the grid's base, so that what is said and kept is what is trained."""
        recipe, depths = plain["recipe"], plain.get("depths")
        if (sort := str(recipe["model"])) in DEPTHS:
            first = depths[0] if isinstance(depths, list) and depths else DEPTHS[sort][0]
            recipe["model"] = f"{sort}:{first}"
        return plain

    @property
    def conditions(self) -> list[Setting]:
        """The grid's settings in the order of every table; `BadInput` where settings would be without effect."""
        assert self.recipe.model is not None
        family = self.recipe.model.partition(":")[0]
        if family not in DEPTHS:
            raise BadInput(
                f"asked for simplicity with model {self.recipe.model}; depth and width are known for mlp and cnn; "
                "set model=mlp or model=cnn"
            )
        depths, widths = self.depths or DEPTHS[family], WIDTHS[family] if self.widths is None else self.widths
        check(self.recipe, depths, self.too_high)
        return settings(depths, widths, self.lr, self.recipe.optimiser.lr, self.too_high)

    def stage(self, number: int, tables: Tables, data: Dataset) -> dict[str, Planned]:
        """One stage: every setting on the same seeds."""
        return {} if number else dict(design(self.recipe, self.conditions, self.seeds, data.learned))

    def describe(self, data: Dataset) -> dict[str, Any]:
        """Settings and metrics, for `judge` and the report."""
        return {
            "conditions": [setting.plain() for setting in self.conditions],
            **explained(SHOWN_METRICS, REFERENCES),
        }

    def plan(self, data: Dataset) -> dict[str, Any]:
        """What this many seeds can show."""
        p = smallest_p("sign-flip", self.seeds)
        return {
            "runs": self.seeds * len(self.conditions),
            "smallest_p": {name: p for name in ("too-high-collapses", "relu-sensitive", "depth-sensitive")},
        }

    def observe(self, planned: Mapping[str, Planned], lab: Lab, data: Dataset, each: Map) -> Tables:
        """Look at every finished run once."""
        view = View(self.source, "", self.probe)
        alive = {run: str(plan.recipe.model) for run, plan in planned.items() if "1" in lab.record(run)["moments"]}
        names = list(alive)
        jobs = [
            LookJob(view, str(lab.root), {run: alive[run] for run in names[start : start + PER_JOB]})
            for start in range(0, len(names), PER_JOB)
        ]
        numbers: dict[str, dict[str, Any]] = {}
        for _, found in each(look, jobs, "looking inside"):
            for run, figures in found.items():
                write_json(lab.measures(run, self.name), {"view": identity(view, data.digest), "numbers": figures})
            numbers |= found
        rows = []
        for run, plan in planned.items():
            figures = numbers.get(run, {})
            rows.append(run_row(run, plan, figures, lab, data) | {name: figures.get(name) for name in FIGURES})
        return {
            "runs": pd.DataFrame(rows),
            "curves": curves(planned, lab),
            "shifts": shifts(planned, numbers),
            "references": self._references(data),
        }

    def _references(self, data: Dataset) -> pd.DataFrame:
        """What each complexity is of answers that need no model and are certain: constant, true, shuffled, random."""
        probe = probe_of(data, self.probe)
        found = reference_answers(data.test.labels[probe.numpy()])
        sure = {name: CERTAIN * np.eye(len(data.classes))[answers] for name, answers in found.items()}
        rows = [{"answers": name} | complexity(logits, data.test.x[probe]) for name, logits in sure.items()]
        return pd.DataFrame(rows)

    @classmethod
    def judge(cls, about: Mapping[str, Any], tables: Tables) -> tuple[dict[str, Judged], list[Text]]:
        """Every claim's estimate from the tables alone."""
        return judge(about, tables)

    @classmethod
    def meaning(cls, claim: str, word: str, direction: str) -> Text:
        """What a verdict means for the reader."""
        claimed = next(each.claimed for each in CLAIMS if each.name == claim)
        return words.meaning(claim, word, direction, claimed)


SHOWN_METRICS = (
    *("accuracy", "cross_entropy", "gap", "false_reject_rate", "escape_rate"),
    *("lempel_ziv", "c_lz", "output_complexity", "compressed_length"),
    *("sensitivity", "margin_sensitivity", "flip_rate", "jacobian_norm"),
)
STUDIES.add(Simplicity.name, Simplicity)

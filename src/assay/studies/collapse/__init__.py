"""`collapse`: does training throw away the differences inside a class, and what prevents it?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field, field_validator

from assay.core.errors import BadInput
from assay.core.files import write_json
from assay.core.spec import Number
from assay.data import Dataset, available, biased
from assay.data.load import read
from assay.data.relabel import FINE, PAIRS, labellings
from assay.lab import Lab
from assay.lab.observe import View
from assay.maths.ssem import Setting as Batch
from assay.maths.ssem import optimal_within, supcon_alpha
from assay.maths.statistics import smallest_p
from assay.models import PROJECTOR
from assay.studies.collapse import words
from assay.studies.collapse.claims import CLAIMS, judge
from assay.studies.collapse.design import Setting, cost, design, settings
from assay.studies.collapse.foretold import foretold
from assay.studies.collapse.free import free, jobs
from assay.studies.collapse.gaps import gaps
from assay.studies.collapse.look import LookJob, look, only_test
from assay.studies.collapse.pictures import picture_rows
from assay.studies.gap import to_give
from assay.studies.rows import curves, run_row, shifts
from assay.studies.study import STUDIES, Claim, Judged, Map, Planned, Study, Tables, Text, explained
from assay.train import Recipe
from assay.train.strategies import Contrastive

REFERENCES = (
    ("lee2025", "Lee, Oh, Lee, Sohn 2025, A Theoretical Framework for Preventing Class Collapse, AISTATS"),
    ("khosla2020", "Khosla et al. 2020, Supervised Contrastive Learning, NeurIPS"),
    ("chen2022", "Chen et al. 2022, Perfectly Balanced: Improving Transfer and Robustness (class collapse), ICML"),
    ("papyan2020", "Papyan, Han, Donoho 2020, PNAS 117:24652-24663 (neural collapse)"),
    ("holm1979", "Holm 1979, Scandinavian Journal of Statistics 6:65-70 (several claims at once)"),
)
FIGURES = (
    *("within_train", "within", "feature_share", "quotient", "cdnv", "directional_cdnv", "nc1", "etf_distance"),
    *("rank", "rank_within", "view_variance", "fine_accuracy", "fine_worst", "fine_shifted"),
    *("transfer_accuracy", "transfer_few"),
)
SHOWN_METRICS = (
    *("within_variance", "within_share", "variance_quotient", "cdnv", "directional_cdnv", "nc1", "etf_distance"),
    *("effective_rank", "within_effective_rank", "view_variance", "accuracy"),
)
OTHERS = {"fashion_mnist": "mnist", "mnist": "usps", "usps": "mnist", "cifar10_jpeg": "cifar10_lossless",
          "deeppcb_64": "magnetic_tile_64", "magnetic_tile_64": "deeppcb_64"}  # fmt: skip
STEPS = 600  # about so many steps a run
PER_JOB = 5  # runs a job of looking


class Collapse(Study):
    """Settings of the study; see `docs/studies/collapse.md` for what is claimed and how it is judged."""

    name: ClassVar[str] = "collapse"
    title: ClassVar[Text] = words.TITLE
    question: ClassVar[Text] = words.QUESTION
    more: ClassVar[Text] = words.MORE
    claims: ClassVar[tuple[Claim, ...]] = CLAIMS
    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "smoke": ("grid.seeds=3", "epochs=3", "grid.temperatures=[0.5]", "grid.controls=false"),
        "default": (),
        "evidence": (),
    }

    seeds: int = Field(10, ge=2, le=1000)
    alphas: tuple[Number, ...] = (0.1, 0.75, 0.5)  # weights; the first and the last also at other temperatures
    temperatures: tuple[Number, ...] = (0.05, 0.2, 0.5)
    controls: bool = True  # remedies, imbalance, label noise, small batches
    also: tuple[str, ...] = ()  # further arms: settings of the recipe at the last weight, "model=mlp:512-64"
    transfer: str | None = None  # another data set, on which features are tried
    probe: int = Field(2048, ge=16)

    @field_validator("alphas")
    @classmethod
    def _weights(cls, alphas: tuple[float, ...]) -> tuple[float, ...]:
        if not alphas or any(not 0 <= alpha <= 1 for alpha in alphas):
            raise ValueError("weights must be in [0, 1], one at least")
        return alphas

    @classmethod
    def source_of(cls, data: str) -> str:
        """Data with coarse labels are learned by them, so that the fine ones are held back; others in pairs."""
        if "@" in data:
            return data
        found = read(data)
        if "coarse" in {name.removesuffix("_labels") for name in labellings(found)}:
            return f"{data}@coarse"
        classes = len(found.classes) or max(int(split.labels.max()) for split in found.splits.values()) + 1
        return f"{data}@{PAIRS}" if classes >= 4 else data

    @classmethod
    def suits(cls, data: Dataset) -> dict[str, Any]:
        """Balanced batches of about 50 a class, contrastive training, about 600 steps."""
        batch = min(50 * len(data.classes), 256, len(data.train) // 2)
        steps = max(1, len(data.train) // batch)
        return {
            "strategy": {"kind": "contrastive", "alpha": "auto"},
            "sampler": {"kind": "balanced"},
            "batch": batch,
            "epochs": min(120, max(6, -(-STEPS // steps))),
        }

    @classmethod
    def completed(cls, plain: dict[str, Any]) -> dict[str, Any]:
        """Every model of this study has a projector; the other data set is the one that goes with these."""
        recipe = plain["recipe"]
        if PROJECTOR not in recipe["model"]:
            recipe["model"] += PROJECTOR
        if plain.get("transfer") is None:
            other = OTHERS.get(plain["data"].partition("@")[0].rpartition("/")[2].removesuffix(".npz"))
            plain["transfer"] = other if other in available() else None
        else:
            _refuse_unfit(plain["transfer"], read(plain["transfer"]), read(plain["data"]))
        return plain

    def arms(self, data: Dataset) -> list[Setting]:
        """The grid's settings in the order of every table."""
        strategy = self.recipe.strategy
        if not isinstance(strategy, Contrastive):
            raise BadInput(f"asked for collapse with strategy {strategy.kind}; it compares contrastive ones; leave it")
        batch, _ = self.recipe.sampler.sizes(data.train.y, self.recipe.batch)
        supcon = supcon_alpha(strategy.views, batch // len(data.classes))
        return settings(self.recipe, self.alphas, self.temperatures, supcon, self.controls, self.also)

    def stage(self, number: int, tables: Tables, data: Dataset) -> dict[str, Planned]:
        """One stage: every arm on the same seeds."""
        return {} if number else design(self.recipe, self.arms(data), self.seeds, data.learned)

    def describe(self, data: Dataset) -> dict[str, Any]:
        """Arms with their forecasts, the phase diagram and metrics, for `judge` and the report."""
        arms = self.arms(data)
        strategy = self.recipe.strategy
        assert isinstance(strategy, Contrastive)
        return {
            "conditions": [
                {
                    "name": arm.name,
                    "label": arm.label,
                    "role": arm.role,
                    **foretold(applied, biased(data, applied.biases), arm.foretold),
                    **cost(applied, data),
                }
                for arm, applied in ((arm, arm.applied(self.recipe)) for arm in arms)
            ],
            "base_arm": f"weight {self.alphas[-1]:g} at {strategy.temperature:g}",
            "transfer": self.transfer,
            "fine": list(data.names.get("fine", ())),
            "phase": _diagram(self.recipe, data),
            **explained(SHOWN_METRICS, REFERENCES),
        }

    def plan(self, data: Dataset) -> dict[str, Any]:
        """What this many seeds can show."""
        p = smallest_p("sign-flip", self.seeds)
        paired = [claim.name for claim in CLAIMS if claim.design == "paired" and claim.name != "free-as-foretold"]
        return {"runs": self.seeds * len(self.arms(data)), "smallest_p": dict.fromkeys(paired, p)}

    def lacking(self, data: Dataset) -> dict[str, Text]:
        """What other data and the controls would decide."""
        fine, other = FINE in data.train.extra, self.transfer is not None
        return to_give(gaps(fine=fine, other=other, controls=self.controls))

    def observe(self, planned: Mapping[str, Planned], lab: Lab, data: Dataset, each: Map) -> Tables:
        """Look at every finished run once; optimise free embeddings."""
        view = View(self.source, "", self.probe)
        alive = {run: str(plan.recipe.model) for run, plan in planned.items() if "1" in lab.record(run)["moments"]}
        names = list(alive)
        looks = [
            LookJob(view, str(lab.root), {run: alive[run] for run in names[start : start + PER_JOB]}, self.transfer)
            for start in range(0, len(names), PER_JOB)
        ]
        numbers: dict[str, dict[str, Any]] = {}
        for _, found in each(look, looks, "looking inside"):
            for run, figures in found.items():
                identity = figures.pop("view")
                write_json(lab.measures(run, self.name), {"view": identity, "numbers": figures})
                numbers[run] = figures
        freed = sorted(each(free, jobs(), "free embeddings"), key=lambda pair: pair[0])
        about = {condition["name"]: condition for condition in self.describe(data)["conditions"]}
        rows = []
        for run, plan in planned.items():
            figures = numbers.get(run, {})
            told = about[plan.tags["condition"]]["within"]
            rows.append(
                run_row(run, plan, figures, lab, data)
                | {"predicted": None if told is None else float(np.mean(told))}
                | {name: figures.get(name) for name in FIGURES}
            )
        return {
            "runs": pd.DataFrame(rows),
            "classes": _classes(planned, numbers, about, data),
            "free": pd.DataFrame([found for _, found in freed]),
            "curves": curves(planned, lab),
            "shifts": shifts(planned, numbers),
            "pictures": picture_rows(planned, alive, lab, data),
        }

    @classmethod
    def judge(cls, about: Mapping[str, Any], tables: Tables) -> tuple[dict[str, Judged], list[Text]]:
        """Every claim's estimate from the tables alone."""
        return judge(about, tables)

    @classmethod
    def meaning(cls, claim: str, word: str, direction: str) -> Text:
        """What a verdict means for the reader."""
        return words.meaning(claim, word, direction, next(each.claimed for each in CLAIMS if each.name == claim))


def _refuse_unfit(name: str, other: Dataset, data: Dataset) -> None:
    """`BadInput` unless features of the data can be tried on another set: before any training."""
    asked = f"asked to try features on {name}"
    if other.shape != data.shape:
        raise BadInput(
            f"{asked}; found items of shape {other.shape} beside {data.shape}; "
            "give another data set of the same shape with --set grid.transfer=NAME"
        )
    fine = data.names.get("fine")
    if only_test(other) and (other.kind == "table" or not fine or other.classes != fine):
        raise BadInput(
            f"{asked}; found only test, of other classes than the fine ones of {data.name} "
            f"({', '.join(fine or ('none',))}); add train_images, or give later images of these"
        )


def _diagram(recipe: Recipe, data: Dataset) -> list[list[float]]:
    """The forecast over weights and temperatures at the base's batches: rows of weight, temperature, variance."""
    strategy = recipe.strategy
    assert isinstance(strategy, Contrastive)
    batch, _ = recipe.sampler.sizes(data.train.y, recipe.batch)
    each = batch // len(data.classes)
    return [
        [float(a), float(t), optimal_within(Batch(len(data.classes), each, strategy.views, float(a), float(t)))]
        for a in np.round(np.linspace(0, 1, 26), 3)
        for t in np.round(np.geomspace(0.02, 2, 25), 4)
    ]


def _classes(
    planned: Mapping[str, Planned], numbers: Mapping[str, dict[str, Any]], about: Mapping[str, Any], data: Dataset
) -> pd.DataFrame:
    """Every class of every run by itself: its share in training, what was foretold and what was measured."""
    rows = []
    counts: dict[str, np.ndarray] = {}
    for run, plan in planned.items():
        name = plan.tags["condition"]
        if name not in counts:
            counts[name] = np.bincount(biased(data, plan.recipe.biases).train.labels, minlength=len(data.classes))
        found, told = numbers.get(run, {}).get("by_class"), about[name]["within"]
        for label, title in enumerate(data.classes):
            rows.append(
                {
                    **{"run": run, "condition": name, "seed": plan.recipe.seed, "label": label, "name": title},
                    "train_count": int(counts[name][label]),
                    "predicted": told[label] if told else None,
                    "within_train": found["train"][label] if found else None,
                    "within": found["test"][label] if found else None,
                }
            )
    return pd.DataFrame(rows)


STUDIES.add(Collapse.name, Collapse)

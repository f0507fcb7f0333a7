"""What a study is: a question, a grid of recipes, and claims written down before any result.

A study is a spec, so its settings are its identity. `stage` gives the recipes of one stage (a later stage may read the
tables of an earlier one), `observe` turns runs into tables, `judge` turns tables into estimates. `judge` reads nothing
but the study's own description and its tables, so that verdicts can be rebuilt from the files of a study alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import pandas as pd
from pydantic import Field

from assay.core.errors import BadInput, unknown
from assay.core.registry import Registry
from assay.core.spec import Number, Spec, override, plain_value
from assay.data import Dataset
from assay.lab import Lab, Source
from assay.maths.statistics import Estimate
from assay.metrics import METRICS
from assay.models import default_model
from assay.studies.means import Means
from assay.train import Recipe

Text = dict[str, str]  # the same words by language: {"en": ..., "ja": ...}
Tables = dict[str, pd.DataFrame]
Map = Callable[[Callable[[Any], Any], Sequence[Any], str], Iterator[tuple[int, Any]]]


def text(en: str, ja: str) -> Text:
    """Words in both languages of a report's first screen."""
    return {"en": en, "ja": ja}


class Claim(Spec):
    """A statement that a study will support, refute or leave undecided; everything here is fixed beforehand.

    ``threshold`` is where the effect would be nothing, ``margin`` the range in which it does not matter, ``bounds``
    what the measure can be at all, ``claimed`` the side of the threshold on which the claim lies.
    """

    name: str
    text: Text
    measure: str
    claimed: Literal["above", "below", "apart"]
    threshold: float
    margin: tuple[float, float]
    bounds: tuple[float, float]
    scale: Literal["ratio", "share", "correlation"]
    unit: Text
    design: Literal["paired", "family"]


@dataclass(frozen=True)
class Planned:
    """A run to be: its recipe and what the study calls it."""

    recipe: Recipe
    tags: Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """A claim's estimate, and the words that go with it before the verdict is known."""

    estimate: Estimate
    n_text: Text
    sentence: Text
    detail: Mapping[str, Any] = field(default_factory=dict)
    lacking: Text | None = None  # what must be given before more runs could decide it
    parts: Mapping[str, Estimate] = field(default_factory=dict)  # by measure, where several must agree


class Study(Spec):
    """The settings that every study has; a subclass adds its axes."""

    name: ClassVar[str]
    title: ClassVar[Text]
    question: ClassVar[Text]
    more: ClassVar[Text]  # how to get more conditions, where these are the units of a claim
    claims: ClassVar[tuple[Claim, ...]]
    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {"smoke": (), "default": (), "evidence": ()}
    least_seeds: ClassVar[int] = 2

    data: str
    production: str | None = None
    regroup: bool = False
    split_seed: int = Field(0, ge=0)
    recipe: Recipe
    seeds: int = Field(12, ge=2, le=1000)
    level: Number = Field(0.05, gt=0, lt=0.5)  # shared out over the claims

    @property
    def source(self) -> Source:
        """Where the data are."""
        return Source(self.data, self.production, self.regroup, self.split_seed)

    @classmethod
    def source_of(cls, data: str) -> str:
        """Which labelling of the data the study learns."""
        return data

    @classmethod
    def suits(cls, data: Dataset) -> dict[str, Any]:
        """What the study's base recipe has otherwise than `suited` says."""
        return {}

    @classmethod
    def completed(cls, plain: dict[str, Any]) -> dict[str, Any]:
        """The settings, with what follows from the others filled in."""
        return plain

    @property
    def claimed(self) -> tuple[Claim, ...]:
        """The claims that these settings put to the test; all of them, unless a study says otherwise."""
        return self.claims

    def within(self, seconds: float, data: Dataset, lab: Lab, means: Means, keep: bool) -> tuple[Study, list[str]]:
        """The study cut down to what fits into a time, and what was cut in words; with ``keep`` it is remembered."""
        raise BadInput(
            f"asked for --budget with the study {self.name}; it has no order in which to leave things out; use --seeds "
            "or --preset, and --dry-run to see what it costs"
        )

    def stage(self, number: int, tables: Tables, data: Dataset) -> dict[str, Planned]:
        """The runs of a stage by run id; empty when there is no such stage."""
        raise NotImplementedError

    def placed(self, stage: dict[str, Planned], lab: Lab) -> dict[str, Planned]:
        """The same runs, what they take from other runs named by where this lab has it."""
        return stage

    def observe(self, planned: Mapping[str, Planned], lab: Lab, data: Dataset, each: Map) -> Tables:
        """Look at the runs and write down what there is, one row a run or pair or moment."""
        raise NotImplementedError

    def describe(self, data: Dataset) -> dict[str, Any]:
        """What `judge` and the report need to know besides the tables (conditions, layers, ...)."""
        return {}

    def plan(self, data: Dataset) -> dict[str, Any]:
        """What this many seeds can show at all: smallest p and smallest detectable effect by claim."""
        return {}

    def lacking(self, data: Dataset) -> Mapping[str, Text]:
        """Claims that these settings cannot decide whatever the runs, and what to give instead."""
        return {}

    @classmethod
    def judge(cls, about: Mapping[str, Any], tables: Tables) -> tuple[dict[str, Judged], list[Text]]:
        """An estimate for each claim, and warnings that change how to read them."""
        raise NotImplementedError

    @classmethod
    def meaning(cls, claim: str, word: str, direction: str) -> Text:
        """What a verdict means for the reader; ``direction`` is "none" where the effect is surely negligible."""
        raise NotImplementedError


STUDIES: Registry[type[Study]] = Registry("study")


def explained(metrics: Sequence[str], references: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """What the report's last parts are made of: the cards of the metrics used, and references."""
    keys = ("name", "summary", "range", "better", "unit", "cite", "example")
    cards = [METRICS[name].card for name in metrics]
    return {
        "metrics": [{key: getattr(card, key) for key in keys} for card in cards],
        "references": [{"key": key, "text": reference} for key, reference in references],
    }


def described(data: Dataset) -> dict[str, Any]:
    """What a study's record says of its data."""
    return {
        "name": data.name,
        "digest": data.digest,
        "kind": data.kind,
        "classes": list(data.classes),
        "sizes": {name: len(split) for name, split in data.splits.items()},
        "shape": list(data.shape),
        "ok": data.ok,
        "warnings": list(data.warnings),
    }


def configure(
    name: str,
    data: str,
    *,
    production: str | None = None,
    preset: str = "default",
    seeds: int | None = None,
    regroup: bool = False,
    settings: Sequence[str] = (),
) -> tuple[Study, Dataset]:
    """A study with its settings, and its data. ``settings`` are ``a.b=c`` on the recipe or ``grid.FIELD=...``.

    The order of authority: what is set by hand, then the preset, then what suits the data.
    """
    cls = STUDIES.find(name)
    if preset not in cls.presets:
        raise unknown("preset", preset, cls.presets)
    for setting in settings:
        _refuse_elsewhere(setting)
    split_seed = next((plain_value(s.partition("=")[2]) for s in settings if s.startswith("grid.split_seed=")), 0)
    if not isinstance(split_seed, int) or split_seed < 0:
        raise BadInput(f"asked for split seed {split_seed}; give a whole number from 0 on")
    data = cls.source_of(data)
    dataset = Source(data, production, regroup, split_seed).load()
    plain: dict[str, Any] = {
        "data": data,
        "production": production,
        "regroup": regroup,
        "recipe": suited(data, dataset, regroup, split_seed) | cls.suits(dataset),
    }
    by_hand = [*cls.presets[preset], *settings]
    plain = override(plain, [s.removeprefix("grid.") if s.startswith("grid.") else f"recipe.{s}" for s in by_hand])
    recipe = plain["recipe"]
    if recipe.get("model") is None:
        recipe["model"] = default_model(dataset.kind, dataset.shape)
    if ".py:" in str(recipe["model"]) and not any(s.startswith("activation=") for s in settings):
        recipe["activation"] = None  # the user's model keeps what it came with
    if seeds is not None:
        if seeds < cls.least_seeds:
            raise BadInput(f"asked for {seeds} seeds; {name} needs at least {cls.least_seeds}; 12 is usual")
        plain["seeds"] = seeds
    return cls.parse(cls.completed(plain), f"study {name}"), dataset


ELSEWHERE = {
    **{path: f"--{path.rpartition('.')[2]}" for path in ("data", "grid.data", "grid.production")},
    **{path: "--regroup" for path in ("regroup", "grid.regroup")},
    **{path: "--set grid.split_seed=..." for path in ("split_seed",)},
    **{path: "--set FIELD=... without 'recipe.'" for path in ("recipe", "grid.recipe")},
}


def _refuse_elsewhere(setting: str) -> None:
    """Settings that name the data have an option of their own, so that data and record cannot part."""
    path = setting.partition("=")[0].strip()
    if path in ELSEWHERE:
        raise BadInput(f"asked for --set {setting}; this is set elsewhere; use {ELSEWHERE[path]}")


def suited(name: str, data: Dataset, regroup: bool, split_seed: int) -> dict[str, Any]:
    """A recipe that suits the data: a fitting model, and about 800 steps in 8 to 60 epochs."""
    steps = max(1, len(data.train) // 64)
    return {
        "data": name,
        "regroup": regroup,
        "split_seed": split_seed,
        "model": default_model(data.kind, data.shape),
        "activation": "relu",
        "epochs": min(60, max(8, -(-800 // steps))),
    }

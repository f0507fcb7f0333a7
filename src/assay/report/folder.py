"""The files of a study folder, read once and forgivingly: a missing or empty table is an empty table."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from assay.core.errors import BadInput
from assay.core.files import read_json

# A pandas table. Its columns are named by files, so a type checker cannot know them and is not asked.
Frame = Any

# Columns that stay text even if every cell looks like a number: a run may be called 123456789012, a class "1".
TEXT = frozenset(
    [
        "run",
        "condition",
        "stress",
        "design",
        "family",
        "status",
        "moment",
        "side",
        "layer",
        "layer_a",
        "layer_b",
        "run_a",
        "run_b",
        "condition_a",
        "condition_b",
        "shift",
        "name",
        "class",
        "predicted",
        "thumbnail",
        "turns_into",
        "broken_by",
    ]
)


def pick(value: Any, lang: str) -> str:
    """The text in one language out of ``{"en": ..., "ja": ...}``; plain text is itself, nothing is empty.

    >>> pick({"en": "spread", "ja": "広がり"}, "ja"), pick({"en": "spread"}, "ja"), pick(None, "en")
    ('広がり', 'spread', '')
    """
    if isinstance(value, dict):
        return str(value.get(lang) or value.get("en") or next(iter(value.values()), "") or "")
    return "" if value is None else str(value)


@dataclass(frozen=True)
class Condition:
    """One condition of a study: its name in the tables, its label for people, and the stress it stands for."""

    name: str
    label: str
    stress: str
    kind: str
    at: float | None


@dataclass(frozen=True)
class Folder:
    """A study folder, seen in one language."""

    path: Path
    lang: str = "en"
    _tables: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def study(self) -> dict[str, Any]:
        """``study.json``; `BadInput` when there is none, because then this is not a study folder."""
        study = read_json(self.path / "study.json")
        if not isinstance(study, dict):
            raise BadInput(
                f"asked for the report of {self.path}; its study.json is not a mapping; give a folder that "
                "`assay study` wrote"
            )
        return study

    @cached_property
    def verdicts(self) -> list[dict[str, Any]]:
        """The verdicts of ``verdicts.json`` in the order of the claims; none when the file is missing."""
        return list(self._optional("verdicts.json").get("verdicts") or [])

    @cached_property
    def warnings(self) -> list[str]:
        """Everything that changes the reading: warnings of the verdicts, then of the data."""
        said = [
            *(self._optional("verdicts.json").get("warnings") or []),
            *((self.study.get("data") or {}).get("warnings") or []),
        ]
        return list(dict.fromkeys(text for text in (pick(item, self.lang) for item in said) if text))

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """``provenance.json``, or nothing."""
        return self._optional("provenance.json")

    @cached_property
    def conditions(self) -> list[Condition]:
        """The conditions in their fixed order; taken from the runs where the study names none."""
        named = self.study.get("conditions") or []
        if not named:
            seen = self.table("runs").get("condition", pd.Series(dtype=str))
            named = [{"name": name} for name in dict.fromkeys(seen)]
        return [
            Condition(
                str(item["name"]),
                pick(item.get("label"), self.lang) or str(item["name"]),
                str(item.get("stress") or "none"),
                str(item.get("kind") or item.get("stress") or "none"),
                item.get("at"),
            )
            for item in named
        ]

    @property
    def level(self) -> float:
        """One minus the confidence of every interval drawn here."""
        return float(self.study.get("level") or 0.05)

    def table(self, name: str) -> Frame:
        """The table ``NAME.csv``; empty when it is missing, so that its section can say so."""
        if name not in self._tables:
            self._tables[name] = _read(self.path / f"{name}.csv")
        return self._tables[name]

    def text(self, value: Any) -> str:
        """``value`` in this folder's language."""
        return pick(value, self.lang)

    def _optional(self, name: str) -> dict[str, Any]:
        path = self.path / name
        return dict(read_json(path) or {}) if path.exists() else {}


def _read(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (FileNotFoundError, pd.errors.EmptyDataError):
        return pd.DataFrame()
    except (OSError, ValueError) as error:
        raise BadInput(f"asked to read {path}; found: {error}; run the study again, or delete that table") from error
    text = TEXT if path.stem == "samples" else TEXT - {"predicted"}  # a class there, a forecast elsewhere
    return frame.assign(**{name: _numbers(frame[name]) for name in frame.columns if name not in text})


def _numbers(column: pd.Series) -> pd.Series:
    """A column of text as numbers where every cell that says something is one; text otherwise."""
    numbers = pd.to_numeric(column, errors="coerce")
    silent = column.str.strip().str.lower().isin(["", "nan", "none"])
    return numbers.astype(float) if bool((numbers.notna() | silent).all()) else column

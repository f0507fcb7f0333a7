"""The settings of the study as its charts see them: short names, one hue an activation, one shape a depth."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from assay.report.folder import Folder, Frame
from assay.report.words import Say, say_in

# The base's activation has the ink of the page, as what is unstressed has elsewhere.
_HUES = {"relu": "@ink", "tanh": "@blue", "sigmoid": "@green", "leaky_relu": "@purple"}
_SPARE = ("@orange", "@sky", "@yellow")
_SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")
_NAMES = {"relu": "ReLU", "leaky_relu": "leaky ReLU"}
TOO_HIGH = "too high"


@dataclass(frozen=True)
class Setting:
    """One setting: its name in the tables, what people call it, and how it is drawn."""

    name: str
    label: str  # what differs from the base
    activation: str
    widths: str
    depth: int
    lr: float
    row: bool
    hue: str

    @property
    def form(self) -> str:
        """The name of its shape."""
        return str(self.depth)


@dataclass(frozen=True)
class Grid:
    """All settings in their fixed order; the first is the base, the last of the rows has too high a learning rate."""

    settings: tuple[Setting, ...]

    @property
    def base(self) -> Setting:
        """What the others differ from."""
        return self.settings[0]

    @cached_property
    def rows(self) -> tuple[Setting, ...]:
        """The seven rows: what differs from the base in one thing."""
        return tuple(s for s in self.settings if s.row)

    @property
    def too_high(self) -> Setting:
        """The row whose learning rate is too high."""
        return self.rows[-1]

    @cached_property
    def hues(self) -> dict[str, str]:
        """Hue names to colour tokens: activations, and the learning rate that is too high."""
        kinds = list(dict.fromkeys(s.activation for s in self.settings))
        spare = iter(_SPARE * len(kinds))
        return {kind: _HUES.get(kind) or next(spare) for kind in kinds} | {TOO_HIGH: "@vermillion"}

    @cached_property
    def shapes(self) -> dict[str, str]:
        """Depths to shapes."""
        return dict(zip(self.depths, _SHAPES, strict=False))

    @property
    def depths(self) -> list[str]:
        """Depths, shallow first."""
        return [str(depth) for depth in sorted({s.depth for s in self.settings})]

    def of(self, name: str) -> Setting | None:
        """The setting of this name."""
        return next((s for s in self.settings if s.name == name), None)

    def drawn(self, frame: Frame) -> Frame:
        """A table with a column ``condition``, with the columns label, hue and form by which its rows are drawn."""
        columns = {name: {s.name: getattr(s, name) for s in self.settings} for name in ("label", "hue", "form")}
        known = frame[frame.condition.isin([s.name for s in self.settings])]
        return known.assign(**{name: known.condition.map(values) for name, values in columns.items()})

    def keys(self, say: Say) -> dict[str, list[tuple[str, str, str]]]:
        """What hue and shape mean, for the page."""
        hues = [(_NAMES.get(name, name), token, "circle") for name, token in self.hues.items() if name != TOO_HIGH]
        hues.append((say("learning rate too high", "学習率が高すぎる"), self.hues[TOO_HIGH], "circle"))
        shapes = [(layers(int(depth), say), "", shape) for depth, shape in self.shapes.items()]
        return {"activation": hues, "depth": shapes}


def grid(folder: Folder) -> Grid | None:
    """The settings that ``study.json`` names; nothing where it names none."""
    say = say_in(folder.lang)
    named: list[dict[str, Any]] = [c for c in folder.study.get("conditions") or [] if "activation" in c and "lr" in c]
    rows = [c for c in named if c.get("row")]
    if len(rows) < 2:
        return None
    short = [_short(c, named[0], say) for c in named]
    counts = Counter(short)
    # Two settings that would be called the same are called by their full label.
    called = [text if counts[text] == 1 else folder.text(c.get("label")) for text, c in zip(short, named, strict=True)]
    return Grid(tuple(
        Setting(
            str(c["name"]), label, str(c["activation"]), str(c["widths"]), int(c["depth"]), float(c["lr"]),
            bool(c.get("row")), TOO_HIGH if c is rows[-1] else str(c["activation"]),
        )
        for c, label in zip(named, called, strict=True)
    ))  # fmt: skip


def _short(setting: dict[str, Any], base: dict[str, Any], say: Say) -> str:
    """What differs from the base."""
    parts = []
    if setting["activation"] != base["activation"]:
        parts.append(activation_name(str(setting["activation"])))
    if setting["depth"] != base["depth"]:
        parts.append(layers(int(setting["depth"]), say))
    elif setting["widths"] != base["widths"]:
        parts.append(say(f"width {setting['widths']}", f"幅 {setting['widths']}"))
    if setting["lr"] != base["lr"]:
        parts.append(say(f"learning rate {plain(setting['lr'])}", f"学習率 {plain(setting['lr'])}"))
    return say(", ", "、").join(parts) or say("base", "基準")


def activation_name(name: str) -> str:
    """What an activation is called in a sentence.

    >>> activation_name("leaky_relu"), activation_name("tanh")
    ('leaky ReLU', 'tanh')
    """
    return _NAMES.get(name, name)


def layers(depth: int, say: Say) -> str:
    """A depth in words."""
    return say("1 layer" if depth == 1 else f"{depth} layers", f"{depth} 層")


def plain(value: float) -> str:
    """A number without an exponent.

    >>> plain(1e-5), plain(0.1)
    ('0.00001', '0.1')
    """
    return np.format_float_positional(float(value), trim="-")


def finished(folder: Folder, *columns: str) -> Frame:
    """The finished runs that were looked at, if the table has these columns; else an empty table.

    Adds ``shift_wrong``, the mean of false rejects and escapes on shifted data.
    """
    runs = folder.table("runs")
    if runs.empty or not {"run", "condition", "seed", "status", "complexity"} <= set(runs.columns):
        return pd.DataFrame()
    runs = runs[(runs.status == "finished") & runs.complexity.notna()]
    if {"shift_false_reject", "shift_escape"} <= set(runs.columns):
        runs = runs.assign(shift_wrong=(runs.shift_false_reject + runs.shift_escape) / 2)
    return runs if len(runs) and set(columns) <= set(runs.columns) else pd.DataFrame()


def floored(values: Frame) -> Frame:
    """Values for a log axis: zeros stand at half of the smallest value above zero."""
    positive = values[values > 0]
    return values.clip(lower=float(positive.min()) / 2) if len(positive) else values + 1.0


def answers(folder: Folder, figure: str = "complexity") -> list[tuple[str, float]]:
    """What answers that need no model have as a complexity, with the words for them."""
    say, found = say_in(folder.lang), folder.table("references")
    if found.empty or not {"answers", figure} <= set(found.columns):
        return []
    words = {
        "constant": say("always the same answer", "常に同じ答え"),
        "true": say("true labels", "正解ラベル"),
        "shuffled": say("shuffled labels", "並べ替えたラベル"),
        "random": say("random answers", "無作為な答え"),
    }
    pairs = zip(found.answers.astype(str), found[figure], strict=True)
    known = ((name.split()[0].lower(), float(x)) for name, x in pairs if name)
    return [(words[name], x) for name, x in known if name in words and x == x]

"""What a page is made of: sections of figures and tables. A study hands these over; templates draw them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Panel:
    """One drawing. ``aspect`` is height over width where units must be equal on both axes; else the chart knows."""

    chart: Any
    title: str = ""
    aspect: float | None = None


@dataclass(frozen=True)
class Cell:
    """A cell of a table: what is read, what it is sorted by, and where it leads."""

    text: str
    order: float | str | None = None
    href: str = ""
    note: str = ""
    hue: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    title: str
    number: bool = False
    help: str = ""


@dataclass(frozen=True)
class Table:
    """A real table with headers; ``folded`` says what is inside while it is closed."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    folded: str = ""
    sortable: bool = False
    kind: str = "table"


@dataclass(frozen=True)
class Slide:
    """A slider through the rows of a table that stands on the page: what a row says is shown, and the charts of the
    figure follow, whose parameter ``at`` is the row's place. Before it is moved, and without scripts: row ``start``."""

    label: str
    table: Table
    start: int


@dataclass(frozen=True)
class Figure:
    """One or more panels that share scales, with a caption that says how to read them and a text that replaces them."""

    name: str
    title: str
    panels: tuple[Panel, ...]
    alt: str
    caption: str = ""
    keys: tuple[str, ...] = ()  # names of the page's keys to show above the panels: "stress", "family"
    narrowest: int = 9999  # pixels below which panels do not stand side by side
    shared: bool = False  # panels side by side share the labels of their rows
    beside: Table | None = None  # what stands beside the drawing, until something is brushed
    slide: Slide | None = None  # what moves its charts
    kind: str = "figure"


@dataclass(frozen=True)
class Gallery:
    """Samples as images at a whole-number zoom."""

    name: str
    title: str
    items: tuple[dict[str, Any], ...]
    caption: str = ""
    kind: str = "gallery"


@dataclass(frozen=True)
class Text:
    """A paragraph, or with ``code`` a block that can be copied."""

    text: str
    code: bool = False
    title: str = ""
    kind: str = "text"


@dataclass(frozen=True)
class Terms:
    """A list of terms and what they mean."""

    items: tuple[tuple[str, tuple[str, ...]], ...]
    kind: str = "terms"


@dataclass(frozen=True)
class Strips:
    """Rows of a few images side by side: an item has ``pictures``, a ``title``, what it ``becomes``, and ``notes``."""

    name: str
    title: str
    heads: tuple[str, ...]  # what each picture of a row is
    items: tuple[dict[str, Any], ...]
    caption: str = ""
    kind: str = "strips"


Block = Figure | Table | Gallery | Strips | Text | Terms


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading and an anchor; ``verdict`` is the claim it gives evidence for."""

    name: str
    title: str
    blocks: tuple[Block, ...]
    lead: str = ""
    verdict: dict[str, Any] | None = None
    tested: str = ""  # the test in one sentence, with its assumptions
    part: str = "evidence"


@dataclass(frozen=True)
class Story:
    """What one study adds to the page: the picture that carries the answer, and its sections."""

    hero: Figure | None = None
    sections: tuple[Section, ...] = ()
    controls: tuple[Block, ...] = ()
    keys: Mapping[str, list[tuple[str, str, str]]] = field(default_factory=dict)  # further keys of hue and shape
    cards: tuple[dict[str, Any], ...] = ()  # in the place of verdicts, for what judges no claims
    terms: tuple[tuple[str, tuple[str, ...]], ...] = ()  # in the place of the terms that every study explains

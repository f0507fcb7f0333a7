"""The HTML page: one file that loads nothing, the same for the same tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from assay.core.errors import BadInput
from assay.core.files import to_json, write_text
from assay.report import common
from assay.report.blocks import Figure, Panel, Section, Story
from assay.report.charts import kit, story, theme
from assay.report.claims import cards
from assay.report.folder import Folder
from assay.report.strip import strip
from assay.report.words import LANGUAGES, chrome


def render(folder: Path, lang: str = "en") -> Path:
    """Write ``report.html`` into a study folder from the files in it, and return its path.

    ``lang``: "en" or "ja". The same files give the same bytes. `BadInput` when the folder holds no ``study.json``,
    when a table cannot be read, or when the language is not known.
    """
    if lang not in LANGUAGES:
        raise BadInput(f"asked for a report in '{lang}'; known are {' and '.join(LANGUAGES)}; choose one of these")
    path = Path(folder) / "report.html"
    write_text(path, html(Folder(Path(folder), lang)))
    return path


def html(folder: Folder) -> str:
    """The page as text."""
    told: Story = story(folder)
    words = chrome(folder.lang)
    sections = [*told.sections, *common.sections(folder, told)]
    charts = Charts()
    environment = _environment()
    environment.filters["charts"] = charts.add
    environment.filters["options"] = options
    environment.filters["dashed"] = lambda text: re.sub(r"[^a-zA-Z0-9_-]+", "-", str(text))
    page = environment.get_template("page.html.j2").render(
        folder=folder,
        w=words,
        lang=folder.lang,
        study=folder.study,
        title=folder.text(folder.study.get("title")) or str(folder.study.get("study", "assay")),
        question=folder.text(folder.study.get("question")),
        facts=common.facts(folder),
        cards=told.cards or cards(folder),
        hero=told.hero,
        parts=_parts(sections, words),
        strip=strip,
        keys={**common.keys(folder), **told.keys},
        charts=charts,
        style=Markup(_asset("style.css").replace("FONT_STACK", theme.FONT)),
        script=Markup(_asset("script.js")),
        vega=Markup(_vega()),
        tokens=theme.TOKENS,
        embedded=lambda: Markup(embedded(charts.page_data(words))),
    )
    return page if page.endswith("\n") else page + "\n"


def _parts(sections: list[Section], words: dict[str, str]) -> list[tuple[str, str, list[Section]]]:
    order = ("evidence", "more", "controls", "runs", "terms", "done", "references")
    parts = [(name, words[name], [s for s in sections if s.part == name]) for name in order]
    return [part for part in parts if part[2]]


@dataclass
class Charts:
    """The drawings of a page: specifications by name, and the tables that they share."""

    specs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, panel: Panel, figure: Figure, index: int) -> str:
        """File one panel and return the name under which the page finds it."""
        name = f"{figure.name}-{index}"
        spec = panel.chart.to_dict(validate=False)  # every channel was validated when it was made
        spec.pop("config", None)
        spec.pop("$schema", None)
        spec["description"] = figure.alt
        self.specs[name] = {"spec": spec, "aspect": panel.aspect}
        return name

    def page_data(self, words: dict[str, str]) -> dict[str, Any]:
        """Everything that the page's script reads."""
        said = {key: words[key] for key in ("copied", "copy", "listed")}
        tables = {name: kit.TABLES[name] for name in sorted(_tables(self.specs))}
        kit.TABLES.clear()
        shared = {"config": theme.config(), "tokens": theme.TOKENS, "words": said}
        return {"charts": self.specs, "datasets": tables, **shared}


def _tables(value: Any) -> set[str]:
    """The names of all tables that a specification refers to."""
    if isinstance(value, dict):
        own = {value["name"]} if value.get("name") in kit.TABLES else set()
        return own.union(*map(_tables, value.values()))
    return set().union(*map(_tables, value)) if isinstance(value, list) else set()


def embedded(value: Any) -> str:
    """JSON that can stand inside a script element: no ``<`` is left that could end it or open a comment.

    >>> embedded({"name": "</script>"})
    '{"name": "\\\\u003c/script>"}'
    """
    return to_json(value).replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def options(text: str) -> Markup:
    """Text in which command-line options are marked as code, so that they are not broken over lines.

    >>> str(options("more seeds (--seeds 12) & time"))
    'more seeds (<code>--seeds 12</code>) &amp; time'
    >>> str(options("without --preset pilot, or --set 'a=[1, 2]'."))
    'without <code>--preset pilot</code>, or <code>--set &#39;a=[1, 2]&#39;</code>.'
    """
    quoted, letter = r"&#39;.*?&#39;", r"[^\s()（）<>&;]"
    plain = rf"{letter}*{letter[:-1]},.]"  # a comma or a full stop after an option belongs to the sentence
    return Markup(re.sub(rf"--[a-z]+(?: (?:{quoted}|{plain}))?", r"<code>\g<0></code>", str(escape(text))))


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("assay.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _asset(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


@cache
def _vega() -> str:
    """The drawing library, to stand inside a script element."""
    import altair
    import vl_convert

    snippet = "window.vegaEmbed = vegaEmbed;"
    version = ".".join(altair.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    try:
        bundle = vl_convert.javascript_bundle(snippet, version)
    except ValueError:  # the converter does not carry the version that Altair writes: its newest reads it as well
        bundle = vl_convert.javascript_bundle(snippet)
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")

"""What it means before deployment: what is to be expected with all images, whether that can be trusted, the price."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from assay.report.blocks import Block, Cell, Column, Figure, Panel, Section, Table
from assay.report.charts import kit
from assay.report.charts.arms import finished
from assay.report.charts.overfitting.amounts import sizes
from assay.report.charts.overfitting.arms import Arms
from assay.report.charts.overfitting.tables import above, measures
from assay.report.charts.paired import slopes
from assay.report.charts.scatter import axis, channels
from assay.report.folder import Folder, Frame
from assay.report.numbers import between, number
from assay.report.words import Say, say_in
from assay.studies.overfitting.design import BASELINE, CLEAN
from assay.studies.overfitting.risk import FIGURES, LEAST, Foretold, Risk, risk

HEIGHT = 250


def deployment(folder: Folder, found: Arms | None) -> Section | None:
    """The section: in words, the check of the line and what it foretells, the price of adversarial training."""
    say = say_in(folder.lang)
    told = figures(folder)
    blocks: list[Block | None] = []
    if found is not None:
        blocks = [
            _line(folder, found, told) if told else None,
            _table(told, folder, say) if told and told.checked else None,
            price(folder, found),
        ]
    there = tuple(block for block in blocks if block)
    lead = _lead(folder, found, told, say)
    if not there and not told:
        return None
    return Section("deployment", say("What this means before deployment", "導入前に知っておくこと"), there, lead)


def figures(folder: Folder) -> Risk | None:
    """The risk figure as the study itself gives it, from its description and its table of runs."""
    study, runs = folder.study, finished(folder, *FIGURES.values(), "clean_last")
    if runs.empty or not {"images", "sizes"} <= set(study) or "train" not in (study.get("data") or {}).get("sizes", {}):
        return None
    alive = finished(folder)
    return risk(study, alive)


def _lead(folder: Folder, found: Arms | None, told: Risk | None, say: Say) -> str:
    """What is to be expected, or why nothing is said."""
    if told is None:
        return ""
    if told.warnings:
        return " ".join(folder.text(text) for text in told.warnings)
    if told.withheld:
        trained = len(sizes(folder, found)) if found else 0
        return say(
            f"No figure of risk: it takes trainings on {LEAST} sizes or more, each finished with two seeds or more, to "
            f"draw a line and check it; this study has {trained} (--set grid.sizes=[0.5,0.25]).",
            f"リスク値は示せません: 直線を引いて確かめるには {LEAST} 段階以上の画像数 (各 2 シード以上の完了) "
            f"が必要ですが、この研究では {trained} 段階です (--set grid.sizes=[0.5,0.25])。",
        )
    return say(
        "All images were learned from, so that nothing is extended: what was measured is what to expect. The smaller "
        "parts would have foretold it.",
        "全画像で学習したため外挿は不要で、測定値がそのまま期待値です。小さい部分からの予測も的中しました。",
    )


def _words(say: Say) -> dict[str, str]:
    return {
        "drop": say("Loss of robustness, points", "頑健性の低下 (ポイント)"),
        "robust": say("Robust accuracy at the best look, %", "最良時の頑健正解率 (%)"),
        "clean": say("Clean accuracy at the best look, %", "最良時の通常の正解率 (%)"),
    }


def _line(folder: Folder, found: Arms, told: Risk) -> Figure | None:
    """Every size that was trained, what the smaller ones foretell of the largest, and what is foretold of all."""
    say, shown, learned = say_in(folder.lang), sizes(folder, found), int(folder.study["images"])
    runs = finished(folder, "images")
    runs = found.drawn(runs[runs.condition.isin([arm.name for arm in shown])]) if len(runs) else runs
    if runs.empty or runs.images.nunique() < 2:
        return None
    panels, said = [], []
    for name, column in FIGURES.items():
        if column not in runs or runs[column].notna().sum() < 2:
            continue
        check = told.checked.get(name)
        ahead = told.expected.get(name) if not told.withheld and learned < told.images else None
        panels.append(Panel(_panel(found, runs, name, column, told, learned, check, ahead, say), _words(say)[name]))
        if check:
            said.append(
                say(
                    f"{_words(say)[name]}: foretold {_figure(check[0], folder)}, measured {number(100 * check[1], 1)}",
                    f"{_words(say)[name]}: 予測 {_figure(check[0], folder)}、実測 {number(100 * check[1], 1)}",
                )
            )
        if ahead:
            said.append(say(f"all images {_figure(ahead, folder)}", f"全画像 {_figure(ahead, folder)}"))
    if not panels:
        return None
    return Figure(
        name="risk",
        title=say("From parts of the images to all of them", "一部の画像から全画像へ"),
        panels=tuple(panels),
        alt=say("Against the number of training images. ", "学習画像数に対する値。")
        + ("; ".join(said) or say(f"{len(shown)} sizes, nothing foretold", f"{len(shown)} 段階、予測なし"))
        + ".",
        caption=say("Small dots are seeds, large marks their means.", "小さな点はシード、大きな印は平均。")
        + (_reading(say) if told.checked else ""),
        keys=("earlier",),
        narrowest=270,
    )


def _reading(say: Say) -> str:
    """How to read what is foretold."""
    return say(
        " The hollow diamond is what the smaller parts foretell of the largest, with its interval: where the measured "
        "mean lies outside, no figure is given. A filled diamond is what is expected with all images. Intervals that "
        "leave the picture are in the table.",
        " 白抜きの菱形は小さい部分からの最大部分の予測と区間で、実測の平均が外れればリスク値は示さない。"
        "塗りの菱形は全画像での期待値。図からはみ出す区間は表に示す。",
    )


def _panel(
    found: Arms,
    runs: Frame,
    name: str,
    column: str,
    told: Risk,
    learned: int,
    check: tuple[Foretold, float] | None,
    ahead: Foretold | None,
    say: Say,
) -> Any:
    dots = runs.dropna(subset=[column]).assign(x=lambda f: f.images, y=lambda f: 100 * f[column])
    middle = dots.groupby(["condition", "full", "hue", "form"], sort=False)[["x", "y"]].mean().reset_index()
    across = axis(say("training images", "学習画像数"), dots.x, *([[told.images]] if ahead else []), log=True, pad=0.14)
    at = [(learned, check[0], say("foretold", "予測"))] if check else []
    at += [(told.images, ahead, say("all images", "全画像"))] if ahead else []
    values = [100 * each.value for _, each, _ in at]
    air = 0.8 * float(dots.y.max() - dots.y.min() or 2.0)
    low, high = float(dots.y.min()) - air, float(dots.y.max()) + air
    ends = [min(max(100 * end, low), high) for _, each, _ in at for end in (each.low, each.high)]
    up = axis("", dots.y, values, ends, *([[0.0]] if name == "drop" else []), pad=0.1)
    x, y = channels((across, up))
    look = {"color": kit.hue("hue", found.hues), "shape": kit.shape("form", found.shapes)}
    tip = kit.tips(full=say("arm", "条件"), run=say("run", "学習"), x_=across.title, y_=say("value", "値"))
    small = alt.Chart(kit.data(dots[["run", "full", "hue", "form", "x", "y"]])).mark_point(
        filled=True, size=15, opacity=0.5
    )
    large = alt.Chart(kit.data(middle)).mark_point(filled=True, size=90, opacity=1, stroke="@ground", strokeWidth=1.2)
    line = alt.Chart(kit.data(middle[["x", "y"]].sort_values("x"))).mark_line(color="@faint", strokeWidth=1.5)
    layers: list[Any] = [line.encode(x=x, y=y), small.encode(x=x, y=y, tooltip=tip, **look)]
    frame = pd.DataFrame(
        [
            {
                "x": image,
                "y": 100 * each.value,
                "low": max(100 * each.low, up.span[0]),
                "high": min(100 * each.high, up.span[1]),
                "name": word,
                "full": word,
            }
            for image, each, word in at
        ]
    )
    for i in range(len(frame)):
        part = frame.iloc[[i]]
        source = alt.Chart(kit.data(part))
        rule = source.mark_rule(color="@muted", strokeWidth=7, opacity=0.3).encode(
            x=x, y=channels((across, up), "x", "low")[1], y2="high:Q"
        )
        filled = part["name"].iloc[0] == say("all images", "全画像")
        mark = source.mark_point(shape="diamond", size=110, filled=filled, color="@muted", strokeWidth=2, opacity=1)
        text = source.mark_text(dy=-8, fontSize=11, color="@muted")
        layers += [
            rule,
            mark.encode(x=x, y=y, tooltip=[tip[0], *tip[2:]]),
            text.encode(x=x, y=channels((across, up), "x", "high")[1], text="name:N"),
        ]
    layers.append(large.encode(x=x, y=y, tooltip=[tip[0], *tip[2:]], **look))
    return alt.layer(*layers).properties(height=HEIGHT)


def _figure(each: Foretold, folder: Folder) -> str:
    return f"{number(100 * each.value, 1)} ({between(100 * each.low, 100 * each.high, 1, folder.lang)})"


def _table(told: Risk, folder: Folder, say: Say) -> Table:
    """Foretold against measured for the largest part, and what is expected with all images."""
    learned, rows = int(folder.study["images"]), []
    ahead = not told.withheld and learned < told.images
    for name, word in _words(say).items():
        if name not in told.checked:
            continue
        check, seen = told.checked[name]
        inside = check.low <= seen <= check.high
        cells = [
            Cell(word),
            _cell(check, folder),
            Cell(number(100 * seen, 1), seen),
            Cell(say("yes", "はい") if inside else say("no", "いいえ")),
        ]
        rows.append((*cells, *([_cell(told.expected[name], folder)] if ahead else [])))
    heads = [
        Column(say("figure", "項目")),
        Column(say(f"foretold for {learned} images", f"{learned} 枚の予測"), number=True),
        Column(say("measured", "実測"), number=True),
        Column(say("within the interval", "区間内")),
    ]
    if ahead:
        heads.append(Column(say(f"expected with all {told.images}", f"全 {told.images} 枚での期待値"), number=True))
    caption = say(
        "The check on the largest part, foretold from the smaller ones", "最大の部分での確認 (小さい部分からの予測)"
    )
    return Table("risk-table", caption, tuple(heads), tuple(rows))


def _cell(each: Foretold, folder: Folder) -> Cell:
    return Cell(number(100 * each.value, 1), each.value, note=between(100 * each.low, 100 * each.high, 1, folder.lang))


def price(folder: Folder, found: Arms) -> Figure | None:
    """Natural against adversarial training, seed by seed: what robustness costs and what it brings."""
    say = say_in(folder.lang)
    called = {name: above(folder, name) for name in ("clean_last", "robust_last")}
    figure = slopes(folder, found, "price", found.named(CLEAN, BASELINE), measures(folder), called)
    if figure is None:
        return None
    return Figure(
        name="price",
        title=say("The price of adversarial training", "敵対的学習の代償"),
        panels=figure.panels,
        alt=figure.alt,
        caption=figure.caption,
        narrowest=figure.narrowest,
    )

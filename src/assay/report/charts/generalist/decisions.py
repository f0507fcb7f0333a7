"""Whom the global model follows where its learners disagree, who is right there, and such images."""

from __future__ import annotations

from typing import Any

import altair as alt

from assay.report.blocks import Cell, Column, Figure, Panel, Strips, Table
from assay.report.charts import kit
from assay.report.charts.families.samples import class_name, thumbnail
from assay.report.charts.generalist.arms import Arms
from assay.report.folder import Folder, Frame
from assay.report.numbers import Mean, mean_interval, with_interval
from assay.report.words import Say, say_in

INPUTS = {"clean": ("clean images", "通常の画像"), "attacked": ("attacked images", "攻撃された画像")}
SHARES = {
    "follows_first": ("the adversarial learner", "敵対側", "@ink"),
    "follows_second": ("the standard learner", "通常側", "@muted"),
    "follows_neither": ("neither", "どちらでもない", "@yellow"),
}
ROOM = 88


def follows(folder: Folder, found: Arms | None) -> Figure | None:
    """Shares of all images on which the learners disagree, by whom the global model follows; a row an arm."""
    frame, say = folder.table("decisions"), say_in(folder.lang)
    if found is None or not {"condition", "inputs", *SHARES} <= set(frame.columns):
        return None
    mean = found.drawn(frame.groupby(["condition", "inputs"], sort=False)[list(SHARES)].mean().reset_index())
    if mean.empty:
        return None
    span = kit.domain([0.0], 100 * mean[list(SHARES)].sum(axis=1), zero=True)
    panels, said = [], []
    for kind, words in INPUTS.items():
        here = mean[mean.inputs == kind]
        if len(here):
            panels.append(Panel(_bars(found, here, span, say), _capital(say(*words))))
            said.append(f"{say(*words)}: " + "; ".join(_told(row, say) for row in here.to_dict("records")))
    return Figure(
        name="follows",
        title=say("Where the learners disagree: whom the model follows", "学習器の不一致: モデルはどちらに従うか"),
        panels=tuple(panels),
        alt=say("Percent of images. ", "画像の割合 (%)。") + ". ".join(said) + ".",
        caption=say(
            "Shares of all images on which the two learners give different answers; means over seeds.",
            "二つの学習器の答えが異なる画像の割合、シードの平均。",
        ),
        keys=("followed",),
        narrowest=340,
        shared=True,
    )


def _told(row: dict[str, Any], say: Say) -> str:
    return f"{row['full']} " + ", ".join(f"{say(*SHARES[c][:2])} {100 * row[c]:.1f}" for c in SHARES)


def keys(say: Say) -> dict[str, list[tuple[str, str, str]]]:
    """What the colours of the bars mean."""
    return {"followed": [(say(english, japanese), token, "square") for english, japanese, token in SHARES.values()]}


def _bars(found: Arms, here: Frame, span: kit.Domain, say: Say) -> Any:
    rows = [arm.label for arm in found.there(here)]
    long = here.assign(row=here["full"]).melt(["row"], list(SHARES), "who", "share")
    long = long.assign(value=100 * long.share, order=long.who.map({c: i for i, c in enumerate(SHARES)}),
                       said=long.who.map({c: say(*words[:2]) for c, words in SHARES.items()}))  # fmt: skip
    axis = alt.Axis(grid=False, labelColor="@ink")
    title = say("% of all images →", "全画像に対する % →")
    return (
        alt.Chart(kit.data(long[["row", "who", "value", "order", "said"]]))
        .mark_bar(height=13)
        .encode(
            x=alt.X("value:Q", title=title, stack="zero", scale=alt.Scale(domain=list(span), nice=False)),
            y=alt.Y("row:N", sort=None, title=None, scale=alt.Scale(domain=rows), axis=axis),
            color=kit.hue("who", {c: token for c, (_, _, token) in SHARES.items()}),
            order="order:Q",
            tooltip=kit.tips(row=say("arm", "条件"), said=say("follows", "従う先"), value_="%"),
        )
        .properties(height=26 * len(rows))
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def right(folder: Folder, found: Arms | None) -> Table | None:
    """Where the learners disagree: who is right there, and how often the global model leaves both where they agree."""
    frame, say = folder.table("decisions"), say_in(folder.lang)
    heads = {
        "first_right": say("adversarial learner right, %", "敵対側が正解 %"),
        "second_right": say("standard learner right, %", "通常側が正解 %"),
        "global_right": say("global model right, %", "混合モデルが正解 %"),
        "leaves_both": say("leaves both where they agree, %", "一致した両者と異なる %"),
    }
    if found is None or not {"condition", "inputs", *heads} <= set(frame.columns) or frame.empty:
        return None
    rows = []
    for place, arm in enumerate(found.arms):
        for kind, words in INPUTS.items():
            part = frame[(frame.condition == arm.name) & (frame.inputs == kind)]
            if len(part):
                cells = (_cell(part[column], folder) for column in heads)
                rows.append((Cell(arm.label, place, hue=found.hues[arm.hue]), Cell(say(*words)), *cells))
    if not rows:
        return None
    where = say("of the images on which the learners disagree", "学習器の答えが異なる画像のうち")
    whole = say("of all images", "全画像のうち")
    columns = [Column(title, True, whole if column == "leaves_both" else where) for column, title in heads.items()]
    caption = say("Who is right where the learners disagree", "学習器が食い違うとき、正しいのはどちらか")
    first = (Column(say("arm", "条件")), Column(say("images", "画像")))
    return Table("right", caption, (*first, *columns), tuple(rows), sortable=True)


def _cell(values: Any, folder: Folder) -> Cell:
    mean = mean_interval(values.dropna(), folder.level)
    if not mean.n:
        return Cell("–")
    inside = Mean(mean.mean, max(0.0, mean.low), min(1.0, mean.high), mean.n)
    text, interval = with_interval(inside, 100.0, folder.lang)
    return Cell(text, mean.mean, note=interval)


def pictures(folder: Folder) -> list[Strips]:
    """Disputed images of the generalist's first run, with every answer; nothing for tables of measurements."""
    frame, say = folder.table("samples"), say_in(folder.lang)
    if not {"inputs", "label", "first", "second", "global", "follows", "thumbnail"} <= set(frame.columns):
        return []
    classes = [str(name) for name in (folder.study.get("data") or {}).get("classes") or []]
    found: list[Strips] = []
    for kind, words in INPUTS.items():
        rows = frame[frame.inputs == kind].to_dict("records")
        items = [item for row in rows if (item := _item(row, classes, say)) is not None]
        if items:
            caption = say(
                "Above: the true class, and what the global model says where it is wrong. Below: what each learner "
                "says, and whom the model follows. Images as they are before any attack, at a whole-number zoom.",
                "上: 正解と、誤った場合の混合モデルの答え。下: 各学習器の答えと、従った先。画像は攻撃前、整数倍。",
            )
            title = say(f"Disputed: {words[0]}", f"食い違い: {words[1]}")
            heads = (say("image", "画像"),)
            found.append(Strips(f"disputed-{kind}", title, heads, tuple(items), "" if found else caption))
    return found


def _item(row: dict[str, Any], classes: list[str], say: Say) -> dict[str, Any] | None:
    address, width, height = thumbnail(str(row["thumbnail"]), ROOM)
    if not address:
        return None
    label, first, second, whole = (class_name(row[name], classes) for name in ("label", "first", "second", "global"))
    followed = SHARES.get(f"follows_{row['follows']}", ("neither", "どちらでもない", ""))
    return {
        "pictures": [(address, width, height)],
        "title": label,
        "becomes": whole if whole != label else "",
        "notes": (
            say(f"adversarial: {first} · standard: {second}", f"敵対側: {first} · 通常側: {second}"),
            say(f"follows {followed[0]}", f"従う先: {followed[1]}"),
        ),
    }

"""What features can still do on images that were trained on and on new ones: by layer and channel, and under attack."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from assay.report.blocks import Block, Figure, Panel
from assay.report.charts import kit
from assay.report.charts.arm_table import means_table
from assay.report.charts.arms import finished
from assay.report.charts.means import means_of
from assay.report.charts.overfitting.arms import Arms
from assay.report.charts.overfitting.rows import STEP, by_moment, kinds, lanes, said, strip
from assay.report.charts.overfitting.tables import chosen
from assay.report.charts.scatter import axis, channels, diagonal
from assay.report.folder import Folder, Frame
from assay.report.numbers import number
from assay.report.words import Say, say_in
from assay.studies.overfitting.design import BASELINE, CLEAN, DROP, PERTURBATION


def layers(folder: Folder, found: Arms | None) -> Figure | None:
    """The gap of nearest class means in every layer at the end, a line an arm."""
    frame, say = folder.table("layers"), say_in(folder.lang)
    if found is None or not {"run", "condition", "layer", "moment", "inputs", "gap"} <= set(frame.columns):
        return None
    arms = found.named(BASELINE, DROP, PERTURBATION, CLEAN)
    frame = frame[(frame.moment == "last") & frame.condition.isin([arm.name for arm in arms])].dropna(subset=["gap"])
    order = list(dict.fromkeys(frame.layer))
    if len(order) < 2:
        return None
    frame = found.drawn(frame).assign(value=lambda f: 100 * f.gap)
    panels, told = [], []
    span = kit.domain(frame.value, [0.0], pad=0.06)
    for kind, title in kinds(say).items():
        part = frame[frame.inputs == kind]
        if part.empty:
            continue
        middle = means_of(part, ["full", "hue", "layer"], folder.level)
        panels.append(
            Panel(
                _layers(found, part, middle, order, span, say),
                say(f"Gap on {title}, points", f"差、{title} (ポイント)"),
            )
        )
        most = middle.loc[middle.value.idxmax()]
        told.append(
            say(
                f"{title}: most in {most.layer} ({most.full}, {number(most.value, 1)} points)",
                f"{title}: 最大は {most.layer} ({most.full}、{number(most.value, 1)} ポイント)",
            )
        )
    if not panels:
        return None
    return Figure(
        name="layers",
        title=say("Layer by layer, first to last", "層ごと (入力側から)"),
        panels=tuple(panels),
        alt=say("Lines over layers. ", "層に沿った折れ線。") + "; ".join(told) + ".",
        caption=say(
            "How much more often the nearest class mean is right on training images than on test images, at the end. "
            "Small dots are seeds, lines their means.",
            "最近傍クラス平均が、テスト画像よりも学習画像で正解する割合の差 (終了時)。小さな点はシード、線は平均。",
        ),
        keys=("arm",),
        narrowest=380,
    )


def _layers(found: Arms, part: Frame, middle: Frame, order: list[str], span: kit.Domain, say: Say) -> Any:
    angle = -40 if len(order) > 6 else 0
    x = alt.X(
        "layer:N",
        sort=None,
        title=None,
        scale=alt.Scale(domain=order),
        axis=alt.Axis(grid=False, labelAngle=angle, labelColor="@ink", labelPadding=6),
    )
    y, colour = kit.quantity_up("value", "", span), kit.hue("hue", found.hues)
    tip = kit.tips(full=say("arm", "条件"), layer=say("layer", "層"), value_=say("gap", "差"))
    small = alt.Chart(kit.data(part[["run", "full", "hue", "layer", "value"]]))
    large = alt.Chart(kit.data(middle[["full", "hue", "layer", "value"]]))
    zero = alt.Chart(kit.data(pd.DataFrame({"value": [0.0]}))).mark_rule(color="@muted")
    return alt.layer(
        zero.encode(y=y),
        small.mark_point(filled=True, size=14, opacity=0.4).encode(x=x, y=y, color=colour, tooltip=tip),
        large.mark_line(strokeWidth=1.8).encode(x=x, y=y, color=colour, detail="full:N"),
        large.mark_point(filled=True, size=70, opacity=1, stroke="@ground", strokeWidth=1.2).encode(
            x=x, y=y, color=colour, tooltip=tip
        ),
    ).properties(height=230)


def channel_figure(folder: Folder, found: Arms | None) -> Figure | None:
    """How well every channel separates the classes on training images and on new ones, a panel an arm."""
    frame, say = folder.table("channels"), say_in(folder.lang)
    if found is None or not {"run", "condition", "channel", "moment", "train", "test"} <= set(frame.columns):
        return None
    frame = frame[frame.moment == "last"].dropna(subset=["train", "test"])
    arms = found.there(frame, (BASELINE, DROP, PERTURBATION))
    if not arms:
        return None
    frame = found.drawn(frame[frame.condition.isin([arm.name for arm in arms])])
    both = axis(say("separation on training images →", "学習画像での分離 →"), frame.train, frame.test)
    up = axis(say("on test images ↑", "テスト画像での分離 ↑"), frame.train, frame.test)
    x, y = channels((both, up), "train", "test")
    tip = kit.tips(channel_=say("channel", "チャネル"), train_=say("train", "学習"), test_=say("test", "テスト"))
    panels, told = [], []
    for arm in arms:
        part = frame[frame.condition == arm.name]
        marks = alt.Chart(kit.data(part[["channel", "train", "test", "hue"]]))
        marks = marks.mark_point(filled=True, size=26, opacity=0.6)
        marks = marks.encode(x=x, y=y, color=kit.hue("hue", found.hues), tooltip=tip)
        panels.append(Panel(alt.layer(*diagonal((both, up)), marks), arm.label, aspect=1.0))
        below = float((part.test < part.train).mean())
        told.append(
            say(
                f"{arm.label}: {len(part)} channels, {below:.0%} below the line, mean loss "
                f"{(part.train - part.test).mean():.3f}",
                f"{arm.label}: {len(part)} チャネル、線の下 {below:.0%}、平均の低下 "
                f"{(part.train - part.test).mean():.3f}",
            )
        )
    seed = frame.seed.iloc[0] if "seed" in frame else 0
    return Figure(
        name="channels",
        title=say("Which channels lose the classes on new images", "新しい画像でクラスを見失うチャネル"),
        panels=tuple(panels),
        alt=say("Scatters of channels. ", "チャネルの散布図。") + "; ".join(told) + ".",
        caption=say(
            f"Each dot is a channel of the last hidden layer at the end (seed {seed:.0f}): the share of its variance "
            "that lies between classes. On the dashed line it serves new images as well as training images.",
            f"点は最終隠れ層のチャネル (終了時、シード {seed:.0f}): 分散のうちクラス間の割合。"
            "破線上なら新しい画像でも同じ。",
        ),
        narrowest=270,
    )


def shifts(folder: Folder, found: Arms | None) -> Figure | None:
    """Whether an attack moves the features of new images as those trained on, beside what equal directions give."""
    if found is None:
        return None
    say = say_in(folder.lang)
    title = say("cosine →", "余弦 →")
    parts = {
        say("Similarity on training and test images", "学習とテストの類似度"): "shift_similarity",
        say("What equal directions would give", "方向が等しい場合の値"): "shift_reference",
    }
    dots = {word: by_moment(folder, found, name, found.arms, 1.0) for word, name in parts.items()}
    dots = {word: part for word, part in dots.items() if len(part)}
    if len(dots) < 2:
        return None
    there = {row for part in dots.values() for row in part.row}
    rows = [arm.label for arm in found.arms if arm.label in there]
    span = kit.domain(*(part.value for part in dots.values()), pad=0.08)
    panels, told = [], []
    for word, part in dots.items():
        chart, middle = strip(folder, part, rows, title, found.hues, shapes=lanes(say), span=span, step=STEP)
        panels.append(Panel(chart, word))
        told.append(said(middle.assign(row=middle.row + " · " + middle.lane), word, say))
    return Figure(
        name="shift-similarity",
        title=say(
            "Does an attack move new images as it moves training images?",
            "攻撃は新しい画像を学習画像と同じ向きに動かすか",
        ),
        panels=tuple(panels),
        alt=say("Cosines in rows. ", "余弦を行ごとに表示。") + "; ".join(told) + ".",
        caption=say(
            "Left: the cosine between the mean shifts of features in each class. Right: what it would be on so few "
            "images if the directions were equal. Left below right: new images are moved another way.",
            "左: クラスごとの特徴の平均的なずれの余弦。右: 方向が等しい場合に、この枚数で得られる値。"
            "左が右より小さければ、動く向きが異なる。",
        ),
        keys=("arm", "moment"),
        narrowest=330,
        shared=True,
    )


def more(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """Layers, channels and shifts, with the figures of all arms in a table."""
    if found is None:
        return ()
    names = (
        "means_gap_clean_last",
        "means_gap_attacked_last",
        "shift_similarity_last",
        "shift_reference_last",
        "separation_lost_last",
    )
    table = means_table(folder, found, "features-table", found.arms, chosen(folder, *names))
    if finished(folder).empty:
        return ()
    return layers(folder, found), channel_figure(folder, found), shifts(folder, found), table

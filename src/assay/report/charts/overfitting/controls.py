"""What could have produced the same picture, and what was done about it; how many images were easy."""

from __future__ import annotations

import altair as alt

from assay.report.blocks import Block, Figure, Panel
from assay.report.charts import kit
from assay.report.charts.arms import finished
from assay.report.charts.checks import Row, control_table
from assay.report.charts.overfitting.along import ends, long, looks, mean, whole
from assay.report.charts.overfitting.arms import Arms
from assay.report.charts.overfitting.tables import judged, measures
from assay.report.charts.paired import difference_words
from assay.report.folder import Folder
from assay.report.numbers import number
from assay.report.words import Say, say_in
from assay.studies.overfitting.design import BASELINE, CLEAN, DROP, FORK, NOISED, PERTURBATION, RANDOM, STALE


def controls(folder: Folder, found: Arms | None) -> tuple[Block, ...]:
    """One table: the control, what it rules out, what was found; then the share of easy images along training."""
    table = control_table(folder, _arms(folder, found) if found else [])
    return tuple(block for block in (table, easy(folder, found) if found else None) if block)


def _reasons(found: Arms, say: Say) -> dict[str, tuple[str, str]]:
    """What each control rules out, and the arm that it is compared with."""
    threshold = say(
        "an effect that hangs on where the line between easy and hard is drawn", "易しさの境界に依存する効果"
    )
    return {
        FORK: (
            say(
                "taking for an effect what other random numbers alone give from the onset on",
                "乱数の違いだけで生じる差",
            ),
            BASELINE,
        ),
        RANDOM: (
            say(
                "taking for an effect of easy images what fewer images in a batch give",
                "バッチの枚数が減ることによる効果",
            ),
            BASELINE,
        ),
        NOISED: (
            say(
                "taking for an effect of the attack what any change of that size gives",
                "同じ大きさの任意の変化による効果",
            ),
            PERTURBATION,
        ),
        STALE: (
            say(
                "an attack that matters only because it follows the model as it changes",
                "モデルの変化に追随する攻撃だけの効果",
            ),
            BASELINE,
        ),
        CLEAN: (
            say("a loss that comes with long training of any kind, attacked or not", "攻撃によらない長時間学習の効果"),
            BASELINE,
        ),
        **{arm.name: (threshold, DROP) for arm in found.arms if arm.name.startswith(f"{DROP} below")},
    }


def _arms(folder: Folder, found: Arms) -> list[Row]:
    """The controls, each against what it differs from in one thing."""
    say, known, rows = say_in(folder.lang), measures(folder), []
    columns = dict.fromkeys((judged(folder), "clean_last", "gap_clean_last"))
    for name, (reason, other) in _reasons(found, say).items():
        arm, base = found.of(name), found.of(other)
        if arm is None or base is None:
            continue
        parts = [difference_words(folder, name, column, known[column], base.name) for column in columns]
        said = "; ".join(part for part in parts if part)
        if said:
            rows.append((arm.label, reason, say(f"against {base.label}: {said}", f"{base.label} との差: {said}")))
    runs = finished(folder, "drop_flat")
    base_runs = runs[runs.condition == BASELINE] if len(runs) else runs
    if len(base_runs):
        alone = number(100 * base_runs.drop_flat.mean(), 1)
        rows.append(
            (
                say(
                    "The best look is chosen on validation images and judged on test images",
                    "最良の時点は検証画像で選び、テスト画像で判定",
                ),
                say(
                    "a loss that comes from choosing the luckiest look", "偶然の良い時点を選んだことによる見かけの低下"
                ),
                say(
                    f"choosing alone gives {alone} points, taken off",
                    f"選択だけで {alone} ポイント (差し引き済み)",
                ),
            )
        )
    return rows


def easy(folder: Folder, found: Arms) -> Figure | None:
    """The share of images with a small loss along training, an arm a line."""
    say = say_in(folder.lang)
    frame = looks(folder, [arm.name for arm in found.arms], ["small"])
    if frame.empty or frame.epoch.nunique() < 2:
        return None
    middle = found.drawn(mean(long(frame, ["small"])))
    first, last = float(middle.epoch.min()), float(middle.epoch.max())
    spans = ((first, last + 0.36 * (last - first)), kit.domain(middle.value, zero=True))
    ticks = whole(first, last)
    tip = kit.tips(full=say("arm", "条件"), epoch_=say("epoch", "エポック"), value_="%")
    x = kit.quantity("epoch", say("epoch", "エポック"), spans[0], ticks)
    line = kit.lines(
        middle[["condition", "full", "epoch", "order", "value", "hue"]],
        x="epoch",
        y="value",
        colours=found.hues,
        group="condition",
        spans=spans,
        titles=(say("epoch", "エポック"), ""),
        ticks=ticks,
        width=1.8,
        opacity=0.95,
        tooltip=tip,
    )
    arms = found.there(middle)
    names = ends(middle, {arm.name: arm.label for arm in arms}, found.hues, spans, x, by="condition")
    chart = alt.layer(line, names.properties(name="wide-ends")).properties(height=250)
    title = say("Share of easy images along training, %", "易しい画像の割合 (%)")
    told = middle[middle.epoch == last].set_index("condition").value
    each = say(", ", "、").join(f"{arm.label} {told[arm.name]:.0f} %" for arm in arms if arm.name in told)
    return Figure(
        name="easy-images",
        title=title,
        panels=(Panel(chart, title),),
        alt=say(f"At the end: {each}.", f"終了時: {each}。"),
        caption=say(
            "Images of a batch whose loss under attack is small; what is left out, not attacked or changed in the arms "
            "above. Means over seeds, counted only where an arm treats them.",
            "バッチ内で攻撃下の損失が小さい画像の割合。上の条件で除外・変更される対象。シードの平均 "
            "(扱う条件のみ計数)。",
        ),
        keys=("later",),
    )

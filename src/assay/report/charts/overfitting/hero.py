"""The picture that carries the answer: robust accuracy of adversarial training along its epochs, and what is lost."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

import altair as alt
import pandas as pd

from assay.report.blocks import Figure, Panel
from assay.report.charts import kit
from assay.report.charts.arms import finished
from assay.report.charts.overfitting.along import ends, long, looks, mean, onset, whole
from assay.report.folder import Folder, Frame
from assay.report.numbers import Mean, between, mean_interval, number
from assay.report.words import Say, say_in
from assay.studies.overfitting.design import BASELINE

HEIGHT = 330
ROBUST = ("test_robust", "val_robust")
BESIDE = ("train_accuracy", "test_accuracy", "train_robust", "test_robust")
HUES = {
    **{"test_robust": "@ink", "val_robust": "@sky", "train_robust": "@muted"},
    **{"test_accuracy": "@ink", "train_accuracy": "@muted"},
}
DASHES = {
    **{"test_robust": [1, 0], "val_robust": [5, 3], "train_robust": [1, 0]},
    **{"test_accuracy": [5, 3], "train_accuracy": [5, 3]},
}


@dataclass(frozen=True)
class Fall:
    """The baseline's best look and end, means over seeds, and what the corrected drop is."""

    seeds: Frame  # run, epoch, value: the best look of every seed
    epoch: float
    best: float
    last: float
    corrected: Mean


def fall(folder: Folder) -> Fall | None:
    """Where the baseline's test curve was at the look that val chose, and over its last looks, in percent."""
    base = looks(folder, [BASELINE], ["test_robust"])
    runs = finished(folder, "best_epoch", "drop", "drop_corrected")
    if base.empty or runs.empty:
        return None
    runs = runs[runs.condition == BASELINE][["run", "best_epoch", "drop", "drop_corrected"]]
    both = runs.merge(base, left_on=["run", "best_epoch"], right_on=["run", "epoch"])
    if both.empty:
        return None
    at = both.assign(value=100 * both.test_robust)
    last = float((at.value - 100 * at["drop"]).mean())
    return Fall(
        at[["run", "epoch", "value"]],
        float(at.epoch.mean()),
        float(at.value.mean()),
        last,
        _corrected(folder, both.drop_corrected),
    )


def _corrected(folder: Folder, values: Frame) -> Mean:
    """The corrected drop with the interval of its verdict, so that picture and card say the same."""
    told = next((v for v in folder.verdicts if v.get("claim") == "occurs"), None)
    mean = mean_interval(values, folder.level)
    if told and told.get("n") and isinstance(told.get("effect"), int | float):
        low, high = told["interval"]
        return Mean(float(told["effect"]), float(low), float(high), int(told["n"]))
    return mean


def curve(folder: Folder) -> Figure | None:
    """Robust accuracy along training with onset, best look, end and drop; beside it what orients."""
    base = looks(folder, [BASELINE], ROBUST)
    if base.empty or base.epoch.nunique() < 2:
        return None
    say, found, at = say_in(folder.lang), fall(folder), onset(folder)
    seeds = base.run.nunique()
    panels = [Panel(_robust(base, found, at, folder, say), say("Robust accuracy, %", "頑健正解率 (%)"))]
    beside = _beside(base, say)
    if beside is not None:
        panels.append(
            Panel(beside, say("For orientation: clean, and on training images, %", "参考: 通常の正解率、学習画像 (%)"))
        )
    return Figure(
        name="robust-curve",
        title=say("Robust accuracy along adversarial training", "敵対的学習中の頑健正解率"),
        panels=tuple(panels),
        alt=_words(base, found, at, say),
        caption=say(
            f"Thick lines are means over {seeds} seeds, thin ones seeds. Small rings: the look that validation chose, "
            "seed by seed; the diamond is their mean. The onset, where validation peaks (mean of three looks), "
            "is where the arms below begin to differ. Part of the fall comes from choosing the best look; the "
            "corrected figure leaves it out.",
            f"太い線は {seeds} シードの平均、細い線は各シード。小さな輪は検証データで選ばれた時点、菱形はその平均。"
            "開始点は検証の頂点 (3 点平均) で、以下の条件はここから分かれる。"
            "低下の一部は最良の時点を選んだことによる偏りで、補正後の値はそれを除く。",
        ),
        narrowest=420,
    )


def _robust(base: Frame, found: Fall | None, at: float | None, folder: Folder, say: Say) -> Any:
    rows = long(base, ROBUST)
    rows = rows.assign(hue=rows.series)
    middle = mean(rows)
    last = float(rows.epoch.max())
    low, high = kit.domain(rows.value, pad=0.07)
    if found:  # room for words below the end
        low = min(low, found.last - 0.24 * (high - low))
    spans = ((float(rows.epoch.min()), 1.13 * last), (max(0.0, low), min(100.0, high)))
    layers = [*_onset(at, spans[0], last, say), *_lines(rows, middle, spans, say)]
    names = {"test_robust": say("test", "テスト"), "val_robust": say("val", "検証")}
    layers += [ends(middle, names, _hues(rows), spans, epochs(spans[0], last, say), 20)]
    if found:
        layers += _bracket(found, spans, last, folder, say)
    return alt.layer(*layers).properties(height=HEIGHT)


def _beside(base: Frame, say: Say) -> Any:
    rows = long(base, BESIDE)
    if rows.series.nunique() < 2:
        return None
    rows = rows.assign(hue=rows.series)
    middle = mean(rows)
    last = float(rows.epoch.max())
    spans = ((float(rows.epoch.min()), 1.36 * last), kit.domain(rows.value, pad=0.05))
    names = {
        "train_accuracy": say("clean, train", "通常、学習"),
        "test_accuracy": say("clean, test", "通常、テスト"),
        "train_robust": say("attacked, train", "攻撃下、学習"),
        "test_robust": say("attacked, test", "攻撃下、テスト"),
    }
    return alt.layer(
        *_lines(rows, middle, spans, say), ends(middle, names, _hues(rows), spans, epochs(spans[0], last, say))
    ).properties(height=HEIGHT)


def _lines(rows: Frame, middle: Frame, spans: tuple[kit.Domain, kit.Domain], say: Say) -> list[Any]:
    titles = (say("epoch", "エポック"), "")
    dash = alt.StrokeDash("series:N", scale=alt.Scale(domain=list(DASHES), range=list(DASHES.values())), legend=None)
    there = _hues(rows)
    tip = kit.tips(run=say("run", "学習"), epoch_=say("epoch", "エポック"), value_="%")
    slim = rows[["run", "epoch", "series", "line", "value", "order", "hue"]]
    thin = kit.lines(
        slim,
        x="epoch",
        y="value",
        colours=there,
        group="line",
        spans=spans,
        titles=titles,
        ticks=whole(spans[0][0], float(rows.epoch.max())),
        width=0.7,
        opacity=0.22,
        tooltip=tip,
    )
    thick = kit.lines(
        middle,
        x="epoch",
        y="value",
        colours=there,
        group="series",
        spans=spans,
        titles=titles,
        ticks=whole(spans[0][0], float(rows.epoch.max())),
        width=2.3,
        opacity=1.0,
        tooltip=tip[1:],
    )
    return [thin, thick.encode(strokeDash=dash)]


def epochs(span: kit.Domain, last: float, say: Say) -> alt.X:
    """The axis of epochs, whose ticks end where training does."""
    return kit.quantity("epoch", say("epoch", "エポック"), span, whole(span[0], last))


def _hues(rows: Frame) -> dict[str, str]:
    return {name: HUES[name] for name in dict.fromkeys(rows.hue)}


def _onset(at: float | None, span: kit.Domain, last: float, say: Say) -> list[Any]:
    if at is None or not span[0] <= at <= span[1]:
        return []
    frame = pd.DataFrame({"epoch": [at], "name": [say(f"onset, epoch {at:.0f}", f"開始点 (エポック {at:.0f})")]})
    source = alt.Chart(kit.data(frame)).encode(x=epochs(span, last, say))
    left = at < sum(span) / 2
    return [
        source.mark_rule(color="@muted", strokeDash=[3, 3], opacity=0.8),
        source.mark_text(align="left" if left else "right", dx=5 if left else -5, color="@muted", fontSize=11).encode(
            y=alt.value(HEIGHT - 8), text="name:N"
        ),
    ]


def _bracket(found: Fall, spans: tuple[kit.Domain, kit.Domain], last: float, folder: Folder, say: Say) -> list[Any]:
    """From the best look to the end: rings for seeds, a diamond, a level, and how far it falls, in words."""
    wide = spans[0][1] - spans[0][0]
    right = last + 0.022 * wide
    late = found.epoch > 0.85 * last  # the names of the lines are there
    level = pd.DataFrame({"epoch": [found.epoch], "to": [right], "value": [found.best]})
    stem = pd.DataFrame({"epoch": [right], "value": [found.best], "low": [found.last]})
    caps = pd.DataFrame({"epoch": [right - 0.008 * wide] * 2, "to": [right + 0.008 * wide] * 2})
    caps = caps.assign(value=[found.best, found.last])
    said = pd.DataFrame({"epoch": [right + 0.008 * wide], "value": [found.last], "text": [_fell(found, say)]})
    said["more"] = _less(found, folder, say)

    def at(frame: Frame) -> Any:
        return alt.Chart(kit.data(frame)).encode(
            x=epochs(spans[0], last, say), y=kit.quantity_up("value", "", spans[1])
        )

    place: dict[str, Any] = {
        "align": "right" if late else "center",
        "dx": -10 if late else 0,
        "dy": -17,
        "fontSize": 11,
    }
    named = at(level.assign(name=say("best look", "最良の時点"))).encode(text="name:N")
    tip = kit.tips(run=say("run", "学習"), epoch_=say("best look, epoch", "最良のエポック"), value_="%")
    return [
        at(level).mark_rule(color="@vermillion", strokeDash=[2, 3]).encode(x2="to:Q"),
        at(stem).mark_rule(color="@vermillion", strokeWidth=2).encode(y2="low:Q"),
        at(caps).mark_rule(color="@vermillion", strokeWidth=2).encode(x2="to:Q"),
        at(found.seeds).mark_point(size=30, strokeWidth=1.2, opacity=0.8, color="@vermillion").encode(tooltip=tip),
        at(level).mark_point(
            shape="diamond", filled=True, size=130, color="@vermillion", stroke="@ground", strokeWidth=1.2, opacity=1
        ),
        named.mark_text(**place, stroke="@ground", strokeWidth=3, strokeOpacity=0.8),  # readable over lines
        named.mark_text(**place, color="@vermillion"),
        at(said)
        .mark_text(align="right", dy=18, fontSize=13, fontWeight=600, color="@vermillion")
        .encode(text="text:N"),
        at(said).mark_text(align="right", dy=35, fontSize=11.5, color="@vermillion").encode(text="more:N"),
    ]


def _fell(found: Fall, say: Say) -> str:
    drop = number(abs(found.best - found.last), 1)
    if found.best < found.last:
        return say(f"rises {drop} points", f"{drop} ポイント上昇")
    return say(f"falls {drop} points", f"{drop} ポイント低下")


def _less(found: Fall, folder: Folder, say: Say) -> str:
    value, low, high = (100 * each for each in found.corrected[:3])
    interval = f" ({between(low, high, 1, folder.lang)})" if isfinite(low) else ""
    return say(f"{number(value, 1)} after correction", f"補正後 {number(value, 1)}") + interval


def _words(base: Frame, found: Fall | None, at: float | None, say: Say) -> str:
    last = 100 * base[base.epoch == base.epoch.max()][["test_robust", "val_robust"]].mean()
    text = say(
        f"Lines over {base.epoch.max():.0f} epochs, {base.run.nunique()} seeds. At the end robust accuracy is "
        f"{last.test_robust:.1f} % on test and {last.val_robust:.1f} % on validation images.",
        f"{base.epoch.max():.0f} エポック、{base.run.nunique()} シードの折れ線。終了時の頑健正解率はテスト "
        f"{last.test_robust:.1f} %、検証 {last.val_robust:.1f} %。",
    )
    if found:
        text += say(
            f" At the look that validation chose (epoch {found.epoch:.0f} on average) it was {found.best:.1f} % on "
            f"test: it {_fell(found, say)}, {number(100 * found.corrected.mean, 1)} after correction.",
            f" 検証で選ばれた時点 (平均エポック {found.epoch:.0f}) では {found.best:.1f} %: {_fell(found, say)}"
            f" (補正後 {number(100 * found.corrected.mean, 1)})。",
        )
    if at is not None:
        text += say(f" Onset: epoch {at:.0f}.", f" 開始点: エポック {at:.0f}。")
    return text

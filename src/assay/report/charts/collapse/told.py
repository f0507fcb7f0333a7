"""Foretold against measured: free embeddings, settings as a whole, class by class, and classes of unequal size."""

from __future__ import annotations

import altair as alt

from assay.report.blocks import Block, Cell, Column, Figure, Panel, Table
from assay.report.charts import kit
from assay.report.charts.arm_table import means_table
from assay.report.charts.arms import finished
from assay.report.charts.collapse.arms import Arms
from assay.report.charts.collapse.tables import chosen
from assay.report.charts.means import means
from assay.report.charts.scatter import Axis, axis, channels, cloud, diagonal
from assay.report.folder import Folder, Frame
from assay.report.words import Say, say_in

CLOSE = 0.01  # a difference of variances that does not matter
PHASES = {"collapse": "@vermillion", "view-spread": "@purple", "spread": "@blue"}
FORMS = {"collapse": "triangle-up", "view-spread": "square", "spread": "circle"}


def phases(say: Say) -> dict[str, str]:
    """What the phases are called."""
    return {
        "collapse": say("collapse", "崩壊"),
        "view-spread": say("views of one image spread", "ビューが広がる"),
        "spread": say("spread", "広がり"),
    }


def free(folder: Folder) -> tuple[Block | None, ...]:
    """Embeddings that no network holds back: where they end against where they are foretold to end."""
    say, table = say_in(folder.lang), folder.table("free")
    if table.empty or not {"predicted", "measured", "phase"} <= set(table.columns):
        return ()
    dots = table.dropna(subset=["predicted", "measured"])
    dots = dots[dots.phase.isin(list(PHASES))].assign(word=lambda f: f.phase.map(phases(say)))
    if dots.empty:
        return ()
    both = axis(say("foretold variance within classes →", "予測されるクラス内分散 →"), dots.predicted, dots.measured)
    up = Axis(say("where they ended ↑", "到達した値 ↑"), both.span)
    x, y = channels((both, up), "predicted", "measured")
    tip = kit.tips(
        word=say("phase", "相"),
        classes_=say("classes", "クラス数"),
        per_class_=say("items a class", "クラスの件数"),
        views_=say("views", "ビュー数"),
        alpha_=say("weight", "重み"),
        temperature_=say("temperature", "温度"),
        predicted_=say("foretold", "予測"),
        measured_=say("ended at", "到達"),
    )
    marks = alt.Chart(kit.data(dots)).mark_point(filled=True, size=70, opacity=0.85, stroke="@ground", strokeWidth=0.8)
    marks = marks.encode(x=x, y=y, color=kit.hue("phase", PHASES), shape=kit.shape("phase", FORMS), tooltip=tip)
    far = (dots.measured - dots.predicted).abs()
    chart = alt.layer(*diagonal((both, up), CLOSE), marks).properties(height=340)
    figure = Figure(
        name="free-embeddings",
        title=say("Free embeddings against the forecast", "自由な埋め込みと予測"),
        panels=(Panel(chart),),
        alt=say(
            f"Scatter of {len(dots)} optimisations along the diagonal. The largest distance from the forecast is "
            f"{far.max():.2g}, the median {far.median():.2g}.",
            f"{len(dots)} 件の最適化の散布図。予測との差は最大 {far.max():.2g}、中央値 {far.median():.2g}。",
        ),
        caption=say(
            f"Each mark is one setting whose points were moved by the loss alone. On the line the forecast is exact; "
            f"the pale band is {CLOSE} to either side, which counts as right.",
            f"印は損失だけで点を動かした設定。線上なら予測どおり。薄い帯は ±{CLOSE} (正しいとみなす範囲)。",
        ),
        keys=("phase",),
    )
    return figure, _free_table(dots, say)


def _free_table(dots: Frame, say: Say) -> Table:
    named = {
        "word": say("phase", "相"),
        "classes": say("classes", "クラス数"),
        "per_class": say("items a class", "クラスの件数"),
        "views": say("views", "ビュー数"),
        "alpha": say("weight", "重み"),
        "temperature": say("temperature", "温度"),
        "predicted": say("foretold", "予測"),
        "measured": say("ended at", "到達"),
    }
    kept = [(c, name) for c, name in named.items() if c in dots]
    rows = tuple(
        tuple(Cell(str(row[c])) if c == "word" else Cell(f"{row[c]:.4g}", row[c]) for c, _ in kept)
        for row in dots.to_dict("records")
    )
    folded = say(f"The numbers behind it: {len(rows)} optimisations", f"元の数値: 最適化 {len(rows)} 件")
    heads = tuple(Column(name, number=c != "word") for c, name in kept)
    return Table("free-table", say("Free embeddings", "自由な埋め込み"), heads, rows, folded=folded, sortable=True)


def settings(folder: Folder, found: Arms | None) -> tuple[Block | None, ...]:
    """Foretold against measured over settings: as they are, and as ranks, which is what the test sees."""
    runs = finished(folder, "predicted", "within_train")
    if found is None or runs.empty or runs.condition.nunique() < 3:
        return ()
    say = say_in(folder.lang)
    middle = means(runs, ["predicted", "within_train"], folder.level)
    points = middle.assign(
        x=middle.predicted,
        x_low=middle.predicted,
        x_high=middle.predicted,
        y=middle.within_train,
        y_low=middle.within_train_low.fillna(middle.within_train).clip(lower=0.0),
        y_high=middle.within_train_high.fillna(middle.within_train),
    )[["condition", "x", "y", "x_low", "x_high", "y_low", "y_high"]]
    dots = runs.assign(x=runs.predicted, y=runs.within_train)[["run", "condition", "x", "y"]]
    across = axis(say("foretold variance within classes →", "予測されるクラス内分散 →"), points.x, [0.0])
    up = axis(say("measured on training items ↑", "実測 (学習データ) ↑"), dots.y, [0.0, float(points.y.max())])
    tip = kit.tips(
        full=say("setting", "設定"), run=say("run", "学習"), x_=say("foretold", "予測"), y_=say("measured", "実測")
    )
    line = diagonal((across, up))
    values = cloud(found, points, dots, (across, up), tooltip=tip, height=340, least="half", crosses=True, below=line)
    ranks = points[["condition"]].assign(x=points.x.rank(), y=points.y.rank())
    flat = (
        axis(say("rank foretold →", "予測の順位 →"), ranks.x),
        axis(say("rank measured ↑", "実測の順位 ↑"), ranks.y),
    )
    tip = kit.tips(
        full=say("setting", "設定"), x_=say("rank foretold", "予測の順位"), y_=say("rank measured", "実測の順位")
    )
    ordered = cloud(found, ranks, None, flat, tooltip=tip, height=340, least="half")
    rho, shift = float(ranks.x.corr(ranks.y)), points.assign(off=points.y - points.x)
    far = found.drawn(shift.loc[[shift.off.abs().idxmax()]]).iloc[0]
    figure = Figure(
        name="foretold-measured",
        title=say("Foretold and measured", "予測と実測"),
        panels=(Panel(values, say("As measured", "測定値")), Panel(ordered, say("As ranks", "順位"))),
        alt=say(
            f"Scatter of {len(points)} settings with a rank correlation of {rho:.2f}. Farthest from the forecast is "
            f"{far.full}: foretold {far.x:.2f}, measured {far.y:.2f}.",
            f"{len(points)} 設定の散布図。順位相関 {rho:.2f}。予測から最も遠いのは {far.full}: "
            f"予測 {far.x:.2f}、実測 {far.y:.2f}。",
        ),
        caption=say(
            "Small dots are seeds, large marks their means with intervals; on the dashed line the forecast is exact. "
            "A name such as 0.5 at 0.1 is a weight and a temperature. Right: the order alone, which is what is tested.",
            "小さな点はシード、大きな印は平均と区間。破線は予測どおり。「0.5、0.1」は重みと温度。右は順位。",
        ),
        keys=("arm",),
        narrowest=420,
    )
    return figure, means_table(
        folder, found, "foretold-table", found.arms, chosen(folder, "predicted", "within_train", "within")
    )

"""The controls that were tested: what each found, and what it should show."""

from __future__ import annotations

from assay.report.blocks import Cell, Column, Table
from assay.report.folder import Folder, Frame
from assay.report.numbers import number
from assay.report.words import Say, say_in
from assay.studies.families.agree import PRIMARY

FIGURES = {
    "stress-moves": ("movement, stress over fork", "移動の比 (ストレス/分岐)"),
    "places-differ": ("share between conditions", "条件間の割合"),
    "unhappy-vary-more": ("spread, unhappy over happy", "広がりの比 (悪い/良い)"),
    "worse-is-wider": ("accuracy and spread, rank correlation", "精度と広がりの順位相関"),
    "movers-misjudge": ("movement and false detections, rank correlation", "移動と誤検出の順位相関"),
    "spread": ("spread over that of unstressed models", "広がりの比 (対ストレスなし)"),
}
SHOULD = {
    "as judged": (
        ("As judged", "判定のとおり"),
        ("the figure that the others are held against", "他の対照と比べる値"),
    ),
    "halves": (
        ("Families are halves", "半分ずつに分ける"),
        ("the same side of 1: the rule for families does not matter", "1 の同じ側: 分け方によらない"),
    ),
    "quartiles": (
        ("Families are quarters", "四分位で分ける"),
        ("the same side of 1: the rule for families does not matter", "1 の同じ側: 分け方によらない"),
    ),
    "by gap": (
        ("Families by generalisation gap on val", "検証での汎化ギャップで分ける"),
        ("the same side of 1, if what counts is how well models generalise", "汎化が効くなら 1 の同じ側"),
    ),
    "matched on training loss": (
        ("Families of equal training loss", "学習損失をそろえた群"),
        ("the same side of 1, if it is not how well models fit", "適合度によらないなら 1 の同じ側"),
    ),
    "mixture of conditions": (
        ("Families over all conditions at once", "全条件をまとめた群"),
        (
            "nothing about the claim: conditions in different places make a mixture wide",
            "主張とは無関係: 混合は当然広い",
        ),
    ),
    "permuted labels": (
        ("Labels permuted (middle 95 %)", "ラベルの並べ替え (中央 95 %)"),
        (
            "no effect: 1 for a ratio, 0 for a share; what is judged lies outside if it is real",
            "効果なし: 比は 1、割合は 0",
        ),
    ),
    "logits": (
        ("Answers (logits) instead of the inside", "内部表現の代わりに出力 (ロジット)"),
        ("as judged, if the answers tell as much as the inside", "出力だけで分かるなら判定と同じ"),
    ),
    "untrained": (
        ("Untrained models", "未学習のモデル"),
        ("above 1, if training is what makes models alike", "学習が似せているなら 1 より大きい"),
    ),
    "labels 50 %": (
        ("Half of the training labels at random", "学習ラベルの半分が無作為"),
        ("above 1, if what the labels mean makes models alike", "ラベルの意味が似せているなら 1 より大きい"),
    ),
    "labels 100 %": (
        ("All training labels at random", "学習ラベルがすべて無作為"),
        ("above 1, if what the labels mean makes models alike", "ラベルの意味が似せているなら 1 より大きい"),
    ),
}


def control_tests(folder: Folder) -> Table | None:
    """One row a control and figure, one column a primary measure."""
    say = say_in(folder.lang)
    frame = folder.table("controls")
    if frame.empty:
        return None
    rows = []
    for (control, claim), part in frame.groupby(["control", "claim"], sort=False):
        title, should = SHOULD.get(control, ((control, control), ("", "")))
        cells = [_cell(part[part.measure == measure.name]) for measure in PRIMARY]
        rows.append((Cell(say(*title)), Cell(say(*FIGURES.get(claim, (claim, claim)))), *cells, Cell(say(*should))))
    columns = (
        Column(say("control", "対照")),
        Column(say("figure", "数値")),
        *(Column(folder.text(measure.said), number=True) for measure in PRIMARY),
        Column(say("should show", "示すべきこと")),
    )
    return Table("controls-tested", _caption(say), columns, tuple(rows))


def _caption(say: Say) -> str:
    return say(
        "Controls that were tested, with intervals; none is a claim", "検定した対照 (区間つき)。いずれも主張ではない"
    )


def _cell(part: Frame) -> Cell:
    if part.empty:
        return Cell("–")
    row = part.iloc[0]
    return Cell(number(row.effect, 2), row.effect, note=f"{number(row.low, 2)} – {number(row.high, 2)}")

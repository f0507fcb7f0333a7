"""Which measure of similarity can be trusted here, what each says of families, and what each costs."""

from __future__ import annotations

from typing import Any

from assay.report.blocks import Block, Cell, Column, Table, Text
from assay.report.charts.families import cost
from assay.report.folder import Folder
from assay.report.numbers import number, probability
from assay.report.words import Say, say_in
from assay.studies.families.beside import ANSWERS, KINDS
from assay.studies.families.trust import sentence


def beside(folder: Folder) -> list[Block | None]:
    """One sentence, and a row for every measure; primary ones say so."""
    say = say_in(folder.lang)
    measures, trust = folder.table("measures"), folder.table("trust")
    if measures.empty:
        return []
    layer = folder.study.get("primary_layer")
    at = measures[measures.layer == layer].set_index("measure")
    if len(trust):
        trust = trust.assign(trusted=trust.trusted.astype(str) == "True")
    known = trust.set_index("measure").to_dict("index") if len(trust) else {}
    costs = cost.costs(folder, "trust")
    primary = folder.study.get("measures") or []
    rows = tuple(
        _row(name, at.loc[name], known.get(name, {}), costs.get(name, {}), name in primary, say)
        for name in sorted(at.index, key=lambda name: (name not in primary, name))
    )
    mean = say("mean over pairs of happy models of one condition", "同条件の良いモデル同士の平均")
    same = say("layers whose nearest layer in another model is the same one", "他モデルで最も近い層が同じ層である割合")
    columns = (
        Column(say("measure", "指標")),
        Column(say("happy", "良い"), number=True, help=mean),
        Column(say("unhappy", "悪い"), number=True),
        Column(say("between conditions", "条件間"), number=True),
        Column(say("layers found", "層の同定"), number=True, help=same),
        Column(say("groups told apart (AUC)", "群の区別 (AUC)"), number=True),
        Column("p", number=True, help=say("corrected for all measures", "全指標で補正後")),
        Column(say("can be trusted here", "ここで信頼できる")),
        *cost.columns(folder),
        Column(say("estimator", "推定量")),
        Column(say("warning", "注意")),
    )
    caption = say(
        f"All measures at layer {layer}; the first {len(primary)} are those that claims rest on",
        f"層 {layer} における全指標。先頭の {len(primary)} 個が主張の基礎",
    )
    table = Table("measures", caption, columns, rows, sortable=True)
    if not len(trust):
        return [table]
    return [Text(folder.text(sentence(trust))), Text(_groups(folder, say)), table]


def answers(folder: Folder) -> Table | None:
    """The measures of two models' answers, on the same pairs; studies from before these were taken have none."""
    say, measures = say_in(folder.lang), folder.table("measures")
    at = measures[measures.measure.isin(ANSWERS)].set_index("measure") if len(measures) else measures
    if at.empty:
        return None
    meaning = {
        "disagreement": say("share of samples answered otherwise", "回答が異なる割合"),
        "jensen_shannon": say("bits between their probabilities", "確率分布間のダイバージェンス（ビット）"),
        "error_overlap": say("of what either gets wrong, share that both do", "どちらかの誤りのうち共通の割合"),
        "chance_error_overlap": say("the same, if they erred independently", "誤りが独立な場合の同じ割合"),
        "error_consistency": say("1 the same errors, 0 as by chance", "1：同じ誤り、0：偶然並み"),
    }
    rows = tuple(
        (
            Cell(name, name, note=meaning[name]),
            *(Cell(number(at.loc[name, kind], 3), at.loc[name, kind]) for kind in KINDS),
        )
        for name in ANSWERS
        if name in at.index
    )
    columns = (
        Column(say("measure", "指標")),
        Column(say("happy", "良い"), number=True),
        Column(say("unhappy", "悪い"), number=True),
        Column(say("between conditions", "条件間"), number=True),
    )
    caption = say(
        "Do two models say the same, and fail together? Means over the same pairs",
        "二つのモデルの回答と誤りの一致（同じ対の平均）",
    )
    return cost.priced(Table("answers", caption, columns, rows), folder, cost.costs(folder, "measures"), "pairs")


def _row(name: str, at: Any, known: dict[str, Any], costs: cost.Cost, primary: bool, say: Say) -> tuple[Cell, ...]:
    def share(value: str) -> Cell:
        found = known.get(value)
        low, high = known.get(f"{value}_low"), known.get(f"{value}_high")
        return Cell(number(found, 2), found, note=f"{number(low, 2)} – {number(high, 2)}" if found == found else "")

    trusted = {True: say("yes", "はい"), False: say("no", "いいえ")}.get(bool(known["trusted"])) if known else "–"
    return (
        Cell(name, name, note=say("primary", "主指標") if primary else ""),
        *(Cell(number(at[kind], 2), at[kind]) for kind in KINDS),
        share("identification"),
        share("separation"),
        Cell(probability(known.get("p_holm")).removeprefix("= "), known.get("p_holm")),
        Cell(trusted or "–"),
        *cost.cells(costs),
        Cell(str(known.get("estimator", "–"))),
        Cell("" if known.get("warning") != known.get("warning") else str(known.get("warning", ""))),
    )


def _groups(folder: Folder, say: Say) -> str:
    if (folder.study.get("settings") or {}).get("controls"):
        return say(
            "Groups known to differ: models trained on true labels, on labels half of which were replaced at random, "
            "and on labels all of which were.",
            "異なると分かっている群: 正しいラベル、半分を無作為に変えたラベル、すべて変えたラベルで学習したモデル。",
        )
    return say(
        "Groups known to differ: trained and untrained models, which are easily told apart; "
        "--set grid.controls=true takes shares of random labels instead.",
        "異なると分かっている群: 学習済みと未学習のモデル（区別は容易）。--set grid.controls=true で"
        "ラベルの無作為化の割合による群になります。",
    )

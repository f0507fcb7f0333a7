"""The tables of a frontier's page: steps of the slider, all other networks, barriers, and what the words mean."""

from __future__ import annotations

from typing import Any

from assay.report.blocks import Cell, Column, Table
from assay.report.folder import Folder
from assay.report.words import Say, say_in


def walk(folder: Folder, found: dict[str, Any]) -> Table:
    """What the slider walks through; the chosen one is marked."""
    say = say_in(folder.lang)
    rows = [found["points"][number] for number in found["slide"]]
    caption = say("The steps of the slider; accuracies in %, with 95 % intervals", "スライダーの各位置 (%、95 % 区間)")
    return Table("walk", caption, _columns(found, say), tuple(_row(found, row, say) for row in rows))


def others(folder: Folder, found: dict[str, Any]) -> Table | None:
    """Networks as they were kept, and blends that the slider leaves out."""
    say = say_in(folder.lang)
    rows = [row for row in found["points"] if row["point"] not in found["slide"]]
    if not rows:
        return None
    caption = say("Networks as they were kept, and other blends", "保存されたままのモデルと他の混合")
    folded = say(f"The numbers: {len(rows)} networks", f"数値: {len(rows)} モデル") if len(rows) > 3 else ""
    made = tuple(_row(found, row, say) for row in rows)
    return Table("others", caption, _columns(found, say), made, folded=folded, sortable=len(rows) > 3)


def _columns(found: dict[str, Any], say: Say) -> tuple[Column, ...]:
    titles = [
        say("clean on val, %", "val 変更なし %"), say("robust on val, %", "val 攻撃下 %"),
        say("clean on test, %", "test 変更なし %"), say("robust on test, %", "test 攻撃下 %"),
    ]  # fmt: skip
    titles += [title for key, title in _more(say) if found["chosen"][key] is not None]
    level = (Column(say("level", "水準")),) if found["attack"] != "pgd" else ()
    return (Column(say("network", "モデル")), *(Column(title, number=True) for title in titles), *level)


def _more(say: Say) -> tuple[tuple[str, str], ...]:
    """What stands there only where it is known: production, and errors where a class is good."""
    return (
        ("production_clean", say("on production, %", "production %")),
        ("false_reject", say("false rejects, ‰", "過検出 ‰")),
        ("escape", say("escapes, ‰", "見逃し ‰")),
        ("production_false_reject", say("false rejects on production, ‰", "production 過検出 ‰")),
        ("production_escape", say("escapes on production, ‰", "production 見逃し ‰")),
    )


def _row(found: dict[str, Any], row: dict[str, Any], say: Say) -> tuple[Cell, ...]:
    note = say("chosen", "選択") if row["point"] == found["chosen"]["point"] else ""
    cells = [Cell(row["called"], note=note)]
    cells += [Cell(f"{100 * row[key]:.1f}", row[key]) for key in ("val_clean", "val_robust")]
    cells += [_share(row, key, 100) for key in ("test_clean", "test_robust")]
    more = (key for key, _ in _more(say) if found["chosen"][key] is not None)
    cells += [_share(row, key, 100 if key.endswith("clean") else 1000) for key in more]
    return (*cells, *((Cell(row["level"]),) if found["attack"] != "pgd" else ()))


def _share(row: dict[str, Any], key: str, scale: int) -> Cell:
    value, low, high = (scale * row[name] for name in (key, f"{key}_low", f"{key}_high"))
    return Cell(f"{value:.{int(scale == 100)}f} ({low:.0f}–{high:.0f})", row[key])


def barriers(folder: Folder, found: dict[str, Any]) -> Table:
    """One row for each two networks."""
    say = say_in(folder.lang)
    words = {"yes": say("◆ yes", "◆ あり"), "none": say("● none", "● なし"), "unclear": say("○ unclear", "○ 不明")}
    titles = (
        say("accuracy below the line, points", "正解率の落ち込み (ポイント)"), say("at a share of", "割合"),
        say("robust accuracy below the line, points", "頑健正解率の落ち込み"), say("loss above the line", "損失の上昇"),
    )  # fmt: skip
    columns = (
        Column(say("between", "対象")),
        *(Column(title, number=True) for title in titles),
        Column(say("barrier", "障壁")),
    )
    rows = tuple(
        (
            Cell(f"{edge['from']} – {edge['to']}"),
            Cell(f"{100 * edge['clean']:.1f}", edge["clean"]),
            Cell(f"{edge['at']:.3g}", edge["at"]),
            Cell(f"{100 * edge['robust']:.1f}", edge["robust"]),
            Cell("–" if edge["loss"] is None else f"{edge['loss']:.3g}", edge["loss"]),
            Cell(words[edge["word"]]),
        )
        for edge in found["barriers"]
    )
    return Table("barriers", say("Barriers on val", "val での障壁"), columns, rows)


def terms(folder: Folder, found: dict[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The words of the page."""
    say = say_in(folder.lang)
    said = [
        (
            *("blend", "混合"),
            "A network whose weights are the weighted mean of others' weights. In operation it costs what one costs.",
            "重みが他のモデルの重みの加重平均であるモデル。運用コストは一つ分。",
        ),
        (
            *("clean, robust accuracy", "正解率、頑健正解率"),
            "The share of items that are right as they are; the share of the attacked items that are right as they are "
            "and under the attack. The second is an upper bound.",
            "そのままで正解の割合。攻撃した例のうち、そのままでも攻撃下でも正解の割合 (上限)。",
        ),
        (
            *("interval", "区間"),
            "The 95 % Wilson interval: the items are taken as a sample of inputs of this kind. The same items are "
            "attacked for every network.",
            "95 % ウィルソン区間。どのモデルも同じ例で攻撃する。",
        ),
        (
            *("barrier", "障壁"),
            "max over t of L(t) - ((1 - t) L(0) + t L(1)): how far loss or error rises above the straight line between "
            "two networks, at least 0.",
            "二つのモデルを結ぶ直線より損失や誤りが上がる最大量 (0 以上)。",
        ),
        (
            *("level", "水準"),
            "A: the standard suite on all test items, every check clean. B: on a part of them. C: PGD only, an upper "
            "bound. X: a check failed; do not use the figure.",
            "A: 標準の攻撃一式を全例に、全検査合格。B: 一部の例。C: PGD のみ (上限)。X: 検査不合格、使用不可。",
        ),
    ]
    if found["chosen"]["false_reject"] is not None or found["chosen"]["escape"] is not None:
        rates = (
            *("false reject, escape", "過検出、見逃し"),
            "A good item turned away; a faulty item let through; per thousand items of that sort, unchanged, with the "
            "limit fixed on val.",
            "良品を不良とすること、不良品を通すこと。千件あたり。",
        )
        said.append(rates)
    return tuple((say(english, japanese), (say(text, other),)) for english, japanese, text, other in said)

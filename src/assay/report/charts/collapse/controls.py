"""What could have produced the same picture, and what was done about it."""

from __future__ import annotations

from assay.report.blocks import Block, Cell, Column, Table
from assay.report.charts.collapse.arms import EVENED, IMBALANCED, INSTANCES, NOISY, SUPCON, Arms
from assay.report.charts.collapse.compared import difference_words
from assay.report.folder import Folder
from assay.report.words import Say, say_in

Row = tuple[str, str, str]


def controls(folder: Folder, found: Arms | None) -> tuple[Block, ...]:
    """One table: the control, what it rules out, what was found."""
    say = say_in(folder.lang)
    rows = [*(_arms(folder, found, say) if found else []), *_runs(folder, say)]
    if not rows:
        return ()
    heads = (say("control", "対照"), say("what it rules out", "排除するもの"), say("found", "結果"))
    cells = tuple(tuple(Cell(text) for text in row) for row in rows)
    return (Table("control-table", say("Controls", "対照"), tuple(map(Column, heads)), cells),)


def _reasons(say: Say) -> dict[str, str]:
    """What each setting that is compared only to be sure rules out."""
    return {
        "cross-entropy": say(
            "taking for a gain what any training gives: no contrast at all", "対照学習によらない効果 (対照なし)"
        ),
        INSTANCES: say(
            "taking for knowledge of classes what views alone give: no labels in the loss",
            "ラベルによらない効果 (損失にラベルなし)",
        ),
        "small batches": say(
            "a forecast that holds for one size of batch only", "特定のバッチサイズでのみ成り立つ予測"
        ),
        "no projector": say("a spread that the projector makes and features do not have", "射影だけが作る広がり"),
        NOISY: say("trusting a forecast that assumes right labels", "正しいラベルを前提とする予測の過信"),
        IMBALANCED: say("an average over classes that hides the rare one", "まれなクラスを隠す平均"),
        EVENED: say("taking rarity in batches for rarity in the data", "バッチ内の希少さとデータ内の希少さの混同"),
    }


def _arms(folder: Folder, found: Arms, say: Say) -> list[Row]:
    """The settings that are controls, each against what it differs from in one thing."""
    rows = []
    for name, reason in _reasons(say).items():
        arm = found.of(name)
        base = found.of(SUPCON) if arm is None or arm.role != "control" else found.base
        if arm is None or base is None:
            continue
        parts = [
            difference_words(folder, name, column, base.name)
            for column in ("within_train", "fine_accuracy", "test_accuracy")
        ]
        said = "; ".join(part for part in parts if part)
        if said:
            rows.append((arm.label, reason, say(f"against {base.label}: {said}", f"{base.label} との差: {said}")))
    return rows


def _runs(folder: Folder, say: Say) -> list[Row]:
    """What holds for all runs: none replaced, and no more asked of the seeds than they can say."""
    rows, runs = [], folder.table("runs")
    if len(runs) and "status" in runs:
        stopped = runs[runs.status != "finished"]
        names = {c.name: c.label for c in folder.conditions}
        where = ": " + ", ".join(names.get(n, n) for n in dict.fromkeys(stopped.condition)) if len(stopped) else ""
        rows.append(
            (
                say("Runs that stopped are counted, not replaced", "中断した学習は数え、置き換えない"),
                say("showing only what went well", "うまくいったものだけを示すこと"),
                say(
                    f"{len(stopped)} of {len(runs)} stopped{where}", f"{len(runs)} 件中 {len(stopped)} 件が中断{where}"
                ),
            )
        )
    smallest = (folder.study.get("plan") or {}).get("smallest_p") or {}
    values = [v for v in smallest.values() if isinstance(v, int | float)] if isinstance(smallest, dict) else []
    if values:
        rows.append(
            (
                say("The smallest p-value that this many seeds can reach", "このシード数で到達しうる最小の p 値"),
                say("asking more of the data than it can say", "データが答えられないことを問うこと"),
                f"{max(values):.1g}",
            )
        )
    return rows

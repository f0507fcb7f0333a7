"""What could have produced the same picture, and what was done about it."""

from __future__ import annotations

from assay.report.blocks import Block
from assay.report.charts.checks import Row, control_table
from assay.report.charts.collapse.arms import EVENED, IMBALANCED, INSTANCES, NOISY, SUPCON, Arms
from assay.report.charts.collapse.tables import measures
from assay.report.charts.paired import difference_words
from assay.report.folder import Folder
from assay.report.words import Say, say_in


def controls(folder: Folder, found: Arms | None) -> tuple[Block, ...]:
    """One table: the control, what it rules out, what was found."""
    say = say_in(folder.lang)
    table = control_table(folder, _arms(folder, found, say) if found else [])
    return (table,) if table else ()


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
    rows, known = [], measures(folder)
    for name, reason in _reasons(say).items():
        arm = found.of(name)
        base = found.of(SUPCON) if arm is None or arm.role != "control" else found.base
        if arm is None or base is None:
            continue
        parts = [
            difference_words(folder, name, column, known[column], base.name)
            for column in ("within_train", "fine_accuracy", "test_accuracy")
        ]
        said = "; ".join(part for part in parts if part)
        if said:
            rows.append((arm.label, reason, say(f"against {base.label}: {said}", f"{base.label} との差: {said}")))
    return rows

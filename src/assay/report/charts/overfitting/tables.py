"""What the columns of the overfitting study are called, and which figure judges an arm at the end."""

from __future__ import annotations

from assay.report.charts.arms import finished
from assay.report.charts.measure import Measure
from assay.report.folder import Folder
from assay.report.words import say_in

MOMENTS = ("best", "last")


def measures(folder: Folder) -> dict[str, Measure]:
    """What each column is called, and what it means where the name does not say it."""
    say = say_in(folder.lang)
    best, end = say("at the best look", "最良時"), say("at the end", "終了時")
    pgd = say("20 steps of attack", "攻撃 20 ステップ")
    attacks = say("several attacks, none of which is told how the others did", "複数の攻撃")
    probe = say(
        "linear probe: right on training images less right on test images", "線形プローブ: 学習画像 − テスト画像"
    )
    means = say("nearest class mean instead of a probe", "プローブの代わりに最近傍クラス平均")
    shares = {
        "clean": (say("clean accuracy", "通常の正解率"), say("nothing is changed", "変更なし")),
        "robust": (say("robust accuracy", "頑健正解率"), pgd),
        "robust_train": (say("robust accuracy on training images", "学習画像の頑健正解率"), pgd),
        "autoattack": (say("AutoAttack accuracy", "AutoAttack の正解率"), attacks),
        "memorised": (
            say("wrong labels learned by heart", "暗記された誤ラベル"),
            say(
                "of the relabelled training images, answered as they were relabelled",
                "ラベルを変えた学習画像のうち、変えたラベルで答えた割合",
            ),
        ),
        "memorised_by_chance": (
            say("… that chance alone gives", "… 偶然による値"),
            say("as often as test images get that wrong answer", "テスト画像が同じ誤答になる割合"),
        ),
    }
    differences = {
        "gap_clean": (say("feature gap", "特徴の差"), probe),
        "gap_attacked": (say("feature gap under attack", "攻撃下の特徴の差"), probe),
        "means_gap_clean": (say("gap of class means", "クラス平均の差"), means),
        "means_gap_attacked": (say("gap of class means under attack", "攻撃下のクラス平均の差"), means),
    }
    plain = {
        "shift_similarity": (
            say("similarity of feature shifts", "特徴のずれの類似度"),
            say(
                "cosine of what an attack does to training and to test features", "学習・テスト特徴への攻撃のずれの余弦"
            ),
        ),
        "shift_reference": (
            say("… that equal directions give", "… 方向が等しい場合"),
            say("what chance in so few images leaves of 1", "枚数の少なさによる偶然が 1 から残す値"),
        ),
        "separation_lost": (
            say("separation lost on test images", "テストで失われる分離"),
            say("of a channel's classes, mean over channels", "チャネルごとのクラス分離、平均"),
        ),
    }
    found = {}
    for moment, when in zip(MOMENTS, (best, end), strict=True):
        for names, share, low in ((shares, True, 0.0), (differences, True, -1.0), (plain, False, -1.0)):
            for name, (title, help) in names.items():
                word = say(f"{title} {when}", f"{when}の{title}")
                found[f"{name}_{moment}"] = Measure(word, help, share, low, 1.0)
    drops = {
        "drop": (
            say("loss as measured", "測定された低下"),
            say("best look less end, along training", "最良時 − 終了時"),
        ),
        "drop_flat": (
            say("what choosing alone gives", "選択だけによる値"),
            say("on a curve without a trend", "傾向のない曲線の場合"),
        ),
        "drop_corrected": (
            say("loss of robustness", "頑健性の低下"),
            say("less what choosing the best look gives by itself", "選択による偏りを引いた値"),
        ),
    }
    found |= {name: Measure(title, help, True, -1.0, 1.0) for name, (title, help) in drops.items()}
    found["best_epoch"] = Measure(
        say("best look, epoch", "最良のエポック"), say("chosen on validation data", "検証データで選択")
    )
    found["images"] = Measure(say("images to learn from", "学習画像数"))
    return found


def chosen(folder: Folder, *columns: str) -> dict[str, Measure]:
    """Some of the measures, in this order."""
    known = measures(folder)
    return {column: known[column] for column in columns}


def judged(folder: Folder) -> str:
    """The column that judges how robust an arm is at the end: AutoAttack where it was run, else the attack alone."""
    asked = bool(folder.study.get("judged")) and len(finished(folder, "autoattack_last")) > 0
    return "autoattack_last" if asked else "robust_last"


def above(folder: Folder, column: str) -> str:
    """What stands above a panel that shows a column."""
    known, say = measures(folder)[column], say_in(folder.lang)
    head = known.head(say, differ=column.startswith(("drop", "gap", "means_gap")))
    return head[:1].upper() + head[1:]

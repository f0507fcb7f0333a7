"""What the `collapse` study says in plain words, in English and Japanese."""

from __future__ import annotations

from assay.maths.statistics import Estimate
from assay.studies.phrases import MINUS, OPEN, TOO_FEW, known, number
from assay.studies.study import Text, text

TITLE = text("Collapse", "崩壊")
QUESTION = text(
    "Does training throw away the differences inside a class, and what prevents it?",
    "学習はクラス内部の違いを捨ててしまうか。それを防ぐには何が必要か。",
)
MORE = text(
    "More settings would decide it: more weights or temperatures (--set grid.alphas=[0.05,0.1,0.2,0.4,0.6,0.8]).",
    "設定（重みや温度）を増やすと判断できます（--set grid.alphas=[0.05,0.1,0.2,0.4,0.6,0.8]）。",
)
CLAIM = {
    "free-as-foretold": text(
        "Embeddings that no network holds back end where the forecast says.",
        "ネットワークの制約がない埋め込みは、予測どおりの場所に落ち着く。",
    ),
    "forecast-orders": text(
        "Networks keep more difference inside classes in the settings for which the forecast says so.",
        "予測値が大きい設定ほど、実際のネットワークでもクラス内の違いが大きい。",
    ),
    "spread-knows-subclasses": text(
        "With the forecast's weight a model knows more about subclasses it was never told of than with SupCon's.",
        "予測による重みのモデルは、教えていない下位クラスをSupConの重みのモデルよりよく知っている。",
    ),
    "spread-transfers": text(
        "Its features serve better on another data set.", "その特徴は、別のデータでもよりよく役立つ。"
    ),
    "spread-under-shift": text(
        "It knows more about subclasses on changed images, too.", "変化した画像でも、下位クラスをよりよく知っている。"
    ),
    "middle-is-best": text(
        "A moderate difference inside classes is better than none and better than the most.",
        "クラス内の違いは、皆無でも最大でもなく、中程度がよい。",
    ),
    "middle-transfers": text(
        "With a moderate difference inside classes, features serve other data better than with none or the most.",
        "クラス内の違いが中程度のとき、特徴は別のデータで、皆無や最大のときより役立つ。",
    ),
    "rare-first": text(
        "When classes are unequal, the rare class loses its inner differences first.",
        "クラスの数が不均衡なとき、まれなクラスから先に内部の違いを失う。",
    ),
    "noise-moves": text(
        "Wrong labels change how much difference is left inside classes.",
        "誤ったラベルは、クラス内に残る違いの量を変える。",
    ),
    "loss-tells": text(
        "Settings with a lower training loss know more about subclasses.",
        "学習損失の低い設定ほど、下位クラスをよく知っている。",
    ),
}
SUPPORTED = {
    "free-as-foretold": text(
        "The forecast needs no data and no training: ask assay forecast first.",
        "予測にはデータも学習も不要です。学習前に assay forecast を使ってください。",
    ),
    "forecast-orders": text(
        "Choose weight and temperature by the forecast; it orders settings before any training.",
        "重みと温度は予測で選べます。学習前に設定の順序がわかります。",
    ),
    "spread-knows-subclasses": text(
        "If subclasses, rare defects or root causes may matter later, do not train to collapse.",
        "下位の種類・まれな欠陥・原因分析が後で必要なら、崩壊させないでください。",
    ),
    "spread-transfers": text(
        "For features that are to be reused, take the forecast's weight.",
        "特徴を再利用するなら、予測による重みを使ってください。",
    ),
    "spread-under-shift": text(
        "What is gained is not lost when conditions change.", "得られた知識は、条件が変わっても失われません。"
    ),
    "middle-is-best": text(
        "Neither of the two extremes: aim for a within-class variance in the middle.",
        "両極端を避け、中程度のクラス内分散を目標にしてください。",
    ),
    "middle-transfers": text(
        "For features that are to be reused, too, aim for a within-class variance in the middle.",
        "特徴を再利用する場合も、中程度のクラス内分散を目標にしてください。",
    ),
    "rare-first": text(
        "Watch the rare class by itself: an average over classes hides its collapse.",
        "まれなクラスは個別に監視してください。平均では崩壊が見えません。",
    ),
    "noise-moves": text(
        "Check labels before trusting a forecast: it assumes that they are right.",
        "予測は正しいラベルを前提とします。先にラベルを確認してください。",
    ),
    "loss-tells": text(
        "Here, the training loss orders settings as the probe does.",
        "ここでは、学習損失の順序がプローブの順序と一致します。",
    ),
}
OTHERWISE = text("It does not hold here: do not rely on it.", "ここでは成り立ちません。根拠にしないでください。")
OPPOSITE = text("The opposite holds here.", "ここでは逆の関係です。")
LOSS = text(
    "The training loss does not tell which setting keeps more: look at the within-class variance instead.",
    "学習損失では、どの設定が多くを保つかわかりません。クラス内分散を見てください。",
)
OPPOSED = {"above": "below", "below": "above"}


def meaning(claim: str, word: str, direction: str, claimed: str) -> Text:
    """What a verdict means for the reader."""
    if word == "undecided":
        return OPEN
    if word == "supported":
        return SUPPORTED[claim]
    if claim == "loss-tells":
        return LOSS
    return OPPOSITE if direction == OPPOSED.get(claimed) else OTHERWISE


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", MINUS)


def difference(name: str, estimate: Estimate) -> Text:
    """A difference of accuracies in percentage points."""
    if not known(estimate):
        return TOO_FEW
    e, lo, hi = (_points(v) for v in (estimate.effect, estimate.low, estimate.high))
    what = {
        "spread-knows-subclasses": ("The probe for subclasses is right", "下位クラスの正解率"),
        "spread-transfers": ("The probe on the other data set is right", "別データでの正解率"),
        "spread-under-shift": (
            "On changed images, the probe for subclasses is right",
            "変化した画像での下位クラスの正解率",
        ),
        "middle-is-best": (
            "Against the better of the two extremes, the probe is right",
            "両極端のよい方と比べた正解率",
        ),
        "middle-transfers": (
            "Against the better of the two extremes, the probe on the other data set is right",
            "両極端のよい方と比べた別データでの正解率",
        ),
    }[name]
    return text(
        f"{what[0]} {e} percentage points more often ({lo} to {hi}).", f"{what[1]}の差は{e}ポイントです（{lo}〜{hi}）。"
    )


def ratio(name: str, estimate: Estimate) -> Text:
    """A ratio of variances."""
    if not known(estimate):
        return TOO_FEW
    e, lo, hi = (number(v) for v in (estimate.effect, estimate.low, estimate.high))
    if name == "rare-first":
        return text(
            f"Imbalance changes the rarest class's inner variance {e} times as much as the commonest's ({lo} to {hi}).",
            f"不均衡による変化は、最もまれなクラスが最も多いクラスの{e}倍です（{lo}〜{hi}）。",
        )
    return text(
        f"With a fifth of the labels wrong, the inner variance is {e} times that with right ones ({lo} to {hi}).",
        f"ラベルの5分の1が誤りのとき、クラス内分散は正しい場合の{e}倍です（{lo}〜{hi}）。",
    )


def relation(name: str, estimate: Estimate) -> Text:
    """A rank correlation over settings."""
    if not known(estimate):
        return TOO_FEW
    e, lo, hi = (number(v) for v in (estimate.effect, estimate.low, estimate.high))
    what = {
        "forecast-orders": ("Forecast and measurement go together", "予測と測定の順位相関は"),
        "loss-tells": ("Training loss and fine accuracy go together", "学習損失と下位クラス正解率の順位相関は"),
    }[name]
    return text(
        f"{what[0]} over settings with a rank correlation of {e} ({lo} to {hi}).", f"{what[1]}{e}です（{lo}〜{hi}）。"
    )


def free(estimate: Estimate, right: int, of: int) -> Text:
    """How near free embeddings come, and how often the phase is right."""
    if not known(estimate):
        return TOO_FEW
    if estimate.high < 0.001:
        away, ja = "less than 0.001 away on average", "0.001未満"
    else:
        e, lo, hi = (f"{v:.2g}" for v in (estimate.effect, estimate.low, estimate.high))
        away, ja = f"{e} away on average ({lo} to {hi})", f"{e}（{lo}〜{hi}）"
    return text(
        f"They end {away} (0.01 was allowed), in the foretold phase {right} times of {of}.",
        f"予測との差は平均{ja}です（許容は0.01まで）。{of}回中{right}回で相が一致しました。",
    )


def seeds(n: int) -> Text:
    """How many seeds a paired claim rests on."""
    return text(f"{n} seeds, each with both settings", f"{n}シード（それぞれ両設定）")


def settings(n: int) -> Text:
    """How many settings a relation rests on."""
    return text(f"{n} settings", f"{n}設定")


def optimisations(n: int) -> Text:
    """How many optimisations of free embeddings."""
    return text(f"{n} settings, optimised freely", f"{n}設定の自由最適化")

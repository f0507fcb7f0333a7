"""What the `generalist` study says in plain words, in English and Japanese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.maths.statistics import Estimate
from assay.studies.generalist.labels import ARM, how
from assay.studies.overfitting.words import points, seeds
from assay.studies.phrases import OPEN, TOO_FEW, number, percent
from assay.studies.study import Text, text

__all__ = ["CLAIM", "MORE", "QUESTION", "TITLE", "meaning", "seeds"]

TITLE = text("Clean and robust accuracy decoupled", "通常の正解率と頑健性の両立")
QUESTION = text(
    "Can a model be robust without paying for it in everyday accuracy, and is it the mixture of two learners that does "
    "it?",
    "日常の正解率を犠牲にせずに頑健なモデルを得られるか。それは二つの学習器の混合の効果か。",
)
MORE = text("More seeds would decide it (--seeds 12).", "シードを増やすと判断できます（--seeds 12）。")

CLAIM = {
    "cleaner": text(
        "The mixture is more accurate on clean images than adversarial training.",
        "混合モデルは、敵対的学習より通常の正解率が高い。",
    ),
    "as-robust": text(
        "It is not less robust than adversarial training (by 2 points or more).",
        "敵対的学習より頑健性が（2ポイント以上）劣ることはない。",
    ),
    "tuned-adversarial": text(
        "At the same clean accuracy it is more robust than adversarial training in another radius.",
        "同じ通常の正解率で比べると、半径を調整した敵対的学習より頑健である。",
    ),
    "tuned-trades": text(
        "At the same clean accuracy it is more robust than TRADES with another beta.",
        "同じ通常の正解率で比べると、βを調整したTRADESより頑健である。",
    ),
    "averaging": text(
        "Averaging alone does not do it: the mixture is better than averaged adversarial training.",
        "平均だけの効果ではない：平均した敵対的学習より優れている。",
    ),
    "post-hoc": text(
        "Mixing must happen in training: the mixture is better than interpolating afterwards.",
        "学習中の混合が必要である：学習後の補間より優れている。",
    ),
    "hand-back": text("Handing the mixture back to the learners helps.", "混合モデルを学習器に戻すことに効果がある。"),
    "two-learners": text(
        "Two learners do better than one network with the summed loss.",
        "二つの学習器は、損失を足した単一ネットワークより優れている。",
    ),
    "anchoring": text(
        "The mixture is better than features anchored to a natural teacher.",
        "混合モデルは、通常学習の教師に特徴を固定する方法より優れている。",
    ),
    "learners": text(
        "The better the two learners, the smaller the mixture's risk.",
        "二つの学習器が良いほど、混合モデルのリスクは小さい。",
    ),
    "own-settings": text("Settings of their own for each learner matter.", "学習器ごとの個別設定に効果がある。"),
}
SUPPORTED = {
    "cleaner": text("Fewer everyday errors than a robust model usually has.", "頑健なモデルの通常の誤りが減ります。"),
    "as-robust": text("The gain is not bought with robustness.", "頑健性を犠牲にしていません。"),
    "tuned-adversarial": text(
        "Tuning the radius instead would leave less robustness.", "半径を調整する方法では、頑健性がより低くなります。"
    ),
    "tuned-trades": text(
        "Tuning beta of TRADES instead would leave less robustness.",
        "TRADESのβを調整する方法では、頑健性がより低くなります。",
    ),
    "averaging": text("The clean learner is worth its cost.", "通常学習の学習器を加える価値があります。"),
    "post-hoc": text(
        "An adversarial model that exists cannot simply be tuned and interpolated.",
        "既存の敵対的モデルを補間するだけでは及びません。",
    ),
    "hand-back": text("Keep the hand-back (hand_back).", "還元（hand_back）を使ってください。"),
    "two-learners": text(
        "Train two learners (strategy: {kind: generalist}).",
        "二つの学習器を使ってください（strategy: {kind: generalist}）。",
    ),
    "anchoring": text("Prefer the mixture to anchoring here.", "ここでは特徴の固定より混合が有利です。"),
    "learners": text(
        "Between runs the two go together; whether changing the learners changes the mixture was not tested.",
        "実行ごとに見ると両者は連動します。学習器を変えると混合モデルも変わるかは試していません。",
    ),
    "own-settings": text("Give each learner its own settings.", "学習器ごとに設定してください。"),
}
REFUTED = {
    "cleaner": text(
        "No clean accuracy is gained here: adversarial training is enough.",
        "通常の正解率は向上しません。敵対的学習で十分です。",
    ),
    "as-robust": text("The clean accuracy is bought with robustness.", "通常の正解率は頑健性と引き換えです。"),
    "tuned-adversarial": text(
        "Adversarial training in another radius does as well: simpler.",
        "半径を調整した敵対的学習で十分です（より簡単）。",
    ),
    "tuned-trades": text("TRADES with another beta does as well: simpler.", "βを調整したTRADESで十分です。"),
    "averaging": text("Averaging alone does as well: simpler.", "平均だけで十分です（より簡単）。"),
    "post-hoc": text(
        "Interpolating afterwards does as well, from models that exist.",
        "学習後の補間で十分です（既存モデルが使えます）。",
    ),
    "hand-back": text("The hand-back can be left out (hand_back: null).", "還元は省けます（hand_back: null）。"),
    "two-learners": text("One network with the summed loss does as well.", "損失を足した単一ネットワークで十分です。"),
    "anchoring": text("Anchoring to a natural teacher does as well.", "通常学習の教師への固定で十分です。"),
    "learners": text(
        "Runs with better learners have no better mixture here; changing the learners was not tested.",
        "学習器が良い実行でも、混合モデルがより良いわけではありません。学習器を変えた場合は試していません。",
    ),
    "own-settings": text("One setting for both learners does as well.", "両学習器に同じ設定で十分です。"),
}


def meaning(claim: str, word: str, direction: str) -> Text:
    """What a verdict means for the reader."""
    if word == "undecided":
        return OPEN
    return (SUPPORTED if word == "supported" else REFUTED)[claim]


WHAT = {
    "clean": ("Clean accuracy", "通常の正解率"),
    "robust": ("Robust accuracy", "頑健正解率"),
    "balanced": ("The mean of clean and robust accuracy", "通常と頑健の正解率の平均"),
}


def difference(figure: str, other: str, estimate: Estimate, more: Text | None = None) -> Text:
    """What the mixture gains over another arm, in percentage points."""
    if not estimate.known:
        return TOO_FEW
    e, lo, hi = (points(value) for value in (estimate.effect, estimate.low, estimate.high))
    en, ja = WHAT[figure]
    tail = more or text("", "")
    label = ARM.get(other, text(other, other))
    return text(
        f"{en} is {e} points against {label['en']} ({lo} to {hi}){tail['en']}.",
        f"{ja}は{label['ja']}に比べて{e}ポイント（{lo}〜{hi}）{tail['ja']}。",
    )


def at_the_same(hero: float, rival: float, between: str, fair: bool) -> Text:
    """At which clean accuracy two were compared, and what it means where that is not the same."""
    en, ja = ("", "") if fair else (": a rival that is cleaner, too", "、通常の正解率も対象が上回る")
    return text(
        f", at {percent(hero)} against {percent(rival)} clean accuracy on val ({between}){en}",
        f"（検証データの通常の正解率{percent(hero)}対{percent(rival)}、{between}{ja}）",
    )


def relation(estimate: Estimate) -> Text:
    """How the risk of learners and of the mixture go together."""
    if not estimate.known:
        return TOO_FEW
    e, lo, hi = (number(v) for v in (estimate.effect, estimate.low, estimate.high))
    return text(
        f"Between runs that differ in their seed alone, risks of learners and mixture go together with a rank "
        f"correlation of {e} ({lo} to {hi}).",
        f"シードだけが異なる学習の間で、学習器と混合モデルのリスクの順位相関は{e}です（{lo}〜{hi}）。",
    )


UNMATCHED = text(
    "Of the rivals of this kind that no other beats in both, the nearest is cleaner on val than the mixture by more "
    "than 2 points, and the mixture is not surely less robust.",
    "他に両方で負けない比較対象のうち最も近いものでも、検証データの通常の正解率が混合モデルより2ポイントを超えて高く、"
    "混合モデルの頑健性がそれより低いとも言い切れません。",
)
WIDER = {  # of each family: what makes a rival less clean
    "adversarial": text(
        "Sweep further, to rivals that are less clean: factors above 1 in grid.eps, such as 1.5.",
        "通常の正解率がより低い対象が必要です。grid.eps に1より大きい値（例：1.5）を加えてください。",
    ),
    "trades": text(
        "Sweep further, to rivals that are less clean: values above 6 in grid.betas, such as 12.",
        "通常の正解率がより低い対象が必要です。grid.betas に6より大きい値（例：12）を加えてください。",
    ),
}
DOUBT_HERO = text(
    "The robust accuracy of some of the mixture's models is not to be believed (trust level X): it cannot win.",
    "混合モデルの頑健正解率に信頼できないものがある（信頼水準X）ため、優位とは判定しません。",
)
DOUBT_RIVAL = text(
    "The robust accuracy of some models of {} is not to be believed (trust level X): it cannot win.",
    "{}の頑健正解率に信頼できないものがある（信頼水準X）ため、優位とは判定しません。",
)
LOOK = text(
    "Nothing that is seen here: assay attack on its weights says which check failed.",
    "この結果からは判断できません。assay attack でどの検査に失敗したかを確認してください。",
)


def doubtful(other: str) -> Text:
    """A rival whose robust accuracy is overstated."""
    label = ARM.get(other, text(other, other))
    return {lang: said.format(label[lang]) for lang, said in DOUBT_RIVAL.items()}


def masked(counts: Mapping[str, int], labels: Mapping[str, Text]) -> list[Text]:
    """Arms with models whose robust accuracy is not to be believed."""
    if not counts:
        return []
    en = ", ".join(f"{labels[name]['en']} ({n})" for name, n in counts.items())
    ja = "、".join(f"{labels[name]['ja']}（{n}）" for name, n in counts.items())
    return [
        text(
            f"Models whose robust accuracy is not to be believed (trust level X), so that their arms cannot win: {en}.",
            f"頑健正解率を信頼できないモデルがあります（信頼水準X）。次の条件は優位と判定しません：{ja}。",
        )
    ]


def weak(robust: float, clean: float, chance: float) -> list[Text]:
    """A radius at which nothing can be seen: adversarial training hardly robust at all, or hardly attacked."""
    if robust < chance:
        return [
            text(
                f"At this radius adversarial training is below chance ({percent(robust)} robust), a weak base: "
                "comparisons with it say little. Use a smaller radius (--set strategy.attack.eps=4/255), more images "
                "or epochs.",
                f"この半径では敵対的学習の頑健正解率が偶然を下回ります（{percent(robust)}）。"
                "半径を小さくするか、画像やエポックを増やしてください。",
            )
        ]
    if clean - robust < 0.02:
        return [
            text(
                f"At this radius the attack costs adversarial training {points(clean - robust)[1:]} points only: a "
                "larger one would show more (--set strategy.attack.eps=16/255).",
                "この半径では攻撃による低下がわずかです。半径を大きくしてください。",
            )
        ]
    return []


def of_sgd(optimiser: str, decays: Sequence[float]) -> list[Text]:
    """Learners with weight decays that were found with another optimiser."""
    said, ja = (mark.join(f"{decay:g}" for decay in decays) for mark in (" and ", "、"))
    give = "--set 'grid.own=[{weight_decay: 0}, {weight_decay: 0}]'"
    return [
        text(
            f"The learners have the published weight decays ({said}), found with SGD, and {optimiser} here: they may "
            f"be worse off than arms with the recipe's own. Others: {give}; same settings in grid.arms says whether it "
            "matters.",
            f"学習器の重み減衰（{ja}）はSGDでの公表値ですが、ここでの最適化手法は{optimiser}です。不利になっている可能性が"
            f"あります。変更：{give}。影響は grid.arms の same settings で確認できます。",
        )
    ]


def recommended(name: str, label: Text, val: float, base: float, clean: float, robust: float) -> Text:
    """The arm that val chooses, and what test says of it."""
    return text(
        f"Recommended by val (mean of clean and robust accuracy): {label['en']} ({how(name)}; "
        f"all settings are in recipe.json of its runs), {percent(val)} against "
        f"{percent(base)} of adversarial training; on test {percent(clean)} clean, {percent(robust)} robust.",
        f"検証データ（通常と頑健の正解率の平均）による推奨：{label['ja']}（{how(name)}；"
        f"全設定は学習の recipe.json；{percent(val)}、敵対的学習{percent(base)}）。"
        f"テストでは通常{percent(clean)}、頑健{percent(robust)}。",
    )


def absent(names: Sequence[str]) -> list[Text]:
    """What is not in this plan."""
    if not names:
        return []
    return [text(f"Not in this plan: {', '.join(names)}.", f"この計画に含まれない条件：{'、'.join(names)}。")]

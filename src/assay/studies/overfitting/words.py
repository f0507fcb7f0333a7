"""What the `overfitting` study says in plain words, in English and Japanese."""

from __future__ import annotations

from collections.abc import Mapping

from assay.maths.statistics import Estimate
from assay.studies.phrases import MINUS, OPEN, TOO_FEW, number, percent
from assay.studies.study import Text, text

TITLE = text("Robust overfitting", "頑健性の過学習")
QUESTION = text(
    "Adversarial training gets worse after its best epoch: does it here, and why?",
    "敵対的学習は最良の時点を過ぎると悪化するか。この場合はどうか、なぜか。",
)
MORE = text(
    "More arms would decide it: more sizes or thresholds (--set grid.sizes=[0.7,0.5,0.35,0.25]).",
    "条件を増やすと判断できます（--set grid.sizes=[0.7,0.5,0.35,0.25]）。",
)
CLAIM = {
    "occurs": text(
        "Adversarial training loses robustness after its best moment.",
        "敵対的学習は、最良の時点を過ぎると頑健性を失う。",
    ),
    "natural-data": text(
        "Easy images cause the loss: left out from its beginning on, more robustness is kept.",
        "原因は易しい画像にある。悪化が始まる時点から除くと、頑健性がより保たれる。",
    ),
    "not-perturbation": text(
        "Their attack is not what causes it: leaving out only the attack keeps less.",
        "易しい画像への攻撃は原因ではない。攻撃だけを除いても、画像ごと除くほどには保たれない。",
    ),
    "perturbation-features": text(
        "Their attack makes features that serve new images worse than trained ones.",
        "易しい画像への攻撃は、新しい画像で通用しにくい特徴を作る。",
    ),
    "gap-with-drop": text(
        "Where features serve new images worse than trained ones, more robustness is lost.",
        "特徴が新しい画像で通用しにくい条件ほど、頑健性の低下が大きい。",
    ),
    "less-data": text("With fewer images the loss is larger.", "画像が少ないほど低下が大きい。"),
    "wrong-labels": text("With wrong labels the loss is larger.", "誤ったラベルがあると低下が大きい。"),
    "narrow": text(
        "With images of one lighting the loss is larger than with as many of all.",
        "明るさが一様な画像だけでは、同数の多様な画像より低下が大きい。",
    ),
}
SUPPORTED = {
    "occurs": text(
        "Do not ship the last epoch: keep the best one by val (keep: best), then ask assay study remedies.",
        "最終エポックを使わず、検証データで最良の時点を使ってください（keep: best）。次に assay study remedies を。",
    ),
    "natural-data": text(
        "Look after the images: more and more varied ones, or leave easy ones out late in training.",
        "画像の質と量が要点です。多様な画像を増やすか、学習後半で易しい画像を除いてください。",
    ),
    "not-perturbation": text(
        "A weaker attack on easy images is no remedy here.", "易しい画像への攻撃を弱めても対策になりません。"
    ),
    "perturbation-features": text(
        "Judge features, not only accuracy: robust training reads more into the training images.",
        "正解率だけでなく特徴も確認してください。頑健化は学習画像に固有の特徴を増やします。",
    ),
    "gap-with-drop": text(
        "The gap of a probe warns of the loss; it needs no attack at test time.",
        "プローブの差が低下の警告になります。",
    ),
    "less-data": text(
        "More images are a remedy; the pilot says how many (--preset pilot).",
        "画像を増やすことが対策です。必要数は --preset pilot で見積もれます。",
    ),
    "wrong-labels": text(
        "Check the labels first: assay data says which are doubtful.",
        "まずラベルを点検してください（assay data）。",
    ),
    "narrow": text(
        "Take images under all conditions in which the model will work.",
        "運用時のあらゆる条件で画像を集めてください。",
    ),
}
REFUTED = {
    "occurs": text(
        "With these images and this length of training, the last epoch is as good as the best.",
        "この画像数と学習時間では、最終エポックでも問題ありません。",
    ),
    "natural-data": text("Leaving easy images out is no remedy here.", "易しい画像を除いても対策になりません。"),
    "not-perturbation": text(
        "Leaving out the attack of easy images does as well as leaving them out.",
        "攻撃だけを除いても、画像ごと除くのと同じ効果があります。",
    ),
    "perturbation-features": text(
        "The attack of easy images does not make features that serve new images worse.",
        "易しい画像への攻撃は、特徴の通用性を下げていません。",
    ),
    "gap-with-drop": text("The gap of features does not foretell the loss here.", "特徴の差は低下の目安になりません。"),
    "less-data": text("Fewer images do not make it worse here.", "画像を減らしても低下は大きくなりません。"),
    "wrong-labels": text("Wrong labels do not make it worse here.", "誤ラベルがあっても低下は大きくなりません。"),
    "narrow": text(
        "One lighting does not make it worse than fewer images do.", "明るさの偏りは、枚数減少以上の悪化を招きません。"
    ),
}


def meaning(claim: str, word: str, direction: str) -> Text:
    """What a verdict means for the reader."""
    return {"supported": SUPPORTED, "refuted": REFUTED}[word][claim] if word != "undecided" else OPEN


def points(share: float) -> str:
    """A difference of shares in percentage points.

    >>> points(0.0312)
    '+3.1'
    """
    return f"{100 * share:+.1f}".replace("-", MINUS)


def _three(estimate: Estimate) -> tuple[str, str, str]:
    return points(estimate.effect), points(estimate.low), points(estimate.high)


def occurs(estimate: Estimate, detail: Mapping[str, float]) -> Text:
    """How far robust accuracy falls, and from where."""
    if not estimate.known:
        return TOO_FEW
    e, lo, hi = (f"{100 * v:.1f}".replace("-", MINUS) for v in (estimate.effect, estimate.low, estimate.high))
    at, raw = percent(detail["robust accuracy at best"]), points(detail["drop before correction"])[1:]
    return text(
        f"From its best {at}, robust accuracy falls by {e} points until the end ({lo} to {hi}; {raw} before what "
        "choosing the best look gives by itself is taken off).",
        f"最良時{at}の頑健正解率が、終了までに{e}ポイント低下します（{lo}〜{hi}。選択による偏りの補正前は{raw}）。",
    )


def difference(name: str, estimate: Estimate) -> Text:
    """A difference between two arms in percentage points."""
    if not estimate.known:
        return TOO_FEW
    e, lo, hi = _three(estimate)
    en, ja = {
        "natural-data": (
            "With easy images left out, robust accuracy at the end is {} points against the better of the baseline and "
            "leaving out as many at random ({} to {}).",
            "易しい画像を除くと、終了時の頑健正解率は（基準と無作為除外のよい方に比べて）{}ポイントです（{}〜{}）。",
        ),
        "not-perturbation": (
            "Leaving easy images out gives {} points of robust accuracy against leaving out only their attack "
            "({} to {}).",
            "画像ごと除く場合と攻撃だけ除く場合の頑健正解率の差は{}ポイントです（{}〜{}）。",
        ),
        "perturbation-features": (
            "Attacked easy images widen the train-test gap of features by {} points ({} to {}).",
            "易しい画像への攻撃による特徴の差の増加は{}ポイントです（{}〜{}）。",
        ),
        "less-data": (
            "With the fewest images the loss is {} points against all of them ({} to {}).",
            "画像が最も少ない場合の低下は、全画像に比べて{}ポイントです（{}〜{}）。",
        ),
        "wrong-labels": (
            "With a tenth of the labels wrong the loss is {} points against right ones ({} to {}).",
            "ラベルの1割が誤りの場合の低下は、正しい場合に比べて{}ポイントです（{}〜{}）。",
        ),
        "narrow": (
            "In one lighting the loss is {} points against as many images in all ({} to {}).",
            "明るさが一様な場合の低下は、同数の多様な画像に比べて{}ポイントです（{}〜{}）。",
        ),
    }[name]
    return text(en.format(e, lo, hi), ja.format(e, lo, hi))


def relation(estimate: Estimate) -> Text:
    """A rank correlation over arms."""
    if not estimate.known:
        return TOO_FEW
    e, lo, hi = (number(v) for v in (estimate.effect, estimate.low, estimate.high))
    return text(
        f"Over arms, gap and loss go together with a rank correlation of {e} ({lo} to {hi}).",
        f"条件間での差と低下の順位相関は{e}です（{lo}〜{hi}）。",
    )


def seeds(n: int) -> Text:
    """How many seeds a paired claim rests on."""
    return text(f"{n} seeds", f"{n}シード")


def arms(n: int) -> Text:
    """How many arms a relation rests on."""
    return text(f"{n} arms", f"{n}条件")

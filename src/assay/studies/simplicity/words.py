"""What the `simplicity` study says in plain words, in English and Japanese."""

from __future__ import annotations

import pandas as pd

from assay.maths.statistics import Estimate
from assay.studies.phrases import OPEN, TOO_FEW, known, number
from assay.studies.study import Text, text

TITLE = text("Simplicity", "単純さ")
QUESTION = text(
    "Two settings give the same accuracy: which one gives the simpler, steadier function?",
    "同じ精度の二つの設定のうち、どちらがより単純で安定した関数になるか。",
)
MORE = text(
    "More settings would decide it: more learning rates or widths (--set grid.lr=[1e-5,1e-4,3e-4,3e-3,1e-2,3e-2]).",
    "設定（学習率や幅）を増やすと判断できます（--set grid.lr=[1e-5,1e-4,3e-4,3e-3,1e-2,3e-2]）。",
)
CLAIM = {
    "too-high-collapses": text(
        "A learning rate that is too high collapses the complexity of what the model says.",
        "学習率が高すぎると、モデルの出力の複雑さが崩壊する。",
    ),
    "otherwise-steady": text(
        "Otherwise, activation and depth leave that complexity where it is.",
        "それ以外では、活性化関数や深さを変えても複雑さは変わらない。",
    ),
    "relu-sensitive": text(
        "Models with ReLU-like activations react more to small changes of the input than those with tanh or sigmoid.",
        "ReLU系のモデルは、tanhやsigmoidのモデルより入力の小さな変化に敏感である。",
    ),
    "depth-sensitive": text(
        "Deeper models react more to small changes of the input.",
        "深いモデルほど、入力の小さな変化に敏感である。",
    ),
    "complexity-and-gap": text(
        "Settings with more complex outputs have a larger gap between training and test.",
        "出力が複雑な設定ほど、学習とテストの差が大きい。",
    ),
    "complexity-and-shift": text(
        "Settings with more complex outputs are more accurate on changed data.",
        "出力が複雑な設定ほど、変化したデータでの精度が高い。",
    ),
    "complexity-and-alarms": text(
        "Settings with more complex outputs make fewer false detections on changed data.",
        "出力が複雑な設定ほど、変化したデータでの誤検出が少ない。",
    ),
    "sensitivity-and-weakness": text(
        "Settings that react more to small changes are less accurate under a short attack.",
        "小さな変化に敏感な設定ほど、短い敵対的攻撃に弱い。",
    ),
    "sensitivity-and-shift": text(
        "Settings that react more to small changes are less accurate on changed data.",
        "小さな変化に敏感な設定ほど、変化したデータでの精度が低い。",
    ),
    "sensitivity-and-alarms": text(
        "Settings that react more to small changes make more false detections on changed data.",
        "小さな変化に敏感な設定ほど、変化したデータでの誤検出が多い。",
    ),
}
SUPPORTED = {
    "too-high-collapses": text(
        "A sudden drop of complexity is an alarm: the model has stopped telling items apart.",
        "複雑さの急落は警報です。モデルは品目を区別しなくなっています。",
    ),
    "otherwise-steady": text(
        "Complexity does not tell these settings apart: choose among them by steadiness and cost.",
        "複雑さではこれらの設定を区別できません。安定性とコストで選んでください。",
    ),
    "relu-sensitive": text(
        "A saturating activation gives steadier outputs; whether also fewer false detections, another claim says.",
        "飽和型の活性化関数では出力が安定します。誤検出が減るかどうかは別の主張で判定します。",
    ),
    "depth-sensitive": text(
        "Depth is paid for in steadiness: take the shallower model where both are accurate enough.",
        "深さの代償は安定性です。精度が足りるなら浅いモデルを選んでください。",
    ),
    "complexity-and-gap": text(
        "Complexity on unlabelled items warns of overfitting before labels are there.",
        "ラベルのないデータの複雑さから、過学習の兆候を早めに知ることができます。",
    ),
    "complexity-and-shift": text(
        "A setting whose outputs are too simple will fail first when conditions change.",
        "出力が単純すぎる設定は、条件が変わると最初に失敗します。",
    ),
    "complexity-and-alarms": text(
        "Where rare events matter, keep the complexity up.",
        "まれな事象が重要な場合は、複雑さを保ってください。",
    ),
    "sensitivity-and-weakness": text(
        "Sensitivity, which needs neither labels nor an attack, ranks settings by how an attack would find them. "
        "The attack was short (trust level C): it shows weakness, not strength.",
        "ラベルも攻撃も不要の感度で、攻撃への弱さの順序がわかります。短い攻撃（信頼度C）のため、強さの証明にはなりません。",
    ),
    "sensitivity-and-shift": text(
        "Sensitivity, which needs no labels, ranks settings by how they will do on changed data.",
        "ラベル不要の感度だけで、変化したデータでの成績順を予測できます。",
    ),
    "sensitivity-and-alarms": text(
        "To have fewer false detections on changed data, choose the less sensitive of equally accurate settings.",
        "誤検出を減らすには、同じ精度なら感度の低い設定を選んでください。",
    ),
}
OTHERWISE = text(
    "It does not hold here: do not choose settings by it.",
    "ここでは成り立ちません。設定の選択に使わないでください。",
)
OPPOSITE = text(
    "The opposite holds here: a rule taken from elsewhere would have misled you.",
    "ここでは逆の関係です。他所の経験則をそのまま使うと誤ります。",
)
OPPOSED = {"above": "below", "below": "above"}


def meaning(claim: str, word: str, direction: str, claimed: str) -> Text:
    """What a verdict means for the reader."""
    if word == "undecided":
        return OPEN
    if word == "supported":
        return SUPPORTED[claim]
    return OPPOSITE if direction == OPPOSED[claimed] and claim != "otherwise-steady" else OTHERWISE


def sentence(claim: str, estimate: Estimate) -> Text:
    """One figure with its unit and interval, as a sentence."""
    if not known(estimate):
        return TOO_FEW
    e, lo, hi = (number(v) for v in (estimate.effect, estimate.low, estimate.high))
    en, ja = f"({lo} to {hi})", f"（{lo}〜{hi}）"
    if "-and-" in claim:
        return text(
            f"Over settings, the two go together with a rank correlation of {e} {en}.",
            f"設定間の順位相関は{e}です{ja}。",
        )
    return {
        "too-high-collapses": text(
            f"At the too-high learning rate the outputs are {e} times as complex as at the usual one {en}.",
            f"高すぎる学習率では、出力の複雑さが通常の{e}倍になります{ja}。",
        ),
        "otherwise-steady": text(
            f"The largest change that activation or depth makes is a factor of {e} {en}; up to 1.1 counts as none.",
            f"活性化関数や深さによる最大の変化は{e}倍です{ja}。1.1倍までは変化なしとみなします。",
        ),
        "relu-sensitive": text(
            f"ReLU-like models react {e} times as strongly as saturating ones {en}.",
            f"ReLU系のモデルの反応は、飽和型の{e}倍です{ja}。",
        ),
        "depth-sensitive": text(
            f"The deepest model reacts {e} times as strongly as the shallowest {en}.",
            f"最も深いモデルの反応は、最も浅いモデルの{e}倍です{ja}。",
        ),
    }[claim]


def seeds(n: int) -> Text:
    """How many seeds a paired claim rests on."""
    return text(f"{n} seeds, each with all settings", f"{n}シード（それぞれ全設定）")


def settings(n: int) -> Text:
    """How many settings a relation rests on."""
    return text(f"{n} settings", f"{n}設定")


def dead(alive: pd.DataFrame) -> list[Text]:
    """Models that say the same of everything have learned nothing, and are said."""
    count = alive[alive.predicted_classes == 1].groupby("condition", sort=False).size()
    if count.empty:
        return []
    where = ", ".join(f"{name} ({n})" for name, n in count.items())
    return [
        text(
            f"Models that give every item the same class, kept as rows: {where}.",
            f"すべての品目を同じクラスと答えるモデル（結果に含む）：{where}。",
        )
    ]

"""What the `families` study says in plain words, in English and Japanese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from assay.maths.statistics import Estimate
from assay.studies.phrases import OPEN, TOO_FEW, known, number, percent
from assay.studies.study import Text, text

TITLE = text("Families of models", "モデルの「家族」")
QUESTION = text(
    "Do models that generalise resemble one another inside, and does stress in training move a model elsewhere?",
    "よく汎化するモデルは内部表現も互いに似ているか。学習中のストレスはモデルを別の場所へ動かすか。",
)
MORE = text(
    "More kinds of stress may decide it (--set 'grid.activations=[tanh,sigmoid,gelu,elu,identity]').",
    "ストレスの種類を増やすと判断できます（--set 'grid.activations=[tanh,sigmoid,gelu,elu,identity]'）。",
)
MANY = text(
    "So many kinds of stress leave it open: the relation is weak here, or there is none.",
    "これだけの種類でも判断できません。ここでは関係が弱いか、存在しないと考えられます。",
)
CLAIM = {
    "stress-moves": text(
        "Stress in mid-training moves what a model represents further than chance does.",
        "学習途中のストレスは、偶然の揺らぎよりも大きく内部表現を動かす。",
    ),
    "places-differ": text(
        "Models trained under different conditions end in different places.",
        "条件が異なるモデルは、異なる場所に行き着く。",
    ),
    "unhappy-vary-more": text(
        "Among models trained in the same way, those that generalise less differ more from one another.",
        "同じ条件で学習したモデルのうち、汎化の悪いものほど互いに異なる。",
    ),
    "worse-is-wider": text(
        "Kinds of stress under which models generalise less give a wider variety of models.",
        "汎化が悪くなる種類のストレスほど、モデルのばらつきが大きい。",
    ),
    "movers-misjudge": text(
        "Of equally accurate models, those whose inside moved more make more false detections on changed data.",
        "精度が同じモデルでは、内部表現が大きく動いたものほど、変化したデータで誤検出が多い。",
    ),
}

MEANING: dict[tuple[str, str, str], Text] = {
    ("stress-moves", "supported", ""): text(
        "Changing activation or loss in mid-training makes another model, not the same with noise: validate it anew.",
        "学習途中で活性化や損失を変えると、同じモデルの揺らぎではなく別のモデルになります。改めて検証してください。",
    ),
    ("stress-moves", "refuted", ""): text(
        "These changes in mid-training leave no more trace than chance does.",
        "学習途中のこれらの変更は、偶然以上の痕跡を残しません。",
    ),
    ("places-differ", "supported", ""): text(
        "How a model was trained can be read from its inside, even where its accuracy does not tell.",
        "精度に差がなくても、学習のしかたは内部表現に表れます。",
    ),
    ("places-differ", "refuted", ""): text(
        "These ways of training end in the same place: choose among them by cost.",
        "これらの学習方法は同じ場所に行き着きます。コストで選んで構いません。",
    ),
    ("unhappy-vary-more", "supported", ""): text(
        "Good models are alike, weaker ones are each weak in their own way: two weaker models are not interchangeable.",
        "良いモデルは互いに似ており、弱いモデルはそれぞれ異なる形で弱くなっています。弱いモデル同士は交換できません。",
    ),
    ("unhappy-vary-more", "refuted", "below"): text(
        "The opposite holds here: the models that generalise better differ more from one another.",
        "ここでは逆です。汎化の良いモデルほど互いに異なっています。",
    ),
    ("unhappy-vary-more", "refuted", ""): text(
        "Better and weaker models spread equally far: spread is no sign of quality here.",
        "良いモデルも弱いモデルも同じ程度にばらつきます。ばらつきは品質の指標になりません。",
    ),
    ("worse-is-wider", "supported", ""): text(
        "A training setting whose models scatter is a warning: retraining may give a model of another kind.",
        "モデルがばらつく学習条件は要注意です。再学習すると別種のモデルになる可能性があります。",
    ),
    ("worse-is-wider", "refuted", "above"): text(
        "The opposite holds here: settings that generalise better scatter more.",
        "ここでは逆です。汎化の良い条件ほどばらつきます。",
    ),
    ("worse-is-wider", "refuted", ""): text(
        "How much models of a setting scatter does not go with how well they generalise.",
        "条件内のばらつきと汎化性能には関係がありません。",
    ),
    ("movers-misjudge", "supported", ""): text(
        "Test accuracy is not enough: watch how far the inside moved before changing a model in production.",
        "テスト精度だけでは不十分です。本番モデルを更新する前に、内部表現の移動量を確認してください。",
    ),
    ("movers-misjudge", "refuted", "below"): text(
        "The opposite holds here: models that moved further were steadier on changed data.",
        "ここでは逆です。大きく動いたモデルの方が、変化したデータで安定していました。",
    ),
    ("movers-misjudge", "refuted", ""): text(
        "How far the inside moved does not tell which of two equally accurate models fails on changed data.",
        "内部表現の移動量からは、精度が同じモデルのどちらが変化したデータで失敗するかは分かりません。",
    ),
}


def meaning(claim: str, word: str, direction: str) -> Text:
    """What a verdict means for the reader."""
    return OPEN if word == "undecided" else MEANING.get((claim, word, direction)) or MEANING[claim, word, ""]


def sentence(claim: str, estimate: Estimate) -> Text:
    """One figure with its unit and interval, as a sentence."""
    if not known(estimate):
        return TOO_FEW
    e, lo, hi = (number(v) for v in (estimate.effect, estimate.low, estimate.high))
    span_en, span_ja = f"({lo} to {hi})", f"（{lo}〜{hi}）"
    return {
        "stress-moves": text(
            f"Stressed models end {e} times as far from their unstressed twin as chance alone takes them {span_en}.",
            f"ストレスを受けたモデルは、偶然だけの場合の{e}倍、元の双子モデルから離れます{span_ja}。",
        ),
        "places-differ": text(
            f"{percent(estimate.effect)} of the variation between models goes with their condition "
            f"({percent(estimate.low)} to {percent(estimate.high)}).",
            f"モデル間の変動の{percent(estimate.effect)}が条件の違いによるものです"
            f"（{percent(estimate.low)}〜{percent(estimate.high)}）。",
        ),
        "unhappy-vary-more": text(
            f"Models that generalise less spread {e} times as far as those that generalise well {span_en}.",
            f"汎化の悪いモデルは、良いモデルの{e}倍ばらつきます{span_ja}。",
        ),
        "worse-is-wider": text(
            f"Over kinds of stress, accuracy and spread go together with a rank correlation of {e} {span_en}; "
            "\N{MINUS SIGN}1 is: the worse, the wider.",
            f"ストレスの種類間で、精度とばらつきの順位相関は{e}です{span_ja}。−1は「悪い条件ほどばらつく」を意味します。",
        ),
        "movers-misjudge": text(
            f"At equal accuracy, movement and false detections go together with a rank correlation of {e} {span_en}.",
            f"同じ精度のもとで、移動量と誤検出の順位相関は{e}です{span_ja}。",
        ),
    }[claim]


def by_both(said: Text, estimate: Estimate, effects: Sequence[tuple[Text, float]], scale: str) -> Text:
    """A sentence about the less favourable of several measures, with what each found."""
    if not known(estimate):
        return said
    show = percent if scale == "share" else number
    en = ", ".join(f"{name['en']} {show(value)}" for name, value in effects)
    ja = "、".join(f"{name['ja']} {show(value)}" for name, value in effects)
    return text(f"{said['en']} The less favourable of: {en}.", f"{said['ja']}（不利な方の値。{ja}）")


def one_measure(names: Sequence[str]) -> list[Text]:
    """Older studies know one measure only."""
    if len(names) > 1:
        return []
    return [
        text(
            f"Judged by one measure alone ({names[0]}): this study was made before a second one had to agree.",
            f"判定は一つの指標（{names[0]}）のみによります。二つの指標の一致を求める前に作られた研究です。",
        )
    ]


UNITS = "two kinds at once left out"  # in the measure of `worse-is-wider` since kinds of stress are its units


def other_units(about: Mapping[str, Any]) -> list[Text]:
    """Studies begun when conditions were the units are judged by the rule of today, and say so."""
    said = [claim["measure"] for claim in about.get("claims", ()) if claim["name"] == "worse-is-wider"]
    if not said or UNITS in said[0]:
        return []
    return [
        text(
            "The claim that what generalises less is wider is judged over kinds of stress, two kinds at once left out. "
            "This study was begun with another rule, whose words still stand there; its verdict may have changed.",
            "「汎化が悪いほどばらつく」という主張は、現在はストレスの種類ごと（二つ同時は除く）に判定しています。この研究は別の規則の"
            "もとで始められ、その文言が残っています。以前の判定と異なることがあります。",
        )
    ]


def unproven(measures: Sequence[Text]) -> list[Text]:
    """Verdicts that rest on a measure which did not prove itself on these models."""
    if not measures:
        return []
    en, ja = " and ".join(m["en"] for m in measures), "と".join(m["ja"] for m in measures)
    return [
        text(
            f"Read the verdicts with care: {en} did not prove {'itself' if len(measures) == 1 else 'themselves'} on "
            "these models, by not finding corresponding layers oftener than guessing does or not telling apart models "
            "that are known to differ (section on which measure can be trusted).",
            f"判定は慎重に読んでください。{ja}は、対応する層を偶然より多く見つける、または異なると分かっているモデルを区別する"
            "ことが、ここでは確認できませんでした（「ここで信頼できる指標」の節を参照）。",
        )
    ]


def seeds(n: int) -> Text:
    """How many seeds a paired claim rests on."""
    return text(f"{n} seeds, each with and without stress", f"{n}シード（それぞれストレスあり・なし）")


def models(n: int, groups: int) -> Text:
    """How many models in how many conditions."""
    return text(
        f"{n} models of {groups} conditions, no seed used twice", f"{groups}条件、{n}モデル（シードの重複なし）"
    )


def per_family(n: int) -> Text:
    """How many models in each family."""
    return text(f"{n // 2} models a family, compared within conditions", f"各群{n // 2}モデル（条件内で比較）")


def kinds(n: int) -> Text:
    """How many kinds of stress, of which none is one."""
    return text(f"{n} kinds of stress, none being one", f"ストレス{n}種類（「なし」を含む）")


def few_kinds(n: int, smallest: float) -> Text:
    """Why no relation over so few kinds is judged."""
    return text(
        f"Too few kinds of stress to say: over {n}, none being one and two at once not counted, even a perfect order "
        f"comes by chance with p = {smallest:.2g}.",
        f"ストレスの種類が不足しています。{n}種類（「なし」を含み、二つ同時は数えない）では、完全な順序でも偶然の確率が"
        f"{smallest:.2g}あります。",
    )


def left_out(names: Sequence[str]) -> list[Text]:
    """Conditions that the paired claims could not use."""
    if not names:
        return []
    listed = ", ".join(names)
    return [
        text(
            f"Left out of the paired claims, because a run stopped or a layer died there: {listed}.",
            f"停止した学習または出力が一定の層があるため、対比較から除いた条件：{listed}。",
        )
    ]


def unmapped(n: int) -> list[Text]:
    """Models whose last hidden layer gives the same for every input have no place on the map."""
    if not n:
        return []
    return [
        text(
            f"Left out of the claims about families: {n} models whose last hidden layer says the same of everything.",
            f"最終隠れ層の出力が常に一定のため、群の比較から除いたモデル：{n}件。",
        )
    ]


def floor_or_ceiling(alive: pd.DataFrame) -> list[Text]:
    """Models that all score the same cannot be sorted into families."""
    own = alive[alive.design == "family"]
    if len(own) < 4 or own.val_accuracy.max() - own.val_accuracy.min() > 0.01:
        return []
    return [
        text(
            "All models score within one point on validation: the families differ by chance more than by quality.",
            "検証精度の差が1ポイント以内のため、群の違いは品質より偶然によるものです。",
        )
    ]


def narrow(about: Mapping[str, Any]) -> list[Text]:
    """Similarities are biased upwards where there are not more probe samples than units."""
    probe, width = about.get("probe", 0), about.get("width", 0)  # older studies know neither
    if not width or probe > width:
        return []
    return [
        text(
            f"Only {probe} probe inputs for {width} units: similarities of models look larger than they are. "
            "A larger test split or a narrower model helps.",
            f"プローブ入力が{probe}件、ユニット数が{width}のため、類似度が実際より大きく見えます。"
            "テストデータを増やすか、幅の狭いモデルを使ってください。",
        )
    ]

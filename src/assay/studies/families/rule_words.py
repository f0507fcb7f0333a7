"""What an operating rule says in plain words, in English and Japanese."""

from __future__ import annotations

import pandas as pd

from assay.studies.families.agree import PRIMARY
from assay.studies.families.rule import RISE, chosen
from assay.studies.phrases import number, percent
from assay.studies.study import Text, text

# Figures that a rule may rest on, columns of runs.csv: the movement of each primary measure.
FIGURES: dict[str, Text] = {measure.movement: measure.said for measure in PRIMARY}


def figure(name: str) -> Text:
    """What a figure is called: a distance for movements, else its own name."""
    return FIGURES.get(name, text(name, name))


def sentence(table: pd.DataFrame) -> Text:
    """The rule that the evidence justifies, or that none is.

    ``table``: of `rules`. The threshold is that of all cases, the counts are of thresholds learnt without one kind of
    stress and applied to that one, so the sentence does not say that they are of this threshold.

    >>> row = {"figure": "movement", "threshold": 0.5, "above": 10, "rose_above": 8, "low": 0.444, "high": 0.975,
    ...        "below": 20, "rose_below": 4, "p_holm": 0.002, "skill": 0.6, "justified": True}
    >>> sentence(pd.DataFrame([row]))["en"]
    'Above a CKA distance of 0.50 to the unstressed twin at the last hidden layer, false detections under shift rose \
by more than 1 point oftener than below it: check such a model on changed data before it is used. Learnt without one \
kind of stress and applied to that one, each in turn, such thresholds were passed in 10 cases; they rose in 8 of these \
(44 % to 98 %) and in 4 of the 20 others.'
    >>> sentence(pd.DataFrame([{**row, "justified": False}]))["en"][:36]
    'No operating rule is justified here:'
    """
    if table.empty:
        return text(
            "No operating rule is justified here: there are too few finished kinds of stress and seeds to learn one "
            "and to validate it.",
            "ここでは運用ルールを立てられません。学習と検証に必要なストレスの種類・シードの完了数が不足しています。",
        )
    rule = chosen(table)
    if rule is None:
        best = float(table["p_holm"].min())
        return text(
            "No operating rule is justified here: no threshold on the movement of a model, learnt on some kinds of "
            "stress, foretold rising false detections under the others better than a figure that knows nothing "
            f"(p {best:.2g}).",
            "ここでは運用ルールを立てられません。一部の種類のストレスで学習した移動量のしきい値は、残りの種類での誤検出の増加を"
            f"偶然以上には予測できませんでした（p={best:.2g}）。",
        )
    en, ja = figure(rule["figure"])["en"], figure(rule["figure"])["ja"]
    at, above, hit = number(rule["threshold"]), int(rule["above"]), int(rule["rose_above"])
    span = [percent(rule["low"]), percent(rule["high"])]
    points = f"{100 * RISE:g} point"
    return text(
        f"Above a {en} of {at} to the unstressed twin at the last hidden layer, false detections under shift rose by "
        f"more than {points} oftener than below it: check such a model on changed data before it is used. Learnt "
        f"without one kind of stress and applied to that one, each in turn, such thresholds were passed in {above} "
        f"cases; they rose in {hit} of these ({span[0]} to {span[1]}) and in {int(rule['rose_below'])} of the "
        f"{int(rule['below'])} others.",
        f"最終隠れ層でストレスなしの双子との{ja}が{at}を超えると、変化したデータでの誤検出が"
        f"{100 * RISE:g}ポイントを超えて増える割合が、しきい値以下より高くなりました。"
        "使う前に変化したデータで確認してください。"
        f"ストレスを1種類ずつ除いて求めたしきい値をその種類に当てはめると、超えた{above}件中{hit}件"
        f"（{span[0]}〜{span[1]}）、超えない{int(rule['below'])}件中{int(rule['rose_below'])}件で増えました。",
    )

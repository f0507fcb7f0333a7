"""What the arms of the `generalist` study are called, and what to write to have each."""

from __future__ import annotations

from assay.studies.study import Text, text

ARM = {
    "generalist": text("generalist (two learners mixed)", "ジェネラリスト（二学習器の混合）"),
    "adversarial": text("adversarial training", "敵対的学習"),
    "standard": text("standard training", "通常の学習"),
    "averaged": text("adversarial, averaged (EMA)", "敵対的学習＋平均 (EMA)"),
    "trades": text("TRADES, averaged", "TRADES＋平均"),
    "post hoc": text("interpolated afterwards", "学習後の補間"),
    "no hand-back": text("learners never handed back", "還元なし"),
    "summed": text("one network, summed loss", "単一ネットワーク（損失の和）"),
    "same settings": text("same settings for both learners", "両学習器で同じ設定"),
    "every step": text("handed back at every step of an epoch", "還元エポックの毎ステップで還元"),
    "anchored": text("features anchored to a natural teacher", "通常学習の教師に特徴を固定"),
    "natural teacher": text("natural teacher", "通常学習の教師"),
}


def floored(floor: float) -> Text:
    """The arm in which the adversarial learner counts so much at the end."""
    return text(f"mixed, {floor:g} adversarial at the end", f"混合（終了時の敵対側{floor:g}）")


def narrowed(factor: float) -> Text:
    """The adversarial arm with so many times the radius."""
    return text(f"adversarial at {factor:g} times the radius, averaged", f"敵対的学習（半径{factor:g}倍）＋平均")


def bent(beta: float) -> Text:
    """The TRADES arm with another beta."""
    return text(f"TRADES beta {beta:g}, averaged", f"TRADES（β={beta:g}）＋平均")


# How each is had in a recipe of one's own; beside the optimiser's settings, which the arm's run tells.
HOW = {
    "generalist": "strategy: {kind: generalist}",
    "adversarial": "strategy: {kind: adversarial}",
    "standard": "strategy: {kind: standard}",
    "averaged": "strategy: {kind: averaged, inner: {kind: adversarial}}",
    "trades": "strategy: {kind: averaged, inner: {kind: trades}}",
    "post hoc": "train with start: the adversarial run, then assay frontier",
    "no hand-back": "strategy: {kind: generalist, hand_back: null}",
    "summed": "strategy: {kind: averaged, inner: {kind: summed}}",
    "same settings": "strategy: {kind: generalist}, no optimiser of a learner's own",
    "every step": "strategy: {kind: generalist, hand_back: {when: step}}",
    "anchored": "strategy: {kind: averaged, inner: {kind: anchored, teacher: RUN}}, start: RUN",
}


def how(name: str) -> str:
    """What to write in a recipe for an arm.

    >>> how("floor 0.2"), how("trades beta 3")
    ('mix: {weights: [0.2, 0.8]}', 'trades with beta: 3, averaged')
    """
    kind, _, value = name.rpartition(" ")
    if kind == "floor":
        return f"mix: {{weights: [{value}, {1 - float(value):g}]}}"
    if kind == "trades beta":
        return f"trades with beta: {value}, averaged"
    if kind == "eps x":
        return f"adversarial at {value} times the radius, averaged"
    return HOW.get(name, name)

"""What the `remedies` study says in plain words, in English and Japanese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.maths.statistics import Estimate
from assay.studies.overfitting.design import BASELINE
from assay.studies.overfitting.words import points, seeds
from assay.studies.phrases import OPEN, TOO_FEW, number, percent
from assay.studies.study import Text, text

__all__ = ["ARM", "CLAIM", "MORE", "QUESTION", "TITLE", "gained", "masked", "meaning", "recommended", "seeds"]

TITLE = text("Remedies against robust overfitting", "頑健性の過学習への対策")
QUESTION = text(
    "Which remedy keeps more robust accuracy to the end than plain adversarial training, at equal cost?",
    "同じ手間の場合、通常の敵対的学習より頑健性を最後まで保つ対策はどれか。",
)
MORE = text("More arms would decide it.", "条件を増やすと判断できます。")

ARM = {
    BASELINE: text("adversarial training", "敵対的学習"),
    "early stopping": text("early stopping", "早期終了"),
    "more data": text("more images", "画像を増やす"),
    "awp": text("weights perturbed (AWP)", "重みの摂動 (AWP)"),
    "ema": text("moving average (EMA)", "移動平均 (EMA)"),
    "augmentation": text("augmentation", "データ拡張"),
    "combination": text("AWP, EMA and augmentation", "AWP＋EMA＋拡張"),
    "harder attack": text("easy images attacked harder", "易しい画像に強い攻撃"),
    "augmix": text("AugMix on easy images", "易しい画像にAugMix"),
    "left out": text("easy images left out", "易しい画像を除く"),
    "label smoothing": text("label smoothing", "ラベル平滑化"),
    "mail": text("weights by margin (MAIL)", "余裕度で重み付け (MAIL)"),
    "swa": text("average of weights (SWA)", "重みの平均 (SWA)"),
    "consistency": text("consistent answers (TRADES)", "応答の一貫性 (TRADES)"),
    "distillation": text("distillation with SWA", "蒸留＋SWA"),
    "feature anchoring": text("features anchored (CFA)", "特徴の固定 (CFA)"),
    "natural teacher": text("natural teacher", "通常学習の教師"),
    "robust teacher": text("robust teacher", "頑健な教師"),
    "anchor": text("natural teacher of the features", "特徴固定用の通常学習の教師"),
}
CLAIM = {
    name: text(
        f"{label['en'][0].upper()}{label['en'][1:]}: more robustness is kept to the end.",
        f"{label['ja']}：頑健性が最後までより保たれる。",
    )
    for name, label in ARM.items()
    if name not in (BASELINE, "natural teacher", "robust teacher", "anchor")
}
# How each is had in a recipe of one's own.
HOW = {
    "early stopping": "keep: best",
    "more data": "collect more images of the same kind",
    "awp": "strategy: {kind: awp, inner: {kind: adversarial}}",
    "ema": "strategy: {kind: averaged, rule: ema, inner: {kind: adversarial}}",
    "augmentation": "strategy: {kind: adversarial, augment: weak}",
    "combination": "strategy: {kind: averaged, inner: {kind: awp, inner: {kind: adversarial, augment: weak}}}",
    "harder attack": "strategy: {kind: small_loss, treatment: harder, start: 1/2, inner: {kind: adversarial}}",
    "augmix": "strategy: {kind: small_loss, treatment: augmix, start: 1/2, inner: {kind: adversarial}}",
    "left out": "strategy: {kind: small_loss, treatment: drop, start: 1/2, inner: {kind: adversarial}}",
    "label smoothing": "strategy: {kind: adversarial, loss: label_smoothed}",
    "mail": "strategy: {kind: weighted, rule: mail, start: 1/2, inner: {kind: adversarial}}",
    "swa": "strategy: {kind: averaged, rule: swa, start: 1/2, inner: {kind: adversarial}}",
    "consistency": "strategy: {kind: trades}",
    "distillation": "strategy: {kind: averaged, rule: swa, inner: {kind: distilled, inner: {kind: adversarial}}}",
    "feature anchoring": "start: RUN, strategy: {kind: anchored, teacher: RUN}, RUN being trained naturally",
}


def meaning(claim: str, word: str, direction: str) -> Text:
    """What a verdict means for the reader."""
    if word == "supported":
        return text(f"Worth having here ({HOW[claim]}).", f"ここでは有効です（{HOW[claim]}）。")
    if word == "undecided":
        return OPEN
    if direction == "below":
        return text("It does harm here: leave it out.", "ここでは逆効果です。使わないでください。")
    return text(
        "It does not matter here: spend nothing on it.", "ここでは効果がありません。手間をかける必要はありません。"
    )


def gained(estimate: Estimate, clean: float) -> Text:
    """What a remedy adds to robust accuracy at the end, and what it does to clean accuracy."""
    if not estimate.known:
        return TOO_FEW
    e, lo, hi = (points(value) for value in (estimate.effect, estimate.low, estimate.high))
    return text(
        f"Robust accuracy at the end is {e} points against plain adversarial training ({lo} to {hi}); clean accuracy "
        f"{points(clean)}.",
        f"終了時の頑健正解率は通常の敵対的学習に比べて{e}ポイント（{lo}〜{hi}）、通常の正解率は{points(clean)}ポイントです。",
    )


def doubtful(estimate: Estimate, count: int) -> Text:
    """What looks like robust accuracy and is not."""
    e = points(estimate.effect) if estimate.known else "?"
    return text(
        f"It seems to be {e} points, but the robust accuracy of {count} of its models is not to be believed (trust "
        "level X): it cannot win.",
        f"見かけは{e}ポイントですが、{count}件のモデルの頑健正解率が信頼できない（信頼水準X）ため、有効とは判定しません。",
    )


DOUBT = text(
    "Nothing that is seen here: assay attack on its weights says which check failed.",
    "この結果からは判断できません。assay attack でどの検査に失敗したかを確認してください。",
)


def masked(counts: Mapping[str, int]) -> list[Text]:
    """Arms with models whose robust accuracy is not to be believed."""
    if not counts:
        return []
    en = ", ".join(f"{ARM[name]['en']} ({n})" for name, n in counts.items())
    ja = "、".join(f"{ARM[name]['ja']}（{n}）" for name, n in counts.items())
    return [
        text(
            f"Models whose robust accuracy is not to be believed (trust level X), so that their arms cannot win: {en}.",
            f"頑健正解率を信頼できないモデルがあります（信頼水準X）。次の条件は有効と判定しません：{ja}。",
        )
    ]


def recommended(name: str | None, val: float, base: float, estimate: Estimate | None) -> Text:
    """Which remedy val chooses, and what it then gave on test."""
    if name is None or estimate is None:
        return text(
            f"On val no remedy beats plain adversarial training ({percent(base)} robust): none is recommended.",
            f"検証データで通常の敵対的学習（頑健正解率{percent(base)}）を上回る対策はありません。推奨なし。",
        )
    e, lo, hi = (points(v) for v in (estimate.effect, estimate.low, estimate.high))
    label = ARM[name]
    sure = estimate.low > 0
    doubt = text("", "") if sure else text(": too little to rely on", "（効果は確かではありません）")
    return text(
        f"Recommended: {label['en']} ({HOW[name]}). On val, by which it was chosen, robust accuracy is {percent(val)} "
        f"against {percent(base)}; on test it gains {e} points ({lo} to {hi}){doubt['en']}.",
        f"推奨：{label['ja']}（{HOW[name]}）。選択に用いた検証データの頑健正解率は{percent(val)}（通常{percent(base)}）、"
        f"テストでの差は{e}ポイント（{lo}〜{hi}）{doubt['ja']}。",
    )


def absent(names: Sequence[str]) -> list[Text]:
    """Remedies that are not in this plan."""
    if not names:
        return []
    return [
        text(
            f"Not in this plan: {', '.join(ARM[name]['en'] for name in names)}.",
            f"この計画に含まれない対策：{'、'.join(ARM[name]['ja'] for name in names)}。",
        )
    ]


def price(value: float) -> str:
    """Points of clean accuracy given up for one of robust accuracy.

    >>> price(0.5), price(float("nan"))
    ('0.50', '–')
    """
    return number(value) if value == value else "–"

"""What the `stream` study says in plain words, in English and Japanese."""

from __future__ import annotations

from collections.abc import Mapping

from assay.maths.statistics import Estimate
from assay.studies.overfitting.words import points, seeds
from assay.studies.phrases import OPEN, TOO_FEW, percent
from assay.studies.study import Text, text

__all__ = ["ARM", "CLAIM", "MORE", "QUESTION", "TITLE", "difference", "meaning", "seeds"]

TITLE = text("A deployed model on a stream of shifted images", "条件が変わり続ける画像での継続学習")
QUESTION = text(
    "A model in use meets images that shift further and further: how should it be updated, at equal cost?",
    "運用中のモデルに届く画像が少しずつ変化するとき、同じ手間でどう更新すべきか。",
)
MORE = text("More seeds would decide it.", "シードを増やすと判断できます。")
ARM = {
    "no update": text("no update", "更新なし"),
    "fine-tuning": text("fine-tuning", "通常の追加学習"),
    "brief fine-tuning": text("fine-tuning, as many epochs", "通常の追加学習（同エポック数）"),
    "adversarial fine-tuning": text("adversarial fine-tuning", "敵対的追加学習"),
    "generalist": text("generalist", "混合モデルの継続"),
    "adversarial throughout": text("adversarial from the start", "最初から敵対的学習"),
    "deployed generalist": text("deployed generalist", "運用開始時の混合モデル"),
    "deployed adversarial": text("deployed adversarial model", "運用開始時の敵対的モデル"),
}
CLAIM = {
    "updating": text(
        "Going on as a generalist beats no update under the last shift.",
        "混合モデルの継続は、最後の条件で更新なしに勝る。",
    ),
    "robust": text(
        "It keeps more robust accuracy to the end than fine-tuning.",
        "通常の追加学習より、頑健性を最後まで保つ。",
    ),
    "forgets": text("It forgets no more than fine-tuning.", "通常の追加学習より多く忘れることはない。"),
    "clean-control": text(
        "It is more accurate under the last shift than adversarial fine-tuning.",
        "最後の条件での正解率が、敵対的追加学習より高い。",
    ),
    "robust-control": text(
        "It is no less robust than adversarial fine-tuning.", "敵対的追加学習に比べて頑健性が劣らない。"
    ),
}
SUPPORTED = {
    "updating": text(
        "Update: restart both learners from the model in use (start: RUN, strategy: generalist).",
        "更新してください（start: RUN、strategy: generalist）。",
    ),
    "robust": text(
        "Plain fine-tuning would give away robustness here; the generalist's update keeps more of it.",
        "通常の追加学習では頑健性が失われます。混合モデルの継続がより保ちます。",
    ),
    "forgets": text(
        "Earlier conditions are served no worse than after fine-tuning.",
        "以前の条件での正解率は、通常の追加学習後に劣りません。",
    ),
    "clean-control": text(
        "The second learner is worth its share of the cost: adversarial fine-tuning alone adapts less.",
        "二つ目の学習器は手間に見合います。敵対的追加学習だけでは適応が劣ります。",
    ),
    "robust-control": text(
        "Nothing is lost in robustness against adversarial fine-tuning.",
        "敵対的追加学習と比べて頑健性の損失はありません。",
    ),
}
REFUTED = {
    "updating": text(
        "Leave the model as it is: this update does not help under this shift.",
        "この変化では更新の効果がありません。モデルを変えないでください。",
    ),
    "robust": text(
        "Fine-tuning keeps as much robustness here: it is the simpler choice.",
        "頑健性は通常の追加学習でも同程度に保たれます。より簡単な方法を選んでください。",
    ),
    "forgets": text(
        "Where earlier conditions come back, fine-tuning is the safer choice.",
        "以前の条件が戻る場合は、通常の追加学習の方が安全です。",
    ),
    "clean-control": text(
        "Adversarial fine-tuning adapts as well: the second learner adds nothing here.",
        "敵対的追加学習でも同じように適応します。二つ目の学習器は不要です。",
    ),
    "robust-control": text(
        "Where attacks are the worry, adversarial fine-tuning is the better update.",
        "攻撃が心配な場合は、敵対的追加学習の方が適しています。",
    ),
}


def meaning(claim: str, word: str, direction: str) -> Text:
    """What a verdict means for the reader."""
    return {"supported": SUPPORTED, "refuted": REFUTED}[word][claim] if word != "undecided" else OPEN


def difference(claim: str, estimate: Estimate) -> Text:
    """What a claim's difference is, in percentage points."""
    if not estimate.known:
        return TOO_FEW
    e, lo, hi = (points(value) for value in (estimate.effect, estimate.low, estimate.high))
    en, ja = {
        "updating": (
            "Under the last shift its accuracy is {} points against no update",
            "最後の条件での正解率は更新なしに比べて",
        ),
        "robust": (
            "Its robust accuracy at the end is {} points against the more robust fine-tuning",
            "最後の頑健正解率は、より頑健な方の通常の追加学習に比べて",
        ),
        "forgets": (
            "Against the fine-tuning that forgets less, it keeps {} points of earlier accuracy",
            "以前の条件での正解率の保持は、より忘れない方の通常の追加学習に比べて",
        ),
        "clean-control": (
            "Under the last shift its accuracy is {} points against adversarial fine-tuning",
            "最後の条件での正解率は敵対的追加学習に比べて",
        ),
        "robust-control": (
            "Its robust accuracy at the end is {} points against adversarial fine-tuning",
            "最後の頑健正解率は敵対的追加学習に比べて",
        ),
    }[claim]
    return text(f"{en.format(e)} ({lo} to {hi}).", f"{ja}{e}ポイントです（{lo}〜{hi}）。")


def harmless(clean: float, shifted: float) -> Text:
    """The shift takes nothing from the deployed model."""
    return text(
        f"The last shift hardly harms the deployed model ({percent(clean)} before, {percent(shifted)} under it): there "
        "is nothing to update for. A stronger one would show more (--set grid.strength=...).",
        f"最後の条件でも運用開始時のモデルはほとんど悪化しません（{percent(clean)}→{percent(shifted)}）。"
        "より強い変化で試してください（--set grid.strength=...）。",
    )


def frail(robust: float) -> Text:
    """What is deployed has no robust accuracy to keep."""
    return text(
        f"The deployed model's robust accuracy is below chance ({percent(robust)}): there is none to keep. A smaller "
        "radius would show more (--set strategy.attack.eps=...).",
        f"運用開始時のモデルの頑健正解率が偶然を下回ります（{percent(robust)}）。半径を小さくしてください。",
    )


def spent(robust: float) -> Text:
    """No arm has robust accuracy left at the end."""
    return text(
        f"At the end no arm is as robust as guessing (at most {percent(robust)}): claims of robustness compare nothing "
        "with nothing. A smaller radius or a weaker shift would show more.",
        f"最後の時点で頑健正解率が偶然を上回る条件がありません（最大{percent(robust)}）。頑健性の比較には意味がありません。"
        "半径または変化を小さくしてください。",
    )


def masked(counts: Mapping[str, int]) -> Text:
    """Arms with models whose robust accuracy is not to be believed."""
    en = ", ".join(f"{ARM[name]['en']} ({n})" for name, n in counts.items())
    ja = "、".join(f"{ARM[name]['ja']}（{n}）" for name, n in counts.items())
    return text(
        f"Models whose robust accuracy is not to be believed (trust level X): {en}. No arm wins by such.",
        f"頑健正解率を信頼できないモデルがあります（信頼水準X）：{ja}。該当値による優位は認めません。",
    )


def unequal(shares: Mapping[str, float]) -> Text:
    """Arms whose updates could not be made equally costly with whole epochs."""
    en = ", ".join(f"{ARM[name]['en']} ({percent(share)})" for name, share in shares.items())
    ja = "、".join(f"{ARM[name]['ja']}（{percent(share)}）" for name, share in shares.items())
    return text(
        f"Whole epochs make the cost of an update differ from the generalist's: {en}. Longer updates differ less "
        "(--set grid.update=20).",
        f"エポック単位のため、更新の手間が混合モデルと異なります：{ja}。更新を長くすると差が縮みます。",
    )

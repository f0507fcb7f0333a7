"""What the `limit` study says in plain words, in English and Japanese."""

from __future__ import annotations

from assay.maths.statistics import Estimate
from assay.studies.phrases import OPEN, TOO_FEW, number
from assay.studies.study import Text, text

TITLE = text("Do good models become alike in the limit?", "良いモデルは極限で似てくるか")
QUESTION = text(
    "Do the representations of models that generalise become more alike with width, training data and training time?",
    "よく汎化するモデルの内部表現は、幅・学習データ・学習時間とともに互いに似てくるか。",
)
MORE = text("More seeds would decide it.", "シードを増やすと判断できます。")
UNIT = text("of similarity (CKA)", "（類似度 CKA）")
CLAIM = {
    "wider": text(
        "Models that generalise become more alike with width.", "よく汎化するモデルは、幅が広いほど互いに似ている。"
    ),
    "more-images": text("They become more alike with more training images.", "学習画像が多いほど互いに似ている。"),
    "longer": text("They become more alike with longer training.", "学習が長いほど互いに似ている。"),
}
ALONG = {
    "wider": text("from width {} to {}", "幅 {} から {} へ"),
    "more-images": text("from {} to {} training images", "学習画像 {} 枚から {} 枚へ"),
    "longer": text("from {} to {} epochs", "{} エポックから {} エポックへ"),
}
SUPPORTED = {
    "wider": text(
        "Two wide models are nearer to being one model: which of them is taken matters less.",
        "幅の広いモデルどうしは互いに近く、どれを選ぶかの違いは小さくなります。",
    ),
    "more-images": text(
        "More images make what a model learns depend less on chance: collecting them also buys repeatability.",
        "画像を増やすと学習結果が偶然に左右されにくくなり、再現性も得られます。",
    ),
    "longer": text(
        "Longer training brings models together: short trials vary more than what is shipped.",
        "長く学習するほどモデルは近づきます。短い試行のばらつきは本番より大きくなります。",
    ),
}
REFUTED = {
    "none": text(
        "Within this range it changes nothing that matters in how alike models are.",
        "この範囲では、モデルどうしの類似度に意味のある変化はありません。",
    ),
    "below": text(
        "They drift apart instead: compare several models before you rely on what one of them looks at.",
        "逆に、互いに離れていきます。一つのモデルの着目点に頼る前に、複数のモデルを比べてください。",
    ),
}


def meaning(claim: str, word: str, direction: str) -> Text:
    """What a verdict means for the reader."""
    if word == "undecided":
        return OPEN
    return SUPPORTED[claim] if word == "supported" else REFUTED["below" if direction == "below" else "none"]


def models(n: int) -> Text:
    """How many models a claim rests on."""
    return text(f"{n} models, each with a seed of its own", f"モデル{n}個（シードはすべて異なる）")


def sentence(claim: str, estimate: Estimate, steps: list[tuple[float, Estimate]]) -> Text:
    """What the similarity of happy models does along an axis."""
    if not estimate.known:
        return TOO_FEW
    ends = [f"{step:g}" for step in (steps[0][0], steps[-1][0])]
    e, low, high = (number(value) for value in (estimate.effect, estimate.low, estimate.high))
    first, last = (number(each.effect) for each in (steps[0][1], steps[-1][1]))
    en, ja = (ALONG[claim][lang].format(*ends) for lang in ("en", "ja"))
    return text(
        f"Similarity changes by {e} ({low} to {high}) {en}: {first} at the first, {last} at the last.",
        f"{ja}、類似度は{e}（{low}〜{high}）変化しました（最初{first}、最後{last}）。",
    )


def unplaced(n: int) -> list[Text]:
    """Models whose last hidden layer gives the same for every input are like no other."""
    if not n:
        return []
    return [
        text(
            f"Left out of every mean: {n} models whose last hidden layer says the same of everything.",
            f"最終隠れ層の出力が常に一定のため、平均から除いたモデル：{n}件。",
        )
    ]


def narrow(probe: int, width: int, room: int) -> list[Text]:
    """The probe is not much larger than the widest layer."""
    if probe >= room * width:
        return []
    return [
        text(
            f"The probe has {probe} inputs for layers of up to {width} units. The debiased measure is used, which "
            f"so few inputs make noisy, not high; {room} times as many inputs as units are better "
            "(--set grid.probe=..., a larger test split, or --set grid.widths=[...]).",
            f"プローブ入力{probe}件に対し層の幅は最大{width}です。偏りを補正した指標を使うため"
            f"高くは出ませんが、ばらつきます。入力は幅の{room}倍以上が望まれます（--set grid.probe=...、"
            "テストデータの追加、--set grid.widths=[...]）。",
        )
    ]

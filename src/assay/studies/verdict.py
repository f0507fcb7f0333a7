"""From estimates to verdicts: a word, a direction, and what would decide what is undecided."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from math import ceil, isfinite
from statistics import NormalDist
from typing import Any

from assay.maths.statistics import Estimate, holm, judge, needed_n
from assay.maths.statistics.estimate import Direction, Word
from assay.studies.phrases import NOTHING, known
from assay.studies.study import Claim, Judged, Study, Text, text


def verdicts(
    study: type[Study],
    claims: Sequence[Claim],
    judged: Mapping[str, Judged],
    level: float,
    cost: float | None,
    out: Mapping[str, Text] | Collection[str] = (),
) -> list[dict[str, Any]]:
    """One plain-data verdict a claim. ``level`` is shared by Holm's correction over the study's claims.

    ``cost`` is the seconds that one more seed takes, where known, so that *undecided* can say what deciding costs.
    ``out`` names the claims that, known before any run, the settings cannot decide: they stay undecided and share
    in no correction, since a test that is not made raises no false alarm.
    """
    tested = [claim.name for claim in claims if claim.name not in out]
    give = out if isinstance(out, Mapping) else {}
    found = {
        name: replace(each, estimate=NOTHING, parts={}, lacking=give.get(name, each.lacking)) if name in out else each
        for name, each in judged.items()
    }
    corrected = dict(zip(tested, holm([_p(found[name].estimate) for name in tested]), strict=True))
    return [
        _verdict(study, claim, found[claim.name], corrected.get(claim.name, 1.0), level, cost, len(tested))
        for claim in claims
    ]


def _verdict(
    study: type[Study], claim: Claim, found: Judged, corrected: float, level: float, cost: float | None, claims: int
) -> dict[str, Any]:
    estimate = found.estimate
    # The claim's p is the largest of its measures'; one that says more by itself is corrected for all claims.
    said = {
        name: _said(part, claim, min(corrected, claims * _p(part)), level)
        for name, part in (found.parts or {"": estimate}).items()
    }
    word, direction = in_agreement(list(said.values()))
    shown = bounded(estimate, claim)
    negligible = claim.margin[0] < estimate.low and estimate.high < claim.margin[1]  # no opposite worth the name
    return {
        "claim": claim.name,
        "word": word,
        "direction": direction,
        "effect": shown.effect,
        "interval": [shown.low, shown.high],
        "level": estimate.level,
        "p": _p(estimate),
        "p_corrected": corrected,
        "n": estimate.n,
        "n_text": found.n_text,
        "sentence": found.sentence,
        "meaning": study.meaning(claim.name, word, "none" if negligible else direction),
        "next": (found.lacking or _next(study, claim, estimate, corrected, level, cost, [w for w, _ in said.values()]))
        if word == "undecided"
        else None,
        "detail": {**dict(estimate.detail), **dict(found.detail)},
        **(
            {"by": {name: _by(part, claim, said[name][0]) for name, part in found.parts.items()}} if found.parts else {}
        ),
    }


def _said(part: Estimate, claim: Claim, corrected: float, level: float) -> tuple[Word, Direction]:
    return judge(
        part,
        claimed=claim.claimed,
        threshold=claim.threshold,
        margin=claim.margin,
        alpha=level,
        p_corrected=corrected,
    )


def in_agreement(said: Sequence[tuple[Word, Direction]]) -> tuple[Word, Direction]:
    """The word on which all measures agree, and the side; else *undecided*.

    >>> in_agreement([("supported", "above"), ("refuted", "none")])
    ('undecided', 'none')
    >>> in_agreement([("refuted", "none"), ("refuted", "below")])
    ('refuted', 'none')
    """
    words, sides = {word for word, _ in said}, {side for _, side in said}
    side = sides.pop() if len(sides) == 1 else "none"
    word = words.pop() if len(words) == 1 else "undecided"
    return ("undecided" if word == "supported" and side == "none" else word), side


def _by(part: Estimate, claim: Claim, word: Word) -> dict[str, Any]:
    """What one of several measures says by itself, as plain data."""
    shown = bounded(part, claim)
    return {"word": word, "effect": shown.effect, "interval": [shown.low, shown.high], "p": _p(part)}


def _p(estimate: Estimate) -> float:
    return float(estimate.p) if isfinite(estimate.p) else 1.0


def bounded(estimate: Estimate, claim: Claim) -> Estimate:
    """The estimate as numbers in every case: nothing known is the whole range around no effect."""
    low, high = claim.bounds

    def inside(value: float, missing: float) -> float:
        return min(max(float(value), low), high) if value == value else missing

    return replace(
        estimate,
        effect=inside(estimate.effect, claim.threshold),
        low=inside(estimate.low, low),
        high=inside(estimate.high, high),
    )


def _needed_for_p(p: float, corrected: float, level: float, n: int) -> int:
    """Units with which p would be small enough after correction, the effect and its spread staying as they are.

    z = the normal quantile of p grows with the root of n: n (z(p level / corrected) / z(p))^2, rounded up.

    >>> _needed_for_p(0.043, 0.129, 0.05, 10)  # z 2.39 is needed and 2.02 was found
    14
    """
    z = [NormalDist().inv_cdf(1 - each / 2) for each in (p * level / corrected, p)]
    return ceil(n * (z[0] / max(z[1], 0.1)) ** 2)


def _next(
    study: type[Study],
    claim: Claim,
    estimate: Estimate,
    corrected: float,
    level: float,
    cost: float | None,
    words: Sequence[Word],
) -> Text:
    """What would decide it: how many more units, and about how long that takes."""
    if "undecided" not in words:
        return text(
            "The measures decide it, but not alike, so more runs are unlikely to make them agree: look at both.",
            "指標ごとには判定できますが、結論が一致しません。追加の学習では一致しにくいため、両方の数値を確認してください。",
        )
    if not known(estimate):
        return text(
            "More finished runs would decide it: more seeds (--seeds 12), or a gentler setting where runs stopped.",
            "完了した学習を増やすと判断できます（--seeds 12、または停止した設定を穏やかにする）。",
        )
    if claim.design == "family" and claim.scale == "correlation":
        return study.more
    clear = estimate.low > claim.threshold or estimate.high < claim.threshold
    short = clear and corrected > level  # only p is too large
    if short and float(estimate.detail.get("smallest_p", 0)) * corrected > level * _p(estimate):
        return text(
            "The interval is clear of the threshold, but so few units cannot reach a small enough p "
            f"({_p(estimate):.2g}, {corrected:.2g} after correction): use 12 seeds or more (--seeds 12).",
            f"区間は境界から離れていますが、数が少ないためp値が十分小さくなりません（p={_p(estimate):.2g}、補正後{corrected:.2g}）。"
            "シードを12個以上にしてください（--seeds 12）。",
        )
    if short:
        needed: int | None = _needed_for_p(_p(estimate), corrected, level, estimate.n)
    else:
        needed = needed_n(estimate, threshold=claim.threshold, margin=claim.margin)
    if needed is None or needed <= estimate.n:
        return text(
            "The effect is too close to the threshold for a reasonable number of further seeds to decide it.",
            "効果が境界に近すぎるため、現実的な追加回数では判断できません。",
        )
    factor = needed / max(estimate.n, 1)
    more = max(1, round(needed - estimate.n)) if claim.design == "paired" else None
    if more is None:
        en, ja = f"about {factor:.1f} times as many models", f"モデルを約{factor:.1f}倍に増やすこと"
    else:
        en, ja = f"about {more} more seed{'s' * (more > 1)}", f"シードを約{more}個増やすこと"
    if cost is not None and more is not None:
        minutes = max(1, round(more * cost / 60))
        en, ja = f"{en}, roughly {minutes} minute{'s' * (minutes > 1)}", f"{ja}（約{minutes}分）"
    return text(
        f"What would decide it: {en}, if the effect stays as it is.", f"判断に必要なこと：{ja}（効果が同程度の場合）。"
    )

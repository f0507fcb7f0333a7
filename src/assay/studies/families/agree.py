"""Two declared measures: a claim is judged under each and holds only where both say so.

Which measure of similarity is right is not known, so what only one of them shows is not found. The claim's null is that
the effect is missing under at least one measure, and is rejected where both reject (intersection-union test): with p
the larger of the two, the level is kept whatever the dependence between them, without a further correction. Source:
Berger 1982, Technometrics 24:295-300.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf, log

from assay.maths.statistics import Estimate
from assay.studies.families import words
from assay.studies.study import Claim, Judged, Text, text


@dataclass(frozen=True)
class Primary:
    """A measure that claims rest on: its name is its column in ``pairs.csv``."""

    name: str
    movement: str  # the column of ``runs.csv`` with its distance to the unstressed twin
    from_twin: str  # the same along training, in ``moments.csv``
    said: Text


PRIMARY = (
    Primary("cka_distance", "movement", "from_twin", text("CKA distance", "CKA 距離")),
    Primary(
        "procrustes_distance",
        "movement_procrustes",
        "from_twin_procrustes",
        text("Procrustes distance", "プロクラステス距離"),
    ),
)
# The same measures on the answers instead of the inside: a control.
LOGITS = tuple(Primary(f"logits_{m.name}", f"{m.movement}_logits", m.from_twin, m.said) for m in PRIMARY)


def agreed(claim: Claim, found: Mapping[str, Judged]) -> Judged:
    """One claim under several measures as one; of one measure alone, what it says."""
    (first, *rest) = found.values()
    if not rest:
        return first
    parts = {name: each.estimate for name, each in found.items()}
    estimate = less_favourable(claim, list(parts.values()))
    said = [(measure.said, parts[measure.name].effect) for measure in PRIMARY if measure.name in parts]
    detail = {
        f"{key} ({name})": value
        for name, each in found.items()
        for key, value in {**each.estimate.detail, **each.detail}.items()
        if key != "smallest_p"
    }
    sentence = words.by_both(words.sentence(claim.name, estimate), estimate, said, claim.scale)
    return Judged(estimate, first.n_text, sentence, detail, first.lacking, parts)


def less_favourable(claim: Claim, estimates: list[Estimate]) -> Estimate:
    """The effect nearest to none, the interval that holds all intervals, the largest p.

    Where one is not known, nothing is. The word for the claim is not taken from this but from each measure.

    >>> from assay.studies.families.claims import CLAIMS
    >>> found = less_favourable(CLAIMS[0], [Estimate(2, 1.5, 3, 0.01, 12), Estimate(0.6, 0.5, 0.9, 0.04, 12)])
    >>> found.effect, found.low, found.high, found.p  # 0.6 is nearer to 1 than 2 is: 1 / 0.6 < 2
    (0.6, 0.5, 3, 0.04)
    """

    def away(estimate: Estimate) -> float:
        if claim.scale != "ratio":
            return abs(estimate.effect - claim.threshold)
        return abs(log(estimate.effect / claim.threshold)) if estimate.effect > 0 else inf

    unknown = [each for each in estimates if not each.known]
    base = unknown[0] if unknown else min(estimates, key=away)
    smallest = [each.detail["smallest_p"] for each in estimates if "smallest_p" in each.detail]
    return replace(
        base,
        low=base.low if unknown else min(each.low for each in estimates),
        high=base.high if unknown else max(each.high for each in estimates),
        p=max(each.p if each.known else 1.0 for each in estimates),
        n=min(each.n for each in estimates),
        detail={"smallest_p": max(smallest)} if smallest else {},
    )

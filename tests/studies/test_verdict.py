"""From estimates to verdicts: words, numbers in every case, and what would decide what is undecided."""

from __future__ import annotations

import math

import pytest

from assay.maths.statistics import Estimate
from assay.studies import Families
from assay.studies.families.claims import CLAIMS
from assay.studies.phrases import NOTHING
from assay.studies.study import Judged, text
from assay.studies.verdict import verdicts

FEW = text("few", "少")


def judged(effect: float, low: float, high: float, p: float, n: int = 12, smallest: float = 0.0005) -> Judged:
    return Judged(Estimate(effect, low, high, p, n, detail={"smallest_p": smallest}), FEW, FEW)


def verdict_of(name: str, found: Judged, cost: float | None = None) -> dict:
    (claim,) = (claim for claim in CLAIMS if claim.name == name)
    return verdicts(Families, [claim], {name: found}, 0.05, cost)[0]


def test_a_negligible_effect_is_not_called_the_opposite() -> None:
    name = "unhappy-vary-more"
    tiny = verdict_of(name, judged(0.95, 0.92, 0.98, 0.001))
    large = verdict_of(name, judged(0.5, 0.4, 0.6, 0.001))
    assert tiny["word"] == large["word"] == "refuted" and tiny["direction"] == large["direction"] == "below"
    assert "opposite" in large["meaning"]["en"] and "equally far" in tiny["meaning"]["en"]


def test_holm_is_shared_by_all_claims_of_the_study() -> None:
    each = {claim.name: judged(1.5, 1.2, 1.9, 0.02) for claim in CLAIMS if claim.scale == "ratio"}
    each |= {claim.name: judged(0.0, -0.5, 0.5, 0.9) for claim in CLAIMS if claim.scale != "ratio"}
    words = {v["claim"]: (v["word"], v["p_corrected"]) for v in verdicts(Families, CLAIMS, each, 0.05, None)}
    assert words["stress-moves"] == ("undecided", pytest.approx(0.1))
    alone = verdict_of("stress-moves", each["stress-moves"])
    assert alone["word"] == "supported"


def test_what_is_not_known_is_still_numbers() -> None:
    for claim in CLAIMS:
        found = verdict_of(claim.name, Judged(NOTHING, FEW, FEW))
        assert found["word"] == "undecided" and found["effect"] == claim.threshold
        assert found["interval"] == list(claim.bounds) and found["p"] == 1.0
        assert all(math.isfinite(x) for x in (found["effect"], *found["interval"], found["p"], found["n"]))


def test_undecided_says_what_would_decide_it() -> None:
    wide = verdict_of("stress-moves", judged(1.3, 0.9, 1.9, 0.2), cost=60.0)
    assert "more seeds" in wide["next"]["en"] and "minutes" in wide["next"]["en"]
    few = verdict_of("stress-moves", judged(9.0, 7.0, 11.0, 0.125, n=4, smallest=0.125))
    assert "--seeds 12" in few["next"]["en"]
    alone = verdict_of("stress-moves", judged(1.5, 1.2, 1.9, 0.08, n=10), cost=60.0)  # z 1.96 needed, 1.75 found
    assert "about 3 more seeds, roughly 3 minutes" in alone["next"]["en"]
    one = verdict_of("stress-moves", judged(1.5, 1.2, 1.9, 0.0512, n=12), cost=20.0)
    assert "about 1 more seed, roughly 1 minute," in one["next"]["en"]
    conditions = verdict_of("worse-is-wider", judged(-0.3, -0.7, 0.3, 0.4))
    assert "grid.activations" in conditions["next"]["en"]
    assert verdict_of("stress-moves", judged(2.0, 1.5, 2.5, 0.001))["next"] is None


def test_claims_that_the_settings_cannot_decide_share_in_no_correction() -> None:
    """Known before any run, they stay open whatever the tables say, and take nothing from the others."""
    each = {claim.name: judged(1.5, 1.2, 1.9, 0.02) for claim in CLAIMS}
    out = [claim.name for claim in CLAIMS if claim.name != "stress-moves"]
    found = {v["claim"]: v for v in verdicts(Families, CLAIMS, each, 0.05, None, out)}
    assert [v["claim"] for v in found.values()] == [claim.name for claim in CLAIMS]
    assert found["stress-moves"]["word"] == "supported" and found["stress-moves"]["p_corrected"] == 0.02
    assert {(found[name]["word"], found[name]["p_corrected"]) for name in out} == {("undecided", 1.0)}

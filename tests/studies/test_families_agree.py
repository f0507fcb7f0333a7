"""Two measures must agree: what that does to words and false positives, and the claims on tables that are made up."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from assay.maths.statistics import Estimate, paired_effect
from assay.studies import Families
from assay.studies.families.agree import PRIMARY, agreed
from assay.studies.families.claims import CLAIMS
from assay.studies.families.judging import judge
from assay.studies.phrases import NOTHING, as_ratio
from assay.studies.study import Judged, text
from assay.studies.verdict import verdicts

MOVES = CLAIMS[0]  # a ratio; the margin is 0.8 to 1.25
FEW = text("few", "少")
UP, DOWN = (1.5, 1.3, 1.9, 0.001), (0.6, 0.5, 0.7, 0.001)
SMALL_UP, NONE, OPEN = (1.1, 1.05, 1.2, 0.001), (1.0, 0.9, 1.1, 0.9), (1.3, 0.9, 1.9, 0.2)


def verdict_of(a: Estimate, b: Estimate) -> dict:
    found = {m.name: Judged(each, FEW, FEW) for m, each in zip(PRIMARY, (a, b), strict=True)}
    return verdicts(Families, [MOVES], {MOVES.name: agreed(MOVES, found)}, 0.05, None)[0]


@pytest.mark.parametrize(
    ("a", "b", "word", "direction"),
    [
        (UP, UP, "supported", "above"),
        (DOWN, DOWN, "refuted", "below"),
        (NONE, NONE, "refuted", "none"),
        (NONE, DOWN, "refuted", "none"),
        (SMALL_UP, UP, "undecided", "above"),  # surely negligible by one measure: not supported by both
        (UP, DOWN, "undecided", "none"),
        (UP, OPEN, "undecided", "none"),
        (OPEN, NONE, "undecided", "none"),
    ],
)
def test_a_word_is_said_only_where_both_measures_say_it(a: tuple, b: tuple, word: str, direction: str) -> None:
    for first, second in ((a, b), (b, a)):
        found = verdict_of(Estimate(*first, 12), Estimate(*second, 12))
        assert (found["word"], found["direction"]) == (word, direction)
        assert found["p"] == found["p_corrected"] == max(a[3], b[3]) and found["interval"] == [
            min(a[1], b[1]),
            max(a[2], b[2]),
        ]
        assert [each["effect"] for each in found["by"].values()] == [first[0], second[0]]


def test_what_one_measure_does_not_know_is_not_known() -> None:
    found = verdict_of(Estimate(*UP, 12), NOTHING)
    assert found["word"] == "undecided" and found["p"] == 1 and found["interval"] == list(MOVES.bounds)


def test_measures_that_disagree_are_not_asked_for_more_seeds() -> None:
    assert "not alike" in verdict_of(Estimate(*UP, 12), Estimate(*NONE, 12))["next"]["en"]
    assert "seeds" in verdict_of(Estimate(*UP, 12), Estimate(*OPEN, 12))["next"]["en"]


@pytest.mark.parametrize(("shift", "tied"), [(0.0, 0.0), (0.0, 0.9), (3.0, 0.0), (3.0, 0.9)])
def test_an_effect_that_one_measure_lacks_is_rarely_found(shift: float, tied: float) -> None:
    """The union null: nothing under the second measure, anything under the first, whatever ties the two."""
    false, repeats = 0, 400
    for repeat in range(repeats):
        first, own = np.random.default_rng(repeat).normal(size=(2, 8))
        second = tied * first + math.sqrt(1 - tied**2) * own
        found = verdict_of(as_ratio(paired_effect(first + shift)), as_ratio(paired_effect(second)))
        false += found["direction"] != "none"
    assert false <= 34  # the 99.9 % limit of Binomial(400, .05)


def test_an_effect_that_both_measures_show_is_found() -> None:
    noise = np.random.default_rng(0).normal(size=(2, 12))
    found = verdict_of(*(as_ratio(paired_effect(x + 2)) for x in noise))
    assert found["word"] == "supported"


def made_up(shifts: tuple[float, float], conditions: int = 5, models: int = 8) -> tuple[dict, dict]:
    """Tables of models that are points, one cloud a measure; conditions lie ``shifts`` apart under each."""
    draw = np.random.default_rng(0)
    names = ["none", "fork@0.5", *(f"loss:{i}@0.5" for i in range(conditions - 2))]
    stress = ["none", "fork", *["loss"] * (conditions - 2)]
    runs = pd.DataFrame({
        "run": [f"r{i}" for i in range(2 * conditions * models)],
        "condition": np.tile(np.repeat(names, models), 2),
        "stress": np.tile(np.repeat(stress, models), 2),
        "design": np.repeat(["paired", "family"], conditions * models),
        "seed": np.tile(np.arange(models), 2 * conditions),
        "family": "",
        "status": "finished",
    })  # fmt: skip
    for name in ("val_accuracy", "test_accuracy", "shift_false_reject", "shift_escape"):
        runs[name] = draw.uniform(0.5, 0.9, len(runs))
    for measure, shift in zip(PRIMARY, shifts, strict=True):
        moved = np.exp(draw.normal(0, 0.1, len(runs)) + shift * (runs.stress == "loss"))
        runs[measure.movement] = np.where(runs.design == "family", np.nan, np.where(runs.stress == "none", 0.0, moved))
    own = runs[runs.design == "family"]
    a, b = np.triu_indices(len(own), 1)
    pairs = pd.DataFrame({"run_a": own.run.to_numpy()[a], "run_b": own.run.to_numpy()[b]})
    for measure, shift in zip(PRIMARY, shifts, strict=True):
        x = draw.normal(size=(len(own), 8)) + shift * np.repeat(np.eye(conditions, 8), models, axis=0)
        pairs[measure.name] = np.linalg.norm(x[a] - x[b], axis=1)
    about = {
        "level": 0.05,
        "seeds": models,
        "measures": [measure.name for measure in PRIMARY],
        "conditions": [
            {"name": n, "stress": s, "kind": n.partition("@")[0].partition(":")[2], "at": None if n == "none" else 0.5}
            for n, s in zip(names, stress, strict=True)
        ],
    }
    return about, {"runs": runs, "pairs": pairs}


def words(about: dict, tables: dict) -> dict[str, str]:
    judged, _ = judge(about, tables)
    return {v["claim"]: v["word"] for v in verdicts(Families, CLAIMS, judged, 0.05, None)}


def test_what_both_measures_show_in_the_tables_is_supported_and_what_one_shows_is_not() -> None:
    both, one = words(*made_up((3.0, 3.0))), words(*made_up((3.0, 0.0)))
    for claim in ("stress-moves", "places-differ"):
        assert both[claim] == "supported" and one[claim] == "undecided"
    nothing = words(*made_up((0.0, 0.0)))
    assert "supported" not in nothing.values()


def test_a_study_begun_with_conditions_as_units_says_so() -> None:
    about, tables = made_up((3.0, 3.0))

    def said(measure: str) -> list[str]:
        claims = [{"name": "worse-is-wider", "measure": measure}]
        return [each["en"] for each in judge({**about, "claims": claims}, tables)[1] if "another rule" in each["en"]]

    (now,) = (claim.measure for claim in CLAIMS if claim.name == "worse-is-wider")
    assert said(now) == [] and len(said("rank correlation over conditions of mean accuracy and spread")) == 1


def test_measures_that_did_not_prove_themselves_are_named_before_the_verdicts() -> None:
    about, tables = made_up((3.0, 3.0))
    good = {"identification": 0.9, "identification_low": 0.8, "chance": 0.5, "p": 0.004, "trusted": False}

    def said(cka: dict[str, object], procrustes: dict[str, object]) -> list[str]:
        rows = [{"measure": "cka_distance", **good, **cka}, {"measure": "procrustes_distance", **good, **procrustes}]
        warnings = judge(about, {**tables, "trust": pd.DataFrame(rows)})[1]
        return [each["en"] for each in warnings if "did not prove" in each["en"]]

    (one,) = said({}, {"p": 0.4})
    assert "Procrustes distance did not prove itself" in one and "CKA" not in one
    (both,) = said({"identification_low": 0.5}, {"p": 0.4})
    assert "CKA distance and Procrustes distance did not prove themselves" in both
    assert said({}, {}) == []  # eighteen measures of few models: no p stands the correction, which is no failure
    one_layer = {"identification": None, "identification_low": None}
    assert said(one_layer, one_layer) == []


def test_a_study_from_before_the_second_measure_is_judged_by_the_first_and_says_so() -> None:
    about, tables = made_up((3.0, 0.0))
    expected, _ = judge(about, tables)
    del about["measures"]
    tables["pairs"] = tables["pairs"].drop(columns="procrustes_distance")
    tables["runs"] = tables["runs"].drop(columns="movement_procrustes")
    judged, warnings = judge(about, tables)
    assert words(about, tables)["places-differ"] == "supported"
    assert any("one measure alone (cka_distance)" in each["en"] for each in warnings)
    assert judged.pop("worse-is-wider").sentence["en"].startswith("Too few kinds of stress")
    for name, found in judged.items():
        alone = expected[name].parts["cka_distance"]
        assert not found.parts and found.estimate.p == alone.p
        assert found.estimate.effect == pytest.approx(alone.effect, nan_ok=True)

"""Claims on tables with a known answer, and on tables without any."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assay.studies.generalist.claims import AGAINST, dose, judge
from assay.studies.generalist.design import ADVERSARIAL, HERO
from assay.studies.generalist.matched import match, matched
from assay.studies.generalist.tables import compared, spelt, unspelt
from assay.studies.generalist.words import meaning
from tests.studies.generalist.world import ABOUT, learners, words_of, world

BETTER = {HERO: (0.90, 0.50)}


def test_what_is_planted_is_found() -> None:
    found = words_of(world(BETTER))
    assert found["cleaner"] == ("supported", pytest.approx(0.05, abs=0.01))
    assert found["as-robust"][0] == "supported"
    assert found["tuned-adversarial"][0] == found["tuned-trades"][0] == "supported"
    for claim in AGAINST:
        assert found[claim] == ("supported", pytest.approx(0.05, abs=0.02)), claim
    assert found["learners"][0] == "undecided"


def test_a_rival_that_learned_nothing_proves_nothing() -> None:
    tables = world(BETTER | {"anchored": (0.12, 0.10)})
    assert words_of(tables)["anchoring"][0] == "undecided"
    found = judge(ABOUT, tables)[0]["anchoring"]
    assert found.lacking and "another learning rate" in found.lacking["en"]
    assert words_of(world(BETTER | {"anchored": (0.60, 0.10)}))["anchoring"][0] == "supported"


def test_the_opposite_is_found_too() -> None:
    found = words_of(world({HERO: (0.80, 0.38)}))
    assert found["cleaner"][0] == found["as-robust"][0] == found["averaging"][0] == "refuted"
    assert all(found[claim][0] == "refuted" for claim in AGAINST)


def test_what_does_not_matter_is_refuted_and_non_inferiority_is_not() -> None:
    found = words_of(world({HERO: (0.853, 0.447), "averaged": (0.85, 0.45)}))
    assert found["cleaner"][0] == found["averaging"][0] == found["hand-back"][0] == "refuted"
    assert found["as-robust"] == ("supported", pytest.approx(-0.003, abs=0.01))  # a little less is not less
    worse = words_of(world({HERO: (0.853, 0.41)}))
    assert worse["as-robust"] == ("refuted", pytest.approx(-0.04, abs=0.01))


def test_nothing_is_found_where_arms_are_the_mixture_under_other_names() -> None:
    """Arms shuffled within seeds: in 20 studies of ten claims no more may win than the level allows."""
    alike = dict.fromkeys(world()["runs"].condition.unique(), (0.85, 0.45))
    wins = 0
    for draw in range(20):
        tables, mix = world(alike, draw=draw), np.random.default_rng(draw)
        runs = tables["runs"]
        for seed in range(10):
            rows = runs.index[runs.seed == seed]
            runs.loc[rows, "condition"] = mix.permutation(runs.loc[rows, "condition"].to_numpy())
        found = words_of(tables)
        wins += any(word == "supported" for claim, (word, _) in found.items() if claim != "as-robust")
    assert wins <= 3  # of 20 at a level of 0.05: four or more come by in 1.6 % of such tests


def test_better_learners_and_a_better_mixture_go_together_where_they_do() -> None:
    noise = np.random.default_rng(3)
    tables = world() | {"learners": learners(0.3 * noise.normal(size=10), noise)}
    word, effect = words_of(tables)["learners"]
    assert word == "supported" and effect > 0.7
    few = tables["learners"][tables["learners"].seed < 4]
    assert words_of(tables | {"learners": few})["learners"][0] == "undecided"


def test_longer_training_is_no_dose() -> None:
    """Risks of both fall over moments; within a moment nothing goes together, and nothing is claimed."""
    wins = sum(words_of(world(draw=draw))["learners"][0] == "supported" for draw in range(10))
    assert wins <= 1


def test_risks_are_those_of_the_learners_own_tasks() -> None:
    rows = [("global", 0.4, 1.2), ("adversarial", 0.9, 1.0), ("standard", 0.2, 5.0)]
    tags = {"condition": HERO, "seed": 0, "moment": "1"}
    table = pd.DataFrame([{**tags, "network": n, "clean_loss": c, "attacked_loss": a} for n, c, a in rows])
    found = dose(table)
    assert found.learners.tolist() == [pytest.approx((1.0 + 0.2) / 2)]
    assert found["global"].tolist() == [pytest.approx((1.2 + 0.4) / 2)]


# Rivals tuned to the same clean accuracy


def test_the_rival_is_as_clean_by_val_and_test_has_no_say() -> None:
    tables = world({HERO: (0.86, 0.50)})
    found, pairs = matched(tables["runs"], "adversarial")
    assert found is not None and (found.low, found.high) == ("eps x 0.5", "eps x 0.25")
    assert found.share == pytest.approx(0.5) and found.rival == found.hero == pytest.approx(0.86)
    assert pairs.rival_robust.mean() == pytest.approx((0.46 + 0.40) / 2, abs=0.02) and len(pairs) == 10
    moved = tables["runs"].assign(robust=1 - tables["runs"].robust, clean=0.5)
    again, _ = matched(moved, "adversarial")
    assert again == found  # test has no say


def test_a_rival_that_loses_in_both_is_not_what_one_would_tune_to() -> None:
    """The smaller radius is less clean here, too: held against it, a mixture that full training beats would win."""
    tables = world({HERO: (0.79, 0.48), "averaged": (0.80, 0.50), "eps x 0.5": (0.78, 0.30), "eps x 0.25": (0.77, 0.2)})
    found, _ = matched(tables["runs"], "adversarial")
    assert found is not None and found.between == "averaged"
    assert words_of(tables)["tuned-adversarial"][0] == "refuted"


def test_a_rival_that_is_cleaner_all_along_is_no_match() -> None:
    tables = world({HERO: (0.70, 0.55)})
    judged, _ = judge(ABOUT, tables)
    assert words_of(tables)["tuned-adversarial"][0] == "undecided"
    for claim, said in (
        ("tuned-adversarial", "factors above 1 in grid.eps"),
        ("tuned-trades", "above 6 in grid.betas"),
    ):
        assert judged[claim].lacking and said in judged[claim].lacking["en"]  # of its own family alone
    less = match(pd.Series({"a": 0.7, "b": 0.75}), 0.9)
    assert less is not None and less.fair and less.between == "b"  # less clean is to the rival's advantage


def test_a_wider_radius_is_what_a_mixture_that_is_less_clean_can_be_held_against() -> None:
    tables = world({HERO: (0.70, 0.55), "eps x 1.5": (0.68, 0.52)})
    found, _ = matched(tables["runs"], "adversarial")
    assert found is not None and found.fair and found.between == "eps x 1.5 – averaged"
    assert words_of(tables)["tuned-adversarial"][0] == "supported"


@pytest.mark.parametrize("robust", [0.38, 0.495])
def test_a_mixture_that_a_cleaner_rival_beats_in_both_is_refuted(robust: float) -> None:
    """The rival is 10 points cleaner and more robust, or as robust; it would have more still where it is as clean."""
    tables = world({HERO: (0.70, robust)})
    found, _ = matched(tables["runs"], "adversarial")
    assert found is not None and not found.fair
    assert words_of(tables)["tuned-adversarial"] == ("refuted", pytest.approx(robust - 0.50, abs=0.01))
    said = judge(ABOUT, tables)[0]["tuned-adversarial"].sentence
    assert "clean accuracy on val (averaged): a rival that is cleaner, too" in said["en"]
    assert "通常の正解率も対象が上回る" in said["ja"]
    for arm in (HERO, "averaged"):  # what is not to be believed does not refute either
        assert words_of(mask(world({HERO: (0.70, robust)}), arm))["tuned-adversarial"][0] == "undecided"


@pytest.mark.parametrize("robust", [0.505, 0.51, 0.52, 0.55, 0.70])
def test_a_rival_that_is_cleaner_never_supports_the_mixture(robust: float) -> None:
    """It pays for its clean accuracy with robustness, so being more robust than it shows nothing."""
    for draw in range(4):
        found = words_of(world({HERO: (0.70, robust)}, draw=draw))
        for claim in ("tuned-adversarial", "tuned-trades"):
            assert found[claim][0] != "supported" and (robust < 0.52 or found[claim] == ("undecided", 0.0))


def test_a_rival_on_the_line_beats_a_worse_mixture() -> None:
    assert words_of(world({HERO: (0.86, 0.38)}))["tuned-adversarial"][0] == "refuted"


def test_what_goes_together_between_runs_is_no_advice_to_change_anything() -> None:
    for word in ("supported", "refuted"):
        said = meaning("learners", word, "above")
        assert "not tested" in said["en"] and "試していません" in said["ja"]
        assert "tune" not in said["en"].lower() and "調整" not in said["ja"]


# What is not to be believed


def mask(tables: dict[str, pd.DataFrame], arm: str) -> dict[str, pd.DataFrame]:
    runs = tables["runs"]
    runs.loc[(runs.condition == arm) & (runs.seed == 3), "autoattack_level"] = "X"
    return tables


def test_a_masked_mixture_cannot_win() -> None:
    found = words_of(mask(world(BETTER), HERO))
    robust = ["as-robust", "tuned-adversarial", "tuned-trades", *AGAINST]
    assert all(found[claim][0] == "undecided" for claim in robust) and found["cleaner"][0] == "supported"
    judged, warnings = judge(ABOUT, mask(world(BETTER), HERO))
    assert "cannot win" in judged["averaging"].sentence["en"] and judged["averaging"].lacking
    said = " ".join(warning["en"] for warning in warnings)
    assert "generalist (two learners mixed) (1)" in said and "Recommended by val" in said
    assert "Recommended by val (mean of clean and robust accuracy): generalist" not in said


def test_a_masked_rival_cannot_win_and_does_not_save_the_claim_from_support() -> None:
    lost = {HERO: (0.80, 0.38)}
    assert words_of(mask(world(lost), "summed"))["two-learners"][0] == "undecided"
    assert words_of(mask(world(BETTER), "summed"))["two-learners"][0] == "supported"
    assert words_of(mask(world({HERO: (0.85, 0.45)}), ADVERSARIAL))["as-robust"][0] == "supported"


def test_what_was_left_out_is_told() -> None:
    tables = world(BETTER)
    runs = tables["runs"]
    gone = runs[~runs.condition.isin(["summed", "averaged", "eps x 0.5", "eps x 0.25"])]
    judged, _ = judge(ABOUT, tables | {"runs": gone})
    assert "'summed' was left out" in judged["two-learners"].sentence["en"]
    assert "eps" in judged["tuned-adversarial"].sentence["en"]
    assert words_of(tables | {"runs": gone})["two-learners"][0] == "undecided"


@pytest.mark.parametrize(("base", "said"), [((0.85, 0.05), "weak base"), ((0.85, 0.845), "a larger one")])
def test_a_radius_that_shows_nothing_is_told(base: tuple[float, float], said: str) -> None:
    warnings = judge(ABOUT, world({ADVERSARIAL: base}))[1]
    assert any(said in warning["en"] for warning in warnings)
    assert not any(said in warning["en"] for warning in judge(ABOUT, world())[1])


def test_a_broken_run_is_told() -> None:
    tables = world()
    tables["runs"].loc[tables["runs"].run == "averaged 1", "broke_down"] = True
    assert any("broke down" in warning["en"] for warning in judge(ABOUT, tables)[1])


def test_val_recommends_and_test_does_not() -> None:
    tables = world({"floor 0.2": (0.95, 0.60)})
    runs = tables["runs"]
    runs.loc[runs.condition == "anchored", ["clean", "robust", "balanced"]] = 0.99
    table = compared(runs, pd.DataFrame(columns=["condition", "seed", "standing"]), ABOUT["conditions"])
    assert table.arm[table.recommended].tolist() == ["floor 0.2"]
    row = table.set_index("arm").loc["summed"]
    assert row.clean_gain == pytest.approx(0, abs=0.01) and row.clean_low <= row.clean_gain <= row.clean_high


def test_the_wide_interval_takes_images_for_a_sample() -> None:
    noise = np.random.default_rng(0)
    standing = {name: (noise.random(80) < share).tolist() for name, share in ((HERO, 0.6), (ADVERSARIAL, 0.5))}
    rows = [(arm, seed, spelt(marks)) for arm, marks in standing.items() for seed in range(10)]
    images = pd.DataFrame(rows, columns=["condition", "seed", "standing"])
    runs = world()["runs"]
    row = compared(runs, images, ABOUT["conditions"]).set_index("arm").loc[ADVERSARIAL]
    gain = np.mean(unspelt(spelt(standing[HERO])) - unspelt(spelt(standing[ADVERSARIAL])))
    assert row.robust_wide_low < gain < row.robust_wide_high  # all seeds alike, and still an interval
    assert row.robust_wide_high - row.robust_wide_low > 0.1


def test_weight_decays_that_were_found_with_sgd_are_told_where_another_optimiser_has_them() -> None:
    def said(optimiser: str, decays: tuple[float, float]) -> str:
        own = [{"name": None, "weight_decay": decay} for decay in decays]
        about = {**ABOUT, "settings": {"recipe": {"optimiser": {"name": optimiser}}, "own": own}}
        return " ".join(warning["en"] for warning in judge(about, world(BETTER))[1])

    assert "published weight decays (0.0035 and 0.0005), found with SGD, and adam here" in said("adam", (3.5e-3, 5e-4))
    assert "published weight decays" not in said("sgd", (3.5e-3, 5e-4)) + said("adam", (0.0, 0.0))

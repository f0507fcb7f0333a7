"""The arms: what each changes, equal cost, what begins with what, and settings that cannot be."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from assay.core.errors import BadInput
from assay.data import Dataset
from assay.lab import Lab
from assay.maths.statistics import smallest_p
from assay.studies import configure
from assay.studies.generalist import GeneralistStudy
from assay.studies.generalist.claims import AGAINST, CLAIMS
from assay.studies.generalist.design import ADVERSARIAL, ANCHORED, HERO, NAMES, NATURAL, POST_HOC, timed
from assay.studies.generalist.equal import Costed
from assay.train import Anchored, Averaged, Generalist, Recipe, train
from assay.train.passes import counted


def made(*settings: str, seeds: int = 2) -> tuple[GeneralistStudy, Dataset]:
    study, data = configure("generalist", "digits", seeds=seeds, settings=("model=mlp:8", *settings))
    assert isinstance(study, GeneralistStudy)
    return study, data


@pytest.fixture(scope="module")
def whole() -> tuple[GeneralistStudy, Dataset, dict[str, Costed]]:
    study, data = made("epochs=60")
    return study, data, {one.arm.name: one for one in study.costed(data)}


def test_passes_are_what_the_formulas_say(whole: tuple[GeneralistStudy, Dataset, dict[str, Costed]]) -> None:
    """PGD of 5 steps: 5 forward and backward, and one of each to learn; every arm by hand."""
    each = {name: (one.each.forward, one.each.backward) for name, one in whole[2].items()}
    plain, both = (6, 6), (7, 7)  # of a learner that attacks; and of another one beside it
    assert each[ADVERSARIAL] == each["averaged"] == each["eps x 0.5"] == plain
    assert each["standard"] == each[POST_HOC] == (1, 1)
    teams = ("generalist", "no hand-back", "same settings", "every step", "floor 0.2")
    assert all(each[name] == both for name in (*teams, "summed"))
    assert each["trades"] == each["trades beta 1"] == (5 + 1 + 2, 5 + 2)  # the clean answer, kept away from
    assert each[ANCHORED] == (5 + 1 + 1 + 1, 5 + 1 + 1)  # a gradient for the radii, the teacher's answer


def test_every_arm_costs_what_adversarial_training_does(
    whole: tuple[GeneralistStudy, Dataset, dict[str, Costed]],
) -> None:
    found = whole[2]
    base = found[ADVERSARIAL].passes
    assert found[ADVERSARIAL].recipe.epochs == 60 and found[HERO].recipe.epochs == round(60 * 12 / 14)
    for name, one in found.items():
        if name != POST_HOC:
            assert one.passes == pytest.approx(base, rel=0.5 / one.recipe.epochs + 1e-9), name
    late = found[POST_HOC]
    assert late.before == base and late.passes == pytest.approx(base * (1 + 2 / 3 / 12)) and late.recipe.epochs == 20
    student = found[ANCHORED]
    assert student.teacher is not None and student.teacher.epochs == student.recipe.epochs
    assert student.before == pytest.approx(student.passes * 2 / 17)


@pytest.mark.parametrize("name", [HERO, "summed", "trades"])
def test_what_is_planned_is_what_a_run_counts(name: str) -> None:
    study, data = made("epochs=4", 'biases=[{"kind": "fewer", "images": 256}]', f"grid.arms=[{name}]")
    one = next(one for one in study.costed(data) if one.arm.name == name)
    with counted() as passes:
        train([one.recipe.with_(evaluate_every=0, keep=())], data)
    assert passes.total == one.passes


def test_arms_differ_in_what_they_are_there_for(whole: tuple[GeneralistStudy, Dataset, dict[str, Costed]]) -> None:
    """Everything but the one thing is the generalist's own."""
    recipes = {name: one.recipe for name, one in whole[2].items()}
    hero = recipes[HERO].strategy
    assert isinstance(hero, Generalist) and hero.mix.weights == (0.4, 0.6) and hero.mix.start == Fraction(2, 3)
    assert [base.optimiser.weight_decay for base in hero.learners] == [3.5e-3, 5e-4]
    assert hero.hand_back is not None and (hero.hand_back.every, hero.hand_back.start) == (5, Fraction(5, 8))
    assert recipes["no hand-back"].strategy == hero.with_(hand_back=None)
    assert recipes["every step"].strategy == hero.with_(hand_back=hero.hand_back.with_(when="step"))
    assert recipes["floor 0.2"].strategy == hero.with_(mix=hero.mix.with_(weights=(0.2, 0.8)))
    same = tuple(base.with_(optimiser=hero.learners[0].optimiser) for base in hero.learners)
    assert recipes["same settings"].strategy == hero.with_(learners=same)
    average = recipes["averaged"].strategy
    assert isinstance(average, Averaged) and average.inner == recipes[ADVERSARIAL].strategy == hero.learners[0].strategy
    assert recipes["averaged"].optimiser == recipes[ADVERSARIAL].optimiser
    assert recipes[ADVERSARIAL].optimiser.weight_decay == 3.5e-3 and recipes["standard"].optimiser.weight_decay == 5e-4
    smaller = recipes["eps x 0.5"].strategy
    assert isinstance(smaller, Averaged) and smaller.inner.attack.eps == pytest.approx(0.025)  # type: ignore[attr-defined]
    assert all(one.seed == 0 and one.keep[-1] == "1" for one in recipes.values())


def test_hand_back_comes_however_short_training_is() -> None:
    hero = next(arm.strategy for arm in made()[0].all_arms())
    for epochs in range(1, 40):
        Recipe(data="digits", strategy=timed(hero, epochs, 10 * epochs), epochs=epochs)  # refuses what never comes
    usual, brief = (timed(hero, epochs, 1000) for epochs in (51, 9))
    assert usual.hand_back.every == 5 and brief.hand_back.every == 4  # type: ignore[attr-defined]
    assert usual.decay == 0.99 and timed(hero, 51, 10**6).decay == 0.999  # type: ignore[attr-defined]


def test_what_begins_with_a_run_comes_in_a_second_stage(tmp_path: Path) -> None:
    study, data = made("grid.arms=[post hoc, anchored]", seeds=3)
    first = study.stage(0, {}, data)
    assert sorted({plan.tags["condition"] for plan in first.values()}) == [ADVERSARIAL, HERO, NATURAL]
    assert len(first) == 9 and study.plan(data)["runs"] == 15
    done = pd.DataFrame([{"run": run, "status": "finished"} for run in first])
    lost = next(run for run, plan in first.items() if plan.tags["condition"] == NATURAL)
    done.loc[done.run == lost, "status"] = "stopped: loss not finite at step 3"
    second = study.stage(1, {"runs": done}, data)
    assert [plan.tags["condition"] for plan in second.values()].count(POST_HOC) == 3
    assert [plan.tags["condition"] for plan in second.values()].count(ANCHORED) == 2
    assert not study.stage(2, {"runs": done}, data)
    for lab in (Lab(tmp_path / "a"), Lab(tmp_path / "b")):
        for run, plan in study.placed(second, lab).items():
            start = plan.recipe.start
            assert start is not None and Path(start.run).parent == lab.root / "runs"
            before = first[Path(start.run).name]
            assert before.recipe.seed == plan.recipe.seed
            assert before.tags["condition"] == (NATURAL if plan.tags["condition"] == ANCHORED else ADVERSARIAL)
            assert plan.recipe.run_id(data.learned) == run  # one name in every lab
            strategy = plan.recipe.strategy
            if isinstance(strategy, Averaged):
                assert isinstance(strategy.inner, Anchored) and strategy.inner.teacher == start


def test_arms_may_be_left_out_and_are_told() -> None:
    study, data = made("grid.arms=[eps, averaged]")
    names = [arm.name for arm in study.all_arms()]
    assert names == [HERO, ADVERSARIAL, "averaged", "eps x 0.25", "eps x 0.5", "eps x 0.75"]
    assert study.describe(data)["absent"] == [name for name in NAMES if name not in ("averaged", "eps")]


def test_a_rival_may_be_trained_in_a_wider_radius() -> None:
    study, data = made("grid.arms=[eps]", "grid.eps=[1.5, 0.5, 4]", "strategy.attack.step=0.02")
    found = {one.arm.name: one for one in study.costed(data)}
    assert list(found)[2:] == ["eps x 0.5", "eps x 1.5", "eps x 4"]
    for name, factor in (("eps x 1.5", 1.5), ("eps x 4", 4)):
        attack = found[name].recipe.strategy.inner.attack  # type: ignore[attr-defined]
        assert (attack.eps, attack.step) == (pytest.approx(0.05 * factor), pytest.approx(0.02 * factor))
        assert found[name].passes == found[ADVERSARIAL].passes and f"{factor:g} times" in found[name].arm.label["en"]


def test_ten_seeds_can_decide_every_claim() -> None:
    study, _ = made(seeds=10)
    assert len(CLAIMS) == 11 and set(AGAINST.values()) <= set(NAMES)
    assert smallest_p("sign-flip", 10) * len(CLAIMS) <= study.level < smallest_p("sign-flip", 8) * len(CLAIMS)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("strategy=standard",), "use adversarial"),
        (("strategy=trades",), "use adversarial"),
        (("strategy=summed",), "use adversarial"),
        (("grid.arms=[magic]",), "no arm 'magic'"),
        (("grid.floors=[0.4]",), "other weights than 0.4"),
        (("grid.floors=[0.2, 1.5]",), "between 0 and 1"),
        (("grid.eps=[1]",), "other than 1 .the arm 'averaged'."),
        (("grid.eps=[0]",), "above 0 and at most 4"),
        (("grid.eps=[0.5, 4.5]",), "above 0 and at most 4"),
        (("grid.betas=[6]",), "arm 'trades' already"),
        (("grid.betas=[1, 1]",), "different numbers"),
        (('keep=["0.5"]',), "the end is judged"),
    ],
)
def test_bad_settings_are_told(settings: tuple[str, ...], said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        configure("generalist", "digits", settings=settings)
    assert "\n" not in str(caught.value)

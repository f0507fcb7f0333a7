"""The mixture's schedule stays on the simplex, hand-backs come when they are said to, and bad settings are refused."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from assay import cli
from assay.core.errors import BadInput
from assay.data import load_data
from assay.train import Batch, Generalist, Recipe
from assay.train.passes import passes_of
from assay.train.strategies.mixture import HandBack, Mix, Select

raw = st.lists(st.floats(0, 1), min_size=1, max_size=5).filter(lambda found: sum(found) > 1e-3)
shares = st.fractions(0, 1, max_denominator=240)


@given(raw, shares.filter(lambda one: one < 1), st.lists(shares, min_size=2, max_size=6).map(sorted))
def test_weights_stay_on_the_simplex_and_move_one_way(parts: list[float], start: Fraction, at: list[Fraction]) -> None:
    ends = [one / math.fsum(parts) for one in parts]
    mix, k = Mix(start=start, weights=tuple(ends)), len(ends)
    found = [mix.at(one, k) for one in at]
    for one, weights in zip(at, found, strict=True):
        assert len(weights) == k and min(weights) >= 0 and math.fsum(weights) == pytest.approx(1, abs=1e-12)
        assert one > start or weights == (1.0, *[0.0] * (k - 1))
    for before, after in pairwise(found):
        assert after[0] <= before[0] and all(b >= a for a, b in zip(before[1:], after[1:], strict=True))
    assert mix.at(1, k) == pytest.approx(ends, abs=1e-12)


def test_the_released_schedule() -> None:
    """gamma: 1 until epoch 80 of 120, then 1 - 0.015 (e - 80); copies in epochs 75, 80, ..., 120."""
    for e in range(1, 121):
        gamma = Mix().at(Fraction(e, 120), 2)[0]
        assert gamma == pytest.approx(1 if e <= 80 else 1 - 0.015 * (e - 80))
        for last in (False, True):
            batch = Batch(torch.zeros(1), torch.zeros(1), torch.zeros(1), epoch=e, epochs=120, last=last)
            assert HandBack(when="step").due(batch) == (e >= 75 and e % 5 == 0)
            assert HandBack().due(batch) == (e >= 75 and e % 5 == 0 and last)


@given(shares.filter(lambda one: one < 1), st.integers(1, 12), st.integers(1, 30))
def test_a_hand_back_that_comes_is_one_that_is_due(start: Fraction, every: int, epochs: int) -> None:
    chosen, nothing = HandBack(start=start, every=every), torch.zeros(1)
    due = [Batch(nothing, nothing, nothing, epoch=e, epochs=epochs, last=True) for e in range(1, epochs + 1)]
    assert chosen.ever(epochs) == any(map(chosen.due, due))


@given(shares.filter(lambda one: one < 1), st.integers(1, 12), st.integers(1, 30))
def test_a_hand_back_that_would_never_come_comes_as_seldom_as_it_can(start: Fraction, every: int, epochs: int) -> None:
    chosen = HandBack(start=start, every=every)
    found = chosen.lasting(epochs)
    assert found.ever(epochs) and found == chosen.with_(every=found.every)
    assert not any(chosen.with_(every=n).ever(epochs) for n in range(found.every + 1, every + 1))


def test_a_recipe_of_any_length_hands_back_also_where_it_is_swapped_in() -> None:
    swap = {"kind": "hot_swap", "at": 0.5, "strategy": "generalist"}
    recipe = Recipe.parse({"data": "digits", "strategy": "generalist", "interventions": [swap], "epochs": 20})
    with pytest.raises(BadInput, match="never comes"):
        recipe.with_(epochs=4)
    short = recipe.lasting(4)
    assert isinstance(short.strategy, Generalist) and short.strategy.hand_back == HandBack(every=4)
    assert short.interventions[0].strategy == short.strategy  # type: ignore[attr-defined]
    assert recipe.lasting(20) == recipe and recipe.lasting(30) == recipe.with_(epochs=30)


@given(shares.filter(lambda one: one < 1), st.booleans(), st.integers(1, 30))
def test_averages_that_are_accepted_begin(start: Fraction, back: bool, epochs: int) -> None:
    """An epoch may have a single step: each of its shares done is then that at which an epoch begins."""
    chosen = Generalist(start=start, hand_back=HandBack(start=start, every=1) if back else None)
    begins = any(Fraction(step, epochs) >= start for step in range(epochs))
    if begins:
        chosen.check_epochs(epochs)
    else:
        with pytest.raises(ValueError, match="averages may never begin; begin earlier, or train for more epochs"):
            chosen.check_epochs(epochs)
    found = chosen.lasting(epochs)
    found.check_epochs(epochs)
    assert found == (chosen if begins else found.with_(start=Fraction(epochs - 1, epochs)))


def test_what_a_late_average_costs_can_be_counted() -> None:
    """Passes are counted in a single epoch, in which nothing can begin late."""
    late = {"kind": "generalist", "start": 0.9, "hand_back": None, "learners": ["standard"]}
    recipe = Recipe.parse({"data": "digits", "model": "mlp:4", "strategy": late})
    assert passes_of(recipe, load_data("digits")).forward == 1


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_selection_ranks_as_it_says(a: float, r: float, other_a: float, other_r: float, floor: float) -> None:
    above, below = Select(floor=floor).score(max(a, floor), r), Select(floor=floor).score(a, r)
    assert above == r and (below == r or (a < floor and below < 0 <= above))
    if min(a, other_a) >= floor:
        assert (Select(floor=floor).score(a, r) > Select(floor=floor).score(other_a, other_r)) == (r > other_r)
    weighted = Select(clean_weight=floor).score(a, r)
    assert min(a, r) - 1e-12 <= weighted <= max(a, r) + 1e-12


L = {"strategy": "standard"}
BAD: list[tuple[dict[str, Any], str]] = [
    ({"learners": []}, "list at least one"),
    ({"learners": [L, L]}, "two are called 'standard'; give each a name"),
    ({"learners": [L, {"strategy": "adversarial", "name": "standard"}]}, "two are called 'standard'"),
    ({"learners": [L, "generalist"]}, "'generalist' has learners of its own; list those here"),
    ({"learners": [{**L, "name": "a/b"}]}, r"learners\.0\.name"),
    ({"learners": [{**L, "optimiser": {"schedule": [[0, -1]]}}]}, r"learners\.0\.optimiser\.schedule: factors"),
    ({"mix": {"weights": [0.5, 0.6]}}, "found the weights 0.5, 0.6; give weights of at least 0 that add up to 1"),
    ({"mix": {"weights": [-0.5, 1.5]}}, "at least 0 that add up to 1"),
    ({"mix": {"weights": [float("nan"), 1]}}, "finite"),
    ({"mix": {"weights": [1]}}, "found 1 weights .1.; give one for each"),
    ({"mix": {"start": 1}}, r"mix\.start: .*less than 1"),
    ({"hand_back": {"every": 21}}, "never comes: no epoch from 0.625 of training on, of 20, is a multiple of 21"),
    ({"start": 0.5, "hand_back": {"start": 0.25}}, "0.25 lies before the averages begin .start: 0.5.; hand back later"),
    ({"decay": 1}, "decay"),
    ({"start": 0.999, "hand_back": None}, "0.999 lies after the last of 20 epochs has begun .0.95., .* begin earlier"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "says"), BAD)
def test_bad_settings_are_one_line(fields: dict[str, Any], says: str) -> None:
    strategy = {"kind": "generalist", **fields}
    swapped = {"kind": "hot_swap", "at": 0.5, "strategy": strategy}
    for plain in ({"strategy": strategy}, {"interventions": [swapped]}):
        with pytest.raises(BadInput, match=says) as found:
            Recipe.parse({"data": "digits", **plain})
        assert "\n" not in str(found.value) and "at least 1 item" not in str(found.value)


@pytest.mark.parametrize("kind", ["averaged", "awp", "sam", "small_loss", "temporal", "weighted"])
def test_no_wrapper_fits_round_a_generalist(kind: str) -> None:
    with pytest.raises(BadInput, match=f"'generalist' has base learners; put {kind} round the strategy of one of them"):
        Recipe.parse({"data": "digits", "strategy": {"kind": kind, "inner": "generalist"}})


def test_a_bare_kind_is_a_learner() -> None:
    written = (["adversarial", "standard"], [{"strategy": "adversarial"}, L])
    bare, whole = (Recipe(data="digits", strategy={"kind": "generalist", "learners": one}) for one in written)
    assert bare == whole == Recipe(data="digits", strategy="generalist")


@pytest.mark.parametrize("lines", [
    "strategy: {kind: generalist, mix: {weights: [0.5, 0.6]}}", "epochs: 4\nstrategy: generalist",
    "strategy: {kind: averaged, inner: generalist}", "strategy: {kind: generalist, learners: [standard, standard]}",
])  # fmt: skip
def test_the_command_line_says_so_and_ends_with_2(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch, lines: str
) -> None:
    (tmp_path / "recipe.yaml").write_text(f"data: digits\n{lines}\n")
    monkeypatch.setattr("sys.argv", ["assay", "train", str(tmp_path / "recipe.yaml"), "--lab", str(tmp_path / "lab")])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    said = capsys.readouterr().err.strip()
    assert "Traceback" not in said and "strategy" in said and ";" in said


def test_a_floor_and_a_weight_are_two_rules() -> None:
    with pytest.raises(BadInput, match="clean_weight counts for nothing"):
        Select.parse({"floor": 0.5, "clean_weight": 0.9}, "select")
    assert Select.parse(Select(floor=0.5).plain(), "select").floor == 0.5  # as a recipe has it

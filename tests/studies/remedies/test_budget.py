"""What is cut where time is short, in which order, and that it is decided once."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.core.errors import BadInput
from assay.lab import Lab
from assay.studies import Means, configure
from assay.studies.remedies import Remedies, budget
from assay.studies.remedies.budget import Prices, cut, least_seeds
from assay.studies.remedies.design import ANCHOR, ANCHORED, DISTILLED, EARLY, NAMES, NATURAL, ROBUST


def study() -> Remedies:
    found, _ = configure("remedies", "digits", settings=("model=mlp:8", "epochs=100"))
    assert isinstance(found, Remedies)
    return found


def takes(one: Remedies) -> float:
    """A second an epoch of each arm and seed; the baseline and early stopping are one arm."""
    return one.seeds * one.recipe.epochs * len(one.arms)


def test_seeds_go_first_then_epochs_then_arms() -> None:
    asked = study()
    whole = takes(asked)
    assert cut(asked, takes, whole) == asked
    fewer = cut(asked, takes, 0.9 * whole)
    assert (fewer.seeds, fewer.recipe.epochs, fewer.arms) == (10, 100, NAMES)  # ten still decide fifteen claims
    shorter = cut(asked, takes, 10 * 15 * 80)
    assert (shorter.seeds, shorter.recipe.epochs, shorter.arms) == (10, 80, NAMES)
    few = cut(asked, takes, 9 * 12 * 60)
    assert few.arms == NAMES[: len(few.arms)] and len(few.arms) < 15 and few.recipe.epochs >= 60
    assert few.seeds == least_seeds(len(few.arms), asked.level) and takes(few) <= 9 * 12 * 60
    assert DISTILLED not in few.arms and EARLY in few.arms


def test_never_fewer_than_six_seeds_and_sixty_epochs() -> None:
    least = cut(study(), takes, 6 * 60)
    assert (least.seeds, least.recipe.epochs, least.arms) == (6, 60, (EARLY,))
    with pytest.raises(BadInput, match=r"asked for --budget.*alone take about.*give at least"):
        cut(study(), takes, 6 * 60 - 1)


def test_fewer_seeds_than_that_are_left_alone_when_asked_for() -> None:
    asked = study().with_(seeds=4)
    assert cut(asked, takes, 0.5 * takes(asked)).seeds == 4


def test_looks_are_as_many_after_a_cut() -> None:
    asked = study()
    asked = asked.with_(recipe=asked.recipe.with_(evaluate_every=5))
    short = cut(asked, takes, 10 * 15 * 60).recipe
    assert (short.epochs, short.evaluate_every) == (60, 3)  # twenty looks


def test_what_was_decided_stays_decided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busier machine would cut more: the same command must still mean the same study."""
    asked = study()
    _, data = configure("remedies", "digits", settings=("model=mlp:8",))
    lab, means = Lab(tmp_path), Means("inline")
    prices = {"speed": 1.0}

    def measured(one: Remedies, data: object, means: Means) -> Prices:
        names = [each.arm.name for each in one.costed(data)] + [NATURAL, ROBUST, ANCHOR]  # type: ignore[arg-type]
        return Prices(dict.fromkeys(names, 0.001 * prices["speed"]), 0.1, 0.0, 1.0)

    monkeypatch.setattr(budget, "measured", measured)
    dry, said = asked.within(180, data, lab, means, keep=False)
    assert not list(tmp_path.rglob("*.json")) and f"seeds 12 -> {dry.seeds}" in said[0] and dry.seeds < 12
    first, _ = asked.within(180, data, lab, means, keep=True)
    assert first == dry and first != asked
    prices["speed"] = 100.0
    again, told = asked.within(180, data, lab, means, keep=True)
    assert again == first and told == said
    assert again.fingerprint() == first.fingerprint()
    with pytest.raises(BadInput, match="alone take about"):
        asked.within(1, data, lab, means, keep=True)


def test_other_studies_refuse_a_budget(tmp_path: Path) -> None:
    families, data = configure("families", "digits")
    with pytest.raises(BadInput, match=r"--budget with the study families; .*; use --seeds"):
        families.within(60, data, Lab(tmp_path), Means("inline"), keep=False)


def test_a_measured_price_is_a_time(tmp_path: Path) -> None:
    """The trial itself: every arm has a price, and a study of twice the seeds takes longer."""
    found, data = configure(
        "remedies", "cells",
        settings=("model=mlp:8", "grid.arms=[early stopping, awp, distillation, feature anchoring]", "grid.judged=2"),
    )  # fmt: skip
    assert isinstance(found, Remedies)
    prices = budget.measured(found, data, Means("inline"))
    assert set(prices.step) == {"baseline", "awp", DISTILLED, NATURAL, ROBUST, ANCHORED, ANCHOR}
    assert all(value > 0 for value in prices.step.values()) and prices.inside > 0
    more = budget.total(found.with_(seeds=24), data, prices, Means("inline"))
    assert more > budget.total(found, data, prices, Means("inline")) > 0

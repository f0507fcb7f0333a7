"""The claims of `families` on tables with a known answer."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from assay.maths.statistics import Estimate
from assay.metrics import debiased_cka
from assay.studies import configure
from assay.studies.families.claims import unhappy_vary_more, worse_is_wider
from assay.studies.families.design import units
from assay.studies.families.gaps import gaps
from assay.studies.families.judging import kinds_seen
from assay.studies.families.look import Look
from assay.studies.families.pairs import mean_spread, pairs_and_layers
from assay.studies.families.tables import families
from assay.studies.gap import said
from assay.studies.study import Judged, text


def cloud(draw: np.random.Generator, conditions: int, models: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Models as points in ten dimensions; a model that lies further out is worse."""
    points = draw.normal(size=(conditions * models, 10))
    names = np.repeat([f"c{i}" for i in range(conditions)], models)
    quality = -(np.linalg.norm(points, axis=1) ** 4)
    own = pd.DataFrame({"run": range(len(points)), "condition": names, "design": "family", "status": "finished"})
    own["val_accuracy"], own["val_cross_entropy"], own["test_accuracy"] = quality, 0.0, quality
    return own, np.linalg.norm(points[:, None] - points, axis=-1), quality


def test_one_bad_model_cannot_make_its_condition_both_worse_and_wider() -> None:
    """The review's null: equal conditions, accuracy tied to place. Accuracy comes from other models, so it holds."""
    false = 0
    for repeat in range(40):
        draw = np.random.default_rng(repeat)
        own, distances, _ = cloud(draw, 13, 8)
        other, _, quality = cloud(draw, 13, 8)  # the paired models of the same conditions
        accuracy = pd.Series(quality).groupby(other.condition).mean()
        false += worse_is_wider(own, distances, accuracy, each_its_own(own), 0.95).estimate.p <= 0.05
    assert false <= 6  # 99.9 % limit of Binomial(40, .05)


def each_its_own(own: pd.DataFrame) -> dict[str, str]:
    return {name: name for name in own.condition}


def kinds_at_two_times(draw: np.random.Generator, models: int = 4) -> tuple[pd.DataFrame, np.ndarray, pd.Series, dict]:
    """Five kinds of stress at two times and three unstressed conditions: a kind has an accuracy and a width of its own,
    which have nothing to do with one another, and its conditions hardly differ."""
    kinds = {f"{kind}@{time}": kind for kind in "abcde" for time in (1, 2)}
    kinds |= dict.fromkeys(["none", "fork@1", "fork@2"], "none")
    worth = {kind: draw.normal(size=2) for kind in dict.fromkeys(kinds.values())}
    accuracy = pd.Series({name: worth[kind][0] + draw.normal() / 3 for name, kind in kinds.items()})
    width = np.repeat([np.exp(0.5 * worth[kind][1]) for kind in kinds.values()], models)
    points = draw.normal(size=(len(width), 10)) * width[:, None]
    own = pd.DataFrame({"run": range(len(width)), "condition": np.repeat(list(kinds), models)})
    return own, np.linalg.norm(points[:, None] - points, axis=-1), accuracy, kinds


def test_times_of_one_kind_of_stress_are_no_further_evidence() -> None:
    """Kinds that differ in both figures for reasons of their own; conditions as units would find that too often."""
    found = {"kinds": 0, "conditions": 0}
    for repeat in range(100):
        own, distances, accuracy, kinds = kinds_at_two_times(np.random.default_rng(repeat))
        found["kinds"] += worse_is_wider(own, distances, accuracy, kinds, 0.95).estimate.p <= 0.05
        alone = each_its_own(own)
        found["conditions"] += worse_is_wider(own, distances, accuracy, alone, 0.95).estimate.p <= 0.05
    assert found["kinds"] <= 12 < found["conditions"]  # 12: 99.9 % limit of Binomial(100, .05)


def test_more_kinds_are_advised_while_there_are_few() -> None:
    own, distances, accuracy, kinds = kinds_at_two_times(np.random.default_rng(0))
    assert worse_is_wider(own, distances, accuracy, kinds, 0.95).lacking is None  # six: the study's own advice
    many = worse_is_wider(own, distances, accuracy, each_its_own(own), 0.95)
    assert many.lacking is not None and "leave it open" in many.lacking["en"]


def test_the_figure_of_a_kind_is_the_mean_over_its_times() -> None:
    own, distances, accuracy, kinds = kinds_at_two_times(np.random.default_rng(0))
    judged = worse_is_wider(own, distances, accuracy, kinds, 0.95)
    width = [mean_spread(distances[np.ix_(at, at)]) for at in own.groupby("condition", sort=False).indices.values()]
    table = pd.DataFrame({"kind": list(kinds.values()), "x": accuracy.to_numpy(), "y": np.array(width, dtype=float)})
    x, y = table.groupby("kind")[["x", "y"]].mean().rank().to_numpy().T
    assert judged.estimate.n == 6 and judged.n_text["en"] == "6 kinds of stress, none being one"
    assert judged.estimate.effect == pytest.approx(np.corrcoef(x, y)[0, 1])


def test_too_few_kinds_of_stress_are_named_before_any_run_and_share_in_no_correction() -> None:
    study, data = configure("families", "digits", settings=["grid.activations=[tanh]", "grid.losses=[focal]"])
    assert list(study.lacking(data)) == ["worse-is-wider"]  # with none four kinds: 2 of 24 orders are .083
    study, data = configure("families", "digits")
    assert not study.lacking(data)
    assert len(set(units([condition.plain() for condition in study.conditions]).values())) == 5  # both at once is none


def test_two_kinds_at_once_and_conditions_that_mostly_stopped_are_no_units() -> None:
    """`both` would say a second time what its two parts say; the few that stood a stress are not what it does."""
    names = ["none", "fork@1", "a@1", "b@1", "c@1", "d@1", "e@1", "a+b@1"]
    stress = dict(zip(names, ["none", "fork", *["loss"] * 5, "both"], strict=True))
    about = {"conditions": [{"name": n, "stress": stress[n], "at": 1} for n in names], "seeds": 6, "level": 0.05}
    rows = [
        {"run": f"{design}{name}{seed}", "design": design, "condition": name, "seed": seed, "status": "finished",
         "test_accuracy": 0.9 - 0.01 * i if design == "paired" else 0.5}
        for design in ("paired", "family") for i, name in enumerate(names) for seed in range(6)
    ]  # fmt: skip
    runs = pd.DataFrame(rows)
    own = runs[runs.design == "family"].run.tolist()
    pairs = pd.DataFrame(
        [(a, b, 1.0) for i, a in enumerate(own) for b in own[:i]], columns=["run_a", "run_b", "cka_distance"]
    )
    found = kinds_seen(about, runs, pairs)
    assert found.index.tolist() == ["none", "a", "b", "c", "d", "e"] and found.conditions.tolist() == [2, 1, 1, 1, 1, 1]
    assert found.accuracy.tolist() == pytest.approx([0.895, 0.88, 0.87, 0.86, 0.85, 0.84])
    for design in ("paired", "family"):
        few = (runs.design == design) & (runs.condition == "c@1") & (runs.seed > 2)
        stopped = runs.assign(status=runs.status.where(~few, "diverged"))
        assert "c" not in kinds_seen(about, stopped, pairs).index


def test_too_few_kinds_are_told_in_the_place_of_a_figure() -> None:
    names = [("none", "none"), ("fork@1", "fork"), ("a@1", "loss"), ("b@1", "activation"), ("b+a@1", "both")]
    (gap,) = gaps([{"name": name, "stress": stress} for name, stress in names], 0.05)
    assert gap.sentence["en"].startswith("Too few kinds of stress to say: over 3,") and "p = 0.33" in gap.sentence["en"]
    found = said(
        {"worse-is-wider": Judged(Estimate(-1.0, -1, -1, 0.3, 3, 0.95), text("", ""), text("-1", "-1"))}, [gap]
    )
    assert not found["worse-is-wider"].estimate.known and found["worse-is-wider"].sentence == gap.sentence


def test_a_model_whose_layer_tells_one_input_from_the_rest_does_not_undo_the_others() -> None:
    draw = np.random.default_rng(0)
    inside = {run: {"act": draw.normal(size=(20, 4))} for run in "ab"} | {"lone": {"act": np.eye(20)[:, :1]}}
    looks = Look({}, [], inside, {run: draw.normal(size=(20, 3)) for run in inside}, {}, {}, {})
    planned = {run: SimpleNamespace(tags={"condition": "none"}) for run in inside}
    pairs, layers = pairs_and_layers(planned, looks, ["act"])  # type: ignore[arg-type]
    assert pairs.debiased_cka.notna().tolist() == [True, False, False] and pairs.cka_distance.notna().all()
    assert layers.cka.tolist() == [pytest.approx(debiased_cka(inside["a"]["act"], inside["b"]["act"]))]


def test_families_need_three_models_a_side() -> None:
    draw = np.random.default_rng(0)
    for models, expected in ((4, 0), (5, 0), (6, 3), (8, 3), (12, 4)):
        own, distances, _ = cloud(draw, 3, models)
        own["family"] = families(own)
        assert (own.family == "happy").sum() == (own.family == "unhappy").sum() == 3 * expected
        estimate = unhappy_vary_more(own, distances, 0.95).estimate
        assert (estimate.n == 0) == (expected == 0)


def test_ties_in_accuracy_are_broken_by_cross_entropy() -> None:
    own, _, _ = cloud(np.random.default_rng(0), 1, 6)
    own["val_accuracy"], own["val_cross_entropy"] = 0.9, [6.0, 1, 5, 2, 4, 3]
    assert families(own).tolist() == ["unhappy", "happy", "unhappy", "happy", "unhappy", "happy"]


def test_a_worse_condition_that_is_wider_is_found() -> None:
    draw = np.random.default_rng(1)
    scale = np.repeat(1 + 3 * np.arange(13) / 13, 8)
    points = draw.normal(size=(104, 10)) * scale[:, None]
    own = pd.DataFrame({"run": range(104), "condition": np.repeat([f"c{i}" for i in range(13)], 8)})
    accuracy = pd.Series({f"c{i}": 0.9 - 0.01 * i for i in range(13)})
    distances = np.linalg.norm(points[:, None] - points, axis=-1)
    found = worse_is_wider(own, distances, accuracy, each_its_own(own), 0.95).estimate
    assert found.high < 0 and found.p < 0.01

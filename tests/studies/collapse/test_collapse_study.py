"""The collapse study: its arms, its claims on tables with a known answer, its null, and a small run of everything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from assay.core.errors import BadInput
from assay.data import Dataset, Split, load_data
from assay.lab import Lab, Source
from assay.lab.observe import View
from assay.lab.store import pack
from assay.models import activations, build
from assay.studies import Means, conduct, configure, rebuild
from assay.studies.collapse import Collapse
from assay.studies.collapse.claims import CLAIMS, judge
from assay.studies.collapse.design import COLLAPSED, FORECAST, IMBALANCED, INSTANCES, NOISY
from assay.studies.collapse.free import FreeJob, free, jobs
from assay.studies.collapse.look import LookJob, look
from assay.studies.collapse.pictures import plane
from assay.studies.single import train_one
from assay.studies.verdict import verdicts
from assay.train.strategies import Contrastive

DIGITS = tuple(map(str, range(10)))
MIDDLE = ("middle-is-best", "middle-transfers")
BASE = "weight 0.5 at 0.1"
ABOUT = {"base_arm": BASE, "transfer": "mnist"}
TOLD = {COLLAPSED: 0.0, FORECAST: 0.3, INSTANCES: 0.98, BASE: 0.45, "weight 0.1 at 0.1": 0.2, "weight 0.75 at 0.1": 0.6}


def world(
    fine: dict[str, float] | None = None, shape: float = 1.0, rare: float = 1.0, noise: float = 1.0, seeds: int = 10
) -> dict[str, pd.DataFrame]:
    """Tables in which chosen effects are planted."""
    draw = np.random.default_rng(1)
    runs: list[dict[str, Any]] = []
    classes: list[dict[str, Any]] = []
    for name in (*TOLD, NOISY, IMBALANCED):
        for seed in range(seeds):
            told = TOLD.get(name)
            within = (told if told is not None else 0.45) ** shape + 0.02 + 0.005 * draw.normal()
            within *= noise if name == NOISY else 1
            accuracy = 0.6 + (fine or {}).get(name, 0.0) + 0.004 * draw.normal()
            runs.append(
                {
                    **{"run": f"{name} {seed}", "condition": name, "seed": seed, "status": "finished"},
                    **{"predicted": told, "within_train": max(within, 1e-4), "train_loss": 5 + draw.normal()},
                    **dict.fromkeys(("fine_accuracy", "fine_shifted", "transfer_accuracy"), accuracy),
                }
            )
            for label, count in enumerate((500, 100, 20)):
                factor = rare if name == IMBALANCED and label == 2 else 1.0
                value = 0.4 * factor * np.exp(0.02 * draw.normal())
                known = {"condition": name, "seed": seed, "label": label, "train_count": count}
                classes.append(known | {"within_train": value})
    free = pd.DataFrame({"measured": [0.1] * 12, "predicted": np.full(12, 0.1) + 1e-4 * draw.normal(size=12)})
    return {"runs": pd.DataFrame(runs), "classes": pd.DataFrame(classes), "free": free}


def words_of(tables: dict[str, pd.DataFrame]) -> dict[str, tuple[str, float]]:
    judged, _ = judge(ABOUT, tables)
    found = verdicts(Collapse, CLAIMS, judged, 0.05, None)
    return {verdict["claim"]: (verdict["word"], verdict["effect"]) for verdict in found}


def test_what_is_planted_is_found() -> None:
    found = words_of(world({FORECAST: 0.05}, rare=0.3, noise=1.6))
    assert found["free-as-foretold"][0] == "supported"
    assert found["forecast-orders"] == ("supported", pytest.approx(1, abs=0.1))
    for claim in ("spread-knows-subclasses", "spread-transfers", "spread-under-shift", *MIDDLE):
        assert found[claim] == ("supported", pytest.approx(0.05, abs=0.01)), claim
    assert found["rare-first"] == ("supported", pytest.approx(0.3, rel=0.05))
    assert found["noise-moves"] == ("supported", pytest.approx(1.6, rel=0.1))
    assert found["loss-tells"][0] == "undecided"


def test_the_opposite_and_the_negligible_are_refuted() -> None:
    found = words_of(world({COLLAPSED: 0.05, INSTANCES: -0.05}, rare=2.0))
    assert {found[claim][0] for claim in ("spread-knows-subclasses", *MIDDLE)} == {"refuted"}
    assert found["rare-first"][0] == "refuted"
    assert words_of(world())["spread-transfers"][0] == "refuted"  # no difference, tightly


def test_a_middle_that_beats_one_end_alone_is_not_best() -> None:
    found = words_of(world({FORECAST: 0.05, INSTANCES: 0.05}))
    assert all(found[claim][0] != "supported" for claim in MIDDLE)
    assert found["spread-knows-subclasses"][0] == "supported"


def test_the_middle_is_judged_by_fine_labels_and_by_transfer_apart() -> None:
    tables = world({FORECAST: 0.05})
    worse = np.where(tables["runs"].condition == FORECAST, 0.1, 0.0)
    tables["runs"]["transfer_accuracy"] -= worse
    found = words_of(tables)
    assert found["middle-is-best"] == ("supported", pytest.approx(0.05, abs=0.01))
    assert found["middle-transfers"] == ("refuted", pytest.approx(-0.05, abs=0.01))


def test_embeddings_off_the_forecast_are_seen() -> None:
    tables = world()
    tables["free"]["measured"] += 0.05
    assert words_of(tables)["free-as-foretold"][0] == "refuted"


def test_missing_arms_leave_claims_undecided_not_broken() -> None:
    tables = world()
    tables["runs"] = tables["runs"][tables["runs"].condition == COLLAPSED]
    tables["classes"] = tables["classes"].iloc[:0]
    words = {word for claim, (word, _) in words_of(tables).items() if claim != "free-as-foretold"}
    assert words == {"undecided"}


def test_a_claim_says_what_was_not_given_rather_than_ask_for_more_seeds() -> None:
    tables = world()
    runs = tables["runs"][tables["runs"].condition != NOISY].assign(fine_accuracy=np.nan, fine_shifted=np.nan)
    tables |= {"runs": runs.assign(transfer_accuracy=np.nan), "classes": tables["classes"].iloc[:0]}
    judged, warnings = judge(ABOUT | {"transfer": None}, tables)
    found = {each["claim"]: each for each in verdicts(Collapse, CLAIMS, judged, 0.05, None)}
    asked = {"middle-is-best": "--data NAME@pairs", "spread-transfers": "grid.transfer=NAME"}
    asked["middle-transfers"] = "grid.transfer=NAME"
    for claim, option in (asked | {"noise-moves": "grid.controls=true", "rare-first": "grid.controls=true"}).items():
        assert found[claim]["word"] == "undecided" and option in found[claim]["next"]["en"], claim
        assert "nothing can be said" in found[claim]["sentence"]["en"]
    assert len(warnings) == 3 and found["forecast-orders"]["word"] == "supported"


def test_no_claim_is_supported_more_often_than_its_level_where_nothing_is_there() -> None:
    """Forty worlds without an effect; ten claims share .05, so more than 6 supported anywhere has p < .01."""
    wrong = 0
    for seed in range(40):
        draw = np.random.default_rng(100 + seed)
        tables = world(seeds=8)
        runs = tables["runs"]
        for column in ("fine_accuracy", "fine_shifted", "transfer_accuracy", "train_loss", "within_train"):
            runs[column] = 0.5 + 0.05 * draw.normal(size=len(runs)) + 0.05 * draw.normal(size=8)[runs.seed]
        tables["classes"]["within_train"] = np.exp(0.3 * draw.normal(size=len(tables["classes"])))
        found = words_of(tables)
        wrong += any(word == "supported" for claim, (word, _) in found.items() if claim != "free-as-foretold")
    assert wrong <= 6


def test_free_embeddings_end_where_the_theory_says_on_both_sides() -> None:
    below, above = jobs()[3], jobs()[4]  # 2 classes of 3, temperature .5
    found = [free(FreeJob(job.setting, job.seed)) for job in (below, above)]
    assert [each["phase"] for each in found] == ["collapse", "spread"]
    for each in found:
        assert each["measured"] == pytest.approx(each["predicted"], abs=1e-4)
        assert each["loss_measured"] == pytest.approx(each["loss_predicted"], abs=1e-6)


def test_arms_take_their_weight_from_the_batch() -> None:
    study, data = configure("collapse", "digits")
    assert data.name == "digits@pairs"
    arms = {arm.name: arm.applied(study.recipe) for arm in study.arms(data)}  # type: ignore[attr-defined]
    strategy = arms[COLLAPSED].strategy
    assert isinstance(strategy, Contrastive)
    assert strategy.alpha == pytest.approx(1 / (2 * 50 - 1))  # (p - 1) / (pn - 1), 50 a class
    about = study.describe(data)
    told = {arm["name"]: arm["within"] for arm in about["conditions"]}
    assert told[COLLAPSED] == [0.0] * 5 and told[FORECAST] == pytest.approx([0.3] * 5, abs=1e-3)
    assert told["cross-entropy"] is None and told[NOISY] is None
    assert told[IMBALANCED][-1] < told[IMBALANCED][0]


def test_arms_of_the_users_own_change_the_recipe_at_the_base_weight() -> None:
    also = 'grid.also=["model=mlp:32", "optimiser.name=sgd optimiser.lr=0.1", "batch=125", "strategy.views=4"]'
    study, data = configure("collapse", "digits", settings=(also, "grid.controls=false"))
    wide, sgd, small, views = study.arms(data)[-4:]  # type: ignore[attr-defined]
    assert wide.applied(study.recipe).model == "mlp:32+projector"
    optimiser = sgd.applied(study.recipe).optimiser
    assert (optimiser.name, optimiser.lr) == ("sgd", 0.1)
    for arm in (wide, sgd, small, views):
        strategy = arm.applied(study.recipe).strategy
        assert isinstance(strategy, Contrastive) and (strategy.alpha, strategy.temperature) == (0.5, 0.1)
    told = {arm["name"]: np.mean(arm["within"]) for arm in study.describe(data)["conditions"]}
    assert told["model=mlp:32"] == told["optimiser.name=sgd optimiser.lr=0.1"] == told[BASE]
    assert told["batch=125"] < told[BASE] and told["strategy.views=4"] != told[BASE]
    wrong, data = configure("collapse", "digits", settings=('grid.also=["optimiser.lrr=1"]',))
    with pytest.raises(
        BadInput, match=r"arm 'optimiser.lrr=1': optimiser.lrr: there is no such key; did you mean 'lr'"
    ):
        wrong.describe(data)


def test_an_arm_of_the_users_own_may_have_values_with_spaces() -> None:
    also = 'grid.also=["biases=[{kind: fewer, images: 200}] batch=125"]'
    study, data = configure("collapse", "digits", settings=(also, "grid.controls=false"))
    recipe = study.arms(data)[-1].applied(study.recipe)  # type: ignore[attr-defined]
    assert recipe.biases[0].images == 200 and recipe.batch == 125


def test_remedies_cost_the_same_passes_and_cross_entropy_has_weak_views() -> None:
    study, data = configure("collapse", "digits", settings=("grid.temperatures=[]",))
    arms = {arm["name"]: arm for arm in study.describe(data)["conditions"]}
    steps, batch = 4, 250  # 1,081 training images
    assert arms[COLLAPSED]["passes"] == 120 * steps * batch * 2 * 2  # views; forward and backward
    for name, arm in arms.items():
        if arm["role"] == "remedy":
            assert arm["passes"] == arms[COLLAPSED]["passes"], name
    alone = next(arm for arm in study.arms(data) if arm.name == "cross-entropy").applied(study.recipe)  # type: ignore[attr-defined]
    assert alone.strategy.augment == "weak" and alone.epochs == 240


def test_two_main_directions_do_not_depend_on_the_order_of_columns() -> None:
    z = np.random.default_rng(0).normal(size=(20, 5)) * [5, 3, 1, 1, 1]
    assert np.allclose(plane(z), plane(z[:, ::-1]))


def test_a_small_run_of_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = jobs()[3:5]
    monkeypatch.setattr("assay.studies.collapse.jobs", lambda: few)
    small = (
        "epochs=1",
        "model=mlp:8",
        "grid.alphas=[0.5]",
        "grid.temperatures=[]",
        "biases=[{kind: fewer, images: 300}]",
    )
    study, data = configure("collapse", "digits", seeds=2, settings=(*small, "grid.probe=128"))
    folder = conduct(study, data, Lab(tmp_path / "lab"), Means("inline"), command="x")
    runs = pd.read_csv(folder / "runs.csv")
    assert (runs.status == "finished").all() and len(runs) == 2 * runs.condition.nunique()
    for column in ("within_train", "fine_accuracy", "fine_worst", "fine_shifted", "quotient", "view_variance"):
        assert runs[column].between(0, 5).all(), column
    assert (runs.nc1 >= 0).all() and runs.transfer_accuracy.isna().all()
    classes = pd.read_csv(folder / "classes.csv")
    assert len(classes) == 5 * len(runs)
    about = json.loads((folder / "study.json").read_text())
    assert set(about["lacking"]) == {"spread-transfers", "middle-transfers"}
    before = (folder / "verdicts.json").read_bytes()
    assert rebuild(folder) == folder and (folder / "verdicts.json").read_bytes() == before
    assert any("other data set" in warning["en"] for warning in json.loads(before)["warnings"])


@pytest.mark.parametrize(
    ("other", "said"), [("nowhere", "no data set is called 'nowhere'"), ("cells", r"\(30,\) beside \(1, 8, 8\)")]
)
def test_another_data_set_that_does_not_fit_is_told_before_any_training(other: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        configure("collapse", "digits", settings=(f"grid.transfer={other}",))


def test_another_strategy_is_refused() -> None:
    study, data = configure("collapse", "digits", settings=("strategy={kind: standard}",))
    with pytest.raises(BadInput, match="contrastive"):
        study.describe(data)


def test_training_says_live_and_by_name_which_class_collapses(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("data: digits\nmodel: mlp:8+projector:4\nepochs: 2\nbatch: 200\nstrategy: {kind: contrastive}\n")
    heard: list[str] = []

    def tell(what: str, done: int, of: int, last: str) -> None:
        heard.append(f"{what} {done}/{of} {last}")

    settings = ("strategy.alarm=0.99",)  # everything counts as collapsed
    found = train_one(recipe, settings, Lab(tmp_path / "lab"), "cpu", 1, tell)
    assert sum("has collapsed" in warning for warning in found["warnings"]) == 10
    assert "class '3' has collapsed" in " ".join(found["warnings"])
    assert any(line.startswith("epochs 1/2") and "COLLAPSED: 0, 1" in line for line in heard)
    quiet = train_one(recipe, ("strategy.alarm=0",), Lab(tmp_path / "lab"), "cpu", 1, tell)
    assert not any("has collapsed" in warning for warning in quiet["warnings"])
    assert len(quiet["val_within_variance"]) == 10 and quiet["next"] == f"assay geometry {quiet['folder']}"


def archive(path: Path, later: Dataset | Split, names: tuple[str, ...] = DIGITS) -> str:
    """Later digits, with test alone."""
    split = later if isinstance(later, Split) else later.test
    np.savez(path, test_images=split.images, test_labels=split.labels, class_names=np.array(names))
    return str(path)


def test_a_later_set_with_test_alone_is_judged_by_the_probe_fitted_on_train(tmp_path: Path) -> None:
    data = load_data("digits@pairs")
    same = Split(data.test.images, data.test.extra["fine_labels"])
    name = archive(tmp_path / "later.npz", same)
    configure("collapse", "digits", settings=(f"grid.transfer={name}",))  # is not refused
    lab, model = Lab(tmp_path / "lab"), "mlp:8+projector:4"
    path = lab.weights("r", "1")
    path.parent.mkdir(parents=True)
    net = build(model, data.shape, len(data.classes))
    path.write_bytes(pack(net.state_dict(), activations(net)))
    found = look(LookJob(View(Source("digits@pairs"), "", 64), str(lab.root), {"r": model}, name))["r"]
    assert found["transfer_accuracy"] == found["fine_accuracy"] > 0.15  # the same images: the same answers
    assert "transfer_few" not in found and 0 < found["fine_shifted"] < found["fine_accuracy"]


@pytest.mark.parametrize(("data", "names"), [("digits", DIGITS[::-1]), ("digits@pairs", (*DIGITS[:9], "ten"))])
def test_a_set_with_test_alone_of_other_classes_is_refused_before_any_training(
    tmp_path: Path, data: str, names: tuple[str, ...]
) -> None:
    name = archive(tmp_path / "later.npz", load_data("digits"), names)
    with pytest.raises(BadInput, match=r"found only test, of other classes than the fine ones of digits@pairs \(0, 1"):
        configure("collapse", data, settings=(f"grid.transfer={name}",))


def test_training_says_which_alpha_was_settled_and_what_it_is_in_effect(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("data: digits\nmodel: mlp:8+projector:4\nepochs: 1\nbatch: 20\nstrategy: {kind: contrastive}\n")
    lab = Lab(tmp_path / "lab")
    found = train_one(recipe, ("strategy.alpha=auto", "sampler={kind: balanced}"), lab, "cpu", 1, lambda *_: None)
    record = lab.record(found["run"])["reported"]
    assert 0 < found["alpha"] == record["alpha"] < 1
    assert found["effective_alpha"] == pytest.approx(found["alpha"])  # two of each class in every batch
    thin = train_one(recipe, ("strategy.alpha=0.5",), lab, "cpu", 1, lambda *_: None)
    assert thin["alpha"] == 0.5 < thin["effective_alpha"]
    assert any("no other of their class in the batch: alpha is" in warning for warning in thin["warnings"])
    below = train_one(recipe, ("strategy.alpha=0", "batch=200"), lab, "cpu", 1, lambda *_: None)
    assert any("alpha 0 is below" in warning for warning in below["warnings"])
    plain = train_one(recipe, ("strategy={kind: standard}",), lab, "cpu", 1, lambda *_: None)
    assert "alpha" not in plain and lab.record(plain["run"])["reported"] == {}

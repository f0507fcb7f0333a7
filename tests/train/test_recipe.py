"""Recipes: strict, complete, and with an identity that covers everything."""

from __future__ import annotations

import pytest

from assay.core.errors import BadInput
from assay.data import Bias, LabelNoise
from assay.losses import Focal, Loss
from assay.train import (
    Balanced,
    Fork,
    HotSwap,
    Intervention,
    Optimiser,
    Recipe,
    Sampler,
    Standard,
    Strategy,
    Teacher,
    Treatment,
    Weighted,
    Weighting,
)

BASE = Recipe(data="digits", model="mlp:8")
CHANGES = {
    "uses": None,  # its files' contents count; tested below
    "data": "cells",
    "regroup": True,
    "split_seed": 1,
    "biases": (LabelNoise(),),
    "model": "mlp:9",
    "activation": "tanh",
    "strategy": Standard(loss=Focal()),
    "interventions": (Fork(at="0.5"),),
    "optimiser": Optimiser(lr=0.1),
    "epochs": 3,
    "batch": 3,
    "sampler": Balanced(),
    "evaluate_every": 0,
    "record": ("test",),
    "start": Teacher(run="lab/runs/7f292fb693cd"),
    "keep": ("0.5", "1"),
    "seed": 1,
}


def test_every_field_is_part_of_the_identity() -> None:
    assert set(CHANGES) == set(Recipe.model_fields), "a new field needs a line here"
    for name, value in CHANGES.items():
        if value is not None:
            assert BASE.with_(**{name: value}).run_id("d") != BASE.run_id("d"), name
    assert BASE.run_id("d") != BASE.run_id("e")
    assert BASE.run_id("d") == Recipe.parse(BASE.plain()).run_id("d")


@pytest.mark.parametrize("family", [Loss, Strategy, Intervention, Sampler, Bias, Weighting, Treatment])
def test_every_field_of_every_kind_is_part_of_the_identity(family: type) -> None:
    values = {"kind": None, "at": "0.3", "until": "0.9", "smoothing": 0.3, "gamma": 1.5, "margin": 0.5, "loss": "focal"}
    values |= {"activation": "tanh", "layers": "act1", "strategy": "standard", "optimiser": "reset"}
    values |= {"classes": 2, "per_class": 3, "share": 0.3, "ratio": 0.3, "images": 30, "seed": 2}
    values |= {"alpha": 0.7, "within": 0.4, "temperature": 0.3, "variant": "incl", "reduction": "pair", "views": 3}
    values |= {"augment": "strong", "cross_entropy": 1, "alarm": 0.1, ("contrastive", "loss"): "infonce"}
    values |= {"augment_warmup": "0.3", "mixing": "mixup", "attack": {"kind": "fgsm", "eps": 0.2}, "beta": 1.5}
    values |= {"inner": "adversarial", "rule": "gairat", "normalise": False, "start": "0.6", "treatment": "lift"}
    values |= {"threshold": 0.5, "quantile": 0.2, "rho": 0.1, "decay": 0.5, "every": 2, "weight": 2, "momentum": 0.5}
    values |= {"natural": "lab/a", "robust": "lab/b", "label_weight": 1, "natural_weight": 1, "robust_weight": 1}
    values |= {("awp", "gamma"): 0.5, ("averaged", "rule"): "swa", ("weighted", "inner"): "fgsm-rs"}
    values |= {"slope": 2, "bias": 0, "offset": 1, "name": "other", "mean_over": "left", "strength": 3, "rounds": 2}
    values |= {"augmix": "blur", "enough": 0.5, ("temporal", "until"): "0.8", ("weighted", "rule"): "gairat"}
    values |= {"attack_warmup": "0.3", "attack_batch_stats": True, "watched": 7}
    values |= {"file": {"path": "/a/list.csv", "digest": "0a1b"}}
    values |= {"teacher": "lab/d", "spread": 3, "adversarial_weight": 0.3}
    values |= {"stop": "0.7", "shift": "gaussian_blur", ("shifted", "strength"): 0.3, ("part", "start"): "0.2"}
    values |= {"learners": [{"strategy": "standard"}], "mix": {"start": 0.5}, "hand_back": None, "global_decay": 0.1}
    values |= {"ramp": "mean", "norm": "separate", "select": {"floor": 0.5}}
    for kind in family.family.values():
        given = {"at": "0.1"} if family is Intervention else {}
        given |= {"activation": "gelu"} if kind is HotSwap else {}
        needs = {"distilled": {"robust": "lab/c"}, "anchored": {"teacher": "lab/c"}}
        needs |= {"column": {"name": "one"}, "targeted": {"name": "one"}}
        given |= needs.get(kind.model_fields["kind"].default, {})
        given |= {"inner": "adversarial"} if kind is Weighted else {}
        base = kind(**given)
        for field in kind.model_fields:
            value = values.get((base.kind, field), values.get(field, ...))
            assert value is not ..., f"a new field needs a value here: {kind.__name__}.{field}"
            if value is not None:
                assert base.with_(**{field: value}).fingerprint() != base.fingerprint(), (kind, field)


def test_moments_may_be_written_as_numbers() -> None:
    written = Recipe.parse({"data": "digits", "keep": ["best", 0.5, 1]})
    assert written.keep == ("best", "0.5", "1")
    assert written.fingerprint() == Recipe(data="digits", keep=("best", "0.5", "1")).fingerprint()
    with pytest.raises(BadInput, match="lies outside training"):
        Recipe.parse({"data": "digits", "keep": [2]})


def test_editing_the_users_model_gives_another_run(tmp_path) -> None:
    file = tmp_path / "own.py"
    file.write_text("x = 1\n")
    chosen = BASE.with_(model=f"{file}:net", uses=(str(file),))
    before = chosen.run_id("d")
    file.write_text("x = 2\n")
    assert chosen.run_id("d") != before


def test_the_users_own_kinds(tmp_path) -> None:
    (tmp_path / "mine.py").write_text(
        "from assay.losses import Loss\n"
        "class Zero(Loss):\n"
        "    '''Nothing to learn.'''\n"
        "    kind: str = 'zero_of_mine'\n"
        "    def flat(self, logits, labels):\n"
        "        return (logits * 0).sum(-1)\n"
    )
    strategy = {"kind": "standard", "loss": "zero_of_mine"}
    plain = {"data": "digits", "uses": [str(tmp_path / "mine.py")], "strategy": strategy}
    assert Recipe.parse(plain).strategy.loss.kind == "zero_of_mine"
    del Loss.family["zero_of_mine"]


SHARE = r"^strategy: alpha: is a share: give a number from 0 to 1, or auto \(found '?"


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({"epoch": 3}, "did you mean 'epochs'"),
        ({"seed": -1}, "seed"),
        ({"model": "cn"}, "did you mean 'cnn'"),
        ({"activation": "rel"}, "did you mean 'relu'"),
        ({"strategy": {"kind": "standard", "los": "focal"}}, "did you mean 'loss'"),
        ({"strategy": "standrad"}, "did you mean 'standard'"),
        ({"interventions": [{"kind": "hot_swap", "at": 0.5}]}, "swaps nothing"),
        ({"interventions": [{"kind": "hot_swap", "at": 1, "activation": "tanh"}]}, r"\[0, 1\)"),
        ({"interventions": [{"kind": "hot_swap", "at": 0.5, "until": 0.2, "activation": "tanh"}]}, "until"),
        ({"interventions": [{"kind": "fork"}]}, "at: is needed"),
        ({"keep": ["half"]}, "no moment"),
        ({"keep": ["1.5"]}, "outside training"),
        ({"optimiser": {"lr": 0}}, "optimiser.lr"),
        ({"epochs": 0}, "epochs"),
        *(
            ({"model": "mlp:8+projector", "strategy": {"kind": "contrastive", "alpha": alpha}}, f"{SHARE}{alpha}'?.$")
            for alpha in (1.5, -0.1, float("nan"), "much")
        ),
        (
            {"model": "mlp:8+projector", "strategy": {"kind": "contrastive", "temperature": 0}},
            "temperature: .* than 0",
        ),
        ({"model": "mlp:8", "strategy": {"kind": "contrastive"}}, r"write mlp:8\+projector \(or \+projector:128-64\)$"),
    ],
)
def test_what_is_wrong_is_said(plain: dict, words: str) -> None:
    with pytest.raises(BadInput, match=words) as error:
        Recipe.parse({"data": "digits", **plain})
    assert "\n" not in str(error.value)

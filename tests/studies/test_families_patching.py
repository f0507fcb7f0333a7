"""Patching: by hand composition of networks, and toy twins that differ in one known layer."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from assay.core.errors import BadInput
from assay.lab import Lab
from assay.models import add_slots, build, slots
from assay.studies import Means, conduct, configure
from assay.studies.families.patching import INTO, compared, moved_share, patched_logits, patching
from tests.studies.conftest import SMALL

X = torch.rand((300, 6), generator=torch.Generator().manual_seed(0))
LABELS = (X.sum(1) > 3).long().numpy()
LAYERS = ["act1", "act2", "act3"]


def twins(changed: str) -> tuple[nn.Module, nn.Module]:
    """Two equal networks, of which the second has other weights in one layer."""
    one = build("mlp:16-16-16", (6,), 4, seed=0).eval()
    two = copy.deepcopy(one)
    with torch.no_grad():
        for weight in two.get_submodule(changed).parameters():
            weight += torch.randn(weight.shape, generator=torch.Generator().manual_seed(1))
    return one, two


def shares(changed: str) -> dict[tuple[str, str], float]:
    rows = patching(*twins(changed), X, LABELS)
    assert [(row["layer"], row["direction"]) for row in rows] == [(layer, way) for layer in LAYERS for way in INTO]
    return {(row["layer"], row["direction"]): row["answers"] for row in rows}


@pytest.mark.parametrize(("changed", "first"), [("fc1", 0), ("fc2", 1), ("fc3", 2), ("head", 3)])
def test_the_effect_is_found_in_the_layer_where_it_sits(changed: str, first: int) -> None:
    """Before the layer that differs a patch moves nothing, from it on everything; no layer says what the head does."""
    found = shares(changed)
    for place, layer in enumerate(LAYERS):
        for way in INTO:
            assert found[layer, way] == pytest.approx(float(place >= first), abs=1e-5)


def test_a_swapped_activation_is_found_in_its_slot_alone() -> None:
    one, two = twins("head")
    two.load_state_dict(one.state_dict())
    slots(two)["act2"].kind = "tanh"
    found = {(row["layer"], row["direction"]): row for row in patching(one, two, X, LABELS)}
    for way in INTO:
        assert found["act1", way]["answers"] == pytest.approx(0, abs=1e-5)
        for layer in ("act2", "act3"):
            assert found[layer, way]["answers"] == pytest.approx(1, abs=1e-5)


def test_what_two_layers_share_is_split_between_them() -> None:
    """A change before a layer and another one after it: patching the layer moves one part, and not the other."""
    one, two = twins("fc1")
    with torch.no_grad():
        two.get_submodule("head").weight += 0.3  # the same for all classes: probabilities stay
        two.get_submodule("head").bias[0] += 1.0
    found = {(row["layer"], row["direction"]): row for row in patching(one, two, X, LABELS)}
    assert all(0.02 < found["act3", way]["answers"] < 0.98 for way in INTO)
    logits = two.get_submodule("head")(one.act3(one.fc3(one.act2(one.fc2(one.act1(one.fc1(one.flat(X)))))))).detach()
    np.testing.assert_allclose(patched_logits(two, one, X, "act3"), logits.numpy(), atol=1e-5)


def test_images_are_patched_as_maps() -> None:
    one, two = (build("cnn:4-6", (1, 8, 8), 3, seed=seed).eval() for seed in (0, 1))
    x = torch.rand((5, 1, 8, 8), generator=torch.Generator().manual_seed(2))
    maps = two.act1(two.conv1(x))
    rest = one.head(one.act3(one.fc(one.flat(one.average(one.act2(one.conv2(one.pool1(maps))))))))
    np.testing.assert_allclose(patched_logits(one, two, x, "act1"), rest.detach().numpy(), atol=1e-5)


def test_nothing_stays_behind_in_the_networks() -> None:
    one, two = twins("fc2")
    before = [net(X).detach().numpy() for net in (one, two)]
    patching(one, two, X, LABELS)
    assert not any(slot._forward_hooks for net in (one, two) for slot in slots(net).values())
    assert all(np.array_equal(net(X).detach().numpy(), was) for net, was in zip((one, two), before, strict=True))


def test_accuracy_moves_by_what_the_patched_network_gets_right() -> None:
    own, patched, other = (np.eye(2)[answers] for answers in ([0, 0, 0, 0], [0, 1, 0, 0], [0, 1, 1, 0]))
    found = compared(own, patched, other, np.array([0, 1, 1, 0]))
    assert (found["change"], found["change_moved"], found["accuracy"], found["moved"]) == (0.5, 0.25, 0.5, 0.5)
    same = compared(own, own, own, np.array([0, 1, 1, 0]))
    assert np.isnan(same["accuracy"]) and np.isnan(same["moved"]) and np.isnan(same["answers"])
    assert moved_share(own, own - (other - own), other) == -1


def test_what_cannot_be_patched_is_told() -> None:
    one, two = twins("fc1")
    with pytest.raises(BadInput, match="found layers act1, act2, act3"):
        patched_logits(one, two, X, "act9")
    with pytest.raises(BadInput, match="one architecture"):
        patched_logits(one, build("mlp:16-8-16", (6,), 4).eval(), X, "act2")
    shared = nn.ReLU()
    twice = add_slots(nn.Sequential(nn.Linear(6, 6), shared, nn.Linear(6, 6), shared)).eval()
    with pytest.raises(BadInput, match="ran 2 times"):
        patched_logits(twice, twice, X, "1")


def test_a_small_study_patches_every_paired_run_with_its_twin(parts: Path, tmp_path: Path) -> None:
    """Every pair, layer and way is there once; accuracy changes one way by what it changes the other."""
    study, data = configure("families", str(parts), seeds=4, settings=(*SMALL, "grid.beside=0"))
    folder = conduct(study, data, Lab(tmp_path / "lab"), Means(on="inline"), command="assay study families")
    table = pd.read_csv(folder / "patches.csv")
    told = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    conditions = [c["name"] for c in told["conditions"] if c["name"] != "none"]
    counts = table.groupby(["condition", "seed"]).size()
    assert set(counts) == {2} and len(counts) == 4 * len(conditions)  # one hidden layer, two ways
    last = table.layer == "act1"
    assert last.all() and np.isfinite(table.answers[table.stress != "fork"]).all()
    both = table.pivot_table(index="run", columns="direction", values="change")
    np.testing.assert_allclose(both[INTO[0]], -both[INTO[1]], atol=1e-6)
    assert set(table.stress) == {"fork", "activation", "loss", "both"}
    off = study.model_copy(update={"patched": 0})  # no second look at what is already known
    folder = conduct(off, data, Lab(tmp_path / "lab"), Means(on="inline"), command="assay study families")
    assert not (folder / "patches.csv").exists()

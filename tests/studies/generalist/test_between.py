"""What one network shows and what lies between two, where the answer is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from assay.data import Split
from assay.lab import Lab, Source
from assay.lab.observe import View, load_model
from assay.models import build
from assay.studies.generalist.between import POINTS, alike, barrier, chosen, decisions, estimated, mixed, path
from assay.studies.generalist.figures import REACHES, Sample, accuracies, risks, shown
from assay.studies.generalist.look import LookJob, _learners
from assay.studies.generalist.tables import hardest
from assay.studies.overfitting.look import Ball
from assay.studies.study import Planned
from assay.train import Recipe, train
from tests.conftest import blobs

BALL = Ball("Linf", 0.05)


class Linear(nn.Module):
    """Two classes of points on a line: logits -z and z, z = x - at."""

    def __init__(self, at: float):
        super().__init__()
        self.at = nn.Parameter(torch.tensor(at))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = 20 * (x[:, :1] - self.at)
        return torch.cat([-z, z], 1)


def points(*at: float) -> Sample:
    x = torch.tensor(at)[:, None]
    return Sample(x, (x[:, 0] > 0.5).long(), np.arange(len(at)))


LEARNED = Split(np.zeros((4, 1), np.float32), np.array([0, 1, 0, 1]))


def test_accuracy_under_attack_is_what_lies_farther_than_the_radius() -> None:
    found = accuracies(Linear(0.5), points(0.2, 0.47, 0.53, 0.8), BALL, "val_")
    assert found == {"val_clean": 1.0, "val_robust": 0.5, "val_balanced": 0.75}


def test_the_path_between_two_boundaries_has_its_known_loss() -> None:
    """The boundary moves from one end to the other in equal steps; in the middle all points are right."""
    first, second, test = Linear(0.7), Linear(0.3), points(0.3, 0.45, 0.55, 0.7)
    rows = path(first, second, LEARNED, test, BALL)
    assert [row["weight"] for row in rows] == list(POINTS)
    assert rows[0] == {"weight": 0.0, **risks(second, test, BALL)} and rows[-1] == {
        "weight": 1.0,
        **risks(first, test, BALL),
    }
    for row in rows:
        assert row["clean_loss"] == pytest.approx(risks(Linear(0.3 + 0.4 * row["weight"]), test, BALL)["clean_loss"])
    assert barrier([row["clean_loss"] for row in rows]) == pytest.approx(0)  # convex: the line lies above
    weight, net = chosen(first, second, LEARNED, test, Ball("Linf", 0.01))
    assert weight == pytest.approx(0.5, abs=0.1) and accuracies(net, test, Ball("Linf", 0.01))["balanced"] == 1.0


def test_a_barrier_is_seen_between_networks_with_exchanged_units() -> None:
    """The same function twice, hidden units in another order: nothing at the ends, a hill between."""
    torch.manual_seed(0)
    first, second = (nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Linear(8, 2)) for _ in range(2))
    optimiser = torch.optim.SGD(first.parameters(), lr=0.5)
    for _ in range(300):
        sample = points(*torch.rand(64).tolist())
        optimiser.zero_grad()
        nn.functional.cross_entropy(first(sample.x), sample.y).backward()
        optimiser.step()
    own, order = first.state_dict(), torch.roll(torch.arange(8), 3)
    moved = {"0.weight": own["0.weight"][order], "0.bias": own["0.bias"][order], "2.weight": own["2.weight"][:, order]}
    second.load_state_dict({**own, **moved})
    test = points(*np.linspace(0.05, 0.95, 50).tolist())
    losses = [row["clean_loss"] for row in path(first, second, LEARNED, test, BALL)]
    assert losses[0] == pytest.approx(losses[-1], rel=1e-4) and barrier(losses) > 0.02


def test_statistics_of_a_mixed_network_are_its_own() -> None:
    """Networks whose batch norm saw nothing: the mixture of both has statistics of the images it meets."""
    data = blobs(n=80, classes=2)
    first, second = (build("resnet18:4", data.shape, 2, seed=seed).eval() for seed in (0, 1))
    half = mixed(first, second, 0.5, data.train, BALL)
    means = [value for name, value in half.state_dict().items() if name.endswith("running_mean")]
    assert all(bool((value != 0).any()) for value in means) and not half.training
    end = mixed(first, second, 1.0, data.train, BALL)
    assert all(torch.equal(a, b) for a, b in zip(end.state_dict().values(), first.state_dict().values(), strict=True))
    assert all(bool((v == 0).all()) for n, v in first.state_dict().items() if n.endswith("running_mean"))  # untouched


def test_learners_are_looked_at_with_statistics_of_their_averages(tmp_path: Path) -> None:
    """What is kept beside an average are statistics of the learner that it follows."""
    data, lab = blobs(n=64, classes=2), Lab(tmp_path)
    strategy = {"kind": "generalist", "learners": ["adversarial", "standard"], "hand_back": None}
    recipe = Recipe(data="blobs", model="resnet18:2", strategy=strategy, epochs=2)
    (run,) = train([recipe], data)
    lab.put("one", recipe.plain(), run, {})
    job, test = LookJob(View(Source("blobs"), "", 8), str(tmp_path), {}, BALL, 0), Sample.of(data.test, "test", 16)
    found: dict[str, Any] = {"learners": [], "similarity": []}
    _learners(job, lab, "one", recipe, data, data.train, test, found)
    first, second = (
        load_model(lab.weights("one", f"1+{name}"), "resnet18:2", data) for name in ("adversarial", "standard")
    )
    for row, kept in zip((found["path"][-1], found["path"][0]), (first, second), strict=True):
        own = risks(estimated(kept, data.train, BALL), test, BALL)
        assert row["clean_loss"] == own["clean_loss"] != risks(kept, test, BALL)["clean_loss"]
    by = {row["network"]: row for row in found["learners"]}
    assert by["adversarial"]["clean_loss"] == found["path"][-1]["clean_loss"]


def test_decisions_are_counted_by_whom_they_follow() -> None:
    """Boundaries at 0.3 and 0.7 disagree between; one at 0.5 follows the first above itself, else the second."""
    sample = points(0.1, 0.35, 0.4, 0.45, 0.6, 0.65, 0.9, 0.95)
    rows, pictures = decisions(Linear(0.3), Linear(0.7), Linear(0.5), sample, Ball("Linf", 0.001))
    clean = rows[0]
    assert clean["inputs"] == "clean" and clean["disagree"] == 5 / 8
    assert (clean["follows_first"], clean["follows_second"], clean["follows_neither"]) == (2 / 8, 3 / 8, 0)
    assert clean["leaves_both"] == 0 and clean["global_right"] == 1
    assert (clean["first_right"], clean["second_right"]) == (2 / 5, 3 / 5)
    shown_clean = [row for row in pictures if row["inputs"] == "clean"]
    assert [row["index"] for row in shown_clean] == [1, 2, 3, 4, 5]
    assert [row["follows"] for row in shown_clean] == ["second"] * 3 + ["first"] * 2


def test_networks_are_like_themselves() -> None:
    data = blobs(n=60, classes=2)
    one, other = (build("mlp:8-8", data.shape, 2, activation="relu", seed=seed).eval() for seed in (0, 1))
    rows = alike({"a": one, "same": one, "b": other}, data.test.x)
    assert {(row["first"], row["second"]) for row in rows} == {("a", "same"), ("a", "b"), ("same", "b")}
    assert all(row["cka"] == pytest.approx(1) for row in rows if row["second"] == "same")
    assert all(row["cka"] < 0.999 for row in rows if row["second"] == "b") and {row["depth"] for row in rows} == {0, 1}


def test_what_a_network_shows_hangs_together() -> None:
    data = blobs(n=120, classes=3)
    net = build("mlp:8", data.shape, 3, activation="relu", seed=0).eval()
    test, val = Sample.of(data.test, "test", 20), Sample.of(data.val, "val", 20)
    found = shown(net, data, test, val, BALL, 0)
    robust = [row["robust"] for row in found.radii]
    assert [row["factor"] for row in found.radii] == [0.0, *REACHES] and robust == sorted(robust, reverse=True)
    assert found.figures["pgd"] == robust[4] == np.mean(found.images["standing"])
    assert (np.array(found.images["margin"]) > 0).tolist() == found.images["right"]
    assert sum(row["n"] for row in found.classes) == len(data.test)
    mean = np.average([row["clean"] or 0 for row in found.classes], weights=[row["n"] for row in found.classes])
    assert mean == pytest.approx(found.figures["sets"][0]["accuracy"])
    assert set(test.index) <= set(range(len(data.test))) and len(set(test.index)) == len(test.y)


def test_the_hardest_tenth_is_the_same_for_all_and_not_the_mixtures() -> None:
    margin = np.linspace(1, -1, 20).tolist()
    images = {"margin": margin, "right": [1] * 20, "standing": [1] * 18 + [0, 1]}
    other = {**images, "margin": margin[::-1], "right": [0] * 2 + [1] * 18}
    plans = {name: Planned(Recipe(data="digits"), {"condition": name}) for name in ("adversarial", "generalist")}
    found = hardest(plans, {"adversarial": {"images": images}, "generalist": {"images": other}})
    assert found["adversarial"] == {"hard_clean": 1.0, "hard_robust": 0.5}
    assert found["generalist"] == {"hard_clean": 1.0, "hard_robust": 0.5}  # the last two images, not its own first two

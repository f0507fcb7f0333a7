"""What is seen of one network: against closed forms for linear ones, against the metrics, with statistics anew."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from assay.attacks.sample import drawn
from assay.data import Dataset
from assay.lab.observe import softmax
from assay.metrics import escape_rate, false_reject_rate, threshold
from assay.studies.frontier.ask import Ask
from assay.studies.frontier.see import Viewer
from assay.studies.frontier.walk import simplex, walk


def linear() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(36, 2))


def states(count: int = 2) -> list[dict[str, torch.Tensor]]:
    generator = torch.Generator().manual_seed(7)
    shapes = linear().state_dict()
    return [{n: 0.5 * torch.randn(v.shape, generator=generator) for n, v in shapes.items()} for _ in range(count)]


@pytest.mark.parametrize("kind", ["image", "table"])
def test_linear_networks_withstand_what_the_closed_form_says(make_blobs: Any, kind: str) -> None:
    """Worst margin in the ball and the box: m(x) - sum_i |d_i| min(eps, room_i), d the difference of weight rows."""
    data: Dataset = make_blobs(kind, classes=2)
    eps = 0.06
    viewer = Viewer(linear(), data, Ask(eps=eps, images=40))

    def see(state: dict[str, torch.Tensor]) -> dict[str, Any]:
        return {**viewer.clean(state, False), **viewer.attacked(state, False), "state": state}

    for row in walk(states(), simplex(2, 5), see):
        w, b = row["state"]["1.weight"].double(), row["state"]["1.bias"].double()
        for name in ("val", "test"):
            split = data.splits[name]
            x, sign = split.x.flatten(1).double(), (2 * split.y - 1).double()
            d = w[1] - w[0]
            margin = sign * (x @ d + b[1] - b[0])
            assert row[f"{name}_right"] == int((margin > 0).sum()) and row[f"{name}_n"] == len(split)
            loss = cross_entropy(x @ w.T + b, split.y)
            assert row[f"{name}_loss"] == pytest.approx(loss.item(), rel=1e-5)
            down = (sign.unsqueeze(1) * d) > 0  # where an attack lowers the pixel
            room = torch.where(down, x, 1 - x).clamp(max=eps)
            worst = (margin - (d.abs() * room).sum(1))[sorted(drawn(len(split), 0)[:40])]
            assert worst.abs().min() > 1e-5  # nobody stands on the edge, where rounding decides
            assert row[f"{name}_withstood"] == int((worst > 0).sum()) and row[f"{name}_attacked"] == 40
        assert row["level"] == "C"


def test_errors_are_those_of_the_metrics_with_limits_from_val(make_blobs: Any) -> None:
    raw = make_blobs(classes=2)
    data = Dataset("parts", raw.splits, ("ok", "scratch"), "image")
    assert data.ok == 0
    viewer = Viewer(linear(), data, Ask())
    found = viewer.clean(states()[0], False)
    logits = {name: viewer.net(data.splits[name].x).detach().numpy() for name in ("val", "test")}
    limit = threshold(softmax(logits["val"]), data.val.labels, 0)
    test = softmax(logits["test"]), data.test.labels
    assert found["false_rejects"] / found["n_ok"] == false_reject_rate(*test, 0, limit)
    assert found["escapes"] / found["n_faulty"] == escape_rate(*test, 0, limit)
    assert "escapes" not in Viewer(linear(), raw, Ask()).clean(states()[0], False)


def test_statistics_of_a_blend_are_estimated_on_training_images(make_blobs: Any) -> None:
    data: Dataset = make_blobs()
    net = nn.Sequential(nn.Flatten(), nn.Linear(36, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 3))
    state = {name: value.clone() for name, value in net.state_dict().items()}
    viewer = Viewer(net, data, Ask())
    kept, anew = viewer.put(state, False), viewer.put(state, True)
    assert all(torch.equal(kept[name], state[name]) for name in state)
    into = nn.functional.linear(data.train.x.flatten(1), state["1.weight"], state["1.bias"])
    assert torch.allclose(anew["2.running_mean"], into.mean(0), atol=1e-5)  # 120 images: one batch
    assert torch.allclose(anew["2.running_var"], into.var(0), atol=1e-5)
    assert torch.equal(anew["1.weight"], state["1.weight"]) and not net.training


def test_every_network_meets_the_same_images_and_starts(make_blobs: Any) -> None:
    data: Dataset = make_blobs(classes=2)
    viewer, state = Viewer(linear(), data, Ask(eps=0.1, images=25)), states()[0]
    first = viewer.attacked(state, False)
    viewer.attacked(states()[1], False)
    assert viewer.attacked(state, False) == first
    assert {name: len(index) for name, index in viewer.chosen.items()} == {"val": 25, "test": 25}
    assert len(np.unique(viewer.chosen["test"])) == 25

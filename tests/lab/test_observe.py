"""Looking at a model: what the hooks hear is what a hand-written forward computes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from assay.core.errors import BadInput
from assay.data import Dataset
from assay.lab.observe import features, hidden, judged_sets, load_model, numbers, probe_of, softmax
from assay.lab.store import pack, unpack
from assay.models import Activation, build

Blobs = Callable[..., Dataset]


def test_features_are_the_activations_in_call_order() -> None:
    net, x = build("mlp:5-4", (1, 6, 6), 3, seed=0).eval(), torch.rand(2000, 1, 6, 6)
    logits, layers = features(net, x)
    first = net.fc1(x.flatten(1)).relu()
    assert list(layers) == ["act1", "act2"]
    assert np.allclose(layers["act1"], first.detach().numpy(), atol=1e-6)
    assert np.allclose(logits, net(x).detach().numpy(), atol=1e-6)


def test_a_map_is_represented_by_its_mean_over_positions() -> None:
    net, x = build("cnn:4", (1, 6, 6), 3, seed=0).eval(), torch.rand(5, 1, 6, 6)
    _, layers = features(net, x)
    assert np.allclose(layers["act1"], net.conv1(x).relu().mean((2, 3)).detach().numpy(), atol=1e-6)


class Turned(nn.Module):
    """A network written in another order than it runs in, with an activation that never runs and one used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.often, self.spare = Activation(), Activation("tanh"), Activation()
        self.one, self.two, self.head = nn.Linear(36, 5), nn.Linear(5, 4), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        inside = self.two(self.often(self.often(self.one(x.flatten(1)))))
        return self.head(self.last(inside))


def test_hidden_layers_are_those_that_run_in_the_order_in_which_they_do() -> None:
    assert hidden(Turned().eval(), torch.rand(2, 1, 6, 6)) == {"often": 5, "last": 4}
    assert list(features(Turned().eval(), torch.rand(2, 1, 6, 6))[1]) == ["often", "last"]
    with pytest.raises(BadInput, match=r"no activation module that runs.*nn.ReLU\(\) instead of F.relu"):
        hidden(nn.Sequential(nn.Flatten(), nn.Linear(36, 3)), torch.rand(2, 1, 6, 6))


def test_kept_weights_come_back_with_their_activations(make_blobs: Blobs, tmp_path: Path) -> None:
    data = make_blobs()
    net = build("mlp:5", data.shape, 3, seed=3, activation="tanh").eval()
    (tmp_path / "w.safetensors").write_bytes(pack(net.state_dict(), {"act1": "tanh"}))
    again = load_model(tmp_path / "w.safetensors", "mlp:5", data)
    assert again(data.test.x).equal(net(data.test.x))


def test_a_pickled_module_is_refused(tmp_path: Path) -> None:
    torch.save(build("mlp:5", (2,), 2), tmp_path / "m.pt")
    with pytest.raises(BadInput, match="pickled files are not read"):
        unpack(tmp_path / "m.pt")


def test_numbers_cover_test_shifts_and_later_sets(make_blobs: Blobs) -> None:
    data = make_blobs()
    data = Dataset(data.name, {**data.splits, "production": data.val}, data.classes, data.kind)
    net = build("mlp:5", data.shape, 3, seed=0).eval()
    _, layers = features(net, data.test.x)
    found = numbers(net, data, layers["act1"])
    answers = net(data.val.x).argmax(1)
    assert found["answered"] == len(answers.unique())
    names = [each["shift"] for each in found["sets"]]
    assert names[0] == "none" and names[-1] == "production" and len(names) == len(list(judged_sets(data)))
    hit = (net(data.test.x).argmax(1) == data.test.y).double().mean().item()
    assert found["sets"][0]["accuracy"] == pytest.approx(hit)
    assert found["gap"] == pytest.approx(found["train_accuracy"] - hit)
    assert all(0 <= each["escape"] <= 1 and 0 <= each["false_reject"] <= 1 for each in found["sets"])


def test_a_model_that_answers_one_class_is_told_by_its_answers(make_blobs: Blobs) -> None:
    data = make_blobs()
    net = build("mlp:5", data.shape, 3, seed=0).eval()
    bias = list(net.parameters())[-1]
    with torch.no_grad():
        bias[1] += 1e6
    _, layers = features(net, data.test.x)
    assert bias.shape == (3,) and numbers(net, data, layers["act1"])["answered"] == 1


def test_the_probe_is_addressed_and_inside_test(make_blobs: Blobs) -> None:
    data = make_blobs()
    assert probe_of(data, 20).equal(probe_of(data, 30)[:20])
    assert len(set(probe_of(data, 999).tolist())) == len(data.test)


def test_softmax_is_safe_for_large_logits() -> None:
    assert softmax(np.array([[1e4, 0.0]])).tolist() == [[1.0, 0.0]]

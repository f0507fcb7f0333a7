"""How answers are read: what gives them goes before where they lie, and what was assumed is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from assay.core.errors import BadInput
from assay.core.files import read_json
from assay.data import load_data
from assay.lab import Lab
from assay.models import build
from assay.models.activations import add_slots
from assay.studies import configure
from assay.studies.look import Ask, Subject, answered, examined, planned, split_of
from assay.studies.look.layers import layers
from assay.studies.look.reading import Reading, in_range, reading
from assay.studies.look.seen import Viewer
from assay.studies.look.words import taken

X = torch.linspace(-1, 1, 400).reshape(100, 4)


def body(columns: int = 1) -> nn.Sequential:
    """A network whose logits on `X` all lie in 0 to 1."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, columns))
    with torch.no_grad():
        net[2].weight *= 0.1
        net[2].bias.fill_(0.5)
    return net.eval()


class Ends(nn.Module):
    """A body and what becomes of its answer."""

    def __init__(self, end: Callable[[Tensor], Tensor], columns: int = 1) -> None:
        super().__init__()
        self.body, self.end = body(columns), end

    def forward(self, x: Tensor) -> Tensor:
        return self.end(self.body(x))


class Squeezed(nn.Linear):
    """A linear layer with a sigmoid inside, which its type does not tell."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).sigmoid()


def test_weak_logits_of_a_linear_layer_are_logits() -> None:
    found = reading(body(), X)
    assert found == Reading(False, True, "linear", True, 100)
    (_, said) = taken(found, "crack")
    assert "a linear layer gives its answers, although those to 100 val inputs all lie in 0 to 1" in said["en"]
    assert "線形層の出力である" in said["ja"]
    assert len(taken(reading(Ends(lambda z: z - 9), X), "crack")) == 1  # out of range: nothing to assume


@pytest.mark.parametrize(
    "net",
    [
        nn.Sequential(body(), nn.Sigmoid()),
        add_slots(nn.Sequential(body(), nn.Sigmoid(), nn.Dropout())).eval(),
        Ends(nn.Hardsigmoid()),
        Ends(torch.sigmoid),
        Ends(Tensor.sigmoid_),  # in place: what the linear layer gave looks like a probability afterwards
    ],
)
def test_a_sigmoid_at_the_end_is_seen(net: nn.Module) -> None:
    found = reading(net, X)
    assert found.ready and found.by == "sigmoid"
    said = taken(found, "7")[1]
    assert "a sigmoid gives its answers, so they are taken as probabilities of class 7" in said["en"]
    assert "シグモイド" in said["ja"]


@pytest.mark.parametrize(
    "net", [nn.Sequential(body()[:2], Squeezed(6, 1)), Ends(lambda z: 1 - z.sigmoid()), Ends(lambda z: z / 2)]
)
def test_what_cannot_be_seen_is_told_by_range_and_said(net: nn.Module) -> None:
    found = reading(net, X)
    assert found.ready and found.by == "range"
    said = taken(found, "crack")[1]
    assert said["en"].startswith("it is assumed") and "taken as probabilities of crack" in said["en"]
    assert "100 val inputs all lie in 0 to 1" in said["en"] and "let a linear layer give the answer" in said["en"]
    assert "100個" in said["ja"] and "仮定" in said["ja"]


def test_of_a_number_a_class_rows_that_add_up_to_one_are_probabilities() -> None:
    assert reading(Ends(nn.Softmax(1), 3), X) == Reading(True, False, "range", True, 100)
    assert not reading(body(3), X).ready
    assert not reading(Ends(lambda z: nn.functional.pad(z, (1, 0))), X).ready  # weak (0, z)
    (said,) = taken(reading(Ends(nn.Softmax(1), 3), X), "crack")
    assert "all lie in 0 to 1 and add up to 1" in said["en"] and "和が1" in said["ja"]


@pytest.mark.parametrize("columns, adding", [(1, ""), (2, " that add up to")])
def test_answers_that_turn_out_to_be_no_probabilities_are_refused(columns: int, adding: str) -> None:
    """What the first inputs showed does not hold for later ones."""

    def end(z: Tensor) -> Tensor:
        return z * 3 - 4 if columns == 1 else z.softmax(1) * 1.5

    net = Ends(end, columns)
    view = Viewer(net, layers(net, X), ready=True)
    with pytest.raises(BadInput) as caught:
        view(X)
    said = str(caught.value)
    assert "asked to read the answers of the model as probabilities" in said and "\n" not in said
    assert "found answers from " in said and adding in said and "let the model return the logits" in said


def test_certain_probabilities_of_one_class_are_probabilities() -> None:
    net = Ends(lambda z: (z * torch.tensor([0.0, 400.0])).softmax(1), 2)
    seen = Viewer(net, layers(net, X), ready=True)(X)
    assert (seen.probs[:, 0] == 0).all() and (seen.probs[:, 1] == 1).all()


def test_rounded_probabilities_are_probabilities() -> None:
    rows = torch.rand((200, 7), generator=torch.Generator().manual_seed(0)).double()
    rounded = (rows / rows.sum(1, keepdim=True) * 1e5).round().float() / 1e5
    assert ((rounded.sum(1) - 1).abs() > 1e-5).any() and in_range(rounded)


@pytest.mark.parametrize("name", ["inside", "softmax", "log softmax", "functional", "both columns"])
def test_the_logit_under_a_sigmoid_is_no_layer(name: str) -> None:
    net = {
        "inside": nn.Sequential(body(), nn.Sigmoid()),
        "softmax": nn.Sequential(body(3), nn.Softmax(1)),
        "log softmax": nn.Sequential(body(3), nn.LogSoftmax(1)),
        "functional": Ends(torch.sigmoid),
        "both columns": Ends(lambda z: torch.cat([1 - z.sigmoid(), z.sigmoid()], 1)),
    }[name]
    found = [layer.name for layer in layers(net, X[:4])]
    assert found == ["body.1" if isinstance(net, Ends) else "0.1"]


def test_a_sure_network_keeps_a_layer_as_wide_as_its_answer() -> None:
    """Softmax of both is all but (1, 0) or (0, 1): as absolute numbers they are the same."""
    net = nn.Sequential(nn.Linear(4, 2), nn.ReLU(), nn.Linear(2, 2), nn.Softmax(1)).eval()
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[60.0, 0, 0, 0], [-60.0, 0, 0, 0]]))
        net[0].bias.zero_()
        net[2].weight.copy_(2 * torch.eye(2))
        net[2].bias.zero_()
    x = torch.tensor([[1.0, 0, 0, 0], [-1.0, 0, 0, 0]])
    assert torch.allclose(net[1](net[0](x)).softmax(1), net(x))
    assert [layer.name for layer in layers(net, x)] == ["1"]


def test_the_next_command_of_a_model_of_one_logit_can_be_carried_out(tmp_path: Path) -> None:
    data = load_data("cells", regroup=True)
    net = nn.Sequential(nn.Linear(data.shape[0], 4), nn.ReLU(), nn.Linear(4, 1), nn.Sigmoid())
    model = f"{tmp_path}/net.py:make"
    (tmp_path / "net.py").write_text("")
    subject = Subject(net, model, "", "cells", data, regroup=True)
    folder = examined(planned(Ask(n=20), subject), Lab(tmp_path / "lab"))
    found = answered(folder)
    command, why = found["next"].split("  # ")
    assert command == "assay study families --data cells --regroup --dry-run" and model in why
    study, split = configure("families", "cells", regroup=True)
    assert study.recipe.model and build(study.recipe.model, split.shape, len(split.classes))
    assert all(isinstance(said, str) for said in found["warnings"])
    kept = read_json(folder / "study.json")
    assert any(isinstance(said, dict) and "確率" in said["ja"] for said in kept["data"]["warnings"])
    assert kept["primary_layer"] == "1"


def test_a_run_keeps_the_split_it_had(tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text('{"data": "digits", "regroup": true, "split_seed": 3}')
    assert split_of(str(tmp_path), False) == (True, 3)

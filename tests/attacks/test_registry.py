"""What every attack promises; a new one is tested the moment it is registered."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from assay.attacks import ATTACKS, BALLS, PGD, Attack, autoattack
from assay.attacks.apgd import APGD
from assay.attacks.objectives import OBJECTIVES
from assay.core.errors import BadInput
from tests.attacks.nets import examples, network

# What makes an attack short enough for a test.
SHORT: dict[str, dict[str, Any]] = {
    "square": {"queries": 60},
    **{kind: {"steps": 8} for kind in ("pgd", "mim", "cw", "apgd-ce", "apgd-dlr", "apgd-t", "fab", "fab-t")},
    "noise": {"tries": 5},
}
RADIUS = {"Linf": 0.1, "L2": 0.6, "L1": 4.0}
CASES = [(kind, norm) for kind in sorted(ATTACKS) for norm in ATTACKS[kind].norms]
SIMPLE = [(kind, norm) for kind, norm in CASES if ATTACKS[kind].simple]


def build(kind: str, norm: str, **settings: Any) -> Attack:
    return ATTACKS.find(kind)(**{"norm": norm, "eps": RADIUS[norm], **SHORT.get(kind, {}), **settings})


class Moving(nn.Module):
    """Batch norm and dropout: a network with modes and buffers that change when it is called in training mode."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(100, 20), nn.BatchNorm1d(20), nn.Dropout(), nn.Linear(20, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)


@pytest.mark.parametrize("kind, norm", CASES)
def test_points_stay_in_the_ball_and_in_the_box(kind: str, norm: str) -> None:
    x, y = examples(30)
    points = build(kind, norm).attack(network("natural"), x, y, 3)
    assert points.shape == x.shape and points.min() >= 0 and points.max() <= 1
    size = BALLS[norm]().size(points - x)
    assert (size <= RADIUS[norm] * (1 + 1e-5)).all()
    assert size.max() > 0


@pytest.mark.parametrize("kind, norm", CASES)
def test_a_radius_of_zero_changes_nothing(kind: str, norm: str) -> None:
    x, y = examples(10)
    points = build(kind, norm, eps=0.0).attack(network("natural"), x, y)
    assert (points - x).abs().max() < 1e-6


@pytest.mark.parametrize("kind, norm", CASES)
def test_the_module_is_left_as_it_was(kind: str, norm: str) -> None:
    torch.manual_seed(0)
    net = Moving().train()
    net.net[1].eval()
    net.net[4].weight.requires_grad_(False)
    x, y = examples(6)
    modes, state = [m.training for m in net.modules()], {k: v.clone() for k, v in net.state_dict().items()}
    before = torch.get_rng_state()
    build(kind, norm).attack(net, x, y)
    assert [m.training for m in net.modules()] == modes
    assert all(v.equal(state[k]) for k, v in net.state_dict().items())
    assert [p.requires_grad for p in net.parameters()] == [True] * 4 + [False, True]
    assert all(p.grad is None for p in net.parameters())
    assert torch.get_rng_state().equal(before)


@pytest.mark.parametrize("kind, norm", CASES)
def test_more_steps_break_no_fewer(kind: str, norm: str) -> None:
    """From one start the longer search passes through the points of the shorter one: who broke there breaks here.

    APGD reviews its steps after shares of their number, so a longer climb takes another path and is only stronger.
    """
    fields = ATTACKS[kind].model_fields
    name = next((name for name in ("steps", "queries", "tries") if name in fields), None)
    if name is None:
        assert ATTACKS[kind]().length == 1, "a new attack: say here what makes it longer"
        return
    x, y = examples(20)
    steady = {"step": RADIUS[norm] / 6} if "step" in fields else {}
    few, many = (
        autoattack(
            network("natural"), x, y, norm, RADIUS[norm], "custom", attacks=[build(kind, norm, **long, **steady)]
        )
        for long in ({name: 2}, {name: 24 if name == "steps" else 120})
    )
    assert many.robust.sum() <= few.robust.sum() and many.clean.any()
    if not issubclass(ATTACKS[kind], APGD):
        assert (many.robust <= few.robust).all()


@pytest.mark.parametrize("kind, norm", [case for case in CASES if "best" in ATTACKS[case[0]].model_fields])
def test_the_best_point_never_gets_worse_with_more_steps(kind: str, norm: str) -> None:
    x, y = examples(20)
    net = network("natural")
    values = []
    for steps in (1, 3, 9):
        attack = build(kind, norm, steps=steps, step=RADIUS[norm] / 4, best=True)
        points = attack.attack(net, x, y, 5)
        values.append(OBJECTIVES[attack.objective].value(net(points), y, None))
    assert (values[0] <= values[1] + 1e-6).all() and (values[1] <= values[2] + 1e-6).all()
    assert (values[0] < values[2]).any()


@pytest.mark.parametrize("kind, norm", CASES)
def test_nobody_goes_through_the_network_more_often_than_is_said(kind: str, norm: str) -> None:
    x, _ = examples(4)
    net = network("natural")
    more = {name: value for name, value in {"restarts": 2, "eot": 3}.items() if name in ATTACKS[kind].model_fields}
    attack = build(kind, norm, eps=1e-6, **more)
    found = autoattack(net, x, net(x).argmax(1), norm, 1e-6, "custom", attacks=[attack])
    assert found.robust.all()
    ahead, back = attack.passes(10)
    forwards = found.forwards - len(x) - 1  # clean inputs, and one of them again to see whether it has a gradient
    assert len(x) * ahead / 2 <= forwards <= len(x) * ahead
    assert len(x) * back / 2 <= found.backwards <= len(x) * back


@pytest.mark.parametrize("kind, norm", [case for case in CASES if ATTACKS[case[0]].gradients])
def test_closed_form_on_a_linear_network(kind: str, norm: str) -> None:
    """Two classes, f = z_1 - z_0 = <w, x> + b: the most an eps ball can do is eps times the dual norm of w."""
    torch.manual_seed(0)
    w = torch.randn(20)
    dual = {"Linf": w.abs().sum(), "L2": w.norm(), "L1": w.abs().max()}[norm].item()
    x = 0.5 + 0.02 * torch.randn(12, 20)
    gaps = dual * torch.tensor([0.02, 0.04, 0.06, 0.09, 0.11, 0.14])  # what is to be overcome, in dual norms
    net = nn.Linear(20, 2)
    with torch.no_grad():
        net.weight.copy_(torch.stack([torch.zeros(20), w]))
        net.bias.zero_()
        offset = -(x @ w)
        x = x + ((offset - torch.cat([gaps, gaps])) / w.square().sum()).unsqueeze(1) * w
    y = torch.zeros(12, dtype=torch.int64)
    eps = 0.1
    steps = {} if kind == "fgsm" else {"steps": 60}
    points = ATTACKS[kind](norm=norm, eps=eps, **steps).attack(net, x, y)
    assert (net(points).argmax(1) != y).tolist() == [True] * 4 + [False] * 2 + [True] * 4 + [False] * 2


@pytest.mark.parametrize("kind, norm", SIMPLE)
def test_a_stack_of_runs_is_attacked_as_each_run_alone(kind: str, norm: str) -> None:
    torch.manual_seed(0)
    weights, (x, y) = torch.randn(3, 100, 10), examples(24)
    x, y = x.view(3, 8, 1, 10, 10), y.view(3, 8)
    generators = [torch.Generator().manual_seed(s) for s in range(3)]
    attack = build(kind, norm)
    stacked = attack.attack(lambda v: v.flatten(2) @ weights, x, y, generators)
    for run in range(3):
        alone = attack.attack(
            lambda v, run=run: v.flatten(1) @ weights[run], x[run], y[run], torch.Generator().manual_seed(run)
        )
        assert (stacked[run] - alone).abs().max() < 1e-5


@pytest.mark.parametrize("kind, norm", SIMPLE)
def test_each_example_may_have_a_radius_of_its_own(kind: str, norm: str) -> None:
    x, y = examples(12)
    eps = torch.linspace(0, RADIUS[norm], 12)
    points = build(kind, norm).attack(network("natural"), x, y, eps=eps)
    size = BALLS[norm]().size(points - x)
    assert (size <= eps * (1 + 1e-5) + 1e-7).all() and size[0] == 0 and size[6] > 0


@pytest.mark.parametrize("kind, norm", CASES)
def test_settings_survive_json(kind: str, norm: str) -> None:
    attack = build(kind, norm)
    assert Attack.of(attack.plain()) == attack
    assert Attack.of({**attack.plain(), "eps": "3/255"}).eps == 3 / 255


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(BadInput, match=r"8/255 or 8\.0\?"):
        PGD.parse({"eps": 8})
    with pytest.raises(BadInput, match="no norm is called"):
        PGD.parse({"norm": "L7"})
    assert PGD.parse({"eps": 8.0}).eps == 8.0
    assert PGD.parse({"norm": 2, "eps": 8}).norm == "L2"


def test_square_wants_images() -> None:
    with pytest.raises(BadInput, match="draws windows on images") as error:
        ATTACKS["square"]().attack(nn.Linear(4, 2), torch.rand(3, 4), torch.zeros(3, dtype=torch.int64))
    assert "\n" not in str(error.value)

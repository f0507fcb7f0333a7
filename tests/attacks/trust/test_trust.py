"""Every check catches its toy defence; healthy networks pass all; levels follow from suite, sample and checks."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest
import torch
from torch import nn

from assay.attacks import Trust, assess, autoattack
from assay.attacks.suite import Suite
from assay.attacks.trust.answers import randomised
from assay.attacks.trust.bench import Bench
from assay.attacks.trust.strength import chance
from assay.core.errors import BadInput
from tests.attacks.trust.nets import CLOSE, DEFENCES, EPS, Defended, examples, network

SHORT: list[dict[str, Any]] = [
    {"kind": "apgd-ce", "steps": 20},
    {"kind": "apgd-t", "steps": 20, "targets": 3},
    {"kind": "square", "queries": 200},
]
N = 80
CATCHES = [
    ("rounding", "zero gradients"),
    ("rounding", "huge eps"),
    ("quantised activations", "zero gradients"),
    ("quantised activations", "Square"),
    ("quantised activations", "transfer"),
    ("randomness", "randomised"),
    ("company", "randomised"),
    ("softmax", "probabilities"),
    ("saturated", "zero gradients"),
    ("ripple", "more steps"),
    ("narrow", "larger eps"),
]


def evaluate(net: Any, eps: float = EPS, n: int = N, **settings: Any) -> Any:
    settings = {"version": "custom", "attacks": SHORT, **settings}
    return autoattack(net, *examples(n), eps=eps, **settings)


@lru_cache
def defended(name: str) -> Trust:
    return assess(evaluate(Defended(DEFENCES[name]), CLOSE if name == "narrow" else EPS), surrogate=network())


def test_every_check_has_a_defence_that_it_must_catch() -> None:
    assert {check for _, check in CATCHES} == {check.name for check in defended("softmax").checks}
    assert {name for name, _ in CATCHES} == set(DEFENCES)


@pytest.mark.parametrize("name, caught_by", CATCHES)
def test_a_toy_defence_is_caught(name: str, caught_by: str) -> None:
    trust = defended(name)
    check = next(check for check in trust.checks if check.name == caught_by)
    assert check.passed is False and check.figure is not None and check.figure > 0
    assert trust.level == "X" and check.sentence in trust.reasons


@pytest.mark.parametrize("n", [2, 64, 65, 128, 192])
def test_company_is_caught_in_networks_that_are_called_for_a_few_images_at_a_time(n: int) -> None:
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(4, track_running_stats=False)  # statistics of the batch, in evaluation mode too
    net = nn.Sequential(nn.Conv2d(1, 4, 3), norm, nn.Flatten(), nn.Linear(144, 10))
    x, _ = examples(n)
    with torch.no_grad():
        net[-1].bias[0] = -100  # nobody is right, so that all n are looked at
    for attack, passed in (("noise", False), ("pgd", False), ({"kind": "apgd-ce", "eot": 2}, True)):
        result = autoattack(net, x, torch.zeros(n).long(), eps=EPS, version="custom", attacks=[attack])
        assert randomised(Bench.of(result)).passed is passed  # an evaluation that averages over draws may be random


@pytest.mark.parametrize(
    "trained_at, norm, eps",
    [(0.0, "Linf", EPS), (0.06, "Linf", EPS), (0.12, "Linf", EPS), (0.06, "L2", 0.4), (0.0, "L1", 2.0)],
)
def test_a_healthy_network_passes_every_check(trained_at: float, norm: str, eps: float) -> None:
    result = evaluate(network(trained_at), eps, norm=norm)
    assert 0.2 < result.robust_accuracy < result.clean_accuracy
    trust = assess(result, surrogate=network(0.06 if trained_at == 0 else 0.0, seed=2))
    assert [check.name for check in trust.checks if check.passed is False] == []
    assert trust.level == "B"  # a short suite


def test_levels() -> None:
    net, n = network(0.06), 12
    standard = evaluate(net, 0.4, n, version="standard", attacks=())  # all break soon
    assert standard.trust.level == "A" and standard.trust is standard.trust
    clean, undone = standard.trust.reasons
    assert clean == f"the standard suite on all {n} examples; 7 checks, all clean"
    assert undone.startswith("check 'transfer' not done: no second model")
    assert assess(standard, surrogate=network(0.0, seed=2)).reasons == (clean.replace("7", "8"),)
    part = assess(standard, of=40)
    low, high = standard.interval
    assert part.level == "B"
    assert part.reasons == (f"{n} of 40 examples", f"95 % interval {100 * low:.1f} to {100 * high:.1f} %")
    short = evaluate(net, n=n)
    assert short.trust.level == "B" and short.trust.reasons[0] == "not the standard suite but apgd-ce, apgd-t, square"
    weak = evaluate(net, n=n, attacks=["pgd", "noise"])
    assert weak.trust.level == "C" and "pgd, noise only" in weak.trust.reasons[0]


def test_predictions_only_cannot_be_checked_in_full() -> None:
    net = network()

    def answers(x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return net(x)

    trust = evaluate(answers, n=30).trust
    assert trust.level == "C"
    undone = {check.name for check in trust.checks if check.passed is None}
    assert undone == {"zero gradients", "more steps", "larger eps", "huge eps", "Square", "transfer"}
    second = assess(evaluate(net, n=5), surrogate=answers).checks[-1]
    assert second.passed is None and "second model gives predictions only" in second.sentence


def test_random_answers_are_expected_where_the_suite_averages() -> None:
    noisy = Defended(lambda net, x: net(x + 0.02 * torch.randn_like(x)))
    averaged = [{"kind": "apgd-ce", "steps": 10, "eot": 5}]
    trust = evaluate(noisy, n=30, attacks=averaged).trust
    check = trust.checks[0]
    assert check.passed is True and check.figure > 1e-3 and "averages over draws" in check.sentence
    assert evaluate(noisy, n=30).trust.level == "X"


def test_checks_repeat_and_leave_the_model_alone() -> None:
    net = network().train()
    try:
        result = evaluate(net, n=40)
        state = torch.random.get_rng_state()
        assert assess(result) == assess(result)
        assert torch.random.get_rng_state().equal(state)
        assert net.training and all(p.requires_grad for p in net.parameters())
    finally:
        net.eval()


def test_a_single_output_that_is_a_probability_is_caught() -> None:
    torch.manual_seed(0)
    body = nn.Sequential(nn.Flatten(), nn.Linear(64, 1))
    x, _ = examples(20)
    y = (body(x) > 0).long().squeeze(1)
    honest = autoattack(body, x, y, eps=0.05, version="custom", attacks=SHORT)
    assert honest.trust.checks[1].passed and not honest.warnings
    result = autoattack(nn.Sequential(body, nn.Sigmoid()), x, y, eps=0.05, version="custom", attacks=SHORT)
    assert result.trust.level == "X" and "remove the last softmax or sigmoid" in " ".join(result.trust.reasons)
    assert result.warnings[0] in result.trust.reasons  # told at the beginning, too


def test_a_network_that_is_never_right_is_no_error() -> None:
    x = examples(20)[0]
    result = autoattack(network(), x, (network()(x).argmax(1) + 1) % 10, eps=EPS, version="custom", attacks=SHORT)
    assert result.robust_accuracy == 0 and result.trust.level == "B"


def test_a_result_without_its_model_is_refused() -> None:
    empty = torch.zeros(1, dtype=torch.bool)
    from assay.attacks import Result

    bare = Result(empty, empty, torch.zeros(1, 2), ("",), torch.zeros(1), 0, 0, 0, Suite("custom", (), False), "L2", 1)
    with pytest.raises(BadInput, match="found no model in it"):
        _ = bare.trust


def test_sign_test_by_hand() -> None:
    assert chance(3, 1) == 5 / 16  # (4 + 1) of 16 throws
    assert chance(6, 0) > 0.01 > chance(7, 0)

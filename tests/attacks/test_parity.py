"""The same verdicts as pyautoattack 0.2: same seed, CPU, equal batch, random numbers in its order."""

from __future__ import annotations

import logging

import pytest
import torch

from assay.attacks import autoattack
from tests.attacks.nets import examples, network

pyautoattack = pytest.importorskip("pyautoattack")

# Radii at which each network loses some examples and keeps some.
LINF = {"natural": 0.08, "weak": 0.1, "robust": 0.15}
L2 = {"natural": 0.5, "weak": 0.6, "robust": 0.8}
ALONE = ("apgd-ce", "apgd-dlr", "apgd-t", "fab-t", "square")


def reference(kind, n, norm, eps, attacks=None, queries=5000, steps=100, batch_size=100):
    logging.getLogger("auto-attack").setLevel(logging.CRITICAL)
    x, y = examples(n)
    peer = pyautoattack.AutoAttack(network(kind), norm=norm, eps=eps, seed=0, version="standard")
    peer.attacks_to_run = list(attacks or peer.attacks_to_run)
    peer.square.n_queries = queries
    for part in (peer.apgd, peer.apgd_targeted):
        part.n_iter = part.n_iter_orig = steps
        part.n_iter_2, part.n_iter_min = max(int(0.22 * steps), 1), max(int(0.06 * steps), 1)
        part.size_decr = max(int(0.03 * steps), 1)
    peer.fab.n_iter = steps
    images, answers = peer.run_standard_evaluation(x, y, batch_size=batch_size)
    return images, answers == y


def ours(kind, n, norm, eps, attacks=(), queries=5000, steps=100, **settings):
    x, y = examples(n)
    settings = {"draws": "reference", "batch_size": 100, **settings}
    chosen = [{"kind": a, **({"queries": queries} if a == "square" else {"steps": steps})} for a in attacks]
    return autoattack(network(kind), x, y, norm, eps, "custom" if chosen else "standard", attacks=chosen, **settings)


@pytest.mark.parametrize("attack", ALONE)
@pytest.mark.parametrize("norm, radii", [("Linf", LINF), ("L2", L2)])
def test_each_attack_alone(attack: str, norm: str, radii: dict[str, float]) -> None:
    short = {"queries": 150, "steps": 14, "batch_size": 25}
    images, robust = reference("weak", 30, norm, radii["weak"], [attack], **short)
    result = ours("weak", 30, norm, radii["weak"], [attack], **short)
    assert result.robust.equal(robust)
    assert 0 < robust.sum() < result.clean.sum()
    if attack.startswith("apgd"):
        kept = ours("weak", 30, norm, radii["weak"], [attack], early_drop=False, **short)
        assert (kept.x_adv - images).abs().max() < 1e-5


@pytest.mark.parametrize("kind", ["natural", "robust"])
def test_shortened_suite(kind: str) -> None:
    short = {"queries": 100, "steps": 8, "batch_size": 25, "attacks": ("apgd-ce", "apgd-t", "fab-t", "square")}
    _, robust = reference(kind, 30, "Linf", LINF[kind], **short)
    assert ours(kind, 30, "Linf", LINF[kind], **short).robust.equal(robust)


@pytest.mark.parity
@pytest.mark.parametrize("kind", sorted(LINF))
def test_standard_suite_on_200_examples(kind: str) -> None:
    _, robust = reference(kind, 200, "Linf", LINF[kind])
    result = ours(kind, 200, "Linf", LINF[kind])
    assert result.suite.standard
    assert result.robust.equal(robust)
    assert 0 < robust.sum() < result.clean.sum()


@pytest.mark.parity
@pytest.mark.parametrize("attack", ALONE)
@pytest.mark.parametrize("kind", sorted(LINF))
def test_each_attack_alone_on_200_examples(kind: str, attack: str) -> None:
    images, robust = reference(kind, 200, "Linf", LINF[kind], [attack])
    assert ours(kind, 200, "Linf", LINF[kind], [attack]).robust.equal(robust)
    if attack.startswith("apgd"):
        kept = ours(kind, 200, "Linf", LINF[kind], [attack], early_drop=False)
        assert (kept.x_adv - images).abs().max() < 1e-5


@pytest.mark.parity
@pytest.mark.parametrize("kind", sorted(L2))
def test_standard_suite_in_l2_within_one_example(kind: str) -> None:
    _, robust = reference(kind, 200, "L2", L2[kind])
    assert abs(int(robust.sum()) - int(ours(kind, 200, "L2", L2[kind]).robust.sum())) <= 1


@pytest.mark.parametrize("attack", ALONE)
def test_addressed_draws_of_each_attack_agree_within_the_spread_of_seeds(attack: str) -> None:
    short = {"queries": 100, "steps": 12, "batch_size": 25}
    counts = [
        int(ours("weak", 25, "Linf", LINF["weak"], [attack], draws="addressed", seed=seed, **short).robust.sum())
        for seed in range(5)
    ]
    _, robust = reference("weak", 25, "Linf", LINF["weak"], [attack], **short)
    spread = torch.tensor(counts, dtype=torch.float64).std().item()
    assert abs(sum(counts) / 5 - int(robust.sum())) <= 3 * max(spread, 0.3)


@pytest.mark.parity
def test_addressed_draws_agree_within_the_spread_of_seeds() -> None:
    counts = [
        int(ours("weak", 100, "Linf", LINF["weak"], ["apgd-ce", "apgd-t"], draws="addressed", seed=seed).robust.sum())
        for seed in range(10)
    ]
    _, robust = reference("weak", 100, "Linf", LINF["weak"], ["apgd-ce", "apgd-t"])
    spread = torch.tensor(counts, dtype=torch.float64).std().item()
    assert abs(sum(counts) / 10 - int(robust.sum())) <= 3 * max(spread, 0.5)

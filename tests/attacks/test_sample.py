"""Curves never rise and agree with evaluations; samples hold smaller samples and stop when the interval is narrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from assay.attacks import autoattack, enough, eps_curve, sampled
from assay.attacks.sample import LEAST, drawn, half_width
from assay.core.errors import BadInput
from assay.maths.statistics import wilson
from tests.attacks.trust.nets import EPS, examples, network

QUICK: list[dict[str, Any]] = [{"kind": "apgd-ce", "steps": 20}]
REACHES = [0, EPS / 2, EPS, 2 * EPS]


def test_a_curve_is_what_evaluations_find_and_never_rises() -> None:
    x, y = examples(60)
    points = eps_curve(network(), x, y, REACHES, attacks=QUICK)
    shares = [point.accuracy for point in points]
    assert shares == sorted(shares, reverse=True) and shares[0] > shares[1] > shares[-1]
    assert shares[0] == (network()(x).argmax(1) == y).float().mean().item()
    for point in points[1:]:
        alone = autoattack(network(), x, y, eps=point.eps, version="custom", attacks=QUICK).robust_accuracy
        assert point.accuracy <= alone + 1e-6  # whom smaller balls broke stay broken
        assert alone - point.accuracy < 0.05
        assert (point.low, point.high) == wilson(point.robust, 60)


def test_what_is_known_is_not_done_again_and_changes_little() -> None:
    x, y = examples(60)
    result = autoattack(network(), x, y, eps=EPS, version="custom", attacks=QUICK)
    told: list[str] = []
    lines: list[str] = []
    alone = eps_curve(network(), x, y, REACHES, attacks=QUICK, tell=lines.append)
    with_known = eps_curve(network(), x, y, REACHES, attacks=QUICK, known=result, tell=told.append)
    assert len(told) < len(lines)
    assert with_known[2].robust == int(result.robust.sum())
    assert [point.robust for point in with_known] == pytest.approx([point.robust for point in alone], abs=2)
    with pytest.raises(BadInput, match="another norm or other examples"):
        eps_curve(network(), x[:5], y[:5], REACHES, known=result)


def test_a_curve_takes_an_addressed_part() -> None:
    x, y = examples(60)
    points = eps_curve(network(), x, y, [EPS], attacks=QUICK, n=20, seed=3)
    rows = sorted(drawn(60, 3)[:20])
    same = autoattack(network(), x[rows], y[rows], eps=EPS, version="custom", attacks=QUICK, seed=3, index=rows)
    assert points[0].n == 20 and points[0].robust == int(same.robust.sum())


def test_a_sample_stops_when_its_interval_is_narrow(tmp_path: Path) -> None:
    x, y = examples(400)
    ways: dict[str, Any] = {"eps": EPS, "version": "custom", "attacks": QUICK, "batch_size": 50}
    result = sampled(network(), x, y, until=0.06, folder=tmp_path, **ways)
    n = len(result.robust)
    assert LEAST <= n < 400 and half_width(result) <= 0.06
    before = result.robust[:-50]
    low, high = wilson(int(before.sum()), len(before))
    assert (high - low) / 2 > 0.06  # it did not stop late
    assert n == len(list(tmp_path.glob("examples-*.npz"))) * 50
    assert result.asked is not None
    rows = result.asked.index
    assert sorted(rows.tolist()) == sorted(drawn(400, 0)[:n])
    assert result.asked.x.equal(x[rows]) and len(result.broken_by) == len(result.x_adv) == n
    plain = sampled(network(), x, y, n=n, **ways)
    assert plain.asked is not None
    order = rows.argsort()
    assert plain.robust.equal(result.robust[order])  # the same examples have the same verdicts
    assert result.trust.level == "B"


def test_the_most_that_is_needed() -> None:
    for until in (0.1, 0.05, 0.02):
        n = enough(until)
        widths = [np.diff(wilson(k, n))[0] / 2 for k in range(n + 1)]
        assert max(widths) <= until + 1e-12
        assert max(np.diff(wilson(k, n - 3))[0] / 2 for k in range(n - 2)) > until


@pytest.mark.parametrize("bad", [{"until": 0.7}, {"until": 0}, {"n": 0}, {"n": 5, "until": 0.1}])
def test_bad_samples(bad: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        sampled(network(), *examples(10), eps=EPS, **bad)


@pytest.mark.parametrize("until", [0.1, 0.05, 0.02])
@pytest.mark.parametrize("p", [0.1, 0.3, 0.5])
def test_stopping_early_keeps_the_interval_honest(until: float, p: float) -> None:
    """Coverage of the interval at the moment of stopping, over 2000 repetitions of a share p."""
    random, repeats, step = np.random.default_rng(0), 2000, 50
    covered = 0
    for _ in range(repeats):
        hits = np.cumsum(random.random(enough(until) + step) < p)
        for n in range(step, len(hits) + 1, step):
            low, high = wilson(int(hits[n - 1]), n)
            if (high - low) / 2 <= until:
                break
        covered += low <= p <= high
    assert covered / repeats > 0.935 - 3 * (0.05 * 0.95 / repeats) ** 0.5


def test_tensors_of_batches_are_in_one_order() -> None:
    assert torch.tensor(drawn(50, 0)[:10]).tolist() == drawn(50, 0)[:10] != drawn(50, 1)[:10]

"""Reference optima, and a plain slow loss to check them against."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain, combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize

from assay.maths.ssem import RandomSetting, Setting

ROWS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "golden" / "ssem" / "optima.json").read_text()
)


def balanced(row: dict[str, Any]) -> Setting:
    return Setting(row["m"], row["n"], row["p"], row["alpha"], row["tau"], row["variant"])


def batched(row: dict[str, Any]) -> Setting:
    return Setting(row["m"], row["n_batch"], row["p"], row["alpha"], row["tau"], row["variant"], total=row["N"])


def unequal(row: dict[str, Any]) -> Setting:
    n = tuple(row["sizes"])
    return Setting(len(n), n, row["p"], row["alpha"], row["tau"], row["variant"], row["reduction"])


def random(row: dict[str, Any]) -> RandomSetting:
    return RandomSetting(
        tuple(row["N"]), row["batch_instances"], row["p"], row["alpha"], row["tau"], row["variant"], row["reduction"]
    )


def literal_loss(z: torch.Tensor, counts: tuple[int, ...], how: Any) -> torch.Tensor:
    """The loss of unit rows, written out with masks; rows class by class, instance by instance, view by view."""
    p, tau, own = how.views, how.temperature, how.variant == "incl"
    instance = torch.arange(sum(counts)).repeat_interleave(p)
    label = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts) * p)
    same_instance = instance[:, None] == instance
    same_class = (label[:, None] == label) & ~same_instance
    eye = torch.eye(len(z), dtype=torch.bool)
    if not own:
        same_instance = same_instance & ~eye
    s = z @ z.T / tau
    log_z = torch.logsumexp(s if own else s.masked_fill(eye, -torch.inf), dim=1, keepdim=True)
    log_p = s - log_z

    def mean(positives: torch.Tensor) -> torch.Tensor:
        picked = torch.where(positives, -log_p, 0.0)
        if how.reduction == "pair":
            return picked.sum() / positives.sum().clamp(min=1)
        return (picked.sum(1) / positives.sum(1).clamp(min=1)).mean()

    return how.alpha * mean(same_instance) + (1 - how.alpha) * mean(same_class)


def free_optimum(
    setting: Setting | RandomSetting, dimension: int | None = None, seed: int = 0
) -> tuple[float, list[float]]:
    """Loss and per-class within variance of freely optimised unit rows: L-BFGS, warm at 0.5, noise, then the target.

    The loss is the mean over every batch that the setting can draw.
    """
    sizes = setting.counts if isinstance(setting, RandomSetting) else setting.totals
    every = batches(setting)
    rows = sum(sizes) * setting.views
    random = np.random.default_rng(seed)
    shape = (rows, dimension or rows)
    flat = random.standard_normal(shape).ravel()

    def mean_loss(raw: torch.Tensor, stage: Any) -> torch.Tensor:
        z = torch.nn.functional.normalize(raw, dim=1)
        return torch.stack([literal_loss(z[chosen], held, stage) for chosen, held in every]).mean()

    for tau, steps in ((0.5, 50), (setting.temperature, 4000)):
        stage = replace(setting, temperature=tau)

        def value(flat: np.ndarray, stage: Any = stage) -> tuple[float, np.ndarray]:
            raw = torch.from_numpy(flat.reshape(shape)).requires_grad_()
            loss = mean_loss(raw, stage)
            loss.backward()
            assert raw.grad is not None
            return float(loss.detach()), raw.grad.numpy().ravel()

        noise = random.standard_normal(shape)
        unit = flat.reshape(shape) / np.linalg.norm(flat.reshape(shape), axis=1, keepdims=True)
        start = unit + 0.05 * noise / np.linalg.norm(noise, axis=1, keepdims=True)
        options = {"maxiter": steps, "maxfun": 2 * steps, "maxcor": 20, "ftol": 1e-15, "gtol": 1e-9}
        flat = minimize(value, start.ravel(), jac=True, method="L-BFGS-B", options=options).x
    raw = torch.from_numpy(flat.reshape(shape))
    z = torch.nn.functional.normalize(raw, dim=1)
    parts = torch.split(z, [n * setting.views for n in sizes])
    return float(mean_loss(raw, setting)), [float(1 - part.mean(0).square().sum()) for part in parts]


def batches(setting: Setting | RandomSetting) -> list[tuple[torch.Tensor, tuple[int, ...]]]:
    """Every batch out of a small data set: its rows, and how many instances of each class it holds."""
    sizes = setting.counts if isinstance(setting, RandomSetting) else setting.totals
    label = np.repeat(np.arange(len(sizes)), sizes)
    drawn: Iterable[tuple[int, ...]]
    if isinstance(setting, RandomSetting):
        drawn = combinations(range(len(label)), setting.batch)
    else:
        members = [np.flatnonzero(label == c).tolist() for c in range(len(sizes))]
        each = [list(combinations(m, n)) for m, n in zip(members, setting.counts, strict=True)]
        drawn = (tuple(chain(*parts)) for parts in product(*each))
    found = []
    for chosen in drawn:
        rows = (torch.tensor(chosen)[:, None] * setting.views + torch.arange(setting.views)).flatten()
        held = np.bincount(label[list(chosen)], minlength=len(sizes))
        found.append((rows, tuple(int(n) for n in held)))
    return found


def mean_within(counts: tuple[int, ...], within: list[float]) -> float:
    return float(np.average(within, weights=counts))

"""The theory against embeddings that no network stands behind: free unit vectors, moved by the loss alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from assay.core.rng import rng
from assay.lab.threads import limited
from assay.losses import SupCL
from assay.maths.ssem import Setting, alpha_c, predict

SHAPES = ((2, 3, 2), (3, 4, 2), (4, 5, 2), (2, 8, 2))  # classes, instances, views
TEMPERATURES = (0.2, 0.5)
BESIDE = 0.05  # weights this far from the boundary are tried on both sides, and one well above
HOT = 0.5  # the first stage's temperature: cold losses are flat far from their optimum
NOISE = 0.05  # per row between stages: exact collapse is a stationary point everywhere


@dataclass(frozen=True)
class FreeJob:
    """One setting to be optimised freely."""

    setting: Mapping[str, Any]
    seed: int
    threads: int = 1


def jobs() -> list[FreeJob]:
    """On both sides of the boundary and well beyond it, for several shapes and temperatures."""
    found: list[FreeJob] = []
    for m, n, p in SHAPES:
        for tau in TEMPERATURES:
            edge = alpha_c(Setting(m, n, p, 0.5, tau))
            for alpha in (edge - BESIDE, edge + BESIDE, (edge + 1) / 2):
                plain = {"classes": m, "per_class": n, "views": p, "alpha": alpha, "temperature": tau}
                found.append(FreeJob(plain, len(found)))
    return found


def free(job: FreeJob) -> dict[str, Any]:
    """Where the optimisation ends, beside what the theory foretells."""
    with limited(job.threads):
        setting = Setting(**job.setting)
        found, loss = optimise(setting, job.seed)
        foretold = predict(setting)
        return {
            **job.setting,
            "alpha_c": foretold.alpha_c,
            "phase": foretold.phase,
            "predicted": foretold.within_variance[0],
            "measured": found,
            "loss_predicted": foretold.loss,
            "loss_measured": loss,
        }


def optimise(setting: Setting, seed: int = 0) -> tuple[float, float]:
    """Within-class variance and loss of free embeddings after L-BFGS in two stages, from random directions."""
    m, n, p = setting.classes, setting.counts[0], setting.views
    labels = torch.arange(m).repeat_interleave(n)
    generator = rng(seed, "free embeddings")
    z = F.normalize(torch.randn(m * n, p, m * n * p, generator=generator, dtype=torch.float64), dim=-1)
    for number, tau in enumerate((max(HOT, setting.temperature), setting.temperature)):
        if number:
            z = z + NOISE * F.normalize(torch.randn(z.shape, generator=generator, dtype=torch.float64), dim=-1)
        z = _descend(z, labels, replace(setting, temperature=tau))
    u = F.normalize(z, dim=-1)
    means = torch.stack([u[labels == label].flatten(0, 1).mean(0) for label in range(m)])
    return 1 - means.square().sum(-1).mean().item(), _loss(setting)(u, labels).item()


def _loss(setting: Setting) -> SupCL:
    return SupCL(alpha=setting.alpha, temperature=setting.temperature, variant=setting.variant)


def _descend(z: Tensor, labels: Tensor, setting: Setting) -> Tensor:
    z = z.clone().requires_grad_()
    loss = _loss(setting)
    optimiser = torch.optim.LBFGS(
        [z], max_iter=500, tolerance_grad=1e-8, tolerance_change=1e-12, history_size=20, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = loss(z, labels)
        value.backward()
        return value

    optimiser.step(closure)
    return z.detach()

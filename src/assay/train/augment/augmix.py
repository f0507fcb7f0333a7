"""Mixtures of chains of simple operations."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Generator, Tensor

from assay.core.spec import Number
from assay.train.augment import operations
from assay.train.augment.base import Augmentation, uniform
from assay.train.augment.chance import beta, dirichlet


class AugMix(Augmentation):
    """AugMix (Hendrycks et al. 2020, algorithm 1, without its consistency loss, which a strategy adds).

    x' = m x + (1 - m) sum_k w_k chain_k(x),    w ~ Dirichlet(alpha, ..., alpha),  m ~ Beta(alpha, alpha).

    ``width`` chains of ``depth`` operations (None: one to three, by chance), each at a level uniform in
    [0.1, severity] of 10; severity 0 changes nothing. The operations are autocontrast, equalize, posterize, solarize,
    rotate, shear and translate. The shifts ``rotation`` and ``translation`` are among them: a model trained with AugMix
    has seen these. Edges are repeated where the paper leaves black.
    """

    kind: str = "augmix"
    severity: Number = Field(3, ge=0, le=10)
    width: int = Field(3, ge=1)
    depth: int | None = Field(None, ge=1)
    alpha: Number = Field(1.0, gt=0)

    def change(self, x: Tensor, generator: Generator) -> Tensor:
        """Each image mixed with its own chains; all chains of all images are worked on together."""
        if not self.severity:
            return x
        n, rows = len(x), self.width * len(x)
        weights = dirichlet(self.alpha, self.width, n, generator).to(x)
        own = beta(self.alpha, self.alpha, n, generator).to(x).view(-1, 1, 1, 1)
        depths = torch.randint(1, 4, (rows,), generator=generator) if self.depth is None else torch.tensor([self.depth])
        depths = depths.expand(rows).to(x.device)
        chains = x.repeat(self.width, 1, 1, 1)
        for step in range(int(depths.max()) if rows else 0):
            count = len(operations.POINTWISE) + len(operations.WARPS)
            chosen = torch.randint(count, (rows,), generator=generator).to(x.device)
            level = uniform(rows, min(0.1, self.severity), self.severity, x, generator)
            operations.apply_(chains, chosen.where(depths > step, -1), level, generator)
        mixed = torch.einsum("nk,knchw->nchw", weights, chains.view(self.width, *x.shape))
        return torch.lerp(mixed, x, own).clamp_(0, 1)

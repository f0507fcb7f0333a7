"""Attract a class, spread its images: class-conditional InfoNCE beside a supervised pull."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from assay.core.spec import Number
from assay.losses.contrastive.base import ContrastiveLoss
from assay.losses.contrastive.fused import Scale, Terms
from assay.losses.contrastive.rowwise import Values, but_self, mean_over, share_of, softmax_over
from assay.losses.contrastive.sets import Batch
from assay.losses.contrastive.sincere import attract, mean_of_anchors


class Spread(ContrastiveLoss):
    """Same-class rows against other classes, plus each image against its own class (Fu 2022; Chen et al. 2022).

    L = (1 - alpha) L_attract + alpha L_spread, means over anchors a, s = u u' / temperature:
    L_attract = mean over same-class b != a of -s_ab + log(exp(s_ab) + sum_other classes exp(s_ac)) (`SINCERE`),
    L_spread = mean over other views b of -s_ab + log sum_{same class, c != a} exp(s_ac); 0 for an image of one view.
    All views are anchors and positives; similarities are not clipped.

    >>> z = torch.tensor([[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]])
    >>> round(Spread(alpha=1, temperature=1)(z, torch.tensor([0, 0])).item(), 6)  # log(e + 2) - 1
    0.551445
    """

    kind: str = "spread"
    alpha: Number = Field(0.5, ge=0, le=1)
    temperature: Number = Field(0.5, gt=0)

    def terms(self, u: Tensor, batch: Batch, scale: Scale, block: int) -> Terms:
        """What each row adds as an anchor."""

        def rule(s: Tensor, rows: slice) -> Values:
            same, twins = batch.classes.together(rows), but_self(batch.instances.together(rows), rows).expand_as(s)
            pull, pull_slope = attract(s, same, rows)
            log_c, shares = softmax_over(s, but_self(same, rows).expand_as(s))
            paired = twins.any(-1)
            spread = (log_c - mean_over(s, twins)).where(paired, 0.0)
            spread_slope = (shares - share_of(twins, s)) * paired.unsqueeze(-1)
            return torch.lerp(pull, spread, self.alpha), torch.lerp(pull_slope, spread_slope, self.alpha)

        return mean_of_anchors(u, self.temperature, block, scale, rule)

"""Supervised contrast in which every class weighs the same in the denominator."""

from __future__ import annotations

import torch
from torch import Tensor

from assay.losses.contrastive.base import ContrastiveLoss
from assay.losses.contrastive.fused import Scale, Terms
from assay.losses.contrastive.rowwise import Values, but_self, mean_over, share_of, softmax_over
from assay.losses.contrastive.sets import Batch
from assay.losses.contrastive.sincere import mean_of_anchors


class BalancedContrastive(ContrastiveLoss):
    """SupCon with a denominator of class means instead of sums, for unequal classes (Zhu et al. 2022, BCL).

    L = mean over anchors a of the mean over b in P(a) of log sum_c (1 / n_c) sum_{k in c, k != a} exp(s_ak) - s_ab,
    n_c = rows of class c in the batch without a, P(a) = rows of the class of a without a, s = u u' / temperature.
    Learned class prototypes are not part of it: a class that the batch lacks has no term.

    >>> z = torch.tensor([[[1.0, 0.0]], [[1.0, 0.0]], [[0.0, 1.0]], [[0.0, 1.0]]])
    >>> loss = BalancedContrastive(temperature=1)
    >>> round(loss(z, torch.tensor([0, 0, 1, 1])).item(), 6)  # log(e + 2 / 2) - 1
    0.313262
    """

    kind: str = "balanced_contrastive"

    def terms(self, u: Tensor, batch: Batch, scale: Scale, block: int) -> Terms:
        """What each row adds as an anchor."""

        def rule(s: Tensor, rows: slice) -> Values:
            same = batch.classes.together(rows)
            positives = but_self(same, rows).expand_as(s)
            counts = (batch.classes.size.unsqueeze(-2) - same.long()).clamp(min=1)
            log_z, shares = softmax_over(s - counts.to(s.dtype).log(), but_self(torch.ones_like(s).bool(), rows))
            some = positives.any(-1)
            value = (log_z - mean_over(s, positives)).where(some, 0.0)
            return value, (shares - share_of(positives, s)) * some.unsqueeze(-1)

        return mean_of_anchors(u, self.temperature, block, scale, rule)

"""Supervised contrast in which rows of one class never repel each other."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from assay.losses.contrastive.base import ContrastiveLoss
from assay.losses.contrastive.fused import Scale, Terms
from assay.losses.contrastive.rowwise import Rule, Values, but_self, by_rows, mean_over, share_of, softmax_over
from assay.losses.contrastive.sets import Batch


class SINCERE(ContrastiveLoss):
    """Each positive against the other classes alone (Feeney and Hughes 2023).

    L = mean over anchors a of the mean over b in P(a) of -log( exp(s_ab) / (exp(s_ab) + sum_other classes exp(s_ac)) ),
    P(a) = rows of the class of a without a, s = u u' / temperature; 0 without positives or without other classes.

    >>> import torch
    >>> z = torch.tensor([[[1.0, 0.0]], [[1.0, 0.0]], [[0.0, 1.0]]])
    >>> round(SINCERE(temperature=1)(z, torch.tensor([0, 0, 1])).item(), 6)  # 2/3 (log(e + 1) - 1)
    0.208841
    """

    kind: str = "sincere"

    def terms(self, u: Tensor, batch: Batch, scale: Scale, block: int) -> Terms:
        """What each row adds as an anchor."""

        def rule(s: Tensor, rows: slice) -> Values:
            return attract(s, batch.classes.together(rows), rows)

        return mean_of_anchors(u, self.temperature, block, scale, rule)


def attract(s: Tensor, same: Tensor, rows: slice) -> Values:
    """The mean over same-class b of log(1 + exp(log N - s_ab)), N the sum over other classes; and its slopes."""
    positives = but_self(same, rows).expand_as(s)
    log_n, shares = softmax_over(s, ~same.expand_as(s))
    gap = log_n.unsqueeze(-1) - s
    miss = gap.sigmoid() * share_of(positives, s)
    return mean_over(F.softplus(gap), positives), shares * miss.sum(-1, keepdim=True) - miss


def mean_of_anchors(u: Tensor, temperature: float, block: int, scale: Scale, rule: Rule) -> Terms:
    """The terms of a loss that is the mean over all anchors of a rule on rows."""
    weight = None if scale is None else (scale / u.shape[1]).expand(u.shape[:2])
    values, slope = by_rows(u, temperature, block, weight, rule)
    return values / u.shape[1], slope

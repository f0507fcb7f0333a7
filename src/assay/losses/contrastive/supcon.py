"""Khosla's supervised contrastive loss."""

from __future__ import annotations

from torch import Tensor

from assay.losses.contrastive.base import ContrastiveLoss
from assay.losses.contrastive.fused import Scale, Terms, one_softmax, over
from assay.losses.contrastive.sets import Batch


class SupCon(ContrastiveLoss):
    """Every other row of the class is a positive, whichever image it shows (Khosla et al. 2020, L_out).

    L = mean over anchors a of the mean over b in P(a) of log sum_{c != a} exp(s_ac) - s_ab, s = u u' / temperature,
    P(a) = rows of the class of a without a; an anchor without positives adds 0. In nats. Balanced batches of n images
    a class and p views: `SupCL` with alpha = (p - 1) / (p n - 1). No factor of temperature / base temperature.

    >>> import torch
    >>> z = torch.tensor([[[1.0, 0.0]], [[1.0, 0.0]], [[0.0, 1.0]]])
    >>> round(SupCon(temperature=1)(z, torch.tensor([0, 0, 1])).item(), 6)  # 2/3 (log(e + 1) - 1)
    0.208841
    """

    kind: str = "supcon"

    def terms(self, u: Tensor, batch: Batch, scale: Scale, block: int) -> Terms:
        """What each row adds as an anchor."""
        each = over(1.0, (batch.classes.size - 1) * batch.rows, u)
        return one_softmax(u, batch, each, each, own=False, temperature=self.temperature, scale=scale, block=block)

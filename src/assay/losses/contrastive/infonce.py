"""The self-supervised contrastive loss."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from assay.losses.contrastive.base import ContrastiveLoss
from assay.losses.contrastive.fused import Scale, Terms, one_softmax, over
from assay.losses.contrastive.sets import Batch


class InfoNCE(ContrastiveLoss):
    """Positives are the other views of the same image; labels are not read (van den Oord 2018; Chen 2020, NT-Xent).

    L = mean over anchors a of the mean over the other views b of log sum_{c != a} exp(s_ac) - s_ab, with
    s = u u' / temperature; an image with one view adds 0. In nats. The same as `SupCL` with alpha = 1.

    >>> z = torch.tensor([[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]])
    >>> round(InfoNCE(temperature=1)(z).item(), 6)  # log(e + 2) - 1
    0.551445
    """

    kind: str = "infonce"
    needs_labels: ClassVar[bool] = False

    def terms(self, u: Tensor, batch: Batch, scale: Scale, block: int) -> Terms:
        """What each row adds as an anchor."""
        twin = over(1.0, (batch.instances.size - 1) * batch.rows, u)
        kin = torch.zeros_like(twin)
        return one_softmax(u, batch, kin, twin, own=False, temperature=self.temperature, scale=scale, block=block)

"""Supervised contrastive loss with a self-supervised part: what keeps the images of one class apart."""

from __future__ import annotations

import math
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from assay.core.errors import BadInput
from assay.core.spec import Number
from assay.losses.contrastive.base import ContrastiveLoss
from assay.losses.contrastive.fused import Scale, Terms, one_softmax, over
from assay.losses.contrastive.layout import Names, as_names
from assay.losses.contrastive.sets import Batch, Sets
from assay.maths.ssem import Setting, alpha_view, supcon_alpha


class SupCL(ContrastiveLoss):
    """Supervised and self-supervised contrast in one softmax (Lee, Oh, Lee, Sohn 2025; two published forms).

    L = (1 - alpha) L_sup + alpha L_self, both means of log Z_a - s_ab over positive pairs (a, b), in nats, with
    s_ab = u_a u_b / temperature, log Z_a = log sum_b exp(s_ab) and u the embeddings scaled to unit length.
    L_sup: b has the class of a and is another image. L_self: b is another view of the same image.
    **Large alpha keeps images of a class apart; alpha = 0 is not SupCon** (that is `supcon_alpha`).

    ``variant``: "excl" leaves the pair (a, a) out of Z_a and of the positives; "incl" counts it in both.
    ``reduction``: "anchor" is the mean over all anchors of the mean over each one's positives, where an anchor without
    positives adds 0 (see `effective_alpha`); "pair" is the mean over all positive pairs. Balanced batches: the same.
    Finite for batches without positives, for single images and for one class.

    >>> z = torch.tensor([[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]])  # two images of two equal views
    >>> loss = SupCL(alpha=1, temperature=1)
    >>> round(loss(z, torch.tensor([0, 1])).item(), 6)  # log(e + 2) - 1: one view alike, two orthogonal
    0.551445
    """

    kind: str = "supcl"
    alpha: Number = Field(0.5, ge=0, le=1)
    variant: Literal["excl", "incl"] = "excl"
    reduction: Literal["anchor", "pair"] = "anchor"

    def terms(self, u: Tensor, batch: Batch, scale: Scale, block: int) -> Terms:
        """What each row adds as an anchor."""
        kin, twin = self._weights(batch, u)
        own = self.variant == "incl"
        return one_softmax(u, batch, kin, twin, own=own, temperature=self.temperature, scale=scale, block=block)

    def effective_alpha(self, labels: Names, views: int) -> float:
        """The share of weight that the self-supervised part really has in a batch, in [0, 1].

        effective = sum of weights of same-image pairs / sum of weights of all positive pairs: anchors without
        same-class images add nothing to L_sup, so a batch with many single images has more than alpha. NaN when the
        batch has no positive pair at all. ``labels (images,)``.

        >>> SupCL(alpha=0.5).effective_alpha(torch.tensor([0, 0, 1]), views=2)  # 0.5 / (0.5 + 0.5 * 2/3)
        0.6
        """
        batch = _batch(labels, views)
        kin, twin = self._weights(batch, torch.empty(0, dtype=torch.float64))
        others, twins = self._counts(batch)
        ours, theirs = float((twin * twins).sum()), float((kin * others).sum())
        return round(ours / (ours + theirs), 12) if ours + theirs else math.nan

    def notes(self, labels: Names, views: int) -> list[str]:
        """What does not go as the settings suggest on a batch with these labels ``(images,)``, a sentence each.

        >>> SupCL(alpha=0.0, temperature=0.1).notes(torch.tensor([0, 0, 1, 1]), views=2)[0][:56]
        'alpha 0 is below 0.333: views of one image are pushed ap'
        """
        batch, found = _batch(labels, views), []
        sizes = batch.classes.sizes // views
        several = sizes[sizes > 1]
        if self.variant == "excl" and views > 1 and len(several):
            few = int(several.min())
            bound = (
                alpha_view(Setting(len(sizes), few, views, self.alpha, self.temperature)) if len(sizes) > 1 else None
            )
            if bound is not None and self.alpha < bound:
                found.append(
                    f"alpha {self.alpha:g} is below {bound:.3g}: views of one image are pushed apart; raise alpha "
                    f"(SupCon itself is {supcon_alpha(views, few):.3g} here)"
                )
        if self.variant == "excl" and views == 1 and self.alpha > 0:
            found.append("with one view an image the self-supervised part is empty; give two views or alpha 0")
        single = int((sizes == 1).sum())
        if single and self.alpha < 1:
            found.append(
                f"{single} of {int(sizes.sum())} images have no other of their class in the batch: "
                f"alpha is {self.effective_alpha(labels, views):.3g} in effect, not {self.alpha:g}"
            )
        return found

    def _counts(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Positives of each row: of its class and another image, of its own image."""
        own = 0 if self.variant == "incl" else 1
        return batch.classes.size - batch.instances.size, batch.instances.size - own

    def _weights(self, batch: Batch, like: Tensor) -> tuple[Tensor, Tensor]:
        """The weight of each such positive in the loss ``(1 or runs, rows)``."""
        kin, twin = self._counts(batch)
        if self.reduction == "pair":
            kin, twin = (x.sum(-1, keepdim=True).expand_as(x) for x in (kin, twin))
            return over(1 - self.alpha, kin, like), over(self.alpha, twin, like)
        return over(1 - self.alpha, kin * batch.rows, like), over(self.alpha, twin * batch.rows, like)


def _batch(labels: Names, views: int) -> Batch:
    labels = as_names("labels", labels)
    if labels.dim() != 1 or not len(labels) or views < 1:
        raise BadInput(
            f"asked about a batch of {views} views; labels have shape {tuple(labels.shape)}; give (images,) and views"
        )
    rows = labels.repeat_interleave(views)[None]
    return Batch(Sets.of(rows), Sets.equal(rows.shape[1], views, labels.device))

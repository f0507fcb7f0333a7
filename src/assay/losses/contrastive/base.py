"""Losses on embeddings: what they take, what they give, and one number per image for the training loop."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from pydantic import Field, ValidationError
from torch import Tensor

from assay.core.errors import BadInput
from assay.core.spec import Kind, Number, explain
from assay.losses.contrastive.fused import Scale, Terms
from assay.losses.contrastive.layout import Names, as_names, lay_out
from assay.losses.contrastive.sets import Batch
from assay.losses.contrastive.streamed import anchor_terms


class ContrastiveLoss(Kind):
    """A loss on embeddings of several views of images; what each member adds is how alike which rows should be.

    Embeddings are ``(..., images, views, d)`` with labels ``(..., images)``, or ``(..., rows, d)`` with labels and
    ``instances`` (the image a row shows) ``(..., rows)``. They are scaled to unit length inside, so only their
    directions count. Labels and instances may be lists or arrays. Leading axes are free (a stack of runs); labels and
    instances may be given once for all runs. Half precision is computed in float32. First derivatives only, by
    autograd, `torch.func.grad` and `vmap`. Memory grows linearly with the rows: ``block`` rows of similarities are held
    at a time.
    """

    family_name: ClassVar[str] = "contrastive loss"
    needs_labels: ClassVar[bool] = True

    temperature: Number = Field(0.1, gt=0)

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise BadInput(explain(error, type(self))) from None

    # Only a direct call should end in BadInput; inside a larger spec pydantic gathers what is wrong, with its path.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    def __call__(
        self, z: Tensor, labels: Names | None = None, *, instances: Names | None = None, block: int | None = None
    ) -> Tensor:
        """The loss of each run ``(...)``, in nats."""
        return self._rows(z, labels, instances, block).sum(-1)

    def per_image(
        self, z: Tensor, labels: Names | None = None, *, instances: Names | None = None, block: int | None = None
    ) -> Tensor:
        """One number per image ``(..., images)`` whose mean is the loss; with ``instances``, in the order of their ids.

        Each image has what its own views add as anchors. The gradient of any weighting of images is right; for equal
        weights it comes at no cost.
        """
        instances = None if instances is None else as_names("instances", instances, z.device)
        rows = self._rows(z, labels, instances, block)
        if instances is None:
            return rows.unflatten(-1, z.shape[-3:-1]).sum(-1) * z.shape[-3]
        if instances.dim() != 1:
            raise BadInput(
                f"asked for one number per image; instances have shape {tuple(instances.shape)}; "
                "give the same instances for all runs, or images with views"
            )
        ids, place = instances.unique(return_inverse=True)
        return rows.new_zeros(*rows.shape[:-1], len(ids)).index_add(-1, place, rows) * len(ids)

    def notes(self, labels: Names, views: int) -> list[str]:
        """What a user should know about this loss on a batch with these labels ``(images,)``, a sentence each."""
        return []

    def terms(self, u: Tensor, batch: Batch, scale: Scale, block: int) -> Terms:
        """What each unit row ``(runs, rows, d)`` adds as an anchor ``(runs, rows)``, and the gradient of their sum.

        Each term is multiplied with ``scale`` (see `Scale`) before the gradient is taken; without it there is none.
        """
        raise NotImplementedError

    def _rows(self, z: Tensor, labels: Names | None, instances: Names | None, block: int | None) -> Tensor:
        instances = None if instances is None else as_names("instances", instances, z.device)
        if labels is None:
            if self.needs_labels:
                raise BadInput(f"asked for the loss {self.kind}; found no labels; give one label for each image")
            like = z.shape[-3:-2] if instances is None else instances.shape
            labels = torch.zeros(like, dtype=torch.long, device=z.device)
        labels = as_names("labels", labels, z.device)
        if block is not None and block < 1:
            raise BadInput(f"asked for blocks of {block} rows; a block has at least 1; leave block out or raise it")
        laid = lay_out(z, labels, instances)
        if 0 in laid.z.shape:
            raise BadInput(f"asked for a contrastive loss; embeddings have shape {tuple(z.shape)}; give at least one")
        if block is None:
            block = min(BLOCK, max(LEAST, laid.z.shape[-2] // 4)) if z.device.type == "cpu" else BLOCK_ELSEWHERE
        return anchor_terms(self.terms, *laid, block)


LEAST = 256  # rows of a block however few there are; from 1,024 on a block is a quarter of the rows at most
BLOCK = 512  # rows; 256 to 1024 measured alike on a CPU, where smaller and larger ones are slower
BLOCK_ELSEWHERE = 4096  # an accelerator wants few, large products

"""The derivative of a contrastive loss, taken while its value is computed, for autograd, `torch.func.grad` and `vmap`.

The gradient is computed for anchors that count equally, as they do in the loss itself. Where they do not (a training
loop that weights examples), it is computed again with the weights. First derivatives only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from assay.core.errors import BadInput
from assay.losses.contrastive.fused import Scale, Terms
from assay.losses.contrastive.sets import Batch, Sets

# (unit rows, batch, scale of each anchor or None for no gradient, rows a block) -> terms, gradient
Body = Callable[[Tensor, Batch, Scale, int], Terms]
Instances = Tensor | int  # the image of each row, or views of every image, one after the other


def anchor_terms(body: Body, z: Tensor, labels: Tensor, instances: Instances, block: int) -> Tensor:
    """What each row adds to the loss ``(..., rows)``, differentiable in ``z (..., rows, d)``."""
    return _Terms.apply(z, labels, instances, body, block, torch.is_grad_enabled())[0]


def _evaluate(
    body: Body, z: Tensor, labels: Tensor, instances: Instances, scale: Scale, block: int
) -> tuple[Tensor, Tensor]:
    """Terms ``(..., rows)`` and their scaled sum's gradient in ``z``; an empty gradient when there is no scale."""
    with torch.autocast(z.device.type, enabled=False):
        x = z.reshape(-1, *z.shape[-2:])
        x = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        norm = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        _usable(norm)
        u = x / norm
        batch = _batch(z, labels, instances)
        terms, slope = body(u, batch, None if scale is None else scale.to(u.dtype), block)
        terms = terms.view(z.shape[:-1])
        if slope is None:
            return terms, z.new_empty(*z.shape[:-1], 0)
        along = torch.einsum("rvd,rvd->rv", u, slope).unsqueeze(-1)
        slope.addcmul_(u, along, value=-1).div_(norm)  # the length of a row changes nothing
        return terms, slope.view(z.shape).to(z.dtype)


def _batch(z: Tensor, labels: Tensor, instances: Instances) -> Batch:
    classes = Sets.of(_flat(labels, z))
    if not isinstance(instances, Tensor):
        return Batch(classes, Sets.equal(z.shape[-2], instances, z.device))
    batch = Batch(classes, Sets.of(_flat(instances, z)))
    _one_label_each(batch)
    return batch


def _flat(names: Tensor, z: Tensor) -> Tensor:
    """Names ``(1, rows)`` when all runs share them, else ``(runs, rows)``."""
    if names[..., 0].numel() == 1:
        return names.reshape(1, -1)
    return names.expand(z.shape[:-1]).reshape(-1, z.shape[-2])


def _usable(norm: Tensor) -> None:
    low, high = norm.aminmax()
    if not 0 < low <= high < torch.inf:
        at = int((~((norm > 0) & norm.isfinite())).flatten(1).any(0).nonzero()[0])
        raise BadInput(
            f"asked for a contrastive loss; row {at} of the embeddings is zero or not finite; "
            "mend the model or leave the row out"
        )


def _one_label_each(batch: Batch) -> None:
    """Refuse an instance whose rows carry different labels: each must be the mean of all."""
    labels = batch.classes.ids.double().unsqueeze(-1)
    if len(batch.instances.ids) > len(labels):
        labels = labels.expand(len(batch.instances.ids), -1, -1)
    if not torch.equal(batch.instances.sums(labels), labels * batch.instances.size.unsqueeze(-1)):
        raise BadInput("asked for a contrastive loss; rows of one instance carry different labels; give one label each")


class _Terms(Function):
    """Terms and, beside them, the gradient of their sum."""

    @staticmethod
    def forward(
        z: Tensor, labels: Tensor, instances: Instances, body: Body, block: int, learn: bool
    ) -> tuple[Tensor, Tensor]:
        scale = torch.ones(1, 1, device=z.device) if learn else None
        return _evaluate(body, z, labels, instances, scale, block)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        z, labels, instances, ctx.body, ctx.block, _ = inputs
        ctx.views = None if isinstance(instances, Tensor) else instances
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(z, labels, None if ctx.views else instances, output[1])

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        z, labels, instances, slope = ctx.saved_tensors
        found = _Slope.apply(upstream[0], z, labels, ctx.views or instances, slope, ctx.body, ctx.block)
        return found, None, None, None, None, None

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *inputs: Any) -> tuple[Any, Any]:
        return _Terms.apply(*_leading(info.batch_size, in_dims, inputs)), (0, 0)


class _Slope(Function):
    """The gradient in the embeddings, given how much each row's term counts. A step of its own so that it, too, sees
    plain tensors under `vmap` and may look at their values."""

    @staticmethod
    def forward(
        weight: Tensor, z: Tensor, labels: Tensor, instances: Instances, slope: Tensor, body: Body, block: int
    ) -> Tensor:
        even = weight[..., :1]
        if slope.shape == z.shape and bool((weight == even).all()):
            return slope * even.unsqueeze(-1).to(slope.dtype)
        return _evaluate(body, z, labels, instances, weight.reshape(-1, z.shape[-2]), block)[1]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> Any:
        raise NotImplementedError("contrastive losses have first derivatives only")

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *inputs: Any) -> tuple[Any, int]:
        return _Slope.apply(*_leading(info.batch_size, in_dims, inputs)), 0


def _leading(size: int, dims: tuple[int | None, ...], inputs: tuple[Any, ...]) -> list[Any]:
    """Inputs with the mapped axis in front; floating-point ones get it even if not mapped, names stay shared."""

    def moved(x: Any, dim: int | None) -> Any:
        if not isinstance(x, Tensor):
            return x
        if dim is not None:
            return x.movedim(dim, 0)
        return x.unsqueeze(0).expand(size if x.is_floating_point() else 1, *x.shape)

    return [moved(x, dim) for x, dim in zip(inputs, dims, strict=True)]

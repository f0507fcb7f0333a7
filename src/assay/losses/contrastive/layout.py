"""The two ways to hand over embeddings, made one: rows with a label and an instance each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from assay.core.errors import BadInput

Names = Tensor | np.ndarray | Sequence[Any]  # whole numbers that name a class or an instance


def as_names(what: str, names: Names, device: torch.device | None = None) -> Tensor:
    """Names as a tensor; `BadInput` for what is none.

    >>> as_names("labels", [0, 1, 1]).tolist()
    [0, 1, 1]
    """
    try:
        return names if isinstance(names, Tensor) else torch.as_tensor(names, device=device)
    except (TypeError, ValueError, RuntimeError):
        raise BadInput(
            f"asked for a contrastive loss; {what} are a {type(names).__name__} of no numbers, or of rows of several "
            "lengths; give whole numbers"
        ) from None


class Layout(NamedTuple):
    """Embeddings ``(..., rows, d)``; names of as many dimensions less one, with leading sizes of 1 if shared."""

    z: Tensor
    labels: Tensor
    instances: Tensor | int  # or the number of views, one after the other, that every image has


def lay_out(z: Tensor, labels: Tensor, instances: Tensor | None) -> Layout:
    """Rows from ``z (..., images, views, d)`` with a label an image, or as given when ``instances`` are."""
    if not z.is_floating_point():
        raise BadInput(f"asked for a contrastive loss; embeddings are {z.dtype}; give floating-point numbers")
    if labels.is_floating_point() or labels.is_complex():
        raise BadInput(f"asked for a contrastive loss; labels are {labels.dtype}; give whole numbers")
    if instances is not None:
        _fits("labels", labels, z, 2, "rows")
        _fits("instances", instances, z, 2, "rows")
        return Layout(z, _aligned(labels, z.dim() - 1), _aligned(instances, z.dim() - 1))
    if z.dim() < 3:
        raise BadInput(
            f"asked for a contrastive loss; embeddings have shape {tuple(z.shape)}; "
            "give (images, views, d), or (rows, d) with instances=, the image of each row"
        )
    _fits("labels", labels, z, 3, "images")
    images, views, d = z.shape[-3:]
    every = _aligned(labels, z.dim() - 2).unsqueeze(-1)
    return Layout(
        z.reshape(*z.shape[:-3], images * views, d), every.expand(*every.shape[:-1], views).flatten(-2), views
    )


def _aligned(x: Tensor, dims: int) -> Tensor:
    return x.reshape((1,) * (dims - x.dim()) + tuple(x.shape))


def _fits(name: str, x: Tensor, z: Tensor, back: int, what: str) -> None:
    """Refuse labels that are not one a row, or whose leading axes are not those of the embeddings."""
    if z.dim() < back or x.dim() < 1 or x.dim() > z.dim() - back + 1 or x.shape[-1] != z.shape[-back]:
        wanted = f"{z.shape[-back]} {what}" if z.dim() >= back else what
        raise BadInput(f"asked for one of {name} for each of {wanted}; found shape {tuple(x.shape)}; give {what} last")
    lead = z.shape[: z.dim() - back]
    if any(a not in (1, b) for a, b in zip(reversed(x.shape[:-1]), reversed(lead), strict=False)):
        raise BadInput(
            f"asked for {name} of a stack of {tuple(lead)}; found {tuple(x.shape[:-1])}; give them once or for each run"
        )

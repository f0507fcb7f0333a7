"""What an augmentation is, and what all of them share."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

import torch
from torch import Generator, Tensor

from assay.core.errors import BadInput
from assay.core.spec import Kind


class Augmentation(Kind):
    """A random change to a batch that leaves its labels true.

    Images are ``(n, channels, h, w)``, tables ``(n, columns)``, both in [0, 1], and so is what comes out. Every random
    number comes from the generator; each example draws its own. A new augmentation implements `change`.
    """

    takes: ClassVar[Literal["image", "table"]] = "image"

    def augment(self, x: Tensor, generator: Generator) -> Tensor:
        """``x`` changed: same shape, in [0, 1]; ``x`` itself is left as it is."""
        if x.dim() != (4 if self.takes == "image" else 2):
            found = {2: "a table (rows, columns)", 4: "images (n, channels, h, w)"}.get(
                x.dim(), f"shape {tuple(x.shape)}"
            )
            raise BadInput(f"asked for {self.kind}; it changes {self.takes}s and found {found}; use {_others(self)}")
        return self.change(x, generator)

    def change(self, x: Tensor, generator: Generator) -> Tensor:
        """What each augmentation implements; must not write into ``x``."""
        raise NotImplementedError


def _others(one: Augmentation) -> str:
    kinds = Augmentation.family.items()
    return ", ".join(name for name, kind in kinds if getattr(kind, "takes", one.takes) != one.takes)


def uniform(size: int, low: float, high: float, like: Tensor, generator: Generator) -> Tensor:
    """``size`` numbers in [low, high), on the device and in the type of ``like``; drawn on the generator's device."""
    return (low + (high - low) * torch.rand(size, generator=generator)).to(like)


def signs(size: int, like: Tensor, generator: Generator) -> Tensor:
    """``size`` numbers that are -1 or 1, each by chance one half."""
    return uniform(size, 0, 1, like, generator).lt(0.5).to(like) * 2 - 1


def some(x: Tensor, p: float, generator: Generator, act: Callable[[Tensor], Tensor]) -> Tensor:
    """``act`` on each example with probability ``p``; the others stay bit for bit."""
    chosen = torch.rand(len(x), generator=generator) < p
    if bool(chosen.all()):
        return act(x)
    rows = chosen.nonzero()[:, 0].to(x.device)
    return x.index_copy(0, rows, act(x.index_select(0, rows))) if len(rows) else x

"""The work in hand: tensors that share their first axes, one row for each example under attack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor


class Items:
    """Named tensors with one row an item, and numbers common to all (``round``, ``age``).

    >>> import torch
    >>> items = Items(x=torch.arange(3.0), y=torch.tensor([0, 1, 0]))
    >>> items.keep(items.y == 0)
    >>> items.x.tolist(), len(items)
    ([0.0, 2.0], 2)
    """

    def __init__(self, **values: Any):
        self.__dict__.update(values)

    if TYPE_CHECKING:
        adv: Tensor
        broken: Tensor

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...

    def __len__(self) -> int:
        return len(self.y)

    def __contains__(self, name: str) -> bool:
        return name in self.__dict__

    def mark(self, wrong: Tensor, point: Tensor) -> None:
        """Note which items are misclassified at ``point``: they are broken, and the latest such point is theirs."""
        if wrong.any():
            self.broken = self.broken | wrong
            self.adv = self.adv.clone()
            self.adv[wrong] = point[wrong]

    def take(self, rows: Tensor) -> Items:
        """The items of some rows, as new tensors; what is common to all stays."""
        return Items(**{k: v[rows] if isinstance(v, Tensor) else v for k, v in self.__dict__.items()})

    def keep(self, rows: Tensor) -> None:
        """Drop all other rows."""
        self.__dict__.update(self.take(rows).__dict__)

"""The set a perturbed input must stay in: a ball round the clean input, cut with the box [0, 1].

A ball knows how to measure a difference, to project back, which way is steepest, and where to start. It acts on the
trailing axes: the first ``lead`` axes count examples (and runs of a stack), so ``eps`` may be a number or a tensor
with one radius for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, overload

import torch
from torch import Tensor

from assay.attacks.draws import Draws
from assay.attacks.items import Items
from assay.attacks.norms import NormName

TINY = 1e-12  # keeps a zero difference a zero difference when it is divided by its size


@dataclass(frozen=True)
class Ball:
    """What is common to all norms; ``lead`` is the number of axes that count examples."""

    lead: int = 1
    name: ClassVar[NormName]

    @overload
    def wide(self, value: Tensor, like: Tensor) -> Tensor: ...
    @overload
    def wide(self, value: Tensor | float, like: Tensor) -> Tensor | float: ...
    def wide(self, value: Tensor | float, like: Tensor) -> Tensor | float:
        """One value an example, with axes added so that it multiplies inputs."""
        if not isinstance(value, Tensor) or value.dim() == 0:
            return value
        return value.reshape(*value.shape, *[1] * (like.dim() - self.lead))

    def size(self, difference: Tensor) -> Tensor:
        """The norm of each example's difference, shape ``(...)`` of the leading axes."""
        raise NotImplementedError

    def unit(self, difference: Tensor) -> Tensor:
        """Each example's difference, scaled to norm 1."""
        return difference / (self.wide(self.size(difference), difference) + TINY)

    def ascend(self, gradient: Tensor) -> Tensor:
        """The move of norm 1 that raises a linear function with this gradient the most."""
        raise NotImplementedError

    def project(self, z: Tensor, x: Tensor, eps: Tensor | float) -> Tensor:
        """``z`` brought back into the ball of radius ``eps`` round ``x`` and into [0, 1]."""
        raise NotImplementedError

    def noise(self, draws: Draws, items: Items) -> Tensor:
        """Random numbers in the shape of the inputs whose directions suit the norm."""
        return draws.normal(items, *items.x.shape[self.lead :])

    def on_shell(self, noise: Tensor, x: Tensor, eps: Tensor | float) -> Tensor:
        """A start at distance ``eps`` from ``x`` (before it is cut to [0, 1]), in the direction of ``noise``."""
        return (x + self.wide(eps, x) * self.unit(noise)).clamp(0, 1)

    def inside(self, draws: Draws, items: Items, eps: Tensor | float) -> Tensor:
        """A start spread evenly over the ball."""
        radius = draws.uniform(items, tag=1).pow(1 / items.x[(0,) * self.lead].numel())
        return self.on_shell(self.noise(draws, items), items.x, radius * eps)


class Linf(Ball):
    """Every value moves by at most ``eps``.

    >>> ball = Linf()
    >>> ball.project(torch.tensor([[0.9, 0.5]]), torch.tensor([[0.25, 0.5]]), 0.25).tolist()
    [[0.5, 0.5]]
    """

    name = "Linf"

    def size(self, difference: Tensor) -> Tensor:
        """The largest absolute value."""
        return difference.abs().flatten(self.lead).amax(-1)

    def ascend(self, gradient: Tensor) -> Tensor:
        """The sign of the gradient."""
        return gradient.sign()

    def project(self, z: Tensor, x: Tensor, eps: Tensor | float) -> Tensor:
        """Each value clipped."""
        eps = self.wide(eps, x)
        return torch.clamp(z, x - eps, x + eps).clamp_(0, 1)

    def noise(self, draws: Draws, items: Items) -> Tensor:
        """Uniform on (-1, 1)."""
        return 2 * draws.uniform(items, *items.x.shape[self.lead :]) - 1

    def inside(self, draws: Draws, items: Items, eps: Tensor | float) -> Tensor:
        """Each value moved by a uniform share of ``eps``, up or down."""
        return (items.x + self.wide(eps, items.x) * self.noise(draws, items)).clamp(0, 1)


class L2(Ball):
    """The Euclidean distance is at most ``eps``.

    >>> L2().project(torch.tensor([[0.5, 1.0]]), torch.tensor([[0.5, 0.5]]), 0.25).tolist()
    [[0.5, 0.75]]
    """

    name = "L2"

    def size(self, difference: Tensor) -> Tensor:
        """The root of the sum of squares."""
        return difference.square().flatten(self.lead).sum(-1).sqrt()

    def ascend(self, gradient: Tensor) -> Tensor:
        """The gradient's own direction."""
        return self.unit(gradient)

    def project(self, z: Tensor, x: Tensor, eps: Tensor | float) -> Tensor:
        """Shortened to ``eps``, then clipped to [0, 1], which shortens it further."""
        difference = z - x
        size = self.wide(self.size(difference), x)
        reach = torch.minimum(torch.as_tensor(self.wide(eps, x), dtype=x.dtype, device=x.device), size)
        return (x + difference / (size + TINY) * reach).clamp_(0, 1)


class L1(Ball):
    """The sum of absolute changes is at most ``eps``.

    >>> L1().project(torch.tensor([[1.0, 0.5]]), torch.tensor([[0.25, 0.375]]), 0.25).tolist()
    [[0.5, 0.375]]
    """

    name = "L1"

    def size(self, difference: Tensor) -> Tensor:
        """The sum of absolute values."""
        return difference.abs().flatten(self.lead).sum(-1)

    def ascend(self, gradient: Tensor) -> Tensor:
        """The hundredth of the coordinates with the largest gradient, at least one, in equal shares.

        One coordinate alone is steepest, but wastes steps once it is at its bound (Tramer and Boneh 2019, section 3).
        """
        flat = gradient.flatten(self.lead)
        count = max(1, flat.shape[-1] // 100)
        top = flat.abs().topk(count, -1).indices
        return torch.zeros_like(flat).scatter(-1, top, flat.gather(-1, top).sign() / count).view_as(gradient)

    def project(self, z: Tensor, x: Tensor, eps: Tensor | float) -> Tensor:
        """The nearest point of ball and box: |z - x| lowered by one amount for all, then cut to the room there is.

        min ||u - (z - x)||_2 with ||u||_1 <= eps and 0 <= x + u <= 1 has u = sign * clip(|z - x| - cut, 0, room),
        with the smallest cut >= 0 that fits. The size left is piecewise linear in the cut, so the breakpoints are
        sorted and the cut is read off between two of them.
        """
        base = x.flatten(self.lead).double()  # sums over sorted values lose too much in single precision
        wish = z.flatten(self.lead).double() - base
        length, room = wish.abs(), torch.where(wish > 0, 1 - base, base)
        start = (length - room).clamp_min(0)  # lowering by less than this changes nothing: the box cuts anyway
        breaks, order = torch.cat([start, length], -1).sort(-1)
        falling = torch.cat([torch.ones_like(start), -torch.ones_like(length)], -1).gather(-1, order).cumsum(-1)
        gaps = breaks.diff(dim=-1)
        left = torch.minimum(length, room).sum(-1, keepdim=True)
        sizes = torch.cat([left, left - (falling[..., :-1] * gaps).cumsum(-1)], -1)  # size left at each breakpoint
        wanted = torch.as_tensor(eps, dtype=base.dtype, device=x.device)
        wanted = wanted.unsqueeze(-1) if wanted.dim() else wanted
        at = ((sizes > wanted).sum(-1, keepdim=True) - 1).clamp(0, breaks.shape[-1] - 1)
        slope = falling.gather(-1, at).clamp_min(1)
        cut = breaks.gather(-1, at) + (sizes.gather(-1, at) - wanted).clamp_min(0) / slope
        cut = torch.where(left > wanted, cut, torch.zeros_like(cut))
        return (
            (base + wish.sign() * torch.minimum((length - cut).clamp_min(0), room)).clamp(0, 1).view_as(x).to(x.dtype)
        )

    def on_shell(self, noise: Tensor, x: Tensor, eps: Tensor | float) -> Tensor:
        """The noise projected."""
        return self.project(x + noise, x, eps)

    def inside(self, draws: Draws, items: Items, eps: Tensor | float) -> Tensor:
        """The noise projected: the corners of an L1 ball hold most of what matters."""
        return self.on_shell(self.noise(draws, items), items.x, eps)


BALLS: dict[str, type[Ball]] = {"Linf": Linf, "L2": L2, "L1": L1}

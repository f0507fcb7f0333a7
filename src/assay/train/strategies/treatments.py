"""What may be done with examples whose loss is small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from assay.core.errors import BadInput
from assay.core.spec import Kind, Number, OneOf
from assay.data import Dataset
from assay.train.augment import Augmentation, AugMix, views
from assay.train.draws import Draws
from assay.train.learner import Learner, Net
from assay.train.strategies.base import Batch, Memory, Strategy

FEWEST = 2  # rows that stay whatever their loss: batch norm has no spread to divide by with fewer


@dataclass(frozen=True)
class Case:
    """A batch to be treated: as it came (``raw``), as the inner strategy prepared it, and what it did that with.

    ``losses`` are cross-entropies on the prepared inputs ``(..., n)``, ``small`` says which of them are; ``look`` finds
    both for another prepared batch.
    """

    inner: Strategy
    net: Net
    memory: Memory
    draws: Draws
    raw: Batch
    batch: Batch
    losses: Tensor
    small: Tensor
    look: Callable[[Batch], tuple[Tensor, Tensor]]

    def again(self, raw: Batch) -> Batch:
        """A batch as the inner strategy prepares it, with the draws of this step."""
        return self.inner.prepare(self.net, raw, self.memory, self.draws)


class Treatment(Kind):
    """What happens to small-loss examples: to their inputs before the step, or to their losses."""

    attacked: ClassVar[bool] = False  # makes sense only where inputs are attacked
    replaces: ClassVar[bool] = False  # puts something in place of what the attack made
    ragged: ClassVar[bool] = False  # leaves batches of different sizes
    looks: ClassVar[bool] = False  # needs a look at the losses before the step

    def init_state(self, learner: Learner, data: Dataset) -> Memory:
        """What the treatment needs to remember."""
        return {}

    def treated(self, case: Case) -> Batch:
        """The batch to learn from."""
        return case.batch

    def factor(self, losses: Tensor, limit: Tensor) -> Tensor | None:
        """What each example's loss is multiplied by, ``(..., n)``; None: nothing."""
        return None


class Leave(Treatment):
    """Nothing: the control. They are counted all the same, at the price of one forward pass."""

    kind: str = "leave"
    looks: ClassVar[bool] = True


class Drop(Treatment):
    """Left out of the step: not forwarded, so they do not enter batch norm either.

    The mean is over the whole batch (dropped examples count as 0, as published) or over what is ``left``. At least two
    examples stay, those with the largest losses.
    """

    kind: str = "drop"
    ragged: ClassVar[bool] = True
    looks: ClassVar[bool] = True
    mean_over: Literal["batch", "left"] = "batch"

    def treated(self, case: Case) -> Batch:
        """The rows that stay."""
        batch = case.batch
        if batch.y.dim() > 1:
            raise BadInput("asked to drop examples in a stack of runs; their batches differ in size; train each alone")
        count = max(int((~case.small).sum()), min(FEWEST, len(batch.y)))
        stays = self.ranked(case.losses, case.draws)[:count].sort().values
        share = count / len(batch.y) if self.mean_over == "batch" else 1.0
        return batch.rows(stays).beside(stayed=torch.full((count,), share, device=batch.x.device))

    def ranked(self, losses: Tensor, draws: Draws) -> Tensor:
        """Positions of a batch in the order in which they are to stay: the largest losses first.

        >>> Drop().ranked(torch.tensor([0.1, 0.3, 0.2]), Draws((0,), 0)).tolist()
        [1, 2, 0]
        """
        return losses.argsort(descending=True, stable=True)


class DropRandom(Drop):
    """As many left out as have a small loss, but drawn at random: the control for learning from fewer.

    Otherwise like ``drop``: not forwarded, the same ``mean_over``, at least two stay.
    """

    kind: str = "drop_random"

    def ranked(self, losses: Tensor, draws: Draws) -> Tensor:
        """Positions in a random order, drawn anew in each step.

        >>> DropRandom().ranked(torch.zeros(5), Draws((0,), 0)).sort().values.tolist()
        [0, 1, 2, 3, 4]
        """
        return draws.stack("stay", lambda generator: torch.randperm(len(losses), generator=generator)).to(losses.device)


class Lift(Treatment):
    """MLCAT_LS: the loss l of a small-loss example times limit / l, a factor without gradient (Yu et al. 2022).

    In the released code the factor has a gradient, which makes that of the product exactly zero: those examples are
    dropped, in effect. Here it is detached, as the paper describes.
    """

    kind: str = "lift"

    def factor(self, losses: Tensor, limit: Tensor) -> Tensor:
        """limit / l where l is below the limit, else 1."""
        return torch.where(losses < limit, limit / losses.clamp_min(1e-12), 1.0).detach()


class Harder(Treatment):
    """Attacked again, within ``strength`` times the radius and with steps scaled alike."""

    kind: str = "harder"
    attacked: ClassVar[bool] = True
    looks: ClassVar[bool] = True
    strength: Number = Field(2.0, gt=0)

    def treated(self, case: Case) -> Batch:
        """Small-loss examples from the stronger attack, the others as they were."""
        small = case.small
        before = case.raw.aside.get("strength", torch.ones_like(small, dtype=case.raw.x.dtype))
        harder = case.again(case.raw.beside(strength=torch.where(small, before * self.strength, before)))
        return chosen(small, harder, case.batch)


class AugMixed(Treatment):
    """Augmented and prepared anew, up to ``rounds`` times, while more than a share ``enough`` of the batch is small."""

    kind: str = "augmix"
    looks: ClassVar[bool] = True
    augmix: OneOf[Augmentation] = AugMix()
    rounds: int = Field(1, ge=1)
    enough: Number = Field(0.0, ge=0, lt=1)

    def treated(self, case: Case) -> Batch:
        """Small-loss examples from augmented inputs, the others as they were."""
        raw, batch = case.raw, case.batch
        for number in range(self.rounds):
            small = case.look(batch)[1] if number else case.small
            small = small & (small.double().mean(-1, keepdim=True) > self.enough)
            if not small.any():
                break
            changed = views(raw.x, 1, (self.augmix,), case.draws, f"augmix {number}").squeeze(raw.y.dim())
            raw = replace(raw, x=torch.where(wide(small, raw.x), changed, raw.x))
            batch = chosen(small, case.again(raw), batch)
        return batch


def chosen(where: Tensor, one: Batch, other: Batch) -> Batch:
    """The examples of ``one`` where that is said, else those of ``other``."""
    aside = {
        name: torch.where(wide(where, value), value, other.aside[name])
        for name, value in one.aside.items()
        if name in other.aside
    }
    return replace(other, x=torch.where(wide(where, one.x), one.x, other.x), aside={**other.aside, **aside})


def wide(mask: Tensor, like: Tensor) -> Tensor:
    """One value an example, with axes added so that it goes with inputs."""
    return mask.reshape(*mask.shape, *[1] * (like.dim() - mask.dim()))

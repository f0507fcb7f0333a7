"""What every attack is: a loop in a ball, described by its settings, worked on item by item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from pydantic import ValidationInfo, field_validator
from torch import Generator, Tensor

from assay.attacks.balls import BALLS, Ball
from assay.attacks.draws import Addressed, Draws, Streams, keys
from assay.attacks.items import Items
from assay.attacks.norms import Norm, norm_name, radius
from assay.attacks.objectives import OBJECTIVES
from assay.attacks.rounds import run
from assay.attacks.victim import Model, Victim, at_rest
from assay.core.errors import AssayError, BadInput
from assay.core.rng import rng, seed_of
from assay.core.spec import Kind

Randomness = int | Generator | Sequence[Generator]


class Attack(Kind):
    """A search for a misclassified input within ``eps`` of a clean one, in pixel values from 0 to 1.

    The work is done on `Items`: `begin` chooses a start, `advance` makes one step, and after `length` steps an item
    has had its round; attacks with restarts or targets have several rounds. Steps of different items are
    independent, so broken items can leave at any time.
    """

    family_name: ClassVar[str] = "attack"
    norms: ClassVar[tuple[str, ...]] = ("Linf", "L2", "L1")
    gradients: ClassVar[bool] = True  # needs the input gradient; otherwise predictions are enough
    images: ClassVar[bool] = False  # needs inputs (n, channels, h, w)
    blind: ClassVar[bool] = False  # the last point of a round has not been looked at
    leaves: ClassVar[bool] = False  # lets broken items go even where others keep theirs, as the reference does
    simple: ClassVar[bool] = False  # can be used on stacks of runs, in training

    norm: Norm = "Linf"
    eps: float = 8 / 255

    @field_validator("eps", mode="before")
    @classmethod
    def _radius(cls, value: Any, info: ValidationInfo) -> float:
        try:
            return radius(value, norm_name(info.data.get("norm", "Linf")))
        except AssayError as error:
            raise ValueError(str(error)) from None

    @property
    def length(self) -> int:
        """Steps in a round."""
        raise NotImplementedError

    @property
    def sure(self) -> bool:
        """Whether a wrong answer can be taken at once as final."""
        return True

    def rounds(self, classes: int) -> int:
        """How many rounds an item has that no round breaks."""
        return 1

    def passes(self, classes: int) -> tuple[int, int]:
        """How often an item that no round breaks goes forward and backward through the network, at most.

        >>> ATTACKS.find("apgd-t")().passes(10), ATTACKS.find("square")().passes(10)  # steps or queries, and a start
        ((909, 909), (5001, 0))
        """
        each = self.rounds(classes) * (self.length + 1)
        return each, each if self.gradients else 0

    def goals(self, classes: int) -> int:
        """How many wrong classes are aimed at, one after the other; 0 for an attack that aims at none."""
        return 0

    def begin(self, victim: Victim, draws: Draws, items: Items) -> None:
        """Give each item its start and whatever else its steps need."""
        raise NotImplementedError

    def advance(self, victim: Victim, draws: Draws, items: Items) -> None:
        """One step of every item; those found misclassified in the ball are marked."""
        raise NotImplementedError

    def strongest(self, items: Items) -> Tensor:
        """The point to return for items that were not broken."""
        return items.x

    def substitutes(self, classes: int) -> list[str]:
        """What is done differently because there are few classes, in words."""
        return []

    def ball(self, items: Items) -> Ball:
        """The ball, acting on the axes behind those of the labels."""
        return BALLS[self.norm](items.y.dim())

    def reach(self, items: Items) -> Tensor | float:
        """The radius: one for all, or each item's own."""
        return items.eps if "eps" in items else self.eps

    def attack(
        self, model: Model, x: Tensor, y: Tensor, generator: Randomness = 0, *, eps: Tensor | None = None
    ) -> Tensor:
        """Perturbed inputs, of the shape of ``x``: misclassified where one was found, else the strongest point.

        `simple` attacks give the point that training wants instead: the last one.
        ``x (..., n, item)`` in [0, 1], ``y (..., n)``; ``model(x)`` gives logits ``(..., n, classes)``. `simple`
        attacks take a stack of runs, ``(runs, n, item)``, and then one generator a run; the others take ``(n, item)``.
        ``generator`` may be a seed. ``eps (..., n)`` gives each example a radius of its own. A module is put in
        evaluation mode meanwhile; a plain callable is called as it is.
        """
        if self.images and x.dim() - y.dim() != 3:
            raise BadInput(f"asked for {self.kind}; it draws windows on images, found {x.dim() - 1} axes; use pgd")
        x, y = x.detach(), y.detach()
        with at_rest(model):
            victim = Victim(model)
            if self.simple:
                return self._simply(victim, x, y, _streams(generator, self.kind), eps)
            logits = victim.logits(x)
            key = keys(_seed(generator), self.kind, range(len(x))).to(x.device)
            work = Items(x=x, y=y, key=key, logits=logits, **({} if eps is None else {"eps": eps}))
            return run(self, victim, Addressed(), work)[1]

    def _simply(self, victim: Victim, x: Tensor, y: Tensor, draws: Draws, eps: Tensor | None) -> Tensor:
        items = Items(x=x, y=y, **({} if eps is None else {"eps": eps}))
        self.begin(victim, draws, items)
        for _ in range(self.length):
            self.advance(victim, draws, items)
        return self.strongest(items)


def objective(items: Items, name: str) -> Any:
    """The objective as a function of logits alone, for labels and targets of these items."""
    target = items.target if "target" in items else None
    return lambda logits: OBJECTIVES[name].for_classes(logits.shape[-1]).value(logits, items.y, target)


def _streams(generator: Randomness, kind: str) -> Streams:
    if isinstance(generator, int):
        generator = rng(generator, "attack", kind)
    return Streams(generator) if isinstance(generator, Generator) else Streams(*generator)


def _seed(generator: Randomness) -> int:
    if isinstance(generator, int):
        return generator
    if not isinstance(generator, Generator):
        generator = generator[0]
    return seed_of(int(torch.randint(2**62, (1,), generator=generator)), "attack")


ATTACKS = Attack.family

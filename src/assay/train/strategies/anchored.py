"""Feature anchoring: robust features that stay where a natural teacher's are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from pydantic import Field, field_validator, model_validator
from torch import Generator, Tensor

from assay.attacks import PGD, Attack
from assay.attacks.ascent import Ascent
from assay.attacks.draws import Streams
from assay.attacks.items import Items
from assay.attacks.victim import Victim
from assay.core.errors import BadInput
from assay.core.spec import Number, OneOf
from assay.data import Dataset
from assay.models import features, head_of
from assay.train.draws import Draws
from assay.train.learner import Learner, Net
from assay.train.strategies.base import Batch, Memory, Outputs
from assay.train.strategies.climb import begun, climbed, steps_of
from assay.train.strategies.crafted import Crafted, Target
from assay.train.teacher import TeacherField

CLASSES = "anchored classes"
TINY = 1e-12  # equal gradients of zero give equal radii


class Anchored(Crafted):
    """Feature anchoring: ||phi_s(x') - phi_t(x)||^2, x' where that is largest; no label is read (CFA, unpublished).

    phi is what enters the linear head. The ``teacher`` was trained naturally, is frozen and sees the clean input alone.
    The network must begin as the teacher (``start`` in the recipe: the same run) and its head stays as it is, bit for
    bit: the answer to attacked features is the teacher's. EMA and AWP go round it (`Averaged`, `AWP`). What a network
    has below its head is all that can learn.

    Each example has a radius of its own, eps_i proportional to 1 / g_i with mean eps over the batch (`shares`), and
    steps in the same proportion; g_i is the Euclidean norm of the gradient of that distance by the input. The method
    takes it at x. There it is 0 as long as network and teacher agree, at the beginning for certain, so here it is taken
    where the attack starts: at a random point of the ball of radius eps, or at x plus normal noise of 0.001 for an
    attack without ``random_start``. ``spread`` 1 gives all one radius and saves that gradient.
    """

    kind: str = "anchored"
    attack: OneOf[Attack] = PGD()
    teacher: TeacherField
    spread: Number = Field(2.0, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _taught(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("teacher") is None:
            raise ValueError(
                "has no teacher; give teacher: a run's folder, such as lab/runs/7f292fb693cd, and start: the same"
            )
        return value

    @field_validator("attack")
    @classmethod
    def _climbs(cls, value: Attack) -> Attack:
        return steps_of("anchored", value)

    def init_state(self, learner: Learner, data: Dataset) -> Memory:
        """How many classes there are; `BadInput` where the network cannot be anchored to this teacher."""
        network = self.teacher.network(data.shape, len(data.classes), learner.device)
        theirs, ours = dict(head_of(network)[1].named_parameters()), learner.head()
        asked = f"asked to anchor features to the run {self.teacher.run}"
        do = f"begin with it (start: {self.teacher.run})"
        if len(learner.params) == len(ours):
            raise BadInput(f"{asked}; found nothing to learn before the model's head; add a layer")
        there, here = theirs["weight"].shape[-1], ours["weight"].shape[-1]
        if there != here:
            raise BadInput(f"{asked}; found {there} features there and {here} here; {do}")
        if ours.keys() != theirs.keys() or any(bool((ours[name] != value).any()) for name, value in theirs.items()):
            raise BadInput(f"{asked}; found another head than its own, which is not trained; {do}")
        return {**super().init_state(learner, data), CLASSES: torch.tensor(len(data.classes))}

    def prepare(self, net: Net, batch: Batch, memory: Memory, draws: Draws) -> Batch:
        """Attacked inputs; aside, the teacher's features of the clean ones as ``anchor``, and what `Crafted` puts."""
        batch = self.seen(batch, draws)
        flat = batch.x.flatten(0, batch.y.dim() - 1)
        network = self.teacher.network(tuple(flat.shape[1:]), int(memory[CLASSES]), flat.device)
        with torch.no_grad():
            anchor, _ = features(network, lambda: network(flat))
        return self.attacked(net, batch.beside(anchor=anchor.view(*batch.y.shape, -1)), draws)

    def craft(self, target: Target, batch: Batch, generators: Sequence[Generator]) -> Tensor:
        """Where the features are farthest from the anchor, each example within its own radius."""
        assert isinstance(self.attack, Ascent)
        anchor, eps = batch.aside["anchor"], self.reach(batch)
        items = Items(x=batch.x.detach(), y=batch.y, **({} if eps is None else {"eps": eps}))
        victim, ball = Victim(target.features), self.attack.ball(items)
        start = begun(self.attack, Streams(*generators), items)

        def value(found: Tensor) -> Tensor:
            return distance(found, anchor)

        if self.spread > 1:
            _, _, gradient = victim.slope(start, value)
            share = shares(gradient.flatten(ball.lead).norm(dim=-1), self.spread)
            items.eps = share * self.attack.reach(items)
            start = ball.project(items.x + ball.wide(share, items.x) * (start - items.x), items.x, items.eps)
        return climbed(self.attack, victim, items, start, value)

    def outputs(self, net: Net, batch: Batch) -> Outputs:
        """Features of the attacked inputs, and logits that the frozen head makes of them."""
        found, logits = net.features(batch.x, batch_stats=True)
        return {"features": found, "logits": logits}

    def judged(self, outputs: Outputs, batch: Batch, memory: Memory) -> Tensor:
        """How far each attacked example is from its anchor."""
        return distance(outputs["features"], batch.aside["anchor"])


def distance(one: Tensor, other: Tensor) -> Tensor:
    """The squared Euclidean distance of features ``(..., n, width)``, ``(..., n)``; at least 0.

    >>> distance(torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 5.0]])).tolist()
    [9.0]
    """
    return (one - other).square().sum(-1)


def shares(slope: Tensor, spread: float) -> Tensor:
    """Each example's radius as a multiple of the mean radius, ``(..., n)``, from the norm of its gradient ``(..., n)``.

    s_i = c_i / mean(c) with c_i = m / g_i clipped to [1 / spread, spread], m the median of g in the batch: an example
    whose features move easily gets a small radius. The mean of s is 1; the largest is at most spread^2 times the
    smallest. Where all gradients are zero, all are 1.

    >>> shares(torch.tensor([1.0, 2.0, 8.0]), 2)  # m / g is 2, 1, 1/4; clipped 2, 1, 1/2; over their mean, 7/6
    tensor([1.7143, 0.8571, 0.4286])
    """
    middle = slope.quantile(0.5, dim=-1, keepdim=True)
    clipped = ((middle + TINY) / (slope + TINY)).clamp(1 / spread, spread)
    return clipped / clipped.mean(-1, keepdim=True)

"""What may stand in place of the perturbation of small-loss examples: nothing, noise, or that of an earlier network."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor

from assay.attacks import BALLS
from assay.data import Dataset
from assay.train.draws import Draws
from assay.train.learner import Learner
from assay.train.strategies.base import Batch, Memory
from assay.train.strategies.crafted import Crafted
from assay.train.strategies.treatments import Case, Treatment, chosen

PREFIX = "stale/"


class Natural(Treatment):
    """Only the perturbation is dropped: small-loss examples are learned from as they were before the attack.

    That is augmented but clean; what was said about them stays as the attack found it.
    """

    kind: str = "natural"
    attacked: ClassVar[bool] = True
    replaces: ClassVar[bool] = True
    looks: ClassVar[bool] = True

    def treated(self, case: Case) -> Batch:
        """Small-loss examples clean, the others attacked."""
        return chosen(case.small, replace(case.batch, x=case.batch.aside["clean"]), case.batch)


class Noise(Treatment):
    """Random sign noise of the attack's full size in place of the perturbation: the control for its direction.

    x + eps sign(u), u normal, cut to [0, 1], where the attack's norm is Linf; for another norm one step of length eps
    in the direction that suits a random gradient u. eps is each example's own radius in this step.
    """

    kind: str = "noise"
    attacked: ClassVar[bool] = True
    replaces: ClassVar[bool] = True
    looks: ClassVar[bool] = True

    def treated(self, case: Case) -> Batch:
        """Small-loss examples with noise, the others attacked."""
        assert isinstance(case.inner, Crafted), "validated"
        noisy = shaken(case.inner, case.raw, case.batch.aside["clean"], case.draws)
        return chosen(case.small, replace(case.batch, x=noisy), case.batch)


class Stale(Treatment):
    """Attacks of the network as it was when this strategy began: the control for the attack's being up to date.

    The strategy begins at the hot swap that puts it in place, else with training. Draws, the attack and everything else
    are those of the step, so in the first step nothing is changed. Weights and running statistics are remembered;
    activations are those of the day.
    """

    kind: str = "stale"
    attacked: ClassVar[bool] = True
    replaces: ClassVar[bool] = True
    looks: ClassVar[bool] = True

    def init_state(self, learner: Learner, data: Dataset) -> Memory:
        """The network as it is."""
        return {PREFIX + name: value.clone() for name, value in learner.tensors().items()}

    def treated(self, case: Case) -> Batch:
        """Small-loss examples attacked as the earlier network would have them, the others as the present one."""
        if not case.small.any():
            return case.batch
        earlier = {name.removeprefix(PREFIX): v for name, v in case.memory.items() if name.startswith(PREFIX)}
        with case.net.learner.holding(earlier):
            stale = case.again(case.raw)
        return chosen(case.small, stale, case.batch)


def shaken(strategy: Crafted, batch: Batch, clean: Tensor, draws: Draws) -> Tensor:
    """Clean inputs moved by one step of the full radius in a direction that is drawn for every example, cut to [0, 1].

    ``batch`` says how far (`Crafted.reach`). The draws' address is that of the step.

    >>> from assay.train.strategies.adversarial import Adversarial
    >>> x, zero = torch.full((1, 8), 0.5), torch.tensor([0])
    >>> strategy = Adversarial(attack={"kind": "pgd", "norm": "Linf", "eps": 0.25})
    >>> sorted(set(shaken(strategy, Batch(x, zero, zero), x, Draws((0,), 0)).flatten().tolist()))
    [0.25, 0.75]
    """
    ball = BALLS[strategy.attack.norm](batch.y.dim())
    own = strategy.reach(batch)
    radius = strategy.attack.eps if own is None else own
    shape = clean.shape[batch.y.dim() - 1 :]
    drawn = draws.stack("shaken", lambda generator: torch.randn(shape, generator=generator)).to(clean)
    return ball.project(clean + ball.wide(radius, clean) * ball.ascend(drawn), clean, radius)

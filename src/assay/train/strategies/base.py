"""What one training step optimises.

A strategy has four moments. ``init_state``: what it remembers (averages, targets). ``prepare``: all randomness and all
crafting (views, attacks). ``losses``: deterministic, one number per example. ``after_step``: averages, hand-back.
Two more are for the few that need them: ``displaced`` (weights at which the gradient is taken), ``shipped`` (tensors
that are evaluated and kept in place of the trained ones). Tensors may have a leading axis of runs; a strategy acts on
the last axes and need not know.

A strategy may train several base learners, each by a strategy of its own: it lists them as its ``team``, the step goes
to each of them in turn, and ``unite`` then says what becomes of the network itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from pydantic import Field, model_validator
from torch import Tensor

from assay.core.errors import BadInput
from assay.core.spec import Kind, OneOf, Spec
from assay.data import Dataset, Split
from assay.losses import Loss
from assay.train.draws import Draws
from assay.train.learner import Learner, Net
from assay.train.optimiser import OwnOptimiser

Memory = dict[str, Tensor]
Outputs = dict[str, Tensor]


@dataclass(frozen=True)
class Batch:
    """What a step learns from: inputs ``(..., n, *shape)``, labels ``(..., n)``, positions in the training split.

    ``progress`` is the share of training done; ``aside`` holds further tensors ``(..., n, *)``, such as the ``clean``
    inputs that ``x`` was crafted from. The batch is one of the epoch ``epoch`` (the first is 1) of ``epochs``, perhaps
    its ``last``.
    """

    x: Tensor
    y: Tensor
    index: Tensor
    progress: float = 0.0
    aside: Mapping[str, Tensor] = field(default_factory=dict)
    epoch: int = 1
    epochs: int = 1
    last: bool = False

    @property
    def through(self) -> Fraction:
        """The share of training at the end of this batch's epoch, exactly."""
        return Fraction(self.epoch, self.epochs)

    def beside(self, **tensors: Tensor) -> Batch:
        """The same batch with more tensors aside."""
        return replace(self, aside={**self.aside, **tensors})

    def rows(self, chosen: Tensor) -> Batch:
        """The chosen examples ``(m,)`` of a single run's batch."""
        aside = {name: value[chosen] for name, value in self.aside.items()}
        return replace(self, x=self.x[chosen], y=self.y[chosen], index=self.index[chosen], aside=aside)


class Strategy(Kind):
    """What a step optimises; see the module's first lines for its moments.

    One whose loss of an example depends on that example alone says so by giving ``outputs`` and ``judged`` instead of
    ``losses``; then every wrapper fits round it.
    """

    @property
    def embeds(self) -> bool:
        """Whether it acts on embeddings, so that the model needs a projector."""
        return False

    @property
    def per_example(self) -> bool:
        """Whether the loss of an example depends on this example alone."""
        return type(self).judged is not Strategy.judged

    @property
    def crafts(self) -> bool:
        """Whether it attacks its inputs, and so listens to ``strength``."""
        return False

    @property
    def stacks(self) -> bool:
        """Whether runs may share a stack: all have batches of one size."""
        return True

    @property
    def score(self) -> str:
        """What, in a row of the history, the best moment is chosen by; higher is better."""
        return "val_accuracy"

    def check_epochs(self, epochs: int) -> None:
        """ValueError where so many epochs leave it something that it never does."""

    def lasting(self, epochs: int) -> Strategy:
        """The strategy for so many epochs: as it is, unless they leave it something that it never does."""
        return self

    def settled(self, data: Dataset, batch: int, balanced: bool) -> Strategy:
        """The strategy with everything decided that depends on the data and on what a batch of it holds."""
        return self

    def reported(self, y: Tensor) -> dict[str, Any]:
        """What was settled without the user, and what comes of it in a batch with these labels ``(n,)``, for the run's
        record; ``notes`` are sentences on what does not go as the settings suggest.
        """
        return {}

    @property
    def team(self) -> tuple[BaseLearner, ...]:
        """The base learners that are trained in place of the network itself; none, usually."""
        return ()

    def unite(self, learner: Learner, bases: Sequence[Learner], batch: Batch, memory: Memory) -> Memory:
        """Called when each base learner has taken its step: what becomes of the network, and of them."""
        return memory

    def parts(self, bases: Sequence[Learner], memory: Memory, run: int) -> dict[str, dict[str, Tensor]]:
        """What one run keeps beside its weights, by the names of its base learners: tensors as the network's own."""
        return {}

    def graded(self, row: Mapping[str, Any]) -> dict[str, float]:
        """Further figures that follow from a look at val, for the history; ``row`` is what it has so far."""
        return {}

    def watch(self, net: Net, split: Split) -> list[dict[str, Any]] | None:
        """What is worth knowing at a look at a split, for each run; in the history it is named after the split."""
        return None

    def init_state(self, learner: Learner, data: Dataset) -> Memory:
        """What the strategy remembers between steps, as named tensors; it is checkpointed."""
        return {}

    def prepare(self, net: Net, batch: Batch, memory: Memory, draws: Draws) -> Batch:
        """The batch to learn from; all randomness comes from ``draws``."""
        return batch

    def outputs(self, net: Net, batch: Batch) -> Outputs:
        """What the network says to a prepared batch: ``logits (..., n, classes)`` of ``x``, and others by name."""
        raise NotImplementedError

    def judged(self, outputs: Outputs, batch: Batch, memory: Memory) -> Tensor:
        """One number per example from what the network said."""
        raise NotImplementedError

    def losses(self, net: Net, batch: Batch, memory: Memory) -> Tensor:
        """One number per example, ``(..., n)``; deterministic."""
        return self.judged(self.outputs(net, batch), batch, memory)

    def noted(self, batch: Batch) -> dict[str, Tensor]:
        """What is worth knowing of a prepared batch, ``(...)``; the run's history has its mean over the epoch."""
        return {}

    def displaced(self, learner: Learner, batch: Batch, memory: Memory) -> AbstractContextManager[None]:
        """A context in which losses are computed and differentiated; it may hold the weights elsewhere meanwhile."""
        return nullcontext()

    def after_step(self, learner: Learner, batch: Batch, memory: Memory) -> Memory:
        """Called after each optimiser step with the batch that was learned from."""
        return memory

    def shipped(self, learner: Learner, memory: Memory, data: Dataset, draws: Draws) -> dict[str, Tensor] | None:
        """The tensors that are evaluated and kept, named as in ``learner.tensors()``; None: the trained ones."""
        return None

    def own_loss(self) -> Loss:
        """The per-example loss that a hot swap may replace."""
        loss = getattr(self, "loss", None)
        if not isinstance(loss, Loss):
            raise BadInput(f"asked for the loss of strategy '{self.kind}'; it has none to swap; swap the strategy")
        return loss

    def with_loss(self, loss: Loss) -> Strategy:
        """The same strategy with another per-example loss (a hot swap)."""
        self.own_loss()
        return self.with_(loss=loss)


def inside(memory: Memory, name: str) -> Memory:
    """What is remembered for a base learner of that name, by its own names; without a name, everything.

    >>> import torch
    >>> inside({"natural/a": torch.ones(1), "step": torch.zeros(1)}, "natural")
    {'a': tensor([1.])}
    """
    if not name:
        return memory
    return {key.removeprefix(f"{name}/"): value for key, value in memory.items() if key.startswith(f"{name}/")}


def under(name: str, memory: Memory) -> Memory:
    """The same under a base learner's name."""
    return {f"{name}/{key}": value for key, value in memory.items()}


class BaseLearner(Spec):
    """One of several networks of one shape that are trained side by side, in its own way.

    ``optimiser`` says what is otherwise than in the recipe's. ``name`` is what its figures and weights are called; the
    kind of its strategy where it is not given. A bare kind is a learner, too: ``learners: [adversarial, standard]``.
    """

    strategy: OneOf[Strategy]
    optimiser: OwnOptimiser = OwnOptimiser()
    name: str = Field("", pattern=r"^[a-z0-9-]*$")

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return {"strategy": value} if isinstance(value, str) else value

    @property
    def called(self) -> str:
        """Its name."""
        return self.name or self.strategy.kind

"""Stress in mid-training: replace the activation function, the loss or the whole strategy while weights stay."""

from __future__ import annotations

from fnmatch import fnmatchcase
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from pydantic import model_validator

from assay.core.spec import OneOf, Share
from assay.losses import Loss
from assay.models import ActivationName
from assay.train.interventions.base import Intervention
from assay.train.strategies import Strategy

if TYPE_CHECKING:
    from assay.train.state import State


class HotSwap(Intervention):
    """Swap activation, loss or strategy at a share of training, and back to the recipe's own at ``until``.

    ``layers`` is a glob over activation slots. ``optimiser`` says whether moments and momentum are kept (the
    swap changes nothing but the function) or reset.
    """

    kind: str = "hot_swap"
    activation: ActivationName | None = None
    layers: str = "*"
    loss: OneOf[Loss] | None = None
    strategy: OneOf[Strategy] | None = None
    optimiser: Literal["keep", "reset"] = "keep"
    until: Share | None = None

    def times(self) -> tuple[Fraction, ...]:
        """When it swaps and, where asked for, when it swaps back."""
        return (self.at,) if self.until is None else (self.at, self.until)

    def fire(self, state: State, time: int) -> dict[str, Any]:
        """Swap, or swap back to what the recipe began with."""
        back = time == 1
        event: dict[str, Any] = {"event": "swap back" if back else "hot swap"}
        if self.activation is not None:
            event |= {"layers": self._swap_activations(state, back)}
        if self.strategy is not None:
            state.take_up(state.recipe.strategy if back else self.strategy)
            event["strategy"] = state.strategy.kind
        if self.loss is not None:
            loss = state.recipe.strategy.own_loss() if back else self.loss
            state.strategy = state.strategy.with_loss(loss)
            event["loss"] = loss.plain()
        if self.optimiser == "reset":
            state.reset_optimiser()
            event["optimiser"] = "reset"
        return event

    def _swap_activations(self, state: State, back: bool) -> dict[str, str]:
        """Swap, or give each slot back what the model came with; what each changed slot holds now."""
        before = state.learner.activations()
        if back:
            own = {name: kind for name, kind in state.came_with.items() if fnmatchcase(name, self.layers)}
            for learner in state.learners:
                learner.set_activations({**before, **own})
        else:
            assert self.activation is not None
            for learner in state.learners:
                learner.swap(self.activation, self.layers)
        return {name: kind for name, kind in state.learner.activations().items() if kind != before[name]}

    @model_validator(mode="after")
    def _swaps_something(self) -> HotSwap:
        if self.activation is None and self.loss is None and self.strategy is None:
            raise ValueError("swaps nothing; give activation, loss or strategy")
        if self.until is not None and not self.at < self.until < 1:
            raise ValueError(f"until must lie between at ({float(self.at):g}) and 1, found {float(self.until):g}")
        return self

"""A change to the training state at a stated share of training. Each firing is written to the history."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pydantic import model_validator

from assay.core.spec import Kind, Share

if TYPE_CHECKING:
    from assay.train.state import State


class Intervention(Kind):
    """What happens to the state, and when (``at``: a share of training in [0, 1), such as 0.25 or 1/3)."""

    at: Share

    def times(self) -> tuple[Fraction, ...]:
        """The shares of training at which it fires."""
        return (self.at,)

    def fire(self, state: State, time: int) -> dict[str, Any]:
        """Change ``state``; ``time`` is the position in `times`. Returns what happened, for the history."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _within_training(self) -> Intervention:
        if not 0 <= self.at < 1:
            raise ValueError(f"at must be a share of training in [0, 1), found {float(self.at):g}")
        return self

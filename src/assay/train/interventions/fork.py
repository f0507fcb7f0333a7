"""The null arm of every stress: nothing changes but the draws that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.train.interventions.base import Intervention

if TYPE_CHECKING:
    from assay.train.state import State


class Fork(Intervention):
    """From this step on, order and draws have other addresses; weights, optimiser, loss and functions stay.

    Two runs of one seed, one forked, differ by what chance does after the fork. A stress must move a
    representation further than that to have done anything.
    """

    kind: str = "fork"

    def fire(self, state: State, time: int) -> dict[str, Any]:
        """Give every later draw another address."""
        state.forks = (*state.forks, state.step)
        return {"event": "fork"}

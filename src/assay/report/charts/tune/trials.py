"""A search's trials as its page reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from assay.report.folder import Folder


@dataclass(frozen=True)
class Trials:
    """All trials, those that finished, and what the goals and axes are called.

    ``goals``: figure and sign in order. ``done`` has ``role``: *chosen*, *front* (no other trial beats it on every
    goal), *bound* (it breaks a constraint) or *other*; and ``is_default``.
    """

    all: pd.DataFrame
    done: pd.DataFrame
    goals: tuple[tuple[str, str], ...]
    axes: tuple[str, ...]

    @classmethod
    def of(cls, folder: Folder, found: dict[str, Any]) -> Trials:
        """From the folder's table and its result."""
        table = folder.table("trials")
        goals = tuple((goal[1:], goal[0]) for goal in found["goals"])
        axes = tuple(name for name in folder.study.get("axes") or {} if name in table)
        if table.empty:
            return cls(table, table, goals, axes)
        chosen, on = _true(table["chosen"]), _true(table["front"])
        role = pd.Series("other", index=table.index)
        role[~_true(table["feasible"])] = "bound"
        role[on] = "front"
        role[chosen] = "chosen"
        table = table.assign(role=role, is_default=table["start"] == "default")
        return cls(table, table[table["status"] == "finished"], goals, axes)


def _true(column: pd.Series) -> pd.Series:
    """A column of True and False as it stands in a table of text."""
    return column.astype(str).str.lower().isin(["true", "1", "1.0"])

"""What is looked at: a network with its data, and how these are split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from assay.core.files import read_json
from assay.data import Dataset
from assay.train import Recipe


@dataclass(frozen=True, eq=False)
class Subject:
    """A network with its data.

    ``model`` and ``weights`` say where it is from, ``source`` where the data are, ``regroup`` and ``split_seed`` how
    they are split (`split_of`).
    """

    net: nn.Module
    model: str
    weights: str
    source: str
    data: Dataset
    production: str | None = None
    regroup: bool = False
    split_seed: int = 0

    @property
    def sets(self) -> list[str]:
        """The sets that are judged: test, and production where there is one."""
        return ["test", *self.data.later]


def split_of(place: str, regroup: bool) -> tuple[bool, int]:
    """Whether the data of what is at ``place`` are split anew, and by which seed: a run keeps the split it had.

    >>> split_of("net.py:make", True)
    (True, 0)
    """
    file = Path(place) / "recipe.json"
    if not file.is_file():
        return regroup, 0
    recipe = Recipe.parse(read_json(file), str(file))
    return regroup or recipe.regroup, recipe.split_seed

"""What checks look at: a sample of the examples of an evaluation, its network, and what the evaluation found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from assay.attacks.attack import Attack
from assay.attacks.draws import Addressed, keys
from assay.attacks.evaluate import Asked, Result
from assay.attacks.items import Items
from assay.attacks.rounds import run
from assay.attacks.victim import Model, Victim
from assay.core.errors import BadInput
from assay.core.rng import rng

MOST = 200  # examples that a check looks at


@dataclass(frozen=True)
class Check:
    """What one check found. ``passed`` is None where it could not be carried out; ``figure`` is what it measured."""

    name: str
    passed: bool | None
    figure: float | None
    sentence: str


@dataclass(frozen=True, eq=False)
class Bench:
    """Examples for the checks: at most 200, drawn at an address, only those that are right unperturbed if any are."""

    result: Result
    asked: Asked
    rows: Tensor
    victim: Victim
    gradients: bool

    @classmethod
    def of(cls, result: Result) -> Bench:
        """The bench of an evaluation; `BadInput` for one that does not hold what it was about."""
        asked = result.asked
        if asked is None:
            raise BadInput("asked how far a result can be believed; found no model in it; use what autoattack returned")
        right = result.clean.nonzero().squeeze(1)
        rows = right if len(right) else torch.arange(len(result.clean))
        rows = rows[torch.randperm(len(rows), generator=rng(asked.seed, "trust"))[:MOST]].sort().values
        victim = Victim(asked.model)
        return cls(result, asked, rows, victim, victim.differentiable(asked.x[:1]))

    @property
    def x(self) -> Tensor:
        """The examples."""
        return self.asked.x[self.rows.to(self.asked.x.device)]

    @property
    def y(self) -> Tensor:
        """Their labels."""
        return self.asked.y[self.rows.to(self.asked.y.device)]

    def attack(self, kind: type[Attack], **settings: Any) -> Attack:
        """An attack in the ball of the evaluation, unless settings say otherwise."""
        return kind(**{"norm": self.result.norm, "eps": self.result.eps, **settings})

    def points(self, attack: Attack, model: Model | None = None, rows: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Who is broken and the point for each, under ``attack`` on ``model`` (by default the network itself).

        On another model all steps are made: a point just behind that one's boundary would not carry over.
        """
        victim, asked = self.victim if model is None else Victim(model), self.asked
        found = []
        for part in (self.rows if rows is None else rows).split(asked.batch_size):
            at = part.to(asked.x.device)
            x, key = asked.x[at], keys(asked.seed, f"trust {attack.kind}", asked.index[part].tolist())
            items = Items(x=x, y=asked.y[at], key=key.to(x.device), logits=victim.logits(x))
            found.append(run(attack, victim, Addressed(), items, early_drop=model is None))
        broken, points = (torch.cat(each) for each in zip(*found, strict=True))
        return broken, points

    def broken(self, attack: Attack) -> Tensor:
        """Who is broken under an attack; whoever is wrong to begin with counts."""
        return self.points(attack)[0] | (self.victim.batched(self.x, self.asked.batch_size).argmax(1) != self.y)

"""An evaluation under way: stages, batches, and what is written down after each."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from assay.attacks.attack import Attack
from assay.attacks.draws import Addressed, Streams, keys
from assay.attacks.items import Items
from assay.attacks.objectives import margin
from assay.attacks.rounds import run
from assay.attacks.suite import Suite
from assay.attacks.table import Table
from assay.attacks.victim import Victim
from assay.core.rng import seed_of

SAVE_EVERY = 10.0  # seconds between two writes of the table


@dataclass(eq=False)
class Work:
    """An evaluation under way. A stage is one round of an attack; survivors are packed into full batches for each.

    A batch is closed: it is carried out whole or, after an interruption, again from its beginning, so that the
    network's rounding is the same too. What a network draws itself (noise, dropout) has the batch as its address.
    """

    victim: Victim
    x: Tensor
    y: Tensor
    logits: Tensor
    table: Table
    path: Path | None
    tell: Callable[[str], None]
    seed: int
    batch_size: int
    early_drop: bool
    saved: float = 0.0

    def carry_out(self, used: Suite, reference: bool) -> None:
        """All attacks. The reference draws a batch's numbers through all rounds, so there an attack is one stage."""
        stage, classes = 0, self.logits.shape[1]
        for number, (name, attack) in enumerate(used.attacks):
            rounds = range(attack.rounds(classes))
            for some in [list(rounds)] if reference else [[round_] for round_ in rounds]:
                self.stage(stage, number, name, attack, some, reference)
                stage += 1

    def stage(self, stage: int, number: int, name: str, attack: Attack, rounds: list[int], reference: bool) -> None:
        """One stage: who passed it or broke in it is written down batch by batch."""
        table = self.table
        standing = table.right & ((table.broken < 0) | (table.passed > stage))  # as it was when the stage began
        for rows in standing.nonzero().squeeze(1).split(self.batch_size):
            if (table.passed[rows] > stage).any():
                continue  # done before an interruption
            index = table.index[rows].tolist()
            torch.manual_seed(seed_of(self.seed, "model", stage, *index))
            key = keys(self.seed, name, index).to(self.x.device)
            at = rows.to(self.x.device)
            batch = Items(x=self.x[at], y=self.y[at], key=key, logits=self.logits[at])
            draws = Streams(torch.Generator().manual_seed(self.seed)) if reference else Addressed()
            broken, points = run(attack, self.victim, draws, batch, rounds, self.early_drop)
            self.note(rows, broken, points, number)
            self.tell(f"{name}: {int((table.right & (table.broken < 0)).sum())} of {len(self.y)} left")
            self.save(SAVE_EVERY)

    def note(self, rows: Tensor, broken: Tensor, points: Tensor, number: int) -> None:
        """Look once more at what was found; only what is still misclassified then counts."""
        table, hit = self.table, broken.nonzero().squeeze(1)
        if len(hit):
            logits, labels = self.victim.logits(points[hit]), self.y[rows.to(self.y.device)[hit]]
            wrong = logits.argmax(1) != labels
            found = rows[hit[wrong].cpu()]
            table.broken[found], table.margin[found] = number, -margin(logits, labels)[wrong].cpu()
            table.x_adv[found.to(points.device)] = points[hit[wrong]]
        table.passed[rows] += 1
        table.count(self.victim)  # whole batches only: what an interruption undoes is done, and counted, again

    def save(self, after: float = 0.0) -> None:
        """Write the table, unless that was done less than ``after`` seconds ago."""
        if time.monotonic() - self.saved >= after:
            self.table.save(self.path)
            self.saved = time.monotonic()

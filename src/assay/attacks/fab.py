"""Fast adaptive boundary attack: walk along the decision boundary towards the clean input (Croce and Hein 2020, FAB).

It looks for the smallest perturbation; one within ``eps`` breaks the item, and nothing further is looked for.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from assay.attacks.attack import Attack
from assay.attacks.draws import Draws
from assay.attacks.hyperplane import smallest_move
from assay.attacks.items import Items
from assay.attacks.objectives import targeted_margin
from assay.attacks.victim import Victim
from assay.core.spec import Number


class FAB(Attack):
    """The boundary is taken for the hyperplane of the nearest class, linearised at the current point.

    With d1 and d2 the smallest moves of the current point x1 and of the clean x onto it,
    x1 <- (1 - a)(x1 + eta d1) + a (x + eta d2), a = min(|d1| / (|d1| + |d2|), alpha_max), clipped to [0, 1]. A
    misclassified x1 is kept if it is the closest so far, and then drawn back: x1 <- x + beta (x1 - x).
    """

    kind: str = "fab"
    norms: ClassVar[tuple[str, ...]] = ("Linf", "L2")
    aims: ClassVar[bool] = False  # at one class a round; otherwise at the nearest, with a slope for each class

    steps: int = Field(default=100, ge=1)
    restarts: int = Field(default=1, ge=1)
    eta: Number = Field(default=1.05, ge=1)
    beta: Number = Field(default=0.9, gt=0, le=1)
    alpha_max: Number = Field(default=0.1, ge=0, le=1)

    @property
    def length(self) -> int:
        """The number of steps."""
        return self.steps

    def rounds(self, classes: int) -> int:
        """One a restart, for each target."""
        return self.restarts * max(1, self.goals(classes))

    def passes(self, classes: int) -> tuple[int, int]:
        """Two passes a step; three slopes in two steps where every other one ends on the other side."""
        rounds, slopes = self.rounds(classes), 1 if self.aims else classes
        return rounds * 2 * self.steps, rounds * (3 * self.steps // 2 + 1) * slopes

    def begin(self, victim: Victim, draws: Draws, items: Items) -> None:
        """At the clean input; later restarts half as far away as a random point of the sphere."""
        items.cur = items.x
        if items.round % self.restarts:
            ball = self.ball(items)
            items.cur = ball.on_shell(ball.noise(draws, items), items.x, 0.5 * self.reach(items))
        items.closest = torch.full(items.y.shape, 1e10, dtype=items.x.dtype, device=items.x.device)
        items.gap, items.slope = torch.zeros_like(items.closest), torch.zeros_like(items.x)
        items.stale = torch.ones_like(items.broken)  # gap and slope are not those at the current point
        items.across = torch.zeros_like(items.broken)  # the last step ended on the other side

    def advance(self, victim: Victim, draws: Draws, items: Items) -> None:
        """One step towards the boundary and the clean input at once."""
        if items.stale.any():
            self.linearise(victim, items, items.stale)
        new = self.step(items)
        # A point on this side is the start of the next step as it stands, so its gradient comes with its answer.
        # Items that have just been across will most likely be again, and then be drawn back: predictions suffice.
        items.cur, calm = new, ~items.across
        logits = torch.empty_like(items.logits)
        if calm.any():
            logits[calm] = self.linearise(victim, items, calm)
        if items.across.any():
            logits[items.across] = victim.logits(new[items.across])
        wrong = logits.argmax(-1) != items.y
        items.stale = wrong | items.across
        items.across = wrong
        if wrong.any():
            self.record(items, wrong)

    def record(self, items: Items, wrong: Tensor) -> None:
        """Keep points closer than any before; mark those within reach; draw all of them back."""
        ball = self.ball(items)
        distance = ball.size(items.cur - items.x)
        closer = wrong & (distance < items.closest)
        items.closest = torch.where(closer, distance, items.closest)
        items.mark(closer & (distance <= self.reach(items)), items.cur)
        back = items.x + (items.cur - items.x) * self.beta
        items.cur = torch.where(ball.wide(wrong, items.x), back, items.cur)

    def step(self, items: Items) -> Tensor:
        """The next point."""
        ball = self.ball(items)
        n, x = len(items), items.x.flatten(1)
        here, slope = items.cur.flatten(1), items.slope.flatten(1)
        from_x = ((here - x) * slope).sum(1) - items.gap  # what the linear function lacks at the clean input
        moves = smallest_move(
            torch.cat([here, x]), slope.repeat(2, 1), torch.cat([-items.gap, from_x]), self.norm
        ).view(2 * n, *items.x.shape[1:])
        near, far = ball.size(moves).clamp_min(1e-8).split(n)
        alpha = ball.wide((near / (near + far)).clamp(0, self.alpha_max), items.x)
        d1, d2 = moves.split(n)
        return ((items.cur + self.eta * d1) * (1 - alpha) + (items.x + self.eta * d2) * alpha).clamp_(0, 1)

    def linearise(self, victim: Victim, items: Items, rows: Tensor) -> Tensor:
        """Value and gradient at the current points of some rows; their logits."""
        part = Items(cur=items.cur[rows], y=items.y[rows], **({"target": items.target[rows]} if self.aims else {}))
        logits, gap, slope = self.boundary(victim, part)
        if rows.all():
            items.gap, items.slope = gap, slope
        else:
            items.gap, items.slope = items.gap.clone(), items.slope.clone()
            items.gap[rows], items.slope[rows] = gap, slope
        return logits

    def boundary(self, victim: Victim, part: Items) -> tuple[Tensor, Tensor, Tensor]:
        """Logits, z_j - z_y and its gradient for the class j whose linearised boundary is nearest."""
        with torch.enable_grad():
            x = part.cur.detach().requires_grad_()
            logits = victim.graph(x)
            own = logits.gather(1, part.y.unsqueeze(1)).squeeze(1)
            gaps = [logits[:, j] - own for j in range(logits.shape[1])]
            slopes = [torch.autograd.grad(gap.sum(), x, retain_graph=True)[0] for gap in gaps]
        victim.backwards += x.shape[0] * len(gaps)
        gap, slope = torch.stack(gaps, 1).detach(), torch.stack(slopes, 1)
        flat = slope.flatten(2)
        steep = flat.abs().sum(2) if self.norm == "Linf" else flat.square().sum(2).sqrt()
        distance = (gap.abs() / (steep + 1e-12)).scatter(1, part.y.unsqueeze(1), torch.inf)
        rows, nearest = torch.arange(len(x), device=x.device), distance.argmin(1)
        return logits.detach(), gap[rows, nearest], slope[rows, nearest]


class FABT(FAB):
    """FAB towards one class a round: the ``targets`` best wrong classes of the clean input, one after the other."""

    kind: str = "fab-t"
    aims: ClassVar[bool] = True
    targets: int = Field(default=9, ge=1)

    def goals(self, classes: int) -> int:
        """The number of targets."""
        return min(self.targets, classes - 1)

    def boundary(self, victim: Victim, part: Items) -> tuple[Tensor, Tensor, Tensor]:
        """Logits, z_t - z_y and its gradient."""
        return victim.slope(part.cur, lambda logits: targeted_margin(logits, part.y, part.target))

"""AutoAttack: one attack after the other on whoever is still standing (Croce and Hein 2020, algorithm 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from assay.attacks.attack import Attack
from assay.attacks.inputs import answers, inputs
from assay.attacks.norms import norm_name, radius
from assay.attacks.objectives import margin
from assay.attacks.stages import Work
from assay.attacks.suite import Suite, members, suite
from assay.attacks.table import Table
from assay.attacks.victim import Model, Victim, at_rest
from assay.core.errors import BadInput
from assay.core.rng import seed_of
from assay.maths.statistics import wilson

if TYPE_CHECKING:
    from assay.attacks.trust import Trust


@dataclass(frozen=True, eq=False)
class Asked:
    """What an evaluation was about: the network, the examples, their places in the data set, and how it was done."""

    model: Model
    x: Tensor
    y: Tensor
    index: Tensor
    seed: int
    batch_size: int


@dataclass(frozen=True, eq=False)
class Result:
    """What an evaluation found, one entry an example.

    ``robust``: right on the clean input and on every point tried. ``clean``: right on the clean input. ``x_adv``:
    the misclassified point, or the clean input. ``broken_by``: the attack that found it, else "". ``margin``:
    z_y - max_{j != y} z_j at ``x_adv``, in logits. ``forwards`` and ``backwards`` count examples passed through the
    network, ``flat`` climbs that began where the gradient is exactly zero. ``warnings`` are about the model. ``asked``
    is what the evaluation was about.
    """

    robust: Tensor
    clean: Tensor
    x_adv: Tensor
    broken_by: tuple[str, ...]
    margin: Tensor
    forwards: int
    backwards: int
    flat: int
    suite: Suite
    norm: str
    eps: float
    warnings: tuple[str, ...] = ()
    asked: Asked | None = field(default=None, repr=False)

    @property
    def robust_accuracy(self) -> float:
        """Share of examples that no attack broke."""
        return self.robust.double().mean().item()

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval of the robust accuracy, these examples being a sample."""
        return wilson(int(self.robust.sum()), len(self.robust))

    @cached_property
    def trust(self) -> Trust:
        """How far the figure can be believed: a level from A to X, with reasons; checks run on first use."""
        from assay.attacks.trust import assess

        return assess(self)

    @property
    def clean_accuracy(self) -> float:
        """Share of examples that are right unperturbed."""
        return self.clean.double().mean().item()


def autoattack(
    model: Model,
    x: Tensor,
    y: Tensor,
    norm: Any = "Linf",
    eps: Any = 8 / 255,
    version: str = "standard",
    *,
    attacks: Sequence[Attack | str | dict[str, Any]] = (),
    seed: int = 0,
    batch_size: int = 250,
    early_drop: bool = True,
    draws: Literal["addressed", "reference"] = "addressed",
    index: Iterable[int] | None = None,
    path: str | Path | None = None,
    tell: Callable[[str], None] | None = None,
) -> Result:
    """Which of the examples ``x`` (n, ...) in [0, 1] with labels ``y`` keep their label within ``eps``.

    ``model`` gives logits (n, classes), or (n, 1), for inputs as they are: normalisation is the model's. ``version``
    is standard, plus, rand (for networks that answer at random) or custom with ``attacks``, which all take this ball.
    An example's verdict depends on the network, ``seed`` and its ``index`` in the data set (by default its place), not
    on ``batch_size`` or the others, up to the network's own rounding; a network that answers at random draws for a
    batch as a whole, so there it does. ``draws="reference"`` takes random numbers in the order of the
    reference implementation instead, and ``early_drop=False`` lets broken examples finish as they do there; both
    together also call the network as it stands, in whole batches, and then APGD's ``x_adv`` are the reference's.

    ``path`` (.npz) keeps what is known of each example; the same call after an interruption goes on from there and
    ends with the same table. ``tell`` is called with a line about each batch.

    >>> linear = nn.Linear(2, 2, bias=False)
    >>> _ = linear.weight.data.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    >>> x = torch.tensor([[0.9, 0.1], [0.6, 0.4], [0.3, 0.4]])
    >>> r = autoattack(linear, x, torch.zeros(3).long(), eps=0.2)
    >>> r.clean.tolist(), r.robust.tolist(), r.broken_by, r.suite.standard
    ([True, True, False], [True, False, False], ('', 'apgd-ce', ''), False)
    """
    norm = norm_name(norm)
    eps = radius(eps, norm)
    chosen = members(version, norm, eps, attacks)
    x, y = inputs(x, y)
    numbers = torch.as_tensor(list(range(len(x)) if index is None else index), dtype=torch.int64)
    if len(numbers) != len(x) or draws not in ("addressed", "reference") or batch_size < 1:
        raise BadInput(
            f"asked for draws '{draws}', batch_size {batch_size}, {len(numbers)} indices for {len(x)} examples; "
            "draws is addressed or reference, batch_size at least 1, and there is one index an example"
        )
    place = None if path is None else Path(path)
    fast = early_drop or draws != "reference"
    with at_rest(model, fast), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(seed, "model"))  # for networks that answer at random; batches have seeds of their own
        device = next(iter(model.parameters()), x).device if isinstance(model, nn.Module) else x.device
        x, y = x.to(device), y.to(device)
        victim = Victim(model, fast)
        logits = victim.batched(x, batch_size)
        warnings = answers(logits, y)
        used = suite(chosen, version, logits.shape[1], x.dim() == 4, victim.differentiable(x[:1]))
        settings = {"suite": used.plain(), "norm": norm, "eps": eps, "seed": seed, "draws": draws}
        settings |= {"batch_size": batch_size, "early_drop": early_drop, "data": _digest(x, y, numbers)}
        table = Table.new(settings, numbers, y, logits.argmax(1) == y, -margin(logits, y), x)
        table.count(victim)
        table.resume(place)  # its count holds the look at clean inputs already
        work = Work(victim, x, y, logits, table, place, tell or (lambda text: None), seed, batch_size, early_drop)
        try:
            work.carry_out(used, reference=draws == "reference")
        finally:
            work.save()
    names = [name for name, _ in used.attacks]
    return Result(
        robust=table.right & (table.broken < 0),
        clean=table.right,
        x_adv=table.x_adv.cpu(),
        broken_by=tuple(names[at] if at >= 0 else "" for at in table.broken.tolist()),
        margin=table.margin,
        forwards=table.forwards,
        backwards=table.backwards,
        flat=victim.flat,
        suite=used,
        norm=norm,
        eps=eps,
        warnings=warnings,
        asked=Asked(model, x, y, numbers, seed, batch_size),
    )


def _digest(x: Tensor, y: Tensor, index: Tensor) -> str:
    parts = (part.cpu().contiguous().numpy().tobytes() for part in (x, y, index))
    return blake2b(b"".join(parts), digest_size=12).hexdigest()

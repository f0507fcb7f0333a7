"""What an evaluation will cost at most, told before it starts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from assay.attacks import enough
from assay.attacks.suite import Suite, members, suite
from assay.attacks.victim import Victim, at_rest
from assay.studies.attack.challenge import FACTORS, Challenge
from assay.studies.attack.subject import Subject

CURVE, CHECKS = 200, 200  # examples for the curve and for the checks
CLIMBS = 280  # passes that the checks make with one example at most
TRANSFER = 90  # those of perturbations that are carried over from a second model
LOOKS = 4  # clean, at what was found, and both again for the table


@dataclass(frozen=True)
class Cost:
    """Examples and seconds at most; a network that breaks takes a small part of the time."""

    examples: int
    seconds: float
    suite: Suite
    text: str


def cost(challenge: Challenge, asked: Subject, device: str, second: nn.Module | None = None) -> Cost:
    """Time one batch forward and backward, and count the passes of every attack as if nothing broke."""
    classes, images = len(asked.data.classes), asked.x.dim() == 4
    n = min(len(asked.x), challenge.n or len(asked.x), enough(challenge.until) if challenge.until else len(asked.x))
    x = asked.x[: min(challenge.batch, n)]
    gradients = differentiable(asked.net, x, device)

    def carried(version: str, attacks: Sequence[Any]) -> Suite:
        chosen = members(version, challenge.norm, challenge.eps, attacks)  # type: ignore[arg-type]
        return suite(chosen, version, classes, images, gradients)

    used = carried(challenge.suite, challenge.attacks)
    times = seconds_a_pass(asked.net, x, device, gradients)
    forward, climb = times
    # Whom eps broke is tried in the smaller balls of the curve alone, whom it did not in the larger ones: two each.
    curve = (len(FACTORS) - 2) // 2 * seconds_an_example(carried("custom", challenge.quick), classes, *times)
    carry = 0.0
    if second is not None:
        carry = TRANSFER * seconds_a_pass(second, x, device, differentiable(second, x, device))[1]
    seconds = n * (seconds_an_example(used, classes, *times) + LOOKS * forward)
    seconds += min(n, CURVE) * (curve + (len(FACTORS) - 2) * LOOKS * forward)
    seconds += min(n, CHECKS) * (CLIMBS * climb + carry)
    about = f"at most {n} examples, as many as it takes" if challenge.until else f"{n} examples"
    text = (
        f"{about}, {', '.join(name for name, _ in used.attacks)}: at most {duration(seconds)} if nothing breaks, "
        "a small part of it if most do"
    )
    return Cost(n, seconds, used, text)


def seconds_an_example(used: Suite, classes: int, forward: float, climb: float) -> float:
    """Seconds that an example takes at most, which none of the attacks breaks; see `seconds_a_pass`.

    >>> from assay.attacks import APGDCE, Square
    >>> used = Suite("custom", (("apgd-ce", APGDCE(steps=9)), ("square", Square(queries=99))), False)
    >>> seconds_an_example(used, 10, 1.0, 3.0)  # 10 forward and backward, 100 forward
    130.0
    """
    passes = [attack.passes(classes) for _, attack in used.attacks]
    return sum(ahead * forward + back * (climb - forward) for ahead, back in passes)


def duration(seconds: float) -> str:
    """A time for people.

    >>> duration(0.4), duration(75), duration(5000)
    ('1 s', '75 s', '83 min')
    """
    return f"{max(1, round(seconds))} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def differentiable(net: nn.Module, x: Tensor, device: str) -> bool:
    """Whether attacks that climb can be carried out; a model of predictions only has no gradient."""
    with at_rest(net):
        return Victim(net).differentiable(x[:1].to(device))


def seconds_a_pass(net: nn.Module, x: Tensor, device: str, gradients: bool = True) -> tuple[float, float]:
    """Seconds an example for a forward pass, and for a forward and a backward pass (one without ``gradients``)."""
    x, victim = x.to(device), Victim(net)

    def ahead(part: Tensor) -> object:
        return victim.logits(part)

    def both(part: Tensor) -> object:
        return victim.slope(part, lambda z: z.logsumexp(-1))

    times = []
    with at_rest(net):
        (both if gradients else ahead)(x[:2])  # the first call of a network is slow
        for work in (ahead, both) if gradients else (ahead, ahead):
            began = time.perf_counter()
            work(x)
            if device == "cuda":
                torch.cuda.synchronize()
            times.append((time.perf_counter() - began) / len(x))
    return times[0], max(times)

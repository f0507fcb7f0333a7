"""What an evaluation will cost at most, told before it starts."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from assay.attacks import enough
from assay.attacks.attack import Attack
from assay.attacks.suite import Suite, members, suite
from assay.attacks.victim import Victim, at_rest
from assay.studies.attack.challenge import FACTORS, Challenge
from assay.studies.attack.subject import Subject

CURVE, CHECKS = 200, 200  # examples for the curve and for the checks
CLIMBS = 250  # passes that the checks make with one example at most


@dataclass(frozen=True)
class Cost:
    """Examples and seconds at most; a network that breaks takes a small part of the time."""

    examples: int
    seconds: float
    suite: Suite
    text: str


def cost(challenge: Challenge, asked: Subject, device: str) -> Cost:
    """Time one batch forward and backward, and count the passes of every attack as if nothing broke."""
    classes, images = len(asked.data.classes), asked.x.dim() == 4
    chosen = members(challenge.suite, challenge.norm, challenge.eps, challenge.attacks)  # type: ignore[arg-type]
    used = suite(chosen, challenge.suite, classes, images, gradients=True)
    n = min(len(asked.x), challenge.n or len(asked.x), enough(challenge.until) if challenge.until else len(asked.x))
    forward, climb = seconds_a_pass(asked.net, asked.x[: min(challenge.batch, n)], device)
    each = sum(passes(attack, classes) * (climb if attack.gradients else forward) for _, attack in used.attacks)
    beside = min(n, CURVE) * (len(FACTORS) - 2) * 400 * climb / 2 + min(n, CHECKS) * CLIMBS * climb
    seconds = n * each + beside
    about = f"at most {n} examples, as many as it takes" if challenge.until else f"{n} examples"
    text = (
        f"{about}, {', '.join(name for name, _ in used.attacks)}: at most {duration(seconds)} if nothing breaks, "
        "a small part of it if most do"
    )
    return Cost(n, seconds, used, text)


def passes(attack: Attack, classes: int) -> int:
    """How often an example that never breaks goes through the network.

    >>> from assay.attacks import APGDT
    >>> passes(APGDT(), 10), passes(APGDT(), 3)  # 9 and 2 targets, 100 steps and the start
    (909, 202)
    """
    return attack.rounds(classes) * (attack.length + 1) * getattr(attack, "eot", 1)


def duration(seconds: float) -> str:
    """A time for people.

    >>> duration(0.4), duration(75), duration(5000)
    ('1 s', '75 s', '83 min')
    """
    return f"{max(1, round(seconds))} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def seconds_a_pass(net: nn.Module, x: Tensor, device: str) -> tuple[float, float]:
    """Seconds an example for a forward pass, and for a forward and a backward pass."""
    x, victim = x.to(device), Victim(net)
    with at_rest(net):
        victim.slope(x[:2], lambda z: z.logsumexp(-1))
        times = []
        for work in (lambda: victim.logits(x), lambda: victim.slope(x, lambda z: z.logsumexp(-1))):
            began = time.perf_counter()
            work()
            if device == "cuda":
                torch.cuda.synchronize()
            times.append((time.perf_counter() - began) / len(x))
    return times[0], times[1]

"""Checks of the network's answers: always the same, and logits rather than probabilities?"""

from __future__ import annotations

import torch

from assay.attacks.inputs import PROBABILITIES, probable
from assay.attacks.trust.bench import Bench, Check
from assay.attacks.victim import AT_ONCE

PASSES = 5
APART = 1e-4  # length of the difference between normalised logits, beyond rounding


def randomised(bench: Bench) -> Check:
    """Do repeated passes over the same examples give the same answers, also in other company?

    Five passes, by turns over all examples at once and over a few at a time. Figure: the largest distance
    between normalised logits of one example. It does not count against an evaluation that averages over draws.
    """
    x, few = bench.x, max(1, min(len(bench.x), AT_ONCE) // 2)
    passes = torch.stack([bench.victim.batched(x, few if turn % 2 else len(x)) for turn in range(PASSES)])
    unit = passes / passes.norm(dim=-1, keepdim=True).clamp_min(1e-12)
    apart = (unit - unit[0]).norm(dim=-1).max().item()
    differ = apart > APART or bool((passes.argmax(-1) != passes[0].argmax(-1)).any())
    climbs = [getattr(attack, "eot", 1) for _, attack in bench.result.suite.attacks if attack.gradients]
    averaged = min(climbs, default=1) > 1
    if not differ:
        return Check("randomised", True, apart, f"{PASSES} passes over the same examples gave the same answers")
    said = f"{PASSES} passes over the same examples gave answers {apart:.2g} apart"
    if averaged:
        return Check("randomised", True, apart, f"{said}; the suite averages over draws, as it must here")
    return Check("randomised", False, apart, f"{said}: the network answers at random; use version rand")


def probabilities(bench: Bench) -> Check:
    """Are the answers probabilities instead of logits? Figure: the share of examples whose answers look like it."""
    share = probable(bench.victim.batched(bench.x, bench.asked.batch_size)).float().mean().item()
    if share == 1:
        return Check("probabilities", False, share, PROBABILITIES)
    return Check("probabilities", True, share, "the model returns logits")

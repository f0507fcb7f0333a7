"""Checks of common sense: more steps and larger balls must not help the defender, and a huge ball must break all."""

from __future__ import annotations

from math import comb

from torch import Tensor

from assay.attacks.apgd import APGDCE, APGDDLR
from assay.attacks.ascent import FGSM, PGD
from assay.attacks.trust.bench import Bench, Check

STEPS = (10, 40)
FACTORS = (0.25, 0.5, 1.0, 2.0)
CHANCE = 0.01  # a difference that chance alone gives less often than this counts
SHARE = 0.01  # of examples that may withstand a huge ball
NO_GRADIENT = "the model gives predictions only: attacks that climb cannot be carried out"


def more_steps(bench: Bench) -> Check:
    """Do ten and forty steps of PGD break at least whom one step breaks (FGSM, from the clean input)?

    Figure: how far accuracy rises with more steps, as a share. It counts when chance alone would hardly do it, the
    examples being paired: the sign test of those broken by one attack only, one-sided, at 1 %.
    """
    if not bench.gradients:
        return Check("more steps", None, None, NO_GRADIENT)
    attacks = [bench.attack(FGSM), *(bench.attack(PGD, steps=steps, random_start=False) for steps in STEPS)]
    names = ("1 step", *(f"{steps} steps" for steps in STEPS))
    return _never_easier("more steps", names, [bench.broken(attack) for attack in attacks])


def larger_eps(bench: Bench) -> Check:
    """Does PGD break more in larger balls (a quarter, half, one and two times eps)? Judged as more steps are."""
    if not bench.gradients:
        return Check("larger eps", None, None, NO_GRADIENT)
    broken = [
        bench.broken(bench.attack(PGD, eps=factor * bench.result.eps, steps=20, random_start=False))
        for factor in FACTORS
    ]
    return _never_easier("larger eps", tuple(f"{factor:g} eps" for factor in FACTORS), broken)


def huge_eps(bench: Bench) -> Check:
    """Does accuracy fall to zero in a ball that holds a grey image (Linf: 0.5)? Figure: the share that withstands.

    No deterministic network can tell all classes apart there: whoever withstands was not attacked well enough.
    """
    if not bench.gradients:
        return Check("huge eps", None, None, NO_GRADIENT)
    size = bench.x[0].numel()
    huge = max({"Linf": 0.5, "L2": 0.5 * size**0.5, "L1": 0.5 * size}[bench.result.norm], bench.result.eps)
    left = ~bench.broken(bench.attack(APGDCE, eps=huge, steps=50))
    if left.any():
        rows = bench.rows[left.cpu()]
        left[left.clone()] = ~bench.points(bench.attack(APGDDLR, eps=huge, steps=50), rows=rows)[0]
    share = left.float().mean().item()
    said = f"{100 * share:.3g} % of examples withstand eps = {huge:.3g}"
    if share <= SHARE:
        return Check("huge eps", True, share, said)
    return Check("huge eps", False, share, f"{said}, where every network must fail: attacks do not find their way")


def chance(more: int, fewer: int) -> float:
    """How often a fair coin gives at least ``more`` heads in ``more + fewer`` throws.

    >>> chance(2, 0), chance(0, 3)
    (0.25, 1.0)
    """
    n = more + fewer
    return sum(comb(n, k) for k in range(more, n + 1)) / 2**n


def _never_easier(name: str, names: tuple[str, ...], broken: list[Tensor]) -> Check:
    """Each attack against the best of those before it."""
    accuracy = [1 - part.float().mean().item() for part in broken]
    told = ", ".join(f"{100 * share:.3g} % at {each}" for share, each in zip(accuracy, names, strict=True))
    rises = [0.0]
    for at in range(1, len(broken)):
        best = min(range(at), key=lambda i: accuracy[i])
        more, fewer = (int((a & ~b).sum()) for a, b in ((broken[best], broken[at]), (broken[at], broken[best])))
        if chance(more, fewer) < CHANCE:
            rises.append(accuracy[at] - accuracy[best])
    worst = max(rises)
    if worst > 0:
        return Check(name, False, worst, f"accuracy {told}: {name} must not help the defender")
    return Check(name, True, worst, f"accuracy {told}")

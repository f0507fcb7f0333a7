"""Does detection of robust overfitting hold its level on flat curves, and which drops does it see?

Simulated robust-accuracy curves of val and test: a rise, then flat, or from two fifths of training on a steady fall
by ``drop``. Ups and downs of the network itself (standard deviation ``sway`` and correlation ``rho`` from look to look)
are shared by val and test; either has sampling noise of its own. ``best_to_last`` is judged over seeds by the sign-flip
test, ``alarm`` within one run that is watched to its end.

    python benchmarks/decline.py [--repeats 500]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

from assay.maths.statistics import alarm, best_to_last, paired_effect

SAMPLED = 0.01  # sampling noise beside the network's own ups and downs


@dataclass(frozen=True)
class World:
    """How curves are made."""

    looks: int
    seeds: int
    sway: float
    rho: float
    drop: float


def curves(world: World, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """One run's curves on val and test."""
    e = np.arange(world.looks)
    onset = 0.4 * world.looks
    true = 0.5 * (1 - np.exp(-12 * e / world.looks))
    true -= world.drop * np.clip((e - onset) / (world.looks - onset), 0, 1)
    sway = draw.standard_normal(world.looks)
    for i in range(1, world.looks):
        sway[i] = world.rho * sway[i - 1] + (1 - world.rho**2) ** 0.5 * sway[i]
    true += world.sway * sway
    return true + SAMPLED * draw.standard_normal(world.looks), true + SAMPLED * draw.standard_normal(world.looks)


def found(world: World, draw: np.random.Generator) -> tuple[float, float]:
    """p of a drop over the seeds of one study, and its mean."""
    drops = [best_to_last(*curves(world, draw)).corrected for _ in range(world.seeds)]
    estimate = paired_effect(drops, permutations=199)
    return estimate.p, estimate.effect


def warned(world: World, draw: np.random.Generator, images: int = 500) -> bool:
    """Whether a run that is watched look by look ever raises the alarm."""
    val, _ = curves(world, draw)
    return any((said := alarm(val[:k], images)) is not None and said.on for k in range(1, world.looks + 1))


def rates(world: World, repeats: int, seed: int = 0) -> dict[str, float]:
    """Shares of simulated studies with p <= .05 on either side and of runs with an alarm, and the mean drop found."""
    draw = np.random.default_rng([seed, world.looks, world.seeds, int(1000 * world.rho), int(1000 * world.drop)])
    studies = [found(world, draw) for _ in range(repeats)]
    return {
        "fall": float(np.mean([p <= 0.05 and effect > 0 for p, effect in studies])),
        "rise": float(np.mean([p <= 0.05 and effect < 0 for p, effect in studies])),
        "mean": float(np.mean([effect for _, effect in studies])),
        "alarm": float(np.mean([warned(world, draw) for _ in range(repeats)])),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=500)
    repeats = parser.parse_args().repeats
    print("| looks | seeds | sway | rho | true drop | found | says fall | says rise | alarm in one run |")
    print("|---|---|---|---|---|---|---|---|---|")
    for looks in (20, 60):
        for seeds in (6, 12):
            for sway, rho in ((0.02, 0.0), (0.02, 0.5), (0.005, 0.5)):
                for drop in (0.0, 0.03, 0.06):
                    got = rates(World(looks, seeds, sway, rho, drop), repeats)
                    cells = (
                        looks,
                        seeds,
                        sway,
                        rho,
                        drop,
                        *(f"{got[k]:.3f}" for k in ("mean", "fall", "rise", "alarm")),
                    )
                    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()

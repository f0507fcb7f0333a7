"""Tables of the `limit` study with a known answer: models as a common direction and a direction of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from assay.studies.limit.design import BASE, RANDOM, TRUE, UNTRAINED, condition
from assay.studies.limit.tables import families

STEPS = {"width": (8, 16, 32, 64), "images": (100, 200, 400, 800), "epochs": (2, 4, 8, 16)}

# Happy models become more alike with width, by 0.08 a doubling, and by nothing else.
PLANTED_WIDTH = {(TRUE, f"width {w}"): 0.5 - 0.08 * (3 - i) for i, w in enumerate(STEPS["width"])}


def about(seeds: int = 6) -> dict[str, Any]:
    """What `judge` needs to know."""
    axes = {
        axis: [{"level": step, "condition": BASE if step == steps[-1] else f"{axis} {step}"} for step in steps]
        for axis, steps in STEPS.items()
    }
    return {"axes": axes, "primary_layer": "act2", "level": 0.05, "probe": 512, "widest": 64, "seeds": seeds}


def names() -> list[str]:
    return [BASE, *(f"{axis} {step}" for axis, steps in STEPS.items() for step in steps[:-1])]


def world(
    mean: dict[tuple[str, str], float], *, seeds: int = 6, draw: int = 0, spread: float = 0.05, tied: bool = False
) -> dict[str, pd.DataFrame]:
    """Tables in which a pair's similarity is about ``mean`` of its kind of labels and level (0.5 where none is said).

    Each model has a share of its own, so pairs with a model in common go together. ``tied``: accuracy is that share.
    """
    generator = np.random.default_rng(draw)
    runs, pairs = [], []
    for name in names():
        for labels, count in ((TRUE, seeds), (RANDOM, 3), (UNTRAINED, 3)):
            own = generator.normal(0, spread, count)
            quality = own if tied else generator.normal(size=count)
            models = [f"{name} {labels} {i}" for i in range(count)]
            where = condition(name, RANDOM if labels == RANDOM else TRUE)
            for i, model in enumerate(models):
                if labels != UNTRAINED:
                    runs.append({
                        **{"run": model, "condition": where, "design": "family", "seed": i, "status": "finished"},
                        **{"level": name, "labels": labels, "val_accuracy": quality[i], "val_cross_entropy": 0.0},
                        **{"test_accuracy": 0.9, "train_accuracy": 1.0},
                    })  # fmt: skip
                for j in range(i):
                    value = mean.get((labels, name), 0.5) + own[i] + own[j] + generator.normal(0, spread / 4)
                    row = {"condition": where, "labels": labels, "width": 64, "run_a": models[j], "run_b": model}
                    pairs.append({**row, "layer": "act2", "debiased_cka": value, "linear_cka": value + 0.05})
                    pairs.append({**row, "layer": "act1", "debiased_cka": 0.9, "linear_cka": 0.9})
    table = pd.DataFrame(runs)
    table.insert(5, "family", families(table))
    return {"runs": table, "pairs": pd.DataFrame(pairs)}

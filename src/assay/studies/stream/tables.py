"""Tables of the `stream` study: a row a run, a row a model of the stream and strength; and what follows from these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from assay.data import Dataset, biased
from assay.lab import Lab
from assay.studies.rows import run_row
from assay.studies.stream.design import NAMES, NO_UPDATE, base_of
from assay.studies.study import Planned

FIGURES = ("clean", "robust", "false_reject", "escape")
STREAM = ["condition", "design", "seed", "run", "chunk", "level", "strength", *FIGURES]
ENDS = [
    *("condition", "seed", "clean", "robust", "masked", "forgotten", "forgotten_robust"),
    *("original", "original_robust", "lost", "lost_robust"),
]


def run_rows(
    planned: Mapping[str, Planned],
    numbers: Mapping[str, dict[str, Any]],
    passes: Mapping[tuple[str, int], int],
    lab: Lab,
    data: Dataset,
) -> pd.DataFrame:
    """One row a run: what every study says, the chunk, what training cost, and the AutoAttack of final models."""
    images: dict[tuple[str, int], int] = {}
    rows = []
    for run, plan in planned.items():
        found, at = numbers.get(run, {}), (plan.tags["condition"], plan.tags["chunk"])
        if at not in images:
            images[at] = len(biased(data, plan.recipe.biases).train)
        own = {"chunk": at[1], "images": images[at], "epochs": plan.recipe.epochs, "passes": passes.get(at)}
        judged = {name: found.get(name) for name in ("autoattack", "autoattack_level")}
        start = {
            "start": None if plan.recipe.start is None else plan.recipe.start.run.replace("\\", "/").split("/")[-1]
        }
        rows.append(run_row(run, plan, found, lab, data) | own | start | judged)
    return pd.DataFrame(rows)


def stream_rows(planned: Mapping[str, Planned], numbers: Mapping[str, dict[str, Any]]) -> pd.DataFrame:
    """One row a model of the stream and strength of the shift: arm, seed, chunk after which the model is what it is,
    ``level`` (the chunk that showed this strength; 0: the original images). No update stays at what was deployed.
    """
    run_of = {
        (p.tags["condition"], p.recipe.seed, p.tags["chunk"]): run for run, p in planned.items() if run in numbers
    }
    seeds = sorted({plan.recipe.seed for plan in planned.values()})
    chunks = max((plan.tags["chunk"] for plan in planned.values()), default=0)
    rows = []
    for arm in NAMES:
        for seed in seeds:
            for chunk in range(chunks + 1):
                own = (base_of(arm), seed, 0) if chunk == 0 or arm == NO_UPDATE else (arm, seed, chunk)
                run = run_of.get(own)
                tags = {"condition": arm, "design": "paired", "seed": seed, "run": run, "chunk": chunk}
                levels = numbers[run]["levels"] if run else []
                rows += [{**tags, "level": level, **each} for level, each in enumerate(levels)]
    return pd.DataFrame(rows, columns=STREAM)


def forgetting(table: np.ndarray) -> float:
    """How much of its best accuracy on earlier data a model has lost, mean over earlier data.

    F = (1 / K) sum_(j < K) (max_(k < K) a_kj - a_Kj), a (K + 1, K + 1) with the accuracy after chunk k (rows) on the
    data of chunk j (columns), chunk 0 being what came before the stream. In [-1, 1]; below 0 where later chunks helped
    earlier data. Source: Chaudhry et al. 2018, eq. 3, with every earlier model in the maximum. A maximum of noisy
    accuracies is a little too high, of all that are updated alike.

    >>> forgetting(np.array([[0.9, 0.5, 0.3], [0.8, 0.7, 0.5], [0.7, 0.6, 0.8]])).__round__(6)  # (0.2 + 0.1) / 2
    0.15
    """
    return float((table[:-1, :-1].max(0) - table[-1, :-1]).mean())


def ends(stream: pd.DataFrame, runs: pd.DataFrame, judged: int) -> pd.DataFrame:
    """One row an arm and seed that came to the end of the stream.

    ``clean`` and ``robust`` are under the last shift (robust by AutoAttack where it judged), ``masked``: not to be
    believed; ``forgotten``: see `forgetting`; ``original``: on unshifted images; ``lost``: its best there minus now.
    """
    final = runs.set_index("run") if len(runs) else runs
    rows = []
    for (arm, seed), part in stream.groupby(["condition", "seed"], sort=False):
        last = int(stream.level.max())
        clean, robust = (
            part.pivot_table(index="chunk", columns="level", values=name).to_numpy(float)
            for name in ("clean", "robust")
        )
        if clean.shape != (last + 1, last + 1) or robust.shape != clean.shape:
            continue
        run = part[part.chunk == last].run.iloc[0]
        rows.append(
            {
                **{"condition": arm, "seed": seed, "clean": clean[-1, -1]},
                "robust": float(final.autoattack[run]) if judged else robust[-1, -1],
                "masked": judged > 0 and str(final.autoattack_level[run]) == "X",
                **{"forgotten": forgetting(clean), "forgotten_robust": forgetting(robust)},
                **{"original": clean[-1, 0], "original_robust": robust[-1, 0]},
                "lost": clean[:-1, 0].max() - clean[-1, 0],
                "lost_robust": robust[:-1, 0].max() - robust[-1, 0],
            }
        )
    return pd.DataFrame(rows, columns=ENDS)

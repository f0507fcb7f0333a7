"""How a representation lies in its space, of happy and of unhappy models: densities and effective dimension.

Beside the spread of families, because it can be behind it: distances between representations of few effective
dimensions, or of samples in clumps, are larger or smaller for that reason alone. These are figures, not claims.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from assay.core.errors import BadInput
from assay.metrics import METRICS, is_constant
from assay.studies.families.cost import peak, timed

# The columns of runs.csv, and the measure of the last hidden layer that each holds.
FIGURES = {
    "density": "sample_density",
    "kernel_density": "kernel_density",
    "knn_density": "knn_density",
    "correlation": "sample_correlation",
    "participation_ratio": "participation_ratio",
}
TIMED = 8  # models
LEAST = 2  # models of a family in a condition
COLUMNS = ["figure", "happy", "unhappy", "difference", "low", "high", "conditions", "models"]


def geometry(features: np.ndarray) -> dict[str, float | None]:
    """All of `FIGURES` of one representation (samples, units); None where a figure is not finite or not defined.

    >>> geometry(np.array([[2.0, 0], [-2, 0], [0, 1], [0, -1]]))["participation_ratio"].__round__(6)  # 10² / 68
    1.470588
    """
    if is_constant(features):
        return dict.fromkeys(FIGURES)
    return {name: _finite(features, measure) for name, measure in FIGURES.items()}


def _finite(features: np.ndarray, measure: str) -> float | None:
    try:
        value = float(METRICS[measure](features))
    except BadInput:  # half of the samples coincide, and such
        return None
    return value if np.isfinite(value) else None


def costs(models: Sequence[np.ndarray]) -> list[dict[str, Any]]:
    """What each of `FIGURES` costs on the first few live representations (samples, units); nothing where all are dead.

    A row a figure: ``measure``, its name; ``seconds`` of processor time for all ``models``; ``megabytes``, the peak of
    one of them.

    >>> [cost["measure"] for cost in costs([np.eye(6)])][:2], costs([np.ones((6, 2))])
    (['sample_density', 'kernel_density'], [])
    """
    alive = [features for features in models if not is_constant(features)][:TIMED]
    return [_cost(measure, alive) for measure in FIGURES.values()] if alive else []


def _cost(measure: str, alive: Sequence[np.ndarray]) -> dict[str, Any]:
    _, seconds = timed(lambda: [_finite(features, measure) for features in alive])
    held = peak(lambda: _finite(alive[0], measure))
    return {"measure": measure, "seconds": seconds, "models": len(alive), "megabytes": held}


def by_family(runs: pd.DataFrame, figures: Sequence[str] = tuple(FIGURES), level: float = 0.95) -> pd.DataFrame:
    """One row a figure: its mean over happy and over unhappy models, and the difference within conditions.

        difference = mean over conditions of (mean of unhappy models - mean of happy models)

    ``runs``: rows of ``runs.csv``, of which the family models are used; conditions with fewer than two models of
    either family count for nothing. ``happy``, ``unhappy``: means over the same conditions, in the figure's unit;
    ``low``, ``high``: of the difference, by Student's t with the variances of models within families and conditions
    (Satterthwaite's degrees of freedom), for these conditions. A figure that is not there has no row.
    Source: Satterthwaite 1946, Biometrics Bulletin 2:110-114.

    >>> rows = [{"design": "family", "condition": "none", "family": f, "density": d}
    ...         for f, d in (("happy", 1.0), ("happy", 3.0), ("unhappy", 4.0), ("unhappy", 6.0))]
    >>> found = by_family(pd.DataFrame(rows)).iloc[0]
    >>> found[["happy", "unhappy", "difference"]].astype(float).tolist()
    [2.0, 5.0, 3.0]
    >>> found[["low", "high"]].astype(float).round(2).tolist()  # se² = 2/2 + 2/2, 2 degrees of freedom: 3 ± 4.30 · 1.41
    [-3.08, 9.08]
    """
    from scipy.special import stdtrit

    own, rows = runs[runs["design"] == "family"], []
    for figure in figures:
        if figure not in own:
            continue
        known = own[np.isfinite(own[figure].astype(float))]  # a density of samples that coincide is infinite
        parts = [
            [models[models["family"] == family][figure].to_numpy(float) for family in ("happy", "unhappy")]
            for _, models in known.groupby("condition", sort=False)
        ]
        parts = [sides for sides in parts if min(map(len, sides)) >= LEAST]
        if not parts:
            continue
        sizes = np.array([[len(side) for side in sides] for sides in parts])
        happy, unhappy = np.mean([[side.mean() for side in sides] for sides in parts], axis=0).tolist()
        errors = np.array([[side.var(ddof=1) for side in sides] for sides in parts]) / sizes
        total, bottom = float(errors.sum()), float((errors**2 / (sizes - 1)).sum())
        half = float(stdtrit(total**2 / bottom, 0.5 + level / 2)) * total**0.5 / len(parts) if bottom > 0 else 0.0
        apart = unhappy - happy
        rows.append([figure, happy, unhappy, apart, apart - half, apart + half, len(parts), int(sizes.sum())])
    return pd.DataFrame(rows, columns=COLUMNS)

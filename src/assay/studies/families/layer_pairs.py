"""Every hidden layer of a model against every hidden layer of another one, under both primary measures.

Of a few models of each condition, all layers of all of them in one pass, reduced to their principal components.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from assay.metrics import all_pairs, is_constant
from assay.studies.families.agree import PRIMARY
from assay.studies.families.cost import timed
from assay.studies.families.look import Features
from assay.studies.study import Planned

# Of variance. At .99 a Procrustes distance could be off by 0.2, as much as layers differ; at .999 by 0.063, and a pair
# of width 128 still takes a fifth of the time that it takes whole.
KEEP = 0.999
MOST = 24  # representations of a condition: 276 pairs, a quarter of a second at width 128
MEASURES = [measure.name for measure in PRIMARY]
COLUMNS = ["condition", "layer_a", "layer_b", *MEASURES, *(f"error_{name}" for name in MEASURES), "kept", "pairs"]


def layer_pairs(
    planned: Mapping[str, Planned], features: Mapping[str, Features], layers: Sequence[str]
) -> pd.DataFrame:
    """``layer_pairs.csv``: a row a condition and two layers, in their order; see `between_layers`.

    ``features[run][layer]``: (n, width), of the runs with seeds of their own; of a condition the first so many that
    they have `MOST` representations; of more layers than half of that, as many evenly spaced ones. What the passes cost
    is in the attribute ``costs``: seconds of processor time for all ``pairs`` of representations, a measure.
    """
    runs: dict[str, list[str]] = {}
    for run in (run for run in planned if run in features):
        runs.setdefault(planned[run].tags["condition"], []).append(run)
    layers = spaced(layers, MOST // 2)
    most = MOST // len(layers)
    rows, costs = [], {name: {"measure": name, "seconds": 0.0, "pairs": 0} for name in MEASURES}
    for condition, own in runs.items():
        models = [features[run] for run in own[:most]]
        rows += [{"condition": condition, **row} for row in between_layers(models, layers, costs)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    table.attrs["costs"] = list(costs.values())
    return table


def spaced(layers: Sequence[str], most: int) -> list[str]:
    """At most so many layers, evenly spaced from the first to the last, since a residual network has dozens.

    >>> spaced(["a", "b", "c", "d", "e"], 3), spaced(["a", "b"], 3)
    (['a', 'c', 'e'], ['a', 'b'])
    """
    at = dict.fromkeys(np.linspace(0, len(layers) - 1, min(most, len(layers))).round().astype(int).tolist())
    return [layers[i] for i in at]


def between_layers(
    models: Sequence[Features], layers: Sequence[str], costs: Mapping[str, dict[str, Any]], keep: float = KEEP
) -> list[dict[str, Any]]:
    """Mean distance of ``layer_a`` of a model and ``layer_b`` of another one, of each two layers once.

    A primary measure's column has its mean over ``pairs`` of models (two different layers are compared both ways);
    None where there is no pair with both layers alive. ``error_MEASURE``: no distance of the row is further than this
    from the one without reduction, in the measure's unit; ``kept``: the smallest share of variance that was kept of a
    representation. ``costs`` by measure: seconds and pairs are added.
    """
    alive = [(m, i) for m, model in enumerate(models) for i, name in enumerate(layers) if not is_constant(model[name])]
    if not alive:
        return [_row(layers[a], layers[b]) for a in range(len(layers)) for b in range(a, len(layers))]
    inside = [models[m][layers[i]] for m, i in alive]
    found = {}
    for name in MEASURES:
        found[name], seconds = timed(partial(all_pairs, inside, name, keep=keep))
        costs[name]["seconds"] += seconds
        costs[name]["pairs"] += len(inside) * (len(inside) - 1) // 2
    kept = found[MEASURES[0]].kept
    model, layer = np.array(alive).T
    rows = []
    for a in range(len(layers)):
        for b in range(a, len(layers)):
            other = model[:, None] < model if a == b else model[:, None] != model
            first, second = np.nonzero((layer[:, None] == a) & (layer == b) & other)
            row = _row(layers[a], layers[b])
            if len(first):
                row |= {name: float(found[name].values[first, second].mean()) for name in MEASURES}
                row |= {f"error_{name}": float(found[name].error[first, second].max()) for name in MEASURES}
                row |= {"kept": float(kept[[*first, *second]].min()), "pairs": len(first)}
            rows.append(row)
    return rows


def _row(a: str, b: str) -> dict[str, Any]:
    return {**dict.fromkeys(COLUMNS[1:]), "layer_a": a, "layer_b": b, "pairs": 0}

"""An operating rule from the evidence on a user's own models: above this movement, false detections rose so often.

A threshold is justified where it foretold rises under kinds of stress that it was not learnt from (`operating_rule`);
where the same could come of a figure that knows nothing, there is no rule, and that is what is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from assay.maths.statistics import holm
from assay.studies.families.cause import false_detections
from assay.studies.families.design import kind_of
from assay.studies.families.threshold import LEAST, Array, operating_rule

RISE = 0.01  # of the false detections: a smaller rise than one point does not matter
RULES = [
    *("figure", "threshold", "above", "rose_above", "rate", "low", "high", "below", "rose_below"),
    *("skill", "p", "p_holm", "conditions", "kinds", "seeds", "justified"),
]


def cases(runs: pd.DataFrame, figure: str, rise: float = RISE) -> tuple[Array, Array, list[str]]:
    """The paired runs as tables (conditions, seeds): the figure, whether false detections rose; the kind of each row.

    A case is a run that was stressed or forked; its false detections (mean of false rejects and escapes under shift)
    rose where they exceed those of the unstressed run of its seed by more than ``rise``. Conditions in which a third of
    the seeds or more stopped are left out; of the rest, the seeds that all have. Conditions that differ in their time
    alone are of one kind (`kind_of`).

    >>> rows = [{"condition": c, "stress": c, "seed": s, "design": "paired", "status": "finished", "movement": m,
    ...          "shift_false_reject": r, "shift_escape": r} for c, m, r in (("none", 0, 0.1), ("loss", 2, 0.3))
    ...         for s in (0, 1)]
    >>> [table.tolist() for table in cases(pd.DataFrame(rows), "movement")[:2]]
    [[[2.0, 2.0]], [[1.0, 1.0]]]
    """
    paired = runs[(runs["design"] == "paired") & (runs["status"].astype(str) == "finished")]
    paired = paired.assign(wrong=false_detections(paired), stress=paired["stress"].fillna("none"))
    before = paired[paired["stress"] == "none"].drop_duplicates("seed").set_index("seed")["wrong"]
    every = paired[paired["stress"] != "none"]
    every = every.assign(rise=every["wrong"] - every["seed"].map(before))
    wide = {name: every.pivot_table(index="condition", columns="seed", values=name) for name in (figure, "rise")}
    there = wide["rise"].notna() & wide[figure].reindex_like(wide["rise"]).notna()
    there = there[there.mean(axis=1) > 2 / 3] if len(there) else there
    seeds = there.columns[there.all()]
    x, y = (wide[name].reindex(index=there.index, columns=seeds).to_numpy(float) for name in (figure, "rise"))
    return x, (y > rise).astype(float), [kind_of(str(name)) for name in there.index]


def rules(runs: pd.DataFrame, figures: Sequence[str], level: float = 0.95, permutations: int = 1999) -> pd.DataFrame:
    """One row a figure (a column of ``runs``): its `operating_rule`, and whether it is justified.

    *Justified*: p, corrected by Holm for the figures that were tried, is at most 1 - level, and skill is above 0: where
    hardly any case rose, a table with a single false alarm is rare among reorderings and still foretells nothing. A
    figure that is not there, or known of too few runs, has no row.
    """
    rows = []
    for figure in figures:
        if figure not in runs:
            continue
        x, y, kinds = cases(runs, figure)
        if min(len(set(kinds)), x.shape[1]) < LEAST:
            continue
        found = operating_rule(x, y, kinds, level=level, permutations=permutations)
        rows.append({**vars(found), "figure": figure, "rate": found.rate})
    table = pd.DataFrame(rows, columns=RULES)
    table["p_holm"] = holm(table["p"].astype(float).tolist()) if len(table) else table["p"]
    rare = table["p_holm"] <= 1 - level + 1e-12
    table["justified"] = rare & (table["skill"] > 0) & np.isfinite(table["threshold"].astype(float))
    return table


def chosen(table: pd.DataFrame) -> dict[Any, Any] | None:
    """Of the justified rules the one with the largest held-out skill, the first of equals; None where none is."""
    good = table[table["justified"].astype(bool)]
    return None if good.empty else good.sort_values("skill", ascending=False, kind="stable").to_dict("records")[0]

"""What each arm ships, and the arms in order: what each gains over the baseline, at what price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from assay.maths.statistics import Estimate, paired_effect
from assay.studies.overfitting.design import BASELINE
from assay.studies.phrases import NOTHING
from assay.studies.remedies.design import EARLY

SHIPPED = ("robust", "clean", "gap_clean", "gap_attacked", "val")
COLUMNS = (
    *("arm", "n", "robust", "effect", "low", "high", "p", "clean", "clean_effect", "clean_low", "clean_high"),
    *("gap", "gap_closed", "gap_low", "gap_high", "drop", "val", "price", "masked", "recommended"),
    *("images", "epochs", "passes", "passes_forward", "passes_backward", "passes_teachers"),
)


def near(looks: pd.DataFrame, epoch: float) -> float:
    """Mean robust accuracy on val over the look at an epoch and those before and after it: less luck than in one look.

    >>> looks = pd.DataFrame({"epoch": [1, 2, 3, 4], "val_robust": [0.0, 0.25, 0.5, 0.0]})
    >>> near(looks, 3), near(looks, 4)  # looks 2 to 4, looks 3 and 4
    (0.25, 0.25)
    """
    seen = looks.dropna(subset=["val_robust"]).reset_index(drop=True)
    at = np.flatnonzero(seen.epoch == epoch)
    return float(seen.val_robust.iloc[max(0, at[0] - 1) : at[0] + 2].mean()) if len(at) else float("nan")


def val_figures(looks: pd.DataFrame | None, best: float | None) -> dict[str, float]:
    """Robust accuracy on val about the best look and about the last one; no number where nobody looked."""
    seen = None if looks is None else looks.dropna(subset=["val_robust"])
    if seen is None or seen.empty:
        return {"val_best": np.nan, "val_last": np.nan}
    known = best is not None and best == best
    return {"val_best": near(seen, float(best)) if known else np.nan, "val_last": near(seen, seen.epoch.max())}  # type: ignore[arg-type]


def shipped(alive: pd.DataFrame, arms: Sequence[str], judged: int) -> pd.DataFrame:
    """One row an arm and seed with what is shipped: the last weights; the best of the baseline for early stopping."""
    robust = "autoattack" if judged else "robust"
    found = []
    for arm in arms:
        moment = "best" if arm == EARLY else "last"
        part = alive[alive.condition == (BASELINE if arm == EARLY else arm)]
        columns = {"robust": robust, **{name: name for name in ("clean", "gap_clean", "gap_attacked", "val")}}
        rows = pd.DataFrame({"arm": arm, "run": part.run, "seed": part.seed, "images": part.images})
        for name, column in columns.items():
            at = f"{column}_{moment}"
            rows[name] = pd.to_numeric(part[at]) if at in part else np.nan
        level = part.get(f"autoattack_level_{moment}", pd.Series("", index=part.index))
        rows["masked"] = level.astype(str) == "X"
        rows["drop"] = 0.0 if arm == EARLY else pd.to_numeric(part.drop_corrected)
        found.append(rows.dropna(subset=["robust"]))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["arm", "seed", *SHIPPED])


def effect(ships: pd.DataFrame, arm: str, column: str = "robust", sign: float = 1.0) -> Estimate:
    """An arm minus the baseline with the same seed."""
    wide = ships.dropna(subset=[column]).pivot_table(index="seed", columns="arm", values=column)
    if not {arm, BASELINE} <= set(wide):
        return NOTHING
    values = (sign * (wide[arm] - wide[BASELINE])).dropna().to_numpy()
    return paired_effect(values) if len(values) > 1 else NOTHING


def ranking(alive: pd.DataFrame, arms: Sequence[Mapping[str, Any]], judged: int) -> pd.DataFrame:
    """One row an arm, the largest gain on test first; arms with models of trust level X after all others.

    ``price``: points of clean accuracy given up for each point of robust accuracy gained (below 0: gained, too);
    nothing where the interval of the gain is not above 0.
    ``recommended``: the arm with the highest robust accuracy on val, where that is above the baseline's and no model of
    the arm is of level X.
    """
    costs = {str(arm["name"]): arm for arm in arms if arm["role"] != "teacher"}
    ships = shipped(alive, list(costs), judged)
    rows = []
    for arm, cost in costs.items():
        own = ships[ships.arm == arm]
        gain, clean = effect(ships, arm), effect(ships, arm, "clean")
        gap = effect(ships, arm, "gap_attacked", -1.0)
        compared = arm != BASELINE
        rows.append(
            {
                "arm": arm,
                "n": len(own),
                **{name: own[name].mean() if len(own) else np.nan for name in ("robust", "clean", "drop", "val")},
                **_interval(gain, "", compared),
                "p": gain.p if compared and gain.known else np.nan,
                **_interval(clean, "clean_", compared),
                "gap": own.gap_attacked.mean() if len(own) else np.nan,
                **_interval(gap, "gap_", compared),
                "price": -clean.effect / gain.effect if compared and gain.known and gain.low > 0 else np.nan,
                "masked": int(own.masked.sum()) if len(own) else 0,
                **{name: cost[name] for name in COLUMNS[-6:]},
            }
        )
    table = pd.DataFrame(rows).rename(columns={"gap_effect": "gap_closed"})
    table["recommended"] = table.arm == chosen(table)
    order = table.assign(first=table.arm != BASELINE, late=table.masked > 0)
    order = order.sort_values(["first", "late", "effect"], ascending=[True, True, False], kind="stable")
    return order[list(COLUMNS)].reset_index(drop=True)


def _interval(estimate: Estimate, prefix: str, compared: bool) -> dict[str, float]:
    known = compared and estimate.known
    ends = (estimate.effect, estimate.low, estimate.high) if known else (np.nan,) * 3
    return dict(zip((f"{prefix}effect", f"{prefix}low", f"{prefix}high"), ends, strict=True))


def chosen(table: pd.DataFrame) -> str | None:
    """The arm that val recommends; test is not looked at.

    >>> rows = [("baseline", 0.40, 0), ("a", 0.50, 1), ("b", 0.45, 0), ("c", 0.42, 0)]
    >>> chosen(pd.DataFrame(rows, columns=["arm", "val", "masked"]))  # a is not to be believed
    'b'
    """
    known = table.dropna(subset=["val"])
    base = known[known.arm == BASELINE]
    better = known[(known.arm != BASELINE) & (known.masked == 0)]
    if base.empty or better.empty or better.val.max() <= float(base.val.iloc[0]):
        return None
    return str(better.arm.iloc[int(np.argmax(better.val.to_numpy()))])

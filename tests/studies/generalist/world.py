"""Tables of runs in which chosen effects are planted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from assay.studies.generalist.claims import CLAIMS, judge
from assay.studies.generalist.design import ADVERSARIAL, HERO
from assay.studies.generalist.labels import ARM
from assay.studies.verdict import verdicts

ARMS = [
    *(HERO, ADVERSARIAL, "standard", "averaged", "trades", "post hoc", "no hand-back", "summed", "same settings"),
    *("every step", "anchored", "floor 0.2", "eps x 0.25", "eps x 0.5", "trades beta 1"),
]
ABOUT: dict[str, Any] = {
    "judged": 500,
    "absent": [],
    "conditions": [
        {"name": name, "label": ARM.get(name, {"en": name, "ja": name}), "role": "control", "epochs": 9}
        | {"passes": 1, "passes_before": 0}
        for name in ARMS
    ],
    "data": {"classes": list("abcdefghij")},
}
# Every arm as accurate as the mixture, but for those that show a trade-off.
USUAL = {
    **dict.fromkeys(ARMS, (0.85, 0.45)),
    **{"averaged": (0.80, 0.50), "eps x 0.5": (0.84, 0.46), "eps x 0.25": (0.88, 0.40), "standard": (0.92, 0.05)},
    **{"trades": (0.80, 0.50), "trades beta 1": (0.90, 0.40)},
}


def world(planted: dict[str, tuple[float, float]] | None = None, seeds: int = 10, draw: int = 1) -> dict[str, Any]:
    """Tables with clean and robust accuracy by arm, and learners whose risk has nothing to do with the mixture's."""
    noise, rows = np.random.default_rng(draw), []
    luck = 0.02 * noise.normal(size=(2, seeds))
    for name, (clean, robust) in (USUAL | (planted or {})).items():
        for seed in range(seeds):
            here = clean + luck[0, seed] + 0.006 * noise.normal(), robust + luck[1, seed] + 0.006 * noise.normal()
            row: dict[str, Any] = {"run": f"{name} {seed}", "condition": name, "seed": seed, "status": "finished"}
            row |= {"clean": here[0], "robust": here[1], "balanced": sum(here) / 2, "autoattack_level": "A"}
            row |= {"val_clean": clean, "val_robust": robust, "val_balanced": (clean + robust) / 2, "broke_down": False}
            rows.append(row)
    return {"runs": pd.DataFrame(rows), "learners": learners(np.zeros(seeds), noise)}


def learners(dose: np.ndarray, noise: np.random.Generator) -> pd.DataFrame:
    """Risks of learners that differ by seed, and of a global model that follows them by ``dose`` of its own."""
    rows = []
    for arm in (HERO, "no hand-back", "floor 0.2"):
        for seed, more in enumerate(dose):
            for moment in (0.25, 0.5, 0.75, 1):
                for network in ("global", "adversarial", "standard"):
                    own = more + 0.05 * noise.normal(size=2) + (0.3 if moment < 0.7 else 0.0)
                    row = {"run": f"{arm} {seed}", "condition": arm, "seed": seed, "moment": moment, "network": network}
                    rows.append(row | {"clean_loss": 0.5 + own[0], "attacked_loss": 1.5 + own[1]})
    return pd.DataFrame(rows)


def words_of(tables: dict[str, Any]) -> dict[str, tuple[str, float]]:
    """Word and effect of every claim."""
    from assay.studies.generalist import GeneralistStudy

    judged, _ = judge(ABOUT, tables)
    found = verdicts(GeneralistStudy, CLAIMS, judged, 0.05, None)
    return {verdict["claim"]: (verdict["word"], verdict["effect"]) for verdict in found}

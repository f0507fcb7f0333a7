"""Tables of the stream study in which chosen effects are planted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from assay.studies.stream.design import NAMES, NO_UPDATE, base_of


def world(
    gains: dict[tuple[str, str], float] | None = None, *, seeds: int = 12, draw: int = 1, shift: float = 0.3
) -> dict[str, pd.DataFrame]:
    """Tables of two chunks. ``gains``: what an arm has at the end more than the others under the last shift ("clean",
    "robust") or on earlier data ("earlier")."""
    noise, gains = np.random.default_rng(draw), gains or {}
    stream: list[dict[str, Any]] = []
    models: dict[str, dict[int, list[float]]] = {}  # what each run shows at each level
    runs: dict[str, dict[str, Any]] = {}
    luck = 0.02 * noise.normal(size=(seeds, 2))
    for arm in NAMES:
        for seed in range(seeds):
            for chunk in range(3):
                own = base_of(arm) if chunk == 0 or arm == NO_UPDATE else arm
                run = f"{own} {seed} {chunk if own == arm else 0}"
                tags = {"condition": arm, "design": "paired", "seed": seed, "run": run, "chunk": chunk}
                for level in range(3):
                    what = "clean" if level == 2 else "earlier"
                    more = (gains.get((arm, what), 0), gains.get((arm, "robust"), 0) * (level == 2))
                    values = [
                        0.9 - half - shift * level / 2 + luck[seed, i] + (chunk == 2) * gain + 0.004 * noise.normal()
                        for i, (half, gain) in enumerate(zip((0, 0.3), more, strict=True))
                    ]
                    clean, robust = models.setdefault(run, {}).setdefault(level, values)
                    figures = {"clean": clean, "robust": robust, "false_reject": 0.1, "escape": 0.1}
                    stream.append({**tags, "level": level, "strength": 15.0 * level, **figures})
                runs[run] = {"run": run, "condition": own, "seed": seed, "chunk": chunk, "autoattack": robust}
    table = pd.DataFrame(runs.values()).assign(status="finished", autoattack_level="A")
    return {"stream": pd.DataFrame(stream), "runs": table}

"""A folder of the remedies study that looks like the real thing, judged by the study itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from assay.studies import rebuild
from assay.studies.remedies.claims import CLAIMS
from assay.studies.remedies.design import EARLY, NAMES, TEACHERS
from assay.studies.remedies.ranking import ranking
from assay.studies.remedies.words import ARM

BASE = "baseline"
EPOCHS = np.arange(2, 61, 2)
# arm: points of robust accuracy gained, of clean accuracy, of the feature gap closed
GAINS = {"awp": (6, -2, 5), "swa": (3, 1, 2), "combination": (8, -4, 7), "more data": (5, 2, 6), "mail": (-3, -5, -1)}


def write(
    folder: Path, *, seeds: int = 10, names: tuple[str, ...] = NAMES, masked: str = "", judged: int = 128
) -> Path:
    """Write the folder and return it; one model of ``masked`` is not to be believed."""
    folder.mkdir(parents=True, exist_ok=True)
    conditions = _conditions(names)
    runs = _runs(np.random.default_rng(5), conditions, seeds, masked, judged)
    tables = {"runs": runs, "curves": _curves(runs), "ranking": ranking(runs, conditions, judged)}
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, float_format="%.6g")
    study = _study(conditions, names, seeds, judged)
    (folder / "study.json").write_text(json.dumps(study, ensure_ascii=False), encoding="utf-8")
    return rebuild(folder)


def _conditions(names: tuple[str, ...]) -> list[dict[str, Any]]:
    cost = {"epochs": 60, "passes": 414720, "passes_forward": 6.0, "passes_backward": 6.0, "passes_teachers": 0}
    found = [
        {"name": name, "label": ARM[name], "role": "base" if name == BASE else "remedy", "images": 500, **cost}
        for name in (BASE, *names)
    ]
    for each in found:
        each["images"] = 1000 if each["name"] == "more data" else 500
        each["passes_teachers"] = 200000 if each["name"] in TEACHERS else 0
    teachers = [teacher for name in names for teacher in TEACHERS.get(name, ())]
    return found + [{"name": name, "label": ARM[name], "role": "teacher"} for name in teachers]


def _runs(
    random: np.random.Generator, conditions: list[dict[str, Any]], seeds: int, masked: str, judged: int
) -> pd.DataFrame:
    rows = []
    luck = 0.01 * random.normal(size=seeds)
    for condition in conditions:
        name = condition["name"]
        robust, clean, closed = (value / 100 for value in GAINS.get(name, (0.5, 0, 0)))
        for seed in range(seeds if name != EARLY else 0):
            taught = condition["role"] == "teacher"
            end = 0.35 + robust * (name != BASE) + luck[seed] + 0.008 * random.normal()
            row = {
                **{"run": f"{random.integers(16**12):012x}", "condition": name, "design": "paired", "seed": seed},
                **{"status": "finished", "train_loss": 0.4, "train_accuracy": 0.99, "val_accuracy": 0.8},
                **{"val_cross_entropy": 0.6, "test_accuracy": 0.8 + clean, "gap": 0.1, "false_reject": 0.1},
                **{"escape": 0.2, "shift_accuracy": 0.7, "images": condition.get("images", 500), "best_epoch": 24},
                **{"drop": 0.07, "drop_flat": 0.02, "drop_corrected": 0.05, "broke_down": False, "epochs": 60},
                "passes": condition.get("passes"),
            }
            for moment, more in (("best", 0.04), ("last", 0.0)):
                figures = {
                    **{"clean": 0.8 + clean - more / 4 + 0.004 * random.normal(), "robust": end + more + 0.02},
                    **{"autoattack": end + more if judged else None, "gap_clean": 0.12 - closed},
                    **{"gap_attacked": 0.2 - closed + 0.01 * random.normal(), "val": end + more},
                }
                row |= {f"{key}_{moment}": None if taught else value for key, value in figures.items()}
                row[f"autoattack_level_{moment}"] = "X" if name == masked and seed == 0 else "A"
            rows.append(row)
    return pd.DataFrame(rows)


def _curves(runs: pd.DataFrame) -> pd.DataFrame:
    head = ("run", "condition", "design", "seed")
    rise = 1 - np.exp(-EPOCHS / 6)
    fall = np.clip(EPOCHS - 24, 0, None) / 36
    parts = []
    for row in runs[~runs.condition.str.contains("teacher")].itertuples():
        robust = np.round(rise * (row.val_last + 0.05) - 0.05 * fall, 4)
        frame = pd.DataFrame({name: getattr(row, name) for name in head} | {"epoch": EPOCHS, "share": EPOCHS / 60})
        frame = frame.assign(val_robust=robust, test_robust=robust, val_loss=1.5 - rise / 2, val_accuracy=0.8 * rise)
        parts.append(frame)
    return pd.concat(parts)


def _study(conditions: list[dict[str, Any]], names: tuple[str, ...], seeds: int, judged: int) -> dict[str, Any]:
    return {
        "study": "remedies",
        "title": {"en": "Remedies", "ja": "対策"},
        "question": {"en": "Which remedy keeps more robust accuracy?", "ja": "どの対策が頑健性を保つか。"},
        "command": "assay study remedies --data clothes",
        **{"preset": "default", "version": "0.1.0", "seeds": seeds, "level": 0.05},
        "data": {
            **{"name": "clothes", "digest": "5f0c2b" * 10, "kind": "image", "classes": list("abcdefghij")},
            **{"sizes": {"train": 1000, "val": 300, "test": 300}, "shape": [1, 8, 8], "ok": None, "warnings": []},
        },
        "model": "mlp:64",
        "recipe": {"data": "clothes", "strategy": {"kind": "adversarial"}},
        "conditions": conditions,
        "absent": [name for name in NAMES if name not in names],
        "judged": judged,
        "claims": [claim.plain() for claim in CLAIMS if claim.name in names],
        **{"metrics": [], "references": [], "plan": {"runs": 1, "smallest_p": {}}},
    }


if __name__ == "__main__":
    import sys

    write(Path(sys.argv[1]))

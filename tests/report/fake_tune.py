"""A search's folder as `assay tune` would have left it: twelve trials, good and bad, one with a dangerous name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from assay.studies.tune.goals import parse_goals
from assay.studies.tune.words import TITLE, question

LEARNED = (0.80, 0.90, 0.95, 0.85, 0.30, 0.93, 0.88, 0.91, 0.94, 0.70)  # val accuracy, the default first
DANGER = "<script>alert(1)</script>"


def write(folder: Path, goals: str = "val_accuracy, -flip_rate", told: bool = True, satisfied: bool = True) -> Path:
    """Accuracy rises with the learning rate, and so does the flip rate; trial 2 is chosen. ``told``: importances."""
    named = parse_goals(goals)
    rows: list[dict[str, Any]] = [
        {
            "trial": number, "status": "finished", "start": "default" if number == 0 else "", "run": f"run{number}",
            "lr": 1e-3 * 1.6**number, "activation": ("relu", DANGER)[number % 2],
            "val_accuracy": right, "flip_rate": 0.02 + 0.1 * right**4, "feasible": satisfied and right > 0.5,
            "front": number == 2 or number in (0, 6), "chosen": number == 2, "reason": "",
        }
        for number, right in enumerate(LEARNED)
    ]  # fmt: skip
    lost = {"val_accuracy": None, "flip_rate": None, "feasible": False, "front": False, "chosen": False, "start": ""}
    for status, reason in (("given up", "val accuracy 0.1 at 25% of training"), ("stopped", "diverged")):
        rows.append({"trial": len(rows), "status": status, "run": f"run{len(rows)}", "lr": 0.5, "activation": "relu",
                     **lost, "reason": reason})  # fmt: skip
    about = {
        "study": "tune", "title": TITLE, "question": question(named), "command": "assay tune --data parts/",
        "version": "0", "goals": [str(goal) for goal in named], "constraints": ["val_accuracy>=0.5"], "model": "mlp:8",
        "axes": {"lr": {"low": 1e-4, "high": 1.0}, "activation": {"choices": ["relu", DANGER]}},
        "data": {"name": "parts", "digest": "d", "kind": "image", "classes": ["ok", "scratch"], "warnings": [],
                 "sizes": {"train": 900, "val": 300, "test": 300}},
        "references": [],
    }  # fmt: skip
    best = rows[2]
    shares = {"shares": {"lr": 0.9, "activation": 0.1}, "explained": 0.8, "text": "lr 90%, activation 10%"}
    unknown = {"shares": None, "explained": None, "text": "cannot be told from 10 finished trials; 20 are needed"}
    found = {
        "goals": about["goals"], "constraints": about["constraints"], "satisfied": satisfied, "slack": 0.01,
        "trials": {"all": 12, "finished": 10, "given up": 1, "stopped": 1, "failed": 0, "running": 0},
        "chosen": {
            "trial": 2, "run": "run2", "is_default": False, "weights": "lab/runs/run2/weights@1.safetensors",
            "values": {key: best[key] for key in ("lr", "activation")},
            "figures": {key: best[key] for key in ("val_accuracy", "flip_rate")},
        },
        "comparison": [
            {"goal": "+val_accuracy", "figure": "test_accuracy", "chosen": 0.94, "default": 0.81, "effect": 0.13,
             "interval": [0.10, 0.16], "seeds": 5, "items": 300, "word": "better"},
            {"goal": "-flip_rate", "figure": "test_flip_rate", "chosen": 0.10, "default": 0.06, "effect": 0.04,
             "interval": [-0.01, 0.09], "seeds": 5, "items": 300, "word": "undecided"},
        ][: len(named)],
        "importance": {goal.figure: shares if told else unknown for goal in named},
        "warnings": [], "next": "assay look lab/runs/run2", "text": [],
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in (("study", about), ("result", found)):
        (folder / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    pd.DataFrame(rows).to_csv(folder / "trials.csv", index=False)
    return folder

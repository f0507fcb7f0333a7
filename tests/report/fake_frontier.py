"""A frontier's folder as `assay frontier` would have left it: two networks that blend, good and bad parts."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from assay.studies.frontier import Ask, answered
from assay.studies.frontier.words import CITED, question, title


def write(folder: Path, names: tuple[str, str] = ("adversarial", "standard"), steps: int = 11) -> Path:
    """Clean accuracy rises and robust accuracy falls on the way, bent upwards; the global model lies beside."""
    rows = []
    for number in range(steps + 1):
        blend = number < steps
        t = number / (steps - 1) if blend else 0.6
        bend = 60 * t * (1 - t) + (0 if blend else 10)
        rows.append({
            "point": number, "kind": "blend" if blend else "global", "name": "", "w1": 1 - t, "w2": t,
            "val_n": 1000, "val_right": round(800 + 150 * t + bend), "val_loss": 0.6 - 0.4 * t - 0.2 * t * (1 - t),
            "test_n": 1000, "test_right": round(795 + 150 * t + bend), "test_loss": 0.6 - 0.4 * t,
            "n_ok": 600, "false_rejects": round(60 - 40 * t), "n_faulty": 400, "escapes": round(20 - 10 * t),
            "val_attacked": 500, "val_withstood": round(260 - 240 * t * t + bend / 2),
            "test_attacked": 500, "test_withstood": round(255 - 240 * t * t + bend / 2), "level": "C",
        })  # fmt: skip
    ask = Ask(eps=8 / 255, steps=steps)
    about = {
        "study": "frontier", "title": title(), "question": question(ask.norm, ask.eps), "version": "0", "level": 0.05,
        "fingerprint": "f", "command": "assay frontier lab/runs/0", "seeds": 0, "ask": ask.plain(), "estimated": 1024,
        "places": ["lab/runs/0"], "names": list(names), "generalist": True, "model": "resnet18",
        "source": {"data": "parts/", "regroup": False, "split_seed": 0},
        "data": {
            "name": "parts", "digest": "d", "kind": "image", "classes": ["ok", "scratch"], "ok": 0, "warnings": [],
            "sizes": {"train": 3000, "val": 1000, "test": 1000}, "shape": [3, 32, 32],
        },
        "references": [{"key": key, "text": text} for key, text in CITED],
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.json").write_text(json.dumps(about), encoding="utf-8")
    pd.DataFrame(rows).to_csv(folder / "points.csv", index=False)
    answered(folder)
    return folder

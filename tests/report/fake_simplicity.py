"""A folder of the simplicity study that looks like the real thing: nineteen settings, made from a few numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

REACTS = {"relu": 3.1, "leaky_relu": 3.3, "tanh": 2.0, "sigmoid": 1.15}
RATES = {1e-5: (0.62, 0.25), 1e-4: (0.93, 0.6), 1e-3: (1.0, 1.0), 1e-2: (1.0, 2.6), 3e-2: (0.97, 5.5), 0.1: (0.5, 9.0)}
SHIFTS = (("none", 0.0), ("brightness", 0.2), ("blur", 1.0), ("noise", 0.1), ("rotate", 10.0))
TRUE = 1163.0  # bits that the true labels of the probe have
ALONG = 1051.0  # and over orders in which like inputs are neighbours

# name: (claim, claimed, threshold, margin, scale, design, what was found, word)
CLAIMS: dict[str, tuple[str, str, float, list[float], str, str, tuple[float, float, float, float], str]] = {
    "too-high-collapses": (
        "A learning rate that is too high collapses the complexity of what the model says.",
        *("below", 1.0, [0.91, 1.1], "ratio", "paired", (0.31, 0.12, 0.8, 0.004), "supported"),
    ),
    "otherwise-steady": (
        "Otherwise, activation and depth leave that complexity where it is.",
        *("below", 1.1, [1.1, 1.1], "ratio", "paired", (1.01, 1.004, 1.02, 0.002), "supported"),
    ),
    "relu-sensitive": (
        "Models with ReLU-like activations react more to small changes of the input than those with tanh or sigmoid.",
        *("above", 1.0, [0.91, 1.1], "ratio", "paired", (2.09, 1.98, 2.2, 0.002), "supported"),
    ),
    "depth-sensitive": (
        "Deeper models react more to small changes of the input.",
        *("above", 1.0, [0.91, 1.1], "ratio", "paired", (1.7, 1.6, 1.8, 0.002), "supported"),
    ),
    "complexity-and-gap": (
        "Settings with more complex outputs have a larger gap between training and test.",
        *("above", 0.0, [-0.2, 0.2], "correlation", "family", (0.3, -0.2, 0.7, 0.2), "undecided"),
    ),
    "complexity-and-shift": (
        "Settings with more complex outputs are more accurate on changed data.",
        *("above", 0.0, [-0.2, 0.2], "correlation", "family", (0.6, 0.2, 0.8, 0.01), "supported"),
    ),
    "complexity-and-alarms": (
        "Settings with more complex outputs make fewer false detections on changed data.",
        *("below", 0.0, [-0.2, 0.2], "correlation", "family", (-0.6, -0.8, -0.2, 0.01), "supported"),
    ),
    "sensitivity-and-shift": (
        "Settings that react more to small changes are less accurate on changed data.",
        *("below", 0.0, [-0.2, 0.2], "correlation", "family", (0.1, -0.4, 0.5, 0.7), "undecided"),
    ),
    "sensitivity-and-alarms": (
        "Settings that react more to small changes make more false detections on changed data.",
        *("above", 0.0, [-0.2, 0.2], "correlation", "family", (-0.5, -0.8, -0.1, 0.03), "refuted"),
    ),
}


def write(folder: Path, *, seeds: int = 10, ok: int | None = 0, production: bool = True) -> Path:
    """Write the folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(11)
    conditions = settings()
    runs = _runs(random, conditions, seeds, ok, production)
    tables = {
        "runs": runs,
        "curves": _curves(random, runs),
        "shifts": _shifts(random, runs, ok, production),
        "references": pd.DataFrame(
            {
                "answers": ["constant", "true", "shuffled", "random"],
                "complexity": [8.49, TRUE, TRUE + 3.1, TRUE + 14.0],
                "complexity_along": [8.49, ALONG, TRUE + 2.2, TRUE + 13.0],
                "zlib_probs": [0.04, 0.61, 0.62, 0.63],
                "zlib_logits": [0.04, 0.71, 0.72, 0.73],
            }
        ),
    }
    for name, table in tables.items():
        table.round(5).to_csv(folder / f"{name}.csv", index=False)
    for name, value in (("study", _study(conditions, seeds, ok)), ("verdicts", _verdicts(folder.name, seeds))):
        (folder / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return folder


def settings() -> list[dict[str, Any]]:
    """The nineteen settings, the seven rows first."""
    deep = ("128-128", "128-128-128")
    kinds = ("tanh", "sigmoid", "leaky_relu")
    rows = [("relu", "128", 1e-3), *((kind, "128", 1e-3) for kind in kinds), *(("relu", d, 1e-3) for d in deep)]
    rows.append(("relu", "128", 0.1))
    beyond = [("relu", "128", lr) for lr in (1e-5, 1e-4, 1e-2, 3e-2)]
    beyond += [(kind, d, 1e-3) for kind in kinds for d in deep] + [("relu", w, 1e-3) for w in ("32", "512")]
    return [_setting(*each, row=i < 7) for i, each in enumerate(rows + beyond)]


def _setting(activation: str, widths: str, lr: float, row: bool) -> dict[str, Any]:
    depth = len(widths.split("-"))
    english = f"{activation}, {depth} {'layer' if depth == 1 else 'layers'} ({widths}), learning rate {lr:g}"
    return {
        "name": f"{activation} [{widths}] lr {lr:g}",
        "label": {"en": english, "ja": f"{activation}、{depth}層（{widths}）、学習率{lr:g}"},
        "activation": activation,
        "widths": widths,
        "depth": depth,
        "lr": lr,
        "row": row,
    }


def _runs(
    random: np.random.Generator, conditions: list[dict[str, Any]], seeds: int, ok: int | None, production: bool
) -> pd.DataFrame:
    rows = [_run(random, c, seed, ok, production) for c in conditions for seed in range(seeds)]
    frame = pd.DataFrame(rows)
    lost = frame.index[(frame.condition == conditions[6]["name"]) & (frame.seed == 1)]
    measured = [name for name in frame.columns if name not in ("run", "condition", "design", "seed", "status")]
    frame.loc[lost, measured] = np.nan
    frame.loc[lost, "status"] = "stopped: the loss is not finite"
    return frame


def _run(random: np.random.Generator, c: dict[str, Any], seed: int, ok: int | None, production: bool) -> dict[str, Any]:
    simple, strong = RATES[c["lr"]]
    dead = c["lr"] == 0.1 and seed % 3 == 0
    width = {"32": 0.9, "512": 1.15}.get(c["widths"], 1.0)
    luck = random.normal()
    accuracy = 0.1 if dead else 0.965 - 0.35 * (1 - simple) + 0.004 * (c["depth"] - 1) + 0.003 * luck
    sensitivity = 0.0 if dead else REACTS[c["activation"]] * strong * width * 1.3 ** (c["depth"] - 1)
    sensitivity *= float(np.exp(0.05 * random.normal()))
    shift = accuracy - (0.0 if dead else 0.06 + 0.008 * sensitivity) + 0.004 * random.normal()
    row = {
        "run": f"{random.integers(16**12):012x}",
        "condition": c["name"],
        "design": "paired",
        "seed": seed,
        "status": "finished",
        "train_loss": 2.3 if dead else 0.04 + 0.9 * (1 - simple) + 0.004 * random.random(),
        "train_accuracy": 0.1 if dead else min(0.998, accuracy + 0.03) + 0.001 * random.random(),
        "val_accuracy": accuracy + 0.003 * random.normal(),
        "val_cross_entropy": 2.3 if dead else 0.14 + 0.9 * (1 - simple),
        "test_accuracy": accuracy,
        "gap": 0.0 if dead else 0.03 + 0.002 * sensitivity + 0.002 * random.normal(),
        "shift_accuracy": shift,
        "complexity": 8.49 if dead else TRUE * simple * (1 + 0.004 * random.normal()),
        "complexity_along": 8.49 if dead else ALONG * simple * (1 + 0.004 * luck),
        "zlib_probs": 0.1 if dead else 4.2 * simple + 0.1 * random.normal(),
        "zlib_logits": 0.2 if dead else 37.1 + 0.02 * random.normal(),
        "predicted_classes": 1 if dead else 10,
        "sensitivity": sensitivity,
        "sensitivity_probs": 0.0 if dead else 0.2 * sensitivity / (1 + sensitivity),
        "sensitivity_margin": np.nan if dead else 0.31 + 0.02 * random.normal(),
        "flip_rate": 0.0 if dead else 0.004 * sensitivity,
    }
    for name, level in (("", accuracy), ("shift_", shift), ("production_", shift - 0.02)):
        if name == "production_" and not production:
            continue
        row[f"{name}false_reject"] = (1 - level) * 0.8 if ok is not None else (1 - level) / 9
        row[f"{name}escape"] = (1 - level) * 1.2 if ok is not None else 1 - level
    return row | ({"production_accuracy": shift - 0.02} if production else {})


def _curves(random: np.random.Generator, runs: pd.DataFrame) -> pd.DataFrame:
    epochs, parts = np.arange(1, 21), []
    for row in runs.itertuples():
        level = row.val_cross_entropy if row.val_cross_entropy == row.val_cross_entropy else 2.0
        head = {"run": row.run, "condition": row.condition, "design": "paired", "seed": row.seed}
        fall = np.exp(-0.3 * epochs)
        parts.append(
            pd.DataFrame(
                head
                | {
                    "epoch": epochs,
                    "share": epochs / 20,
                    "train_loss": 2.2 * fall + 0.03,
                    "val_loss": (2.3 - level) * fall + level + 0.005 * random.random(20),
                    "val_accuracy": 0.96 - 0.8 * fall,
                }
            )
        )
    return pd.concat(parts)


def _shifts(random: np.random.Generator, runs: pd.DataFrame, ok: int | None, production: bool) -> pd.DataFrame:
    rows = []
    for row in runs.itertuples():
        for depth, (shift, strength) in enumerate([*SHIFTS, *([("production", 0.0)] if production else [])]):
            if row.status != "finished":
                continue
            accuracy = row.test_accuracy - 0.012 * depth + 0.004 * random.normal()
            rates = (0.8, 1.2) if ok is not None else (1 / 9, 1.0)
            rows.append(
                {
                    "run": row.run,
                    "condition": row.condition,
                    "design": row.design,
                    "shift": shift,
                    "strength": strength,
                    "accuracy": accuracy,
                    "false_reject": rates[0] * (1 - accuracy),
                    "escape": rates[1] * (1 - accuracy),
                    "n_ok": 120,
                    "n_faulty": 239,
                }
            )
    return pd.DataFrame(rows)


def _study(conditions: list[dict[str, Any]], seeds: int, ok: int | None) -> dict[str, Any]:
    names = ("claimed", "threshold", "margin", "scale", "design")
    claims = [
        {"name": name, "text": {"en": said[0], "ja": f"主張「{name}」"}, "measure": f"the measure of {name}"}
        | dict(zip(names, said[1:6], strict=True))
        | {"unit": {"en": "times", "ja": "倍"}}
        for name, said in CLAIMS.items()
    ]
    return {
        "study": "simplicity",
        "title": {"en": "Simplicity", "ja": "単純さ"},
        "question": {
            "en": "Two settings give the same accuracy: which one gives the simpler, steadier function?",
            "ja": "同じ精度の二つの設定のうち、どちらがより単純で安定した関数になるか。",
        },
        "command": "assay study simplicity --data parts",
        "preset": "default",
        "version": "0.1.0",
        "seeds": seeds,
        "level": 0.05,
        "data": {
            "name": "parts",
            "digest": "5f0c2b" * 10,
            "kind": "image",
            "classes": ["good", "scratch", "dent", "stain"] if ok is not None else [str(i) for i in range(10)],
            "sizes": {"train": 1078, "val": 360, "test": 359},
            "shape": [1, 8, 8],
            "ok": ok,
            "probe": 359,
            "warnings": [],
        },
        "model": "mlp:128",
        "recipe": {"data": "parts", "model": "mlp:128", "optimiser": {"name": "adam", "lr": 0.001}, "epochs": 20},
        "conditions": conditions,
        "claims": claims,
        "metrics": [
            {
                "name": "output_complexity",
                "summary": "Complexity of a model's answers on a probe.",
                "range": [0.0, None],
                "better": "context",
                "unit": "bits",
                "cite": "dingle2018",
                "example": "output_complexity([1, 1, 1, 1]) = 2",
            }
        ],
        "references": [{"key": "dingle2018", "text": "Dingle, Camargo, Louis 2018, Nature Communications 9:761"}],
        "plan": {"runs": seeds * len(conditions), "smallest_p": {"too-high-collapses": 2 * 0.5**seeds}},
    }


def _verdicts(folder: str, seeds: int) -> dict[str, Any]:
    found = []
    for name, (*_, design, (effect, low, high, p), word) in CLAIMS.items():
        n = seeds if design == "paired" else 19
        what = ("seeds, each with all settings", "シード") if design == "paired" else ("settings", "設定")
        more = {"en": "What would decide it: 8 more seeds (--seeds 18).", "ja": "シードをあと8個。"}
        found.append(
            {
                "claim": name,
                "word": word,
                "direction": "above",
                "effect": effect,
                "interval": [low, high],
                "p": p,
                "p_corrected": min(1.0, 9 * p),
                "n": n,
                "n_text": {"en": f"{n} {what[0]}", "ja": f"{n}{what[1]}"},
                "sentence": {"en": f"It is {effect} ({low} to {high}).", "ja": f"{effect} です（{low}〜{high}）。"},
                "meaning": {"en": "Choose the steadier of two equals.", "ja": "安定した方を選ぶこと。"},
                "next": more if word == "undecided" else None,
                "detail": {"seeds": float(seeds)},
            }
        )
    warning = {"en": "Models that give every item the same class, kept as rows: 4.", "ja": "常に同じ答えのモデル: 4。"}
    return {"study": "simplicity", "folder": folder, "verdicts": found, "warnings": [warning]}


if __name__ == "__main__":
    import sys

    write(Path(sys.argv[1]))

"""A folder of the collapse study that looks like the real thing: twenty-three settings, made from a few numbers."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

CLASSES = ("tops", "shoes", "bags")
FINE = ("shirt", "coat", "sandal", "boot", "bag")
EDGES = ((0.05, 0.011), (0.1, 0.012), (0.2, 0.02), (0.5, 0.32))  # temperature and the weight at which collapse ends

# name: (claimed, threshold, margin, scale, design, what was found, word)
CLAIMS: dict[str, tuple[str, float, list[float], str, str, tuple[float, float, float, float], str]] = {
    "free-as-foretold": ("below", 0.01, [0.01, 0.01], "share", "paired", (1e-4, 1e-5, 3e-4, 0.001), "supported"),
    "forecast-orders": ("above", 0.0, [-0.2, 0.2], "correlation", "family", (0.9, 0.7, 0.97, 0.001), "supported"),
    "spread-knows-subclasses": ("above", 0.0, [-0.01, 0.01], "share", "paired", (0.08, 0.06, 0.1, 0.002), "supported"),
    "spread-transfers": ("above", 0.0, [-0.01, 0.01], "share", "paired", (0.05, 0.02, 0.08, 0.01), "supported"),
    "spread-under-shift": ("above", 0.0, [-0.01, 0.01], "share", "paired", (0.03, -0.01, 0.07, 0.2), "undecided"),
    "middle-is-best": ("above", 0.0, [-0.01, 0.01], "share", "paired", (-0.02, -0.04, -0.01, 0.01), "refuted"),
    "middle-transfers": ("above", 0.0, [-0.01, 0.01], "share", "paired", (0.01, -0.02, 0.04, 0.4), "undecided"),
    "rare-first": ("below", 1.0, [0.91, 1.1], "ratio", "paired", (0.5, 0.4, 0.6, 0.002), "supported"),
    "noise-moves": ("apart", 1.0, [0.91, 1.1], "ratio", "paired", (1.4, 1.2, 1.7, 0.002), "supported"),
    "loss-tells": ("below", 0.0, [-0.2, 0.2], "correlation", "family", (0.1, -0.3, 0.5, 0.7), "undecided"),
}


def foretold(alpha: float, temperature: float) -> float:
    """Zero up to an edge that moves with temperature, then rising."""
    edge = max(0.0, float(np.interp(np.log(temperature), [np.log(0.2), np.log(2.0)], [0.02, 0.9])))
    return 0.0 if alpha <= edge else min(0.99, ((alpha - edge) / (1 - edge)) ** 0.5)


def write(
    folder: Path, *, seeds: int = 6, controls: bool = True, fine: bool = True, transfer: bool = True,
    kind: str = "image", classes: tuple[str, ...] = CLASSES,
) -> Path:  # fmt: skip
    """Write the folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(7)
    conditions = settings(len(classes), controls)
    runs = _runs(random, conditions, seeds, fine, transfer)
    tables = {
        "runs": runs,
        "classes": _classes(random, runs, conditions, classes),
        "free": _free(random),
        "curves": _curves(random, runs),
        "shifts": pd.DataFrame({"run": runs.run, "condition": runs.condition, "design": "paired", "shift": "none"}),
        "pictures": _pictures(random, runs, len(classes), fine, kind),
    }
    for name, table in tables.items():
        table.round(5).to_csv(folder / f"{name}.csv", index=False)
    study = _study(conditions, seeds, fine, transfer, kind, classes)
    for name, value in (("study", study), ("verdicts", _verdicts(folder.name, seeds))):
        (folder / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return folder


def settings(m: int, controls: bool) -> list[dict[str, Any]]:
    """The settings, those that are compared first."""
    grid = [("SupCon", "SupCon", 0.01, 0.1), ("forecast", "weight from the forecast", 0.1, 0.1)]
    grid += [("instances only", "images only (weight 1)", 1.0, 0.1)]
    pairs = [(0.1, 0.2), (0.75, 0.1), (0.5, 0.1), (0.1, 0.05), (0.1, 0.5), (0.5, 0.05), (0.5, 0.2), (0.5, 0.5)]
    grid += [(f"weight {a:g} at {t:g}", f"weight {a:g}, temperature {t:g}", a, t) for a, t in pairs]
    found = [_setting(name, label, "grid", a, t, [foretold(a, t)] * m) for name, label, a, t in grid]
    if not controls:
        return found
    plain = ("spread term", "SINCERE", "with cross-entropy", "cross-entropy")
    found += [_setting(name, name, "remedy") for name in plain]
    found += [_setting(name, name, "remedy", 0.01, 0.1, [0.0] * m) for name in ("strong views", "larger embedding")]
    base = foretold(0.5, 0.1)
    uneven = [base * (1.1 - 0.6 * i / (m - 1)) for i in range(m)]
    found += [_setting("label noise", "20% wrong labels", "control", 0.5, 0.1)]
    found += [_setting("imbalanced", "imbalanced, random batches", "control", 0.5, 0.1, uneven)]
    others = ("imbalanced, balanced batches", "small batches", "no projector")
    return found + [_setting(name, name, "control", 0.5, 0.1, [base] * m) for name in others]


def _setting(
    name: str, label: str, role: str, alpha: float | None = None, temperature: float | None = None,
    within: list[float] | None = None,
) -> dict[str, Any]:  # fmt: skip
    phase = None if within is None else "collapse" if max(within) == 0 else "spread"
    return {
        "name": name,
        "label": {"en": label, "ja": f"「{label}」"},
        "role": role,
        "alpha": alpha,
        "temperature": temperature,
        "phase": phase,
        "within": within,
        "alpha_c": dict(EDGES).get(temperature) if role == "grid" and temperature else None,
        "tau_c": 0.3,
    }


def _runs(
    random: np.random.Generator, conditions: list[dict[str, Any]], seeds: int, fine: bool, transfer: bool
) -> pd.DataFrame:
    rows = []
    for c in conditions:
        told = float(np.mean(c["within"])) if c["within"] else None
        left = 0.03 + 0.6 * (told if told is not None else 0.15)
        for seed in range(seeds):
            luck = np.random.default_rng(seed).normal()  # what a seed brings to every setting
            within = left * float(np.exp(0.06 * random.normal()))
            known = 0.7 + 0.5 * within - 0.6 * within**2 + 0.01 * luck + 0.003 * random.normal()
            rows.append(
                {
                    "run": f"{random.integers(16**12):012x}",
                    **{"condition": c["name"], "design": "paired", "seed": seed, "status": "finished"},
                    **{"train_loss": 5 + 2 * within + 0.1 * random.random(), "train_accuracy": 0.99},
                    **{"val_accuracy": 0.93 + 0.005 * random.normal(), "val_cross_entropy": 0.2, "gap": 0.05},
                    "test_accuracy": 0.94 - 0.05 * within + 0.004 * luck,
                    **{"false_reject": 0.02, "escape": 0.05, "shift_accuracy": 0.8},
                    **{"predicted": told, "within_train": within, "within": 1.1 * within, "feature_share": 0.7},
                    **{"quotient": within, "cdnv": within, "directional_cdnv": within / 3},
                    **{"nc1": 0.1 + 0.02 * random.random(), "etf_distance": 0.1, "rank": 9 + within, "rank_within": 8},
                    "view_variance": within / 4,
                    "fine_accuracy": known if fine else None,
                    "fine_worst": known - 0.15 if fine else None,
                    "fine_shifted": known - 0.1 + 0.01 * random.normal() if fine else None,
                    "transfer_accuracy": known - 0.05 if transfer else None,
                    "transfer_few": known - 0.2 if transfer else None,
                }
            )
    frame = pd.DataFrame(rows)
    lost = frame.index[(frame.condition == conditions[-1]["name"]) & (frame.seed == 1)]
    kept = ("run", "condition", "design", "seed", "status", "predicted")
    frame.loc[lost, [name for name in frame.columns if name not in kept]] = np.nan
    frame.loc[lost, "status"] = "stopped: the loss is not finite"
    return frame


def _classes(
    random: np.random.Generator, runs: pd.DataFrame, conditions: list[dict[str, Any]], classes: tuple[str, ...]
) -> pd.DataFrame:
    of = {c["name"]: c for c in conditions}
    rows = []
    for row in runs.itertuples():
        uneven = row.condition.startswith("imbalanced")
        told = of[row.condition]["within"]
        for label, name in enumerate(classes):
            share = 1 - 0.8 * label / (len(classes) - 1) if uneven else 1.0
            within = row.within_train * (share if row.condition == "imbalanced" else 1.0)
            rows.append(
                {
                    **{"run": row.run, "condition": row.condition, "seed": row.seed, "label": label, "name": name},
                    "train_count": int(300 * share),
                    "predicted": told[label] if told else None,
                    "within_train": within * (1 + 0.05 * random.normal()),
                    "within": within,
                }
            )
    return pd.DataFrame(rows)


def _free(random: np.random.Generator) -> pd.DataFrame:
    told = np.concatenate([np.zeros(6), np.linspace(0.03, 0.6, 12)])
    return pd.DataFrame(
        {
            **{"classes": 3, "per_class": 4, "views": 2, "alpha": np.linspace(0.1, 0.9, 18), "temperature": 0.5},
            "alpha_c": 0.4,
            "phase": ["collapse"] * 6 + ["view-spread"] * 3 + ["spread"] * 9,
            "predicted": told,
            "measured": np.abs(told + 0.001 * random.normal(size=18)),
        }
    )


def _curves(random: np.random.Generator, runs: pd.DataFrame) -> pd.DataFrame:
    epochs = np.arange(1, 11)
    head = ("run", "condition", "design", "seed")
    return pd.concat(
        pd.DataFrame(
            {name: getattr(row, name) for name in head}
            | {"epoch": epochs, "share": epochs / 10, "train_loss": 7 - 0.1 * epochs}
            | {"val_loss": 0.2 + np.exp(-0.4 * epochs) + 0.01 * random.random(10), "val_accuracy": 0.9}
        )
        for row in runs.itertuples()
    )


def _pictures(random: np.random.Generator, runs: pd.DataFrame, m: int, fine: bool, kind: str) -> pd.DataFrame:
    rows = []
    for name, width in (("SupCon", 0.03), ("forecast", 0.25)):
        part = runs[runs.condition == name]
        for index in range(60):
            label = index % m
            turn = 2 * np.pi * label / m
            rows.append(
                {
                    **{"run": part.run.iloc[0], "condition": name, "index": index, "label": label},
                    "fine": 2 * label + (index // m) % 2 if fine else None,
                    "x": np.cos(turn) + width * random.normal(),
                    "y": np.sin(turn) + width * random.normal(),
                    "thumbnail": _thumbnail(index) if kind == "image" else "",
                }
            )
    return pd.DataFrame(rows)


def _thumbnail(index: int) -> str:
    pixels = np.random.default_rng(index).integers(0, 256, size=(8, 8)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def _study(
    conditions: list[dict[str, Any]], seeds: int, fine: bool, transfer: bool, kind: str, classes: tuple[str, ...]
) -> dict[str, Any]:
    names = ("claimed", "threshold", "margin", "scale", "design")
    claims = [
        {"name": name, "text": {"en": f"The claim {name}.", "ja": f"主張「{name}」"}, "measure": f"measure of {name}"}
        | dict(zip(names, said[:5], strict=True))
        | {"unit": {"en": "share", "ja": "割合"}}
        for name, said in CLAIMS.items()
    ]
    weights, heats = np.linspace(0, 1, 11), np.geomspace(0.02, 2, 9)
    return {
        "study": "collapse",
        "title": {"en": "Collapse", "ja": "崩壊"},
        "question": {
            "en": "Does training throw away the differences inside a class, and what prevents it?",
            "ja": "学習はクラス内部の違いを捨ててしまうか。それを防ぐには何が必要か。",
        },
        "command": "assay study collapse --data clothes@coarse",
        **{"preset": "default", "version": "0.1.0", "seeds": seeds, "level": 0.05},
        "data": {
            **{"name": "clothes@coarse", "digest": "5f0c2b" * 10, "kind": kind, "classes": list(classes)},
            **{"sizes": {"train": 900, "val": 300, "test": 300}, "shape": [1, 8, 8], "ok": None, "warnings": []},
        },
        "model": "mlp:128-64+projector",
        "recipe": {"data": "clothes@coarse", "strategy": {"kind": "contrastive", "alpha": "auto"}},
        **{"conditions": conditions, "base_arm": "weight 0.5 at 0.1", "transfer": "digits" if transfer else None},
        "fine": list(FINE) if fine else [],
        "phase": [[float(a), float(t), foretold(float(a), float(t))] for a in weights for t in heats],
        "claims": claims,
        "metrics": [
            {
                **{"name": "nc1", "summary": "NC1, neural collapse.", "range": [0.0, None], "better": "context"},
                **{"unit": "ratio", "cite": "papyan2020", "example": "nc1(...) = 0.0625"},
            }
        ],
        "references": [{"key": "lee2025", "text": "Lee, Oh, Lee, Sohn 2025, AISTATS"}],
        "plan": {"runs": seeds * len(conditions), "smallest_p": {"middle-is-best": 2 * 0.5**seeds}},
    }


def _verdicts(folder: str, seeds: int) -> dict[str, Any]:
    found = []
    for name, (*_, design, (effect, low, high, p), word) in CLAIMS.items():
        n = seeds if design == "paired" else 18
        more = {"en": "What would decide it: 8 more seeds (--seeds 18).", "ja": "シードをあと8個。"}
        found.append(
            {
                **{"claim": name, "word": word, "direction": "above", "effect": effect, "interval": [low, high]},
                **{"p": p, "p_corrected": min(1.0, 9 * p), "n": n, "n_text": {"en": f"{n} seeds", "ja": f"{n}シード"}},
                "sentence": {"en": f"It is {effect} ({low} to {high}).", "ja": f"{effect} です（{low}〜{high}）。"},
                "meaning": {"en": "Do not train to collapse.", "ja": "崩壊させないこと。"},
                "next": more if word == "undecided" else None,
                "detail": {"seeds": float(seeds)},
            }
        )
    return {"study": "collapse", "folder": folder, "verdicts": found, "warnings": []}


if __name__ == "__main__":
    import sys

    write(Path(sys.argv[1]))

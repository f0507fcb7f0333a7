"""A study folder that looks like the real thing: thirteen conditions, two designs, made from a few random numbers."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

LAYERS = ("act1", "act2")
SHIFTS = (("none", 0.0), ("brightness", 0.2), ("blur", 1.0), ("noise", 0.1), ("shift", 1.0), ("rotate", 10.0))
KINDS = (
    ("fork", ""),
    ("activation", "tanh"),
    ("activation", "sigmoid"),
    ("loss", "squared_error"),
    ("loss", "multi_margin"),
    ("both", "tanh+squared_error"),
)
REACH = {
    "none": 0.0,
    "": 0.05,
    "tanh": 0.32,
    "sigmoid": 0.5,
    "squared_error": 0.18,
    "multi_margin": 0.1,
    "tanh+squared_error": 0.42,
}
CLASSES = {"image": ("good", "scratch", "dent", "stain"), "table": ("malignant", "benign")}


def write(
    folder: Path,
    *,
    seeds: int = 12,
    kind: str = "image",
    ok: int | None = 0,
    production: bool = True,
    classes: tuple[str, ...] | None = None,
) -> Path:
    """Write the folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(7)
    names = classes or CLASSES[kind]
    conditions = _conditions()
    study = _study(conditions, seeds, kind, ok, names)
    runs = _runs(random, conditions, seeds, ok, production)
    tables = {
        "runs": runs,
        "pairs": _pairs(random, runs, conditions),
        "moments": _moments(random, conditions, seeds),
        "layers": _layers(random, conditions),
        "curves": _curves(random, runs),
        "shifts": _shifts(random, runs, ok, production),
        "samples": _samples(random, kind, names),
        "classes": _classes(random, names),
    }
    for name, table in tables.items():
        table.round(5).to_csv(folder / f"{name}.csv", index=False)
    for name, value in (("study", study), ("verdicts", _verdicts(folder)), ("provenance", _provenance())):
        (folder / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return folder


def _conditions() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "name": "none",
            "label": {"en": "no stress", "ja": "ストレスなし"},
            "stress": "none",
            "kind": "none",
            "at": None,
        }
    ]
    what = {"activation": "活性化", "loss": "損失", "both": "両方"}
    for stress, kind in KINDS:
        for at in (0.25, 0.75):
            english = f"other chance from {at:.0%}" if stress == "fork" else f"{stress} to {kind} at {at:.0%}"
            japanese = f"{at:.0%}から偶然のみ変更" if stress == "fork" else f"{at:.0%}で{what[stress]}を{kind}に変更"
            name = f"fork@{at:g}" if stress == "fork" else f"{stress}:{kind}@{at:g}"
            label = {"en": english, "ja": japanese}
            found.append({"name": name, "label": label, "stress": stress, "kind": kind, "at": at})
    return found


def _claim(
    name: str,
    en: str,
    ja: str,
    measure: str,
    threshold: float,
    margin: list[float],
    unit: tuple[str, str],
    scale: str,
    design: str,
) -> dict[str, Any]:
    return {
        "name": name,
        "text": {"en": en, "ja": ja},
        "measure": measure,
        "claimed": "above",
        "threshold": threshold,
        "margin": margin,
        "unit": {"en": unit[0], "ja": unit[1]},
        "scale": scale,
        "design": design,
    }


def _study(
    conditions: list[dict[str, Any]], seeds: int, kind: str, ok: int | None, classes: tuple[str, ...]
) -> dict[str, Any]:
    claims = [
        _claim(
            "stress-moves",
            "Stress in training moves a model further than chance does",
            "学習中のストレスは偶然より大きくモデルを動かす",
            "distance to the unstressed twin, stressed over forked",
            1.0,
            [0.9, 1.11],
            ("times as far", "倍"),
            "ratio",
            "paired",
        ),
        _claim(
            "places-differ",
            "A stressed model ends in a family of its own",
            "ストレスを受けたモデルは別の系統に移る",
            "share of the differences between models that conditions explain, beyond chance",
            0.0,
            [-0.05, 0.05],
            ("of the differences", "(差の割合)"),
            "share",
            "family",
        ),
        _claim(
            "unhappy-vary-more",
            "Models that generalise badly differ more from one another",
            "汎化しないモデルどうしは互いにより異なる",
            "mean distance to the centre, unhappy over happy, within a condition",
            1.0,
            [0.9, 1.11],
            ("times as wide", "倍"),
            "ratio",
            "family",
        ),
        _claim(
            "worse-is-wider",
            "Conditions with lower accuracy have wider families",
            "正解率が低い条件ほど系統が広がる",
            "rank correlation of spread with error over conditions",
            0.0,
            [-0.1, 0.1],
            ("rank correlation", "(順位相関)"),
            "correlation",
            "family",
        ),
        _claim(
            "movers-misjudge",
            "At equal accuracy, a model that moved further makes more false detections on shifted data",
            "正解率が同じでも、大きく動いたモデルほどずれたデータで誤検出が多い",
            "partial rank correlation within condition, accuracy held",
            0.0,
            [-0.1, 0.1],
            ("rank correlation", "(順位相関)"),
            "correlation",
            "paired",
        ),
    ]
    shape = [1, 8, 8] if kind == "image" else [30]
    return {
        "study": "families",
        "title": {"en": "Families of models", "ja": "モデルの系統"},
        "question": {
            "en": "Do models that generalise resemble one another inside, and does stress move a model elsewhere?",
            "ja": "汎化するモデルどうしは内部が似ているのか。学習中のストレスはモデルを別の系統へ移すのか。",
        },
        "command": f"assay study families --data {'parts' if kind == 'image' else 'cells'}",
        "preset": "default",
        "version": "0.1.0",
        "seeds": seeds,
        "level": 0.05,
        "data": {
            "name": "parts" if kind == "image" else "cells",
            "digest": "5f0c2b" * 10,
            "kind": kind,
            "classes": list(classes),
            "sizes": {"train": 1078, "val": 360, "test": 359, "production": 240},
            "shape": shape,
            "ok": ok,
            "probe": 256,
            "warnings": [],
        },
        "model": "mlp:128-64",
        "layers": list(LAYERS),
        "primary_layer": "act2",
        "recipe": {
            "data": "parts",
            "model": {"kind": "mlp", "hidden": [128, 64], "activation": "relu"},
            "strategy": {"kind": "standard", "loss": {"kind": "cross_entropy"}},
            "optimiser": {"kind": "adam", "lr": 0.001, "batch": 64},
            "epochs": 40,
            "interventions": [],
            "seed": 0,
        },
        "conditions": conditions,
        "claims": claims,
        "metrics": [
            {
                "name": "linear_cka",
                "summary": "How alike two representations of the same samples are.",
                "range": [0.0, 1.0],
                "better": "context",
                "unit": "",
                "cite": "kornblith2019",
                "example": "linear_cka([[0], [1]], [[0], [2]]) = 1",
            },
            {
                "name": "disagreement",
                "summary": "Share of samples that two models label differently.",
                "range": [0.0, 1.0],
                "better": "context",
                "unit": "share",
                "cite": "",
                "example": "disagreement([0, 1], [0, 0]) = 0.5",
            },
        ],
        "references": [
            {
                "key": "kornblith2019",
                "text": "Kornblith et al. (2019). Similarity of neural network representations revisited. ICML.",
            },
            {
                "key": "anderson2006",
                "text": "Anderson (2006). Tests for homogeneity of multivariate dispersions. Biometrics.",
            },
        ],
        "plan": {
            "runs": 13 * seeds * 2,
            "smallest_p": {"paired": 0.5**seeds, "family": 0.0001},
            "detectable": {"paired": 1.1},
        },
    }


def _position(conditions: list[dict[str, Any]]) -> np.ndarray:
    direction = {
        "none": (0, 0, 0),
        "fork": (0.2, 0.2, 0),
        "activation": (1, 0.1, 0),
        "loss": (-0.2, 1, 0.2),
        "both": (0.75, -0.8, 0.3),
    }
    late = {0.25: 1.0, 0.75: 0.55, None: 0.0}
    return np.array([np.array(direction[c["stress"]]) * REACH[c["kind"]] * late[c["at"]] for c in conditions])


def _runs(
    random: np.random.Generator, conditions: list[dict[str, Any]], seeds: int, ok: int | None, production: bool
) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for design in ("paired", "family"):
        for c in conditions:
            reach = REACH[c["kind"]] * {0.25: 1.0, 0.75: 0.55, None: 0.0}[c["at"]]
            for seed in range(seeds):
                luck = random.normal()
                accuracy = 0.966 - 0.05 * reach + 0.006 * luck
                moved = max(0.0, reach * (1 + 0.18 * random.normal()) + 0.02 * abs(random.normal()))
                shift = accuracy - 0.08 - 0.12 * moved + 0.012 * random.normal()
                row = {
                    "run": f"{random.integers(16**12):012x}",
                    "condition": c["name"],
                    "stress": c["stress"],
                    "design": design,
                    "seed": seed if design == "paired" else 1000 + len(rows),
                    "family": "",
                    "status": "finished",
                    "train_loss": 0.03 + 0.02 * random.random(),
                    "train_accuracy": 0.994 + 0.003 * random.random(),
                    "val_accuracy": accuracy + 0.004 * random.normal(),
                    "val_cross_entropy": 0.14 + 0.1 * reach - 0.015 * luck,
                    "test_accuracy": accuracy,
                    "gap": 0.995 - accuracy,
                    "density": 3.1 + 0.6 * reach + 0.1 * random.normal(),
                    "correlation": 0.42 - 0.2 * reach + 0.02 * random.normal(),
                    "movement": moved if design == "paired" and c["stress"] != "none" else np.nan,
                    "shift_accuracy": shift,
                }
                for name, level in (("", accuracy), ("shift_", shift), ("production_", shift - 0.02)):
                    if name == "production_" and not production:
                        continue
                    row[f"{name}false_reject"] = (1 - level) * 0.8 if ok is not None else np.nan
                    row[f"{name}escape"] = (1 - level) * 1.2 if ok is not None else np.nan
                if production:
                    row["production_accuracy"] = shift - 0.02
                rows.append(row)
    frame = pd.DataFrame(rows)
    family = frame[frame.design == "family"]
    rank = family.groupby("condition").val_cross_entropy.rank(pct=True)
    frame.loc[family.index, "family"] = np.where(rank <= 0.34, "happy", np.where(rank > 0.66, "unhappy", "middle"))
    frame.loc[frame.index[40], ["status", "test_accuracy", "val_accuracy"]] = [
        "stopped: the loss is not finite",
        np.nan,
        np.nan,
    ]
    return frame


def _pairs(random: np.random.Generator, runs: pd.DataFrame, conditions: list[dict[str, Any]]) -> pd.DataFrame:
    family = runs[runs.design == "family"]
    place = dict(zip([c["name"] for c in conditions], _position(conditions), strict=True))
    width = family.family.map({"happy": 0.6, "middle": 0.8, "unhappy": 1.15}).to_numpy()
    centres = np.stack([place[name] for name in family.condition])
    points = np.hstack([centres, np.zeros((len(family), 4))]) + 0.05 * width[:, None] * random.normal(
        size=(len(family), 7)
    )
    a, b = np.triu_indices(len(family), 1)
    distance = np.tanh(0.12 + np.linalg.norm(points[a] - points[b], axis=1))
    run = family.run.to_numpy()
    return pd.DataFrame(
        {
            "run_a": run[a],
            "run_b": run[b],
            "layer": "act2",
            "cka_distance": distance,
            "debiased_cka": 1 - distance**2,
            "angle": distance * np.pi / 2,
            "disagreement": 0.1 * distance,
        }
    )


def _moments(random: np.random.Generator, conditions: list[dict[str, Any]], seeds: int) -> pd.DataFrame:
    rows = []
    for c in conditions[1:]:
        at = c["at"]
        times = sorted({0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0})
        for seed in range(seeds):
            scale = 1 + 0.15 * random.normal()
            for layer in LAYERS:
                for share in times:
                    for side in ("before", "after") if share == at else ("after" if share >= at else "before",):
                        since = max(0.0, share - at) if side == "after" else 0.0
                        jump = 0.25 if c["stress"] in ("activation", "both") and side == "after" else 0.0
                        far = (
                            REACH[c["kind"]] * (jump + (1 - jump) * (1 - np.exp(-6 * since)))
                            if side == "after"
                            else 0.0
                        )
                        noise = 0.0 if far == 0 else 0.01 * abs(random.normal())
                        rows.append(
                            {
                                "run": f"{c['name']}/{seed}",
                                "condition": c["name"],
                                "seed": seed,
                                "moment": f"{share:g}-" if share == at and side == "before" else f"{share:g}",
                                "share": share,
                                "side": side,
                                "layer": layer,
                                "from_twin": far * scale * (0.8 if layer == "act1" else 1.0) + noise,
                                "from_start": far * scale + 0.1 * since,
                                "test_accuracy": 0.5 + 0.46 * (1 - np.exp(-5 * share)) - 0.05 * far,
                            }
                        )
    return pd.DataFrame(rows)


def _layers(random: np.random.Generator, conditions: list[dict[str, Any]]) -> pd.DataFrame:
    points, rows = _position(conditions), []
    for layer, factor in zip(LAYERS, (0.7, 1.0), strict=True):
        for i, a in enumerate(conditions):
            for j, b in enumerate(conditions):
                far = factor * float(np.linalg.norm(points[i] - points[j]))
                rows.append(
                    {
                        "condition_a": a["name"],
                        "condition_b": b["name"],
                        "layer": layer,
                        "cka": 0.96 - 0.1 * factor - far,
                        "spread": 0.12 * factor + 0.1 * REACH[a["kind"]] if i == j else np.nan,
                    }
                )
    return pd.DataFrame(rows)


def _curves(random: np.random.Generator, runs: pd.DataFrame) -> pd.DataFrame:
    epochs = np.arange(1, 41)
    parts = []
    for row in runs.itertuples():
        share = epochs / 40
        level = row.test_accuracy if row.test_accuracy == row.test_accuracy else 0.9
        accuracy = level * (1 - 0.6 * np.exp(-9 * share)) + 0.004 * random.normal(size=40)
        parts.append(
            pd.DataFrame(
                {
                    "run": row.run,
                    "condition": row.condition,
                    "design": row.design,
                    "seed": row.seed,
                    "epoch": epochs,
                    "share": share,
                    "train_loss": 2.2 * np.exp(-7 * share) + 0.03,
                    "val_loss": 2.2 * np.exp(-7 * share) + row.val_cross_entropy + 0.01 * random.normal(size=40),
                    "val_accuracy": accuracy.clip(0, 1),
                }
            )
        )
    return pd.concat(parts)


def _shifts(random: np.random.Generator, runs: pd.DataFrame, ok: int | None, production: bool) -> pd.DataFrame:
    rows = []
    sets = [*SHIFTS, *([("production", 0.0)] if production else [])]
    for row in runs.itertuples():
        for depth, (shift, strength) in enumerate(sets):
            moved = row.movement if row.movement == row.movement else 0.1
            accuracy = 0.966 - 0.012 * depth * (1 + 3 * moved) + 0.006 * random.normal()
            rates = (0.8 * (1 - accuracy), 1.2 * (1 - accuracy)) if ok is not None else (np.nan, np.nan)
            rows.append(
                {
                    "run": row.run,
                    "condition": row.condition,
                    "design": row.design,
                    "shift": shift,
                    "strength": strength,
                    "accuracy": accuracy,
                    "false_reject": rates[0],
                    "escape": rates[1],
                    "n_ok": 120,
                    "n_faulty": 239,
                }
            )
    return pd.DataFrame(rows)


def _samples(random: np.random.Generator, kind: str, classes: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    moved = np.sort(random.gamma(2.0, 0.08, size=256))[::-1]
    for index, value in enumerate(moved):
        label = int(random.integers(len(classes)))
        shown = kind == "image" and (index < 24 or index >= 248)
        rows.append(
            {
                "index": index,
                "label": label,
                "name": f"lot-{index % 7}/part-{index:04d}.png",
                "moved": value,
                "flips": round(min(1.0, value) * random.random(), 2),
                "predicted": int(random.integers(len(classes))) if value > 0.3 else label,
                "thumbnail": _thumbnail(random, label) if shown else "",
            }
        )
    return pd.DataFrame(rows)


def _thumbnail(random: np.random.Generator, label: int) -> str:
    y, x = np.mgrid[0:8, 0:8]
    ring = np.abs(np.hypot(x - 3.5, y - 3.5) - 1.2 - 0.5 * label) < 0.8
    pixels = (ring * 190 + random.integers(0, 60, size=(8, 8))).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def _classes(random: np.random.Generator, classes: tuple[str, ...]) -> pd.DataFrame:
    moved = random.gamma(4.0, 0.05, size=len(classes))
    return pd.DataFrame(
        {"label": range(len(classes)), "name": classes, "moved": moved, "flips": moved / 6, "n": [64] * len(classes)}
    )


def _verdict(
    claim: str, word: str, numbers: tuple[float, float, float, float], texts: tuple[str, ...], next_: Any = None
) -> dict[str, Any]:
    effect, low, high, p = numbers
    return {
        "claim": claim,
        "word": word,
        "direction": "above",
        "effect": effect,
        "interval": [low, high],
        "p": p,
        "p_corrected": min(1.0, 5 * p),
        "n": 12,
        "n_text": {"en": texts[0], "ja": texts[1]},
        "sentence": {"en": texts[2], "ja": texts[3]},
        "meaning": {"en": texts[4], "ja": texts[5]},
        "next": next_,
        "detail": {"seeds": 12.0},
    }


def _verdicts(folder: Path) -> dict[str, Any]:
    verdicts = [
        _verdict(
            "stress-moves",
            "supported",
            (4.83, 4.1, 5.62, 0.0005),
            (
                "12 pairs of twins",
                "双子 12 組",
                "Stressed models end 4.8 times as far from their twins as forked ones, 4.1 to 5.6.",
                "ストレスを受けたモデルは分岐だけのモデルの 4.8 倍 (4.1〜5.6) 双子から離れる。",
                "A change in mid-training leaves a trace that the usual noise between seeds does not explain.",
                "学習途中の設定変更は、シード間の揺らぎでは説明できない跡を残す。",
            ),
        ),
        _verdict(
            "places-differ",
            "supported",
            (0.62, 0.55, 0.68, 0.0001),
            (
                "156 models, each with a seed of its own",
                "シードの異なる 156 モデル",
                "The condition explains 62 % of the differences between models, 55 % to 68 %.",
                "モデル間の差の 62 % (55〜68 %) は条件で説明される。",
                "Two models with the same accuracy are not interchangeable here: how they were trained shows inside.",
                "正解率が同じでも交換可能ではない。学習のしかたが内部に表れている。",
            ),
        ),
        _verdict(
            "unhappy-vary-more",
            "supported",
            (1.43, 1.21, 1.7, 0.002),
            (
                "52 happy and 52 unhappy models in 13 conditions",
                "13 条件の良いモデル 52 と悪いモデル 52",
                "Unhappy models spread 1.4 times as wide as happy ones, 1.2 to 1.7.",
                "悪いモデルの広がりは良いモデルの 1.4 倍 (1.2〜1.7)。",
                "Good models are alike; bad ones are each bad in their own way. Check a bad model by itself.",
                "良いモデルは似ており、悪いモデルはそれぞれ違う。悪いモデルは個別に調べること。",
            ),
        ),
        _verdict(
            "worse-is-wider",
            "undecided",
            (0.31, -0.24, 0.71, 0.14),
            (
                "13 conditions",
                "13 条件",
                "Spread goes with error at a rank correlation of 0.3, -0.2 to 0.7.",
                "広がりと誤りの順位相関は 0.3 (-0.2〜0.7)。",
                "The conditions are too few to tell whether width of a family warns of lower accuracy.",
                "系統の広さが正解率の低下を知らせるかは、条件が少なく判断できない。",
            ),
            {
                "en": "What would decide it: about 8 more seeds, roughly 40 minutes.",
                "ja": "判断に必要なこと: シードを約 8 個増やすこと (約 40 分)。",
            },
        ),
        _verdict(
            "movers-misjudge",
            "refuted",
            (0.02, -0.05, 0.08, 0.6),
            (
                "144 pairs of twins in 12 conditions",
                "12 条件の双子 144 組",
                "At equal accuracy, movement and false detections correlate at 0.02, -0.05 to 0.08.",
                "正解率をそろえると、移動と誤検出の順位相関は 0.02 (-0.05〜0.08)。",
                "How far a model moved does not tell how it will do on shifted data; test it there.",
                "どれだけ動いたかは、ずれたデータでの成績を教えない。直接試すこと。",
            ),
        ),
    ]
    warnings = [
        {
            "en": "1 of 312 runs stopped because its loss was not finite; it is left out of every figure.",
            "ja": "312 件中 1 件は損失が発散して停止し、すべての図から除いた。",
        }
    ]
    return {"study": "families", "folder": str(folder.name), "verdicts": verdicts, "warnings": warnings}


def _provenance() -> dict[str, Any]:
    return {
        "python": "3.11.9",
        "torch": "2.13.0",
        "numpy": "2.4.6",
        "platform": "Linux x86_64",
        "threads": 1,
        "device": "cpu",
        "started": 1768035600.0,
        "finished": 1768036032.0,
        "seconds_training": 312.4,
        "seconds_observing": 71.2,
        "runs_trained": 312,
        "runs_reused": 0,
        "study_fingerprint": "3c1e5a0f9b21",
    }


if __name__ == "__main__":
    import sys

    write(Path(sys.argv[1]), kind=sys.argv[2] if len(sys.argv) > 2 else "image")

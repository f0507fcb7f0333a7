"""A folder of the overfitting study that looks like the real thing: fourteen arms, made from a few numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

CLASSES = ("shirt", "coat", "sandal", "boot", "bag")
EPOCHS = np.arange(2, 61, 2)
ONSET = 24
IMAGES, ALL = 500, 1000
LAYERS = ("act1", "act2", "act3")
CHANNELS = 24

# name: (label, role, share of the images, points lost after the best look, gap of features)
ARMS: dict[str, tuple[str, str, float, float, float]] = {
    "baseline": ("adversarial training", "base", 1.0, 8.0, 12.0),
    "natural training": ("natural training", "reference", 1.0, 0.0, 5.0),
    "images x 0.5": ("0.5 of the images", "data", 0.5, 11.0, 16.0),
    "images x 0.25": ("0.25 of the images", "data", 0.25, 14.0, 20.0),
    "wrong labels": ("10% wrong labels", "data", 1.0, 12.0, 17.0),
    "imbalanced": ("uneven classes", "data", 0.6, 10.0, 15.0),
    "narrow": ("half of the images, one lighting", "data", 0.5, 13.0, 18.0),
    "drop both": ("easy images left out", "factor", 1.0, 2.0, 8.0),
    "drop perturbation": ("easy images not attacked", "factor", 1.0, 5.0, 9.0),
    "noise instead": ("easy images with random noise", "control", 1.0, 5.5, 9.5),
    "older perturbation": ("easy images attacked as at the onset", "control", 1.0, 7.5, 11.0),
    "drop at random": ("as many left out at random", "control", 1.0, 7.0, 11.5),
    "fork": ("other chance from the onset", "control", 1.0, 8.1, 12.2),
    "drop both below 1": ("left out below 1 of chance", "control", 1.0, 3.0, 8.5),
}
SIZES = ("baseline", "natural training", "images x 0.5", "images x 0.25")  # what a pilot has

# name: (design, scale, what was found, word)
CLAIMS: dict[str, tuple[str, str, tuple[float, float, float, float], str]] = {
    "occurs": ("paired", "share", (0.08, 0.06, 0.1, 0.002), "supported"),
    "natural-data": ("paired", "share", (0.05, 0.03, 0.07, 0.002), "supported"),
    "not-perturbation": ("paired", "share", (0.03, 0.01, 0.05, 0.004), "supported"),
    "perturbation-features": ("paired", "share", (0.001, -0.01, 0.012, 0.8), "refuted"),
    "gap-with-drop": ("family", "correlation", (0.9, 0.7, 0.97, 0.001), "supported"),
    "less-data": ("paired", "share", (0.06, 0.03, 0.09, 0.002), "supported"),
    "wrong-labels": ("paired", "share", (0.02, -0.01, 0.05, 0.2), "undecided"),
    "narrow": ("paired", "share", (0.02, -0.02, 0.06, 0.3), "undecided"),
}


def write(
    folder: Path,
    *,
    seeds: int = 6,
    pilot: bool = False,
    judged: int = 100,
    images: int = IMAGES,
    classes: tuple[str, ...] = CLASSES,
) -> Path:
    """Write the folder and return it; ``pilot``: only sizes were trained."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(11)
    names = [name for name in ARMS if not pilot or name in SIZES]
    curves, found = _curves(random, names, seeds)
    runs = _runs(random, found, judged)
    tables = {
        "runs": runs,
        "curves": curves,
        "layers": _layers(random, runs),
        "classes": _classes(random, runs, classes),
        "channels": _channels(random, runs),
        "shifts": pd.DataFrame({"run": runs.run, "condition": runs.condition, "design": "paired", "shift": "none"}),
    }
    for name, table in tables.items():
        table.round(6).to_csv(folder / f"{name}.csv", index=False)
    for name, value in (
        ("study", _study(names, seeds, pilot, judged, images, classes)),
        ("verdicts", _verdicts(folder.name, seeds, pilot)),
    ):
        (folder / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return folder


def _curves(random: np.random.Generator, names: list[str], seeds: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Looks that rise until the onset and fall from there; what each run is made of."""
    rows, found = [], []
    for name in names:
        _, role, share, lost, gap = ARMS[name]
        for seed in range(seeds):
            luck = np.random.default_rng(seed).normal()  # what a seed brings to every arm
            top = 0.42 + 0.05 * np.log2(share) + 0.01 * luck
            rise = 1 - np.exp(-EPOCHS / 6)
            past = np.clip((EPOCHS - ONSET) / (EPOCHS[-1] - ONSET), 0, 1)
            true = top * rise - lost / 100 * past
            run = f"{random.integers(16**12):012x}"
            tags = {"run": run, "condition": name, "design": "paired", "seed": seed}
            watched = role != "reference"

            def look(curve: np.ndarray, noise: float = 0.008, watched: bool = watched) -> np.ndarray:
                return curve + noise * random.normal(size=len(curve)) if watched else np.full(len(curve), np.nan)

            val, test = look(true + 0.005), look(true)
            frame = pd.DataFrame(
                {
                    **{key: [value] * len(EPOCHS) for key, value in tags.items()},
                    **{"epoch": EPOCHS, "share": EPOCHS / EPOCHS[-1], "val_robust": val, "test_robust": test},
                    "train_robust": look(true + 0.3 * past + 0.03),
                    **{
                        "val_accuracy": 0.7 * rise,
                        "test_accuracy": 0.69 * rise,
                        "train_accuracy": 0.7 * rise + 0.2 * past,
                    },
                    **{"val_fgsm": val + 0.05, "train_loss": 2 - rise, "val_loss": 1.2 - 0.6 * rise + 0.3 * past},
                    "small": np.where((EPOCHS > ONSET) & ("drop" in name), 0.2 + 0.3 * past, np.nan),
                }
            )
            rows.append(frame)
            best = int(np.argmax(val)) if watched else len(EPOCHS) - 1
            last = float(test[-3:].mean())
            found.append(
                {
                    **tags,
                    "best_epoch": EPOCHS[best] if watched else None,
                    "robust": float(test[best]),
                    "end": last,
                    "lost": float(test[best] - last) if watched else None,
                    "gap": gap / 100,
                    "images": round(share * IMAGES),
                }
            )
    return pd.concat(rows), pd.DataFrame(found)


def _runs(random: np.random.Generator, found: pd.DataFrame, judged: int) -> pd.DataFrame:
    rows = []
    for one in found.itertuples():
        natural = one.condition == "natural training"
        noise = 0.01 * random.normal()
        best, last = (0.05, 0.04) if natural else (one.robust, one.end)
        rows.append(
            {
                **{"run": one.run, "condition": one.condition, "design": "paired", "seed": one.seed},
                **{"status": "finished", "train_loss": 0.9, "train_accuracy": 0.9, "val_accuracy": 0.7, "gap": 0.2},
                **{"val_cross_entropy": 1.0, "test_accuracy": 0.69, "false_reject": 0.3, "escape": 0.03},
                **{
                    "images": one.images,
                    "clean_best": 0.7 + 0.04 * np.log2(one.images / IMAGES) + noise,
                    "clean_last": (0.82 if natural else 0.69) + noise,
                },
                **{
                    "robust_best": best,
                    "robust_last": last,
                    "robust_train_best": best,
                    "robust_train_last": last + 0.3,
                },
                "autoattack_best": None,
                "autoattack_last": last - 0.02 if judged else None,
                "autoattack_level_best": None,
                "autoattack_level_last": ("B" if one.seed % 2 else "A") if judged else None,
                **_features(random, one.gap),
                **_memory(random, one.condition == "wrong labels"),
                **{
                    "best_epoch": one.best_epoch,
                    "drop": one.lost,
                    "drop_flat": None if natural else 0.01 + 0.1 * noise,
                },
                **{
                    "drop_corrected": None if natural else one.lost - 0.01 - 0.1 * noise,
                    "broke_down": None if natural else False,
                },
            }
        )
    frame = pd.DataFrame(rows)
    lost = frame.index[(frame.condition == frame.condition.iloc[-1]) & (frame.seed == 1)]
    kept = ("run", "condition", "design", "seed", "status", "images")
    frame.loc[lost, [name for name in frame.columns if name not in kept]] = None
    frame.loc[lost, "status"] = "stopped: the loss is not finite"
    return frame


def _features(random: np.random.Generator, gap: float) -> dict[str, float]:
    found = {}
    for moment, part in (("best", 0.4), ("last", 1.0)):
        near = part * gap + 0.01 * random.normal()
        found |= {f"gap_clean_{moment}": near, f"gap_attacked_{moment}": 1.4 * near}
        found |= {f"means_gap_clean_{moment}": 0.8 * near, f"means_gap_attacked_{moment}": near}
        found |= {f"shift_similarity_{moment}": 0.95 - near, f"shift_reference_{moment}": 0.97}
        found[f"separation_lost_{moment}"] = near / 2
    return found


def _memory(random: np.random.Generator, wrong: bool) -> dict[str, float | None]:
    pairs = {"best": (0.1, 0.06), "last": (0.6, 0.08)}
    return {
        key: value + 0.01 * random.normal() if wrong else None
        for moment, (rate, chance) in pairs.items()
        for key, value in ((f"memorised_{moment}", rate), (f"memorised_by_chance_{moment}", chance))
    }


def _layers(random: np.random.Generator, runs: pd.DataFrame) -> pd.DataFrame:
    alive = runs[runs.status == "finished"]
    rows = [
        {"run": row.run, "condition": row.condition, "seed": row.seed, "moment": moment, "inputs": kind, "layer": layer}
        | {"train": 0.7, "test": 0.7 - 0.04 * depth, "gap": 0.04 * depth + 0.01 * random.normal()}
        for row in alive.itertuples()
        for moment in ("best", "last")
        for kind in ("clean", "attacked")
        for depth, layer in enumerate(LAYERS)
    ]
    return pd.DataFrame(rows)


def _classes(random: np.random.Generator, runs: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    alive = runs[runs.status == "finished"]
    rows = [
        {"run": row.run, "condition": row.condition, "seed": row.seed, "moment": moment, "inputs": kind}
        | {"label": label, "class": name, "n": 40, "gap": 0.02 * label + 0.01 * random.normal()}
        | {"robust": 0.8 - 0.1 * label - (0.03 * label if moment == "last" else 0.0)}  # later classes lose more
        for row in alive.itertuples()
        for moment in ("best", "last")
        for kind in ("clean", "attacked")
        for label, name in enumerate(classes)
    ]
    return pd.DataFrame(rows)


def _channels(random: np.random.Generator, runs: pd.DataFrame) -> pd.DataFrame:
    pictured = runs[(runs.seed == 0) & runs.condition.isin(["baseline", "drop both", "drop perturbation"])]
    rows = []
    for row in pictured.itertuples():
        for moment in ("best", "last"):
            train = random.uniform(0, 0.9, CHANNELS)
            lost = (0.02 if moment == "best" else 0.1) * random.uniform(0, 1, CHANNELS)
            rows += [
                {"run": row.run, "condition": row.condition, "seed": 0, "moment": moment, "layer": LAYERS[-1]}
                | {"channel": i, "train": float(train[i]), "test": float(train[i] - lost[i])}
                for i in range(CHANNELS)
            ]
    return pd.DataFrame(rows)


def _study(
    names: list[str], seeds: int, pilot: bool, judged: int, images: int, classes: tuple[str, ...]
) -> dict[str, Any]:
    claims = [
        {"name": name, "text": {"en": f"The claim {name}.", "ja": f"主張「{name}」"}, "measure": f"measure of {name}"}
        | {"claimed": "above", "threshold": 0.0, "margin": [-0.02, 0.02], "scale": scale, "design": design}
        | {"unit": {"en": "share", "ja": "割合"}}
        for name, (design, scale, _, _) in CLAIMS.items()
    ]
    return {
        "study": "overfitting",
        "title": {"en": "Robust overfitting", "ja": "頑健性の過学習"},
        "question": {
            "en": "Adversarial training gets worse after its best epoch: does it here, and why?",
            "ja": "敵対的学習は最良の時点を過ぎると悪化するか。この場合はどうか、なぜか。",
        },
        "command": "assay study overfitting --data clothes",
        **{"preset": "pilot" if pilot else "default", "version": "0.1.0", "seeds": seeds, "level": 0.05},
        "data": {
            **{"name": "clothes", "digest": "5f0c2b" * 10, "kind": "image", "classes": list(classes)},
            **{"sizes": {"train": ALL, "val": 300, "test": 300}, "shape": [1, 8, 8], "ok": None, "warnings": []},
        },
        "model": "mlp:256-128",
        "recipe": {"data": "clothes", "epochs": int(EPOCHS[-1]), "strategy": {"kind": "adversarial"}},
        "conditions": [
            {"name": name, "label": {"en": ARMS[name][0], "ja": f"「{ARMS[name][0]}」"}, "role": ARMS[name][1]}
            for name in names
        ],
        **{"sizes": [0.5, 0.25], "images": images, "judged": judged, "claims": claims},
        "metrics": [
            {
                **{"name": "probe_gap", "summary": "Gap of a probe.", "range": [-1.0, 1.0], "better": "lower"},
                **{"unit": "share", "cite": "rofg2023", "example": "probe_gap(...) = 0.25"},
            }
        ],
        "references": [{"key": "rice2020", "text": "Rice, Wong, Kolter 2020, ICML"}],
        "plan": {"runs": seeds * len(names), "smallest_p": {"occurs": 2 * 0.5**seeds}},
    }


def _verdicts(folder: str, seeds: int, pilot: bool) -> dict[str, Any]:
    found = []
    for name, (design, _, (effect, low, high, p), word) in CLAIMS.items():
        silent = pilot and name not in ("occurs", "less-data")
        n = 0 if silent else seeds if design == "paired" else 13
        more = {"en": "What would decide it: 8 more seeds (--seeds 18).", "ja": "シードをあと8個。"}
        found.append(
            {
                **{"claim": name, "word": "undecided" if silent else word, "direction": "above"},
                **{"effect": 0.0 if silent else effect, "interval": [-1.0, 1.0] if silent else [low, high]},
                **{"p": p, "p_corrected": min(1.0, 8 * p), "n": n, "n_text": {"en": f"{n} seeds", "ja": f"{n}シード"}},
                "sentence": {"en": f"It is {effect} ({low} to {high}).", "ja": f"{effect} です（{low}〜{high}）。"},
                "meaning": {"en": "Keep the best epoch.", "ja": "最良の時点を使うこと。"},
                "next": more if silent or word == "undecided" else None,
                "detail": {"seeds": float(seeds)},
            }
        )
    return {"study": "overfitting", "folder": folder, "verdicts": found, "warnings": []}


if __name__ == "__main__":
    import sys

    write(Path(sys.argv[1]))

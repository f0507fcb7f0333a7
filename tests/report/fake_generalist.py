"""A folder of the generalist study that looks like the real thing, judged by the study itself."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from assay.studies import rebuild
from assay.studies.generalist import labels, words
from assay.studies.generalist.claims import CLAIMS
from assay.studies.generalist.design import ADVERSARIAL, HERO, MOMENTS, POST_HOC, STANDARD, bent, floored, narrowed
from assay.studies.generalist.figures import REACHES
from assay.studies.generalist.matched import table as matched_table
from assay.studies.generalist.tables import compared, spelt

# arm: role, clean and robust accuracy in percent
ARMS = {
    **{HERO: ("hero", 89, 62), ADVERSARIAL: ("reference", 84, 62), STANDARD: ("reference", 96, 2)},
    **{"averaged": ("control", 85, 63), "trades": ("reference", 82, 64), POST_HOC: ("control", 89, 56)},
    **{"no hand-back": ("control", 88, 59), "summed": ("control", 88, 57), "same settings": ("control", 88.5, 61)},
    **{"every step": ("reading", 88.7, 61.5), "anchored": ("reference", 87, 60)},
    **{floored(0.2): ("sweep", 92, 53), floored(0.6): ("sweep", 87, 63), floored(0.8): ("sweep", 85.5, 63.5)},
    **{narrowed(0.25): ("tuned", 93, 40), narrowed(0.5): ("tuned", 91, 50), narrowed(0.75): ("tuned", 88, 57)},
    **{bent(1): ("tuned", 90, 52), bent(3): ("tuned", 86, 59)},
}
MIXED = (HERO, "no hand-back", "same settings", "every step", *(floored(at) for at in (0.2, 0.6, 0.8)))
LABELS = {
    **labels.ARM,
    **{floored(at): labels.floored(at) for at in (0.2, 0.6, 0.8)},
    **{narrowed(at): labels.narrowed(at) for at in (0.25, 0.5, 0.75)},
    **{bent(at): labels.bent(at) for at in (1, 3)},
}
RADIUS, IMAGES = 0.1, 40


def write(
    folder: Path,
    *,
    seeds: int = 10,
    arms: tuple[str, ...] = tuple(ARMS),
    masked: str = "",
    judged: bool = True,
    classes: tuple[str, ...] = ("shirts", "shoes", "bags"),
) -> Path:
    """Write the folder and return it; one model of ``masked`` is not to be believed."""
    folder.mkdir(parents=True, exist_ok=True)
    random, luck = np.random.default_rng(11), 0.01 * np.random.default_rng(3).normal(size=seeds)
    conditions = [_condition(name) for name in arms]
    if "anchored" in arms:
        conditions.append({"name": "natural teacher", "label": labels.ARM["natural teacher"], "role": "teacher"})
    runs = pd.DataFrame([_run(random, name, seed, luck[seed], judged) for name in arms for seed in range(seeds)])
    if masked:
        runs.loc[runs.run == f"{masked} 1", "autoattack_level"] = "X"
    images = pd.DataFrame([_images(random, row) for row in runs.to_dict("records")])
    tables = {
        **{"runs": runs, "images": images, "arms": compared(runs, images, conditions), "matched": matched_table(runs)},
        "samples": _samples(runs, classes),
        **{name: pd.DataFrame([r for run in runs.to_dict("records") for r in make(random, run)])
           for name, make in (("radii", _radii), ("margins", _margins), ("learners", _learners), ("path", _path),
                              ("similarity", _similarity), ("decisions", _decisions), ("curves", _curves))},
        "classes": pd.DataFrame([r for run in runs.to_dict("records") for r in _classes(run, classes)]),
    }  # fmt: skip
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, float_format="%.6g")
    study = _study(conditions, arms, seeds, classes)
    (folder / "study.json").write_text(json.dumps(study, ensure_ascii=False), encoding="utf-8")
    return rebuild(folder)


def _condition(name: str) -> dict[str, Any]:
    cost = {"epochs": 50, "passes": 1_400_000, "passes_forward": 7.0, "passes_backward": 7.0}
    before = 1_300_000 if name == POST_HOC else 0
    return {"name": name, "label": LABELS[name], "role": ARMS[name][0], **cost, "passes_before": before}


def _run(random: np.random.Generator, name: str, seed: int, luck: float, judged: bool) -> dict[str, Any]:
    _, clean, robust = ARMS[name]
    clean, robust = (value / 100 + luck + 0.004 * random.normal() for value in (clean, robust))
    row = {"run": f"{name} {seed}", "condition": name, "design": "paired", "seed": seed, "status": "finished"}
    row |= {"clean": clean, "robust": robust, "balanced": (clean + robust) / 2, "pgd": robust + 0.01}
    row |= {"autoattack": robust, "autoattack_level": "B"} if judged else {"autoattack_level": None}
    row |= {f"val_{key}": value for key, value in (("clean", clean), ("robust", robust))}
    row |= {"val_balanced": row["balanced"], "clean_worst": clean - 0.1, "robust_worst": max(0.0, robust - 0.2)}
    row |= {"hard_clean": max(0.0, clean - 0.5), "hard_robust": max(0.0, robust - 0.55), "ece": 1 - clean, "brier": 0.1}
    two = name in (*MIXED, POST_HOC)
    row |= {"barrier_clean": 0.02 if two else None, "barrier_attacked": 0.05 if two else None}
    row |= {"chosen_weight": 0.6 if name == POST_HOC else None, "broke_down": False}
    for place in ("", "shift_", "production_"):
        row |= {f"{place}false_reject": 1 - clean, f"{place}escape": (1 - clean) / 2}
    cost = {"epochs": 50, "passes": 1_400_000, "passes_before": 1_300_000 if name == POST_HOC else 0}
    return row | cost | {"test_accuracy": clean, "train_accuracy": clean + 0.02, "gap": 0.02}


def _tags(run: dict[str, Any]) -> dict[str, Any]:
    return {name: run[name] for name in ("run", "condition", "seed")}


def _images(random: np.random.Generator, run: dict[str, Any]) -> dict[str, Any]:
    right = np.arange(IMAGES) < run["clean"] * IMAGES
    return {**_tags(run), "right": spelt(right), "standing": spelt(random.random(IMAGES) < run["robust"])}


def _radii(_: Any, run: dict[str, Any]) -> list[dict[str, Any]]:
    steep = np.log(run["clean"] / max(run["pgd"], 1e-3))
    return [
        {**_tags(run), "factor": at, "eps": at * RADIUS, "robust": run["clean"] * np.exp(-steep * at)}
        for at in (0.0, *REACHES)
    ]


def _margins(_: Any, run: dict[str, Any]) -> list[dict[str, Any]]:
    marks = {"q05": -0.4, "q10": -0.1, "q25": 0.2, "q50": 0.5}
    return [
        {**_tags(run), "inputs": kind, **{name: value * run[key] for name, value in marks.items()}}
        for kind, key in (("clean", "clean"), ("attacked", "robust"))
    ]


def _learners(random: np.random.Generator, run: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for moment in MOMENTS if run["condition"] in MIXED else ():
        chance = 0.05 * random.normal()
        for network, clean, attacked in (("global", 0.4, 0.9), ("adversarial", 0.6, 1.0), ("standard", 0.2, 3.0)):
            losses = {"clean_loss": clean + chance, "attacked_loss": attacked + chance}
            right = {"clean_accuracy": 0.9, "attacked_accuracy": 0.5}
            rows.append({**_tags(run), "moment": moment, "network": network, **losses, **right})
    return rows


def _path(_: Any, run: dict[str, Any]) -> list[dict[str, Any]]:
    if run["condition"] not in (*MIXED, POST_HOC):
        return []
    rows = []
    for at in np.linspace(0, 1, 11):
        bump = at * (1 - at)
        losses = {"clean_loss": 0.3 + 0.2 * at + 0.1 * bump, "attacked_loss": 2 - at + 0.4 * bump}
        rows.append({**_tags(run), "weight": round(at, 1), **losses, "clean_accuracy": 0.9, "attacked_accuracy": 0.5})
    return rows


def _similarity(random: np.random.Generator, run: dict[str, Any]) -> list[dict[str, Any]]:
    pairs = (("global", "adversarial"), ("global", "standard"), ("adversarial", "standard"))
    return [
        {**_tags(run), "moment": moment, "layer": layer, "depth": depth, "first": a, "second": b,
         "cka": 0.95 - 0.1 * depth - 0.01 * random.random()}
        for moment in MOMENTS if run["condition"] in MIXED
        for depth, layer in enumerate(("act1", "act2"))
        for a, b in pairs
    ]  # fmt: skip


def _decisions(_: Any, run: dict[str, Any]) -> list[dict[str, Any]]:
    if run["condition"] not in MIXED:
        return []
    shares = {"disagree": 0.2, "follows_first": 0.06, "follows_second": 0.11, "follows_neither": 0.03}
    right = {"leaves_both": 0.01, "first_right": 0.3, "second_right": 0.6, "global_right": 0.5}
    return [{**_tags(run), "inputs": kind, "n": 512, **shares, **right} for kind in ("clean", "attacked")]


def _curves(_: Any, run: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {**_tags(run), "design": "paired", "epoch": epoch, "share": epoch / 50, "val_robust": run["robust"] * way,
         "val_accuracy": run["clean"] * way, "val_fgsm": run["robust"] * way, "train_loss": 2 - way,
         "val_loss": 2.2 - way}
        for epoch in (10, 20, 30, 40, 50) for way in [1 - 0.5 ** (epoch / 10)]
    ]  # fmt: skip


def _classes(run: dict[str, Any], classes: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {**_tags(run), "label": at, "class": name, "n": 100, "n_judged": 40, "clean": run["clean"] - 0.1 * (at == 0),
         "robust": max(0.0, run["robust"] - 0.2 * (at == 0))}
        for at, name in enumerate(classes)
    ]  # fmt: skip


def _samples(runs: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    answers = (("first", 1), ("second", 0), ("neither", 2))
    rows = [
        {"run": f"{HERO} 0", "condition": HERO, "seed": 0, "inputs": kind, "index": 7 * at, "label": 0, "first": 1,
         "second": 0, "global": answer, "follows": follows, "thumbnail": _png(8, 40 * at)}
        for kind in ("clean", "attacked") for at, (follows, answer) in enumerate(answers)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _png(side: int, grey: int) -> str:
    """A grey square."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = zlib.compress((b"\0" + bytes([grey]) * side) * side)
    raw = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return base64.b64encode(raw).decode()


def _study(
    conditions: list[dict[str, Any]], arms: tuple[str, ...], seeds: int, classes: tuple[str, ...]
) -> dict[str, Any]:
    return {
        "study": "generalist",
        **{"title": words.TITLE, "question": words.QUESTION, "command": "assay study generalist --data clothes"},
        **{"preset": "default", "version": "0.1.0", "seeds": seeds, "level": 0.05},
        "data": {
            **{"name": "clothes", "digest": "5f0c2b" * 10, "kind": "image", "classes": list(classes)},
            **{"sizes": {"train": 1000, "val": 300, "test": 300}, "shape": [1, 8, 8], "ok": None, "warnings": []},
        },
        "model": "mlp:64",
        "recipe": {"data": "clothes", "strategy": {"kind": "adversarial"}},
        "conditions": conditions,
        "absent": [],
        **{"images": 1000, "judged": IMAGES, "floor": 0.4, "eps": RADIUS, "norm": "Linf"},
        "claims": [claim.plain() for claim in CLAIMS],
        **{"metrics": [], "references": [], "plan": {"runs": 1, "smallest_p": {}}},
    }


if __name__ == "__main__":
    import sys

    write(Path(sys.argv[1]))

"""The answer of a frontier, from ``study.json`` and its table alone: figures, choice, barriers, sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from assay.attacks.trust import MEANINGS
from assay.core.errors import BadInput
from assay.core.files import finite, read_json, write_json
from assay.maths.statistics import wilson
from assay.studies.frontier import words
from assay.studies.frontier.ask import Ask
from assay.studies.frontier.choose import between, choose, difference, front

CHOSEN = "chosen.safetensors"  # the chosen network, in the folder of the answer
SHARES = {
    "val_clean": ("val_right", "val_n"), "val_robust": ("val_withstood", "val_attacked"),
    "test_clean": ("test_right", "test_n"), "test_robust": ("test_withstood", "test_attacked"),
    "false_reject": ("false_rejects", "n_ok"), "escape": ("escapes", "n_faulty"),
    "production_clean": ("production_right", "production_n"),
    "production_false_reject": ("production_false_rejects", "production_n_ok"),
    "production_escape": ("production_escapes", "production_n_faulty"),
}  # fmt: skip


def answered(folder: Path) -> dict[str, Any]:
    """Work the answer out anew, write it to ``result.json`` and give it back."""
    about = read_json(folder / "study.json")
    ask, names = Ask.parse(about["ask"], str(folder / "study.json")), about["names"]
    rows = _rows(folder / "points.csv", names)
    clean, robust = ([row[f"val_{name}"] for row in rows] for name in ("clean", "robust"))
    number = choose(clean, robust, ask.want_clean, ask.clean_weight)
    if number is None:
        raise BadInput(
            f"asked for --want-clean {ask.want_clean:g}; the best reachable on val is {max(clean):.4f}; ask for that "
            "or less"
        )
    chosen = rows[number]
    blends = [row for row in rows if row["kind"] == "blend"]
    edges = between(names, blends)
    best = min(rows, key=lambda row: (-row["val_robust"], -row["val_clean"]))
    found: dict[str, Any] = {
        "model": about["model"],
        "data": about["data"]["name"],
        "names": names,
        "norm": ask.norm,
        "eps": ask.eps,
        "attack": ask.attack,
        "rule": words.rule(ask),
        "level": chosen["level"],
        "meaning": MEANINGS[chosen["level"]],
        "chosen": chosen,
        "most_robust": best,
        "price": {key: difference(chosen, best, f"test_{key}") for key in ("clean", "robust")},
        "points": rows,
        "slide": _slide(rows, len(names)),
        "barriers": edges,
        "weights": str((folder / CHOSEN).resolve()),
        "warnings": [*about["data"]["warnings"], *words.warned(chosen, about)],
        "next": words.following(about, str((folder / CHOSEN).resolve())),
    }
    found["text"] = words.told(found, ask)
    found = finite(found)
    write_json(folder / "result.json", found)
    write_json(folder / "verdicts.json", {"verdicts": [], "warnings": words.warned(chosen, about)})
    return found


def _slide(rows: list[dict[str, Any]], count: int) -> list[int]:
    """The points that a slider walks through: between two networks all blends; of more, those that none beats."""
    blends = [row for row in rows if row["kind"] == "blend"]
    if count == 2:
        return [row["point"] for row in sorted(blends, key=lambda row: row["weights"][1])]
    places = front([row["val_clean"] for row in blends], [row["val_robust"] for row in blends])
    return [blends[place]["point"] for place in places]


def _rows(file: Path, names: list[str]) -> list[dict[str, Any]]:
    """The table with every share and its 95 % Wilson interval; a share of nothing is left out as None."""
    try:
        table = pd.read_csv(file, dtype={"name": str, "kind": str, "level": str}, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise BadInput(f"asked to read {file}; found: {error}; run assay frontier again") from error
    made = []
    for row in table.to_dict("records"):
        each: dict[str, Any] = {str(key): value for key, value in row.items()}
        weights = [each.pop(f"w{i}") for i in range(1, len(names) + 1)]
        each |= {"weights": weights, "called": words.called(names, weights, each["kind"], each["name"])}
        for share, (part, whole) in SHARES.items():
            n = int(each.get(whole) or 0)
            k = int(each.get(part) or 0)
            each[share] = k / n if n else None
            each[f"{share}_low"], each[f"{share}_high"] = wilson(k, n) if n else (None, None)
        made.append(each)
    return made

"""The answer of a look, from its tables alone: rates, what wrong items look like, the early warning and its worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from assay.core.errors import BadInput
from assay.core.files import finite, read_json, write_json
from assay.studies.look import words
from assay.studies.look.outcomes import OUTCOMES, RIGHT
from assay.studies.look.tables import TABLES
from assay.studies.look.warning import classes, relations

TEXT = {name: str for name in ("name", "set", "layer", "unit", "shift", "outcome", "group", "split", "thumbnail")}


def answered(folder: Path) -> dict[str, Any]:
    """Work the answer out anew from ``study.json`` and the tables, write it to ``result.json`` and give it back."""
    about, made = read_json(folder / "study.json"), {name: _read(folder / f"{name}.csv") for name in TABLES}
    names = about["data"]["classes"]
    items, stability = made["items"], made["stability"]
    warned, related = classes(stability, items, made["layers"], names), relations(stability, items)
    rates = [finite({str(key): value for key, value in row.items()}) for row in made["rates"].to_dict("records")]
    wrong = {str(name): _wrong(part) for name, part in items.groupby("set", sort=False)}
    lines = [words.rated(row, about["data"]["ok"]) for row in rates]
    lines += [f"{name}: {words.confused(found)}" for name, found in wrong.items()]
    lines += [words.weakest(warned[0] if warned else None), words.foretold(related)]
    found = finite({
        "model": about["model"],
        "weights": about["weights"],
        "data": about["data"]["name"],
        "layers": about["layers"],
        "layer": about["primary_layer"],
        "rates": rates,
        "wrong": wrong,
        "classes": warned,
        "relations": related,
        "text": lines,
        "warnings": [said["en"] if isinstance(said, dict) else said for said in about["data"]["warnings"]],
        "next": words.following(about),
    })  # fmt: skip
    write_json(folder / "result.json", found)
    return found


def _wrong(items: pd.DataFrame) -> dict[str, Any]:
    """How many items went wrong, in which way, and whether they lie among their own class or another."""
    bad = items[items.outcome != RIGHT]
    own = int((bad.among == bad.label).sum())
    kinds = {outcome: int((bad.outcome == outcome).sum()) for outcome in OUTCOMES[1:]}
    return {"n": len(items), "all": len(bad), "among_own": own, "among_other": len(bad) - own, **kinds}


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=TEXT, keep_default_na=False, na_values={"moved": [""], **_EMPTY})
    except (OSError, ValueError) as error:
        raise BadInput(f"asked to read {path}; found: {error}; run assay look again") from error


_EMPTY = {name: [""] for name in ("density", "correlation", "apart", "distance", "nearest", "false_reject", "escape",
                                  "tsne_x", "tsne_y", "pca_1", "pca_2")}  # fmt: skip

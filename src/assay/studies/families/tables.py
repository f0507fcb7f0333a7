"""From looks to the tables of the `families` study; deterministic rows in the order of the design."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from assay.data import Dataset
from assay.lab import Lab
from assay.studies.families.agree import LOGITS, PRIMARY
from assay.studies.families.geometry import FIGURES
from assay.studies.families.look import Look
from assay.studies.families.pairs import pairs_and_layers
from assay.studies.families.sorting import families
from assay.studies.rows import curves, run_row, shifts
from assay.studies.study import Planned, Tables

COLUMNS = {
    "moments": [
        "run",
        "moment",
        "share",
        "side",
        "layer",
        *(m.from_twin for m in PRIMARY),
        "from_start",
        "test_accuracy",
    ],
    "samples": ["index", "label", "class", "name", "predicted", "moved", "flips", "thumbnail"],
    "classes": ["label", "name", "moved", "flips", "n"],
}
SHOWN = 24  # samples that moved most, with a picture
REST = 8  # samples that moved least, for comparison


def tables(
    planned: Mapping[str, Planned],
    order: Sequence[Mapping[str, Any]],
    looks: Look,
    lab: Lab,
    data: Dataset,
    layers: Sequence[str],
    probe: np.ndarray,
) -> Tables:
    """All tables of the study."""
    stress = {condition["name"]: condition for condition in order}
    samples, classes = _samples(planned, stress, looks, data, probe)
    pairs, similarity = pairs_and_layers(planned, looks, layers)
    return {
        "runs": _runs(planned, stress, looks, lab, data, layers[-1]),
        "pairs": pairs,
        "moments": _tagged(_frame("moments", looks.moments), planned),
        "layers": similarity,
        "curves": curves(planned, lab),
        "shifts": shifts(planned, looks.numbers),
        "samples": samples,
        "classes": classes,
    }


def _runs(
    planned: Mapping[str, Planned], stress: Mapping[str, Any], looks: Look, lab: Lab, data: Dataset, primary: str
) -> pd.DataFrame:
    ends = {(row["run"], row["layer"]): row for row in looks.moments if row["moment"] == "1"}
    rows = []
    for run, plan in planned.items():
        found = looks.numbers.get(run, {})
        row = run_row(run, plan, found, lab, data)
        row |= {figure: found.get(figure) for figure in FIGURES}
        for layer, measures in ((primary, PRIMARY), ("logits", LOGITS)):
            end = ends.get((run, layer), {})
            row |= {measure.movement: end.get(measure.from_twin) for measure in measures}
        rows.append(row)
    table = pd.DataFrame(rows)
    table.insert(2, "stress", [stress[name]["stress"] for name in table["condition"]])
    table.insert(5, "family", families(table))
    return table


def _frame(name: str, rows: Sequence[Any]) -> pd.DataFrame:
    """Rows as a table that has its columns also when there are no rows."""
    return pd.DataFrame(rows, columns=COLUMNS[name])


def _tagged(table: pd.DataFrame, planned: Mapping[str, Planned]) -> pd.DataFrame:
    table.insert(1, "condition", [planned[run].tags["condition"] for run in table["run"]])
    table.insert(2, "seed", [planned[run].recipe.seed for run in table["run"]])
    place = {run: i for i, run in enumerate(planned)}
    return table.sort_values("run", key=lambda run: run.map(place), kind="stable").reset_index(drop=True)


def _samples(
    planned: Mapping[str, Planned], stress: Mapping[str, Any], looks: Look, data: Dataset, probe: np.ndarray
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How far each probe sample moved under stress beyond what chance (a fork) moves it, and how often it flipped."""

    def of(kinds: Sequence[str]) -> list[str]:
        return [
            run for run in planned if run in looks.moved and stress[planned[run].tags["condition"]]["stress"] in kinds
        ]

    stressed, forked = of(["activation", "loss", "both"]), of(["fork"])
    if not stressed or not forked:
        return _frame("samples", []), _frame("classes", [])
    moved = np.nanmean([looks.moved[r] for r in stressed], 0) - np.nanmean([looks.moved[r] for r in forked], 0)
    flips = np.mean([looks.flipped[run] for run in stressed], 0)
    table = pd.DataFrame({"index": probe, "label": data.test.labels[probe]})
    table["class"] = [data.classes[label] for label in table["label"]]
    table["name"] = [data.test.names[i] if data.test.names else f"test {i}" for i in probe]
    votes = np.stack([looks.answers[run] for run in looks.answers])
    table["predicted"] = [int(np.bincount(answers).argmax()) for answers in votes.T]  # by most unstressed models
    table["moved"], table["flips"] = moved, flips
    classes = table.groupby("label").agg(moved=("moved", "mean"), flips=("flips", "mean"), n=("moved", "size"))
    classes = classes.reset_index()
    classes.insert(1, "name", [data.classes[label] for label in classes["label"]])
    table = table.sort_values(["moved", "index"], ascending=[False, True], kind="stable").reset_index(drop=True)
    shown = {*range(min(SHOWN, len(table))), *range(max(0, len(table) - REST), len(table))}
    table["thumbnail"] = [
        thumbnail(data.test.images[i]) if data.kind == "image" and row in shown else ""
        for row, i in enumerate(table["index"])
    ]
    return table, classes


def thumbnail(image: np.ndarray) -> str:
    """A picture as base64 PNG, its pixels as they are (16 bit and float reduced to 8 bit)."""
    from PIL import Image

    if image.dtype == np.uint16:
        image = (image // 257).astype(np.uint8)
    elif image.dtype != np.uint8:
        image = (image * 255).round().clip(0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()

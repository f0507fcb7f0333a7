"""All checks of a data set, and the folder that holds what they found."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

import assay
from assay.core.files import write_json, write_text
from assay.data import Dataset
from assay.lab import Lab
from assay.lab.jobs import machine
from assay.studies.conduct import to_csv
from assay.studies.families.tables import thumbnail
from assay.studies.means import Tell, silent
from assay.studies.quality.balance import balance
from assay.studies.quality.coverage import coverage
from assay.studies.quality.distance import distance
from assay.studies.quality.doubts import doubts
from assay.studies.quality.duplicates import duplicates
from assay.studies.quality.finding import Finding, worst_first
from assay.studies.quality.groups import groups
from assay.studies.quality.odd import odd
from assay.studies.quality.resolution import resolution
from assay.studies.quality.shortcuts import shortcuts
from assay.studies.quality.view import View
from assay.studies.quality.weights import weighted_recipe, weights

CHECKS: dict[str, Callable[[View], list[Finding]]] = {
    "copies": duplicates,
    "groups": groups,
    "labels": doubts,
    "shortcuts": shortcuts,
    "distance": distance,
    "coverage": coverage,
    "rare and odd": odd,
    "balance": balance,
    "resolution": resolution,
}
PICTURED = 24  # items of a finding that are shown
CITED = (
    ("Connor 1987", "R. J. Connor: Sample size for testing differences in proportions for the "
     "paired-sample design. Biometrics 43."),
    ("Gumbel and von Schelling 1950", "E. J. Gumbel, H. von Schelling: The distribution of the number of exceedances. "
     "Annals of Mathematical Statistics 21."),
    ("Hanley and McNeil 1982", "J. A. Hanley, B. J. McNeil: The meaning and use of the area under a receiver "
     "operating characteristic curve. Radiology 143."),
    ("Levina and Bickel 2004", "E. Levina, P. J. Bickel: Maximum likelihood estimation of intrinsic "
     "dimension. NIPS 17."),
    ("Lopez-Paz and Oquab 2017", "D. Lopez-Paz, M. Oquab: Revisiting classifier two-sample tests. ICLR."),
    ("Northcutt et al. 2021", "C. Northcutt, L. Jiang, I. Chuang: Confident learning: estimating "
     "uncertainty in dataset labels. JAIR 70."),
    ("Wilson 1927", "E. B. Wilson: Probable inference, the law of succession, and statistical inference. JASA 22."),
)  # fmt: skip


def examine(view: View, tell: Tell = silent) -> list[Finding]:
    """Every check's findings, the worst first."""
    found: list[Finding] = []
    for done, (name, check) in enumerate(CHECKS.items()):
        tell("checks", done, len(CHECKS), name)
        found += check(view)
    tell("checks", len(CHECKS), len(CHECKS), "")
    return worst_first(found)


def examined(
    dataset: Dataset, lab: Lab, *, root: Path | None = None, source: str = "", command: str = "", tell: Tell = silent
) -> Path:  # fmt: skip
    """Check ``dataset`` and leave a folder with tables, ``weights.csv`` and the answer in ``findings.json``.

    ``root``: the folder that the file names are relative to, for file sizes. ``source``: the data as the user names it,
    for advice. The folder is named by the data: the same data give the same folder.
    """
    began = time.time()
    view = View(dataset, root)
    findings = examine(view, tell)
    safe = "".join(c if c.isalnum() or c in "-_" else "-" for c in Path(dataset.name).name)[:40] or "data"
    folder = lab.study(f"data-{safe}-{dataset.digest[:4]}")
    listed = _tables(folder, view, findings)
    write_text(
        folder / "recipe.yaml",
        weighted_recipe(folder / "weights.csv", source or dataset.name, "--regroup" in command, listed),
    )
    write_json(folder / "study.json", _about(view, command))
    answer = {
        "data": dataset.name,
        "digest": dataset.digest,
        "findings": [finding.plain() for finding in findings],
        "warnings": list(dataset.warnings),
        "part": view.part(),
        "next": _following(findings, source or dataset.name, command),
    }
    write_json(folder / "findings.json", answer)
    ended = time.time()
    times = {"started": began, "finished": ended, "seconds": round(ended - began, 1)}
    write_json(folder / "provenance.json", {**machine(1, "cpu"), **times})
    return folder


def _following(findings: Sequence[Finding], source: str, command: str) -> str:
    """The command most worth running now."""
    leaking = any(f.name == "groups" and f.severity == "problem" for f in findings)
    equal = any(f.name == "leaks" and any(row["equal"] for row in f.detail["splits"]) for f in findings)
    if (leaking or equal) and command and "--regroup" not in command:
        return f"{command} --regroup"
    return f"assay study families --data {shlex.quote(source)}"


def _tables(folder: Path, view: View, findings: Sequence[Finding]) -> pd.DataFrame:
    """Write the tables; the one of weights is handed back."""
    listed = weights(view, findings)
    write_text(folder / "weights.csv", to_csv(listed))
    for finding in findings:
        if finding.table is not None:
            write_text(folder / f"{finding.name}.csv", to_csv(finding.table))
    write_text(folder / "items.csv", to_csv(_items(view, findings)))
    return listed


def _items(view: View, findings: Sequence[Finding]) -> pd.DataFrame:
    """All listed items of all findings, the first of each with a picture."""
    columns = ["finding", "split", "index", "name", "class", "value", "note", "pair", "suggested", "thumbnail"]
    rows = []
    for finding in findings:
        for place, item in enumerate(finding.items):
            seen = place < PICTURED and view.dataset.kind == "image"
            picture = thumbnail(view.dataset.splits[item["split"]].images[item["index"]]) if seen else ""
            row = {column: item.get(column) for column in columns[1:-1]}
            rows.append({**row, "finding": finding.name, "class": item["label"], "thumbnail": picture})
    return pd.DataFrame(rows, columns=columns)


def _about(view: View, command: str) -> dict[str, Any]:
    dataset = view.dataset
    return {
        "study": "data",
        "title": "Data check",
        "question": f"Is {dataset.name} good enough to learn from and to be judged on?",
        "command": command,
        "version": assay.__version__,
        "level": 0.05,
        "data": {
            "name": dataset.name,
            "digest": dataset.digest,
            "kind": dataset.kind,
            "classes": list(dataset.classes),
            "sizes": {name: len(split) for name, split in dataset.splits.items()},
            "shape": list(dataset.shape),
            "warnings": [*dataset.warnings, *([view.part()] if view.part() else [])],
        },
        "references": [{"key": key, "text": text} for key, text in CITED],
    }

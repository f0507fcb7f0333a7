"""One recipe, trained and kept: what `assay train` does."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from assay.core.errors import BadInput
from assay.core.spec import override, read_plain
from assay.data import Dataset
from assay.lab import Lab, Source
from assay.models import PROJECTOR, default_model
from assay.studies.conduct import train_planned
from assay.studies.means import Means
from assay.studies.study import Planned
from assay.train import Recipe


def train_one(path: Path, settings: tuple[str, ...], lab: Lab, device: str, threads: int, tell: Any) -> dict[str, Any]:
    """Carry out the recipe in a file; a run that is in the lab already is not trained again."""
    plain = read_plain(path)
    if not isinstance(plain, dict):
        raise BadInput(f"asked to train {path}; found no recipe; write at least: data: digits")
    recipe = Recipe.parse(override(plain, settings), str(path))
    source = Source(recipe.data, None, recipe.regroup, recipe.split_seed)
    data = source.load()
    if recipe.model is None:
        projector = PROJECTOR if recipe.strategy.embeds else ""
        recipe = recipe.with_(model=default_model(data.kind, data.shape) + projector)
    run = recipe.run_id(data.learned)
    means = Means("inline", None, threads, device)

    def watch(share: float, histories: list[list[dict[str, Any]]]) -> None:
        epochs = [row for row in histories[0] if "epoch" in row]
        tell("epochs", len(epochs), recipe.epochs, _seen(epochs[-1], data) if epochs else "")

    train_planned({run: Planned(recipe, {"condition": str(path)})}, source, lab, means, tell, watch)
    record = lab.record(run)
    epochs = [row for row in lab.history(run) if "epoch" in row]
    last = {k: v for k, v in (epochs[-1] if epochs else {}).items() if k not in ("epoch", "step")}
    alarms = [_alarm(name, recipe) for name in _collapsed(last, data)]
    return {
        "run": run,
        "folder": str(lab.run(run)),
        "data": recipe.data,
        "status": record["status"],
        "steps": record["steps"],
        "warnings": [*data.warnings, *alarms],
        "seconds": record["seconds"],
        **last,
        "next": _next(recipe, lab.run(run)),
    }


def _collapsed(row: dict[str, Any], data: Dataset) -> list[str]:
    """Classes that a look at val found collapsed, each by its name: an average would hide the rare one."""
    return [data.classes[int(label)] for label in row.get("val_collapsed", ())]


def _seen(row: dict[str, Any], data: Dataset) -> str:
    """One line on an epoch."""
    parts = [f"loss {row['train_loss']:.4g}"]
    if row.get("val_accuracy") is not None:
        parts.append(f"val accuracy {row['val_accuracy']:.3f}")
    if gone := _collapsed(row, data):
        parts.append(f"COLLAPSED: {', '.join(gone)}")
    return ", ".join(parts)


def _next(recipe: Recipe, folder: Path) -> str:
    """The command to go on with: is what was trained for its embedding collapsed, do others like it differ?"""
    if recipe.strategy.embeds:
        return f"assay geometry {shlex.quote(str(folder))}"
    return f"assay study families --data {shlex.quote(recipe.data)}"


def _alarm(name: str, recipe: Recipe) -> str:
    return (
        f"class '{name}' has collapsed: its items lie in one point of the embedding, what tells them apart is lost; "
        f"raise the weight (strategy.alpha=auto), or ask: assay forecast --data {recipe.data} --batch {recipe.batch}"
    )

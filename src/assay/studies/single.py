"""One recipe, trained and kept: what `assay train` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assay.core.errors import BadInput
from assay.core.spec import override, read_plain
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
    train_planned({run: Planned(recipe, {"condition": str(path)})}, source, lab, means, tell)
    record = lab.record(run)
    epochs = [row for row in lab.history(run) if "epoch" in row]
    last = {k: v for k, v in (epochs[-1] if epochs else {}).items() if k not in ("epoch", "step")}
    return {
        "run": run,
        "folder": str(lab.run(run)),
        "data": recipe.data,
        "status": record["status"],
        "steps": record["steps"],
        "warnings": list(data.warnings),
        "seconds": record["seconds"],
        **last,
    }

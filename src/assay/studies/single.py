"""One recipe, trained and kept: what `assay train` does."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from assay.core.errors import BadInput
from assay.core.spec import override, read_plain
from assay.data import Dataset
from assay.lab import Lab, Source
from assay.maths.statistics import alarm
from assay.models import PROJECTOR, default_model
from assay.studies.conduct import train_planned
from assay.studies.means import Means
from assay.studies.study import Planned
from assay.train import Recipe
from assay.train.strategies import Wrapper
from assay.train.strategies.crafted import BROKEN, Crafted


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
        tell("epochs", len(epochs), recipe.epochs, _seen(epochs, data, recipe) if epochs else "")

    train_planned({run: Planned(recipe, {"condition": str(path)})}, source, lab, means, tell, watch)
    record = lab.record(run)
    epochs = [row for row in lab.history(run) if "epoch" in row]
    last = {k: v for k, v in (epochs[-1] if epochs else {}).items() if k not in ("epoch", "step")}
    reported = dict(record.get("reported", {}))  # runs of earlier versions have none
    notes = reported.pop("notes", [])
    alarms = [_alarm(name, recipe) for name in _named(last, "val_collapsed", data)]
    alarms += [
        f"class '{name}' is not watched for collapse: val has fewer than two items of it; --set regroup=true"
        for name in _named(last, "val_unwatched", data)
    ]
    alarms += [said for _, said in _robustness(epochs, recipe)]
    return {
        "run": run,
        "folder": str(lab.run(run)),
        "data": recipe.data,
        "status": record["status"],
        "steps": record["steps"],
        "warnings": [*data.warnings, *notes, *alarms],
        "seconds": record["seconds"],
        **reported,
        **last,
        "next": _next(recipe, lab.run(run)),
    }


def _named(row: dict[str, Any], key: str, data: Dataset) -> list[str]:
    """Classes that a look at val lists, each by its name: an average would hide the rare one that has collapsed."""
    return [data.classes[int(label)] for label in row.get(key, ())]


def _seen(epochs: list[dict[str, Any]], data: Dataset, recipe: Recipe) -> str:
    """One line on the last epoch."""
    row = epochs[-1]
    parts = [f"loss {row['train_loss']:.4g}"]
    for key, name in (("val_accuracy", "val accuracy"), ("val_robust_accuracy", "robust")):
        if row.get(key) is not None:
            parts.append(f"{name} {row[key]:.3f}")
    parts += [short for short, _ in _robustness(epochs, recipe)]
    if gone := _named(row, "val_collapsed", data):
        parts.append(f"COLLAPSED: {', '.join(gone)}")
    return ", ".join(parts)


def _next(recipe: Recipe, folder: Path) -> str:
    """The command to go on with: is its embedding collapsed, what can its learners be blended to, do others differ?"""
    if recipe.strategy.embeds:
        return f"assay geometry {shlex.quote(str(folder))}"
    if len(recipe.strategy.team) > 1:
        return f"assay frontier {shlex.quote(str(folder))}"
    return f"assay study families --data {shlex.quote(recipe.data)}"


def _robustness(epochs: list[dict[str, Any]], recipe: Recipe) -> list[tuple[str, str]]:
    """What is wrong with robust accuracy on val so far, in few words and in a sentence: it falls, or broke down."""
    strategy = recipe.strategy
    while isinstance(strategy, Wrapper):
        strategy = strategy.inner
    looks = [row for row in epochs if "val_robust_accuracy" in row]
    if not isinstance(strategy, Crafted) or not looks:
        return []
    found, last = [], looks[-1]
    apart = last["val_fgsm_accuracy"] - last["val_robust_accuracy"]
    if apart > BROKEN:
        found.append(
            (
                "BROKE DOWN",
                f"training broke down (catastrophic overfitting): after one step of attack "
                f"{last['val_fgsm_accuracy']:.0%} of val is right, after several {last['val_robust_accuracy']:.0%}; "
                "train with more steps (strategy.attack.steps=10)",
            )
        )
    said = alarm([row["val_robust_accuracy"] for row in looks], strategy.watched)
    if said is not None and said.on:
        since = looks[said.since]["epoch"]
        found.append(
            (
                f"ROBUSTNESS FALLS since epoch {since}",
                f"robust accuracy on val has fallen by {said.drop:.1%} since epoch {since} (robust overfitting; more "
                f"than {said.threshold:.1%} is no chance): keep the best epoch (--set 'keep=[best,1]'), or ask: "
                f"assay study overfitting --data {recipe.data}",
            )
        )
    return found


def _alarm(name: str, recipe: Recipe) -> str:
    return (
        f"class '{name}' has collapsed: its items lie in one point of the embedding, what tells them apart is lost; "
        f"raise the weight (strategy.alpha=auto), or ask: assay forecast --data {recipe.data} --batch {recipe.batch}"
    )

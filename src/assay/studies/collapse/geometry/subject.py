"""Which network on which data: from a file of weights with options, or from a run's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assay.core.errors import BadInput
from assay.core.files import read_json
from assay.data import Dataset, biased
from assay.lab import Source
from assay.train import Recipe


@dataclass(frozen=True, eq=False)
class Subject:
    """A file of weights, the model they belong to, and the data; ``seed`` is that of the first weights.

    ``recipe``: how it was trained, where that is known and ``data`` is what it was trained on.
    """

    file: Path
    model: str
    data: Dataset
    source: str
    seed: int = 0
    recipe: Recipe | None = None


def subject_of(
    place: Path, model: str | None, data: str | None, regroup: bool, asked: str = "asked for the geometry of",
    production: str | None = None,
) -> Subject:  # fmt: skip
    """What is meant by a place and options, with a later set of data; `BadInput` says which option lacks."""
    found = (_run if place.is_dir() else _file)(place, model, data, regroup, asked, production)
    held = len(set(found.data.test.labels.tolist()))
    if held < 2:
        raise BadInput(
            f"asked how {len(found.data.classes)} classes lie; found {held} of them in test; give a test split with two"
        )
    return found


def _file(
    file: Path, model: str | None, data: str | None, regroup: bool, asked: str, production: str | None
) -> Subject:  # fmt: skip
    lacking = [option for option, value in (("--model", model), ("--data", data)) if value is None]
    if model is None or data is None:
        raise BadInput(
            f"{asked} {file}; found no {' and no '.join(lacking)}; "
            "give both, for instance --model resnet18 --data parts/, or the folder of a run in a lab"
        )
    return Subject(file, model, Source(data, production, regroup).load(), data)


def _run(
    folder: Path, model: str | None, data: str | None, regroup: bool, asked: str, production: str | None
) -> Subject:  # fmt: skip
    """A run of a lab: its recipe names model and data, and what was done to the training images."""
    if not (folder / "recipe.json").is_file():
        raise BadInput(
            f"{asked} {folder}; found a folder without recipe.json; "
            "give a run's folder, lab/runs/ID, or a file of weights"
        )
    recipe = Recipe.parse(read_json(folder / "recipe.json"), str(folder / "recipe.json"))
    file = folder / "weights@1.safetensors"
    if not file.is_file():
        others = ", ".join(sorted(path.name for path in folder.glob("weights@*.safetensors"))) or "no weights"
        raise BadInput(
            f"asked for the run {folder}; found {others}, none of the end of training; finish the run, "
            "or give a file of weights with --model and --data"
        )
    if not (model := model or recipe.model):
        raise BadInput(f"asked for the run {folder}; found a recipe without a model; give it with --model")
    source = Source(data or recipe.data, production, recipe.regroup or regroup, recipe.split_seed)
    dataset = source.load()
    if data:
        return Subject(file, model, dataset, source.data, recipe.seed)
    return Subject(file, model, biased(dataset, recipe.biases), source.data, recipe.seed, recipe)

"""What is blended: the averages of a generalist's base learners, or runs of one architecture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from assay.attacks import Attack
from assay.core.errors import BadInput
from assay.core.files import read_json
from assay.data import Dataset
from assay.lab import Source
from assay.models import slots
from assay.studies.collapse.geometry.weights import filled
from assay.studies.frontier.walk import Weights, has_statistics
from assay.train import Recipe
from assay.train.blend import blend
from assay.train.recipe import BEST, PART, moment_of
from assay.train.strategies import Generalist, Strategy, Wrapper

State = dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class Kept:
    """A network that exists as it is, with the weights of the mixture that it stands for."""

    kind: str  # global, or kept
    name: str
    weights: Weights
    state: State


@dataclass(frozen=True, eq=False)
class Ends:
    """Networks of one shape by name, what exists beside their blends, and what they were trained on and against.

    ``net`` is a network of that shape, into which states are put; ``trained`` the attack of their recipes, if any.
    """

    places: tuple[str, ...]
    names: tuple[str, ...]
    states: tuple[State, ...]
    kept: tuple[Kept, ...]
    net: nn.Module
    model: str
    data: Dataset
    source: Source
    trained: Attack | None
    warnings: tuple[str, ...]


def ends_of(
    places: Sequence[str], data: str | None, moment: str, regroup: bool = False, production: str | None = None
) -> Ends:
    """What the folders of runs have to blend at a moment; `BadInput` in one line where they have nothing."""
    folders = [Path(place) for place in places]
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise BadInput(f"asked to blend {' and '.join(places)}; found one run twice; give two different runs")
    recipes = [_recipe(folder) for folder in folders]
    model = _model(places, recipes)
    source = _source(places, recipes, data, regroup, production)
    files, names = _files(folders, recipes, moment)
    dataset = source.load()
    nets = [filled(file, model, dataset.shape, len(dataset.classes), recipes[0].seed)[0] for file in files]
    odd = next((i for i, net in enumerate(nets) if activations(net) != activations(nets[0])), None)
    if odd is not None:
        raise BadInput(
            f"asked to blend {names[0]} and {names[odd]}; found other activations in them; blend networks that "
            "compute alike"
        )
    states = tuple(_state(net) for net in nets)
    blend(states, [1.0, *[0.0] * (len(names) - 1)])  # other shapes are told before any work
    if isinstance(recipes[0].strategy, Generalist):
        net = filled(folders[0] / f"weights@{moment}.safetensors", model, dataset.shape, len(dataset.classes), 0)[0]
        kept: tuple[Kept, ...] = (Kept("global", "", _share(folders[0], recipes[0], moment), _state(net)),)
    else:
        kept = _as_they_are(names, states, nets[0])
    warned = [*dataset.warnings]
    if data is not None and data != recipes[0].data:
        warned.append(f"{places[0]} was trained on {recipes[0].data}, and is judged on val and test of {data}")
    trained = next((found for recipe in recipes if (found := attack_of(recipe.strategy)) is not None), None)
    return Ends(tuple(places), names, states, kept, nets[0], model, dataset, source, trained, tuple(warned))


def activations(net: nn.Module) -> dict[str, str]:
    """Which activation sits in which slot."""
    return {name: slot.kind for name, slot in slots(net).items()}


def attack_of(strategy: Strategy) -> Attack | None:
    """The attack that a strategy trains against, the first of its learners' where it has some; None for none.

    >>> from assay.train.strategies import Adversarial, Averaged, Standard
    >>> attack_of(Averaged(inner=Adversarial())).kind, attack_of(Standard()), attack_of(Generalist()).kind
    ('pgd', None, 'pgd')
    """
    while isinstance(strategy, Wrapper):
        strategy = strategy.inner
    inside = (attack_of(base.strategy) for base in strategy.team)
    own = getattr(strategy, "attack", None)
    return own if isinstance(own, Attack) else next((found for found in inside if found is not None), None)


def _state(net: nn.Module) -> State:
    return {name: value.detach().clone() for name, value in net.state_dict().items()}


def _recipe(folder: Path) -> Recipe:
    if not (folder / "recipe.json").is_file():
        raise BadInput(
            f"asked for the frontier of {folder}; found no recipe.json there; give a run's folder, lab/runs/ID"
        )
    return Recipe.parse(read_json(folder / "recipe.json"), str(folder / "recipe.json"))


def _model(places: Sequence[str], recipes: Sequence[Recipe]) -> str:
    models = [recipe.model or "" for recipe in recipes]
    odd = next((i for i, model in enumerate(models) if model != models[0]), None)
    if odd is not None:
        raise BadInput(
            f"asked to blend {places[0]} and {places[odd]}; found {models[0]} and {models[odd]}; blend runs of one "
            "architecture"
        )
    return models[0]


def _source(
    places: Sequence[str], recipes: Sequence[Recipe], data: str | None, regroup: bool, production: str | None
) -> Source:
    """Where the data are; runs must have held back the same images."""
    found = [Source(data or r.data, production, r.regroup or regroup, r.split_seed) for r in recipes]
    odd = next((i for i, source in enumerate(found) if source != found[0]), None)
    if odd is not None:
        first, other = found[0], found[odd]
        said = (
            f"{first.data} and {other.data}; give the one to judge on with --data"
            if first.data != other.data
            else "splits made in different ways; one would be judged on images that the other has learned; train both "
            "with one split_seed and regroup"
        )
        raise BadInput(f"asked to blend {places[0]} and {places[odd]}; found {said}")
    return found[0]


def _files(folders: Sequence[Path], recipes: Sequence[Recipe], moment: str) -> tuple[list[Path], tuple[str, ...]]:
    """The files of weights to blend, and what each is called."""
    team = [base.called for base in recipes[0].strategy.team]
    if len(folders) == 1:
        return _parts(folders[0], team, moment)
    mixed = next((folder for folder, recipe in zip(folders, recipes, strict=True) if recipe.strategy.team), None)
    if mixed is not None:
        raise BadInput(
            f"asked to blend {len(folders)} runs; found in {mixed} base learners of its own; give it alone, or runs "
            "without"
        )
    kinds = [recipe.strategy.kind for recipe in recipes]
    names = kinds if len(set(kinds)) == len(kinds) else [folder.resolve().name[:12] for folder in folders]
    if len(set(names)) < len(names):
        names = [f"{name}-{number}" for number, name in enumerate(names, 1)]
    return [_file(folder, f"weights@{moment}.safetensors", moment) for folder in folders], tuple(names)


def _parts(folder: Path, team: Sequence[str], moment: str) -> tuple[list[Path], tuple[str, ...]]:
    if len(team) < 2:
        found = f"one base learner, {team[0]}" if team else "a run without base learners"
        raise BadInput(
            f"asked for the frontier of {folder}; found {found}; give a run of the strategy generalist with two, or "
            "two runs of one architecture"
        )
    _file(folder, f"weights@{moment}.safetensors", moment)
    lacking = [name for name in team if not (folder / f"weights@{moment}{PART}{name}.safetensors").is_file()]
    if lacking:
        raise BadInput(
            f"asked for the frontier of {folder}; found no weights@{moment}{PART}{lacking[0]}.safetensors; its base "
            "learners were not kept, so train it again"
        )
    return [folder / f"weights@{moment}{PART}{name}.safetensors" for name in team], tuple(team)


def _file(folder: Path, name: str, moment: str) -> Path:
    if not (folder / name).is_file():
        all_ = sorted(path.name.removeprefix("weights@") for path in folder.glob("weights@*.safetensors"))
        kept = ", ".join(text.removesuffix(".safetensors") for text in all_ if PART not in text) or "none"
        raise BadInput(
            f"asked for the moment {moment} of {folder}; kept there: {kept}; choose one of these (--moment), or train "
            f"with keep: [{moment}, 1]"
        )
    return folder / name


def _as_they_are(names: Sequence[str], states: Sequence[State], net: nn.Module) -> tuple[Kept, ...]:
    """Runs as they were kept, where statistics that are estimated anew make their ends other networks."""
    if not has_statistics(net):
        return ()
    corners = torch.eye(len(names)).tolist()
    return tuple(Kept("kept", *each) for each in zip(names, map(tuple, corners), states, strict=True))


def _share(folder: Path, recipe: Recipe, moment: str) -> Weights:
    """How learners counted in the global model at a moment."""
    assert isinstance(recipe.strategy, Generalist)
    share = 1.0 if moment == BEST else float(moment_of(moment)[0])
    if moment == BEST:
        rows = [json.loads(line) for line in (folder / "history.jsonl").read_text(encoding="utf-8").splitlines()]
        share = next((row["epoch"] / recipe.epochs for row in reversed(rows) if row.get("best")), 1.0)
    return recipe.strategy.mix.at(share, len(recipe.strategy.learners))

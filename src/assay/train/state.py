"""The state of training: what the loop advances, what interventions change, what a checkpoint holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from assay.core.errors import BadInput
from assay.core.files import to_json, write_bytes
from assay.data import Dataset
from assay.models import build
from assay.train.draws import Draws
from assay.train.learner import Learner
from assay.train.optimiser import Optimiser, make_optimiser
from assay.train.recipe import BEST, PART, Recipe
from assay.train.sampling import Balanced
from assay.train.strategies import Strategy


@dataclass
class Kept:
    """One run's weights at one moment, and the activation in each slot at that moment."""

    tensors: dict[str, Tensor]
    activations: dict[str, str]


@dataclass
class Trained:
    """A network and what its steps are made of; ``name`` is empty for the run's own, else that of a base learner."""

    name: str
    learner: Learner
    settings: Optimiser
    optimiser: torch.optim.Optimizer
    strategy: Strategy


@dataclass
class State:
    """Everything that changes while recipes that differ only in their seed are trained together."""

    recipe: Recipe  # of the first run; all runs share everything but the seed
    seeds: tuple[int, ...]
    learner: Learner
    optimiser: torch.optim.Optimizer
    strategy: Strategy
    memory: dict[str, Tensor]
    data: Dataset  # what is trained on, biases and all
    came_with: dict[str, str]  # the activation in each slot before any swap
    bases: list[Trained] = field(default_factory=list)  # base learners, where the strategy has them
    step: int = 0
    forks: tuple[int, ...] = ()
    history: list[list[dict[str, Any]]] = field(default_factory=list)  # a list of rows for each run
    kept: dict[str, list[Kept | None]] = field(default_factory=dict)  # by moment, one for each run
    best: list[float | None] = field(default_factory=list)  # the score of what is kept as best
    stopped: list[int | None] = field(default_factory=list)  # the step at which a run's loss was not finite

    @classmethod
    def begin(cls, recipes: Sequence[Recipe], data: Dataset, device: str) -> State:
        """The state before the first step."""
        first = recipes[0]
        if first.model is None:
            raise ValueError("the recipe's model must be chosen before training")
        if len({recipe.sans_seed() for recipe in recipes}) > 1:
            raise ValueError("runs that train together must differ in their seed alone")
        classes = len(data.classes)
        weights = None
        if first.start is not None:
            weights = first.start.network(data.shape, classes, torch.device("cpu")).state_dict()
        fresh = partial(build, first.model, data.shape, classes, activation=first.activation, weights=weights)
        modules = [fresh(seed=recipe.seed) for recipe in recipes]
        if len(recipes) > 1 and not first.stacks:
            raise BadInput(f"asked to train {len(recipes)} runs as one; their batches differ in size; train each alone")
        learner = Learner(modules, len(data.shape), device)
        learner.random |= ".py:" in first.model  # what a user's forward draws cannot be seen
        state = cls(
            recipe=first,
            seeds=tuple(recipe.seed for recipe in recipes),
            learner=learner,
            optimiser=make_optimiser(first.optimiser, learner.parameters()),
            strategy=first.strategy,
            memory={},
            data=data,
            came_with=learner.activations(),
            history=[[] for _ in recipes],
            best=[None for _ in recipes],
            stopped=[None for _ in recipes],
        )
        state.take_up(first.strategy)
        return state

    def take_up(self, strategy: Strategy) -> None:
        """Train by this strategy from here on; it begins with a fresh memory."""
        sampler = self.recipe.sampler
        batch, _ = sampler.sizes(self.data.train.y, self.recipe.batch)
        self.strategy = strategy.settled(self.data, batch, isinstance(sampler, Balanced))
        self.memory = self.strategy.init_state(self.learner, self.data)
        self._begin_bases()

    def _begin_bases(self) -> None:
        """A network for each base learner, as the run's own is now."""
        self.bases = []
        for base in self.strategy.team:
            learner, settings = self.learner.twin(), base.optimiser.over(self.recipe.optimiser)
            optimiser = make_optimiser(settings, learner.parameters())
            self.bases.append(Trained(base.called, learner, settings, optimiser, base.strategy))

    @property
    def trained(self) -> list[Trained]:
        """The networks that a step goes to: the base learners, or the run's own network."""
        return self.bases or [self._own]

    @property
    def _own(self) -> Trained:
        return Trained("", self.learner, self.recipe.optimiser, self.optimiser, self.strategy)

    @property
    def learners(self) -> list[Learner]:
        """The run's own network, and those of its base learners."""
        return [self.learner, *(base.learner for base in self.bases)]

    @property
    def draws(self) -> Draws:
        """The random numbers of this step."""
        return Draws(self.seeds, self.step, self.forks)

    @contextmanager
    def shipped(self) -> Iterator[None]:
        """A context in which the learner holds what is evaluated and kept: its own weights, or an average of them."""
        other = self.strategy.shipped(self.learner, self.memory, self.data, self.draws)
        if other is None:
            yield
            return
        with self.learner.holding(other):
            yield

    def reset_optimiser(self) -> None:
        """Forget moments and momentum."""
        self.optimiser = make_optimiser(self.recipe.optimiser, self.learner.parameters())
        for base in self.bases:
            base.optimiser = make_optimiser(base.settings, base.learner.parameters())

    def keep(self, moment: str) -> None:
        """Keep every run's weights under the name of a moment."""
        for run in range(len(self.seeds)):
            self._keep(moment, run)

    def _keep(self, moment: str, run: int) -> None:
        """One run's weights, and beside them (``MOMENT+NAME``) what its strategy has of each base learner."""
        parts = self.strategy.parts(self.learners[1:], self.memory, run)
        for name, tensors in {"": self.learner.state(run), **parts}.items():
            kept = self.kept.setdefault(moment + (name and f"{PART}{name}"), [None for _ in self.seeds])
            kept[run] = Kept(tensors, self.learner.activations())

    def keep_best(self, run: int, score: float) -> bool:
        """Keep a run's weights unless an earlier look scored as high; whether they were kept."""
        before = self.best[run]
        if before is not None and not score > before:
            return False
        self.best[run] = score
        self._keep(BEST, run)
        return True

    def save(self, path: Path) -> None:
        """Write a checkpoint: one file, whole or absent."""
        tensors = {f"learner/{name}": value for name, value in self.learner.tensors().items()}
        for one in (self._own, *self.bases):  # the own one may rest until a strategy is swapped back
            for number, values in one.optimiser.state_dict()["state"].items():
                named = {k: v for k, v in values.items() if isinstance(v, Tensor)}
                tensors |= {f"optimiser/{one.name}/{number}/{k}": v for k, v in named.items()}
        for base in self.bases:
            tensors |= {f"base/{base.name}/{name}": value for name, value in base.learner.tensors().items()}
        tensors |= {f"memory/{name}": value for name, value in self.memory.items()}
        for moment, all_kept in self.kept.items():
            for run, kept in enumerate(all_kept):
                named = kept.tensors if kept else {}
                tensors |= {f"kept/{moment}/{run}/{name}": value for name, value in named.items()}
        plain = {
            "step": self.step,
            "forks": self.forks,
            "strategy": self.strategy.plain(),
            "activations": self.learner.activations(),
            "kept": {moment: [k and k.activations for k in all_kept] for moment, all_kept in self.kept.items()},
            "best": self.best,
            "stopped": self.stopped,
        }
        # History is JSON inside JSON: its losses may be NaN, and Python reads back what Python wrote.
        header = {"plain": to_json(plain), "history": json.dumps(self.history)}
        write_bytes(path, save({k: v.contiguous() for k, v in tensors.items()}, header))

    def load(self, path: Path) -> None:
        """Go on from a checkpoint; this state must have been begun with the same recipes."""
        groups: dict[str, dict[str, Tensor]] = {"learner": {}, "optimiser": {}, "base": {}, "memory": {}, "kept": {}}
        with safe_open(path, "pt") as file:
            header = file.metadata()
            for key in file.keys():  # noqa: SIM118  (not a mapping)
                group, _, name = key.partition("/")
                groups[group][name] = file.get_tensor(key)
        plain = json.loads(header["plain"])
        self.history = json.loads(header["history"])
        self.step, self.forks, self.stopped = plain["step"], tuple(plain["forks"]), plain["stopped"]
        self.strategy = Strategy.of(plain["strategy"])
        self.learner.load(groups["learner"])
        self._begin_bases()
        for base in self.bases:
            base.learner.load(_under(groups["base"], base.name))
        for learner in self.learners:
            learner.set_activations(plain["activations"])
        self.memory = {name: value.to(self.learner.device) for name, value in groups["memory"].items()}
        self.best = plain["best"]
        for moment, names in plain["kept"].items():
            self.kept[moment] = [None if each is None else Kept({}, each) for each in names]
        for key, value in groups["kept"].items():
            moment, run, name = key.rsplit("/", 2)  # a moment may be written 1/2
            kept = self.kept[moment][int(run)]
            assert kept is not None
            kept.tensors[name] = value
        for one in (self._own, *self.bases):
            _put_back(one.optimiser, one.learner.parameters(), _under(groups["optimiser"], one.name))


def _under(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """What stands under a name, by the rest of its own."""
    return {key.removeprefix(f"{name}/"): value for key, value in tensors.items() if key.startswith(f"{name}/")}


def _put_back(optimiser: torch.optim.Optimizer, parameters: list[Tensor], saved: dict[str, Tensor]) -> None:
    """Give an optimiser the moments that it had."""
    slots: dict[int, dict[str, Tensor]] = {}
    for key, value in saved.items():
        number, name = key.split("/", 1)
        weight = parameters[int(number)]
        # Fused optimisers go through memory as it lies: a moment must lie there as its weight does.
        like = torch.empty_like(weight).copy_(value) if value.shape == weight.shape else value
        slots.setdefault(int(number), {})[name] = like
    optimiser.load_state_dict({**optimiser.state_dict(), "state": slots})

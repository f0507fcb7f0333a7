"""What training costs, counted: how many examples go forward through networks, and how many gradients come back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.nn.modules import module as everywhere

from assay.data import Dataset
from assay.train.loop import train
from assay.train.recipe import Recipe
from assay.train.sampling import Shuffled

BATCH, STEPS = 16, 20  # of a trial


@dataclass
class Passes:
    """Examples forward, and examples backward; numbers of a trial are for each example that a step learns from."""

    forward: float = 0
    backward: float = 0

    @property
    def total(self) -> float:
        """Both together: one backward pass counts as one forward pass."""
        return self.forward + self.backward


@contextmanager
def counted() -> Iterator[Passes]:
    """Counts while it lasts: a call of a network is a forward pass of its examples, whichever network it is (a teacher
    counts, too); a gradient that comes back to what the call gave is a backward pass of them. Runs in a stack hide
    their gradients: count one run alone.

    >>> import torch
    >>> net, x = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)), torch.zeros(5, 2)
    >>> with counted() as passes:
    ...     net(x).sum().backward()
    ...     with torch.no_grad(): _ = net(x)
    >>> passes
    Passes(forward=10, backward=5)
    """
    passes, depth = Passes(), 0

    def before(module: nn.Module, inputs: Any) -> None:
        nonlocal depth
        depth += 1

    def after(module: nn.Module, inputs: Any, output: Any) -> None:
        nonlocal depth
        depth -= 1
        if depth:  # a layer of a network
            return
        found = output if isinstance(output, Tensor) else output[0]
        n = len(found)
        passes.forward += n
        if found.requires_grad:
            found.register_hook(lambda gradient: _back(n))

    def _back(n: int) -> None:
        passes.backward += n

    handles = [
        everywhere.register_module_forward_pre_hook(before),
        everywhere.register_module_forward_hook(after, always_call=True),
    ]
    try:
        yield passes
    finally:
        for handle in handles:
            handle.remove()


def passes_of(recipe: Recipe, data: Dataset) -> Passes:
    """What one example costs in a step of a recipe, the mean over training: counted in a run of 20 steps.

    The steps are spread over all of training, so what begins at a half of it is counted in half of them. What depends
    on how well the network answers is counted for one that has learned nothing. Looks at val are not training.

    >>> from assay.data import load_data
    >>> recipe = Recipe(data="digits", model="mlp:8", strategy={"kind": "adversarial", "attack": {"kind": "pgd",
    ...                 "eps": 0.1, "steps": 5}})
    >>> passes_of(recipe, load_data("digits"))  # five steps of attack, and one of learning
    Passes(forward=6.0, backward=6.0)
    """
    few = data.train.take(np.resize(np.arange(len(data.train)), BATCH * STEPS))
    short = recipe.lasting(1).with_(
        biases=(), sampler=Shuffled(), batch=BATCH, evaluate_every=0, keep=(), record=(), seed=0
    )
    with counted() as passes:
        train([short], replace(data, splits={**data.splits, "train": few}))
    return Passes(passes.forward / len(few), passes.backward / len(few))

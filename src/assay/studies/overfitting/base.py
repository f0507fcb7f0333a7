"""What studies of adversarial training have in common: their base recipe, and what must hold of it."""

from __future__ import annotations

from typing import Any

from assay.data import Dataset, Fewer, biased
from assay.studies.passes import LOOKS
from assay.train import Recipe
from assay.train.recipe import BEST
from assay.train.strategies.crafted import Crafted

STEPS = 600  # about so many steps a run, and at least `LEAST_EPOCHS`: overfitting needs to come by every image often
LEAST_EPOCHS = 60
MOST = 2000  # images that a usual study learns from: many arms and seeds, each at six times the cost of plain training


def suited(data: Dataset) -> dict[str, Any]:
    """Adversarial training at a usual radius on 2,000 images at most, with all three splits recorded."""
    images = min(MOST, len(data.train))
    epochs = max(LEAST_EPOCHS, -(-STEPS // max(1, images // 64)))
    colour = data.kind == "image" and data.shape[0] == 3
    return {
        "strategy": {
            "kind": "adversarial",
            "attack": {"kind": "pgd", "eps": "8/255" if colour else 0.05, "steps": 5},
        },
        "record": ["train", "test"],
        "keep": [BEST, "1"],
        "epochs": epochs,
        "biases": [] if images == len(data.train) else [{"kind": "fewer", "images": images}],
    }


def with_looks(plain: dict[str, Any]) -> dict[str, Any]:
    """A study's settings with as many looks as suit its epochs, unless it was said how often to look.

    >>> with_looks({"recipe": {"epochs": 120}})["recipe"]["evaluate_every"]
    3
    """
    recipe = plain["recipe"]
    epochs = recipe.get("epochs")
    every = max(1, epochs // LOOKS) if isinstance(epochs, int) else 1
    return {**plain, "recipe": {"evaluate_every": every, **recipe}}


def check(recipe: Recipe) -> None:
    """ValueError for a base recipe whose best and last moments under attack could not be compared."""
    strategy = recipe.strategy
    if not isinstance(strategy, Crafted):
        raise ValueError(
            f"recipe.strategy: '{strategy.kind}' does not train on attacked images; use adversarial, trades or mart"
        )
    if not strategy.watched:
        raise ValueError("recipe.strategy.watched: 0 images are attacked at each look; give 256 or more")
    if BEST not in recipe.keep or "1" not in recipe.keep:
        raise ValueError('recipe.keep: the best and the last moment are compared; write ["best", "1"]')


def on_part(recipe: Recipe, part: float, data: Dataset) -> Recipe:
    """The recipe on all images that it learns from, or on a part of them."""
    if part == 1:
        return recipe
    images = max(1, round(part * len(biased(data, recipe.biases).train)))
    return recipe.with_(biases=(*recipe.biases, Fewer(images=images)))

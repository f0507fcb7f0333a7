"""The grid of the `limit` study: a base, and models that differ from it in width, training-set size or training time.

Every level of every axis has models with seeds of their own, on true labels and on labels drawn at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from assay.core.errors import BadInput
from assay.data import Fewer, LabelNoise
from assay.studies.study import Planned, Text, text
from assay.train import Recipe

AXES = ("width", "images", "epochs")
BASE = "base"
TRUE, RANDOM, UNTRAINED = "true", "random", "untrained"  # the labels that a model learned from, if it learned
USUAL = {"mlp": (128, 64), "cnn": (16, 32, 64), "preresnet": (16, 32, 64, 96)}  # widths of a name that gives none
AHEAD = 1000  # seeds between conditions


@dataclass(frozen=True)
class Level:
    """One condition: which axis it is on (the base is on all), its place there, and its recipe on true labels."""

    axis: str
    value: int
    recipe: Recipe

    @property
    def name(self) -> str:
        """What tables call it, such as ``width 16``."""
        return BASE if self.axis == BASE else f"{self.axis} {self.value}"

    def label(self, labels: str = TRUE) -> Text:
        """What a person calls it."""
        en, ja = {
            BASE: ("base", "基準"),
            "width": (f"width {self.value}", f"幅 {self.value}"),
            "images": (f"{self.value} images", f"画像 {self.value} 枚"),
            "epochs": (f"{self.value} epochs", f"{self.value} エポック"),
        }[self.axis]
        return text(en, ja) if labels == TRUE else text(f"{en}, random labels", f"{ja}、無作為ラベル")


def widths_of(model: str) -> tuple[int, ...] | None:
    """The widths of a model that has a list of them; None for others.

    >>> widths_of("mlp:256-128"), widths_of("mlp"), widths_of("net.py:make")
    ((256, 128), (128, 64), None)
    """
    name, _, given = model.partition(":")
    if name not in USUAL:
        return None
    try:
        return tuple(int(part) for part in given.split("-")) if given else USUAL[name]
    except ValueError:
        return None


def scaled(model: str, width: int) -> str:
    """The model with ``width`` as its last width and the others in proportion, at least one each.

    >>> scaled("mlp:128-64", 16)
    'mlp:32-16'
    """
    own = widths_of(model)
    if own is None:
        raise BadInput(
            f"asked for models as wide as {width}; the widths of {model} are not known; use one of {', '.join(USUAL)}, "
            "or leave the axis out (--set grid.widths=[])"
        )
    return f"{model.partition(':')[0]}:{'-'.join(str(max(1, round(w * width / own[-1]))) for w in own)}"


def levels(
    base: Recipe, widths: Sequence[int], sizes: Sequence[Fraction], epochs: Sequence[int], images: int
) -> list[Level]:
    """All conditions, the base first; ``images``: that the base learns from.

    Fewer images are learned from for as many steps: epochs are multiplied by what the images are divided by. All models
    of a size learn from the same images, and a larger size holds those of a smaller one.
    """
    assert base.model is not None
    found = [Level(BASE, 0, base)]
    own = widths_of(base.model)
    found += [
        Level("width", width, base.with_(model=scaled(base.model, width)))
        for width in sorted(set(widths))
        if own is None or width != own[-1]
    ]
    for size in sorted(set(sizes) - {Fraction(1)}):
        count = max(1, round(size * images))
        recipe = base.with_(biases=(*base.biases, Fewer(images=count)), epochs=round(base.epochs / size))
        found.append(Level("images", count, recipe))
    found += [Level("epochs", n, base.with_(epochs=n)) for n in sorted(set(epochs) - {base.epochs})]
    return found


def axes(found: Sequence[Level], images: int) -> dict[str, list[dict[str, Any]]]:
    """The conditions along each axis that has more than the base, by rising level; the base is on all of them."""
    base = found[0].recipe
    own = widths_of(str(base.model))
    at = {"width": own[-1] if own else 0, "images": images, "epochs": base.epochs}
    along: dict[str, list[dict[str, Any]]] = {}
    for axis in AXES:
        steps = [(level.value, level.name) for level in found if level.axis == axis]
        if steps:
            steps.append((at[axis], BASE))
            along[axis] = [{"level": value, "condition": name} for value, name in sorted(steps)]
    return along


def design(found: Sequence[Level], seeds: int, happy: int, classes: int, digest: str) -> dict[str, Planned]:
    """All runs by run id: ``seeds`` models a condition on true labels, ``happy`` on random ones; no seed comes twice.

    Random labels are uniform over the classes: a share of 1 - 1 / classes of them is replaced by another class, the
    same ones for all models (all of them replaced would, of two classes, be a labelling that can be learned as well).
    """
    runs: dict[str, Planned] = {}
    for number, level in enumerate(found):
        for labels, count in ((TRUE, seeds), (RANDOM, happy)):
            first = level.recipe.seed + AHEAD * (2 * number + (labels == RANDOM))
            biases = level.recipe.biases
            if labels == RANDOM:
                biases = (*biases, LabelNoise(share=1 - 1 / classes))
            for seed in range(first, first + count):
                recipe = level.recipe.with_(seed=seed, biases=biases)
                tags = {"condition": condition(level.name, labels), "design": "family"}
                runs[recipe.run_id(digest)] = Planned(recipe, {**tags, "level": level.name, "labels": labels})
    return runs


def condition(level: str, labels: str) -> str:
    """What runs of a level and kind of labels are called together.

    >>> condition("width 8", "true"), condition("width 8", "random")
    ('width 8', 'width 8, random labels')
    """
    return level if labels == TRUE else f"{level}, random labels"

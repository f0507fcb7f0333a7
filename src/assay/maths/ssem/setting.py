"""What is asked of the theory: classes, instances, views, the mix of the loss and its temperature."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from assay.core.errors import BadInput, unknown

Variant = Literal["excl", "incl"]
Reduction = Literal["anchor", "pair"]


@dataclass(frozen=True)
class Setting:
    """One training setting in which every batch holds the same number of instances of each class.

    ``classes`` m; ``per_class`` n, instances of a class in a batch (one number, or one a class); ``views`` p of each
    instance; ``alpha`` in [0, 1], the weight of the self-supervised part; ``temperature`` tau > 0; ``variant``: is
    the pair of an embedding with itself counted (``incl``) or not (``excl``); ``reduction``: mean over anchors or
    over pairs; ``total``, instances of a class in the data set (None: the batch is the data set); ``dimension`` of
    the embeddings (None: large enough).

    >>> Setting(2, 3, 2, 0.5, 0.1).counts
    (3, 3)
    >>> Setting(2, 3, 2, 1.5, 0.1)
    Traceback (most recent call last):
    assay.core.errors.BadInput: asked for alpha = 1.5; alpha is a share; give a number from 0 to 1
    """

    classes: int
    per_class: int | tuple[int, ...]
    views: int
    alpha: float
    temperature: float
    variant: Variant = "excl"
    reduction: Reduction = "anchor"
    total: int | tuple[int, ...] | None = None
    dimension: int | None = None

    def __post_init__(self) -> None:
        check_loss(self.views, self.alpha, self.temperature, self.variant, self.reduction, self.dimension)
        if self.classes < 2:
            raise BadInput(f"asked for {self.classes} class; collapse is about classes held apart; give two or more")
        for name, given in (("per_class", self.per_class), ("total", self.total)):
            if isinstance(given, tuple) and len(given) != self.classes:
                raise BadInput(
                    f"asked for {self.classes} classes; found {len(given)} numbers in {name}; give one a class"
                )
        if min(self.counts) < 1:
            raise BadInput(
                f"asked for a batch with {min(self.counts)} instances of a class; it needs at least one of each;"
                " use random batches for classes that a batch may miss"
            )
        if any(n > N for n, N in zip(self.counts, self.totals, strict=True)):
            raise BadInput(
                f"asked for batches of {self.counts} out of {self.totals} instances; a batch is drawn without"
                " replacement; give at most as many as there are"
            )
        if self.alpha == 0 and max(self.counts) == 1:
            raise BadInput(
                "asked for alpha = 0 with one instance of a class in a batch; found no pair to learn from;"
                " raise alpha or the number per class"
            )

    @property
    def counts(self) -> tuple[int, ...]:
        """Instances of each class in a batch."""
        return self.per_class if isinstance(self.per_class, tuple) else (self.per_class,) * self.classes

    @property
    def totals(self) -> tuple[int, ...]:
        """Instances of each class in the data set."""
        if self.total is None:
            return self.counts
        return self.total if isinstance(self.total, tuple) else (self.total,) * self.classes

    @property
    def balanced(self) -> bool:
        """Whether all classes are alike, so that closed forms hold."""
        return len(set(self.counts)) == 1 and len(set(self.totals)) == 1


@dataclass(frozen=True)
class RandomSetting:
    """One training setting whose batches are drawn at random: what a plain shuffling loader gives.

    ``counts`` (m,) instances of each class in the data set; ``batch`` instances in a batch, drawn without
    replacement; the rest as in `Setting`. ``seed`` addresses the count vectors where they must be drawn.

    >>> RandomSetting((100, 900), 64, 2, 0.5, 0.1).classes
    2
    """

    counts: tuple[int, ...]
    batch: int
    views: int
    alpha: float
    temperature: float
    variant: Variant = "excl"
    reduction: Reduction = "anchor"
    dimension: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        check_loss(self.views, self.alpha, self.temperature, self.variant, self.reduction, self.dimension)
        if self.classes < 2:
            raise BadInput(f"asked for {self.classes} class; collapse is about classes held apart; give two or more")
        if min(self.counts) < 1:
            raise BadInput(f"asked for classes of {self.counts} instances; one is empty; leave it out")
        if not 2 <= self.batch <= sum(self.counts):
            raise BadInput(
                f"asked for batches of {self.batch} out of {sum(self.counts)} instances;"
                " give at least 2 and at most as many as there are"
            )
        if self.alpha == 0 and max(self.counts) == 1:
            raise BadInput("asked for alpha = 0 with one instance of every class; found no pair; raise alpha")

    @property
    def classes(self) -> int:
        """The number of classes m."""
        return len(self.counts)

    @property
    def totals(self) -> tuple[int, ...]:
        """Instances of each class in the data set, as `Setting` calls them."""
        return self.counts


AnySetting = Setting | RandomSetting


def check_loss(
    views: int, alpha: float, temperature: float, variant: str, reduction: str, dimension: int | None = None
) -> None:
    """`BadInput` for a loss that cannot be."""
    if not (math.isfinite(alpha) and 0 <= alpha <= 1):
        raise BadInput(f"asked for alpha = {alpha:g}; alpha is a share; give a number from 0 to 1")
    if not (math.isfinite(temperature) and temperature > 0):
        raise BadInput(
            f"asked for temperature = {temperature:g}; similarities are divided by it; give a number above 0"
        )
    if temperature < 1e-3:
        raise BadInput(f"asked for temperature = {temperature:g}; exponents overflow; give 0.001 or more")
    if variant not in get_args(Variant):
        raise unknown("variant", variant, get_args(Variant))
    if reduction not in get_args(Reduction):
        raise unknown("reduction", reduction, get_args(Reduction))
    if views < 1:
        raise BadInput(f"asked for {views} views; every instance has at least one; give 1 or more, usually 2")
    if variant == "excl" and views == 1 and alpha > 0:
        raise BadInput(
            f"asked for alpha = {alpha:g} with one view and variant excl; an instance has no other view to be"
            " pulled to; give 2 views, or alpha 0"
        )
    if dimension is not None and dimension < 1:
        raise BadInput(f"asked for {dimension} dimensions; an embedding has at least one; give 1 or more")

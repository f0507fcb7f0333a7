"""A metric is a plain function with a card that says what may be expected of it; tests hold it to that."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar, cast

from assay.core.registry import Registry

# The words a metric may name its arguments with: whoever holds these can call any metric by its card.
ARGUMENTS = {
    "features": "one representation, (samples, width); maps are flattened",
    "features_a": "the first of two representations of the same samples",
    "features_b": "the second of two representations of the same samples",
    "logits": "outputs before softmax, (samples, classes)",
    "logits_a": "the first of two models' logits on the same samples",
    "logits_b": "the second of two models' logits on the same samples",
    "labels": "the true classes, (samples,)",
    "predicted": "the classes that a model answered, (samples,)",
    "given_labels": "classes as they were learned, some of them wrong, (samples,)",
    "probs": "probabilities, (samples, classes)",
    "val_probs": "probabilities on the validation split",
    "val_labels": "true classes of the validation split",
    "train_features": "features of training items, (samples, width)",
    "train_attacked_features": "features of the same training items under attack, (samples, width)",
    "attacked_features": "features under attack of the same items as features, (samples, width)",
    "val_features": "features of validation items, (samples, width)",
    "train_logits": "logits on the training split",
    "train_labels": "true classes of the training split",
    "ok": "index of the class that means nothing is wrong, or None",
    "threshold": "what `threshold` returned for the validation split",
    "sequence": "symbols in a stated order, such as the classes predicted for a probe, (samples,)",
    "table": "outputs of a function of d bits for all inputs in lexicographic order, (2^d,)",
    "values": "what a model gave out: classes (samples,), probabilities or logits (samples, classes)",
    "serialisation": "how values become bytes: labels, rounded or float32",
    "model": "a callable from inputs to logits or other real outputs, called as it is and left as it was found",
    "x": "inputs of a model, (samples, ...)",
    "weights": "rows of a linear head, (classes, width), without its bias",
    "views": "embeddings of several views of each image, (images, views, width)",
}

# What may be done to the first argument, or, where that is of train, to the features of all splits alike; the contract
# tests carry each of these out.
INVARIANCES = {
    "orthogonal": "any rotation or reflection of the columns' space",
    "permutation": "another order of the columns",
    "scale": "multiplication with a positive number",
    "translation": "the same row added to every sample",
    "shift": "one number added to all columns of a sample, another for each sample",
    "invertible": "any invertible linear map of the columns' space",
    "renaming": "other names for the symbols of a sequence",
    "reversal": "a sequence read backwards",
    "order": "another order of a sequence",
}

Better = Literal["higher", "lower", "context"]
Function = TypeVar("Function", bound=Callable[..., float])


@dataclass(frozen=True)
class Card:
    """What is promised about a metric.

    ``needs`` are the arguments without a default. ``range`` is closed. ``invariant`` names changes of the
    first argument (or of all splits) that leave the value alone, see `INVARIANCES`; changes that are not
    named do change it. ``symmetric`` is None where there are no two sides. ``triangle``: a distance, zero to
    itself, that obeys the triangle inequality.
    """

    name: str
    needs: tuple[str, ...]
    range: tuple[float, float]
    better: Better
    unit: str
    invariant: tuple[str, ...]
    symmetric: bool | None
    triangle: bool
    cite: str
    summary: str
    formula: str
    example: str


class Metric(Protocol):
    """Named arrays in, a number out, with a card."""

    card: Card

    def __call__(self, *args: Any, **kwargs: Any) -> float:
        """The number."""


METRICS: Registry[Metric] = Registry("metric")


def metric(
    *,
    range: tuple[float, float],
    better: Better = "context",
    unit: str = "",
    invariant: tuple[str, ...] = (),
    symmetric: bool | None = None,
    triangle: bool = False,
    cite: str = "",
) -> Callable[[Function], Function]:
    """A decorator that writes a function's card and files the function, unchanged, in `METRICS`.

    >>> @metric(range=(0, 1), better="higher")
    ... def first_class_share(labels):
    ...     '''Share of samples of class 0.'''
    ...     return sum(label == 0 for label in labels) / len(labels)
    >>> first_class_share([0, 1, 1, 0]), first_class_share.card.needs
    (0.5, ('labels',))
    >>> METRICS.pop("first_class_share").card.summary
    'Share of samples of class 0.'
    """

    def file(function: Function) -> Function:
        name = function.__name__
        parameters = inspect.signature(function).parameters.values()
        needs = tuple(p.name for p in parameters if p.default is p.empty)
        foreign = [word for word in needs if word not in ARGUMENTS]
        foreign += [word for word in invariant if word not in INVARIANCES]
        if foreign:
            raise ValueError(f"metric {name}: no such argument or invariance: {', '.join(foreign)}")
        summary, formula, example = _read(function.__doc__)
        card = Card(name, needs, range, better, unit, invariant, symmetric, triangle, cite, summary, formula, example)
        filed = cast(Metric, function)
        filed.card = card
        METRICS.add(name, filed)
        return function

    return file


def _read(doc: str | None) -> tuple[str, str, str]:
    """First line, first paragraph with an equation and first doctest of a docstring; empty if missing."""
    text = inspect.cleandoc(doc or "")
    rest = text.split("\n\n")[1:]
    examples = [part for part in rest if part.startswith(">>>")]
    formulas = [part for part in rest if " = " in part and part not in examples]
    return text.partition("\n")[0], (formulas or [""])[0], (examples or [""])[0]

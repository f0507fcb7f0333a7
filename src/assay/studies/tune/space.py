"""The search space: which recipes may be tried. Declared, so that ``--set space.lr=[1e-4,1e-2]`` changes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from assay.core.errors import BadInput
from assay.core.spec import Number, Spec
from assay.models import ActivationName
from assay.studies.tune import also as further
from assay.studies.tune.also import Range
from assay.train import Recipe

Values = dict[str, Any]
OF_OPTIMISER = {"lr": "lr", "weight_decay": "weight_decay", "optimiser": "name"}  # axes that learners may have too
SHAPED = ("mlp", "cnn", "resnet18")  # models whose width is searched


class Space(Spec):
    """Ranges (a pair, searched on a log scale) and choices (a list) of the settings that are searched.

    ``width`` is that of the first layer. An mlp has ``depth`` layers, all as wide (``even``) or each half as wide as
    the one before (``halving``); a cnn's three layers double in width. ``epochs`` are shares of the recipe's epochs.
    Other models keep their shape. A range with equal ends, or one choice, fixes a setting.

    ``also``: further settings of the recipe by their path: choices, or a range ``{low, high}`` on a log scale. Not
    given: of a `Generalist` each learner's learning rate and weight decay, and the first of two learners' weight at
    the end; else none.
    """

    lr: tuple[Number, Number] = (1e-4, 1e-1)
    width: tuple[int, int] | None = None  # None: (16, 256) for an mlp, (8, 64) otherwise
    depth: tuple[int, int] = (1, 3)
    taper: tuple[Literal["even", "halving"], ...] = ("even", "halving")
    activation: tuple[ActivationName, ...] = ("relu", "leaky_relu", "tanh", "gelu")
    weight_decay: tuple[Number, ...] = (0.0, 1e-4, 1e-2)
    batch: tuple[int, ...] = (32, 64, 128)
    optimiser: tuple[Literal["adam", "adamw", "sgd"], ...] = ("adam", "adamw", "sgd")
    epochs: tuple[Number, ...] = Field((0.5, 1.0, 2.0))
    also: dict[str, Range | tuple[Any, ...]] | None = None

    _readable = field_validator("also", mode="before")(further.readable)

    @field_validator("lr", "width", "depth")
    @classmethod
    def _range(cls, ends: Any) -> Any:
        if ends is not None and not 0 < ends[0] <= ends[1]:
            raise ValueError("a range goes from a smaller to a larger number, both above 0, such as [1e-4, 1e-1]")
        return ends

    @model_validator(mode="after")
    def _choices(self) -> Space:
        for name in ("taper", "activation", "weight_decay", "batch", "optimiser", "epochs"):
            choices = getattr(self, name)
            if not choices or len(set(choices)) < len(choices):
                raise ValueError(
                    f"{name}: give different choices, at least one, such as [{', '.join(map(str, choices))}]"
                )
        if min(self.batch) < 1 or min(self.epochs) <= 0 or min(self.weight_decay) < 0:
            raise ValueError("batch and epochs are above 0, weight_decay is 0 or more")
        return self

    def further(self, base: Recipe) -> further.Also:
        """The further axes: those that are given, or the usual ones."""
        return further.usual(base, self.lr, self.weight_decay) if self.also is None else self.also

    def check(self, base: Recipe) -> None:
        """`BadInput` where the recipe does not have a further axis, or could not have one of its values."""
        further.check(self.further(base), base)

    def axes(self, base: Recipe) -> dict[str, dict[str, Any]]:
        """The searched settings by name: ``low`` and ``high`` (whole numbers stay whole), or ``choices``.

        A setting of the recipe's optimiser that every learner has of its own is not searched.
        """
        family, also = _family(base), self.further(base)
        found: dict[str, dict[str, Any]] = {"lr": _ends(self.lr)}
        if family in SHAPED:
            found["width"] = _ends(self.width or ((16, 256) if family == "mlp" else (8, 64)))
        if family == "mlp":
            found["depth"] = _ends(self.depth)
            found["taper"] = {"choices": list(self.taper)}
        for name in ("activation", "weight_decay", "batch", "optimiser", "epochs"):
            found[name] = {"choices": list(getattr(self, name))}
        for name, setting in OF_OPTIMISER.items():
            if not further.heard(setting, base, also):
                del found[name]
        return found | {path: further.axis_of(axis) for path, axis in also.items()}

    def recipe(self, base: Recipe, values: Values) -> Recipe:
        """The recipe that values of the axes stand for: the base with these settings.

        What could never come in so few epochs comes more often (`Recipe.lasting`). `BadInput` where values of further
        axes do not go together.
        """
        if values == self.values(base, base):
            return base
        also = self.further(base)
        found = further.put(base, further.chosen(also, values)) if also else base
        own = {setting: values[name] for name, setting in OF_OPTIMISER.items() if name in values}
        changed = found.with_(
            optimiser=found.optimiser.with_(**own),
            model=_model(base, values),
            activation=values["activation"],
            batch=values["batch"],
        )
        return changed.lasting(max(1, round(base.epochs * values["epochs"])))

    def values(self, recipe: Recipe, base: Recipe) -> Values | None:
        """The values of the axes that give a recipe; None where it lies outside the space."""
        shape = _shape(recipe)
        if shape is None or _family(recipe) != _family(base):
            return None
        found: Values = {
            "lr": recipe.optimiser.lr,
            **shape,
            "activation": recipe.activation,
            "weight_decay": recipe.optimiser.weight_decay,
            "batch": recipe.batch,
            "optimiser": recipe.optimiser.name,
            "epochs": recipe.epochs / base.epochs,
            **further.held(self.further(base), recipe, base),
        }
        axes = self.axes(base)
        for name, axis in axes.items():
            if isinstance(axis.get("low"), float) and found[name] is not None:
                found[name] = rounded(found[name])
        return {name: found[name] for name in axes} if all(within(found[n], axis) for n, axis in axes.items()) else None

    def alike(self, recipe: Recipe, base: Recipe) -> bool:
        """Whether strategy and interventions differ from the base's in nothing that is not searched."""
        like = base.lasting(recipe.epochs)
        try:
            same = further.put(recipe, {path: further.at(like.plain(), path) for path in self.further(base)})
        except BadInput:
            return False
        return (same.strategy, same.interventions) == (like.strategy, like.interventions)


def within(value: Any, axis: Mapping[str, Any]) -> bool:
    """Whether an axis has a value.

    >>> within("a", {"choices": ["a", "b"]}), within(3, {"low": 1, "high": 2}), within(None, {"low": 1, "high": 2})
    (True, False, False)
    """
    if "choices" in axis:
        return value in axis["choices"]
    return isinstance(value, int | float) and bool(axis["low"] <= value <= axis["high"])


def rounded(lr: float) -> float:
    """A learning rate to three digits, so that equal recipes meet.

    >>> rounded(0.00123456)
    0.00123
    """
    return float(f"{lr:.3g}")


def _ends(ends: tuple[Any, Any]) -> dict[str, Any]:
    return {"low": ends[0], "high": ends[1]}


def _family(recipe: Recipe) -> str:
    return str(recipe.model).partition(":")[0] if ".py:" not in str(recipe.model) else ""


def _model(base: Recipe, values: Mapping[str, Any]) -> str | None:
    family = _family(base)
    if family not in SHAPED:
        return base.model
    width = values["width"]
    if family == "mlp":
        halving = values["taper"] == "halving"
        sizes = [max(1, width // 2**layer) if halving else width for layer in range(values["depth"])]
    else:
        sizes = [width * 2**layer for layer in range(3)] if family == "cnn" else [width]
    return f"{family}:{'-'.join(map(str, sizes))}"


def _shape(recipe: Recipe) -> Values | None:
    """Width, depth and taper of a recipe's model; empty for models whose shape is not searched."""
    from assay.models.networks import widths

    family = _family(recipe)
    if family not in SHAPED:
        return {}
    default = {"mlp": (128, 64), "cnn": (16, 32, 64), "resnet18": (64,)}[family]
    sizes = widths(str(recipe.model).partition(":")[2], default)
    tapers = ("even", "halving") if family == "mlp" else ("",)
    for taper in tapers:
        shape: Values = {"width": sizes[0], "depth": len(sizes), "taper": taper}
        if _model(recipe, shape) == f"{family}:{'-'.join(map(str, sizes))}":
            return shape if family == "mlp" else {"width": sizes[0]}
    return None

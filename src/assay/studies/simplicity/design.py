"""The grid of the `simplicity` study: seven rows that differ from a base in one thing, and axes beyond them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assay.studies.study import Planned, Text, text
from assay.train import Recipe

# Depth by model: the base first, then deeper; and other widths at the base's depth.
DEPTHS = {"mlp": ("128", "128-128", "128-128-128"), "cnn": ("16-32", "16-32-64", "16-32-64-64")}
WIDTHS = {"mlp": ("32", "512"), "cnn": ("8-16", "32-64")}
RELU_KINDS = ("relu", "leaky_relu")
SATURATING = ("tanh", "sigmoid")


@dataclass(frozen=True)
class Setting:
    """One configuration: what is set, and whether it is one of the seven rows."""

    activation: str
    widths: str
    lr: float
    row: bool = False

    @property
    def name(self) -> str:
        """Short and unique, such as ``relu [128-128] lr 0.001``."""
        return f"{self.activation} [{self.widths}] lr {self.lr:g}"

    @property
    def depth(self) -> int:
        """Hidden layers (of a CNN: convolutions)."""
        return len(self.widths.split("-"))

    def plain(self) -> dict[str, Any]:
        """For `study.json`: the order there is the order in every table and chart."""
        return {
            "name": self.name,
            "label": self.label(),
            "activation": self.activation,
            "widths": self.widths,
            "depth": self.depth,
            "lr": self.lr,
            "row": self.row,
        }

    def label(self) -> Text:
        """What a person calls it."""
        layers = "layer" if self.depth == 1 else "layers"
        return text(
            f"{self.activation}, {self.depth} {layers} ({self.widths}), learning rate {self.lr:g}",
            f"{self.activation}、{self.depth}層（{self.widths}）、学習率{self.lr:g}",
        )


def settings(
    depths: Sequence[str], widths: Sequence[str], lrs: Sequence[float], base_lr: float, too_high: float
) -> list[Setting]:
    """The seven rows first (base, three activations, two depths, one learning rate too high), then the axes."""
    base = Setting("relu", depths[0], base_lr, row=True)
    rows = [base]
    rows += [replace(base, activation=name) for name in ("tanh", "sigmoid", "leaky_relu")]
    rows += [replace(base, widths=deeper) for deeper in depths[1:]]
    rows += [replace(base, lr=too_high)]
    beyond = [replace(base, lr=lr, row=False) for lr in lrs]
    beyond += [
        replace(base, activation=name, widths=deeper, row=False)
        for name in ("tanh", "sigmoid", "leaky_relu")
        for deeper in depths[1:]
    ]
    beyond += [replace(base, widths=width, row=False) for width in widths]
    known = {setting.name for setting in rows}
    return rows + [setting for setting in beyond if setting.name not in known]


def design(base: Recipe, found: Sequence[Setting], seeds: int, digest: str) -> Mapping[str, Planned]:
    """All runs by run id: every setting on the same seeds."""
    assert base.model is not None
    family = base.model.partition(":")[0]
    runs: dict[str, Planned] = {}
    for setting in found:
        optimiser = base.optimiser.with_(lr=setting.lr)
        for seed in range(seeds):
            recipe = base.with_(
                model=f"{family}:{setting.widths}",
                activation=setting.activation,
                optimiser=optimiser,
                seed=base.seed + seed,
            )
            runs[recipe.run_id(digest)] = Planned(recipe, {"condition": setting.name, "design": "paired"})
    return runs

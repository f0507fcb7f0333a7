"""The grid of the `simplicity` study: seven rows that differ from a base in one thing, and axes beyond them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from assay.core.errors import BadInput
from assay.models.networks import widths as sizes
from assay.studies.study import Planned, Text, text
from assay.train import Recipe

# Depth by model: the base first, then deeper; and other widths at the base's depth.
DEPTHS = {"mlp": ("128", "128-128", "128-128-128"), "cnn": ("16-32", "16-32-64", "16-32-64-64")}
WIDTHS = {"mlp": ("32", "512"), "cnn": ("8-16", "32-64")}
RELU_KINDS = ("relu", "leaky_relu")
SATURATING = ("tanh", "sigmoid")
KINDS = (*SATURATING, RELU_KINDS[1])  # tried against the base's


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
    base = Setting(RELU_KINDS[0], depths[0], base_lr, row=True)
    rows = [base]
    rows += [replace(base, activation=name) for name in KINDS]
    rows += [replace(base, widths=deeper) for deeper in depths[1:]]
    rows += [replace(base, lr=too_high)]
    beyond = [replace(base, lr=lr, row=False) for lr in lrs]
    beyond += [replace(base, activation=name, widths=deeper, row=False) for name in KINDS for deeper in depths[1:]]
    beyond += [replace(base, widths=width, row=False) for width in widths]
    known = {setting.name for setting in rows}
    return rows + [setting for setting in beyond if setting.name not in known]


def check(base: Recipe, depths: Sequence[str], too_high: float) -> None:
    """`BadInput` for a setting of the base recipe that the grid would overrule, and for rows that equal the base."""
    own = f"{str(base.model).partition(':')[0]}:{depths[0]}"
    if base.model != own:
        raise BadInput(
            f"asked for simplicity with model {base.model}; the grid says the widths, and its base is {own}; "
            "leave the widths out, or give them by depth, the base first: --set \"grid.depths=['256','256-256']\""
        )
    if base.activation != RELU_KINDS[0]:
        raise BadInput(
            f"asked for simplicity with activation {base.activation}; the grid tries {', '.join(KINDS)} against "
            f"{RELU_KINDS[0]}, its base; leave the activation out"
        )
    deep = [len(sizes(text, ())) for text in depths]
    if len(deep) < 2 or any(b <= a for a, b in pairwise(deep)):
        raise BadInput(
            f"asked for simplicity with grid.depths {', '.join(depths)}; claims compare deeper models with the base, "
            f"the first of them; give two or more, each with more layers than the one before: {depths[0]}, "
            f"{depths[0]}-{depths[0].rpartition('-')[2]}"
        )
    if float(f"{too_high:g}") <= float(f"{base.optimiser.lr:g}"):  # as settings are named
        raise BadInput(
            f"asked for simplicity with grid.too_high {too_high:g}; the base's learning rate is "
            f"{base.optimiser.lr:g}; give one above it, such as --set grid.too_high={100 * base.optimiser.lr:g}, or a "
            "lower --set optimiser.lr=..."
        )


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

"""Convex combinations of networks of one shape."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from assay.core.errors import BadInput

ROUNDING = 1e-6  # how far from 1 weights may add up to


@torch.no_grad()
def blend(states: Sequence[Mapping[str, Tensor]], weights: Sequence[float]) -> dict[str, Tensor]:
    """The weighted mean of networks' tensors, name by name: sum_i w_i a_i, w_i >= 0, sum_i w_i = 1.

    ``states`` are state dicts of one shape. Whole numbers (batch norm counts its batches) are the first one's. Running
    statistics are averaged like weights, which is not what the blended network would show: estimate them anew where
    there are any. `BadInput` for other names or shapes, or weights that are not shares of 1.

    >>> a, b = {"w": torch.tensor([0.0, 2.0])}, {"w": torch.tensor([1.0, 4.0])}
    >>> blend([a, b], weights=[0.75, 0.25])["w"].tolist()
    [0.25, 2.5]
    """
    try:
        weights = [float(weight) for weight in weights]
    except (TypeError, ValueError):
        raise BadInput(f"asked to blend {len(states)} networks; found the weights {weights}; give numbers") from None
    check_weights(weights, len(states), f"asked to blend {len(states)} networks")
    first = states[0]
    for number, state in enumerate(states[1:], 2):
        if state.keys() != first.keys():
            name = min(state.keys() ^ first.keys())
            raise BadInput(
                f"asked to blend {len(states)} networks; found '{name}' in one only of 1 and {number}; blend networks "
                "of one architecture"
            )
        bad = next((name for name in first if first[name].shape != state[name].shape), None)
        if bad is not None:
            raise BadInput(
                f"asked to blend {len(states)} networks; found '{bad}' of shape {tuple(first[bad].shape)} and "
                f"{tuple(state[bad].shape)}; blend networks of one architecture"
            )
    return mean_of(states, weights)


def check_weights(weights: Sequence[float], count: int, asked: str) -> None:
    """`BadInput` for weights that are not ``count`` shares of 1."""
    said = ", ".join(f"{weight:g}" for weight in weights)
    if len(weights) != count:
        raise BadInput(f"{asked}; found {len(weights)} weights ({said}); give one for each")
    if not weights or any(not weight >= 0 for weight in weights) or abs(math.fsum(weights) - 1) > ROUNDING:
        raise BadInput(f"{asked}; found the weights {said}; give weights of at least 0 that add up to 1")


@torch.no_grad()
def mean_of(states: Sequence[Mapping[str, Tensor]], weights: Sequence[float]) -> dict[str, Tensor]:
    """`blend` of what is known to fit."""
    found = {}
    for name, value in states[0].items():
        if not value.is_floating_point():
            found[name] = value.clone()
            continue
        found[name] = value * weights[0]
        for state, weight in zip(states[1:], weights[1:], strict=True):
            found[name].add_(state[name], alpha=weight)
    return found

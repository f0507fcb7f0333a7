"""What an evaluation is given, looked at before any work is done."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from assay.core.errors import BadInput

PROBABILITIES = (
    "the model returns probabilities, not logits: their gradients vanish; remove the last softmax or sigmoid"
)


def inputs(x: Any, y: Any) -> tuple[Tensor, Tensor]:
    """Float inputs in [0, 1] and integer labels of the same examples; `BadInput` says what is wrong with them."""
    x, y = torch.as_tensor(x).detach().float(), torch.as_tensor(y).detach()
    if x.dim() < 2 or y.dim() != 1 or len(x) != len(y) or not len(x):
        raise BadInput(
            f"asked to attack inputs (n, ...) with labels (n,); found shapes {tuple(x.shape)} and {tuple(y.shape)}; "
            "give one label an example"
        )
    if y.is_floating_point() or y.dtype == torch.bool or int(y.min()) < 0:
        raise BadInput(f"asked for labels; found {y.dtype} from {y.min()}; give class numbers from 0 up as integers")
    low, high = float(x.min()), float(x.max())
    if not (low >= 0 and high <= 1):  # false for NaN as well
        raise BadInput(
            f"asked to attack inputs between 0 and 1; found values from {low:.4g} to {high:.4g}; "
            "divide pixels by 255 and normalise inside the model"
        )
    return x, y.long()


def answers(logits: Tensor, y: Tensor) -> tuple[str, ...]:
    """Warnings about the network's answers; `BadInput` where they cannot be logits of these labels."""
    if logits.dim() != 2 or len(logits) != len(y):
        raise BadInput(
            f"asked for logits ({len(y)}, classes); found {tuple(logits.shape)}; the model must give one row an example"
        )
    if not logits.isfinite().all():
        raise BadInput("asked for logits; found values that are not finite; check the weights")
    if int(y.max()) >= logits.shape[1]:
        raise BadInput(
            f"asked to attack labels up to {int(y.max())}; found a model with {logits.shape[1]} classes; "
            "give the model that was trained for these labels"
        )
    return (PROBABILITIES,) if probable(logits).all() else ()


def probable(logits: Tensor) -> Tensor:
    """Who is answered by probabilities instead of logits: between 0 and 1, and the sum is 1; of one output, (0, p).

    >>> probable(torch.tensor([[0.25, 0.75], [2.0, -1.0]])).tolist(), probable(torch.tensor([[0.0, 0.3]])).tolist()
    ([True, False], [True])
    """
    bounded = ((logits > -1e-5) & (logits < 1 + 1e-5)).all(1)
    single = logits.shape[1] == 2 and bool((logits[:, 0] == 0).all())
    return bounded & (((logits.sum(1) - 1).abs() < 1e-4) | single)  # rounded to five digits they are probabilities, too

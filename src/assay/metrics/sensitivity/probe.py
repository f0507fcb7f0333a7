"""Calling a model to measure it: checked inputs, checked outputs, nothing left changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from assay.core.errors import BadInput, unknown
from assay.metrics.arrays import Array

Model = Callable[[Tensor], Tensor]
On = Literal["logits", "probs"]
Units = Literal["raw", "standardised"] | float | Tensor
CHUNK = 512


def inputs(x: Array, name: str = "x") -> Tensor:
    """Inputs as a detached floating tensor (n, ...) where they are; `BadInput` unless finite and at least one.

    >>> inputs([[0, 1]]).dtype
    torch.float32
    """
    try:
        tensor = x.detach() if isinstance(x, Tensor) else torch.as_tensor(np.asarray(x, np.float32))
    except (TypeError, ValueError):
        raise BadInput(
            f"asked for {name} as an array of numbers; found {type(x).__name__} that is not one; "
            "give a tensor, an array or lists of equal length"
        ) from None
    tensor = tensor if tensor.is_floating_point() else tensor.float()
    if tensor.dim() < 2 or not tensor.numel():
        raise BadInput(f"asked for {name} as (samples, ...); found shape {tuple(tensor.shape)}; give a row a sample")
    return finite(tensor, name, "leave those samples out")


def finite(tensor: Tensor, name: str, cure: str) -> Tensor:
    """The tensor; `BadInput` if some of it is NaN or infinite."""
    bad = int((~torch.isfinite(tensor)).sum())
    if bad:
        raise BadInput(
            f"asked for {name} as finite numbers; found {bad} of {tensor.numel()} that are NaN or infinite; {cure}"
        )
    return tensor


def chunks(n: int, size: int) -> Iterator[slice]:
    """Rows 0 to n in slices of ``size``."""
    if size < 1:
        raise BadInput(f"asked for batches of {size}; one sample is the least; give batch_size=1 or more")
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def outputs(model: Model, x: Tensor, on: On = "logits") -> Tensor:
    """What a model gives for x, float64 (n, outputs); more axes are flattened.

    on="probs": softmax of the logits; a one-logit head z counts as (0, z). `BadInput` for NaN, for another number of
    rows than x has, and for an unknown ``on``.

    >>> outputs(lambda x: 0 * x, torch.ones(1, 2), "probs").tolist()
    [[0.5, 0.5]]
    """
    if on not in ("logits", "probs"):
        raise unknown("kind of output", str(on), ("logits", "probs"))
    rows = called(model, x).reshape(len(x), -1)
    return rows if on == "logits" else classes(rows).softmax(1)


def called(model: Model, x: Tensor) -> Tensor:
    """What a model gives for x, float64 in the shape it has: (n, classes), or real outputs such as series (n, t, k).

    `BadInput` for NaN and for another number of rows than x has.

    >>> called(lambda x: x[:, :, None], torch.ones(1, 2)).shape
    torch.Size([1, 2, 1])
    """
    found: Any = model(x)
    if not isinstance(found, Tensor) or found.dim() < 1 or len(found) != len(x):
        shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise BadInput(
            f"asked one model for an output for each of {len(x)} inputs; found {shape}; "
            "give a callable that returns a tensor (samples, outputs)"
        )
    return finite(found.double(), "outputs of the model", "see where its training diverged")


def classes(logits: Tensor) -> Tensor:
    """Logits with a column for each class: a one-logit head z becomes (0, z)."""
    return logits if logits.shape[1] > 1 else torch.cat([torch.zeros_like(logits), logits], 1)


def predictions(model: Model, x: Tensor, batch_size: int) -> Tensor:
    """The class with the largest logit, int64 (n,)."""
    return torch.cat([classes(outputs(model, x[rows])).argmax(1) for rows in chunks(len(x), batch_size)])


def spread(x: Tensor, units: Units) -> Tensor:
    """How many raw units of input one unit is: 1, the standard deviation of all of x, or what is given.

    >>> spread(torch.tensor([[0.0, 2.0]]), "standardised").item(), spread(torch.ones(1, 1), "raw").item()
    (1.0, 1.0)
    """
    if isinstance(units, str):
        if units not in ("raw", "standardised"):
            raise unknown("unit of input", units, ("raw", "standardised"))
        units = 1.0 if units == "raw" else x.double().std(correction=0)
    scale = torch.as_tensor(units, dtype=x.dtype, device=x.device)
    if not bool((torch.isfinite(scale) & (scale >= 0)).all()) or not bool((scale > 0).any()):
        raise BadInput(
            "asked to count noise in standard deviations of x; found none above zero, or not finite; "
            "give inputs that differ, or units='raw'"
        )
    return scale


def gradient(value: Tensor, x: Tensor) -> Tensor:
    """The gradient of ``value`` by ``x``; nothing is written to the parameters."""
    try:
        return torch.autograd.grad(value, x, retain_graph=True)[0]
    except RuntimeError as error:
        raise BadInput(
            f"asked for the gradient of a model's outputs; found none ({str(error).splitlines()[0][:60]}); "
            "give a model that computes with torch and does not detach"
        ) from error


@contextmanager
def untouched(model: Model) -> Iterator[None]:
    """Whatever calling the model changes in its buffers or in the global random state is put back."""
    parts = list(model.modules()) if isinstance(model, nn.Module) else []
    kept = [(part, name, b, b.clone()) for part in parts for name, b in part._buffers.items() if b is not None]
    with torch.random.fork_rng():
        try:
            yield
        finally:
            with torch.no_grad():
                for part, name, buffer, value in kept:
                    part._buffers[name] = buffer.copy_(value)

"""What may change between the data a model was judged on and the data it will meet.

Every shift has one strength in stated units; strength 0 changes nothing. Whole splits are shifted at once.
What is drawn for item i depends on the generator, i and the shape of an item, not on how many items come
after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from math import ceil, isfinite

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, conv2d, grid_sample, pad

from assay.core.errors import BadInput
from assay.core.registry import Registry
from assay.data.dataset import Dataset, Kind

Apply = Callable[[Tensor, float, torch.Generator], Tensor]


@dataclass(frozen=True)
class Shift:
    """One way in which data may change: ``apply(x, strength, generator)`` has the shape of ``x``.

    Images, (n, 1 or 3, h, w), stay within [0, 1]; a table is (n, columns). ``strength`` is the default, in
    ``unit``.
    """

    name: str
    kind: Kind
    apply: Apply
    strength: float
    unit: str
    description: str


SHIFTS: Registry[Shift] = Registry("shift")


def shifts_for(dataset: Dataset) -> list[Shift]:
    """The shifts that apply to ``dataset``, in the order in which they are filed.

    >>> from assay.data import load_data
    >>> [shift.name for shift in shifts_for(load_data("cells"))]
    ['measurement_noise', 'scale_drift', 'missing_columns']
    """
    return [shift for shift in SHIFTS.values() if shift.kind == dataset.kind]


def shift(kind: Kind, strength: float, unit: str, *, signed: bool = False) -> Callable[[Apply], Apply]:
    """File a function as a `Shift`; the first line of its docstring is the description.

    Zero strength returns a copy; a strength that is not finite, or negative without ``signed``, is
    `BadInput`.
    """

    def file(function: Apply) -> Apply:
        name = function.__name__

        @wraps(function)
        def apply(x: Tensor, strength: float, generator: torch.Generator) -> Tensor:
            if not isfinite(strength) or (strength < 0 and not signed):
                wanted = "a finite number" if signed else "a finite number from 0 up"
                raise BadInput(f"asked for {name} of strength {strength}; its unit is: {unit}; give {wanted}")
            if strength == 0 or not len(x):
                return x.clone()
            shifted = function(x, strength, generator)
            return shifted.clamp_(0, 1) if kind == "image" else shifted

        description = (function.__doc__ or "").split("\n")[0]
        SHIFTS.add(name, Shift(name, kind, apply, strength, unit, description))
        return apply

    return file


@shift("image", 0.1, "standard deviation in pixel values 0..1")
def gaussian_noise(x: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Independent normal noise on every pixel, as from a short exposure."""
    return x + strength * _normal(x, generator)


@shift("image", 1.0, "standard deviation in pixels")
def gaussian_blur(x: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Blur with a normal kernel (cut at 3 standard deviations, edges repeated), as out of focus."""
    reach = ceil(3 * strength)
    steps = torch.arange(-reach, reach + 1, dtype=x.dtype, device=x.device)
    kernel = torch.exp(-0.5 * (steps / strength) ** 2)
    kernel = kernel / kernel.sum()
    flat = pad(x.reshape(-1, 1, *x.shape[2:]), (reach, reach, reach, reach), mode="replicate")
    return conv2d(conv2d(flat, kernel.view(1, 1, -1, 1)), kernel.view(1, 1, 1, -1)).reshape(x.shape)


@shift("image", 0.15, "pixel values 0..1 added (negative: darker)", signed=True)
def brightness(x: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """The same amount added to every pixel, as from a stronger lamp.

    >>> brightness(torch.tensor([[[[0.5, 0.95]]]]), 0.25, torch.Generator()).flatten().tolist()
    [0.75, 1.0]
    """
    return x + strength


@shift("image", 0.5, "share of contrast lost (negative: gained)", signed=True)
def contrast(x: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Every pixel drawn towards its image's mean, as through haze.

    >>> contrast(torch.tensor([[[[0.0, 1.0]]]]), 0.5, torch.Generator()).flatten().tolist()
    [0.25, 0.75]
    """
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (1 - strength) * (x - mean)


@shift("image", 10.0, "degrees")
def rotation(x: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """A turn about the centre, left or right by chance (bilinear, edges repeated), as from a tilted part."""
    sign = 2.0 * (torch.rand(len(x), generator=generator) < 0.5).float() - 1
    angle = torch.deg2rad(sign * strength)
    return _move(x, torch.cos(angle), torch.sin(angle), torch.zeros(len(x)), torch.zeros(len(x)))


@shift("image", 0.1, "share of the image's side")
def translation(x: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """A move in a random direction (bilinear, edges repeated), as from a part placed off centre."""
    angle = 2 * torch.pi * torch.rand(len(x), generator=generator)
    far = 2 * strength  # affine_grid counts a side as 2
    return _move(x, torch.ones(len(x)), torch.zeros(len(x)), far * torch.cos(angle), far * torch.sin(angle))


@shift("table", 0.1, "standard deviation in train ranges of a column")
def measurement_noise(x: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Independent normal noise on every value, as from a worn gauge."""
    return x + strength * _normal(x, generator)


@shift("table", 0.1, "share of the value, up or down by chance for each column")
def scale_drift(x: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Every column times its own factor, the same for all rows, as from lost calibration."""
    sign = 2.0 * (torch.rand(x.shape[1], generator=generator) < 0.5).float() - 1
    return x * (1 + strength * sign).to(x)


@shift("table", 0.1, "share of the columns, at least one")
def missing_columns(x: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Some columns, the same for all rows, replaced by 0.5 (mid train range), as when a gauge fails.

    A constant is used, not a mean, because a shift sees only the items it shifts.
    """
    count = min(max(1, round(strength * x.shape[1])), x.shape[1])
    lost = torch.randperm(x.shape[1], generator=generator)[:count].to(x.device)
    return x.index_fill(1, lost, 0.5)


def _normal(x: Tensor, generator: torch.Generator) -> Tensor:
    # PyTorch makes normal numbers in blocks of 16: with whole blocks an item, the draw of an item does not
    # depend on the number of items.
    size = x[0].numel()
    draws = torch.randn(len(x), 16 * ceil(size / 16), generator=generator)
    return draws[:, :size].reshape(x.shape).to(x)


def _move(x: Tensor, cos: Tensor, sin: Tensor, right: Tensor, down: Tensor) -> Tensor:
    """Each image turned, then moved (in half sides); the grid says where each pixel comes from."""
    tall = x.shape[2] / x.shape[3]  # a turn is a turn in pixels, also where height and width differ
    rows = torch.stack([cos, -sin * tall, -right, sin / tall, cos, -down], dim=1)
    grid = affine_grid(rows.view(-1, 2, 3).to(x), list(x.shape), align_corners=False)
    return grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)

"""The network under attack: logits and input gradients, counted, with the user's module left as it was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

Model = Callable[[Tensor], Tensor]

AT_ONCE = 64  # images that a convolutional network on a CPU sees in one call; activations of more do not stay in cache


@contextmanager
def at_rest(model: Any, fast: bool = True) -> Iterator[None]:
    """A module in evaluation mode with frozen parameters; modes, flags and buffers are put back afterwards.

    If ``fast``, on a CPU convolution weights are laid out channels last meanwhile: measured 2.2 times faster forward,
    1.6 times faster forward and backward. A callable that is no module is taken as it is.
    """
    if not isinstance(model, nn.Module):
        yield
        return
    modes = [(part, part.training) for part in model.modules()]
    flags = [(p, p.requires_grad, p.data) for p in model.parameters()]
    buffers = [(b, b.detach().clone()) for b in model.buffers()]
    try:
        model.eval()
        for parameter, _, data in flags:
            parameter.requires_grad_(False)
            if fast and data.dim() == 4 and data.device.type == "cpu":
                parameter.data = data.contiguous(memory_format=torch.channels_last)
        yield
    finally:
        for part, mode in modes:
            part.training = mode
        for parameter, flag, data in flags:
            parameter.data = data
            parameter.requires_grad_(flag)
        for buffer, before in buffers:
            if not torch.equal(buffer, before):
                buffer.data.copy_(before)


def _channels_last(x: Tensor) -> Tensor:
    """Images laid out channels last; with one channel both layouts are the same numbers, and only strides tell."""
    if x.shape[1] > 1:
        return x.contiguous(memory_format=torch.channels_last)
    return x.contiguous().view(len(x), *x.shape[2:], 1).permute(0, 3, 1, 2)


class Victim:
    """A model as attacks see it. One logit becomes two: z turns into (0, z), whose softmax is the sigmoid of z.

    ``forwards`` and ``backwards`` count examples, not calls. If ``fast``, a convolutional module on a CPU is called for
    64 images at a time, channels last: measured 1.2 to 1.4 times as fast as 250 at a time. That rounds differently.
    """

    def __init__(self, model: Model, fast: bool = True):
        self.model = model
        self.forwards = 0
        self.backwards = 0
        self.flat = 0  # climbs that started where the gradient is exactly zero
        parts = model.modules() if isinstance(model, nn.Module) else ()
        self._channels_last = fast and any(isinstance(part, nn.Conv2d) for part in parts)

    def _call(self, x: Tensor) -> Tensor:
        if self._channels_last and x.dim() == 4 and x.device.type == "cpu":
            logits = torch.cat([self.model(part) for part in _channels_last(x).split(AT_ONCE)])
        else:
            logits = self.model(x)
        return torch.cat([torch.zeros_like(logits), logits], -1) if logits.shape[-1] == 1 else logits

    @torch.no_grad()
    def logits(self, x: Tensor) -> Tensor:
        """Logits ``(..., n, classes)`` without a graph."""
        out = self._call(x)
        self.forwards += out[..., 0].numel()
        return out

    def batched(self, x: Tensor, size: int) -> Tensor:
        """The same, ``size`` examples at a time."""
        return torch.cat([self.logits(part) for part in x.split(size)])

    @torch.enable_grad()
    def slope(self, x: Tensor, value: Callable[[Tensor], Tensor], eot: int = 1) -> tuple[Tensor, Tensor, Tensor]:
        """Logits, values and the gradient of each example's value by its input, in one forward and backward pass.

        ``value`` maps logits to one number an example. ``eot`` repeats the pass and averages the gradient, for
        networks that answer at random (expectation over transformation, Athalye et al. 2018); logits and values are
        those of the last pass.
        """
        x = x.detach().requires_grad_()
        gradient = None
        for _ in range(eot):
            logits = self._call(x)
            values = value(logits)
            (one,) = torch.autograd.grad(values.sum(), x)
            gradient = one if gradient is None else gradient + one
            self.forwards += values.numel()
            self.backwards += values.numel()
        assert gradient is not None
        gradient = gradient.contiguous()
        return logits.detach(), values.detach(), gradient / eot if eot > 1 else gradient

    def graph(self, x: Tensor) -> Tensor:
        """Logits with their graph, for those who take several gradients of one forward pass."""
        self.forwards += len(x)
        return self._call(x)

    def differentiable(self, x: Tensor) -> bool:
        """Whether the answer to ``x`` has a gradient with respect to it; a model of predictions only has none."""
        with torch.enable_grad():
            try:
                return self.graph(x.detach().requires_grad_()).requires_grad
            except RuntimeError:
                return False

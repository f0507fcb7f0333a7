"""One network, or a stack of networks of one shape trained as one tensor program. The only file that knows which.

A stack keeps every parameter with a leading axis (runs, ...). Calls go through `torch.func.vmap`, gradients through
plain autograd: runs share no numbers, so the gradient of the sum of their losses is each run's own gradient. A single
run uses its module directly and pays nothing for the existence of stacks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from assay.models import activations, features, head_of, slots, swap_activations

_RANDOM = (nn.modules.dropout._DropoutNd, nn.RReLU)


@dataclass(frozen=True)
class Net:
    """A network as a value: ``net(x)`` gives logits, and nobody flips it between modes.

    ``batch_stats=True`` normalises by the batch's own statistics and updates the running ones (training);
    otherwise the running statistics are used. ``frozen=True`` keeps gradients away from the parameters, for
    attacks that only need the input's gradient. For a stack, inputs ``(runs, n, ...)`` are each run's own and
    ``(n, ...)`` are shared by all; logits are ``(runs, n, classes)`` either way.
    """

    learner: Learner

    def __call__(self, x: Tensor, *, batch_stats: bool = False, frozen: bool = False) -> Tensor:
        """Logits ``(..., n, classes)``."""
        return self.learner._call(x, batch_stats, frozen)

    def embed(self, x: Tensor, *, batch_stats: bool = False, detach: bool = False) -> tuple[Tensor, Tensor]:
        """Logits and the projector's embedding ``(..., n, dimension)``, of a network that has a projector.

        With ``detach`` the logits' gradient ends at the head: a linear probe that is trained along.
        """
        return self.learner._call(x, batch_stats, False, embed=True, detach=detach)

    def features(self, x: Tensor, *, batch_stats: bool = False, frozen: bool = False) -> tuple[Tensor, Tensor]:
        """What enters the linear head, ``(..., n, width)``, and logits from it; no gradient reaches the head.

        `BadInput` where the network does not end with a linear layer.
        """
        return self.learner._call(x, batch_stats, frozen, ask=features)


class Learner:
    """The trainable tensors of one run or of a stack of runs, and the ways to call, read and change them."""

    def __init__(self, modules: Sequence[nn.Module], input_dims: int, device: str = "cpu"):
        self.runs = len(modules)
        self.input_dims = input_dims
        first = modules[0].to(device)
        self.params: dict[str, Tensor]
        self.buffers: dict[str, Tensor]
        self.channels_last = self.runs == 1 and any(isinstance(m, nn.Conv2d) for m in first.modules())
        if self.channels_last:  # measured 1.1 to 1.5 times faster for convolutions on a CPU
            first = first.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.random = any(isinstance(m, _RANDOM) for m in first.modules())
        if self.runs == 1:
            self.params = {**dict(first.named_parameters())}
            self.buffers = dict(first.named_buffers())
            shared: dict[int, object] = {id(t): t for t in (*first.parameters(), *first.buffers())}
        else:
            self.params, self.buffers = stack_module_state([m.to(device) for m in modules])
            shared = {}
            for part in first.modules():
                if type(part) is nn.Linear:
                    part.__class__ = _StackedLinear
        # One twin in each mode over the same tensors: a mode is chosen by calling, never by flipping.
        self._twins = {True: first.train(), False: deepcopy(first, shared).eval()}

    @property
    def stacked(self) -> bool:
        """Whether tensors carry a leading axis of runs."""
        return self.runs > 1

    @property
    def net(self) -> Net:
        """The network as a value."""
        return Net(self)

    @property
    def device(self) -> torch.device:
        """Where its tensors are."""
        return next(iter(self.params.values())).device

    def statistics(self) -> dict[str, float]:
        """Running means and variances of batch norm by name, each with its layer's momentum (1: kept as they come)."""
        return {
            f"{name}.{which}": 1.0 if part.momentum is None else part.momentum
            for name, part in self._twins[True].named_modules()
            if isinstance(part, nn.modules.batchnorm._BatchNorm) and part.track_running_stats
            for which in ("running_mean", "running_var")
        }

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """A context after which buffers (running statistics) are what they were before it."""
        before = {name: value.clone() for name, value in self.buffers.items()}
        try:
            yield
        finally:
            for name, value in before.items():
                self.buffers[name].copy_(value)

    @contextmanager
    def holding(self, tensors: Mapping[str, Tensor]) -> Iterator[None]:
        """A context in which its tensors hold others, named as in `tensors`; then what they were, bit for bit."""
        own = {name: value.clone() for name, value in self.tensors().items()}
        self.load(tensors)
        try:
            yield
        finally:
            self.load(own)

    def _call(
        self,
        x: Tensor,
        batch_stats: bool,
        frozen: bool,
        ask: Callable[[nn.Module, Callable[[], Any]], Any] = lambda module, call: call(),
        **how: bool,
    ) -> Any:
        module = self._twins[batch_stats]
        asked = partial(ask, module)
        if self.channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        if not self.stacked and not frozen:
            return asked(lambda: module(x, **how))
        params = {k: p.detach() for k, p in self.params.items()} if frozen else self.params
        if not self.stacked:
            return asked(lambda: functional_call(module, (params, self.buffers), (x,), how))
        own = 0 if x.dim() > self.input_dims + 1 else None
        call = vmap(
            lambda p, b, v: asked(lambda: functional_call(module, (p, b), (v,), how)),
            in_dims=(0, 0, own),
        )
        return call(params, self.buffers, x)

    def parameters(self) -> list[Tensor]:
        """The leaves an optimiser updates."""
        return list(self.params.values())

    def twin(self) -> Learner:
        """Another learner of the same shape, with the same values and activations, that shares no tensor with it."""
        return deepcopy(self)

    def swap(self, to: str, layers: str = "*") -> list[str]:
        """Hot-swap activations for all runs; the paths that changed."""
        swap_activations(self._twins[False], to, layers)
        return swap_activations(self._twins[True], to, layers)

    def activations(self) -> dict[str, str]:
        """Which activation each slot holds now."""
        return activations(self._twins[False])

    def set_activations(self, kinds: Mapping[str, str]) -> None:
        """Put named functions back into named slots (a resumed run)."""
        for module in self._twins.values():
            for name, slot in slots(module).items():
                slot.kind = kinds[name]

    def head(self) -> dict[str, Tensor]:
        """The ``weight`` and ``bias`` of the linear head, a stack's with its leading axis; `BadInput` without one."""
        path, layer = head_of(self._twins[False])
        return {name: self.params[f"{path}.{name}".lstrip(".")] for name, _ in layer.named_parameters()}

    def tensors(self) -> dict[str, Tensor]:
        """Parameters and buffers by name, as they are (a stack's with its leading axis)."""
        return {**{k: p.detach() for k, p in self.params.items()}, **self.buffers}

    def state(self, run: int) -> dict[str, Tensor]:
        """A copy of one run's parameters and buffers, under the names of its module."""
        return {
            name: (value[run] if self.stacked else value).detach().clone().contiguous()
            for name, value in self.tensors().items()
        }

    @torch.no_grad()
    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Overwrite all tensors with what `tensors` once gave."""
        for name, value in self.tensors().items():
            value.copy_(tensors[name])


class _StackedLinear(nn.Linear):
    """W x with the stack of weights on the left: its gradient comes out in the weights' own layout.

    The usual x W' makes autograd give a transposed gradient, which is then copied: measured 1.7 times slower.
    """

    def forward(self, x: Tensor) -> Tensor:
        """The same numbers as `nn.Linear`, to rounding."""
        if x.dim() != 2:
            return super().forward(x)
        y = (self.weight @ x.mT).mT
        return y if self.bias is None else y + self.bias


def can_stack(module: nn.Module, device: str = "cpu") -> bool:
    """Whether stacking runs of this network is right and pays.

    Layers that draw from the global generator would give a stacked run other numbers than a single one; on a CPU,
    stacked convolutions were measured at 0.7 to 0.8 times the speed of single ones.
    """
    parts = list(module.modules())
    if any(isinstance(m, _RANDOM) for m in parts):
        return False
    return device != "cpu" or not any(isinstance(m, nn.modules.conv._ConvNd) for m in parts)

"""Adversarial weight perturbation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import ClassVar

import torch
from pydantic import Field

from assay.core.spec import Number, Share
from assay.train.learner import Learner
from assay.train.strategies.base import Batch, Memory
from assay.train.strategies.displacement import gradients, moved, size
from assay.train.strategies.wrapper import Wrapper


class AWP(Wrapper):
    """The gradient is taken where the loss of nearby weights is large: w + gamma ||w|| g / ||g|| (Wu et al. 2020).

    g is the gradient of the inner loss on the prepared batch; one step, norms tensor by tensor, for tensors of two or
    more axes. From ``start`` on. The paper has gamma 0.01 for adversarial training and 0.005 for TRADES.
    """

    kind: str = "awp"
    examples: ClassVar[bool] = False
    gamma: Number = Field(0.01, ge=0)
    start: Share = Field(Fraction(0), ge=0, lt=1)

    @contextmanager
    def displaced(self, learner: Learner, batch: Batch, memory: Memory) -> Iterator[None]:
        """At the perturbed weights."""
        with self.inner.displaced(learner, batch, memory):
            if batch.progress < self.start:
                yield
                return
            slopes = gradients(self.inner, learner, batch, memory)
            moves = []
            for weight, slope in zip(learner.parameters(), slopes, strict=True):
                matrix = weight.dim() - learner.stacked > 1
                scale = size(weight, learner.stacked) / (size(slope, learner.stacked) + 1e-20)
                moves.append(self.gamma * scale * slope if matrix else torch.zeros_like(slope))
            with moved(learner, moves):
                yield

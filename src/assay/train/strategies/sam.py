"""Sharpness-aware minimisation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import torch
from pydantic import Field

from assay.core.spec import Number
from assay.train.learner import Learner
from assay.train.strategies.base import Batch, Memory
from assay.train.strategies.displacement import gradients, moved, size
from assay.train.strategies.wrapper import Wrapper


class SAM(Wrapper):
    """The gradient is taken at w + rho g / ||g||, g the gradient at w, norm over all weights (Foret et al. 2021).

    Running statistics of batch norm are updated by the second pass alone.
    """

    kind: str = "sam"
    examples: ClassVar[bool] = False
    rho: Number = Field(0.05, ge=0)

    @contextmanager
    def displaced(self, learner: Learner, batch: Batch, memory: Memory) -> Iterator[None]:
        """Uphill by ``rho``."""
        with self.inner.displaced(learner, batch, memory):
            slopes = gradients(self.inner, learner, batch, memory)
            squares = torch.stack([size(slope, learner.stacked).reshape(-1) ** 2 for slope in slopes])
            norm = squares.sum(0).sqrt() + 1e-12  # (runs,)
            moves = [
                self.rho * slope / norm.view(-1, *[1] * (slope.dim() - 1))
                if learner.stacked
                else self.rho * slope / norm
                for slope in slopes
            ]
            with moved(learner, moves):
                yield

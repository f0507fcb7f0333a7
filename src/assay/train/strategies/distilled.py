"""Distillation: what teachers say about the same inputs."""

from __future__ import annotations

from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from assay.core.spec import Number
from assay.data import Dataset
from assay.losses import kl_divergence
from assay.train.draws import Draws
from assay.train.learner import Learner, Net
from assay.train.strategies.base import Batch, Memory, Outputs
from assay.train.strategies.wrapper import Wrapper
from assay.train.teacher import Teacher, TeacherField

CLASSES = "distilled classes"


class Distilled(Wrapper):
    """label L + T^2 (natural KL(n || f) + robust KL(r || f)) on the inputs trained on, softened by T.

    n and r are trained networks, one that was trained naturally and one that was trained for robustness; either may be
    missing. The weights are those of KD+SWA (Chen et al. 2021); for the whole of it put ``averaged`` (swa) round it.
    """

    kind: str = "distilled"
    natural: TeacherField | None = None
    robust: TeacherField | None = None
    label_weight: Number = Field(0.3, ge=0)
    natural_weight: Number = Field(0.1, ge=0)
    robust_weight: Number = Field(0.6, ge=0)
    temperature: Number = Field(2.0, gt=0)

    @model_validator(mode="after")
    def _taught(self) -> Self:
        if self.natural is None and self.robust is None:
            raise ValueError("has no teacher; give natural or robust: a run's folder, such as lab/runs/7f292fb693cd")
        return self

    @property
    def teachers(self) -> dict[str, tuple[Teacher, float]]:
        """Teachers by name, with their weights."""
        both = {"natural": (self.natural, self.natural_weight), "robust": (self.robust, self.robust_weight)}
        return {name: (teacher, weight) for name, (teacher, weight) in both.items() if teacher is not None}

    def init_state(self, learner: Learner, data: Dataset) -> Memory:
        """How many classes there are; teachers are read now, so that a wrong path is found before training."""
        for teacher, _ in self.teachers.values():
            teacher.network(data.shape, len(data.classes), learner.device)
        return {**super().init_state(learner, data), CLASSES: torch.tensor(len(data.classes))}

    @torch.no_grad()
    def prepare(self, net: Net, batch: Batch, memory: Memory, draws: Draws) -> Batch:
        """Aside, the teachers' logits on the prepared inputs."""
        batch = super().prepare(net, batch, memory, draws)
        axes = batch.y.dim()
        flat = batch.x.reshape(-1, *batch.x.shape[axes:])
        said = {}
        for name, (teacher, _) in self.teachers.items():
            network = teacher.network(tuple(flat.shape[1:]), int(memory[CLASSES]), flat.device)
            said[name] = network(flat).view(*batch.y.shape, -1)
        return batch.beside(**said)

    def judged(self, outputs: Outputs, batch: Batch, memory: Memory) -> Tensor:
        """Inner losses and distances from the teachers."""
        total = self.label_weight * super().judged(outputs, batch, memory)
        soft = outputs["logits"] / self.temperature
        for name, (_, weight) in self.teachers.items():
            total = total + weight * self.temperature**2 * kl_divergence(batch.aside[name] / self.temperature, soft)
        return total

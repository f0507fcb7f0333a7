"""Training jobs: which runs train together, where, and what comes back. Plain data in, plain data out."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch

from assay.core.errors import BadInput
from assay.data import Dataset, load_data
from assay.lab.store import Lab
from assay.lab.threads import limited
from assay.models import build
from assay.train import Recipe, Result, train
from assay.train.learner import can_stack


@dataclass(frozen=True)
class Source:
    """Where a data set is found; equal sources are read once per process."""

    data: str
    production: str | None = None
    regroup: bool = False
    split_seed: int = 0

    def load(self) -> Dataset:
        """The data set."""
        return _load(self)


@lru_cache(maxsize=2)
def _load(source: Source) -> Dataset:
    return load_data(source.data, production=source.production, regroup=source.regroup, seed=source.split_seed)


@dataclass(frozen=True)
class TrainJob:
    """Recipes that differ only in their seed, the ids of their runs, and where the checkpoint goes."""

    name: str
    recipes: tuple[Mapping[str, Any], ...]
    runs: tuple[str, ...]
    source: Source
    checkpoint: str
    learned: str  # digest of what the runs are named by; a worker that finds other data refuses
    threads: int = 1
    device: str = "cpu"


@dataclass
class Outcome:
    """What a training job gives back."""

    results: list[Result]
    about: dict[str, Any] = field(default_factory=dict)


def carry_out(job: TrainJob, tell: Callable[[float, list[list[dict[str, Any]]]], None] | None = None) -> Outcome:
    """Train a job's runs; the checkpoint is the only file it writes. ``tell``: see `train`."""
    began = time.time()
    recipes = [Recipe.parse(recipe) for recipe in job.recipes]
    path = Path(job.checkpoint)
    data = job.source.load()
    if data.learned != job.learned:
        raise BadInput(
            f"asked to train on {job.source.data}; found other images than when the study began; "
            "leave the data alone while it runs, and repeat the command"
        )
    with limited(job.threads):
        results = train(recipes, data, checkpoint=path, device=job.device, tell=tell)
    seconds = time.time() - began
    return Outcome(
        results,
        {"began": began, "seconds": seconds, "stacked": len(recipes), **machine(job.threads, job.device)},
    )


def machine(threads: int, device: str) -> dict[str, Any]:
    """Versions and hardware, for a run's record."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "threads": threads,
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
    }


def choose_device(name: str) -> str:
    """``auto`` is the GPU where there is one."""
    if name not in ("auto", "cpu", "cuda"):
        raise BadInput(f"asked for --device {name}; found no such device; Known: auto, cpu, cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise BadInput("asked for --device cuda; found no usable GPU; use --device cpu")
    return ("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name


def plan(
    recipes: Mapping[str, Recipe], source: Source, lab: Lab, *, stack: int | None, threads: int, device: str
) -> list[TrainJob]:
    """The jobs that are still to be done: finished runs are skipped, interrupted ones continue as they were.

    ``recipes`` by run id. Runs that differ only in their seed share a stack of at most ``stack`` runs (None: 16 where
    stacking is right and pays, else 1).
    """
    missing = {run: recipe for run, recipe in recipes.items() if not lab.done(run)}
    jobs: list[TrainJob] = []

    def add(name: str, runs: Sequence[str]) -> None:
        plain = tuple(recipes[run].plain() for run in runs)
        path = str(lab.checkpoint(name))
        jobs.append(TrainJob(name, plain, tuple(runs), source, path, source.load().learned, threads, device))

    for name, runs in lab.open_jobs().items():
        if set(runs) <= set(recipes) and any(run in missing for run in runs):
            add(name, runs)
            missing = {run: recipe for run, recipe in missing.items() if run not in runs}
    alike: dict[str, list[str]] = {}
    for run, recipe in missing.items():
        alike.setdefault(recipe.sans_seed(), []).append(run)
    for runs in alike.values():
        size = stack or (16 if stackable(recipes[runs[0]], source.load(), device) else 1)
        for start in range(0, len(runs), size):
            together = runs[start : start + size]
            add(sha256(" ".join(together).encode()).hexdigest()[:12], together)
    return jobs


def stackable(recipe: Recipe, data: Dataset, device: str) -> bool:
    """Whether runs of this recipe may share a stack."""
    assert recipe.model is not None
    return (
        ".py:" not in recipe.model
        and recipe.stacks
        and can_stack(build(recipe.model, data.shape, len(data.classes)), device)
    )

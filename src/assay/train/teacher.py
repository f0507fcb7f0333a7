"""A trained network that another one learns from."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import BeforeValidator
from safetensors import SafetensorError, safe_open
from torch import nn

from assay.core.errors import BadInput
from assay.core.files import read_json
from assay.core.spec import Spec
from assay.models import build, slots


class Teacher(Spec):
    """A run of the lab by its folder (which is named by the run's fingerprint), and the moment whose weights count.

    Where the folder lies is no part of what is learned from it, so a lab may be moved.

    >>> Teacher(run="lab/runs/7f292fb693cd").fingerprint() == Teacher(run="/other/runs/7f292fb693cd").fingerprint()
    True
    """

    run: str
    moment: str = "1"

    def identity(self) -> dict[str, Any]:
        """By the folder's name."""
        return {**super().identity(), "run": Path(self.run).name}

    def network(self, shape: tuple[int, ...], classes: int, device: torch.device) -> nn.Module:
        """The network, frozen, in evaluation mode; read once a process."""
        return _read(self.run, self.moment, tuple(shape), classes, str(device))


def _named(value: Any) -> Any:
    return {"run": value} if isinstance(value, str) else value


TeacherField = Annotated[Teacher, BeforeValidator(_named)]  # also takes the bare folder


@lru_cache(maxsize=8)
def _read(run: str, moment: str, shape: tuple[int, ...], classes: int, device: str) -> nn.Module:
    folder = Path(run).expanduser()
    asked = f"asked to learn from the run {run}"
    if not (folder / "recipe.json").is_file():
        raise BadInput(f"{asked}; found no recipe.json there; give a run's folder, such as lab/runs/7f292fb693cd")
    path = folder / f"weights@{moment}.safetensors"
    try:
        with safe_open(path, "pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  (not a mapping)
            kinds = json.loads((file.metadata() or {}).get("activations", "{}"))
    except (OSError, SafetensorError) as error:
        raise BadInput(f"{asked}; found no weights at moment {moment}; name a moment it kept") from error
    network = build(read_json(folder / "recipe.json")["model"], shape, classes)
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise BadInput(
            f"{asked}; found weights for other images or classes than {shape} and {classes}; "
            "give a run that was trained on such data"
        ) from error
    for name, slot in slots(network).items():
        slot.kind = kinds.get(name, slot.kind)
    return network.eval().requires_grad_(False).to(device)

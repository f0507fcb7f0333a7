"""What is known of each example so far, in memory and on disk: an evaluation that was killed goes on from here.

The file is an npz archive, written whole or not at all, one row an example: ``index``, ``label``, ``right`` (on the
clean input), ``clean`` (its margin), ``passed`` (stages gone through), ``broken`` (number of the attack that broke it,
-1: none), ``margin``, and the perturbed inputs of broken examples.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from assay.attacks.victim import Victim
from assay.core.errors import BadInput
from assay.core.files import to_json, write_bytes


@dataclass(eq=False)
class Table:
    """One row an example; margins are z_y - max_{j != y} z_j, negative for a wrong answer."""

    settings: dict[str, Any]
    index: Tensor
    label: Tensor
    right: Tensor
    clean: Tensor
    passed: Tensor
    broken: Tensor
    margin: Tensor
    x_adv: Tensor
    forwards: int = 0
    backwards: int = 0

    @classmethod
    def new(cls, settings: dict[str, Any], index: Tensor, y: Tensor, right: Tensor, clean: Tensor, x: Tensor) -> Table:
        """Nothing attacked yet."""
        n = len(y)
        broken = torch.full((n,), -1, dtype=torch.int64)
        passed, clean = torch.zeros(n, dtype=torch.int64), clean.cpu()
        return cls(settings, index, y.cpu(), right.cpu(), clean, passed, broken, clean.clone(), x.clone())

    def count(self, victim: Victim) -> None:
        """Take over the work that a network has done since the last count."""
        self.forwards += victim.forwards
        self.backwards += victim.backwards
        victim.forwards = victim.backwards = 0

    def save(self, path: Path | None) -> None:
        """Write the file, if there is to be one."""
        if path is None:
            return
        hit = self.broken >= 0
        columns = {
            name: getattr(self, name).numpy() for name in ("index", "label", "right", "clean", "passed", "broken")
        }
        work = np.array([self.forwards, self.backwards])
        buffer = io.BytesIO()
        np.savez(
            buffer,
            settings=np.array(to_json(self.settings)),
            work=work,
            margin=self.margin.numpy(),
            adversarial=self.x_adv[hit.to(self.x_adv.device)].cpu().numpy(),
            **columns,
        )
        write_bytes(path, buffer.getvalue())

    def resume(self, path: Path | None) -> None:
        """Take over what a file knows; `BadInput` when it belongs to another evaluation."""
        if path is None or not path.exists():
            return
        try:
            with np.load(path, allow_pickle=False) as file:
                found = {name: file[name] for name in file.files}
            settings = json.loads(str(found["settings"]))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise BadInput(f"asked to go on with {path}; it is no table of an evaluation ({error}); move it") from error
        ours = json.loads(to_json(self.settings))
        other = sorted(key for key in ours.keys() | settings.keys() if ours.get(key) != settings.get(key))
        if other:
            raise BadInput(
                f"asked to go on with {path}; it was begun with another {', '.join(other)}; move it or match"
            )
        if not np.allclose(found["clean"], self.clean.numpy(), rtol=1e-3, atol=1e-3):
            raise BadInput(f"asked to go on with {path}; the model answers otherwise than it did there; move the table")
        self.passed, self.broken = torch.from_numpy(found["passed"]), torch.from_numpy(found["broken"])
        self.margin = torch.from_numpy(found["margin"])
        hit = (self.broken >= 0).to(self.x_adv.device)
        self.x_adv[hit] = torch.from_numpy(found["adversarial"]).to(self.x_adv)
        self.forwards, self.backwards = (int(count) for count in found["work"])

"""The laboratory's shelves: runs, checkpoints, measures, studies. One process writes: the one that drives a study."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from assay.core.errors import BadInput
from assay.core.files import read_json, to_json, write_bytes, write_json, write_text
from assay.train.loop import Result


class Lab:
    """A folder with runs, checkpoints, measures and studies in it; made on first use."""

    def __init__(self, root: str | Path):
        self.root = Path(root).expanduser().resolve()
        self.checkpoints = self.root / "checkpoints"
        if self.root.exists() and not self.root.is_dir():
            raise BadInput(f"asked to keep the lab in {root}; found a file there; give a folder (--lab)")
        above = next(place for place in (self.root, *self.root.parents) if place.exists())
        if not above.is_dir() or not os.access(above, os.W_OK):
            raise BadInput(f"asked to keep the lab in {root}; found that {above} cannot be written to (--lab)")

    def run(self, run: str) -> Path:
        """The folder of a run."""
        return self.root / "runs" / run

    def done(self, run: str) -> bool:
        """Whether a run is finished: its record is written last."""
        return (self.run(run) / "record.json").exists()

    def record(self, run: str) -> dict[str, Any]:
        """How a run ended, when and on what."""
        return read_json(self.run(run) / "record.json")

    def put(self, run: str, recipe: Mapping[str, Any], result: Result, about: Mapping[str, Any]) -> None:
        """Write a run: weights, history, recipe, and last its record."""
        folder = self.run(run)
        for moment, kept in result.kept.items():
            write_bytes(folder / f"weights@{moment}.safetensors", pack(kept.tensors, kept.activations))
        write_text(folder / "history.jsonl", "".join(json.dumps(row) + "\n" for row in result.history))
        write_json(folder / "recipe.json", recipe)
        write_json(
            folder / "record.json",
            {
                **{"status": result.status, "steps": result.steps, "moments": list(result.kept)},
                **{"reported": result.reported, **about},
            },
        )

    def history(self, run: str) -> list[dict[str, Any]]:
        """A run's epochs and events, in order."""
        text = (self.run(run) / "history.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def weights(self, run: str, moment: str) -> Path:
        """The file with a run's weights at a moment."""
        return self.run(run) / f"weights@{moment}.safetensors"

    def open_job(self, job: str, runs: Sequence[str]) -> None:
        """Note which runs train together, so that an interrupted stack is continued as the stack it was."""
        write_json(self.checkpoints / f"{job}.json", list(runs))

    def open_jobs(self) -> dict[str, list[str]]:
        """The runs of every job that was begun and not finished."""
        return {path.stem: read_json(path) for path in sorted(self.checkpoints.glob("*.json"))}

    def checkpoint(self, job: str) -> Path:
        """The one file that a job writes itself."""
        return self.checkpoints / f"{job}.safetensors"

    def close_job(self, job: str) -> None:
        """Forget a job whose runs are all recorded."""
        self.checkpoint(job).unlink(missing_ok=True)
        (self.checkpoints / f"{job}.json").unlink(missing_ok=True)

    def measures(self, run: str, study: str) -> Path:
        """The file with what a study's observation found in a run."""
        return self.root / "measures" / f"{run}.{study}.json"

    def budget(self, request: str) -> Path:
        """The file with what was decided for a study that was to fit into a time."""
        return self.root / "budgets" / f"{request}.json"

    def study(self, name: str) -> Path:
        """The folder of a study."""
        return self.root / "studies" / name


def pack(tensors: Mapping[str, Tensor], activations: Mapping[str, str]) -> bytes:
    """A model as safetensors; which activation sits in which slot is in the header."""
    return save({k: v.cpu().contiguous() for k, v in tensors.items()}, {"activations": to_json(dict(activations))})


def unpack(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and activations of a model file; `BadInput` when it is not one."""
    try:
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except Exception as error:
        raise BadInput(
            f"asked for the weights {path}; found {error}; give a .safetensors file (pickled files are not read)"
        ) from error
    return tensors, json.loads(header.get("activations", "{}"))

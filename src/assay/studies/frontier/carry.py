"""Carry a frontier out: look at every blend, choose on val, keep the chosen one; go on where it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pandas as pd

import assay
from assay.core.errors import BadInput
from assay.core.files import read_json, to_json, write_bytes, write_json, write_text
from assay.lab import Lab
from assay.lab.jobs import machine
from assay.lab.store import pack
from assay.studies.conduct import to_csv
from assay.studies.frontier.answer import CHOSEN, answered
from assay.studies.frontier.ask import MOST, STEPS, Ask
from assay.studies.frontier.ends import Ends, State, activations
from assay.studies.frontier.see import ESTIMATED, Viewer
from assay.studies.frontier.walk import Weights, has_statistics, points, simplex
from assay.studies.frontier.words import CITED, called, question, title
from assay.studies.means import Tell, silent
from assay.studies.study import described
from assay.train.blend import blend

Row = dict[str, Any]


@dataclass(frozen=True)
class Point:
    """A network to look at: a blend by its weights, or one that exists (``kind`` global or kept) by its name."""

    weights: Weights
    kind: str = "blend"
    name: str = ""

    def state(self, ends: Ends) -> State:
        """Its tensors; statistics of batch norm are still to be estimated in a blend."""
        if self.kind == "blend":
            return blend(ends.states, self.weights)
        return next(kept.state for kept in ends.kept if (kept.kind, kept.name) == (self.kind, self.name))

    @property
    def key(self) -> str:
        """What its figures are filed under."""
        return f"{self.kind}:{self.name}:{','.join(map(repr, self.weights))}"


def walked(
    ask: Ask, ends: Ends, lab: Lab, *, save: Path | None = None, threads: int = 1, device: str = "cpu",
    command: str = "", tell: Tell = silent,
) -> Path:  # fmt: skip
    """Look at all blends and leave a folder with the table, the answer and the chosen network.

    What was seen of a blend is filed in the lab, so that another wish takes seconds and an interruption costs one
    blend. ``save``: where the chosen network is to lie, too; nothing that exists is overwritten. `BadInput` where the
    wish is out of reach.
    """
    began = time.time()
    if (many := points(len(ends.names), ask.steps)) > MOST:
        raise BadInput(f"asked for {ask.steps} steps between {len(ends.names)} networks; that is {many} blends, more "
                       f"than {MOST}; give fewer --steps")  # fmt: skip
    free(save)
    all_ = [Point(each) for each in simplex(len(ends.names), ask.steps)]
    all_ += [Point(kept.weights, kept.kind, kept.name) for kept in ends.kept]
    viewer = Viewer(ends.net, ends.data, ask, device)
    walk = _identity(ask, ends)
    memory = lab.measures(walk, "frontier")
    rows = _looked(all_, ends, memory, "clean", viewer.clean, tell)
    reach(ask, rows)
    rows = _looked(all_, ends, memory, ask.attack, viewer.attacked, tell)
    identity = ask.fingerprint(walk, ends.data.digest, assay.__version__)
    folder = _folder(lab, ends, identity)
    write_json(folder / "study.json", _about(ask, ends, identity, command))
    write_text(folder / "points.csv", to_csv(_table(all_, rows)))
    ended = time.time()
    times = {"started": began, "finished": ended, "seconds": round(ended - began, 1), "study_fingerprint": identity}
    write_json(folder / "provenance.json", {**machine(threads, device), **times})
    chosen = all_[answered(folder)["chosen"]["point"]]
    if not (folder / CHOSEN).exists():
        state = viewer.put(chosen.state(ends), anew=chosen.kind == "blend")
        write_bytes(folder / CHOSEN, pack(state, activations(ends.net)))
    if save is not None:
        write_bytes(save, (folder / CHOSEN).read_bytes())
    return folder


def reach(ask: Ask, rows: Sequence[Row]) -> None:
    """`BadInput` where no network reaches the clean accuracy wished for on val, with the best there is."""
    if ask.want_clean is None:
        return
    best = max(row["val_right"] / row["val_n"] for row in rows)
    if best < ask.want_clean:
        down = int(1000 * best) / 1000
        raise BadInput(
            f"asked for --want-clean {ask.want_clean:g}; the best reachable on val is {best:.4f}; ask for {down:g} or "
            "less"
        )


def free(save: Path | None) -> None:
    """`BadInput` where a file is to be written that exists, or cannot be."""
    if save is None:
        return
    if save.suffix != ".safetensors":
        raise BadInput(f"asked for --save {save}; weights are kept as .safetensors; name it so")
    if save.exists():
        raise BadInput(f"asked for --save {save}; found that it exists; name a new file, or move it away")
    if not save.resolve().parent.is_dir():
        raise BadInput(f"asked for --save {save}; found no folder {save.resolve().parent}; make it first")


def _looked(
    all_: Sequence[Point], ends: Ends, memory: Path, what: str, see: Callable[[State, bool], Row], tell: Tell
) -> list[Row]:
    """What is known of each point, with what ``see`` finds of it; filed after each."""
    known: dict[str, Row] = read_json(memory) if memory.exists() else {}
    label = "looking" if what == "clean" else "attacking"
    mark = "val_right" if what == "clean" else "val_withstood"
    tell(label, 0, len(all_), "")
    for number, point in enumerate(all_):
        if mark not in known.get(point.key, {}):
            known[point.key] = {**known.get(point.key, {}), **see(point.state(ends), point.kind == "blend")}
            write_json(memory, known)
        tell(label, number + 1, len(all_), called(ends.names, point.weights, point.kind, point.name))
    return [known[point.key] for point in all_]


def _table(all_: Sequence[Point], rows: Sequence[Row]) -> pd.DataFrame:
    """One row a network: its weights, and the counts that all figures follow from."""
    made = []
    for number, (point, row) in enumerate(zip(all_, rows, strict=True)):
        weights = {f"w{i}": weight for i, weight in enumerate(point.weights, 1)}
        made.append({"point": number, "kind": point.kind, "name": point.name, **weights, **row})
    return pd.DataFrame(made)


def _identity(ask: Ask, ends: Ends) -> str:
    """A name for what is seen: networks, data, attack and images, whatever is wished for."""
    hashed = blake2b(digest_size=8)
    for state in (*ends.states, *(kept.state for kept in ends.kept)):
        for name, value in sorted(state.items()):
            hashed.update(name.encode() + value.cpu().contiguous().numpy().tobytes())
    said: Mapping[str, Any] = {
        "ask": ask.walk, "model": ends.model, "activations": activations(ends.net), "data": ends.data.digest,
        "estimated": ESTIMATED, "pgd": STEPS, "version": assay.__version__,
    }  # fmt: skip
    hashed.update(to_json(said).encode())
    return hashed.hexdigest()


def _about(ask: Ask, ends: Ends, identity: str, command: str) -> dict[str, Any]:
    """``study.json``: what was asked of which networks on which data."""
    data = ends.data
    return {
        "study": "frontier",
        "title": title(),
        "question": question(ask.norm, ask.eps),
        "command": command,
        "version": assay.__version__,
        "fingerprint": identity,
        "level": 0.05,
        "seeds": ask.seed,
        "ask": ask.plain(),
        "places": list(ends.places),
        "names": list(ends.names),
        "generalist": any(kept.kind == "global" for kept in ends.kept),
        "estimated": ESTIMATED if has_statistics(ends.net) else 0,
        "model": ends.model,
        "production": ends.source.production,
        "source": {"data": ends.source.data, "regroup": ends.source.regroup, "split_seed": ends.source.split_seed},
        "data": {**described(data), "warnings": list(ends.warnings)},
        "references": [{"key": key, "text": text} for key, text in CITED],
    }  # fmt: skip


def _folder(lab: Lab, ends: Ends, identity: str) -> Path:
    safe = "".join(c if c.isalnum() or c in "-_" else "-" for c in Path(ends.data.name).name)[:40] or "data"
    folder = lab.study(f"frontier-{safe}-{identity[:6]}")
    known = folder / "study.json"
    if known.exists() and read_json(known).get("fingerprint") != identity:
        raise BadInput(f"asked to write {folder}; found another frontier there; move it away")
    return folder

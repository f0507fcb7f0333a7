"""Look at a model that exists: everything it shows of the data, as tables in a folder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

import assay
from assay.core.errors import BadInput
from assay.core.files import read_json, write_json, write_text
from assay.core.rng import numpy_rng
from assay.core.spec import Spec
from assay.data import shifts_for
from assay.lab import Lab
from assay.lab.jobs import machine
from assay.studies.attack.subject import code_of, digest
from assay.studies.conduct import to_csv
from assay.studies.look import tables, words
from assay.studies.look.alike import alike
from assay.studies.look.layers import Layer, layers
from assay.studies.look.outcomes import limit_of, outcomes, rates
from assay.studies.look.reading import Reading, reading
from assay.studies.look.seen import Seen, Viewer
from assay.studies.look.shaken import shaken
from assay.studies.look.stability import MOST, chosen
from assay.studies.look.subject import Subject
from assay.studies.means import Tell, silent
from assay.studies.study import Text, described

REFERENCE, FEWEST = 1000, 50  # training items that others are compared with; of each class, if it has them
TOLD = 1000  # val inputs by whose answers logits are told from probabilities: a few logits may all lie in 0 to 1
PROBE = 4  # inputs by which it is found out which layers run


class Ask(Spec):
    """What is asked of a model: layers as globs (none: chosen), items of a set at most, seed of every draw."""

    version: ClassVar[int] = 2

    layers: tuple[str, ...] = ()
    n: int = Field(default=2000, ge=20)
    seed: int = Field(default=0, ge=0)


@dataclass(frozen=True, eq=False)
class Plan:
    """What is asked, of what, at which layers, and how the network's answers are read."""

    ask: Ask
    subject: Subject
    layers: tuple[Layer, ...]
    reading: Reading
    device: str = "cpu"


def planned(ask: Ask, subject: Subject, device: str = "cpu") -> Plan:
    """Find the layers by letting the network answer a few inputs; `BadInput` where what is named does not run."""
    net = subject.net.to(device).eval()
    x = subject.data.test.take(np.arange(min(PROBE, len(subject.data.test)))).x.to(device)
    val = subject.data.val
    some = np.linspace(0, len(val) - 1, min(TOLD, len(val))).astype(int)  # they may be sorted by class
    return Plan(ask, subject, layers(net, x, ask.layers), reading(net, val.take(some).x, device), device)


def examined(plan: Plan, lab: Lab, *, threads: int = 1, command: str = "", tell: Tell = silent) -> Path:
    """Look at the network and leave a folder with tables; one that is finished is handed back as it is."""
    began, subject = time.time(), plan.subject
    which = (subject.data.digest, subject.model, *code_of(subject.model), assay.__version__)
    identity = plan.ask.fingerprint(digest(subject.net), *which)
    folder = _folder(lab, subject, identity)
    if all((folder / name).exists() for name in ("provenance.json", *(f"{table}.csv" for table in tables.TABLES))):
        return folder
    write_json(folder / "study.json", _about(plan, identity, command))
    made = _tables(plan, tell)
    for name, table in made.items():
        write_text(folder / f"{name}.csv", to_csv(table))
    ended = time.time()
    times = {"started": began, "finished": ended, "seconds": round(ended - began, 1), "study_fingerprint": identity}
    write_json(folder / "provenance.json", {**machine(threads, plan.device), **times})
    return folder


def _tables(plan: Plan, tell: Tell) -> dict[str, pd.DataFrame]:
    ask, subject, seen = plan.ask, plan.subject, plan.layers
    data, last, classes = subject.data, seen[-1].name, len(subject.data.classes)
    places = {name: _drawn(len(data.splits[name]), ask.n, name, ask.seed) for name in ("val", *subject.sets)}
    places["train"] = _reference(data.train.labels, ask.seed)
    shifted = chosen(data.test.labels[places["test"]], ask.seed)
    whole = sum(map(len, places.values())) + 2 * len(shifts_for(data)) * len(shifted)
    done = 0

    def told(n: int) -> None:
        nonlocal done
        done += n
        tell("looking", done, whole, "")

    tell("looking", 0, whole, "")
    view = Viewer(subject.net, seen, plan.device, plan.reading.ready, told)
    shown = {name: view(data.splits[name].take(at).x) for name, at in places.items()}
    labels = {name: data.splits[name].labels[at] for name, at in places.items()}
    limit = limit_of(shown["val"].probs, labels["val"], data.ok)
    val = shown["val"].probs, labels["val"]
    near = {
        name: alike(shown["train"].features[last], labels["train"], shown[name].features[last], classes)
        for name in subject.sets
    }
    rows = []
    for name in subject.sets:
        found = outcomes(shown[name].probs, labels[name], data.ok, limit)
        table = tables.items(data, name, places[name], shown[name], found, near[name], ask.seed)
        rows.append(table.assign(at=np.arange(len(table))))
    everything = pd.concat(rows, ignore_index=True)
    stability, moves = shaken(view, data, places["test"][shifted], shifted, shown["test"], labels["test"])
    points, by_layer = _layers(seen, shown, everything, labels["test"], classes, ask.seed, tell)
    return {
        "items": everything.drop(columns="at"),
        "map": points,
        "layers": by_layer,
        "neighbours": tables.neighbours(data, everything, near, places["train"]),
        "rates": pd.DataFrame(
            [{"set": s, **rates(val, (shown[s].probs, labels[s]), data.ok)} for s in subject.sets]
        ),
        "stability": stability,
        "moves": moves,
    }  # fmt: skip


def _layers(
    seen: Sequence[Layer], shown: dict[str, Seen], items: pd.DataFrame, labels: np.ndarray, classes: int, seed: int,
    tell: Tell,
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Maps of every layer, and how densely samples lie in it."""
    mapped = items[items.mapped == 1]
    points, rows = [], []
    for i, layer in enumerate(seen):
        tell("maps", i, len(seen), layer.name)
        table, shares = tables.maps(shown, mapped, layer.name, seed)
        points.append(table)
        rows += tables.layer_rows(layer, shown["test"], labels, classes, shares)
    tell("maps", len(seen), len(seen), "")
    return pd.concat(points, ignore_index=True), pd.DataFrame(rows)


def _drawn(size: int, most: int, name: str, seed: int) -> np.ndarray:
    """Places of the items of a set that are looked at: all, or so many at random."""
    return np.sort(numpy_rng(seed, "look", name).permutation(size)[:most])


def _reference(labels: np.ndarray, seed: int) -> np.ndarray:
    """Places of the training items that others are compared with; every class has the same upper limit.

    >>> labels = np.array([0] * 2000 + [1] * 30)
    >>> np.bincount(labels[_reference(labels, 0)]).tolist()
    [500, 30]
    """
    present = np.unique(labels)
    most = max(FEWEST, REFERENCE // len(present))
    order = numpy_rng(seed, "look", "train").permutation(len(labels))
    return np.concatenate([np.sort(order[labels[order] == label][:most]) for label in present])


def _about(plan: Plan, identity: str, command: str) -> dict[str, Any]:
    """``study.json``: what was asked of which model on which data, written before anything is looked at."""
    ask, subject, seen, data = plan.ask, plan.subject, plan.layers, plan.subject.data
    sizes = {name: len(split) for name, split in data.splits.items()}
    return {
        "study": "look",
        "title": words.title(),
        "question": words.question(bool(data.later)),
        "command": command,
        "version": assay.__version__,
        "fingerprint": identity,
        "level": 0.05,
        "seeds": ask.seed,
        "ask": ask.plain(),
        "model": subject.model,
        "weights": subject.weights,
        "weights_digest": digest(subject.net),
        "source": subject.source,
        "production": subject.production,
        "regroup": subject.regroup,
        "split_seed": subject.split_seed,
        "single": plan.reading.single,
        "layers": [layer.name for layer in seen],
        "primary_layer": seen[-1].name,
        "sets": subject.sets,
        "shifted_at_most": MOST,
        "data": {**described(data), "sizes": sizes, "warnings": _warnings(plan, sizes)},
        "references": [{"key": key, "text": text} for key, text in words.CITED],
    }  # fmt: skip


def _warnings(plan: Plan, sizes: dict[str, int]) -> list[Text | str]:
    """Everything that changes how the page is to be read."""
    subject = plan.subject
    said: list[Text | str] = list(subject.data.warnings)
    if not subject.weights:
        said.append(f"no --weights: the network is what {subject.model} returns, and nothing was loaded into it")
    said += words.taken(plan.reading, subject.data.classes[1])
    said += [
        f"layer {layer.name} is called {layer.calls} times in one pass; its last output is shown"
        for layer in plan.layers
        if layer.calls > 1
    ]
    most = plan.ask.n
    cut = [f"{most:,} of {sizes[name]:,} {name} items" for name in subject.sets if sizes[name] > most]
    if cut:
        said.append(f"a random part is looked at: {', '.join(cut)} (--n)")
    return said


def _folder(lab: Lab, subject: Subject, identity: str) -> Path:
    safe = "".join(c if c.isalnum() or c in "-_" else "-" for c in Path(subject.data.name).name)[:40] or "data"
    folder = lab.study(f"look-{safe}-{identity[:6]}")
    known = folder / "study.json"
    if known.exists() and read_json(known).get("fingerprint") != identity:
        raise BadInput(f"asked to write {folder}; found another look there; move it away")
    return folder

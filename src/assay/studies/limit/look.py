"""Looking at runs of the `limit` study: the models of a condition on the probe, each pair of them compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.core.files import read_json
from assay.data import Dataset
from assay.lab import Lab
from assay.lab.observe import View, features, load_model, numbers, probe_of
from assay.lab.threads import limited
from assay.metrics import is_constant, pairwise
from assay.models import build
from assay.studies.families.pairs import debiased

STUDY = "limit"
MEASURES = ("debiased_cka", "linear_cka")
Features = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class LookJob:
    """The finished runs of one condition, and seeds of networks to compare as they are before training."""

    view: View
    lab: str
    runs: tuple[str, ...]
    activation: str | None
    fresh: tuple[int, ...]
    threads: int = 1


@dataclass
class Look:
    """Numbers by run, and rows of pairs: run_a, run_b, untrained, layer, width, and each measure."""

    numbers: dict[str, dict[str, Any]]
    pairs: list[dict[str, Any]]


def look(job: LookJob) -> Look:
    """Every layer of every pair of the condition's models, and of networks that learned nothing."""
    with limited(job.threads):
        data, lab = job.view.load(), Lab(job.lab)
        x = data.test.x[probe_of(data, job.view.probe)]
        found = Look({}, [])
        seen: dict[str, Features] = {}
        for run in job.runs:
            net = load_model(lab.weights(run, "1"), job.view.model, data)
            seen[run] = features(net, x)[1]
            primary = list(seen[run].values())[-1]
            found.numbers[run] = _known(job, lab, run, data) or numbers(net, data, primary)
        found.pairs += compared(seen, untrained=False)
        nets = {
            f"untrained {job.view.model} {seed}": build(
                job.view.model, data.shape, len(data.classes), activation=job.activation, seed=seed
            ).eval()
            for seed in job.fresh
        }
        found.pairs += compared({name: features(net, x)[1] for name, net in nets.items()}, untrained=True)
        return found


def _known(job: LookJob, lab: Lab, run: str, data: Dataset) -> dict[str, Any] | None:
    """What a look of this kind at this run found before."""
    path = lab.measures(run, STUDY)
    known = read_json(path) if path.exists() else {}
    return known["numbers"] if known.get("view") == job.view.identity(data.digest) else None


def compared(seen: Mapping[str, Features], untrained: bool) -> list[dict[str, Any]]:
    """All pairs at all layers; one that says the same of every input, or of all but one, is left out of its pairs."""
    layers: Sequence[str] = list(next(iter(seen.values()))) if seen else []
    rows: list[dict[str, Any]] = []
    for layer in layers:
        alive = [run for run in seen if not is_constant(seen[run][layer])]
        if len(alive) < 2:
            continue
        each = [seen[run][layer] for run in alive]
        tables = dict(zip(MEASURES, (debiased(each), pairwise(each, "linear_cka")), strict=True))
        width = seen[alive[0]][layer].shape[1]
        for i, j in zip(*np.triu_indices(len(alive), 1), strict=True):
            if np.isnan(tables["debiased_cka"][i, j]):
                continue
            row = {"run_a": alive[i], "run_b": alive[j], "untrained": untrained, "layer": layer, "width": width}
            rows.append(row | {measure: float(table[i, j]) for measure, table in tables.items()})
    return rows

"""Looking at runs for the `families` study: jobs for the executor, plain data in and out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from assay.core.files import read_json
from assay.data import Dataset
from assay.lab import Lab
from assay.lab.observe import View, features, load_model, numbers, probe_of
from assay.lab.threads import limited
from assay.metrics import METRICS, accuracy, is_constant
from assay.studies.families.agree import PRIMARY
from assay.studies.families.geometry import geometry

Features = dict[str, np.ndarray]


@dataclass(frozen=True)
class LookJob:
    """Runs to look at. With ``twin``, the first run is the unstressed one that the others are compared with.

    ``runs`` maps run ids to the moments at which weights exist, in order; ``since`` to the share at which the run was
    stressed.
    """

    view: View
    lab: str
    runs: Mapping[str, tuple[str, ...]]
    since: Mapping[str, float | None]
    layers: tuple[str, ...]
    twin: str | None
    threads: int = 1


@dataclass
class Look:
    """What was found: per-run numbers; rows along training; final features and logits, or per-sample movement."""

    numbers: dict[str, dict[str, Any]]
    moments: list[dict[str, Any]]
    features: dict[str, Features]
    logits: dict[str, np.ndarray]
    moved: dict[str, np.ndarray]  # each probe sample's share in the squared distance to the twin, times n
    flipped: dict[str, np.ndarray]  # whether the twin predicts otherwise
    answers: dict[str, np.ndarray]  # what unstressed twins predict


def look(job: LookJob) -> Look:
    """Forward the probe through every kept moment of every run and write down what there is."""
    with limited(job.threads):
        return _look(job)


def _look(job: LookJob) -> Look:
    data, lab = job.view.load(), Lab(job.lab)
    probe = probe_of(data, job.view.probe)
    x, labels = data.test.x[probe], data.test.labels[probe.numpy()]
    found = Look({}, [], {}, {}, {}, {}, {})
    twin: dict[str, tuple[np.ndarray, Features]] = {}
    for run, kept in job.runs.items():
        seen = {m: features(load_model(lab.weights(run, m), job.view.model, data), x) for m in kept}
        if "1" not in seen:
            continue
        logits, final = seen["1"]
        primary = final[job.layers[-1]]
        found.numbers[run] = {**_numbers(job, lab, run, data, primary), **geometry(primary)}
        if job.twin is None:
            found.features[run], found.logits[run] = final, logits
            continue
        if run == job.twin:
            twin = seen
            found.answers[run] = logits.argmax(1)
        if "1" not in twin:
            continue  # the unstressed run diverged: there is nothing to compare with
        found.moments += list(_moments(job, run, seen, twin, labels))
        found.moved[run] = _moved(final[job.layers[-1]], twin["1"][1][job.layers[-1]])
        found.flipped[run] = logits.argmax(1) != twin["1"][0].argmax(1)
    return found


def _numbers(job: LookJob, lab: Lab, run: str, data: Dataset, primary: np.ndarray) -> dict[str, Any]:
    """A run's numbers: from the lab where it was looked at in this way before."""
    path, identity = lab.measures(run, "families"), job.view.identity(data.digest)
    if path.exists() and (known := read_json(path)).get("view") == identity:
        return known["numbers"]
    return numbers(load_model(lab.weights(run, "1"), job.view.model, data), data, primary)


def _moments(
    job: LookJob,
    run: str,
    seen: Mapping[str, tuple[np.ndarray, Features]],
    twin: Mapping[str, tuple[np.ndarray, Features]],
    labels: np.ndarray,
) -> Iterator[dict[str, Any]]:
    """How far the run is from its twin, and from itself just before its stress: each moment, each layer, the logits."""
    since = job.since[run]
    start = next((m for m in seen if m.endswith("-") and float(Fraction(m[:-1])) == since), None)
    first = {**seen[start][1], "logits": seen[start][0]} if start else {}
    for moment, (logits, inside) in seen.items():
        share = float(Fraction(moment.removesuffix("-")))
        layers = {**inside, "logits": logits}
        then = {**twin[moment][1], "logits": twin[moment][0]} if moment in twin else {}
        for layer in (*job.layers, "logits"):
            yield {
                "run": run,
                "moment": moment,
                "share": share,
                "side": "before" if moment.endswith("-") else "after",
                "layer": layer,
                **{
                    measure.from_twin: distance(layers[layer], then[layer], measure.name) if then else None
                    for measure in PRIMARY
                },
                "from_start": distance(layers[layer], first[layer]) if first and share >= float(since or 0) else None,
                "test_accuracy": accuracy(logits, labels),
            }


def distance(a: np.ndarray, b: np.ndarray, measure: str = PRIMARY[0].name) -> float | None:
    """A primary distance, or None where a layer is dead (the same output for every input)."""
    return None if is_constant(a) or is_constant(b) else METRICS[measure](a, b)


def _moved(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Each sample's share in the squared CKA distance, times n: the mean over samples is the squared distance."""
    if is_constant(a) or is_constant(b):
        return np.full(len(a), np.nan)
    difference = _kernel(a) - _kernel(b)
    return len(a) * (difference**2).sum(1)


def _kernel(a: np.ndarray) -> np.ndarray:
    centred = a.astype(np.float64) - a.mean(0, dtype=np.float64)
    kernel = centred @ centred.T
    return kernel / np.linalg.norm(kernel)

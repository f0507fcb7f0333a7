"""Looking at runs for the `collapse` study: how classes lie in the embedding, and what features are still good for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from assay.core.files import read_json
from assay.core.rng import numpy_rng, rng
from assay.data import Dataset, Split
from assay.data.load import read
from assay.data.relabel import FINE
from assay.lab import Lab, Source
from assay.lab.observe import View, judged_sets, load_model, numbers, probe_of
from assay.lab.threads import limited
from assay.metrics import (
    cdnv,
    class_variances,
    directional_cdnv,
    effective_rank,
    etf_distance,
    nc1,
    variance_quotient,
    view_variance,
    within_effective_rank,
    within_share,
)
from assay.metrics.probes import few_shot_probe, linear_probe, worst_group
from assay.models import Projected
from assay.train.augment import chain, weak
from assay.train.loop import CHUNK

LEARNED = 3000  # training items on which embeddings are measured and probes are fitted
VIEWED = 512  # training items of which two views are compared
SHOTS = 5
FEWEST = 8  # rows with a direction below which nothing is said about their arrangement


@dataclass(frozen=True)
class LookJob:
    """Finished runs to look at, each with its model's name; ``other`` is the data set that features are tried on.

    One that has only test is later data of the same fine classes: what was fitted on train is tried on it.
    """

    view: View
    lab: str
    runs: Mapping[str, str]
    other: str | None
    threads: int = 1


def look(job: LookJob) -> dict[str, dict[str, Any]]:
    """Every figure of every run; from the lab where it was looked at in this way before."""
    with limited(job.threads):
        data, lab = job.view.load(), Lab(job.lab)
        other = _other(job.other) if job.other else None
        identity = f"{job.view.identity(data.digest)}:{other.digest if other else ''}"
        return {run: _look(job, lab, run, model, data, other, identity) for run, model in job.runs.items()}


def _other(name: str) -> Dataset:
    found = read(name)
    return found if only_test(found) else Source(name).load()


def only_test(data: Dataset) -> bool:
    """Whether a data set, as it is read, has nothing to learn from."""
    return not {"train", "all"} & set(data.splits)


def _look(
    job: LookJob, lab: Lab, run: str, model: str, data: Dataset, other: Dataset | None, identity: str
) -> dict[str, Any]:
    path = lab.measures(run, "collapse")
    if path.exists() and (known := read_json(path)).get("view") == identity:
        return known["numbers"] | {"view": identity}
    net = load_model(lab.weights(run, "1"), model, data)
    assert isinstance(net, Projected)
    train, test = sample(data.train, LEARNED), data.test.take(probe_of(data, job.view.probe).numpy())
    h, z = embedded(net, test.x)
    h_train, z_train = embedded(net, train.x)
    found = numbers(net, data, h)
    found |= arranged(z, h, test.labels, z_train, train.labels, len(data.classes))
    found |= {"view_variance": _views(net, data)}
    later = other.test if other is not None and only_test(other) else None
    found |= _fine(net, data, train, h_train, later) if FINE in train.extra else {}
    found |= _transfer(net, other) if other is not None and later is None else {}
    return found | {"view": identity}


def sample(split: Split, most: int) -> Split:
    """The first of an addressed shuffle of a split."""
    return split.take(numpy_rng(0, "collapse sample").permutation(len(split))[:most])


@torch.no_grad()
def embedded(net: Projected, x: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Features before the head ``(n, width)`` and embeddings ``(n, dimension)``."""
    features = torch.cat([net.body(x[start : start + CHUNK]) for start in range(0, len(x), CHUNK)])
    return features.numpy(), net.projector(features).numpy()


def arranged(
    z: np.ndarray, h: np.ndarray, labels: np.ndarray, z_train: np.ndarray, train_labels: np.ndarray, classes: int
) -> dict[str, Any]:
    """How classes lie: in the embedding on training items (what the theory foretells) and on test, and in features."""
    (z, of_z), (h, of_h), (z_train, of_train) = (
        _heard(*each) for each in ((z, labels), (h, labels), (z_train, train_labels))
    )
    if min(len(z), len(h), len(z_train)) < FEWEST:
        return {}

    def by_class(points: np.ndarray, of: np.ndarray) -> list[float | None]:
        present = np.unique(of)
        values = dict(zip(present.tolist(), class_variances(points, of).tolist(), strict=True))
        return [values.get(label) for label in range(classes)]

    on_train, on_test = by_class(z_train, of_train), by_class(z, of_z)
    return {
        "within_train": _mean(on_train),
        "within": _mean(on_test),
        "by_class": {"train": on_train, "test": on_test},
        "feature_share": within_share(h, of_h),
        "quotient": variance_quotient(z, of_z, normalise=True),
        "cdnv": cdnv(z, of_z, normalise=True),
        "directional_cdnv": directional_cdnv(z, of_z, normalise=True),
        "nc1": nc1(z, of_z, normalise=True),
        "etf_distance": etf_distance(z, of_z, normalise=True),
        "rank": effective_rank(h),
        "rank_within": within_effective_rank(h, of_h),
    }


def _heard(points: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows that have a direction, in classes of two or more; nothing where all rows are the same or no numbers."""
    if not np.isfinite(points).all() or float(points.std(axis=0).max()) < 1e-9:
        return points[:0], labels[:0]
    keep = np.linalg.norm(points, axis=1) > 0
    names, sizes = np.unique(labels[keep], return_counts=True)
    keep &= np.isin(labels, names[sizes > 1])
    return points[keep], labels[keep]


def _mean(values: list[float | None]) -> float:
    return float(np.mean([value for value in values if value is not None]))


def _views(net: Projected, data: Dataset) -> float:
    """Variance between two weak views of a training item, in the embedding."""
    x = sample(data.train, VIEWED).x
    steps = weak(data.kind, data.shape)
    pair = [embedded(net, chain(steps, x, rng(0, "collapse view", number)))[1] for number in range(2)]
    return view_variance(np.stack(pair, axis=1))


def _fine(net: Projected, data: Dataset, train: Split, h_train: np.ndarray, later: Split | None) -> dict[str, Any]:
    """What features that never saw the fine labels know of them: on test, in its worst class, on shifted test, and on
    ``later`` data of the same fine classes, which is then what they are transferred to.
    """
    val = sample(data.val, LEARNED)
    chosen = probe_of(data, LEARNED).numpy()
    sets = [x[chosen] if len(x) == len(data.test) else x for name, _, _, x in judged_sets(data)
            if name not in data.later]  # fmt: skip
    fine = data.test.extra[FINE][chosen]
    labels = [fine] * len(sets)
    if later is not None:
        later = sample(later, LEARNED)
        sets, labels = [*sets, later.x], [*labels, later.labels]
    probe = linear_probe(
        *(h_train, train.extra[FINE], embedded(net, val.x)[0], val.extra[FINE]),
        *(np.concatenate([embedded(net, x)[0] for x in sets]), np.concatenate(labels)),
    )
    predicted = np.split(probe.predicted, np.cumsum([len(each) for each in labels])[:-1])
    right = [float((said == true).mean()) for said, true in zip(predicted, labels, strict=True)]
    shifted = right[1:] if later is None else right[1:-1]
    found = {
        "fine_accuracy": right[0],
        "fine_worst": worst_group(predicted[0], fine).accuracy,
        "fine_shifted": float(np.mean(shifted)) if shifted else None,
    }
    return found if later is None else found | {"transfer_accuracy": right[-1]}


def _transfer(net: nn.Module, other: Dataset) -> dict[str, Any]:
    """What features are good for on another data set: a linear probe, and a few labelled items a class."""
    assert isinstance(net, Projected)
    parts = [sample(split, LEARNED) for split in (other.train, other.val, other.test)]
    (h, y), (v, val), (t, true) = [(embedded(net, part.x)[0], part.labels) for part in parts]
    return {
        "transfer_accuracy": linear_probe(h, y, v, val, t, true).accuracy,
        "transfer_few": few_shot_probe(h, y, t, true, shots=SHOTS).mean,
    }

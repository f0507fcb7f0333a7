"""Looking at runs for the `overfitting` study: robust accuracy at the best and the last moment, and what features can
still do on images that were trained on, and on new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from assay.attacks import PGD, Attack, autoattack
from assay.core.files import read_json, write_json
from assay.core.rng import numpy_rng
from assay.data import Dataset, biased, true_labels
from assay.lab import Lab
from assay.lab.observe import View, features, load_model, numbers
from assay.lab.threads import limited
from assay.metrics import (
    channel_separation,
    class_mean_gaps,
    memorisation,
    probe_gaps,
    shift_similarities,
)
from assay.studies.attack.subject import widened
from assay.studies.study import Map
from assay.train import Recipe
from assay.train.recipe import BEST

LAST = "1"
MOMENTS = {"best": BEST, "last": LAST}
PER_JOB = 4  # runs a job of looking
SAMPLE = 1024  # images of each split whose features are taken
STEPS, STRONGER = 10, 20  # of PGD where features are taken, and where accuracy is judged
VERSION = 1  # raised when a look of this study starts to give other numbers


@dataclass(frozen=True)
class Ball:
    """Within what an attack may move an input."""

    norm: str
    eps: float

    @classmethod
    def of(cls, attack: Attack) -> Ball:
        """The ball of an attack."""
        return cls(attack.norm, float(attack.eps))

    def pgd(self, net: nn.Module, x: Tensor, y: Tensor, steps: int) -> Tensor:
        """Inputs that PGD found."""
        return PGD(norm=self.norm, eps=self.eps, steps=steps).attack(net, x, y)


@dataclass(frozen=True)
class LookJob:
    """Finished runs to look at, each as its recipe; of ``pictured`` ones every channel is told, of ``both`` AutoAttack
    judges the best moment beside the last."""

    view: View
    lab: str
    runs: Mapping[str, Mapping[str, Any]]
    ball: Ball
    judged: int
    pictured: frozenset[str] = frozenset()
    both: frozenset[str] = frozenset()
    study: str = "overfitting"
    threads: int = 1

    def identity(self, digest: str, run: str) -> str:
        """Changes whenever the numbers of a run could."""
        both = ":both" if run in self.both else ""
        return f"{self.view.identity(digest)}:{self.ball.norm}:{self.ball.eps!r}:{self.judged}:{VERSION}{both}"


def looked(
    runs: Mapping[str, Recipe],
    lab: Lab,
    data: Dataset,
    each: Map,
    view: View,
    *,
    ball: Ball,
    judged: int,
    pictured: frozenset[str] = frozenset(),
    both: frozenset[str] = frozenset(),
    study: str = "overfitting",
) -> dict[str, dict[str, Any]]:
    """The numbers of finished runs by run id, each looked at once and filed in the lab."""
    names = list(runs)
    together = [names[start : start + PER_JOB] for start in range(0, len(names), PER_JOB)]
    jobs = [
        LookJob(
            view,
            str(lab.root),
            {run: runs[run].plain() for run in some},
            ball,
            judged,
            pictured & set(some),
            both & set(some),
            study,
        )
        for some in together
    ]
    numbers: dict[str, dict[str, Any]] = {}
    for number, found in each(look, jobs, "looking inside"):
        for run, figures in found.items():
            identity = jobs[number].identity(data.digest, run)
            write_json(lab.measures(run, study), {"view": identity, "numbers": figures})
        numbers |= found
    return numbers


def look(job: LookJob) -> dict[str, dict[str, Any]]:
    """Every figure of every run; from the lab where it was looked at in this way before."""
    with limited(job.threads):
        data, lab = job.view.load(), Lab(job.lab)
        return {run: _look(job, lab, run, Recipe.parse(dict(recipe)), data) for run, recipe in job.runs.items()}


def _look(job: LookJob, lab: Lab, run: str, recipe: Recipe, data: Dataset) -> dict[str, Any]:
    path = lab.measures(run, job.study)
    if path.exists() and (known := read_json(path)).get("view") == job.identity(data.digest, run):
        return known["numbers"]
    sets = _sets(data, recipe)
    found: dict[str, Any] = {"layers": [], "classes": [], "channels": []}
    same = _same(lab, run)
    for moment, kept in MOMENTS.items():
        if moment == "last" and same:  # the best look was the last one: nothing new to see
            for rows in ("layers", "classes", "channels"):
                found[rows] += [{**row, "moment": "last"} for row in found[rows]]
            found |= {f"{name}_last": found[f"{name}_best"] for name in FIGURES}
            continue
        net = load_model(lab.weights(run, kept), str(recipe.model), data)
        here = _moment(net, sets, job, data, final=same or moment == "last" or run in job.both)
        found |= {f"{name}_{moment}": here.figures.get(name) for name in FIGURES}
        found["layers"] += [{"moment": moment, **row} for row in here.layers]
        found["classes"] += [{"moment": moment, **row} for row in here.classes]
        found["channels"] += [{"moment": moment, **row} for row in here.channels] if run in job.pictured else []
    net = load_model(lab.weights(run, LAST), str(recipe.model), data)
    primary = list(features(net, data.test.x[:SAMPLE])[1].values())[-1]
    return {**numbers(net, data, primary), **found}


def rehearsed(net: nn.Module, recipe: Recipe, view: View, ball: Ball, data: Dataset) -> None:
    """All that is done with one moment of a run but AutoAttack, to see how long it takes."""
    _moment(net, _sets(data, recipe), LookJob(view, "", {}, ball, 0), data, final=False)


FIGURES = (
    *("clean", "robust", "robust_train", "autoattack", "autoattack_level"),
    *("gap_clean", "gap_attacked", "means_gap_clean", "means_gap_attacked"),
    *("shift_similarity", "shift_reference", "memorised", "memorised_by_chance", "separation_lost"),
)


@dataclass
class Seen:
    """What one moment of a run shows."""

    figures: dict[str, Any] = field(default_factory=dict)
    layers: list[dict[str, Any]] = field(default_factory=list)
    classes: list[dict[str, Any]] = field(default_factory=list)
    channels: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Part:
    """Images of a split, the labels they have, and those they were given for training."""

    x: Tensor
    y: np.ndarray
    given: np.ndarray


def _sets(data: Dataset, recipe: Recipe) -> dict[str, Part]:
    """Always the same images of train (as it was learned from), val and test."""
    trained, true = biased(data, recipe.biases).train, true_labels(data, recipe.biases)
    found = {}
    for name, split, labels in (
        ("train", trained, true),
        ("val", data.val, data.val.labels),
        ("test", data.test, data.test.labels),
    ):
        chosen = numpy_rng(0, "overfitting sample", name).permutation(len(split))[:SAMPLE]
        found[name] = Part(split.x[torch.from_numpy(chosen)], labels[chosen], split.labels[chosen])
    return found


def _same(lab: Lab, run: str) -> bool:
    """Whether the last epoch was the best one."""
    epochs = [row for row in lab.history(run) if "epoch" in row]
    return bool(epochs and epochs[-1].get("best"))


def _moment(net: nn.Module, sets: Mapping[str, Part], job: LookJob, data: Dataset, final: bool) -> Seen:
    answers: dict[str, np.ndarray] = {}
    right: dict[str, np.ndarray] = {}
    clean: dict[str, dict[str, np.ndarray]] = {}
    moved: dict[str, dict[str, np.ndarray]] = {}
    for name, part in sets.items():
        y = torch.from_numpy(part.y.astype(np.int64))
        logits, clean[name] = features(net, part.x)
        answers[name] = logits.argmax(1)
        if name != "val":
            moved[name] = features(net, job.ball.pgd(net, part.x, y, STEPS))[1]
            after = features(net, job.ball.pgd(net, part.x, y, STRONGER))[0].argmax(1)
            right[name] = (answers[name] == part.y) & (after == part.y)
    test, train = sets["test"], sets["train"]
    seen = Seen(
        {
            "clean": float((answers["test"] == test.y).mean()),
            "robust": float(right["test"].mean()),
            "robust_train": float(right["train"].mean()),
            **(_attacked(net, test, job) if final else {}),
            **_memory(answers, train, test),
        }
    )
    _generalising(seen, clean, moved, {name: part.y for name, part in sets.items()}, data)
    _by_class(seen, right["test"], test.y)
    return seen


def _attacked(net: nn.Module, test: Part, job: LookJob) -> dict[str, Any]:
    """AutoAttack on the first ``judged`` images of the sample, with its level of trust."""
    if not job.judged:
        return {}
    x, y = test.x[: job.judged], torch.from_numpy(test.y[: job.judged].astype(np.int64))
    net, x, _, span = widened(net, x)  # columns of a table may lie outside what train showed
    result = autoattack(net, x, y, job.ball.norm, job.ball.eps / span)
    return {"autoattack": result.robust_accuracy, "autoattack_level": result.trust.level}


def _memory(answers: Mapping[str, np.ndarray], train: Part, test: Part) -> dict[str, Any]:
    """How many relabelled training images are answered as they were relabelled."""
    if (train.given == train.y).all():
        return {}
    found = memorisation(answers["train"], train.given, train.y, answers["test"], test.y)
    return {"memorised": found.rate, "memorised_by_chance": found.chance}


def _generalising(
    seen: Seen,
    clean: Mapping[str, Mapping[str, np.ndarray]],
    moved: Mapping[str, Mapping[str, np.ndarray]],
    y: Mapping[str, np.ndarray],
    data: Dataset,
) -> None:
    """Read-outs of every layer, on images trained on and on new ones; more of the last hidden layer."""
    layers = list(clean["test"])
    for kind, found in (("clean", clean), ("attacked", moved)):
        # Read-outs are fitted on clean features: an attack that knows the label writes it into what it moves.
        for layer in layers:
            on = found["train"][layer] if kind == "attacked" else None
            by_means = class_mean_gaps(
                *(clean["train"][layer], y["train"], found["test"][layer], y["test"]), train_attacked_features=on
            )
            row = {"layer": layer, "inputs": kind, "gap": by_means.gap}
            seen.layers.append({**row, "train": by_means.train, "test": by_means.test})
        last = layers[-1]
        probe = probe_gaps(
            *(clean["train"][last], y["train"], clean["val"][last], y["val"], found["test"][last], y["test"]),
            train_attacked_features=on,
        )
        seen.figures[f"gap_{kind}"] = probe.gap
        seen.figures[f"means_gap_{kind}"] = seen.layers[-1]["gap"]
        for each in probe.classes:
            named = {"label": each.name, "class": data.classes[each.name]}
            seen.classes.append({**named, "inputs": kind, "gap": each.gap, "n": each.test_n})
    shift = shift_similarities(
        *(clean["train"][layers[-1]], moved["train"][layers[-1]], y["train"]),
        *(clean["test"][layers[-1]], moved["test"][layers[-1]], y["test"]),
    )
    seen.figures |= {"shift_similarity": shift.cosine, "shift_reference": shift.reference}
    on_train, on_test = (channel_separation(clean[name][layers[-1]], y[name]) for name in ("train", "test"))
    seen.figures["separation_lost"] = float(np.mean(on_train - on_test))
    seen.channels = [
        {"layer": layers[-1], "channel": number, "train": float(a), "test": float(b)}
        for number, (a, b) in enumerate(zip(on_train, on_test, strict=True))
    ]


def _by_class(seen: Seen, right: np.ndarray, labels: np.ndarray) -> None:
    """Robust accuracy of each class on test, beside its gaps."""
    for row in seen.classes:
        of = labels == row["label"]
        row["robust"] = float(right[of].mean()) if of.any() else None

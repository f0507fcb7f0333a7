"""Looking at runs of the `stream` study: each model on the test images as every chunk of the stream would show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from assay.attacks import autoattack
from assay.core.files import read_json, write_json
from assay.core.rng import numpy_rng, rng
from assay.data import SHIFTS, Dataset
from assay.lab import Lab, Source
from assay.lab.observe import features, load_model, numbers, softmax
from assay.lab.threads import limited
from assay.metrics import detection
from assay.studies.attack.subject import widened
from assay.studies.overfitting.look import PER_JOB, STRONGER, Ball
from assay.studies.study import Map

VERSION = 1  # raised when a look of this study starts to give other numbers
STUDY = "stream"


@dataclass(frozen=True)
class LookJob:
    """Finished runs to look at, and how: under ``shift`` at each of ``strengths``, attacked within ``ball`` on
    ``probe`` test images; AutoAttack judges the ``final`` ones on ``judged`` images under the last strength.
    """

    source: Source
    lab: str
    model: str
    runs: tuple[str, ...]
    shift: str
    strengths: tuple[float, ...]
    ball: Ball
    probe: int
    judged: int
    final: frozenset[str] = frozenset()
    threads: int = 1

    def identity(self, digest: str, run: str) -> str:
        """Changes whenever the numbers of a run could."""
        judged = self.judged if run in self.final else 0
        how = (self.shift, self.strengths, self.ball.norm, self.ball.eps, self.probe, judged, VERSION)
        return ":".join([digest, *(repr(one) for one in how)])


def looked(
    runs: Sequence[str], job: LookJob, final: frozenset[str], lab: Lab, data: Dataset, each: Map
) -> dict[str, dict[str, Any]]:
    """The numbers of finished runs by run id, each looked at once and filed in the lab; ``job`` says how."""
    jobs = [
        LookJob(**{**vars(job), "runs": tuple(some), "final": final & set(some)})
        for some in (runs[start : start + PER_JOB] for start in range(0, len(runs), PER_JOB))
    ]
    found: dict[str, dict[str, Any]] = {}
    for number, numbers_of in each(look, jobs, "looking inside"):
        for run, figures in numbers_of.items():
            view = jobs[number].identity(data.digest, run)
            write_json(lab.measures(run, STUDY), {"view": view, "numbers": figures})
        found |= numbers_of
    return found


def look(job: LookJob) -> dict[str, dict[str, Any]]:
    """Every figure of every run; from the lab where it was looked at in this way before."""
    with limited(job.threads):
        data, lab = job.source.load(), Lab(job.lab)
        return {run: _look(job, lab, run, data) for run in job.runs}


def _look(job: LookJob, lab: Lab, run: str, data: Dataset) -> dict[str, Any]:
    path = lab.measures(run, STUDY)
    if path.exists() and (known := read_json(path)).get("view") == job.identity(data.digest, run):
        return known["numbers"]
    net = load_model(lab.weights(run, "1"), job.model, data)
    primary = list(features(net, data.test.x[: job.probe])[1].values())[-1]
    found = {**numbers(net, data, primary), "levels": [_level(net, data, job, s) for s in job.strengths]}
    return {**found, **(_judged(net, data, job) if run in job.final and job.judged else {})}


def moved(data: Dataset, shift: str, strength: float) -> Tensor:
    """The test images under a shift, drawn as the training images of the bias `Shifted` are."""
    return SHIFTS.find(shift).apply(data.test.x, strength, rng(0, "shift", shift))


def sample(data: Dataset, size: int) -> Tensor:
    """Positions of the test images that are attacked: the first of one shuffle; a larger sample holds a smaller one."""
    return torch.from_numpy(numpy_rng(0, "stream sample").permutation(len(data.test))[:size])


def _level(net: nn.Module, data: Dataset, job: LookJob, strength: float) -> dict[str, Any]:
    """Accuracy and rates on all test images under a strength, robust accuracy on a sample; thresholds are val's."""
    x, labels = moved(data, job.shift, strength), data.test.labels
    val, logits = (features(net, images)[0] for images in (data.val.x, x))
    rates = detection(softmax(val), data.val.labels, softmax(logits), labels, data.ok)
    chosen = sample(data, job.probe)
    before = (logits.argmax(1) == labels)[chosen.numpy()]
    wide, inside, ball = _inside(net, x[chosen], job.ball)
    y = data.test.y[chosen]
    after = features(wide, ball.pgd(wide, inside, y, STRONGER))[0].argmax(1) == y.numpy()
    return {
        "strength": strength,
        "clean": float((logits.argmax(1) == labels).mean()),
        "robust": float((before & after).mean()),
        "false_reject": rates.false_reject,
        "escape": rates.escape,
    }


def _inside(net: nn.Module, x: Tensor, ball: Ball) -> tuple[nn.Module, Tensor, Ball]:
    """Network, inputs and ball in units in which all inputs lie in [0, 1]: columns of a table may drift out of it."""
    wide, inside, _, span = widened(net, x)
    return wide, inside, Ball(ball.norm, ball.eps / span)


def _judged(net: nn.Module, data: Dataset, job: LookJob) -> dict[str, Any]:
    """AutoAttack under the last strength, with its level of trust."""
    chosen = sample(data, job.judged)
    wide, x, ball = _inside(net, moved(data, job.shift, job.strengths[-1])[chosen], job.ball)
    result = autoattack(wide, x, data.test.y[chosen], ball.norm, ball.eps)
    return {"autoattack": result.robust_accuracy, "autoattack_level": result.trust.level}

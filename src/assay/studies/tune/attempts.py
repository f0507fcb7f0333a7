"""Jobs of a search: train one recipe and give up early where it falls behind; look at a finished run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.core.files import read_json
from assay.lab import Lab, Outcome, Source, TrainJob, carry_out
from assay.lab.observe import judged_sets, load_model
from assay.lab.threads import limited
from assay.metrics import accuracy
from assay.studies.overfitting.look import Ball
from assay.studies.tune.figures import VERSION, Seen, take

MOMENTS = (0.25, 0.5, 0.75)  # shares of training at which a trial may be given up
LEAST_TRIALS = 5  # finished trials before any is given up


@dataclass(frozen=True)
class Attempt:
    """A training job, and the val accuracy that it must have reached at each share of training to go on."""

    job: TrainJob
    least: Mapping[float, float]


@dataclass(frozen=True)
class GivenUp:
    """Where and why a trial was given up; ``curve``: val accuracy by share of training."""

    reason: str
    curve: Mapping[float, float]


class _GiveUp(Exception):
    pass


def attempt(work: Attempt) -> Outcome | GivenUp:
    """Carry a training job out, or give it up at the first moment at which it is too far behind."""
    curve: dict[float, float] = {}
    reason = ""

    def tell(share: float, history: list[list[dict[str, Any]]]) -> None:
        nonlocal curve, reason
        curve = along(history[0], share)
        for moment, least in work.least.items():
            if moment in curve and curve[moment] < least:
                reason = f"val accuracy {curve[moment]:.3f} at {moment:.0%} of training, {least:.3f} was needed"
                raise _GiveUp

    try:
        return carry_out(work.job, tell if work.least else None)
    except _GiveUp:
        return GivenUp(reason, curve)


def along(history: Sequence[Mapping[str, Any]], share: float = 1.0) -> dict[float, float]:
    """Val accuracy at each of `MOMENTS` that lies in the past: at the first look on or after it.

    >>> along([{"epoch": 1, "val_accuracy": 0.5}, {"epoch": 2, "val_accuracy": 0.75}], share=0.5)
    {0.25: 0.5, 0.5: 0.75}
    """
    rows = [row for row in history if "epoch" in row]
    if not rows:
        return {}
    epochs = round(rows[-1]["epoch"] / share)
    found: dict[float, float] = {}
    for moment in MOMENTS:
        later = [row for row in rows if row["epoch"] >= moment * epochs and "val_accuracy" in row]
        if later:
            found[moment] = later[0]["val_accuracy"]
    return found


def least(curves: Sequence[Mapping[float, float]], quantile: float) -> dict[float, float]:
    """What a new trial must have reached: a quantile of what finished trials had at the same share of training.

    >>> least([{0.5: 0.1}, {0.5: 0.2}, {0.5: 0.3}, {0.5: 0.4}, {0.5: 0.5}], 0.5)
    {0.5: 0.3}
    """
    found = {}
    for moment in MOMENTS:
        values = sorted(curve[moment] for curve in curves if moment in curve)
        if len(values) >= LEAST_TRIALS:
            found[moment] = values[int(quantile * (len(values) - 1))]
    return found


@dataclass(frozen=True)
class LookJob:
    """A finished run to look at on a split."""

    lab: str
    run: str
    model: str
    source: Source
    split: str
    names: tuple[str, ...]
    shifts: bool = False
    threads: int = 1
    ball: Ball | None = None


def look(job: LookJob) -> dict[str, float]:
    """The figures of a run; those that were taken before are read."""
    lab = Lab(job.lab)
    data = job.source.load()
    known = known_figures(lab, job.run, job.split, view_of(data.digest, job.ball))
    missing = [name for name in job.names if name not in known]
    if not missing and not (job.shifts and "shift_accuracy" not in known):
        return known
    with limited(job.threads):
        record = lab.record(job.run)
        net = load_model(lab.weights(job.run, "1"), job.model, data)
        seen = Seen(net, data, job.split, record["seconds"] / record["stacked"], job.ball)
        found = take(missing, seen)
        if job.shifts:
            sets = [s for s in judged_sets(data) if s[0] != "none" and s[0] not in data.later]
            right = [accuracy(seen._logits(x), split.labels) for _, _, split, x in sets]
            found["shift_accuracy"] = sum(right) / len(right) if right else float("nan")
    return known | found


def view_of(digest: str, ball: Ball | None) -> str:
    """What figures hold for: data, version and, where robustness is asked for, the ball."""
    return f"{digest}:{VERSION}" + (f":{ball.norm}:{ball.eps!r}" if ball else "")


def known_figures(lab: Lab, run: str, split: str, view: str) -> dict[str, float]:
    """What was written down about a run on a split."""
    path = lab.measures(run, "tune")
    held = read_json(path) if path.exists() else {}
    if held.get("view") != view:
        return {}
    return {name: float("nan") if value is None else value for name, value in held.get(split, {}).items()}

"""Do stressed models stand attacks as well as their unstressed twins? Robust accuracy of the paired runs, and how far
it can be believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import torch
from torch import Tensor, nn

from assay.attacks import APGDCE, APGDT, Result, autoattack
from assay.attacks.trust import assess
from assay.core.files import read_json, write_json
from assay.data import Dataset
from assay.lab import Lab
from assay.lab.observe import View, load_model, probe_of
from assay.lab.threads import limited
from assay.studies.attack.subject import widened
from assay.studies.phrases import percent
from assay.studies.study import Map, Planned, Text, text

NAME = "families-robust"
COLUMNS = ("robust_clean", "robust", "robust_level")
PER_JOB = 4
TARGETS = 3  # wrong classes that the quick suite aims at
VERSION = 1  # raised when the same attack starts to give other numbers


@dataclass(frozen=True)
class Attacked:
    """On how many test inputs (the first of the probe's order), how far (Linf), and with what.

    ``suite``: standard is AutoAttack's; quick is its two APGD attacks, the targeted one on three classes, for a tenth
    of the time: Square asks 5000 times of every input that still stands, and nearly all do within a small ``eps``.
    """

    images: int
    eps: float
    suite: Literal["quick", "standard"] = "quick"

    def carried_out(self, net: nn.Module, x: Tensor, y: Tensor) -> Result:
        """The evaluation of one network."""
        net, x, _, span = widened(net, x)  # columns of a table may lie outside what train showed
        eps = self.eps / span
        if self.suite == "standard":
            return autoattack(net, x, y, "Linf", eps)
        return autoattack(net, x, y, "Linf", eps, "custom", attacks=[APGDCE(eps=eps), APGDT(eps=eps, targets=TARGETS)])


@dataclass(frozen=True)
class RobustJob:
    """Finished runs to attack."""

    view: View
    lab: str
    runs: tuple[str, ...]
    how: Attacked
    threads: int = 1

    def identity(self, digest: str) -> str:
        """Changes whenever the numbers could."""
        return f"{digest}:{self.how.images}:{self.how.eps!r}:{self.how.suite}:{VERSION}"


def attacked(
    planned: Mapping[str, Planned], runs: pd.DataFrame, view: View, lab: Lab, data: Dataset, how: Attacked, each: Map
) -> pd.DataFrame:  # fmt: skip
    """``runs.csv`` with what an attack leaves of the paired runs: ``robust_clean``, accuracy on
    the attacked images before; ``robust``, after; ``robust_level``, the trust in it (A, B, C or X). Runs are attacked
    once and filed in the lab.
    """
    finished = set(runs.run[runs.status == "finished"])
    alive = [run for run, plan in planned.items() if plan.tags["design"] == "paired" and run in finished]
    jobs = [
        RobustJob(view, str(lab.root), tuple(alive[start : start + PER_JOB]), how)
        for start in range(0, len(alive), PER_JOB)
    ]
    found: dict[str, dict[str, Any]] = {}
    for number, numbers in each(attack, jobs, "attacking"):
        for run, figures in numbers.items():
            write_json(lab.measures(run, NAME), {"view": jobs[number].identity(data.digest), "numbers": figures})
        found |= numbers
    columns = pd.DataFrame([found.get(run, {}) for run in runs.run], index=runs.index, columns=list(COLUMNS))
    return pd.concat([runs, columns], axis=1)


def attack(job: RobustJob) -> dict[str, dict[str, Any]]:
    """The figures of every run; from the lab where it was attacked in this way before."""
    with limited(job.threads):
        data, lab = job.view.load(), Lab(job.lab)
        chosen = probe_of(data, job.how.images)
        x, y = data.test.x[chosen], torch.from_numpy(data.test.labels[chosen.numpy()]).long()
        found = {}
        for run in job.runs:
            path = lab.measures(run, NAME)
            if path.exists() and (known := read_json(path)).get("view") == job.identity(data.digest):
                found[run] = known["numbers"]
                continue
            result = job.how.carried_out(load_model(lab.weights(run, "1"), job.view.model, data), x, y)
            trust = assess(result, of=len(data.test))
            figures = (float(result.clean.float().mean()), result.robust_accuracy, trust.level)
            found[run] = dict(zip(COLUMNS, figures, strict=True))
        return found


def told(runs: pd.DataFrame) -> list[Text]:
    """What must be known to read robust accuracies: the floor, the ceiling, figures that no one should believe."""
    if "robust" not in runs or runs.robust.isna().all():
        return []
    said: list[Text] = []
    robust, clean = float(runs.robust.mean()), float(runs.robust_clean.mean())
    if robust < 0.01 or robust > clean - 0.01:
        said.append(
            text(
                f"Attacks leave {percent(robust)} of {percent(clean)} right: so near the end of the scale, robust "
                "accuracies of stressed and unstressed models can hardly differ; use another --set grid.eps.",
                f"攻撃後の正解率は{percent(clean)}中{percent(robust)}です。上限または下限に近いため差が出にくく、"
                "--set grid.eps を変えてください。",
            )
        )
    doubtful = int((runs.robust_level == "X").sum())
    if doubtful:
        said.append(
            text(
                f"The robust accuracy of {doubtful} models cannot be believed (trust level X).",
                f"{doubtful}件のモデルのロバスト精度は信頼できません（信頼度 X）。",
            )
        )
    return said


def by_kind_and_time(
    runs: pd.DataFrame, conditions: Sequence[Mapping[str, Any]], figures: Sequence[str]
) -> pd.DataFrame:
    """How much higher each figure is than in the unstressed run of the same seed: a row a seed, condition and figure.

    ``conditions`` as in `study.json`; columns stress, kind, at, seed, figure, difference. Seeds whose unstressed run
    stopped are left out.
    """
    paired = runs[(runs.design == "paired") & (runs.status == "finished")]
    twin = paired[paired.stress == "none"].set_index("seed")
    about = {c["name"]: c for c in conditions}
    rows = []
    for row in paired[paired.stress != "none"].to_dict("records"):
        for figure in figures:
            if figure not in row or row["seed"] not in twin.index:
                continue
            condition = about[row["condition"]]
            where = {"stress": condition["stress"], "kind": condition["kind"], "at": condition["at"]}
            change = row[figure] - twin.loc[row["seed"], figure]
            rows.append({**where, "seed": row["seed"], "figure": figure, "difference": change})
    columns = ["stress", "kind", "at", "seed", "figure", "difference"]
    return pd.DataFrame(rows, columns=columns).dropna(subset=["difference"]).reset_index(drop=True)

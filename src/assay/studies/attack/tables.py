"""The tables of an evaluation: one row an example, a class, an attack, a radius, a check, and examples as pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from assay.attacks import Point, Result, Trust
from assay.attacks.balls import BALLS
from assay.attacks.victim import Victim, at_rest
from assay.core.rng import seed_of
from assay.maths.statistics import wilson
from assay.studies.attack.subject import Subject
from assay.studies.families.tables import thumbnail

SHOWN = 24  # broken examples shown as pictures


def examples(result: Result, asked: Subject) -> pd.DataFrame:
    """One row an example: what became of it, by which attack, how far from the clean input, at what margin."""
    assert result.asked is not None
    x, index = result.asked.x, result.asked.index.tolist()
    names = asked.data.test.names
    with at_rest(asked.net), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(result.asked.seed, "model"))
        victim, size = Victim(asked.net), result.asked.batch_size
        before, after = (victim.batched(each.to(x.device), size).argmax(1).cpu() for each in (x, result.x_adv))
    table = pd.DataFrame({
        "index": index,
        "name": [names[i] if names else "" for i in index],
        "label": result.asked.y.cpu().numpy(),
        "predicted": before.numpy(),
        "clean": result.clean.int().numpy(),
        "robust": result.robust.int().numpy(),
        "broken_by": result.broken_by,
        "becomes": [int(b) if name else None for b, name in zip(after, result.broken_by, strict=True)],
        "margin": result.margin.numpy(),
        "distance": _distances(result) * asked.span,
    })  # fmt: skip
    return table.astype({"becomes": "Int64"}).sort_values("index", kind="stable").reset_index(drop=True)


def classes(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """One row a class that has examples: accuracies, interval, and what it is most often turned into."""
    rows = []
    for label, name in enumerate(names):
        part = table[table.label == label]
        if part.empty:
            continue
        low, high = wilson(int(part.robust.sum()), len(part))
        becomes = part.becomes.dropna().mode()
        rows.append({
            "label": label, "name": name, "n": len(part), "clean": part.clean.mean(), "robust": part.robust.mean(),
            "low": low, "high": high,
            "turns_into": names[int(becomes.iloc[0])] if len(becomes) else "",
        })  # fmt: skip
    return pd.DataFrame(rows)


def attacks(table: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """One row an attack in the order in which they ran: how many it broke, and the accuracy after it."""
    rows, left = [], int(table.clean.sum())
    for name in names:
        broke = int((table.broken_by == name).sum())
        left -= broke
        rows.append({"attack": name, "broke": broke, "left": left, "accuracy": left / len(table)})
    return pd.DataFrame(rows)


def curve(points: Sequence[Point], eps: Sequence[float]) -> pd.DataFrame:
    """One row a radius, in the units of the data."""
    columns = ("n", "robust", "accuracy", "low", "high")
    return pd.DataFrame(
        [{"eps": e} | {name: getattr(p, name) for name in columns} for e, p in zip(eps, points, strict=True)]
    )


def checks(trust: Trust) -> pd.DataFrame:
    """One row a check; ``passed`` is yes, no, or empty where it could not be carried out."""
    words = {True: "yes", False: "no", None: "not done"}
    rows = [(c.name, words[c.passed], c.figure, c.sentence) for c in trust.checks]
    return pd.DataFrame(rows, columns=["check", "passed", "figure", "sentence"])


def samples(table: pd.DataFrame, result: Result, asked: Subject) -> pd.DataFrame:
    """Broken images, taken from the classes in turn: original, perturbation magnified about grey, perturbed."""
    columns = ["index", "name", "label", "becomes", "broken_by", "distance", "magnified"]
    pictures = ["original", "perturbation", "perturbed"]
    if asked.data.kind != "image":
        return pd.DataFrame(columns=[*columns, *pictures])
    assert result.asked is not None
    broken = table[table.broken_by != ""]
    turn = broken.groupby("label").cumcount()
    chosen = broken.assign(turn=turn).sort_values(["turn", "label"], kind="stable").head(SHOWN)
    place = {index: row for row, index in enumerate(result.asked.index.tolist())}
    rows = []
    for found in chosen.to_dict("records"):
        x, adv = result.asked.x[place[found["index"]]].cpu(), result.x_adv[place[found["index"]]]
        moved = adv - x
        times = max(1, int(0.5 / max(moved.abs().max().item(), 1e-6)))
        shown = (x, 0.5 + times * moved, adv)
        images = {name: _picture(each) for name, each in zip(pictures, shown, strict=True)}
        rows.append({name: found.get(name) for name in columns} | {"magnified": times} | images)
    return pd.DataFrame(rows, columns=[*columns, *pictures])


def _picture(image: Tensor) -> str:
    """A tensor (channels, h, w) in [0, 1] as base64 PNG; of channels other than 1 or 3, the mean."""
    array = image.permute(1, 2, 0).numpy()
    return thumbnail(array if array.shape[-1] in (1, 3) else array.mean(-1, keepdims=True))


def _distances(result: Result) -> np.ndarray:
    assert result.asked is not None
    ball = BALLS[result.norm](1)
    size = ball.size(result.x_adv - result.asked.x.cpu())
    return torch.where(result.clean & ~result.robust, size, torch.zeros_like(size)).numpy()

"""Which measure of similarity can be trusted on these models: a test of the measures, not of the models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng
from assay.maths.statistics import holm
from assay.metrics import METRICS, is_constant, layer_identification, ordered_pairs, separation, similarity_warning
from assay.metrics.arrays import Array
from assay.metrics.matrices import PASSES
from assay.metrics.similarity.warning import UNBIASED
from assay.studies.families.cost import peak, timed
from assay.studies.phrases import number, percent
from assay.studies.study import Text, text

PRIMARY = ("cka_distance", "procrustes_distance")
NEEDS = ("features_a", "features_b")
SHUFFLES = 5  # of the samples of one side, for the value of unrelated features
COLUMNS = [
    "measure", "estimator", "similar_is", "models", "samples", "width",
    "identification", "identification_low", "identification_high", "chance",
    "separation", "separation_low", "separation_high", "p", "p_holm", "auprc", "prevalence",
    "unrelated", "seconds", "pairs", "megabytes", "trusted", "warning",
]  # fmt: skip

Features = Mapping[str, Mapping[str, Array]]


def trusted(
    features: Features,
    groups: Mapping[str, Any],
    *,
    reference: Any = None,
    measures: Sequence[str] | None = None,
    most: int | None = None,
    level: float = 0.95,
    seed: int = 0,
    track: Callable[[list[str]], Iterable[str]] = iter,
) -> pd.DataFrame:
    """Every measure of similarity on the same runs: does it find layers, does it tell known groups apart, its cost.

    ``features[model][layer]``: (n, width), the same samples, the same layers in the same order for every model,
    logits left out, the layer that groups are told apart by last. ``groups[model]``: what the model was
    trained with and is known to differ in, such as the share of random labels (one randomised labelling shared
    by the models of a group, see `separation`). ``reference``: the group
    within which layers are identified, three models or more (the first model's, if not given); ``measures``:
    names in `METRICS`, all of two representations if not given; ``most``: use only the first so many models of a
    group, because the cost grows with their square; ``track``: goes round the names and may show progress. With
    fewer than four models a group the smallest p there is may not stand Holm's correction.

    A row for each measure, columns:

    - ``measure``; ``estimator``, biased or unbiased; ``similar_is``: the end of its range, high or low, that a
      representation has with itself;
    - ``models``, ``samples`` and ``width`` (largest) that it saw; models with a dead layer are left out;
    - ``identification`` with interval and ``chance``: `layer_identification` among reference models, in [0, 1];
    - ``separation`` with interval, ``p``, ``auprc``, ``prevalence``: `separation` by the last layer, AUC in [0, 1];
      ``p_holm``: corrected for the number of measures;
    - ``unrelated``: its mean value where the samples of one side are shuffled, which bias keeps away from zero;
    - ``seconds`` of processor time for all ``pairs`` that were wanted; ``megabytes``, the peak of one pair;
    - ``trusted``: the interval of the identification lies above chance, and ``p_holm`` <= 1 - level;
    - ``warning``: too few samples for the width, or why there is no value (NaN).

    `BadInput` when there are fewer than two usable models, layers differ, or a model has no group.

    Sources: Kornblith et al. 2019, arXiv:1905.00414 (identification); Klabunde et al. 2025, arXiv:2408.00531
    (separation).
    """
    models, dead = _usable(features, groups, most)
    layers = list(features[models[0]])
    kind = groups[models[0]] if reference is None else reference
    same = [m for m in models if groups[m] == kind]
    if not same:
        raise BadInput(f"asked to find layers among models of group {kind}; found none; name one of the groups")
    names = list(measures) if measures is not None else _two_sided()
    rows = []
    for name in track(names):
        row: dict[str, Any] = dict.fromkeys(COLUMNS)
        row |= {"measure": name, "estimator": _estimator(name), "models": len(models), "pairs": 0, "seconds": 0.0}
        warnings = [f"{dead} models with a dead layer left out."] if dead else []
        warnings += _described(row, name, features, models, layers, seed)
        if row["similar_is"]:
            far, clock = row["similar_is"] == "low", _Clock(row)
            try:
                values = clock(name, [features[m][layer] for m in same for layer in layers])
                found = layer_identification(values, len(layers), distance=far, level=level, seed=seed)
                row |= {"identification": found.score, "chance": found.chance}
                row |= {"identification_low": found.low, "identification_high": found.high}
            except BadInput as problem:
                warnings.append(str(problem))
            try:
                values = clock(name, [features[m][layers[-1]] for m in models])
                apart = separation(values, [groups[m] for m in models], distance=far, level=level, seed=seed)
                row |= {"separation": apart.auc, "separation_low": apart.low, "separation_high": apart.high}
                row |= {"p": apart.p, "auprc": apart.auprc, "prevalence": apart.prevalence}
            except BadInput as problem:
                warnings.append(str(problem))
        row["warning"] = " ".join(dict.fromkeys(warnings))
        rows.append(row)
    table = pd.DataFrame(rows, columns=COLUMNS)
    numbers = [c for c in COLUMNS if c not in ("measure", "estimator", "similar_is", "trusted", "warning")]
    table[numbers] = table[numbers].astype(float)
    return decided(table, level)


def decided(table: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """A table of `trusted` with its p-values corrected for all of its rows, and so the verdicts.

    >>> row = {"identification_low": 0.6, "chance": 0.3, "p": 0.03}
    >>> decided(pd.DataFrame([row, row]))[["p_holm", "trusted"]].values.tolist()
    [[0.06, False], [0.06, False]]
    """
    corrected = np.where(table["p"].isna(), np.nan, holm(table["p"].tolist()))
    found = (table["identification_low"] > table["chance"]) & (corrected <= 1 - level + 1e-12)
    return table.assign(p_holm=corrected, trusted=found)


def ranked(table: pd.DataFrame) -> pd.DataFrame:
    """The measures that can be trusted, best first: by the worse of identification and separation."""
    best = table[["identification", "separation"]].min(axis=1)
    return table.assign(best=best)[table["trusted"]].sort_values("best", ascending=False, kind="stable")


def sentence(table: pd.DataFrame) -> Text:
    """Which measure can be trusted here, in one sentence.

    >>> row = {"measure": "rsa", "identification": 0.9, "separation": 0.8, "trusted": True}
    >>> sentence(pd.DataFrame([row, {**row, "measure": "pwcca", "trusted": False}]))["en"]
    'Trusted here are 1 of 2 measures, which find corresponding layers more often than guessing does and tell apart \
groups that are known to differ (best: rsa, layers found 90 %, AUC 0.80), and of the two that claims rest on none.'
    """
    good, every = ranked(table), len(table)
    if good.empty:
        return text(
            f"None of {every} measures can be trusted here: none both finds corresponding layers more often than "
            "guessing does and tells apart groups that are known to differ.",
            f"{every} 個の指標のうち、ここで信頼できるものはない。対応する層を偶然より多く見つけ、かつ、異なると"
            "分かっているグループを区別できる指標がない。",
        )
    shown = good.head(3)
    marks = zip(shown["measure"], shown["identification"].map(percent), shown["separation"].map(number), strict=True)
    found = list(marks)
    english = "; ".join(f"{name}, layers found {layers}, AUC {auc}" for name, layers, auc in found)
    japanese = "、".join(f"{name}（層の同定 {layers}、AUC {auc}）" for name, layers, auc in found)
    primary = [name for name in PRIMARY if name in set(good["measure"])]
    return text(
        f"Trusted here are {len(good)} of {every} measures, which find corresponding layers more often than guessing "
        f"does and tell apart groups that are known to differ (best: {english}), "
        f"and of the two that claims rest on {' and '.join(primary) or 'none'}.",
        f"{every} 個の指標のうち {len(good)} 個は、対応する層を偶然より多く見つけ、異なると分かっているグループを"
        f"区別できるので、ここで信頼できる（上位：{japanese}）。主張の基礎となる二つの指標のうち信頼できるもの："
        f"{'、'.join(primary) or 'なし'}。",
    )


def _two_sided() -> list[str]:
    return [name for name, m in METRICS.items() if m.card.needs == NEEDS]


def _usable(features: Features, groups: Mapping[str, Any], most: int | None) -> tuple[list[str], int]:
    """The models to use and how many were left out because a layer is dead."""
    lost = [m for m in features if m not in groups]
    if lost:
        raise BadInput(f"asked to compare {len(features)} models by group; found none for {lost[0]}; name its group")
    alive = [m for m, layers in features.items() if not any(is_constant(x) for x in layers.values())]
    taken: list[str] = []
    for m in alive:
        if most is None or sum(groups[other] == groups[m] for other in taken) < most:
            taken.append(m)
    if len(taken) < 2:
        raise BadInput(f"asked which measure can be trusted; found {len(taken)} models without dead layers; give more")
    if len({tuple(features[m]) for m in taken}) > 1:
        raise BadInput("asked to compare layers; found models with different ones; give the same layers in one order")
    return taken, len(features) - len(alive)


def _estimator(name: str) -> str:
    if name in PASSES:
        return PASSES[name].estimator
    return "unbiased" if name in UNBIASED.values() else "biased" if name in UNBIASED else "plain"


def _described(
    row: dict[str, Any], name: str, features: Features, models: Sequence[str], layers: Sequence[str], seed: int
) -> list[str]:
    """Fill in what one pair of models says about the measure; return its warnings."""
    shapes = [np.shape(features[m][layer]) for m in models for layer in layers]
    n, width = shapes[0][0], max(int(np.prod(shape[1:])) for shape in shapes)
    row |= {"samples": n, "width": width}
    warning = similarity_warning(n, width, name)
    x, y = (np.asarray(features[m][layers[-1]]) for m in models[:2])
    measure, low, high = METRICS[name], *METRICS[name].card.range
    try:
        own = measure(x, x)
        generator = numpy_rng(seed, "unrelated")
        row["unrelated"] = np.mean([measure(x, y[generator.permutation(n)]) for _ in range(SHUFFLES)])
        row["megabytes"] = peak(lambda: measure(x, y))
    except BadInput as problem:
        return [str(problem)]
    row["similar_is"] = "low" if abs(own - low) < abs(own - high) else "high"
    return [warning] if warning else []


class _Clock:
    """All ordered pairs, with their cost added to a row."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.row = row

    def __call__(self, name: str, representations: Sequence[Array]) -> np.ndarray:
        values, seconds = timed(lambda: ordered_pairs(representations, name))
        self.row["seconds"] += seconds
        count = len(representations)
        self.row["pairs"] += count * (count - 1) // (2 if METRICS[name].card.symmetric else 1)
        return values

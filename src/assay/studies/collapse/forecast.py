"""What a setting will do to classes, said before training: figures, sentences, curves and what would repair it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from assay.core.errors import BadInput
from assay.maths.ssem import (
    AnySetting,
    Prediction,
    Setting,
    Variances,
    alpha_for,
    alpha_of,
    predict,
    variances,
)
from assay.studies.collapse.repair import ENOUGH, Change, repairs

__all__ = ["ENOUGH", "Change", "Curve", "Forecast", "alpha_for", "curve", "forecast", "repairs"]

Axis = Literal["alpha", "temperature"]


@dataclass(frozen=True)
class Forecast:
    """A setting, what the theory says of it, and what to do.

    ``names`` of the classes; ``wanted_alpha``: the alpha for the wanted variance (None: none was wanted); ``changes``
    that repair it, smallest first; ``sentences`` in plain words, the first one being the finding.
    """

    setting: AnySetting
    names: tuple[str, ...]
    prediction: Prediction
    wanted_alpha: float | None
    changes: tuple[Change, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Curve:
    """Variance between items of a class against alpha or temperature: the mean over classes and the least.

    Variance between views of one item is left out: it tells nothing apart.
    """

    axis: Axis
    values: tuple[float, ...]
    mean: tuple[float, ...]
    least: tuple[float, ...]


def forecast(
    setting: AnySetting,
    names: Sequence[str] | None = None,
    *,
    within: float | None = None,
    of: Literal["mean", "least"] = "mean",
) -> Forecast:
    """The forecast of a setting; with ``within``, also the alpha that leaves that variance.

    >>> found = forecast(Setting(10, 50, 2, 0.5, 0.1))
    >>> print(found.sentences[0])
    Classes stay spread: a within-class variance of 0.447 of a possible 1 remains.
    """
    names = tuple(names) if names is not None else tuple(f"class {i + 1}" for i in range(setting.classes))
    wanted = None if within is None else alpha_of(setting, within, of)
    found = predict(setting)
    changes = repairs(setting)
    lines = [_finding(found, names, setting), *_place(found, setting), *_caution(found, setting)]
    if changes:
        lines.append(_repair(changes))
    elif found.phase != "spread":
        lines.append("No single change of alpha, temperature, batch or views repairs this; change several.")
    if wanted is not None:
        what = "on average over classes" if of == "mean" else "in the class with the least"
        lines.append(f"For a within-class variance of {within:g} {what}, choose alpha = {wanted:.3f}.")
    return Forecast(setting, names, found, wanted, tuple(changes), tuple(lines))


def curve(setting: AnySetting, axis: Axis, points: int = 41) -> Curve:
    """Variance between items of a class along alpha from 0 to 1, or along the temperature from 0.02 to 1 (log steps).

    >>> along = curve(Setting(10, 50, 2, 0.5, 0.1), "alpha", 3)
    >>> along.values, round(along.mean[1], 3)
    ((0.0, 0.5, 1.0), 0.447)
    """
    if axis == "alpha":
        values = np.linspace(1e-6 if max(getattr(setting, "counts", (2,))) == 1 else 0.0, 1.0, points)
    else:
        values = np.geomspace(min(0.02, setting.temperature / 2), max(1.0, 2 * setting.temperature), points)
    if setting.variant == "excl" and setting.views == 1:
        values = values * 0 if axis == "alpha" else values
    telling = np.asarray(setting.totals) > 1
    telling = telling if telling.any() else ~telling
    near: Variances | None = None
    mean, least = [], []
    for value in values:
        near = variances(at(setting, axis, float(value)), quick=True, near=near, views=False, most_groups=6)
        between_items = near.instances[telling]
        mean.append(float(between_items.mean()))
        least.append(float(between_items.min()))
    return Curve(axis, tuple(float(v) for v in values), tuple(mean), tuple(least))


def at(setting: AnySetting, axis: Axis, value: float) -> AnySetting:
    """The setting with another alpha or temperature.

    >>> at(Setting(10, 50, 2, 0.5, 0.1), "alpha", 0.2).alpha
    0.2
    """
    return replace(setting, alpha=value) if axis == "alpha" else replace(setting, temperature=value)


def _finding(found: Prediction, names: tuple[str, ...], setting: AnySetting) -> str:
    within = found.within_variance
    if found.phase == "spread":
        low, high = min(within), max(within)
        if high - low < 5e-4:
            text = f"Classes stay spread: a within-class variance of {low:.3f} of a possible 1 remains."
        else:
            rarest = names[within.index(low)]
            text = f"Classes stay spread: within-class variances from {low:.3f} ({rarest}) to {high:.3f} remain."
        thin = [n for n, x, N in zip(names, within, setting.totals, strict=True) if x < ENOUGH and N > 1]
        return text + (f" That is little for {_some(thin)}." if thin else "")
    which = [
        name
        for name, phase, N in zip(names, found.phases, setting.totals, strict=True)
        if phase == found.phase and (N > 1 or max(setting.totals) == 1)
    ]
    who = "All classes" if len(which) == len(names) else f"{len(which)} of {len(names)} classes ({_some(which)})"
    end = "s" if len(which) == 1 else ""
    if found.phase == "collapse":
        return f"{who} collapse{end}: training ends with every item of the class in one point, and tells none apart."
    return f"{who} fold{end}: items of the class coincide, while views of one item are pushed apart."


def _place(found: Prediction, setting: AnySetting) -> list[str]:
    """Where alpha and the temperature stand against their thresholds."""
    alpha, tau = setting.alpha, setting.temperature
    side = "above" if alpha > found.alpha_c else "not above"
    lines = [f"alpha = {alpha:g} is {side} {found.alpha_c:.4g}, the weight up to which classes collapse or fold here."]
    if found.tau_c == 0:
        lines.append("At this alpha no temperature helps.")
    elif math.isinf(found.tau_c):
        lines.append("At this alpha no temperature makes them collapse.")
    else:
        side = "below" if tau < found.tau_c else "not below"
        lines.append(f"Temperature {tau:g} is {side} {found.tau_c:.4g}, from which on classes collapse at this alpha.")
    if found.alpha_view is not None and alpha < found.alpha_view:
        lines.append(
            f"alpha = {alpha:g} is below {found.alpha_view:.4g}: views of one item are pushed apart. alpha = 0 is not"
            " SupCon in this variant; SupCon has alpha = (views - 1) / (views x per class - 1)."
        )
    return lines


def _caution(found: Prediction, setting: AnySetting) -> list[str]:
    lines = []
    if found.upper_estimate:
        lines.append(
            f"This is an upper estimate: {setting.dimension} dimensions cannot hold what {found.needed_dimension} can."
        )
    if not found.exact:
        lines.append("Batches were sampled or classes of nearly one size taken together: expect errors of about 0.01.")
    return lines


def _repair(changes: Sequence[Change]) -> str:
    others = f" Or {', or '.join(change.words for change in changes[1:])}." if len(changes) > 1 else ""
    return f"The smallest single change that leaves every class {ENOUGH:g} or more: {changes[0].words}.{others}"


def _some(names: Sequence[str], most: int = 4) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def setting_of(classes: int | None, per_class: Sequence[int] | None, **rest: object) -> Setting:
    """A setting from what a person gives in place of data; `BadInput` where something is missing.

    >>> setting_of(2, [3], views=2, alpha=0.5, temperature=0.1).per_class
    3
    """
    if classes is None or not per_class:
        raise BadInput(
            "asked for a forecast; found neither data nor both --classes and --per-class; give --data, or for instance"
            " --classes 10 --per-class 50 (items of a class in a batch)"
        )
    n: int | tuple[int, ...] = per_class[0] if len(per_class) == 1 else tuple(per_class)
    return Setting(classes, n, **rest)  # type: ignore[arg-type]

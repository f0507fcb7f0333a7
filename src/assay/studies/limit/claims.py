"""The claims of the `limit` study, and how each is judged from its tables. Fixed before any run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assay.maths.statistics import Estimate
from assay.studies.claim import share
from assay.studies.limit import words
from assay.studies.limit.design import RANDOM, UNTRAINED
from assay.studies.limit.tables import curve, unplaced
from assay.studies.limit.trend import combined, rise
from assay.studies.phrases import NOTHING, mishaps
from assay.studies.study import Claim, Judged, Tables, Text

MATTERS = 0.02  # of similarity: a smaller rise does not matter
ROOM = 4  # times as many probe inputs as units, below which a word is said
AXIS = {"wider": "width", "more-images": "images", "longer": "epochs"}
REFERENCES = (RANDOM, UNTRAINED)
Curve = Mapping[tuple[str, str], list[tuple[float, Estimate]]]


def _claim(name: str, along: str) -> Claim:
    return share(
        name,
        words.CLAIM[name],
        "debiased CKA at the last hidden layer between models of one condition, upper half by validation accuracy: "
        f"its rise along {along}, by a straight line in the logarithm",
        margin=(-MATTERS, MATTERS),
        unit=words.UNIT,
        design="family",
    )


CLAIMS = (
    _claim("wider", "the width"),
    _claim("more-images", "the number of training images, at equal steps"),
    _claim("longer", "the number of epochs"),
)


def judge(about: Mapping[str, Any], tables: Tables) -> tuple[dict[str, Judged], list[Text]]:
    """Every claim's estimate, from the tables alone, and what must be known to read them."""
    runs = tables["runs"].assign(status=tables["runs"]["status"].astype(str))
    level = 1 - about["level"]
    found = curve(about, tables, level)
    judged = {name: _judged(name, axis, found, level) for name, axis in AXIS.items() if axis in about["axes"]}
    dead = unplaced(runs, tables["pairs"], about["primary_layer"])
    return judged, [*mishaps(runs), *words.unplaced(dead), *words.narrow(about["probe"], about["widest"], ROOM)]


def _judged(name: str, axis: str, found: Curve, level: float) -> Judged:
    estimate = along(found, axis, "happy", level)
    detail: dict[str, float] = {}
    for kind in REFERENCES:
        other = along(found, axis, kind, level)
        if kind == UNTRAINED and axis != "width":
            continue  # they do not change along it
        more = beyond(found, axis, kind, level)
        detail |= {f"rise, {kind}": other.effect, f"rise beyond {kind}": more.effect, f"p beyond {kind}": more.p}
    detail |= {f"similarity at {step:g}": each.effect for step, each in found[axis, "happy"]}
    plain = {key: value for key, value in detail.items() if value == value}
    models = sum(each.n for _, each in found[axis, "happy"])
    return Judged(
        replace(estimate, detail={}), words.models(models), words.sentence(name, estimate, found[axis, "happy"]), plain
    )


def along(found: Curve, axis: str, kind: str, level: float = 0.95) -> Estimate:
    """The rise of one kind of model along an axis."""
    steps = found.get((axis, kind), [])
    return rise([step for step, _ in steps], [each for _, each in steps], level) if len(steps) > 1 else NOTHING


def beyond(found: Curve, axis: str, kind: str, level: float = 0.95) -> Estimate:
    """How much more happy models rise than a reference: no models are in both, so that variances add up."""
    own, other = along(found, axis, "happy", level), along(found, axis, kind, level)
    return combined([1, -1], [own, other], level)

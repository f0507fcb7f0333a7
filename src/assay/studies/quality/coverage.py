"""How much of test (and of production) lies where train has nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assay.maths.statistics import wilson
from assay.studies.quality.finding import Finding, Severity
from assay.studies.quality.neighbours import nearest
from assay.studies.quality.view import View
from assay.studies.quality.words import rate, span

K = 5
OUTSIDE = 0.99  # quantile of train's own distances beyond which an item is outside
SOME, MUCH = 0.02, 0.10
LEVEL = 0.01  # chance with which a set of the same source may have so many outside


def coverage(view: View) -> list[Finding]:
    """One finding for test and one for each later split: the share of items outside of what train covers.

    An item is outside when its mean distance to the 5 nearest training items is beyond that of 99 % of training items
    to one another; 1 % is what a set of the same source shows. A share counts only where a set of the same source
    would have it with a chance of at most 1 % (`beyond`): a limit from few training items is no sharp one.
    """
    return [_outside(view, name) for name in ("test", *view.dataset.later)]


def _outside(view: View, name: str) -> Finding:
    own = _mean(view.neighbours[0][:, :K])
    own = own[np.isfinite(own)]
    there = _mean(nearest(view.features[name], view.features["train"], K)[0])
    bar = float(np.quantile(own, OUTSIDE))
    far = np.flatnonzero(there > bar)
    far = far[np.argsort(-there[far], kind="stable")]
    low, high = wilson(len(far), len(there))
    p = beyond(len(far), len(there), int((own > bar).sum()), len(own))
    surely = p <= LEVEL
    severity: Severity = "problem" if surely and low > MUCH else "look" if surely and low > SOME else "fine"
    share = len(far) / len(there)
    scale = float(np.median(own))
    table = pd.concat(
        [pd.DataFrame({"split": s, "distance": d / scale}) for s, d in (("train", own), (name, there))],
        ignore_index=True,
    )
    return Finding(
        f"coverage-{name}",
        f"Coverage of {name}",
        severity,
        f"{rate(share)} of {name} ({span((low, high))}) lies where train has hardly anything; 1 % is usual.",
        f"collect training {view.noun}s like the listed ones, or expect errors there" if severity != "fine" else "",
        share,
        f"share of {name}",
        (low, high),
        len(there),
        [view.item(name, int(i), float(there[i] / bar), "times the limit") for i in far],
        {"limit": bar / scale, "p": p},
        table,
    )


def beyond(far: int, m: int, over: int, n: int) -> float:
    """The chance that ``far`` or more of ``m`` items lie beyond a limit that ``over`` of ``n`` like items lie beyond.

    Were all n + m drawn alike, the number beyond the (over + 1)-th largest of n is beta-binomial with a = over + 1 and
    b = n - over (the negative hypergeometric law of exceedances: Gumbel and von Schelling 1950, Ann. Math. Statist. 21,
    p. 247); a limit above that item makes it smaller yet.

    >>> round(beyond(1, 1, 0, 4), 3)  # the last of five is the largest
    0.2
    """
    from scipy.stats import betabinom

    return float(betabinom.sf(far - 1, m, over + 1, n - over))


def _mean(distances: np.ndarray) -> np.ndarray:
    real = np.isfinite(distances)
    return np.where(real.any(1), np.where(real, distances, 0).sum(1) / np.maximum(real.sum(1), 1), np.inf)

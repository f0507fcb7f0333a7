"""Groups (lot, patient, tile): are any in two splits, and does one group stand for a class?"""

from __future__ import annotations

import numpy as np

from assay.maths.statistics import wilson
from assay.studies.quality.finding import Finding, Severity
from assay.studies.quality.view import View
from assay.studies.quality.words import called, capital, count, rate, span

FEWEST = 5  # groups of a class in train, below which a class is few things seen often


def groups(view: View) -> list[Finding]:
    """One finding: the share of test items whose group is also in train; "none" where no groups are given."""
    title, splits = "Groups across splits", view.dataset.splits
    train, test = splits["train"], splits["test"]
    seen = view.splits["test"].groups
    if train.groups is None or test.groups is None or seen is None:
        said = (
            f"No groups are given, so {view.noun}s of one part, patient or lot in two splits cannot be seen unless "
            "they are copies."
        )
        advice = "if several come from one thing, give groups (train_groups in an .npz)"
        return [Finding("groups", title, "none", said, advice)]
    shared = np.isin(test.groups, train.groups)
    low, high = wilson(int(shared.sum()), len(test))
    kinds = [len(np.unique(train.groups[train.labels == c])) for c in range(len(view.dataset.classes))]
    fewest = int(np.argmin(kinds))
    severity: Severity = "problem" if shared.any() else "look" if kinds[fewest] < FEWEST else "fine"
    both = len(np.intersect1d(test.groups, train.groups))
    if shared.any():
        said = (
            f"{shared.sum():,} of {len(test):,} test {view.noun}s ({rate(float(shared.mean()))}, {span((low, high))}) "
            f"are of {count(both, 'group')} that train has too: their results say little about new ones."
        )
    else:
        said = f"No group of test is in train ({count(len(np.unique(train.groups)), 'group')} there)."
    if kinds[fewest] < FEWEST:
        said += f" {capital(called(view.dataset.classes[fewest]))} comes from {count(kinds[fewest], 'group')} only."
    advice = "split anew with --regroup" if shared.any() else "collect from more groups" if severity == "look" else ""
    places = np.flatnonzero(np.isin(seen, train.groups))
    items = [view.item("test", int(i), None, f"group {seen[i]}") for i in places]
    share = float(shared.mean())
    detail = {"groups_of_class": dict(zip(view.dataset.classes, kinds, strict=True)), "in_both": both}
    return [
        Finding("groups", title, severity, said, advice, share, "share of test", (low, high), len(test), items, detail)
    ]

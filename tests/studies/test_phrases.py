"""What every study says in the same way."""

from __future__ import annotations

import pandas as pd

from assay.studies.phrases import mishaps


def test_models_that_learned_nothing_are_counted_by_condition_with_a_remedy_to_copy() -> None:
    rows = {"condition": ["a", "a", "b"], "status": ["finished"] * 3, "answered": [1, 1, 2]}
    (said,) = mishaps(pd.DataFrame(rows))
    assert said["en"].startswith("2 of 3 models answer one class") and "a (2)" in said["en"]
    for lang in ("en", "ja"):
        assert "--set 'sampler={kind: balanced}'" in said[lang] and "optimiser.lr=3e-3" in said[lang]


def test_where_all_is_well_or_nothing_is_known_nothing_is_said() -> None:
    rows = pd.DataFrame({"condition": ["a"], "status": ["finished"], "answered": [3]})
    assert mishaps(rows) == mishaps(rows.drop(columns="answered")) == mishaps(rows.assign(answered=None)) == []
    (said,) = mishaps(rows.assign(status="stopped: loss not finite", answered=None))
    assert "1 of 1 runs stopped" in said["en"]

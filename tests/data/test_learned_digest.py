"""What names a run is what training reads, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.conftest import blobs


def test_later_sets_and_test_do_not_name_a_run_but_train_and_val_do() -> None:
    data = blobs()
    later = replace(data, splits={**data.splits, "production": data.test})
    assert later.learned == data.learned and later.digest != data.digest
    for name in ("train", "val", "test"):
        split = data.splits[name]
        other = replace(split, labels=np.roll(split.labels, 1))
        changed = replace(data, splits={**data.splits, name: other})
        assert (changed.learned == data.learned) == (name == "test")

"""What a plan says of time: steps and looks, each as often as they come."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.lab import Lab
from assay.studies import configure, cost
from assay.studies.means import Means


@pytest.mark.parametrize(("every", "looked"), [(0, 0), (1, 6), (4, 2)])
def test_looks_are_part_of_the_time(every: int, looked: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With steps of one second and looks of sixteen, both are there as often as a run makes them."""
    monkeypatch.setattr(cost, "seconds_a_step", lambda *args, looks=False: 3.0 if looks else 1.0)
    settings = (
        f"evaluate_every={every}",
        "epochs=6",
        "batch=100",
        "grid.widths=[]",
        "grid.sizes=[]",
        "grid.epochs=[3]",
    )
    study, data = configure("limit", "digits", seeds=4, settings=settings)
    found = cost.estimate(study, data, Lab(tmp_path / "lab"), Means(on="inline", stack=1))
    steps = -(-len(data.train) // 100)
    short = -(-3 // every) if every else 0  # looks of the runs of three epochs
    assert found["seconds"] == pytest.approx(7 * (steps * (6 + 3) + (looked + short) * 2 * cost.TRIAL_STEPS))

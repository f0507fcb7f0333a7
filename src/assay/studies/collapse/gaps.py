"""What the `collapse` study was not given, so that some claims cannot be judged whatever the runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from assay.studies.collapse.design import NOISY
from assay.studies.gap import Gap
from assay.studies.study import text

NO_FINE = Gap(
    ("spread-knows-subclasses", "spread-under-shift", "middle-is-best", "loss-tells"),
    text(
        "The data have no finer labels: nothing can be said about subclasses.",
        "細かいラベルがないため、下位クラスについては判断できません。",
    ),
    text(
        "Give a set with coarse labels, or learn classes in pairs: --data NAME@pairs.",
        "粗いラベルのあるデータを使うか、クラスを対にしてください（--data NAME@pairs）。",
    ),
)
NO_OTHER = Gap(
    ("spread-transfers", "middle-transfers"),
    text(
        "No other data set of the same image shape was given: nothing can be said about transfer.",
        "同じ画像サイズの別データがないため、転移は判断できません。",
    ),
    text("Give one: --set grid.transfer=NAME.", "別データを指定してください（--set grid.transfer=NAME）。"),
)
NO_CONTROLS = Gap(
    ("rare-first", "noise-moves"),
    text(
        "The controls were left out: nothing can be said about unequal classes and wrong labels.",
        "対照を省いたため、不均衡と誤ラベルについては判断できません。",
    ),
    text("Train them, too: --set grid.controls=true.", "対照も学習してください（--set grid.controls=true）。"),
)


def gaps(*, fine: bool, other: bool, controls: bool) -> list[Gap]:
    """What is missing: finer labels, another data set, controls."""
    given = ((NO_FINE, fine), (NO_OTHER, other), (NO_CONTROLS, controls))
    return [gap for gap, there in given if not there]


def seen(about: Mapping[str, Any], runs: pd.DataFrame) -> list[Gap]:
    """What is missing from a study's tables."""
    fine = runs.get("fine_accuracy")
    return gaps(
        fine=fine is not None and not fine.isna().all(),
        other=about.get("transfer") is not None,
        controls=NOISY in set(runs.condition),
    )

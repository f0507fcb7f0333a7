"""What the `overfitting` study was not given, so that some claims cannot be judged whatever the runs."""

from __future__ import annotations

from collections.abc import Set

import pandas as pd

from assay.maths.statistics.decline import LEAST
from assay.studies.gap import Gap
from assay.studies.overfitting.design import BASELINE, DROP, NARROWED, WRONG, fewer
from assay.studies.study import text

NO_FACTORS = Gap(
    ("natural-data", "not-perturbation", "perturbation-features"),
    text(
        "The factors were not told apart: nothing can be said about what causes the loss.",
        "要因の切り分けを省いたため、低下の原因は判断できません。",
    ),
    text(
        "Train them: without --preset pilot, or --set grid.factors=true.",
        "--set grid.factors=true で学習してください。",
    ),
)
NO_WORSE = Gap(
    ("wrong-labels",),
    text("Worse images were left out: nothing can be said about wrong labels.", "質の低い画像の条件を省きました。"),
    text("Train them, too: --set grid.worse=true.", "--set grid.worse=true で学習してください。"),
)
NO_LIGHT = Gap(
    ("narrow",),
    text(
        "One lighting was not tried: tables have no brightness, or worse images or half of the images were left out.",
        "明るさの条件は試していません（表データ、または条件を省略）。",
    ),
    text(
        "Give images, with --set grid.worse=true and 0.5 among the sizes (--set 'grid.sizes=[0.5,0.25]').",
        "画像データで --set grid.worse=true とし、grid.sizes に 0.5 を含めてください。",
    ),
)
NO_SIZES = Gap(
    ("less-data",),
    text("No smaller training was made.", "画像を減らした学習がありません。"),
    text("Give sizes: --set 'grid.sizes=[0.5,0.25]'.", "--set 'grid.sizes=[0.5,0.25]' を指定してください。"),
)


FEW_LOOKS = Gap(
    ("occurs", "gap-with-drop", "less-data", "wrong-labels", "narrow"),
    text(
        f"There were fewer than {LEAST} looks at each run: too few to tell a fall.",
        f"各学習の評価回数が{LEAST}回未満のため、低下を判断できません。",
    ),
    text("Look more often or train longer: --set evaluate_every=1.", "--set evaluate_every=1 を指定してください。"),
)


def gaps(runs: pd.DataFrame) -> list[Gap]:
    """What is missing."""
    base = runs[(runs.condition == BASELINE) & (runs.status.astype(str) == "finished")]
    found = [FEW_LOOKS] if len(base) and base.drop_corrected.isna().all() else []
    return found + left_out(set(runs.condition))


def left_out(arms: Set[str]) -> list[Gap]:
    """What is missing whatever the runs, where there are these arms."""
    found = [] if DROP in arms else [NO_FACTORS]
    found += [] if WRONG in arms else [NO_WORSE]
    found += [] if {NARROWED, fewer(0.5)} <= arms else [NO_LIGHT]
    return found + ([] if any(name.startswith(fewer(0)[:-1]) for name in arms) else [NO_SIZES])

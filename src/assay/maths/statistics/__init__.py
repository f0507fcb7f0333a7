"""Tests, intervals and planning for studies whose unit is the trained model.

- one number per seed: `paired_effect`
- groups of models in space: `place`, `spread_contrast`; the classical `permanova` and `permdisp`
- one curve: `best_to_last` (does it fall after its best?), `alarm` (while it is watched)
- two figures: `rank_relation` over conditions, `within_relation` over seeds
- from estimates to words: `holm`, `judge`, `needed_n`; before training: `smallest_p`, `detectable_ratio`
"""

from assay.maths.statistics.contrast import spread_contrast
from assay.maths.statistics.crossed import crossed_interval
from assay.maths.statistics.decline import Alarm, Drop, alarm, best_to_last
from assay.maths.statistics.estimate import Estimate, judge, needed_n
from assay.maths.statistics.intervals import bootstrap_interval, holm, wilson
from assay.maths.statistics.ordination import Ordination, centre_of, pcoa, spatial_median, spread
from assay.maths.statistics.paired import paired_effect
from assay.maths.statistics.permanova import Permanova, permanova
from assay.maths.statistics.permdisp import Permdisp, permdisp
from assay.maths.statistics.place import place
from assay.maths.statistics.planning import detectable_ratio, smallest_p
from assay.maths.statistics.relation import rank_relation, ranks, within_relation

__all__ = [
    "Alarm",
    "Drop",
    "Estimate",
    "Ordination",
    "Permanova",
    "Permdisp",
    "alarm",
    "best_to_last",
    "bootstrap_interval",
    "centre_of",
    "crossed_interval",
    "detectable_ratio",
    "holm",
    "judge",
    "needed_n",
    "paired_effect",
    "pcoa",
    "permanova",
    "permdisp",
    "place",
    "rank_relation",
    "ranks",
    "smallest_p",
    "spatial_median",
    "spread",
    "spread_contrast",
    "wilson",
    "within_relation",
]

"""An interval for a mean over two kinds of units at once: runs, and the images that all of them are judged on."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng


def crossed_interval(
    values: ArrayLike, *, level: float = 0.95, resamples: int = 1999, seed: int = 0
) -> tuple[float, float]:
    """The interval of the mean of a table (runs, items), where both runs and items are samples of what there might be.

    Rows and columns are resampled independently, and the percentiles of the means of all cells taken: the pigeonhole
    bootstrap, whose variance is a little too large rather than too small. ``values`` has two rows and columns or more;
    few rows make it too short, as any bootstrap. Units are those of the values. `BadInput` for another shape or NaN.
    Source: Owen 2007, Annals of Applied Statistics 1:386-411.

    >>> crossed_interval([[0.5, 0.5], [0.5, 0.5]])
    (0.5, 0.5)
    """
    table = np.asarray(values, dtype=float)
    if table.ndim != 2 or min(table.shape, default=0) < 2 or not np.isfinite(table).all():
        raise BadInput(
            f"asked for an interval over runs and items; found a table of shape {table.shape}; give finite numbers, "
            "two rows and two columns or more"
        )
    generator = numpy_rng(seed, "crossed")
    rows, columns = (generator.multinomial(n, np.full(n, 1 / n), size=resamples) for n in table.shape)
    means = np.einsum("bm,bm->b", rows @ table, columns) / table.size
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)

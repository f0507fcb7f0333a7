"""Maps of a collapsed and a healthy run: test items in the plane of their embedding's two main directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from assay.data import Dataset
from assay.data.relabel import FINE
from assay.lab import Lab
from assay.lab.observe import load_model, probe_of
from assay.models import Projected
from assay.studies.collapse.design import COLLAPSED, FORECAST
from assay.studies.collapse.look import embedded
from assay.studies.families.tables import thumbnail
from assay.studies.study import Planned

SHOWN = 240  # items on a map
COLUMNS = ["run", "condition", "index", "label", "fine", "x", "y", "thumbnail"]


def picture_rows(planned: Mapping[str, Planned], alive: Mapping[str, str], lab: Lab, data: Dataset) -> pd.DataFrame:
    """The first seed's collapsed and healthy run, item by item."""
    rows: list[dict[str, Any]] = []
    index = probe_of(data, SHOWN).numpy()
    for name in (COLLAPSED, FORECAST):
        run = next((run for run in alive if planned[run].tags["condition"] == name), None)
        if run is None:
            continue
        net = load_model(lab.weights(run, "1"), alive[run], data)
        assert isinstance(net, Projected)
        z = embedded(net, data.test.x[index])[1]
        for place, (x, y) in zip(index.tolist(), plane(z).tolist(), strict=True):
            rows.append(
                {
                    **{"run": run, "condition": name, "index": place, "label": int(data.test.labels[place])},
                    "fine": int(data.test.extra[FINE][place]) if FINE in data.test.extra else None,
                    **{"x": x, "y": y},
                    "thumbnail": thumbnail(data.test.images[place]) if data.kind == "image" else "",
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def plane(z: np.ndarray) -> np.ndarray:
    """The two main directions of embeddings on the unit sphere, ``(n, 2)``; each axis points to its longer side."""
    u = z.astype(np.float64) / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)
    u = u - u.mean(axis=0)
    left, size, _ = np.linalg.svd(u, full_matrices=False)
    found = left[:, :2] * size[:2]
    found = np.pad(found, ((0, 0), (0, 2 - found.shape[1])))
    longer = found[np.abs(found).argmax(axis=0), [0, 1]]
    return found * np.where(longer < 0, -1, 1)

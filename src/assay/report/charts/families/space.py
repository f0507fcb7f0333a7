"""Models as points: the matrix of their distances, the flat map of it, and how far each lies from its centre."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assay.report.folder import Folder, Frame

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Space:
    """Models (rows of ``models``: run, condition, stress, family, test_accuracy) and their distances (n, n)."""

    models: Frame
    distances: Array

    @cached_property
    def empty(self) -> bool:
        """Whether there are too few models for a map."""
        return len(self.models) < 3

    @cached_property
    def map(self) -> tuple[Array, tuple[float, float]]:
        """Points (n, 2) of the flat map, and the share of all squared distance that each of its axes shows.

        The sign of an axis is arbitrary; the farthest point is put on the positive side, so that a page is the same
        whatever the linear algebra library.
        """
        from assay.maths.statistics.ordination import pcoa

        found = pcoa(self.distances)
        order = np.argsort(-found.eigenvalues, kind="stable")[:2]
        points = np.zeros((len(self.models), 2))
        points[:, : len(order)] = found.points[:, order]
        far = np.abs(points).argmax(axis=0)
        points *= np.where(points[far, [0, 1]] < 0, -1.0, 1.0)
        total = float(np.abs(found.eigenvalues).sum()) or 1.0
        shares = [float(max(found.eigenvalues[i], 0.0) / total) for i in order] + [0.0, 0.0]
        return points, (shares[0], shares[1])

    def to_centre(self, groups: list[str]) -> pd.Series:
        """Each model's distance to the centroid of its own group (columns ``groups``); none in groups below two.

        Multiplied by sqrt(n / (n - 1)), because the centre was found from the same models.
        """
        from assay.maths.statistics.ordination import pcoa, spread

        found = np.full(len(self.models), np.nan)
        for _, here in self.models.groupby(groups, sort=False).indices.items():
            if len(here) < 2:
                continue
            part = pcoa(self.distances[np.ix_(here, here)])
            found[here] = spread(part.points, part.signs, part.points.mean(axis=0), adjust=True)
        return pd.Series(found, index=self.models.index)

    def between_conditions(self, order: list[str]) -> Frame:
        """Mean distance between models of two conditions (columns row, column, value); a model never with itself."""
        names = self.models.condition.to_numpy()
        off = ~np.eye(len(names), dtype=bool)
        rows = []
        for a in order:
            for b in order:
                chosen = np.outer(names == a, names == b) & off
                if chosen.any():
                    rows.append({"row": a, "column": b, "value": float(self.distances[chosen].mean())})
        return pd.DataFrame(rows, columns=["row", "column", "value"])


def space(folder: Folder) -> Space:
    """The finished models of the family design with the distances of ``pairs.csv`` at the primary layer."""
    pairs, runs = folder.table("pairs"), folder.table("runs")
    columns = ["run", "condition", "stress", "family", "test_accuracy"]
    if pairs.empty or runs.empty or "cka_distance" not in pairs:
        return Space(pd.DataFrame(columns=columns), np.zeros((0, 0)))
    layer = folder.study.get("primary_layer")
    if layer and "layer" in pairs:
        pairs = pairs[pairs.layer == layer]
    known = set(pairs.run_a) | set(pairs.run_b)
    models = runs[runs.run.isin(known) & (runs.status == "finished")].drop_duplicates("run")
    place = {run: i for i, run in enumerate(models.run)}
    pairs = pairs[pairs.run_a.isin(place) & pairs.run_b.isin(place)]
    matrix = np.full((len(models), len(models)), np.nan)
    a, b = pairs.run_a.map(place).to_numpy(int), pairs.run_b.map(place).to_numpy(int)
    matrix[a, b] = matrix[b, a] = pairs.cka_distance.to_numpy(float)
    np.fill_diagonal(matrix, 0.0)
    keep = _complete(matrix)
    frame = models.reindex(columns=columns).iloc[keep].reset_index(drop=True)
    return Space(frame, matrix[np.ix_(keep, keep)])


def _complete(matrix: Array) -> NDArray[np.int_]:
    """Indices of a set of models between which every distance is known: the worst is left out until all are."""
    keep = np.arange(len(matrix))
    while len(keep) and (holes := np.isnan(matrix[np.ix_(keep, keep)]).sum(axis=0)).any():
        keep = np.delete(keep, holes.argmax())
    return keep

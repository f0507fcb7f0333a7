"""A representation sorted by class: means, sizes and squared distances, from which all measures of collapse follow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from assay.core.errors import BadInput
from assay.metrics import arrays
from assay.metrics.arrays import Array


def on_sphere(x: np.ndarray) -> np.ndarray:
    """Rows at unit length; a row of zeros has no direction and stays zero, `BadInput` if all are.

    >>> on_sphere(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    largest = np.abs(x).max(-1, keepdims=True)
    if not largest.any():
        raise BadInput(
            "asked for directions on the unit sphere; found zero in every column of every sample; "
            "give a layer that is not dead, or normalise=False"
        )
    x = np.divide(x, largest, out=np.zeros_like(x), where=largest > 0)  # squares of tiny numbers do not vanish
    length = np.linalg.norm(x, axis=-1, keepdims=True)
    return np.divide(x, length, out=x, where=length > 0)


@dataclass(frozen=True, eq=False)
class Classes:
    """Samples ``x`` (n, width) of K classes; ``which`` (n,) is each sample's place in ``names`` (K,), sorted."""

    x: np.ndarray
    which: np.ndarray
    names: np.ndarray

    @classmethod
    def of(cls, features: Array, labels: Array, normalise: bool = False, fewest: int = 1) -> Classes:
        """Sort samples by label; any numbers serve as labels, classes without a sample do not exist.

        >>> Classes.of([[0.0], [2.0], [5.0], [5.0]], [7, 7, 9, 9]).means.tolist()
        [[1.0], [5.0]]
        """
        x = arrays.features(features)
        names, which = np.unique(arrays.numbers(labels, "labels"), return_inverse=True)
        arrays.same_length(x, which, "features", "labels")
        if which.ndim != 1:
            raise BadInput(f"asked for labels, one a sample; found shape {which.shape}; give class indices")
        if len(names) < fewest:
            raise BadInput(
                f"asked how classes lie to one another; found {len(names)} class in {len(x)} samples; "
                f"give at least {fewest} classes"
            )
        return cls(on_sphere(x) if normalise else x, which, names)

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def sizes(self) -> np.ndarray:
        """Samples of each class, (K,)."""
        return np.bincount(self.which)

    @cached_property
    def means(self) -> np.ndarray:
        """mu_c, (K, width)."""
        return self.averages(self.x)

    @cached_property
    def deviations(self) -> np.ndarray:
        """Every sample minus the mean of its class, (n, width); what is rounding only is zero."""
        spread = self.x - self.means[self.which]
        quiet = np.abs(spread).max(1) <= ROUNDING * np.abs(self.x).max(1)
        spread[quiet] = 0
        return spread

    @cached_property
    def within(self) -> np.ndarray:
        """W_c = mean of |x - mu_c|² over class c, (K,)."""
        return self.averages(np.einsum("ij,ij->i", self.deviations, self.deviations))

    @cached_property
    def centred_means(self) -> np.ndarray:
        """mu_c minus the mean of all mu_c: each class counts the same, so a common one does not sit in the centre."""
        return self.means - self.means.mean(0)

    @cached_property
    def between(self) -> float:
        """B = mean over classes of |mu_c - mean of mu|², each class counting the same."""
        return float(np.vdot(self.centred_means, self.centred_means)) / len(self)

    def averages(self, values: np.ndarray) -> np.ndarray:
        """The mean of ``values`` (n, ...) over each class, (K, ...)."""
        sums = np.zeros((len(self), *values.shape[1:]))
        np.add.at(sums, self.which, values)
        return sums / self.sizes.reshape(-1, *[1] * (values.ndim - 1))

    def separate(self) -> None:
        """`BadInput` when all class means are the same point: nothing lies between classes."""
        if np.abs(self.centred_means).max() <= arrays.NOISE * np.abs(self.x).max():
            raise BadInput(
                f"asked how the means of {len(self)} classes lie; found them all at one point; "
                "this layer does not tell the classes apart: take another one"
            )


ROUNDING = 1e-12  # of float64: a deviation this far below its sample's numbers is not spread

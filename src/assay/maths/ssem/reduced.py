"""The reduced problem: the minimiser for unequal classes and random batches, from one unit vector a group of classes.

The loss is convex in the Gram matrix, so it may be averaged over all permutations of views, of instances and of
classes of one size. What is left of a group of k classes with N instances each is a unit vector
y = (M, sqrt t, sqrt w, sqrt s): the mean M of the group's class means (in as many dimensions as there are groups), the
variance t between its class means, w between instances of a class, s between views of an instance. The similarities are

    view      v = |M|^2 + t + w - s / (p - 1)           same class      a = |M|^2 + t - w / (N - 1)
    another class of the group   b_gg = |M|^2 - t / (k - 1)      of another group   b_gh = M_g . M_h

Within-class variance is w + s. With k = 1 everywhere this is section 3.6 of the derivation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.maths.ssem.batches import Batches
from assay.maths.ssem.setting import Reduction, Variant, check_loss

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Loss:
    """The loss itself, without the batches: views p, alpha, temperature, variant, reduction."""

    views: int
    alpha: float
    temperature: float
    variant: Variant = "excl"
    reduction: Reduction = "anchor"

    def __post_init__(self) -> None:
        check_loss(self.views, self.alpha, self.temperature, self.variant, self.reduction)


@dataclass(frozen=True, eq=False)
class Minimiser:
    """The optimum: ``vectors`` (G, G + 3) of unit length, ``loss``, and per class (K,) variances.

    ``instances``: between instance means of a class (w); ``views``: between views of an instance (s);
    ``total``: of everything about the grand mean, classes weighted by their share of the data set; ``views_part``:
    the loss is lower where views of an instance differ.
    """

    vectors: Array
    loss: float
    instances: Array
    views: Array
    total: float
    views_part: bool


class Reduced:
    """Loss and gradient over the vectors of a table of batches."""

    def __init__(self, batches: Batches, loss: Loss):
        self.batches, self.how = batches, loss
        self.free = self._free()
        self.blocks = []
        p, own = loss.views, batches.own
        others = p * batches.held
        others[np.arange(len(own)), batches.group] -= p * own
        incl = np.full(len(own), float(loss.variant == "incl"))
        coefficients = np.column_stack([incl, np.full(len(own), p - 1.0), p * (own - 1), others])
        weight = loss.alpha * batches.share + (1 - loss.alpha) * batches.supervised
        for g in range(len(batches.sizes)):
            rows = batches.group == g
            self.blocks.append((coefficients[rows], weight[rows]))
        self.share = np.bincount(batches.group, batches.share, len(batches.sizes))
        self.supervised = np.bincount(batches.group, batches.supervised, len(batches.sizes))

    def _free(self) -> Array:
        """Which coordinates can differ from 0: no t for a lone class, no w for a lone instance, s in ``excl`` only."""
        G = len(self.batches.sizes)
        free = np.ones((G, G + 3))
        free[:, G] = self.batches.classes > 1
        free[:, G + 1] = self.batches.sizes > 1
        free[:, G + 2] = self.how.variant == "excl" and self.how.views > 1
        return free

    def similarities(self, y: Array) -> Array:
        """(G, 3 + G): the pair with itself, view, same class, then classes of every group."""
        G, k, N, p = len(y), self.batches.classes, self.batches.sizes, self.how.views
        means, (t, w, s) = y[:, :G], (y[:, G:] ** 2).T
        between = means @ means.T
        r = np.diag(between) + t
        between[np.arange(G), np.arange(G)] -= t / np.maximum(k - 1, 1)
        view = r + w - s / max(p - 1, 1)
        return np.column_stack([np.ones(G), view, r - w / np.maximum(N - 1, 1), between])

    def value(self, y: Array) -> tuple[float, Array]:
        """Loss and its gradient with respect to the vectors y, (G, G + 3), not yet restricted to unit length."""
        loss, slope = self.slope(self.similarities(y))
        return loss, self._chain(y, slope)

    def slope(self, sims: Array) -> tuple[float, Array]:
        """Loss and its derivative by each similarity, (G, 3 + G)."""
        tau, alpha = self.how.temperature, self.how.alpha
        slope = np.zeros_like(sims)
        p = self.how.views
        loss = 0.0
        for g, (coefficients, weight) in enumerate(self.blocks):
            top = sims[g].max()
            e = np.exp((sims[g] - top) / tau)
            z = coefficients @ e + 1e-300
            loss += float(weight @ np.log(z)) + float(weight.sum()) * top / tau
            slope[g] = (weight / z) @ coefficients * e / tau
        pull = alpha * self.share * ((p - 1) / p if self.how.variant == "incl" else float(p > 1)) / tau
        if self.how.variant == "incl":
            loss -= float(alpha * self.share.sum()) / (p * tau)
        loss -= float(pull @ sims[:, 1]) + (1 - alpha) / tau * float(self.supervised @ sims[:, 2])
        slope[:, 1] -= pull
        slope[:, 2] -= (1 - alpha) / tau * self.supervised
        return loss, slope

    def curvature(self, sims: Array) -> list[Array]:
        """Second derivatives by the similarities that the anchors of each group see, G times (3 + G, 3 + G)."""
        tau, blocks = self.how.temperature, []
        for g, (coefficients, weight) in enumerate(self.blocks):
            e = coefficients * np.exp((sims[g] - sims[g].max()) / tau)
            e /= e.sum(axis=1, keepdims=True) + 1e-300
            blocks.append((np.diag(weight @ e) - (e * weight[:, None]).T @ e) / tau**2)
        return blocks

    def hessian(self, y: Array) -> Array:
        """Second derivatives with respect to the vectors, (G (G + 3), G (G + 3)).

        The chain rule: J' H J for the curvature H by similarities, plus the slopes times the similarities' own second
        derivatives; the latter are constant, since similarities are quadratic in y.
        """
        sims = self.similarities(y)
        slope = self.slope(sims)[1]
        G, width = y.shape
        flat = np.zeros((G * width, G * width))
        one = np.eye(G * (3 + G)).reshape(-1, G, 3 + G)
        jacobian = self._chain(y, one).reshape(G, 3 + G, -1)
        for block, rows in zip(self.curvature(sims), jacobian, strict=True):
            flat += rows.T @ block @ rows
        units = np.eye(G * width).reshape(-1, G, width)
        return flat + self._chain(units, slope).reshape(G * width, -1)

    def _chain(self, y: Array, slope: Array) -> Array:
        """The gradient by the vectors from slopes by the similarities; leading axes of either are free."""
        G, k, N, p = self.free.shape[0], self.batches.classes, self.batches.sizes, self.how.views
        view, same, between = slope[..., 1], slope[..., 2], slope[..., 3:]
        own = np.diagonal(between, axis1=-2, axis2=-1)
        means = (between + between.swapaxes(-1, -2)) @ y[..., :G] + 2 * (view + same)[..., None] * y[..., :G]
        factors = (
            view + same - own / np.maximum(k - 1, 1),
            view - same / np.maximum(N - 1, 1),
            -view / max(p - 1, 1),
        )
        return np.concatenate([means, 2 * y[..., G:] * np.stack(factors, axis=-1)], axis=-1)

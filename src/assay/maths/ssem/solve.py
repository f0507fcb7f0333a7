"""The minimiser of the reduced problem: some steps of L-BFGS, then Newton's method on the product of spheres.

At low temperatures the loss hardly sees how exactly two classes oppose each other: that curvature is 1e-8 of the
others', and first-order methods take thousands of steps where Newton's takes ten. The variance between views is
held at 0 first, and set free only where the optimality condition says that it helps: it is nearly exchangeable with
the variance between instances, which bends the valley.
"""

from __future__ import annotations

import numpy as np

from assay.core.rng import numpy_rng
from assay.maths.ssem.batches import Batches
from assay.maths.ssem.reduced import Array, Loss, Minimiser, Reduced

STARTS = 2  # the landscape has saddles where a variance is exactly 0, no other minima
STEPS = 60
SLACK = 1e-9
NULL = 1e-12  # curvature, relative to the largest, below which a direction is a symmetry and not one to go


def solve(
    batches: Batches, loss: Loss, start: Array | None = None, *, quick: bool = False, views: bool = True
) -> Minimiser:
    """The minimiser of the reduced problem, the best from `STARTS` starts (``quick`` or given one: from one).

    ``views=False`` holds the views of an instance together even where the loss would part them. Accuracy: about
    1e-14 in the loss and 1e-8 in variances, except where a class is just about to collapse (1e-6).

    >>> from assay.maths.ssem.batches import fixed_batches
    >>> found = solve(fixed_batches((2, 4), (2, 4), "anchor"), Loss(2, 0.5, 0.3, "incl"))
    >>> found.instances.round(4).tolist()  # the smaller class is a point
    [0.0, 0.2448]
    """
    problem = Reduced(batches, loss)
    free = problem.free[:, -1].copy()
    problem.free[:, -1] = 0.0
    starts = [start] if start is not None else [_start(problem, i) for i in range(1 if quick else STARTS)]
    best, y = min((_descend(problem, first) for first in starts), key=lambda pair: pair[0])
    slack = np.where(free > 0, view_slack(problem, y), np.inf)
    if views and (slack < -SLACK).any():
        problem.free[:, -1] = free
        y = y.copy()
        y[:, -1] = 0.3 * free
        best, y = _descend(problem, y)
    return _minimiser(batches, best, y, bool((slack < -SLACK).any()))


def view_slack(problem: Reduced, y: Array) -> Array:
    """How much the loss rises with the variance between views of each group, (G,); below 0, views should separate.

    dL/ds minus the multiplier of |y| = 1: the optimality condition (Karush-Kuhn-Tucker) at s = 0. The problem is
    convex in the Gram matrix, so a point that passes it everywhere is the minimiser.

    >>> from assay.maths.ssem.batches import fixed_batches
    >>> problem = Reduced(fixed_batches((4, 4, 4), (4, 4, 4), "anchor"), Loss(2, 0.0, 0.2))
    >>> bool(view_slack(problem, np.array([[0.0, 1.0, 0.0, 0.0]]))[0] < 0)  # collapsed; alpha is below alpha_view
    True
    """
    multiplier = (problem.value(y)[1] * y).sum(axis=1) / 2
    view = problem.slope(problem.similarities(y))[1][:, 1]
    return -view / max(problem.how.views - 1, 1) - multiplier


def restart(vectors: Array, seed: int = 0) -> Array:
    """Vectors near those of a minimiser, with every variance stirred, to begin from for a nearby loss.

    >>> restart(np.eye(1, 4)).shape
    (1, 4)
    """
    noise = np.abs(numpy_rng(seed, "ssem-restart").standard_normal(vectors.shape))
    variances = np.arange(vectors.shape[1]) >= len(vectors)
    return np.where(variances, np.abs(vectors) + 0.02 + 0.02 * noise, vectors)


def _start(problem: Reduced, number: int) -> Array:
    """Groups opposed as a simplex, half of the variance between classes, little between views, and some noise."""
    noise = numpy_rng(0, "ssem-start", number).standard_normal(problem.free.shape)
    G = len(noise)
    means = (np.eye(G) - 1 / G) * (G / max(G - 1, 1)) ** 0.5
    return np.hstack([0.7 * means, np.full((G, 3), (0.7, 0.5, 0.1))]) + 0.03 * (number + 1) * noise


def _descend(problem: Reduced, start: Array) -> tuple[float, Array]:
    from scipy.optimize import minimize

    shape = problem.free.shape

    def raw(flat: Array) -> tuple[float, Array]:
        vectors = flat.reshape(shape)
        length = np.linalg.norm(vectors * problem.free, axis=1, keepdims=True)
        loss, gradient = _tangent(problem, vectors * problem.free / length)
        return loss, (gradient / length).ravel()

    done = minimize(raw, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 40, "gtol": 1e-6})
    return _newton(problem, _unit(done.x.reshape(shape) * problem.free))


def _newton(problem: Reduced, y: Array) -> tuple[float, Array]:
    """Newton's method with |curvature|, so that it leaves saddles, damped until a step helps (Levenberg)."""
    loss, gradient = _tangent(problem, y)
    damping = 1e-2
    for _ in range(STEPS):
        if np.abs(gradient).max() < 1e-13:
            break
        size, axes = _axes(problem, y)
        along = axes.T @ gradient.ravel()
        along[size <= NULL * size.max()] = 0.0
        while damping < 1e3:
            step = -(axes @ (along / (size + damping * size.max()))).reshape(y.shape)
            trial = _unit(y + step)
            new, slope = _tangent(problem, trial)
            rounding = 1e-14 * max(1.0, abs(loss))
            if new < loss - rounding or (new < loss + rounding and np.abs(slope).max() < np.abs(gradient).max()):
                break
            damping = damping * 8 + NULL
        else:
            break
        damping = damping / 30 if damping > NULL else 0.0
        y, loss, gradient = trial, new, slope
    return loss, y


def _axes(problem: Reduced, y: Array) -> tuple[Array, Array]:
    """Sizes of the principal curvatures on the spheres, and their directions."""
    G, width = y.shape
    multiplier = (problem.value(y)[1] * y).sum(axis=1)
    tangent = np.zeros((G, width, G, width))
    for g in range(G):
        tangent[g, :, g, :] = np.diag(problem.free[g]) - np.outer(y[g], y[g])
    project = tangent.reshape(G * width, -1)
    curvature = project @ (problem.hessian(y) - np.diag(np.repeat(multiplier, width))) @ project
    values, axes = np.linalg.eigh((curvature + curvature.T) / 2)
    return np.abs(values) + 1e-300, axes


def _tangent(problem: Reduced, y: Array) -> tuple[float, Array]:
    loss, gradient = problem.value(y)
    gradient = gradient * problem.free
    return loss, gradient - (gradient * y).sum(axis=1, keepdims=True) * y


def _unit(y: Array) -> Array:
    return y / np.linalg.norm(y, axis=1, keepdims=True)


def _minimiser(batches: Batches, loss: float, y: Array, views_part: bool) -> Minimiser:
    G, of = len(y), batches.group_of
    weight = batches.sizes * batches.classes / (batches.sizes * batches.classes).sum()
    centre = weight @ y[:, :G]
    return Minimiser(y, loss, y[of, G + 1] ** 2, y[of, G + 2] ** 2, float(1 - centre @ centre), views_part)

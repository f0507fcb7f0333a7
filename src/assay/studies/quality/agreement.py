"""How often neighbours share a label when labels are right, and how often when they are not: a mixture of the two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

ROUNDS = 4  # in which the wrong labels' pattern is freed from the wrong labels themselves
HALVINGS = 7  # of the search for either end of the interval
MOST_WRONG = 0.5  # share of labels that can be wrong


@dataclass(frozen=True, eq=False)
class Mixture:
    """What the counts of agreeing neighbours say about labels.

    ``wrong``: the share of wrong labels with its 95 % interval (``low``, ``high``). ``clean`` and ``random`` (k + 1,):
    how often 0 to k of k neighbours agree with a right label and with a wrong one.
    """

    wrong: float
    low: float
    high: float
    clean: np.ndarray
    random: np.ndarray

    def chance(self) -> np.ndarray:
        """The probability that a label is wrong, given that 0 to k neighbours agree with it, (k + 1,)."""
        bad = self.wrong * self.random
        return bad / np.maximum(bad + (1 - self.wrong) * self.clean, 1e-12)


def mixture(votes: np.ndarray, labels: np.ndarray) -> Mixture:
    """The share of wrong labels, from how many of its k neighbours agree with each item's label.

        f(m) = (1 - e) ((1 - h) B(m; k, a, b) + h B(m; k, 2, 1)) + e g(m),   a >= 1

    ``votes`` (n, classes): neighbours of each class, k in all; ``labels`` (n,). g is not assumed but measured: how many
    neighbours would agree if the item had another label, drawn at random. B is the beta-binomial. A right label mostly
    has neighbours that agree (a, b). A share h lies where classes meet: where a class has any part q of the neighbours
    alike, its items are met in proportion to q, hence B(2, 1). Neither has a peak at no neighbour: that is what wrong
    labels add. The likelihood is maximised; the interval holds every e whose best likelihood is within 1.92 of it in
    logarithm (profile likelihood), which neglects that neighbours are shared.
    """
    k = int(votes.sum(1).max())
    own = votes[np.arange(len(labels)), labels]
    seen = np.bincount(own, minlength=k + 1).astype(float)
    right = np.ones(len(labels))
    free, wrong = np.array([1.4, 0.0, -2.0]), 0.02
    for _ in range(ROUNDS):
        random = _relabelled(votes, labels, right, k)
        free, wrong = _best(seen, random, free, wrong)
        found = _mixture(free, wrong, random)
        right = 1 - found.chance()[own]
    return _mixture(free, wrong, random, _interval(seen, random, free, wrong))


def beta_binomial(k: int, a: float, b: float) -> np.ndarray:
    """The chance of 0 to k successes when the share of success is Beta(a, b), (k + 1,).

    >>> beta_binomial(2, 1.0, 1.0).round(3).tolist()
    [0.333, 0.333, 0.333]
    """
    from scipy.special import betaln, gammaln

    m = np.arange(k + 1)
    choose = gammaln(k + 1) - gammaln(m + 1) - gammaln(k - m + 1)
    return np.exp(choose + betaln(m + a, k - m + b) - betaln(a, b))


def _relabelled(votes: np.ndarray, labels: np.ndarray, right: np.ndarray, k: int) -> np.ndarray:
    """How many neighbours agree with a random other label, items weighted by how surely their own is right."""
    classes = votes.shape[1]
    weight = np.repeat(right[:, None], classes, 1)
    weight[np.arange(len(labels)), labels] = 0
    counts = np.bincount(votes.ravel(), weights=weight.ravel(), minlength=k + 1)
    return (counts + 1e-3) / (counts + 1e-3).sum()


def _mixture(
    free: np.ndarray, wrong: float, random: np.ndarray, interval: tuple[float, float] = (0.0, 1.0)
) -> Mixture:  # fmt: skip
    a, b = np.exp(np.clip(free[:2], -12, 8))
    border = 1 / (1 + float(np.exp(-np.clip(free[2], -12, 12))))
    k = len(random) - 1
    clean = (1 - border) * beta_binomial(k, 1 + a, b) + border * beta_binomial(k, 2.0, 1.0)
    return Mixture(wrong, *interval, clean, random)


def _loss(seen: np.ndarray, random: np.ndarray, free: np.ndarray, wrong: float) -> float:
    clean = _mixture(free, wrong, random).clean
    return -float(seen @ np.log(np.maximum((1 - wrong) * clean + wrong * random, 1e-300)))


def _least(loss: Callable[[np.ndarray], float], start: np.ndarray, steps: int) -> tuple[np.ndarray, float]:
    from scipy.optimize import minimize

    found = minimize(loss, start, method="Nelder-Mead", options={"maxiter": steps, "xatol": 1e-3, "fatol": 1e-3})
    return found.x, float(found.fun)


def _best(seen: np.ndarray, random: np.ndarray, free: np.ndarray, wrong: float) -> tuple[np.ndarray, float]:
    """The a, b, h and share of wrong labels that fit best."""

    def share(x: float) -> float:
        return MOST_WRONG / (1 + float(np.exp(-np.clip(x, -12, 12))))

    start = np.array([*free, np.log(max(wrong, 1e-4) / (MOST_WRONG - min(wrong, 0.49)))])
    found, _ = _least(lambda x: _loss(seen, random, x[:-1], share(x[-1])), start, 400)
    return np.clip(found[:-1], -12, 8), share(found[-1])


def _interval(seen: np.ndarray, random: np.ndarray, free: np.ndarray, wrong: float) -> tuple[float, float]:
    """Where the likelihood, maximised over a, b and h, has fallen by that of a 95 % interval."""
    bar = _loss(seen, random, free, wrong) + NormalDist().inv_cdf(0.975) ** 2 / 2

    def inside(share: float) -> bool:
        return _least(lambda x: _loss(seen, random, x, share), free, 60)[1] <= bar

    ends = []
    for far in (0.0, MOST_WRONG):
        near, edge = wrong, far
        if inside(far):
            ends.append(far)
            continue
        for _ in range(HALVINGS):
            middle = (near + edge) / 2 if far == 0 or near > 0.02 else (near * edge + 1e-9) ** 0.5
            near, edge = (middle, edge) if inside(middle) else (near, middle)
        ends.append(edge)
    return ends[0], ends[1]

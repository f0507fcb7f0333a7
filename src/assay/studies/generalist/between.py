"""What lies between two learners and the model mixed from them: the path, the layers, single decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from assay.core.errors import BadInput
from assay.data import Split
from assay.lab.observe import features
from assay.metrics import debiased_cka
from assay.studies.generalist.figures import QUICK, Sample, accuracies, risks
from assay.studies.overfitting.look import Ball
from assay.train import blend

POINTS = tuple(round(0.1 * at, 1) for at in range(11))  # weights of the first network along a path
ESTIMATED, SIZE = 1024, 128  # training images that batch norm's statistics are estimated on, and a batch of them
SHOWN = 12  # decisions shown as pictures, of each kind of input


def mixed(first: nn.Module, second: nn.Module, weight: float, learned: Split, ball: Ball) -> nn.Module:
    """The network with ``weight`` of the first's weights; statistics of batch norm, if there is any, estimated anew.

    The ends are the networks as they are.
    """
    net = deepcopy(first)
    net.load_state_dict(blend([first.state_dict(), second.state_dict()], [weight, 1 - weight]))
    return net.eval() if weight in (0.0, 1.0) else estimated(net, learned, ball, first)


def estimated(net: nn.Module, learned: Split, ball: Ball, begun: nn.Module | None = None) -> nn.Module:
    """The network, with statistics of batch norm, if there is any, that fit its weights.

    On training images, half of them clean and half attacked, in batches of both; the first batch attacks ``begun`` (the
    network as it is, unless given).
    """
    net, begun = deepcopy(net), begun or net
    norms = [module for module in net.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    if not norms:
        return net.eval()
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = None  # plain means over all batches
        norm.reset_running_stats()
    sample = Sample.of(learned, "statistics", ESTIMATED)
    for start in range(0, len(sample.y), SIZE):
        x, y = sample.x[start : start + SIZE], sample.y[start : start + SIZE]
        half = len(x) // 2
        meeting = net.eval() if start else deepcopy(begun).eval()  # with the statistics so far, once there are any
        moved = ball.pgd(meeting, x[:half], y[:half], QUICK) if half else x[:0]
        with torch.no_grad():
            net.train()(torch.cat([moved, x[half:]]))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    return net.eval()


def path(first: nn.Module, second: nn.Module, learned: Split, test: Sample, ball: Ball) -> list[dict[str, Any]]:
    """Losses and accuracies at eleven points of the straight line between two networks; ``weight``: the first's."""
    return [{"weight": at, **risks(mixed(first, second, at, learned, ball), test, ball)} for at in POINTS]


def barrier(losses: Sequence[float]) -> float:
    """How far the loss on the path rises above the straight line between its ends, at most; at least 0.

    max_t [ L(t) - ((1 - t) L(0) + t L(1)) ], t at equal distances (Frankle et al. 2020).

    >>> barrier([1.0, 3.0, 3.0]), barrier([1.0, 0.0, 1.0])  # 3 - (1 + 3) / 2; never above
    (1.0, 0.0)
    """
    found = np.asarray(losses, dtype=float)
    return float((found - np.linspace(found[0], found[-1], len(found))).max())


def chosen(first: nn.Module, second: nn.Module, learned: Split, val: Sample, ball: Ball) -> tuple[float, nn.Module]:
    """The weight of the first network with the highest mean of clean and robust accuracy on val, and its network."""
    best: tuple[float, float, nn.Module] | None = None
    for at in POINTS:
        net = mixed(first, second, at, learned, ball)
        score = accuracies(net, val, ball, steps=QUICK)["balanced"]
        if best is None or score > best[0]:
            best = score, at, net
    assert best is not None
    return best[1], best[2]


def alike(nets: Mapping[str, nn.Module], x: Tensor) -> list[dict[str, Any]]:
    """Debiased CKA of each pair of networks at each layer; nothing where a layer says the same of every input."""
    layers = {name: features(net, x)[1] for name, net in nets.items()}
    names, rows = list(nets), []
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            for depth, layer in enumerate(layers[one]):
                try:
                    found: float | None = debiased_cka(layers[one][layer], layers[other][layer])
                except BadInput:
                    found = None
                rows.append({"layer": layer, "depth": depth, "first": one, "second": other, "cka": found})
    return rows


def decisions(
    first: nn.Module, second: nn.Module, whole: nn.Module, sample: Sample, ball: Ball
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Where two learners disagree and what the global model does there; on clean inputs, and on those that attack it.

    Shares of all inputs but those of who is right, which are of the inputs on which the learners disagree. And the
    first inputs of each kind on which they disagree, one row each.
    """
    rows, shown = [], []
    y = sample.y.numpy()
    for name, x in (("clean", sample.x), ("attacked", ball.pgd(whole, sample.x, sample.y, QUICK))):
        a, b, g = (features(net, x)[0].argmax(1) for net in (first, second, whole))
        apart = a != b
        rows.append(
            {
                "inputs": name,
                "n": len(y),
                "disagree": float(apart.mean()),
                "follows_first": float((apart & (g == a)).mean()),
                "follows_second": float((apart & (g == b)).mean()),
                "follows_neither": float((apart & (g != a) & (g != b)).mean()),
                "leaves_both": float((~apart & (g != a)).mean()),
                **{
                    f"{who}_right": float((answer[apart] == y[apart]).mean()) if apart.any() else None
                    for who, answer in (("first", a), ("second", b), ("global", g))
                },
            }
        )
        for at in np.flatnonzero(apart)[:SHOWN].tolist():
            follows = "first" if g[at] == a[at] else "second" if g[at] == b[at] else "neither"
            answers = {"first": int(a[at]), "second": int(b[at]), "global": int(g[at])}
            shown.append(
                {"inputs": name, "index": int(sample.index[at]), "label": int(y[at]), **answers, "follows": follows}
            )
    return rows, shown

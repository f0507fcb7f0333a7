"""What a network shows of some inputs: its answers, and its representation at every layer that is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from assay.core.errors import BadInput
from assay.lab.observe import softmax
from assay.studies.look.layers import Layer, answer, flat, listening

CHUNK = 64  # inputs forwarded at once: maps of every layer stand in memory


@dataclass(frozen=True, eq=False)
class Seen:
    """Probabilities (n, classes) in float64, and by layer the representation (n, width) in float32."""

    probs: np.ndarray
    features: dict[str, np.ndarray]

    def take(self, index: np.ndarray) -> Seen:
        """The items at ``index``, in that order."""
        return Seen(self.probs[index], {name: each[index] for name, each in self.features.items()})


@dataclass(frozen=True, eq=False)
class Viewer:
    """Shows what ``net`` makes of inputs at ``layers``. ``ready``: its last step is already a softmax.

    ``told``: called with the number of inputs after each batch of them.
    """

    net: nn.Module
    layers: Sequence[Layer]
    device: str = "cpu"
    ready: bool = False
    told: Callable[[int], None] = lambda n: None

    @torch.no_grad()
    def __call__(self, x: Tensor) -> Seen:
        """What is seen of ``x``; `BadInput` where an answer or a representation is not finite."""
        parts = dict(self.net.named_modules())
        heard: dict[str, Tensor] = {}
        rows: dict[str, list[np.ndarray]] = {layer.name: [] for layer in self.layers}
        answers = []
        size = 0

        def hear(name: str, output: Any) -> None:
            seen = flat(output, size)
            if seen is not None:
                heard[name] = seen  # of a module that is called several times, the last call

        with listening({layer.name: parts[layer.name] for layer in self.layers}, hear):
            for start in range(0, len(x), CHUNK):
                batch = x[start : start + CHUNK].to(self.device)
                size = len(batch)
                heard.clear()
                answers.append(for_classes(answer(self.net, batch), self.ready).float().cpu().numpy())
                for name, each in rows.items():
                    if name not in heard:
                        raise BadInput(f"asked for layer {name}; found inputs for which it does not run; name another")
                    each.append(heard[name].float().cpu().numpy())
                self.told(size)
        probs = np.concatenate(answers).astype(np.float64)
        found = {name: np.concatenate(each) for name, each in rows.items()}
        for name, values in (("the answers", probs), *((f"layer {name}", each) for name, each in found.items())):
            if not np.isfinite(values).all():
                raise BadInput(f"asked to look at {name}; found values that are not finite; check the weights")
        return Seen(probs if self.ready else softmax(probs), found)


def probabilities(logits: Tensor) -> bool:
    """Whether answers are probabilities already: none below 0, each row adding up to 1; of one column, none above 1.

    >>> probabilities(torch.tensor([[0.25, 0.75]])), probabilities(torch.tensor([[0.0, 2.0]]))
    (True, False)
    >>> probabilities(torch.tensor([[0.9], [0.2]])), probabilities(torch.tensor([[0.9], [-2.0]]))
    (True, False)
    """
    if logits.shape[1] == 1:
        return bool(((logits >= 0) & (logits <= 1)).all())
    return bool(logits.min() >= 0) and bool(((logits.sum(1) - 1).abs() < 1e-4).all())


def for_classes(answers: Tensor, ready: bool) -> Tensor:
    """A column for every class: one logit z for two classes is (0, z), one probability p is (1 - p, p).

    >>> for_classes(torch.tensor([[3.0]]), False).tolist(), for_classes(torch.tensor([[0.25]]), True).tolist()
    ([[0.0, 3.0]], [[0.75, 0.25]])
    """
    if answers.shape[1] > 1:
        return answers
    return torch.cat([1 - answers if ready else torch.zeros_like(answers), answers], dim=1)

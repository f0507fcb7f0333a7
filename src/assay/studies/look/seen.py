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
from assay.studies.look.reading import CHUNK, for_classes, in_range


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
    """Shows what ``net`` makes of inputs at ``layers``. ``ready``: its answers are probabilities already.

    ``told``: called with the number of inputs after each batch of them.
    """

    net: nn.Module
    layers: Sequence[Layer]
    device: str = "cpu"
    ready: bool = False
    told: Callable[[int], None] = lambda n: None

    @torch.no_grad()
    def __call__(self, x: Tensor) -> Seen:
        """What is seen of ``x``; `BadInput` for what is not finite, and for answers that are no probabilities if they
        are taken as such."""
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
                answers.append(answer(self.net, batch).float().cpu())
                for name, each in rows.items():
                    if name not in heard:
                        raise BadInput(f"asked for layer {name}; found inputs for which it does not run; name another")
                    each.append(heard[name].float().cpu().numpy())
                self.told(size)
        given = torch.cat(answers)
        found = {name: np.concatenate(each) for name, each in rows.items()}
        for name, values in (
            ("the answers", given.numpy()),
            *((f"layer {name}", each) for name, each in found.items()),
        ):
            if not np.isfinite(values).all():
                raise BadInput(f"asked to look at {name}; found values that are not finite; check the weights")
        if self.ready and not in_range(given):
            raise _no_probabilities(given)
        by_class = for_classes(given, self.ready).double().numpy()
        return Seen(by_class.clip(0, 1) if self.ready else softmax(by_class), found)


def _no_probabilities(given: Tensor) -> BadInput:
    """The answers were taken for probabilities by others; these cannot be."""
    sums = given.sum(1)
    adding = "" if given.shape[1] == 1 else f" that add up to {sums.min():.4g} to {sums.max():.4g}"
    return BadInput(
        "asked to read the answers of the model as probabilities, which on val they all may be; "
        f"found answers from {given.min():.4g} to {given.max():.4g}{adding}; let the model return the logits of its "
        "last linear layer, or nothing but their sigmoid or softmax"
    )

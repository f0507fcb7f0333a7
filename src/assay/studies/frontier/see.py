"""What one network shows: answers and errors on val and test, and how many withstand an attack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from assay.attacks import assess, autoattack
from assay.attacks.sample import drawn
from assay.core.rng import rng
from assay.data import Dataset, Split
from assay.lab.observe import softmax
from assay.metrics import cross_entropy, detection
from assay.studies.attack.subject import widened
from assay.studies.frontier.ask import Ask
from assay.studies.frontier.walk import restated

CHUNK = 512  # inputs forwarded at once
ESTIMATED = 1024  # training images on which batch norm's statistics are estimated
SETS = ("val", "test")


@dataclass(eq=False)
class Viewer:
    """Looks at states in ``net``, one after the other, always with the same images and the same chance."""

    net: nn.Module
    data: Dataset
    ask: Ask
    device: str = "cpu"
    images: Tensor = field(init=False)
    chosen: Mapping[str, Tensor] = field(init=False)

    def __post_init__(self) -> None:
        train = self.data.train.x
        self.images = train[torch.randperm(len(train), generator=rng(0, "frontier statistics"))[:ESTIMATED]]
        self.images = self.images.to(self.device)
        self.chosen = {name: torch.tensor(self._drawn(self.data.splits[name])) for name in SETS}
        self.net.to(self.device)

    def _drawn(self, split: Split) -> list[int]:
        return sorted(drawn(len(split), self.ask.seed)[: self.ask.images])

    def put(self, state: Mapping[str, Tensor], anew: bool) -> dict[str, Tensor]:
        """Put tensors in place, with batch norm's statistics ``anew``, and give back what then stands there."""
        self.net.load_state_dict(dict(state))
        if anew:
            restated(self.net, self.images)
        self.net.eval()
        return {name: value.detach().cpu().clone() for name, value in self.net.state_dict().items()}

    def clean(self, state: Mapping[str, Tensor], anew: bool) -> dict[str, Any]:
        """How many of val, test and later sets are right, cross-entropy, false rejects and escapes (limits fixed on
        val; those of test without a name in front).
        """
        self.put(state, anew)
        logits = {name: self._logits(self.data.splits[name].x) for name in (*SETS, *self.data.later)}
        found: dict[str, Any] = {}
        for name, each in logits.items():
            labels = self.data.splits[name].labels
            found |= {
                f"{name}_n": len(labels),
                f"{name}_right": int((each.argmax(1) == labels).sum()),
                f"{name}_loss": cross_entropy(each, labels),
            }
        if self.data.ok is not None:
            val = softmax(logits["val"]), self.data.val.labels
            for name in ("test", *self.data.later):
                front = "" if name == "test" else f"{name}_"
                rates = detection(*val, softmax(logits[name]), self.data.splits[name].labels, self.data.ok)
                found |= {
                    f"{front}n_ok": rates.n_ok,
                    f"{front}false_rejects": sum(count.false_rejects for count in rates.counts),
                    f"{front}n_faulty": rates.n_faulty,
                    f"{front}escapes": sum(count.escapes for count in rates.counts),
                }
        return found

    @torch.no_grad()
    def _logits(self, x: Tensor) -> np.ndarray:
        parts = [self.net(part.to(self.device)).cpu().numpy() for part in x.split(CHUNK)]
        return np.concatenate(parts)

    def attacked(self, state: Mapping[str, Tensor], anew: bool) -> dict[str, Any]:
        """How many of the drawn images of val and test withstand, and how far the figure of test can be believed."""
        self.put(state, anew)
        net: Any = self.net
        pictures, span = {name: self.data.splits[name].x[index] for name, index in self.chosen.items()}, 1.0
        if self.data.kind == "table":  # columns may lie outside what train showed
            sizes = [len(pictures[name]) for name in SETS]
            net, together, _, span = widened(net, torch.cat([pictures[name] for name in SETS]))
            pictures = dict(zip(SETS, together.split(sizes), strict=True))
        found: dict[str, Any] = {}
        for name, x in pictures.items():
            split, index = self.data.splits[name], self.chosen[name]
            result = autoattack(
                *(net, x, split.y[index], self.ask.norm, self.ask.eps / span), **self.ask.suite,
                seed=self.ask.seed, index=index.tolist(),
            )  # fmt: skip
            found |= {f"{name}_attacked": len(x), f"{name}_withstood": int(result.robust.sum())}
        # PGD alone is an upper bound and no more, whatever checks would find.
        found["level"] = "C" if self.ask.attack == "pgd" else assess(result, of=len(self.data.test)).level
        return found

"""How a network's answers are read: as logits or as probabilities, a number a class or one number for two classes.

What the network is made of goes before where its answers lie: weak logits may all lie in 0 to 1, too. A sigmoid counts
that is a module at the end, and one that is called on what a module gave. One that is called on anything else cannot
be seen; then the range of the answers decides. Of a number a class the range alone is asked: that each row adds up
to 1 does not happen by chance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from assay.attacks.inputs import probable
from assay.models.activations import Activation
from assay.studies.look.layers import answer, listening, squashed

CHUNK = 64  # inputs forwarded at once: maps of every layer stand in memory
SIGMOIDS = (nn.Sigmoid, nn.Hardsigmoid)
# By what is run, so that a subclass counts unless it has a forward of its own, which might end with a sigmoid.
LINEAR: tuple[Callable[..., Tensor], ...] = (nn.Linear.forward, nn.Bilinear.forward, nn.Conv1d.forward,
                                             nn.Conv2d.forward, nn.Conv3d.forward)  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """How answers are read.

    ``ready``: they are probabilities already; ``single``: two classes are answered by one number; ``by``: what says
    so, a sigmoid or a linear layer that gives the answer, or else its range on ``n`` inputs; ``within``: on these all
    answers may be probabilities.
    """

    ready: bool
    single: bool
    by: Literal["sigmoid", "linear", "range"]
    within: bool
    n: int


@torch.no_grad()
def reading(net: nn.Module, x: Tensor, device: str = "cpu") -> Reading:
    """How the answers of ``net`` are read, from its answers to ``x`` and what its modules give on the way."""
    parts = {name: part for name, part in net.named_modules() if name}
    given: list[Tensor] = []
    heard: dict[str, list[Tensor]] = {name: [] for name in parts}
    last: dict[str, Tensor] = {}
    size = 0

    def hear(name: str, output: Any) -> None:
        if isinstance(output, Tensor) and output.is_floating_point() and output.numel() == size:
            last[name] = output.detach().reshape(size, 1).float().cpu().clone()  # what follows may change it in place

    with listening(parts, hear):
        for batch in x.split(CHUNK):
            size = len(batch)
            last.clear()
            given.append(answer(net, batch.to(device)).float().cpu())
            for name, output in last.items():
                heard[name].append(output)
    answers = torch.cat(given)
    within, single = in_range(answers), answers.shape[1] == 1
    if not single:
        return Reading(within, single, "range", within, len(x))
    numbers = {name: torch.cat(each) for name, each in heard.items() if sum(map(len, each)) == len(x)}
    ends = [parts[name] for name, output in numbers.items() if torch.equal(output, answers)]
    if any(map(_is_sigmoid, ends)) or any(squashed(output, answers) for output in numbers.values()):
        return Reading(True, single, "sigmoid", within, len(x))
    if any(type(part).forward in LINEAR for part in ends):
        return Reading(False, single, "linear", within, len(x))
    return Reading(within, single, "range", within, len(x))


def in_range(answers: Tensor) -> bool:
    """Whether all answers may be probabilities: between 0 and 1, and of a number a class each row adds up to 1.

    >>> in_range(torch.tensor([[0.25, 0.75]])), in_range(torch.tensor([[0.0, 2.0]]))
    (True, False)
    >>> in_range(torch.tensor([[0.9], [0.2]])), in_range(torch.tensor([[0.9], [-2.0]]))
    (True, False)
    >>> in_range(torch.tensor([[0.0, 0.5], [0.0, 0.2]])), in_range(torch.tensor([[0.0, 1.0]]))
    (False, True)
    """
    rows = for_classes(answers, True)
    adding = (rows.sum(1) - 1).abs() < 1e-4  # `probable` takes (0, z) for one probability; here its columns were given
    return bool((probable(rows) & adding).all())


def for_classes(answers: Tensor, ready: bool) -> Tensor:
    """A column for every class: one logit z for two classes is (0, z), one probability p is (1 - p, p).

    >>> for_classes(torch.tensor([[3.0]]), False).tolist(), for_classes(torch.tensor([[0.25]]), True).tolist()
    ([[0.0, 3.0]], [[0.75, 0.25]])
    """
    if answers.shape[1] > 1:
        return answers
    return torch.cat([1 - answers if ready else torch.zeros_like(answers), answers], dim=1)


def _is_sigmoid(part: nn.Module) -> bool:
    return isinstance(part, SIGMOIDS) or (isinstance(part, Activation) and part.kind == "sigmoid")

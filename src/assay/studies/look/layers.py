"""Which layers of any network are looked at: those that are named by globs, or activations and blocks that run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules import activation

from assay.core.errors import BadInput, nearest
from assay.models import Projected
from assay.models.activations import Activation

MOST = 8  # layers that are looked at when none are named
NAMED = 24  # layers that may be named
LISTED = 20  # names of modules in a message
HOLDERS = (nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict)  # they are never called themselves


@dataclass(frozen=True)
class Layer:
    """A module by its path: what it is, how wide its representation is, how often it is called in one pass."""

    name: str
    kind: str
    width: int
    calls: int = 1


def flat(output: Any, n: int) -> Tensor | None:
    """The representation (n, width) in what a module gives for ``n`` items; None where there is none.

    A map (n, channels, h, w) is its mean over positions, a sequence of tokens (n, tokens, width) its mean over tokens.

    >>> flat(torch.tensor([[[[1.0, 3.0]]]]), 1), flat(torch.tensor([[[1.0, 3.0], [3.0, 5.0]]]), 1)
    (tensor([[2.]]), tensor([[2., 4.]]))
    >>> flat((torch.zeros(1, 2),), 1) is flat(torch.zeros(4), 4) is None
    True
    """
    if not isinstance(output, Tensor) or output.dim() < 2 or len(output) != n or not output.is_floating_point():
        return None
    if output.dim() == 2:
        return output.detach().clone()  # whoever comes next may change it in place
    return (output.mean(1) if output.dim() == 3 else output.flatten(2).mean(-1)).detach()


@contextmanager
def listening(parts: dict[str, nn.Module], hear: Callable[[str, Any], None]) -> Iterator[None]:
    """While this lasts, ``hear(name, output)`` is told what each module gives."""

    def hook(name: str) -> Any:
        return lambda module, inputs, output: hear(name, output)

    handles = [part.register_forward_hook(hook(name)) for name, part in parts.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def answer(net: nn.Module, x: Tensor) -> Tensor:
    """Logits; a projector beside the head is called along, so that it can be looked at."""
    return net(x, embed=True)[0] if isinstance(net, Projected) else net(x)


def layers(net: nn.Module, x: Tensor, named: Sequence[str] = ()) -> tuple[Layer, ...]:
    """The layers to look at, in the order in which they give their (last) output for ``x``.

    ``named``: globs over module paths (``features.*``). `BadInput` for a glob that matches nothing, and for a layer
    that is never run or gives no representation. Without globs: at most 8 of the activations, and of
    the blocks with activations inside, that run, evenly spaced, the last one among them; where there are none, of any
    blocks, and where there are none either, of the modules with weights of their own. Of modules that hand on one and
    the same output the first counts; what hands on the answer, or logits of which the answer is the sigmoid or the
    softmax, does not.

    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> layers(net, torch.zeros(4, 2))
    (Layer(name='1', kind='ReLU', width=3, calls=1),)
    >>> [layer.name for layer in layers(net, torch.zeros(4, 2), ["[02]"])]
    ['0', '2']
    """
    parts = {name: part for name, part in net.named_modules() if name}
    outputs, calls = _trial(net, parts, x)
    chosen = _matching(parts, outputs, named, len(x)) if named else spaced(_usual(parts, outputs, len(x)), MOST)
    if not chosen:
        raise BadInput(
            "asked for the layers of the model; found no module inside it that gives (samples, width) and not just "
            "its answer; build it from modules (nn.ReLU() instead of F.relu), or name layers with --layers"
        )
    return tuple(_layer(name, parts, outputs, calls, len(x)) for name in chosen)


def spaced(items: Sequence[str], most: int) -> list[str]:
    """At most so many of the items, evenly spaced, with the first and the last.

    >>> spaced("abcdefg", 3)
    ['a', 'd', 'g']
    """
    places = np.linspace(0, len(items) - 1, min(most, len(items))).round().astype(int)
    return [items[place] for place in places]


def _trial(net: nn.Module, parts: dict[str, nn.Module], x: Tensor) -> tuple[dict[str, Any], dict[str, int]]:
    """What each module that runs gives last, in that order (``""``: the answers), and how often it is called."""
    outputs: dict[str, Any] = {}
    calls: dict[str, int] = {}

    def hear(name: str, output: Any) -> None:
        outputs.pop(name, None)
        outputs[name] = output
        calls[name] = calls.get(name, 0) + 1

    with torch.no_grad(), listening(parts, hear):
        outputs[""] = answer(net, x)
    return outputs, calls


def _usual(parts: dict[str, nn.Module], outputs: dict[str, Any], n: int) -> list[str]:
    """Activations and blocks with activations inside; else any blocks; else modules with weights of their own."""
    answers = outputs[""]
    there = [
        name
        for name, output in outputs.items()
        if name and name.split(".")[0] != "projector" and flat(output, n) is not None and not _same(output, answers)
    ]
    active = [name for name in there if any(map(_is_activation, parts[name].modules()))]
    blocks = [name for name in there if _is_block(parts[name])]
    weighty = [name for name in there if next(parts[name].parameters(recurse=False), None) is not None]
    usual = active or blocks or weighty
    first = {id(outputs[name]): name for name in reversed(usual)}  # who hands on an output first
    return [name for name in usual if first[id(outputs[name])] == name]


def _same(output: Tensor, answers: Tensor) -> bool:
    """Whether a module hands on the answers, or the logits that a sigmoid or a softmax makes them of."""
    if answers.shape[1] == 2 and output.numel() == len(answers):
        answers = answers[:, 1:]  # (1 - p, p) and (0, z) are made of one number
    if output.numel() != answers.numel():
        return False
    given, answers = output.detach().reshape(answers.shape).float(), answers.float()
    return torch.equal(given, answers) or squashed(given, answers)


def squashed(logits: Tensor, answers: Tensor) -> bool:
    """Whether answers (n, columns) are the sigmoid of such logits, or of several columns the softmax or its logarithm.

    >>> squashed(torch.tensor([[0.0]]), torch.tensor([[0.5]])), squashed(torch.zeros(1, 4), torch.full((1, 4), 0.25))
    (True, True)
    >>> squashed(torch.tensor([[30.0, 0.0]]), torch.tensor([[60.0, 0.0]]).softmax(1))  # both are all but (1, 0)
    False
    """
    several = [logits.softmax(1), logits.log_softmax(1)] if logits.shape[1] > 1 else []
    made = [logits.sigmoid(), *several]
    return any(torch.allclose(each, answers, rtol=1e-3, atol=1e-30) for each in made)


def _is_activation(part: nn.Module) -> bool:
    known = type(part).__module__ == activation.__name__ and not isinstance(part, nn.MultiheadAttention)
    return known or isinstance(part, Activation)


def _is_block(part: nn.Module) -> bool:
    return next(part.children(), None) is not None and next(part.parameters(), None) is not None


def _matching(parts: dict[str, nn.Module], outputs: dict[str, Any], named: Sequence[str], n: int) -> list[str]:
    """The modules that globs name, in the order in which they run."""
    found: set[str] = set()
    for glob in named:
        here = {name for name in parts if fnmatchcase(name, glob)}
        if not here:
            raise _nothing(glob, list(parts))
        found |= {name for name in here if name == glob or not isinstance(parts[name], HOLDERS)}
    asked = f"asked for the layers {', '.join(named)}"
    never = sorted(found - outputs.keys())
    if never:
        raise BadInput(f"{asked}; found that {_some(never)} never ran when the model answered; name layers that run")
    shapeless = sorted(name for name in found if flat(outputs[name], n) is None)
    if shapeless:
        raise BadInput(f"{asked}; found that {_some(shapeless)} gives no tensor (samples, width); name other layers")
    if len(found) > NAMED:
        raise BadInput(f"{asked}; found {len(found)} of them; name at most {NAMED}")
    return [name for name in outputs if name in found]


def _nothing(glob: str, known: list[str]) -> BadInput:
    guess = nearest(glob, known)
    hint = f"did you mean '{guess}'? " if guess else ""
    return BadInput(f"asked for the layers {glob}; found none of that name; {hint}Known: {_some(known)}")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


def _layer(name: str, parts: dict[str, nn.Module], outputs: dict[str, Any], calls: dict[str, int], n: int) -> Layer:
    part, seen = parts[name], flat(outputs[name], n)
    assert seen is not None
    kind = part.kind if isinstance(part, Activation) else type(part).__name__
    return Layer(name, str(kind), seen.shape[1], calls[name])

"""Which network is attacked, and on which examples: a file of weights, a run's folder, or the user's own function."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import torch
from torch import Tensor, nn

from assay.attacks.inputs import answers
from assay.attacks.victim import Victim, at_rest
from assay.core.errors import BadInput
from assay.data import Dataset
from assay.lab import Source
from assay.models import build
from assay.models.build import code_digest, own_file
from assay.studies.collapse.geometry.subject import subject_of
from assay.studies.collapse.geometry.weights import filled

PROBE = 64  # examples whose answers are looked at before any work


@dataclass(frozen=True, eq=False)
class Subject:
    """A network on a device, the examples of the test split, and what both were made from.

    Columns of a table may lie outside the range that train showed. Then examples and network are shifted and divided
    by ``span`` together, so that all lies in [0, 1] and eps / ``span`` there is eps here.
    """

    net: nn.Module
    model: str
    weights: str
    data: Dataset
    source: str
    x: Tensor
    low: float = 0.0
    span: float = 1.0
    warnings: tuple[str, ...] = ()

    @property
    def y(self) -> Tensor:
        """Labels of the test split."""
        return self.data.test.y


def digest(net: nn.Module) -> str:
    """Twelve digits of a hash over a network's tensors."""
    state = sorted(net.state_dict().items())
    parts = (name.encode() + value.cpu().contiguous().numpy().tobytes() for name, value in state)
    return blake2b(b"".join(parts), digest_size=6).hexdigest()


def code_of(model: str) -> tuple[str, ...]:
    """The digest of the user's file where the model is the user's own: what it does with its weights is told by these
    no more than by its name.

    >>> code_of("cnn")
    ()
    """
    own = own_file(model)
    return (code_digest(own[0]),) if own else ()


class Widened(nn.Module):
    """A network that takes inputs divided by ``span`` after a shift by ``low``."""

    def __init__(self, net: nn.Module, low: float, span: float):
        super().__init__()
        self.net, self.low, self.span = net, low, span

    def forward(self, x: Tensor) -> Tensor:
        """The network's answer to the inputs in their own units."""
        return self.net(x * self.span + self.low)


def widened(net: nn.Module, x: Tensor) -> tuple[nn.Module, Tensor, float, float]:
    """Network and inputs such that all inputs lie in [0, 1]; low and span of the range in which they lay.

    >>> _, x, low, span = widened(nn.Identity(), torch.tensor([[-1.0, 3.0]]))
    >>> x.tolist(), low, span
    ([[0.0, 1.0]], -1.0, 4.0)
    """
    low, high = min(0.0, float(x.min())), max(1.0, float(x.max()))
    span = high - low
    return (Widened(net, low, span), ((x - low) / span).clamp(0, 1), low, span) if span > 1 else (net, x, low, span)


def subject(
    place: str, *, model: str | None, data: str | None, weights: str | None, regroup: bool, device: str
) -> Subject:
    """What is attacked; `BadInput` where network, weights and data do not fit, or the answers are no logits."""
    net, name, held, source, dataset = network(place, model, data, weights, regroup)
    warnings = list(dataset.warnings)
    if not held:
        warnings.append(f"no --weights: the network is what {name} returns, and nothing was loaded into it")
    x, low, span = dataset.test.x, 0.0, 1.0
    if dataset.kind == "table":
        net, x, low, span = widened(net, x)
        if span > 1:
            said = f"{low:.3g} to {low + span:.3g} in units of each column's range on train; perturbed values may be as"
            warnings.append(f"columns of test go from {said} far")
    net = net.to(device).eval()
    _look(net, x[:PROBE].to(device), dataset.test.y[:PROBE].to(device))
    return Subject(net, name, held, dataset, source, x, low, span, tuple(warnings))


def surrogate(place: str, of: Subject, model: str | None, device: str) -> nn.Module:
    """A second network for the same classes: a run's folder, or weights for the same model."""
    path = Path(place)
    found = subject_of(
        path, None if path.is_dir() else model or of.model, of.source, False, "asked for the second model"
    )
    net = filled(found.file, found.model, of.data.shape, len(of.data.classes), found.seed, one_logit=True)[0]
    return (net if of.span == 1 else Widened(net, of.low, of.span)).to(device).eval()


def network(
    place: str, model: str | None, data: str | None, weights: str | None, regroup: bool,
    production: str | None = None, verb: str = "attack",
) -> tuple[nn.Module, str, str, str, Dataset]:  # fmt: skip
    """The network, its name, where its weights are (or nothing), where the data are, and the data.

    ``place``: a file of weights, a run's folder, or ``file.py:function``. ``verb``: what is to be done, for messages;
    its first word is the command. The user's own network may answer two classes by one logit (`build`). `BadInput`
    where network, weights and data do not fit.
    """
    own = own_file(place)
    if own and weights is None:
        if data is None:
            raise BadInput(f"asked to {verb} {place}; found no --data; give what it was trained on: --data parts/")
        dataset = Source(data, production, regroup).load()
        return build(place, dataset.shape, len(dataset.classes), one_logit=True), place, "", data, dataset
    if own is None and weights is not None:
        raise BadInput(
            f"asked to {verb} {place} with --weights {weights}; --weights belong to file.py:function; "
            f"write: assay {verb.split()[0]} {weights} --model {place}"
        )
    asked = f"asked to {verb}"
    found = subject_of(Path(weights or place), place if own else model, data, regroup, asked, production)
    shape, classes = found.data.shape, len(found.data.classes)
    net = filled(found.file, found.model, shape, classes, found.seed, one_logit=True)[0]
    return net, found.model, str(found.file), found.source, found.data


def _look(net: nn.Module, x: Tensor, y: Tensor) -> None:
    """Refuse answers that are no logits before hours are spent on them."""
    with at_rest(net), torch.no_grad():
        warnings = answers(Victim(net).logits(x), y)
    if warnings:
        raise BadInput(f"asked to attack logits; found that {warnings[0]}")

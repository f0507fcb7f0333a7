"""From the text in a recipe to a network with reproducible initial weights."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import torch
from torch import Tensor, nn

from assay.core.errors import BadInput
from assay.core.rng import seed_of
from assay.models.activations import add_slots, swap_activations
from assay.models.networks import MODELS, Shape
from assay.models.projector import with_projector

PROJECTOR = "+projector"


def build(
    model: str,
    shape: Shape,
    classes: int,
    *,
    seed: int = 0,
    activation: str | None = None,
    weights: Mapping[str, Tensor] | None = None,
    one_logit: bool = False,
) -> nn.Module:
    """A network for inputs of ``shape`` and ``classes`` classes, its weights drawn at the address (seed, "init").

    ``model`` is a name of `MODELS` with its widths (``mlp:256-128``, ``cnn``, ``resnet18:32``) or the user's own,
    ``file.py:function``. The function is called as ``function(shape, classes)``, or without arguments when it takes
    none. ``activation`` is put into every slot; None leaves what the model came with. ``MODEL+projector:128-64`` is
    any of these with a projector beside its head (`with_projector`), for contrastive training. ``weights`` are put in
    place of those drawn; of a model without the projector they leave that as drawn. `BadInput` where they do not fit.
    With ``one_logit`` the user's network may answer two classes by one logit z, (n, 1), which stands for (0, z): for
    those who read it so, as attacks do. Training does not.

    >>> net = build("mlp:4", (2,), 3, seed=1)
    >>> [tuple(p.shape) for p in net.parameters()]
    [(4, 2), (4,), (3, 4), (3,)]
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(seed, "init"))
        plain, mark, projector = model.partition(PROJECTOR)
        if own := own_file(plain):
            net = add_slots(_own(*own, shape, classes, one_logit))
        else:
            name, _, text = plain.partition(":")
            net = MODELS.find(name)(text, shape, classes)
        loaded = weights is not None and _loaded(net, weights)
        if mark:
            net = with_projector(net, projector.removeprefix(":"), shape)
    if weights is not None and not loaded and not _loaded(net, weights):
        raise BadInput(
            f"asked to begin {model} with trained weights; found weights of another model; "
            "name the model that they were trained in (a projector may be added)"
        )
    if activation is not None:
        swap_activations(net, activation)
    return net


def _loaded(net: nn.Module, weights: Mapping[str, Tensor]) -> bool:
    """Whether the weights fit; if so, they are in place."""
    own = net.state_dict()
    fits = own.keys() == weights.keys() and all(own[name].shape == value.shape for name, value in weights.items())
    if fits:
        net.load_state_dict(dict(weights))
    return fits


def default_model(kind: str, shape: Shape) -> str:
    """A sensible first model: an MLP for tables and for small grey images, a CNN for everything else.

    >>> default_model("image", (1, 8, 8)), default_model("image", (3, 32, 32)), default_model("table", (30,))
    ('mlp:128-64', 'cnn', 'mlp:64-32')
    """
    if kind == "table":
        return "mlp:64-32"
    channels, height, width = shape
    return "mlp:128-64" if channels == 1 and height * width <= 28 * 28 else "cnn"


def own_file(model: str) -> tuple[str, str] | None:
    """The user's file and the function in it, where a model is the user's own.

    >>> own_file("mine.py:make+projector:64"), own_file("cnn")
    (('mine.py', 'make'), None)
    """
    path, _, name = model.partition(PROJECTOR)[0].rpartition(":")
    return (path, name) if path.endswith(".py") else None


def code_digest(path: str | Path) -> str:
    """Twelve digits of the hash of a user's file, so that editing the file gives another run."""
    return sha256(_file(str(path)).read_bytes()).hexdigest()[:12]


def load_file(path: str | Path) -> object:
    """Import a user's Python file as a module of its own (it was named on purpose; it runs)."""
    file = _file(str(path))
    name = f"assay_user_{sha256(str(file).encode()).hexdigest()[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise BadInput(f"asked to load {path}; it raised {type(error).__name__}: {error}; mend the file") from error
    return module


def _file(path: str) -> Path:
    file = Path(path).expanduser().resolve()
    if not file.is_file():
        raise BadInput(f"asked for the file {path}; found none; give the path of a Python file")
    return file


def _own(path: str, name: str, shape: Shape, classes: int, one_logit: bool) -> nn.Module:
    model = f"{path}:{name}"
    function = getattr(load_file(path), name, None)
    if not callable(function):
        raise BadInput(f"asked for {model}; the file has no function '{name}'; write file.py:function")
    try:
        wants = function.__code__.co_argcount if hasattr(function, "__code__") else 2
        net = function(shape, classes) if wants else function()
        probe = net.eval()(torch.zeros(2, *shape)) if isinstance(net, nn.Module) else None
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(
            f"asked for {model} on inputs of shape {shape}; it raised {type(error).__name__}: {error}; "
            "the function gets (shape, classes) and returns an nn.Module"
        ) from error
    if probe is None:
        raise BadInput(f"asked for {model}; it returned {type(net).__name__}; return an nn.Module")
    fits = [(2, classes), (2, 1)] if one_logit and classes == 2 else [(2, classes)]
    if tuple(getattr(probe, "shape", ())) not in fits:
        found = tuple(getattr(probe, "shape", ())) or type(probe).__name__
        wanted = " or ".join(str(shape) for shape in fits)
        raise BadInput(f"asked for {model}; two inputs gave outputs {found}; return logits {wanted}")
    return net.train()

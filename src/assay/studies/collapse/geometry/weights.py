"""Kept weights from anywhere, put into a network, or one line that says why they do not fit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn

from assay.core.errors import BadInput
from assay.lab.store import unpack
from assay.models import PROJECTOR, build, slots

WRAPPERS = ("state_dict", "model_state_dict", "model")  # names under which checkpoints of others keep the weights
PARALLEL = "module."  # what DataParallel and its like put before every name
BESIDE = "num_batches_tracked"  # a counter of batch norm that evaluation does not read


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors by name, and the activation in each slot where the file says so; no code in the file is run.

    Reads safetensors, and torch files that hold tensors only (a ``state_dict``, bare or in a checkpoint). `BadInput`
    for a pickled module, with the way out.
    """
    if not path.is_file():
        raise BadInput(f"asked for the weights {path}; found no such file; give a .safetensors file or a run's folder")
    if path.suffix == ".safetensors":
        return unpack(path)
    try:
        found: Any = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError:
        raise BadInput(
            f"asked for the weights {path}; found a pickled object, which runs code when it is read; "
            "save the weights alone: torch.save(model.state_dict(), 'weights.pt')"
        ) from None
    except Exception as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadInput(
            f"asked for the weights {path}; found no weights that torch reads ({first}); "
            "save them: torch.save(model.state_dict(), 'weights.pt')"
        ) from error
    while isinstance(found, Mapping) and (inner := next((key for key in WRAPPERS if key in found), None)):
        found = found[inner]
    if not isinstance(found, Mapping) or not found or not all(isinstance(value, Tensor) for value in found.values()):
        raise BadInput(
            f"asked for the weights {path}; found {type(found).__name__} that is not tensors by name; "
            "save them: torch.save(model.state_dict(), 'weights.pt')"
        )
    return {str(key): value for key, value in found.items()}, {}


def filled(
    path: Path, model: str, shape: tuple[int, ...], classes: int, seed: int, *, one_logit: bool = False
) -> tuple[nn.Module, nn.Module]:
    """The network with the kept weights, and the same network before training, both in evaluation mode.

    ``seed`` is that of the untrained one, ``one_logit`` as for `build`. Both have the activations that the file names.
    """
    tensors, kinds = read_weights(path)
    trained, untrained = (build(model, shape, classes, seed=seed, one_logit=one_logit) for _ in range(2))
    for net in (trained, untrained):
        for name, slot in slots(net).items():
            slot.kind = kinds.get(name, slot.kind)
    tensors = _unwrapped(tensors, trained.state_dict())
    _check(path, model, classes, trained.state_dict(), tensors)
    trained.load_state_dict(tensors, strict=False)  # checked: nothing but counters may lack
    return trained.eval(), untrained.eval()


def _unwrapped(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights by the model's own names, without what a wrapper of the model put before them.

    >>> one = torch.zeros(1)
    >>> [*_unwrapped({"module.a": one}, {"a": one}), *_unwrapped({"module.a": one}, {"module.a": one})]
    ['a', 'module.a']
    """
    fits = any(key in wanted for key in found)  # a model may have a part of that name itself
    return {key if fits else key.removeprefix(PARALLEL): value for key, value in found.items()}


def _check(path: Path, model: str, classes: int, wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    """`BadInput` unless ``found`` are all the weights of the model and no others."""
    asked = f"asked to put {path} into {model}"
    lacking = [key for key in wanted if key not in found and not key.endswith(BESIDE)]
    foreign = [key for key in found if key not in wanted]
    if lacking or foreign:
        inside = f"no '{lacking[0]}'" if lacking else f"'{foreign[0]}', which the model has not"
        other = f"{len(lacking)} weights missing, {len(foreign)} foreign"
        raise BadInput(f"{asked}; found {inside} ({other}); {_remedy(model, wanted, found)}")
    wrong = [key for key in wanted if key in found and wanted[key].shape != found[key].shape]
    if not wrong:
        return
    key = wrong[0]
    there, needed = tuple(found[key].shape), tuple(wanted[key].shape)
    if there[1:] == needed[1:] and needed[0] == classes:  # only the head's rows differ
        raise BadInput(
            f"{asked} for {classes} classes; found a head for {there[0]} ('{key}' is {there}); "
            "give the data it was trained on (--data)"
        )
    raise BadInput(
        f"{asked}; found '{key}' of shape {there} where {needed} is needed; "
        "give the --model with its widths, and data with images of the size and channels it was trained on"
    )


def _remedy(model: str, wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> str:
    """Which --model would fit: that with a projector where the file has one, else the user's own code."""
    rows = [len(value) for key, value in found.items() if key.startswith("projector.") and key.endswith("weight")]
    bodies = [any(key.startswith("body.") for key in keys) for keys in (wanted, found)]
    if bodies == [False, True]:  # a user's own model may have a body, too
        return f"give --model {model}{PROJECTOR}:{'-'.join(map(str, rows)) or 'identity'}"
    return "give the --model it was trained as, for your own network --model file.py:function"

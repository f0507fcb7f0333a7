"""Whatever holds numbers (torch, NumPy, nested lists) to checked float64 arrays, which metrics then trust."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from assay.core.errors import BadInput

Array = np.ndarray | torch.Tensor | Sequence[Any]

MIN_SAMPLES = 4  # the unbiased kernel statistics divide by n - 3
NOISE = 1e-6  # a spread this far below the size of the numbers is rounding in float32, not information


def numbers(value: Any, name: str) -> np.ndarray:
    """``value`` as a float64 array of finite numbers; `BadInput` names the argument otherwise.

    >>> numbers(torch.tensor([1, 2]), "x")
    array([1., 2.])
    """
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().to(torch.float64).numpy()
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError):
        raise BadInput(
            f"asked for {name} as an array of numbers; found {type(value).__name__} that is not one; "
            "give a tensor, an array or lists of equal length"
        ) from None
    if not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        raise BadInput(
            f"asked for {name} as finite numbers; found {bad} of {array.size} that are NaN or infinite; "
            "check the model that made them, or leave those samples out"
        )
    return array


def features(value: Any, name: str = "features") -> np.ndarray:
    """A representation as (n, width), n at least 4; maps are flattened, the first axis is the samples.

    >>> features(np.zeros((4, 2, 3, 3))).shape
    (4, 18)
    """
    array = numbers(value, name)
    if array.ndim < 2 or not array.size:
        raise BadInput(f"asked for {name} as (samples, width); found shape {array.shape}; give one row for each sample")
    if len(array) < MIN_SAMPLES:
        raise BadInput(f"asked to compare samples of {name}; found {len(array)} samples; give at least {MIN_SAMPLES}")
    return array.reshape(len(array), -1)


def feature_pair(features_a: Any, features_b: Any) -> tuple[np.ndarray, np.ndarray]:
    """Two representations of the same samples."""
    a, b = features(features_a, "features_a"), features(features_b, "features_b")
    same_length(a, b, "features_a", "features_b")
    return a, b


def logits(value: Any, name: str = "logits") -> np.ndarray:
    """Logits as (n, classes); a single column z, a one-logit head, becomes (0, z): the same softmax.

    >>> logits([[2.0], [-1.0]]).tolist()
    [[0.0, 2.0], [0.0, -1.0]]
    """
    array = numbers(value, name)
    if array.ndim != 2 or not array.size:
        raise BadInput(f"asked for {name} as (samples, classes); found shape {array.shape}; give one row a sample")
    return array if array.shape[1] > 1 else np.hstack([np.zeros_like(array), array])


def probabilities(value: Any, name: str = "probs") -> np.ndarray:
    """Probabilities as (n, classes), rows that sum to one."""
    array = numbers(value, name)
    if array.ndim != 2 or not array.size or array.shape[1] < 2:
        raise BadInput(f"asked for {name} as (samples, classes); found shape {array.shape}; give a column a class")
    if array.min() < 0 or array.max() > 1 or np.abs(array.sum(1) - 1).max() > 0.01:
        raise BadInput(
            f"asked for {name} as probabilities; found rows outside [0, 1] or with another sum than 1; "
            "give softmax outputs, not logits"
        )
    return array


def labels(value: Any, like: np.ndarray, name: str = "labels", beside: str = "logits") -> np.ndarray:
    """True classes as int64 (n,), for the n rows and the classes that are the columns of ``like``."""
    array = numbers(value, name)
    whole = array.astype(np.int64)
    if array.ndim != 1 or (whole != array).any():
        raise BadInput(f"asked for {name} as one whole number a sample; found shape {array.shape}; give class indices")
    same_length(whole, like, name, beside)
    if whole.min() < 0 or whole.max() >= like.shape[1]:
        raise BadInput(
            f"asked for {name} between 0 and {like.shape[1] - 1}, the columns of {beside}; "
            f"found {whole.min()} to {whole.max()}; give outputs with one column for each class"
        )
    return whole


def same_length(a: np.ndarray, b: np.ndarray, name_a: str, name_b: str) -> None:
    """`BadInput` unless both speak of the same number of samples."""
    if len(a) != len(b):
        raise BadInput(
            f"asked for {name_a} and {name_b} of the same samples; found {len(a)} and {len(b)}; "
            "run both on one probe set, in one order"
        )


def is_constant(value: Any) -> bool:
    """Whether a representation is the same for every sample, up to float32 rounding: a dead layer.

    Similarity is not defined for it; whoever compares many models asks first.

    >>> is_constant([[1.0, 2.0]] * 4), is_constant([[1.0, 2.0]] * 3 + [[1.0, 2.5]])
    (True, False)
    """
    array = features(value)
    return bool(np.abs(array - array.mean(0)).max() <= NOISE * np.abs(array).max())


def centred(array: np.ndarray, name: str) -> np.ndarray:
    """Columns centred, the whole at Frobenius norm 1; `BadInput` for a constant representation."""
    spread = array - array.mean(0)
    largest = np.abs(spread).max()
    if largest <= NOISE * np.abs(array).max():
        raise BadInput(
            f"asked to compare {name}; found the same representation for all {len(array)} samples; "
            "leave this layer out: it carries no information"
        )
    spread /= largest  # squares of very large or very small numbers stay finite
    return spread / np.linalg.norm(spread)


def same_classes(a: np.ndarray, b: np.ndarray, name_a: str, name_b: str) -> None:
    """`BadInput` unless both have the same columns."""
    if a.shape[1] != b.shape[1]:
        raise BadInput(
            f"asked for {name_a} and {name_b} over the same classes; found {a.shape[1]} and {b.shape[1]}; "
            "compare models of one task"
        )

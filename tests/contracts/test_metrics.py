"""What every metric's card promises, held against the metric. A new metric is tested the moment it is registered."""

import math
from copy import deepcopy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import assay.metrics
from assay.core.errors import BadInput
from assay.metrics import ARGUMENTS, INVARIANCES, METRICS

NAMES = sorted(METRICS)
TWO_SIDED = [name for name in NAMES if METRICS[name].card.symmetric is not None]
ON_FEATURES = [name for name in NAMES if "features" in METRICS[name].card.needs[0]]
SIMILARITIES = [name for name in ON_FEATURES if len(METRICS[name].card.needs) == 2 and name in TWO_SIDED]
DISTANCES = [name for name in NAMES if METRICS[name].card.triangle]
OF_SAMPLES = [
    n for n in NAMES if len(METRICS[n].card.needs) > 1 and METRICS[n].card.needs[0] not in ("model", "values")
]
SYMBOLIC = ("sequence", "table")  # arguments that are symbols in an order
COUNTED = ("phrases", "bytes")  # units of metrics that are whole numbers


def softmax(z):
    z = np.exp(z - z.max(1, keepdims=True))
    return z / z.sum(1, keepdims=True)


def example(card, rng, n=60, width=6, classes=3, scale=1.0, rank=None):
    """Arguments for one metric: features that share something, logits that know something."""
    shared = rng.standard_normal((n, rank or width))
    labels = np.concatenate([np.arange(classes), rng.integers(classes, size=max(0, n - classes))])[:n]

    def one(name):
        if "features" in name:
            mixed = shared @ rng.standard_normal((shared.shape[1], width))
            return scale * (mixed + rng.standard_normal((n, width)) + rng.standard_normal(width))
        if "logits" in name:
            return scale * (rng.standard_normal((n, classes)) + np.eye(classes)[labels])
        if name == "given_labels":
            return (labels + np.arange(n) % 2) % classes
        if name == "predicted":
            return rng.integers(classes, size=n)
        if "labels" in name:
            return labels
        if "probs" in name or name == "values":
            return softmax(rng.standard_normal((n, classes)) + np.eye(classes)[labels])
        if name in SYMBOLIC:
            return rng.integers(classes, size=n if name == "sequence" else 64)
        if name == "x":
            return scale * rng.standard_normal((n, width)).astype(np.float32)
        if name == "model":
            return network(rng, width, classes)
        if name == "weights":
            return rng.standard_normal((classes, width))
        if name == "views":
            return scale * (rng.standard_normal((n, 2, width)) + rng.standard_normal((n, 1, width)))
        return {"ok": 0, "threshold": 0.5, "serialisation": "rounded"}[name]

    return {name: one(name) for name in card.needs}


def network(rng, width, classes):
    """A smooth model as a plain callable."""
    weight = torch.from_numpy(rng.standard_normal((width, classes)).astype(np.float32))
    return lambda x: torch.tanh(x @ weight)


def random_rotation(rng, width):
    q, r = np.linalg.qr(rng.standard_normal((width, width)))
    return q * np.sign(np.diag(r))


def other_order(rng, width):
    """A permutation that leaves no column in its place."""
    return np.roll(np.arange(width), rng.integers(1, width))


CHANGES = {
    "orthogonal": lambda x, rng: x @ random_rotation(rng, x.shape[1]),
    "permutation": lambda x, rng: x[:, other_order(rng, x.shape[1])],
    "scale": lambda x, rng: x * math.exp(rng.uniform(1, 3)),
    "translation": lambda x, rng: x + 3 * rng.standard_normal(x.shape[1]),
    "shift": lambda x, rng: x + 3 * rng.standard_normal((len(x), 1)),
    "invertible": lambda x, rng: (
        x @ random_rotation(rng, x.shape[1]) * np.geomspace(0.05, 20, x.shape[1]) @ random_rotation(rng, x.shape[1])
    ),
    "renaming": lambda s, rng: rng.permutation(100)[s],
    "reversal": lambda s, rng: s[::-1],
    "order": lambda s, rng: s[rng.permutation(len(s))],
}
ON_SYMBOLS = ("renaming", "reversal", "order")


def test_vocabulary_is_complete():
    assert set(CHANGES) == set(INVARIANCES)


@pytest.mark.parametrize("name", NAMES)
def test_card_is_filled_in(name):
    card = METRICS[name].card
    assert getattr(assay.metrics, name) is METRICS[name] and name in assay.metrics.__all__
    assert card.summary.endswith(".") and len(card.summary) <= 110
    assert " = " in card.formula and card.example.startswith(">>>")
    assert set(card.needs) <= set(ARGUMENTS) and card.range[0] < card.range[1]
    assert card.better in ("higher", "lower", "context")
    assert card.cite or name not in ON_FEATURES


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32),
    n=st.integers(6, 30),
    width=st.integers(2, 40),
    classes=st.sampled_from([2, 3, 5]),
    scale=st.sampled_from([1e-6, 1.0, 30.0]),
    rank=st.integers(1, 3),
)
def test_range_holds(name, seed, n, width, classes, scale, rank):
    card = METRICS[name].card
    rng = np.random.default_rng(seed)
    value = METRICS[name](**example(card, rng, n, width, classes, scale, rank))
    assert type(value) is (int if card.unit in COUNTED else float)
    assert card.range[0] <= value <= card.range[1]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", NAMES)
def test_invariances_are_those_declared(name, change):
    card = METRICS[name].card
    first = card.needs[0]
    numeric = "features" in first or "logits" in first
    one_space = [need for need in card.needs if "features" in need] if first == "train_features" else [first]
    if not (first in SYMBOLIC if change in ON_SYMBOLS else numeric):
        assert change not in card.invariant  # the change means nothing here, or probabilities do not survive it
        return
    differences = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        before = example(card, rng)
        after = dict(before)
        for need in one_space:  # features of several splits are changed alike
            after[need] = CHANGES[change](before[need], deepcopy(rng))
        differences.append(abs(METRICS[name](**after) - METRICS[name](**before)))
    if change in card.invariant:
        assert max(differences) < 1e-9
    else:
        assert max(differences) > 1e-3


@pytest.mark.parametrize("name", TWO_SIDED)
def test_symmetry_is_as_declared(name):
    card = METRICS[name].card
    differences = []
    for seed in range(5):
        a, b, *rest = example(card, np.random.default_rng(seed)).values()
        differences.append(abs(METRICS[name](a, b, *rest) - METRICS[name](b, a, *rest)))
    assert (max(differences) < 1e-12) is card.symmetric


@pytest.mark.parametrize("name", DISTANCES)
@settings(max_examples=100, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32), widths=st.tuples(*[st.integers(1, 11)] * 3), n=st.integers(4, 12))
def test_triangle_inequality(name, seed, widths, n):
    metric = METRICS[name]
    rng = np.random.default_rng(seed)
    if name not in ON_FEATURES:
        widths = (widths[0] + 1,) * 3
    shared = rng.standard_normal((n, 12))
    x, y, z = (shared[:, :w] + rng.uniform(0, 2) * rng.standard_normal((n, w)) for w in widths)
    assert metric(x, z) <= metric(x, y) + metric(y, z) + 1e-7
    assert metric(x, x) < 1e-6


@pytest.mark.parametrize("name", SIMILARITIES)
@pytest.mark.parametrize("n, width", [(8, 3), (40, 8), (10, 60)])
def test_identical_features(name, n, width):
    x = np.random.default_rng(n).standard_normal((n, width))
    card = METRICS[name].card
    assert METRICS[name](x, x) == pytest.approx(0 if card.triangle else 1, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_tensors_arrays_and_lists_alike(name):
    arguments = example(METRICS[name].card, np.random.default_rng(0))
    tensors = {k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in arguments.items()}
    lists = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in arguments.items()}
    learned = {k: v.requires_grad_() if getattr(v, "is_floating_point", bool)() else v for k, v in tensors.items()}
    value = METRICS[name](**arguments)
    assert METRICS[name](**tensors) == METRICS[name](**lists) == METRICS[name](**learned) == value


@pytest.mark.parametrize("name", ON_FEATURES)
def test_maps_are_flattened(name):
    arguments = example(METRICS[name].card, np.random.default_rng(0), width=12)
    maps = {k: v.reshape(-1, 3, 2, 2) if "features" in k else v for k, v in arguments.items()}
    assert METRICS[name](**maps) == METRICS[name](**arguments)


@pytest.mark.parametrize("name", ON_FEATURES)
def test_fewer_than_four_samples_are_refused(name):
    arguments = example(METRICS[name].card, np.random.default_rng(0), n=3)
    with pytest.raises(BadInput, match="found 3 samples; give at least 4"):
        METRICS[name](**arguments)


@pytest.mark.parametrize("name", NAMES)
def test_nan_is_refused_and_named(name):
    card = METRICS[name].card
    arguments = example(card, np.random.default_rng(0))
    for needed in card.needs:
        if isinstance(arguments[needed], np.ndarray):
            broken = arguments[needed].astype(float)
            broken[1] = np.nan
            with pytest.raises(BadInput, match=f"{needed} as finite numbers") as error:
                METRICS[name](**{**arguments, needed: broken})
            assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", OF_SAMPLES)
def test_different_numbers_of_samples_are_refused(name):
    card = METRICS[name].card
    arguments = example(card, np.random.default_rng(0))
    with pytest.raises(BadInput, match=r"of the same samples; found (60 and 59|59 and 60)"):
        METRICS[name](**{**arguments, card.needs[1]: arguments[card.needs[1]][:-1]})

"""Complexity of a model's answers on a probe: a probe has no order of its own, so several stated ones are taken."""

from __future__ import annotations

import numpy as np

from assay.core.errors import BadInput
from assay.core.rng import numpy_rng
from assay.metrics import arrays
from assay.metrics.arrays import Array
from assay.metrics.card import metric
from assay.metrics.complexity.phrases import symmetrised
from assay.metrics.complexity.symbols import Sequence, encode


def random_orders(n: int, orders: int = 20, seed: int = 0) -> np.ndarray:
    """Uniformly random orders of n samples, int64 (orders, n); order k depends on (seed, k, n) only.

    >>> random_orders(3, orders=2).shape
    (2, 3)
    """
    _some(orders)
    return np.stack([numpy_rng(seed, "probe order", k).permutation(n) for k in range(orders)])


def projection_orders(x: Array, orders: int = 20, seed: int = 0) -> np.ndarray:
    """Orders in which like inputs stand near each other: samples sorted along random directions of the input space.

    order_k = argsort(X w_k), w_k standard normal

    x (n, ...), flattened; int64 (orders, n). Along such an order a function that changes slowly repeats itself.
    `BadInput` for NaN or no samples.

    >>> line = [[0.0], [2.0], [1.0]]
    >>> sorted(map(tuple, projection_orders(line, orders=8).tolist()))[0]  # one axis: up or down
    (0, 2, 1)
    """
    _some(orders)
    rows = arrays.numbers(x, "x")
    if rows.ndim < 2 or not rows.size:
        raise BadInput(f"asked for x as (samples, inputs); found shape {rows.shape}; give one row for each sample")
    rows = rows.reshape(len(rows), -1)
    directions = [numpy_rng(seed, "probe direction", k).standard_normal(rows.shape[1]) for k in range(orders)]
    return np.stack([np.argsort(rows @ direction, kind="stable") for direction in directions])


@metric(range=(0, float("inf")), unit="bits", invariant=("renaming",), cite="Dingle, Camargo and Louis 2018, eq. 4")
def output_complexity(sequence: Sequence, orders: int | np.ndarray = 20, seed: int = 0) -> float:
    """Complexity of a model's answers on a probe: C_LZ of the predicted classes, mean over orders of the probe.

    complexity = (1/K) Σ_k C_LZ(predicted[order_k])

    sequence: one class a sample (n,). orders: how many random orders (`random_orders`, the same for every model of a
    probe of this size), or an array (K, n) of orders such as those of `projection_orders`. In bits, [log2 n, inf).
    Random orders make it a function of how often each class is answered, as entropy is: they show collapse, not
    whether the answers follow the inputs. For that give orders in which like inputs are neighbours. Errors as for
    `c_lz`; `BadInput` for something that is no order.

    >>> output_complexity([1, 1, 1, 1]), output_complexity([0, 1], orders=3)  # 2 phrases in each direction
    (2.0, 2.0)
    >>> output_complexity("0101", orders=[[0, 2, 1, 3]])  # 0011: 0 01 1, backwards 1 10 0
    6.0
    """
    codes, symbols = encode(sequence)
    return _mean(codes, symbols, _orders(orders, len(codes), seed))


def reference_answers(true_labels: Sequence, classes: int | None = None, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Answers that need no model, as codes (n,): constant, true, shuffled (dealt out anew) and uniformly random.

    classes: how many the random ones are drawn from, by default what occurs. Errors as for `c_lz`.

    >>> found = reference_answers("aab")
    >>> found["constant"].tolist(), found["true"].tolist(), sorted(found["shuffled"].tolist())
    ([0, 0, 0], [0, 0, 1], [0, 0, 1])
    """
    true, symbols = encode(true_labels, "true_labels")
    return {
        "constant": np.zeros_like(true),
        "true": true,
        "shuffled": numpy_rng(seed, "shuffled labels").permutation(true),
        "random": numpy_rng(seed, "random labels").integers(classes or symbols, size=len(true), dtype=np.int32),
    }


def complexity_references(
    true_labels: Sequence,
    predicted: Sequence | None = None,
    classes: int | None = None,
    *,
    orders: int | np.ndarray = 20,
    seed: int = 0,
) -> dict[str, float]:
    """A model's `output_complexity` beside what constant, true, shuffled and uniformly random labels have.

    Bits, over the same orders: "predicted" (if given), "constant" (one class for all, the least possible), "true",
    "shuffled" (the true labels, dealt out anew), "random" (each of the classes equally likely). classes: by default
    what occurs in the true labels. Over random orders "true" and "shuffled" differ by chance only (see
    `output_complexity`). Errors as for `output_complexity`; `BadInput` for labels of another number of samples.

    >>> found = complexity_references([0, 0, 1, 1], [0, 0, 0, 0])
    >>> found["predicted"], found["constant"], list(found)
    (2.0, 2.0, ['predicted', 'constant', 'true', 'shuffled', 'random'])
    """
    answers = reference_answers(true_labels, classes, seed=seed)
    true = answers["true"]
    chosen = _orders(orders, len(true), seed)
    references = {name: _mean(codes, int(codes.max()) + 1, chosen) for name, codes in answers.items()}
    if predicted is None:
        return references
    answered, kinds = encode(predicted, "predicted")
    arrays.same_length(true, answered, "true_labels", "predicted")
    return {"predicted": _mean(answered, kinds, chosen), **references}


def _mean(codes: np.ndarray, symbols: int, orders: np.ndarray) -> float:
    return float(np.mean([symmetrised(codes[order], symbols) for order in orders]))


def _orders(orders: int | np.ndarray, n: int, seed: int) -> np.ndarray:
    if isinstance(orders, int | np.integer):
        return random_orders(n, int(orders), seed)
    given = arrays.numbers(orders, "orders").astype(np.int64)
    if given.ndim != 2 or not len(given) or given.shape[1] != n or (np.sort(given, axis=1) != np.arange(n)).any():
        raise BadInput(
            f"asked for given orders of {n} samples; found shape {given.shape} or rows that do not name each "
            "sample once; give (orders, samples) permutations, such as `projection_orders` returns"
        )
    return given


def _some(orders: int) -> None:
    if orders < 1:
        raise BadInput(f"asked for a mean over {orders} orders; one order is the least; give orders=1 or more")

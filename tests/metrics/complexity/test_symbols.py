import numpy as np
import pandas as pd
import pytest
import torch

from assay.core.errors import BadInput
from assay.metrics import lempel_ziv
from assay.metrics.complexity.symbols import encode

BITS = "0001101001000101"


@pytest.mark.parametrize(
    "sequence",
    [
        BITS,
        BITS.encode(),
        list(BITS),
        tuple(int(b) for b in BITS),
        iter(BITS),
        np.array([int(b) for b in BITS]),
        np.array([int(b) for b in BITS], np.uint8)[::1],
        np.array([b == "1" for b in BITS]),
        np.array(list(BITS)),
        np.array([float(b) / 3 for b in BITS]),
        np.array([-(10**12) * int(b) for b in BITS]),
        np.array([{"0": None, "1": "x"}[b] for b in BITS], object),
        torch.tensor([int(b) for b in BITS]),
        torch.tensor([float(b) for b in BITS], requires_grad=True),
        torch.tensor([int(b) for b in BITS], dtype=torch.bfloat16),
        [("left", 1) if b == "1" else ("right", 2) for b in BITS],
        "".join("あ" if b == "1" else "😀" for b in BITS),
    ],
    ids=lambda s: f"{type(s).__name__}-{getattr(s, 'dtype', '')}",
)
def test_any_sequence_of_symbols(sequence):
    assert lempel_ziv(sequence) == 6


def test_codes_have_no_gaps():
    rng = np.random.default_rng(0)
    for values in ([7, -3, 7, 1000], rng.integers(0, 5, 50) * 10**9, np.array([2**63, 1, 2**63], np.uint64)):
        codes, symbols = encode(values if isinstance(values, list) else np.asarray(values))
        assert codes.dtype == np.int32 and sorted(set(codes.tolist())) == list(range(symbols))
        different = np.unique(np.asarray(values))
        assert symbols == len(different)


def test_none_is_a_symbol_like_any_other():
    assert encode([None, "x", None])[0].tolist() == [0, 1, 0]
    assert lempel_ziv([None, "x", None, "x"]) == lempel_ziv("abab")


@pytest.mark.parametrize(
    "missing",
    [
        np.array(["2026-01-01", "NaT"], "datetime64[D]"),
        np.array([1, "NaT"], "timedelta64[s]"),
        [np.datetime64("2026-01-01"), np.datetime64("NaT")],
        ["x", pd.NaT],
        ["x", pd.NA],
        np.array(["x", pd.NaT], object),
    ],
)
def test_what_equals_nothing_is_refused(missing):
    with pytest.raises(BadInput, match=r"found (NaT|<NA>), which says that a value is missing") as error:
        lempel_ziv(missing)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("nothing", ["", b"", [], np.zeros(0), torch.zeros(0), iter(())])
def test_an_empty_sequence_is_refused(nothing):
    with pytest.raises(BadInput, match="found nothing in it; give at least one symbol"):
        lempel_ziv(nothing)


@pytest.mark.parametrize(
    "wrong, why",
    [
        (np.zeros((2, 2)), r"one axis; found shape \(2, 2\)"),
        (torch.zeros(2, 2), r"one axis; found shape \(2, 2\)"),
        (torch.tensor(1), r"one axis; found shape \(\)"),
        ([0.0, float("nan")], "finite numbers; found 1"),
        (torch.tensor([0.0, torch.nan]), "finite numbers; found 1"),
        (5, "found int"),
        ([[0, 1], [1, 0]], "cannot be hashed"),
    ],
)
def test_what_is_no_sequence_is_refused_in_one_line(wrong, why):
    with pytest.raises(BadInput, match=why) as error:
        lempel_ziv(wrong)
    assert "\n" not in str(error.value)

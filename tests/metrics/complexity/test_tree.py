import subprocess
import sys

import numpy as np
import pytest

from assay.metrics.complexity.tree import DENSE, count_phrases


def literal(codes):
    s, at, count = bytes(codes.tolist()), 0, 0
    while at < len(s):
        length = 1
        while at + length <= len(s) and s[at : at + length] in s[: at + length - 1]:
            length += 1
        at, count = at + length, count + 1
    return count


def fibonacci(n):
    a, b = "0", "01"
    while len(b) < n:
        a, b = b, b + a
    return np.array(list(b[:n]), np.int32)


STRUCTURED = {
    "constant": np.zeros(300, np.int32),
    "alternating": np.arange(300, dtype=np.int32) % 2,
    "one change": (np.arange(300) == 150).astype(np.int32),
    "fibonacci": fibonacci(300),
    "thue-morse": np.array([i.bit_count() % 2 for i in range(300)], np.int32),
    "period 7 with a fault": np.where(np.arange(300) == 200, 6, np.arange(300) % 7).astype(np.int32),
    "all different": np.arange(250, dtype=np.int32),
}


@pytest.mark.parametrize("name", STRUCTURED)
def test_structured_sequences(name):
    codes = STRUCTURED[name]
    symbols = int(codes.max()) + 1
    expected = literal(codes)
    assert count_phrases(codes, symbols) == expected
    assert count_phrases(codes, symbols, compiled=False) == expected
    assert count_phrases(codes, DENSE + symbols) == expected  # children in a hash table


@pytest.mark.parametrize("symbols", [2, DENSE, DENSE + 1, 200])
def test_machine_code_and_interpreter_agree(symbols):
    rng = np.random.default_rng(symbols)
    for n in (1, 2, 50, 3000):
        codes = rng.integers(0, symbols, n).astype(np.int32)
        found = count_phrases(codes, symbols)
        assert found == count_phrases(codes, symbols, compiled=False)
        assert n > 50 or found == literal(codes)


def test_long_sequences_in_both_layouts():
    codes = np.random.default_rng(0).integers(0, 8, 100_000).astype(np.int32)
    assert count_phrases(codes, 8) == count_phrases(codes, 1000)


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_importing_the_metrics_loads_no_compiler():
    assert python("import sys, assay.metrics; print('numba' in sys.modules)").strip() == "False"


def test_the_same_numbers_without_a_compiler():
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "from assay.metrics import lempel_ziv, c_lz\n"
        "print(lempel_ziv('0001101001000101'), c_lz('1001111011000010'), lempel_ziv(list(range(100))))"
    )
    assert python(code).split() == ["6", "26.0", "100"]

import json
from math import log2
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.errors import BadInput
from assay.metrics import c_lz, entropy, lempel_ziv, lz78, normalised_c_lz

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "lempel_ziv.json").read_text())
SEQUENCES = st.lists(st.integers(0, 4), min_size=1, max_size=60)
quick = settings(max_examples=150, deadline=None, derandomize=True)


def text(entry):
    return "".join(piece * times for piece, times in entry["pieces"])


def literal(s):
    """Phrase by phrase, as the definition says."""
    at = count = 0
    while at < len(s):
        length = 1
        while at + length <= len(s) and s[at : at + length] in s[: at + length - 1]:
            length += 1
        at, count = at + length, count + 1
    return count


def literal_lz78(s):
    phrases, word = set(), ""
    count = 0
    for symbol in s:
        word += symbol
        if word not in phrases:
            phrases.add(word)
            count, word = count + 1, ""
    return count + bool(word)


def random_text(rng):
    return "".join(rng.choice(list("abcde"[: rng.integers(2, 6)]), rng.integers(2, 81)))


@pytest.mark.parametrize("entry", GOLDEN["strings"], ids=text)
def test_check_strings(entry):
    assert lempel_ziv(text(entry)) == entry["lz76"]
    assert c_lz(text(entry)) == entry["c_lz"]
    if "lz78" in entry:
        assert lz78(text(entry)) == entry["lz78"]


def test_three_thousand_random_strings_against_the_definition():
    rng = np.random.default_rng(0)
    for _ in range(3000):
        s = random_text(rng)
        assert lempel_ziv(s) == literal(s)
        assert lz78(s) == literal_lz78(s)


def test_random_binary_strings_are_where_they_were_published():
    rng = np.random.default_rng(1)
    expected = GOLDEN["random"]
    values = [c_lz(rng.integers(0, 2, expected["n"])) for _ in range(500)]
    assert np.mean(values) == pytest.approx(expected["mean"], abs=4 * np.std(values) / 500**0.5 + 0.05)
    assert expected["low"] - 8 <= min(values) and max(values) <= expected["high"] + 8
    assert normalised_c_lz(rng.integers(0, 2, expected["n"])) > 1


def test_long_random_sequences_come_near_their_entropy():
    draws = (np.random.default_rng(2).random(200_000) < 0.2).astype(int)
    assert normalised_c_lz(draws) == pytest.approx(entropy(draws), rel=0.08)


@quick
@given(SEQUENCES)
def test_bounds_and_reversal(s):
    assert 1 <= lempel_ziv(s) <= len(s) and 1 <= lz78(s) <= len(s)
    assert c_lz(s) == c_lz(s[::-1])
    assert c_lz(s) >= c_lz([0] * len(s)) == log2(len(s))


@quick
@given(SEQUENCES, st.permutations(range(5)))
def test_what_symbols_are_called_does_not_matter(s, names):
    renamed = [names[symbol] for symbol in s]
    for measure in (lempel_ziv, c_lz, lz78, normalised_c_lz):
        assert measure(renamed) == measure(s)


@quick
@given(SEQUENCES, SEQUENCES)
def test_never_less_by_appending_and_never_more_than_the_parts(s, t):
    assert lempel_ziv(s) <= lempel_ziv(s + t) <= lempel_ziv(s) + lempel_ziv(t)
    assert lz78(s) <= lz78(s + t)


def test_one_symbol_and_constants():
    assert lempel_ziv([5]) == lz78([5]) == 1 and c_lz([5]) == 0 == normalised_c_lz([5])
    assert lempel_ziv("a" * 1000) == 2


def test_order_matters_where_frequencies_do_not():
    s = [0] * 50 + [1] * 50
    shuffled = np.random.default_rng(3).permutation(s)
    assert entropy(shuffled) == entropy(s) and c_lz(shuffled) > 3 * c_lz(s)


def test_an_alphabet_that_is_too_small_is_refused():
    with pytest.raises(BadInput, match="alphabet of 2 symbols; found 3 in the sequence; give symbols=3"):
        normalised_c_lz("abc", symbols=2)

"""Addresses: the same one gives the same numbers, another one others."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from assay.core.rng import numpy_rng, rng, seed_of

parts = st.lists(st.one_of(st.integers(-5, 5), st.text(max_size=3)), max_size=3)


@given(st.integers(0, 10), parts, parts)
def test_different_addresses_differ(seed: int, a: list, b: list) -> None:
    assert (seed_of(seed, *a) == seed_of(seed, *b)) == (a == b)


def test_a_number_and_its_text_are_different_parts() -> None:
    assert seed_of(0, 1) != seed_of(0, "1")


def test_draws_do_not_depend_on_other_draws() -> None:
    first = torch.rand(4, generator=rng(3, "draw", 7))
    torch.rand(100)
    assert torch.rand(4, generator=rng(3, "draw", 7)).equal(first)
    assert numpy_rng(3, "a").random() == numpy_rng(3, "a").random()

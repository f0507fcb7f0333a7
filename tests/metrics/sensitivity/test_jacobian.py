import math

import pytest
import torch
from torch.func import jacrev, vmap

from assay.core.errors import BadInput
from assay.metrics import jacobian_norm


@pytest.mark.parametrize("on", ["logits", "probs"])
def test_against_an_independent_jacobian(smooth, x, on):
    def f(one):
        out = smooth(one)
        return out.softmax(-1) if on == "probs" else out

    norms = vmap(jacrev(f))(x).flatten(1).norm(dim=1)
    assert jacobian_norm(smooth, x, on=on) == pytest.approx(norms.square().mean().sqrt().item(), rel=1e-5)
    assert jacobian_norm(smooth, x, on=on, norm="mean") == pytest.approx(norms.mean().item(), rel=1e-5)


def test_hutchinson_error_falls_as_one_over_the_root_of_probes(smooth, x):
    exact = jacobian_norm(smooth, x[:10])

    def error(probes):
        found = [jacobian_norm(smooth, x[:10], probes=probes, seed=seed) for seed in range(80)]
        return math.sqrt(sum((value - exact) ** 2 for value in found) / len(found))

    few, many = error(2), error(32)
    slope = math.log(few / many) / math.log(16)
    # each log error has a standard deviation of about 1 / sqrt(2 * 80)
    assert slope == pytest.approx(0.5, abs=4 * math.sqrt(2 / 160) / math.log(16))


def test_hutchinson_is_unbiased_in_the_square(smooth, x):
    exact = jacobian_norm(smooth, x) ** 2
    found = torch.tensor([jacobian_norm(smooth, x, probes=2, seed=seed) ** 2 for seed in range(60)])
    assert abs(found.mean().item() - exact) < 4 * found.std().item() / math.sqrt(60)


def test_a_one_logit_head(x):
    weight = torch.ones(6, 1)
    assert jacobian_norm(lambda v: v @ weight, x) == pytest.approx(math.sqrt(6))
    at_zero = jacobian_norm(lambda v: v @ weight, 0 * x, on="probs")  # both classes move by a quarter
    assert at_zero == pytest.approx(math.sqrt(2 * 6) / 4)


@pytest.mark.parametrize(
    "call, why",
    [
        (lambda m, x: jacobian_norm(m, x, probes=0), "0 probes"),
        (lambda m, x: jacobian_norm(lambda v: m(v).detach(), x), "give a model that computes with torch"),
        (lambda m, x: jacobian_norm(lambda v: v * torch.inf, x), "outputs of the model as finite"),
    ],
)
def test_bad_input(smooth, x, call, why):
    with pytest.raises(BadInput, match=why) as error:
        call(smooth, x)
    assert "\n" not in str(error.value)

import numpy as np
import pytest
import torch

from assay.core.errors import BadInput
from assay.metrics.arrays import centred
from assay.metrics.matrices.lifted import Lifted, Projected, Window, lifted


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e150])
def test_any_rows_are_those_of_the_centred_whole(size):
    x = size * (np.random.default_rng(0).standard_normal((20, 2, 3)) + 4)
    whole = centred(x.reshape(20, 6), "x")
    for given in (x, torch.from_numpy(x), x.tolist()):
        assert Lifted(given)[3:9] == pytest.approx(whole[3:9])
        assert Lifted(given).shape == (20, 6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.int64])
def test_any_kind_of_numbers(dtype):
    x = (4 * torch.randn(20, 5, generator=torch.Generator().manual_seed(0))).to(dtype)
    assert Lifted(x)[:] == pytest.approx(centred(x.double().numpy(), "x"))
    assert Lifted(x)[:].dtype == np.float64


def test_the_callers_numbers_are_neither_copied_nor_changed():
    x = torch.randn(20, 5)
    before, held = x.clone(), Lifted(x)
    held[:]
    assert np.shares_memory(held._held, x.numpy()) and torch.equal(x, before)


def test_projected_rows():
    x = Lifted(np.random.default_rng(0).standard_normal((20, 5)))
    turn = np.eye(5)[:, 1:3]
    assert Projected(x, turn, 2)[4:7] == pytest.approx(2 * x[4:7][:, 1:3]) and Projected(x, turn, 2).shape == (20, 2)


def test_a_window_is_centred_among_its_own_samples():
    x = Lifted(np.random.default_rng(0).standard_normal((20, 5)))
    part = x[5:12] - x[5:12].mean(0)
    window = Window(x, slice(5, 12))
    assert window[:] == pytest.approx(part) and window[2:4] == pytest.approx(part[2:4]) and window.shape == (7, 5)
    assert window[4:99] == pytest.approx(part[4:])


def test_refusals():
    with pytest.raises(BadInput, match=r"features\[1\]; found the same representation"):
        lifted([np.eye(5), np.ones((5, 2))])

import pytest
import torch
from torch import nn

from assay.metrics import (
    critical_sample_ratio,
    flip_rate,
    jacobian_norm,
    margin_sensitivity,
    sensitivity,
)
from assay.metrics.sensitivity.noise import BLOCK, noise

MEASURES = [sensitivity, margin_sensitivity, jacobian_norm, flip_rate, critical_sample_ratio]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("measure", MEASURES, ids=lambda f: f.__name__)
def test_a_module_is_left_as_it_was_found(measure, training, x):
    net = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3)).train(training)
    net[0].weight.grad = torch.ones_like(net[0].weight)
    net[3].weight.requires_grad_(False)
    buffers = dict(net.named_buffers())
    before = {name: value.clone() for name, value in net.state_dict().items()}
    state, x0 = torch.get_rng_state(), x.clone()
    measure(net, x)
    assert all(part.training is training for part in net.modules())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(value is buffers[name] for name, value in net.named_buffers())
    assert (net[0].weight.grad == 1).all() and net[3].weight.grad is None and not net[3].weight.requires_grad
    assert net[0].bias.grad is None and net[0].bias.requires_grad
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(x, x0) and not x.requires_grad


@pytest.mark.parametrize("measure", MEASURES, ids=lambda f: f.__name__)
def test_put_back_even_when_the_model_fails(measure, x):
    class Failing(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("calls", torch.zeros(()))

        def forward(self, v):
            self.calls = self.calls + 1
            raise RuntimeError("broken")

    net = Failing()
    calls, state = net.calls, torch.get_rng_state()
    with pytest.raises(RuntimeError, match="broken"):
        measure(net, x)
    assert net.calls is calls and calls == 0 and torch.equal(torch.get_rng_state(), state)


def test_measured_alike_inside_no_grad(smooth, x):
    expected = jacobian_norm(smooth, x)
    with torch.no_grad():
        assert jacobian_norm(smooth, x) == expected and not torch.is_grad_enabled()


def test_noise_depends_on_the_address_only():
    every = noise(slice(0, 3 * BLOCK + 5), (2, 3), 0, "noise", 1)
    for start, stop in ((0, 1), (BLOCK - 1, BLOCK + 1), (BLOCK, 2 * BLOCK), (100, 197)):
        assert torch.equal(every[start:stop], noise(slice(start, stop), (2, 3), 0, "noise", 1))
    for other in (noise(slice(0, 9), (2, 3), 1, "noise", 1), noise(slice(0, 9), (2, 3), 0, "noise", 2)):
        assert not torch.equal(every[:9], other)
    assert abs(every.mean()) < 4 / every.numel() ** 0.5 and abs(every.std() - 1) < 4 / (2 * every.numel()) ** 0.5

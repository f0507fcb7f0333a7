import pytest
import torch
from torch import nn


@pytest.fixture
def smooth():
    """A network that is differentiable everywhere."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 24), nn.Tanh(), nn.Linear(24, 4)).eval()


@pytest.fixture
def x():
    return torch.randn(300, 6, generator=torch.Generator().manual_seed(1))

import pytest
import torch

from assay.core.errors import BadInput
from assay.metrics import critical_sample_ratio


def test_linear_models_are_searched_exactly(x):
    """The margin of a linear two-class model can be lowered by radius ||w||_1 and no more."""
    weight = torch.randn(6, 2, generator=torch.Generator().manual_seed(0))
    difference = weight[:, 0] - weight[:, 1]
    for radius in (0.03, 0.3):
        exact = ((x @ difference).abs() < radius * difference.abs().sum()).double().mean().item()
        assert critical_sample_ratio(lambda v: v @ weight, x, radius) == pytest.approx(exact)
        assert 0 < exact < 1


def test_grows_with_the_radius_and_stays_in_bounds(smooth, x):
    ratios = [critical_sample_ratio(smooth, x, radius) for radius in (0.001, 0.1, 0.5)]
    assert ratios == sorted(ratios) and ratios[0] < ratios[-1]
    seen = []

    def watched(v):
        seen.append(v.detach().clone())
        return smooth(v)

    inside = x.clamp(0, 1)
    critical_sample_ratio(watched, inside, 0.2, bounds=(0, 1))
    for v in seen:
        assert v.min() >= 0 and v.max() <= 1 and (v - inside).abs().max() <= 0.2 + 1e-6


def test_one_logit_head_and_batches(x):
    model = lambda v: v[:, :1]  # noqa: E731
    values = {critical_sample_ratio(model, x, 0.1, batch_size=size) for size in (9, 50, 300)}
    assert values == {(x[:, 0].abs() < 0.1).double().mean().item()}


@pytest.mark.parametrize("wrong", [{"radius": 0}, {"step": -1}, {"steps": 0}])
def test_bad_input(smooth, x, wrong):
    with pytest.raises(BadInput, match="it must move"):
        critical_sample_ratio(smooth, x, **wrong)

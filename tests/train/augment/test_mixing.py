"""Mixed examples: shares of pixels are shares of labels."""

from __future__ import annotations

import pytest
import torch

from assay.core.errors import BadInput
from assay.core.rng import rng
from assay.losses import CrossEntropy
from assay.train.augment import CutMix, Mixing, MixUp, mixed, mixed_losses
from assay.train.augment.chance import beta, dirichlet
from assay.train.draws import Draws

KINDS = sorted(Mixing.family)


def labelled(n: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    """Images whose every pixel is their label, so that a mixture shows its shares."""
    y = torch.arange(n)
    return (y / n).view(-1, 1, 1, 1).expand(n, 1, 8, 8).contiguous(), y


@pytest.mark.parametrize("kind", KINDS)
def test_the_share_of_the_image_is_the_share_of_the_label(kind: str) -> None:
    x, y = labelled()
    found = Mixing.of(kind).mix(x, y, rng(0))
    assert found.y.equal(y) and sorted(found.y2.tolist()) == y.tolist()
    wanted = (found.lam * y + (1 - found.lam) * found.y2) / 64
    assert found.x.mean((1, 2, 3)).allclose(wanted, atol=1e-6)
    assert len(found.lam.unique()) > 16 and found.lam.min() >= 0 and found.lam.max() <= 1
    assert found.x.equal(Mixing.of(kind).mix(x, y, rng(0)).x) and not found.x.equal(Mixing.of(kind).mix(x, y, rng(1)).x)


@pytest.mark.parametrize("kind", KINDS)
def test_alpha_0_mixes_nothing(kind: str) -> None:
    x, y = labelled()
    found = Mixing.of({"kind": kind, "alpha": 0}).mix(x, y, rng(0))
    assert found.x.equal(x) and found.lam.eq(1).all()


@pytest.mark.parametrize("mixing", [MixUp(), CutMix()], ids=lambda mixing: mixing.kind)
def test_a_stack_mixes_as_each_run_alone(mixing: Mixing) -> None:
    x, y = labelled(12)
    together = mixed(torch.stack([x, 1 - x, x]), torch.stack([y, y, y]), mixing, Draws((4, 5, 6), 7, (3,)))
    for run, (seed, own) in enumerate(((4, x), (5, 1 - x), (6, x))):
        alone = mixed(own, y, mixing, Draws((seed,), 7, (3,)))
        assert all(one[run].equal(other) for one, other in zip(together, alone, strict=True))


def test_a_cut_is_one_box() -> None:
    x, y = labelled()
    for image, first in zip(CutMix().mix(x, y, rng(0)).x[:, 0], x[:, 0], strict=True):
        changed = (image != first).double()
        assert changed.equal(torch.outer(changed.amax(1), changed.amax(0)))


def test_tables_mix_up_and_do_not_cut() -> None:
    x = torch.rand(5, 3)
    assert MixUp().mix(x, torch.arange(5), rng(0)).x.shape == (5, 3)
    with pytest.raises(BadInput, match=r"asked for cutmix; it mixes images .* use mixup"):
        CutMix().mix(x, torch.arange(5), rng(0))


def test_mixed_cross_entropy_is_cross_entropy_with_the_mixed_target() -> None:
    logits = torch.randn(2, 5, 3, generator=rng(0))
    y, y2 = torch.randint(3, (2, 2, 5), generator=rng(1))
    lam = torch.rand(2, 5, generator=rng(2))
    target = lam[..., None] * torch.eye(3)[y] + (1 - lam[..., None]) * torch.eye(3)[y2]
    wanted = -(target * logits.log_softmax(-1)).sum(-1)
    assert mixed_losses(CrossEntropy(), logits, y, y2, lam).allclose(wanted, atol=1e-6)


@pytest.mark.parametrize(("a", "b"), [(0.2, 0.2), (1, 2), (3, 0.5)])
def test_beta_has_its_mean_and_its_median(a: float, b: float) -> None:
    from scipy.stats import beta as known

    drawn = beta(a, b, 4000, rng(0))
    for share in (0.1, 0.5, 0.9):
        below = (drawn < known.ppf(share, a, b)).double().mean()
        assert abs(below - share) < 5 * (share * (1 - share) / 4000) ** 0.5


def test_dirichlet_parts_are_alike() -> None:
    from scipy.stats import beta as known

    drawn = dirichlet(0.7, 3, 4000, rng(0))
    for part in drawn.T:  # each part of a symmetric Dirichlet is Beta(alpha, 2 alpha)
        assert abs((part < known.median(0.7, 1.4)).double().mean() - 0.5) < 5 * (0.25 / 4000) ** 0.5

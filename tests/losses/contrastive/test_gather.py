"""A batch spread over two processes against the same batch in one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from assay.losses import SupCL, gather
from tests.losses.contrastive.literal import draw

Z, Y = draw(0, 5, 2, 4), torch.tensor([0, 1, 0, 1, 1])
PARTS = (slice(0, 2), slice(2, 5))  # of unequal size


def worker(rank: int, folder: str) -> None:
    import torch.distributed as dist

    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    z = Z[PARTS[rank]].clone().requires_grad_()
    every, labels = gather(z, Y[PARTS[rank]])
    loss = SupCL()(every, labels)
    loss.backward()
    rows, names = Z[PARTS[rank]].flatten(0, 1), Y[PARTS[rank]].repeat_interleave(2)
    own = torch.arange(len(Y[PARTS[rank]])).repeat_interleave(2)  # both processes count from 0
    by_row = SupCL()(*(found := gather(rows, names, own))[:2], instances=found[2])
    torch.save((loss.detach(), labels, z.grad, by_row, found[2]), f"{folder}/{rank}.pt")
    dist.destroy_process_group()


def test_without_a_group_nothing_happens() -> None:
    z, y = gather(Z, Y)
    assert z is Z and y is Y
    rows, names, own = Z.flatten(0, 1), Y.repeat_interleave(2), torch.arange(10) // 2
    assert gather(rows, names, own) == (rows, names, own)


@pytest.mark.slow
def test_two_processes_are_one(tmp_path: Path) -> None:
    torch.multiprocessing.spawn(worker, args=(str(tmp_path),), nprocs=2)
    whole = Z.clone().requires_grad_()
    loss = SupCL()(whole, Y)
    loss.backward()
    assert whole.grad is not None
    for rank in range(2):
        value, labels, slope, by_row, instances = torch.load(tmp_path / f"{rank}.pt")
        assert len(instances.unique()) == len(Y) and by_row.item() == pytest.approx(loss.item(), abs=1e-12)
        assert value.item() == pytest.approx(loss.item(), abs=1e-12) and labels.equal(Y)
        assert slope.allclose(2 * whole.grad[PARTS[rank]], atol=1e-12)  # both ask; averaging parameters undoes the 2

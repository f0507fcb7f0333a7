"""How much faster is assay's SupCon, forward and backward, than the usual masked one, and how much memory does it take?

Peers: SupContrast's formula (rows x rows masks, row maximum, written anew below from its definition) and
pytorch-metric-learning's SupConLoss. The same float32 embeddings of 128 numbers, 10 classes, two views, for all; losses
and gradients are compared before anything is timed. Interleaved in this process; a ratio is the peer's time over
assay's, its interval a bootstrap over repeats of the median of pairwise ratios.

    python benchmarks/contrastive.py [--rows 256 1024 4096] [--repeats 9] [--threads 1] [--supcl] [--memory]

``--supcl`` times SupCL (alpha 0.5) in place of SupCon on assay's side. ``--memory`` measures peak extra memory of each
side in processes of its own (Linux), in rows x rows matrices of float32; "whole" is assay with a single block.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from assay.losses import ContrastiveLoss, SupCL, SupCon

TAU, DIM, CLASSES = 0.1, 128, 10
Side = Callable[[Tensor, Tensor], Tensor]


def masked(z: Tensor, labels: Tensor) -> Tensor:
    """The formula as usually written: a mask of positives and one of everything but the self pair."""
    u = F.normalize(z.flatten(0, 1), dim=-1)
    labels = labels.repeat_interleave(z.shape[1])
    logits = u @ u.T / TAU
    logits = logits - logits.max(1, keepdim=True).values.detach()
    but_self = 1 - torch.eye(len(u))
    positives = (labels[:, None] == labels[None, :]).float() * but_self
    log_p = logits - (logits.exp() * but_self).sum(1, keepdim=True).log()
    return -((positives * log_p).sum(1) / positives.sum(1)).mean()


def metric_learning() -> Side:
    from pytorch_metric_learning.losses import SupConLoss

    loss = SupConLoss(temperature=TAU)
    return lambda z, labels: loss(z.flatten(0, 1), labels.repeat_interleave(z.shape[1]))


def ours(loss: ContrastiveLoss, whole: bool = False) -> Side:
    return lambda z, labels: loss(z, labels, block=z.shape[0] * z.shape[1] if whole else None)


def batch(rows: int) -> tuple[Tensor, Tensor]:
    z = torch.randn(rows // 2, 2, DIM, generator=torch.Generator().manual_seed(0))
    return z, torch.arange(rows // 2) % CLASSES


def step(side: Side, z: Tensor, labels: Tensor) -> tuple[float, Tensor]:
    """One forward and backward: loss and gradient."""
    z = z.detach().requires_grad_()
    loss = side(z, labels)
    loss.backward()
    assert z.grad is not None
    return loss.item(), z.grad


def seconds(side: Side, z: Tensor, labels: Tensor, calls: int) -> float:
    began = time.perf_counter()
    for _ in range(calls):
        step(side, z, labels)
    return (time.perf_counter() - began) / calls


def compare(sides: dict[str, Side], rows: int, repeats: int) -> None:
    z, labels = batch(rows)
    calls = max(1, 1024 // rows) ** 2
    took: dict[str, list[float]] = {name: [] for name in sides}
    for repeat in range(repeats + 1):
        for name in list(sides) if repeat % 2 else list(sides)[::-1]:
            took[name].append(seconds(sides[name], z, labels, calls if repeat else 1))
    took = {name: values[1:] for name, values in took.items()}  # the first is for warming up
    print(f"{rows} rows: assay {1e3 * statistics.median(took['assay']):.2f} ms")
    for name in list(sides)[1:]:
        ratios = [a / b for a, b in zip(took[name], took["assay"], strict=True)]
        medians = np.median(np.random.default_rng(0).choice(ratios, (4000, len(ratios))), axis=1)
        low, high = np.quantile(medians, [0.025, 0.975])
        print(f"  {statistics.median(ratios):.2f} times as fast as {name} ({low:.2f} to {high:.2f}), n = {len(ratios)}")


def agree(sides: dict[str, Side], rows: int = 512) -> None:
    """All sides compute the same thing."""
    z, labels = batch(rows)
    loss, slope = step(sides["assay"], z, labels)
    for name, side in sides.items():
        other, theirs = step(side, z, labels)
        difference = ((theirs - slope).norm() / slope.norm()).item()
        print(f"{name}: loss differs by {abs(other - loss):.1e}, gradient by {difference:.1e} of its length")
        assert difference < 1e-4


def memory(field: str) -> int:
    """A line of this process's memory in kB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def peak(side: Side, rows: int) -> None:
    """Print by how many kB one step raises the resident set at its peak; a small step has loaded what is needed."""
    step(side, *batch(64))
    z, labels = batch(rows)
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = memory("VmRSS")
    step(side, z, labels)
    print(memory("VmHWM") - before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[256, 512, 1024, 2048, 4096, 8192])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--supcl", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--side")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    loss = SupCL(temperature=TAU) if args.supcl else SupCon(temperature=TAU)
    sides: dict[str, Side] = {"assay": ours(loss), "the masked formula": masked}
    if args.side != "assay":
        sides["pytorch-metric-learning"] = metric_learning()
    if args.side:
        peak({**sides, "whole": ours(loss, whole=True)}[args.side], args.rows[0])
        return
    if not args.supcl:
        agree(sides)
    for rows in args.rows:
        if args.memory:
            for name in (*sides, "whole"):
                call = [sys.executable, __file__, "--side", name, "--rows", str(rows), *["--supcl"] * args.supcl]
                grown = [int(subprocess.run(call, capture_output=True, text=True, check=True).stdout) for _ in range(3)]
                print(f"{rows} rows, peak extra memory of {name}: {statistics.median(grown) * 256 / rows**2:.2f} rows²")
        else:
            compare(sides, rows, args.repeats)


if __name__ == "__main__":
    main()

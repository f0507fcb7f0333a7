"""How much faster is AutoAttack than pyautoattack, at the same verdicts?

The standard suite, Linf, on scikit-learn's digits as 28 x 28 images and a small CNN, with random numbers in the
reference's order so that verdicts can be compared example by example. Two cases: a natural network at a radius at
which everything breaks, and a robust one at a radius at which most examples survive. Both sides run in this process,
interleaved; their work is counted in examples passed forward and backward through the network. The ratio comes with
the t interval of its logarithm over repeats.

    python benchmarks/attacks.py [--n 300] [--repeats 5] [--threads 1] [--batch 250]
"""

from __future__ import annotations

import argparse
import logging
import math
import statistics
import time

import pyautoattack
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F

from assay.attacks import PGD, Result, autoattack

CASES = {"breaks": (0.0, 0.3), "survives": (0.15, 0.05)}  # radius it was trained at, radius of the evaluation


class Counted(nn.Module):
    """A network that counts the examples it is asked about, and those it passes gradients back for."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net, self.forwards, self.backwards = net, 0, 0

    def forward(self, x: Tensor) -> Tensor:
        self.forwards += len(x)
        out = self.net(x)
        if out.requires_grad:
            out.register_hook(self._back)
        return out

    def _back(self, gradient: Tensor) -> None:
        self.backwards += len(gradient)


def digits() -> tuple[Tensor, Tensor]:
    raw = load_digits()
    x = torch.tensor(raw.images / 16, dtype=torch.float32).unsqueeze(1)
    return F.interpolate(x, size=28, mode="bilinear").clamp(0, 1), torch.tensor(raw.target)


def train(x: Tensor, y: Tensor, eps: float, epochs: int) -> nn.Module:
    torch.manual_seed(0)
    net = nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 49, 10)),
    )
    optimiser = torch.optim.Adam(net.parameters(), 2e-3)
    for epoch in range(epochs):
        for rows in torch.randperm(len(x)).split(64):
            seen = PGD(eps=eps, steps=5).attack(net, x[rows], y[rows], epoch) if eps else x[rows]
            optimiser.zero_grad()
            F.cross_entropy(net(seen), y[rows]).backward()
            optimiser.step()
    return net.eval()


def peer(net: nn.Module, x: Tensor, y: Tensor, eps: float, batch: int) -> tuple[float, Tensor]:
    attack = pyautoattack.AutoAttack(net, norm="Linf", eps=eps, seed=0, version="standard")
    began = time.process_time()
    _, answers = attack.run_standard_evaluation(x, y, batch_size=batch)
    return time.process_time() - began, answers == y


def ours(net: nn.Module, x: Tensor, y: Tensor, eps: float, batch: int) -> tuple[float, Result]:
    began = time.process_time()
    result = autoattack(net, x, y, "Linf", eps, draws="reference", batch_size=batch)
    return time.process_time() - began, result


def interval(ratios: list[float]) -> str:
    """The geometric mean of ratios and its 95 % t interval."""
    logs = [math.log(ratio) for ratio in ratios]
    centre = statistics.mean(logs)
    if len(logs) < 2:
        return f"{math.exp(centre):.2f} (one repeat, no interval)"
    from scipy import stats

    half = stats.t.ppf(0.975, len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs))
    return f"{math.exp(centre):.2f} ({math.exp(centre - half):.2f} to {math.exp(centre + half):.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=250)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--case", choices=sorted(CASES))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    logging.getLogger("auto-attack").setLevel(logging.CRITICAL)
    x, y = digits()
    held, answers = x[1000 : 1000 + args.n], y[1000 : 1000 + args.n]
    for case, (trained_at, eps) in CASES.items():
        if args.case not in (None, case):
            continue
        net = train(x[:1000], y[:1000], trained_at, args.epochs)
        counted = Counted(net)
        print(f"{case}: trained at {trained_at}, attacked at {eps}, n = {args.n}, batch {args.batch}", flush=True)
        ratios = []
        for repeat in range(args.repeats):
            counted.forwards = counted.backwards = 0
            theirs, robust = peer(counted, held, answers, eps, args.batch)
            work = counted.forwards, counted.backwards
            mine, result = ours(counted, held, answers, eps, args.batch)
            if repeat == 0:
                alive = robust.float().mean().item()
                print(f"  clean {result.clean_accuracy:.3f}, robust {result.robust_accuracy:.3f} (peer {alive:.3f})")
                print(f"  verdicts that differ: {int((result.robust != robust).sum())} of {args.n}")
                print(f"  forward, backward: peer {work[0]}, {work[1]}; ours {result.forwards}, {result.backwards}")
            ratios.append(theirs / mine)
            said = f"peer {theirs:.1f} s, ours {mine:.1f} s of processor time, ratio {ratios[-1]:.2f}"
            print(f"  {said}", flush=True)
        print(f"  ours is {interval(ratios)} times as fast; {args.threads} threads, torch {torch.__version__}")


if __name__ == "__main__":
    main()

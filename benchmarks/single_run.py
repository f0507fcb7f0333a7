"""Does one run in assay's loop cost more than the same run hand-written in PyTorch?

The CNN on 28x28 grey images, Adam, batch 64, the same batches and initial weights on both sides. The peer is a careful
hand-written loop: data in memory, indices by randperm, torch.optim.Adam(fused=True), channels_last like ours, one
validation pass an epoch like ours. Interleaved in this process; the ratio is assay's time over the peer's, its interval
a bootstrap over repeats of the median of pairwise ratios.

    python benchmarks/single_run.py [--repeats 9] [--images 3200] [--threads 2] [--memory]

``--memory`` runs each side once in a fresh process and compares peak memory.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time

import numpy as np
import torch
from torch.nn import functional as F

from assay.data import Dataset, Split
from assay.models import build
from assay.train import Recipe, train
from assay.train.draws import order


def images(n: int) -> Dataset:
    draw = np.random.default_rng(0)

    def split(size: int) -> Split:
        return Split(draw.random((size, 28, 28, 1)).astype(np.float32), draw.integers(0, 10, size))

    return Dataset("noise", {"train": split(n), "val": split(n // 8), "test": split(64)}, tuple("0123456789"), "image")


RECIPE = Recipe(data="x", model="cnn:16-32", epochs=1)


def ours(data: Dataset) -> None:
    train([RECIPE], data)


def hand_written(data: Dataset) -> None:
    net = build("cnn:16-32", data.shape, 10, seed=0, activation="relu").to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
    x, y, n = data.train.x, data.train.y, len(data.train)
    total = 0.0
    for chunk in order(0, 0, n, 64, -(-n // 64)).split(64):
        optimiser.zero_grad(set_to_none=True)
        loss = F.cross_entropy(net(x[chunk].contiguous(memory_format=torch.channels_last)), y[chunk])
        loss.backward()
        optimiser.step()
        total += loss.item()
    net.eval()
    with torch.no_grad():
        for start in range(0, len(data.val), 1024):
            part = data.val.x[start : start + 1024].contiguous(memory_format=torch.channels_last)
            F.cross_entropy(net(part), data.val.y[start : start + 1024]).item()


SIDES = {"ours": ours, "peer": hand_written}


def work(side: str, data: Dataset) -> tuple[int, int]:
    """Convolution calls forward, and backward calls, of one run."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU]) as seen:
        SIDES[side](data)
    count = {event.key: event.count for event in seen.key_averages()}
    return count.get("aten::convolution", 0), count.get("aten::convolution_backward", 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--images", type=int, default=3200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--side", choices=list(SIDES))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    data = images(args.images)
    if args.side:
        SIDES[args.side](data)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        return
    for side in SIDES:
        SIDES[side](data)
    ratios = []
    for repeat in range(args.repeats):
        seconds = {}
        for side in list(SIDES) if repeat % 2 else list(SIDES)[::-1]:
            began = time.perf_counter()
            SIDES[side](data)
            seconds[side] = time.perf_counter() - began
        ratios.append(seconds["ours"] / seconds["peer"])
        print(f"  ours {seconds['ours']:.2f} s, hand-written {seconds['peer']:.2f} s, ratio {ratios[-1]:.3f}")
    draw = np.random.default_rng(0)
    medians = np.median(draw.choice(ratios, (4000, len(ratios))), axis=1)
    low, high = np.quantile(medians, [0.025, 0.975])
    print(f"ratio {statistics.median(ratios):.3f} ({low:.3f} to {high:.3f}), n = {len(ratios)}, {args.threads} threads")
    for side in SIDES:
        forward, backward = work(side, data)
        print(f"work of {side}: {forward} convolutions forward, {backward} backward")
    if args.memory:
        for side in SIDES:
            call = [sys.executable, __file__, "--side", side, "--images", str(args.images)]
            peaks = [int(subprocess.run(call, capture_output=True, text=True, check=True).stdout) for _ in range(3)]
            print(f"peak memory of {side}: {statistics.median(peaks) / 1e6:.3f} GB (median of 3 processes)")


if __name__ == "__main__":
    main()

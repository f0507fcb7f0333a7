"""How much faster are many small runs as stacks than as the loop a user would write?

7 settings x 16 seeds of a 784-128-10 network on images of MNIST's size, Adam, batch 64. The peer is the usual loop:
TensorDataset, DataLoader with shuffling, torch.optim.Adam with its defaults, one run after the other. Both sides run
in this process, interleaved, and so does a third: the same stacks in two worker processes.

The losses of a run must agree: per seed, assay's stacked run is compared with the same recipe trained by a plain loop
over the same batches (1e-4).

    python benchmarks/stacked.py [--repeats 3] [--images 6400] [--threads 2]
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from assay.data import Dataset, Split
from assay.models import build
from assay.train import Recipe, train
from assay.train.draws import order

SETTINGS = (
    {"activation": "relu"},
    {"activation": "tanh"},
    {"activation": "sigmoid"},
    {"activation": "leaky_relu"},
    {"activation": "gelu"},
    {"activation": "relu", "optimiser": {"lr": 0.01}},
    {"activation": "relu", "optimiser": {"lr": 0.1}},
)
SEEDS = 16
MODULES = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "leaky_relu": nn.LeakyReLU, "gelu": nn.GELU}


def images(n: int) -> Dataset:
    """Random pictures with labels that can be learned: ten prototypes and noise."""
    draw = np.random.default_rng(0)
    prototypes = draw.random((10, 28, 28, 1))

    def split(size: int) -> Split:
        labels = draw.integers(0, 10, size)
        x = (0.5 * prototypes[labels] + 0.5 * draw.random((size, 28, 28, 1))).astype(np.float32)
        return Split(x, labels)

    return Dataset("prototypes", {"train": split(n), "val": split(64), "test": split(64)}, tuple("0123456789"), "image")


def recipe(setting: dict, seed: int) -> Recipe:
    base = {"data": "x", "model": "mlp:128", "epochs": 1, "evaluate_every": 0}
    return Recipe.parse({**base, **setting, "seed": seed})


def users_loop(data: Dataset, setting: dict, seed: int) -> None:
    """What a user would write."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), MODULES[setting["activation"]](), nn.Linear(128, 10))
    optimiser = torch.optim.Adam(net.parameters(), lr=setting.get("optimiser", {}).get("lr", 1e-3))
    loader = DataLoader(TensorDataset(data.train.x, data.train.y), batch_size=64, shuffle=True)
    loss = nn.CrossEntropyLoss()
    for x, y in loader:
        optimiser.zero_grad()
        loss(net(x), y).backward()
        optimiser.step()


def plain_loss(data: Dataset, chosen: Recipe) -> float:
    """The mean training loss of a recipe, trained by a plain loop over the same batches."""
    net = build("mlp:128", data.shape, 10, seed=chosen.seed, activation=chosen.activation)
    optimiser = torch.optim.Adam(net.parameters(), lr=chosen.optimiser.lr)
    n, losses = len(data.train), []
    for chunk in order(chosen.seed, 0, n, 64, -(-n // 64)).split(64):
        optimiser.zero_grad()
        loss = F.cross_entropy(net(data.train.x[chunk]), data.train.y[chunk])
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return float(np.mean(losses))


def stacks(data: Dataset) -> list[float]:
    """All 112 runs as 7 stacks; their training losses."""
    found = []
    for setting in SETTINGS:
        for result in train([recipe(setting, seed) for seed in range(SEEDS)], data):
            found.append(result.history[-1].get("train_loss", float("nan")))
    return found


def one_stack(job: tuple[int, int]) -> float:
    """One stack in a worker process with one thread; the seconds it took."""
    torch.set_num_threads(1)
    number, n = job
    data = images(n)
    began = time.perf_counter()
    train([recipe(SETTINGS[number], seed) for seed in range(SEEDS)], data)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--images", type=int, default=6400)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    data = images(args.images)
    runs = len(SETTINGS) * SEEDS
    steps = -(-args.images // 64) * runs
    users_loop(data, SETTINGS[0], 0)
    losses = stacks(data)  # also warms up
    differences = []
    for number in range(0, runs, 8):
        chosen = recipe(SETTINGS[number // SEEDS], number % SEEDS)
        if chosen.optimiser.lr < 0.05:  # a run that barely stays finite amplifies rounding
            differences.append(abs(plain_loss(data, chosen) - losses[number]))
    worst = max(differences)
    print(f"largest difference of a run's mean loss, stacked against plain: {worst:.1e} (n = {len(differences)})")
    user, ours = [], []
    for _ in range(args.repeats):
        began = time.perf_counter()
        for setting in SETTINGS:
            for seed in range(SEEDS):
                users_loop(data, setting, seed)
        user.append(time.perf_counter() - began)
        began = time.perf_counter()
        stacks(data)
        ours.append(time.perf_counter() - began)
        print(f"  user's loop {user[-1]:.1f} s, stacks {ours[-1]:.1f} s, ratio {user[-1] / ours[-1]:.2f}")
    ratios = [a / b for a, b in zip(user, ours, strict=True)]
    print(f"{runs} runs, {steps} steps each side, {args.threads} threads, torch {torch.__version__}")
    print(f"per run and step: user's loop {1e6 * min(user) / steps:.0f} us, stacks {1e6 * min(ours) / steps:.0f} us")
    print(f"stacks are {statistics.median(ratios):.2f} times as fast ({min(ratios):.2f} to {max(ratios):.2f})")
    from joblib.externals.loky import get_reusable_executor

    pool = get_reusable_executor(max_workers=2, env={"OMP_NUM_THREADS": "1"})
    jobs = [(number, args.images) for number in range(len(SETTINGS))]
    list(pool.map(one_stack, jobs[:2]))  # starts the workers
    began = time.perf_counter()
    list(pool.map(one_stack, jobs))
    both = time.perf_counter() - began
    print(f"the same stacks in two warm processes of one thread: {statistics.median(user) / both:.2f} times as fast")
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()

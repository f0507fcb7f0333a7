"""How much faster is CKA of all pairs of 60 layers than one pair after another, and how much memory does it take?

10 models x 6 layers, 2000 samples x 128 features in float32, batches of 250: the unbiased HSIC of minibatches on both
sides. The peer is torch-cka, whose models here hand out features that exist already, so that neither side pays for
forward passes; "the usual loop" is the same computation written anew below, without hooks and loaders: for every batch
and pair of layers two n x n Gram matrices and two HSIC by products of them. Interleaved in this process, processor
time; a ratio is the peer's time over assay's, its interval a bootstrap over repeats of the median.

    pip install torch-cka        # the usual loop alone is compared where it is missing
    python benchmarks/cka.py [--repeats 3] [--threads 1] [--samples 2000] [--width 128] [--layers 60] [--memory]
                             [--ratio 50] [--megabytes 200]

``--memory`` prints instead by how much each of assay's passes raises the resident set at its peak beyond the features,
in processes of its own (Linux).

It says what is missed and exits with 1 where assay is not ``--ratio`` times as fast as a peer (the median), where a
value differs by more than 1e-4, or, with ``--memory``, where a pass takes more than ``--megabytes``.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from assay.lab.threads import limited
from assay.metrics import all_pairs, minibatch_cka

BATCH = 250
DIFFERENCE = 1e-4
Side = Callable[[list[Tensor]], np.ndarray]


def layers(count: int, samples: int, width: int) -> list[Tensor]:
    """Features with something in common: each layer a linear map of shared signals, with noise."""
    draw = torch.Generator().manual_seed(0)
    shared = torch.randn(samples, width, generator=draw)
    return [
        shared @ torch.randn(width, width, generator=draw) / width**0.5
        + (1 + i % 6) / 3 * torch.randn(samples, width, generator=draw)
        for i in range(count)
    ]


def assay(features: list[Tensor]) -> np.ndarray:
    return minibatch_cka(features, BATCH)


def hsic(k: Tensor, l: Tensor) -> float:
    """Unbiased HSIC of Gram matrices with zero diagonals, as usually written."""
    n, ones = len(k), torch.ones(len(k), 1)
    shared = torch.trace(k @ l)
    sums = (ones.T @ k @ ones @ ones.T @ l @ ones) / ((n - 1) * (n - 2))
    rows = 2 / (n - 2) * (ones.T @ k @ l @ ones)
    return float((shared + sums.squeeze() - rows.squeeze()) / (n * (n - 3)))


def usual_loop(features: list[Tensor]) -> np.ndarray:
    m, batches = len(features), len(features[0]) // BATCH
    found = torch.zeros(m, m, 3)
    for batch in range(batches):
        rows = slice(batch * BATCH, (batch + 1) * BATCH)
        for i, x in enumerate(features):
            k = (x[rows] @ x[rows].T).fill_diagonal_(0)
            found[i, :, 0] += hsic(k, k) / batches
            for j, y in enumerate(features):
                l = (y[rows] @ y[rows].T).fill_diagonal_(0)
                found[i, j, 1] += hsic(k, l) / batches
                found[i, j, 2] += hsic(l, l) / batches
    return (found[..., 1] / (found[..., 0] * found[..., 2]).sqrt()).numpy()


class Bank(nn.Module):
    """A model whose layers hand out features that exist already; its input names the samples."""

    class Layer(nn.Module):
        def __init__(self, features: Tensor) -> None:
            super().__init__()
            self.features = features

        def forward(self, index: Tensor) -> Tensor:
            return self.features[index]

    def __init__(self, features: list[Tensor]) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Bank.Layer(x) for x in features])

    def forward(self, index: Tensor) -> None:
        for layer in self.layers:
            layer(index)


def torch_cka(features: list[Tensor]) -> np.ndarray:
    from torch.utils.data import DataLoader, TensorDataset
    from torch_cka import CKA

    names = [f"layers.{i}" for i in range(len(features))]
    loader = DataLoader(TensorDataset(torch.arange(len(features[0]))), batch_size=BATCH)
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        peer = CKA(Bank(features), Bank(features), "a", "b", model1_layers=names, model2_layers=names)
        peer.compare(loader, loader)
    return peer.export()["CKA"].numpy()


def compare(sides: dict[str, Side], features: list[Tensor], repeats: int, least: float) -> list[str]:
    """Print the table; return what is missed: a peer that assay is not ``least`` times as fast as, other values."""
    took: dict[str, list[float]] = {name: [] for name in sides}
    found: dict[str, np.ndarray] = {}
    assay(features)  # once to warm up
    for repeat in range(repeats):
        for name in list(sides)[:: 1 if repeat % 2 else -1]:
            began = time.process_time()
            found[name] = sides[name](features)
            took[name].append(time.process_time() - began)
    missed = []
    print(f"assay {1e3 * statistics.median(took['assay']):.0f} ms for {len(features)} x {len(features)} layers")
    for name in list(sides)[1:]:
        difference = np.abs(found[name] - found["assay"]).max()
        ratios = np.array(took[name]) / np.array(took["assay"])
        medians = np.median(np.random.default_rng(0).choice(ratios, (4000, repeats)), axis=1)
        low, high = np.quantile(medians, [0.025, 0.975])
        print(
            f"  {np.median(ratios):.0f} times as fast as {name} ({low:.0f} to {high:.0f}), n = {repeats}; "
            f"{statistics.median(took[name]):.1f} s; largest difference {difference:.1e}"
        )
        if not np.median(ratios) >= least:
            missed.append(f"{np.median(ratios):.1f} times as fast as {name}, not {least:g}")
        if not difference <= DIFFERENCE:
            missed.append(f"{difference:.1e} from {name}, more than {DIFFERENCE:.0e}")
    return missed


PASSES: dict[str, Side] = {
    "minibatch CKA": assay,
    "debiased CKA of all samples": lambda features: all_pairs(features, "debiased_cka").values,
    "CKA distance, 99 % of the variance": lambda features: all_pairs(features, "cka_distance", keep=0.99).values,
    "angular shape, 90 % of the variance": lambda features: all_pairs(features, "angular_shape", keep=0.9).values,
}


def memory(field: str) -> int:
    """A line of this process's memory in kB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def peak(side: Side, features: list[Tensor], most: float) -> list[str]:
    """Print by how many MB one call raises the resident set at its peak; a small call has loaded what is needed.

    Returns what is missed: more than ``most`` MB.
    """
    side([x[:BATCH, :4] for x in features[:2]])
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = memory("VmRSS")
    began = time.process_time()
    side(features)
    seconds, held = time.process_time() - began, (memory("VmHWM") - before) / 1e3
    print(f"{held:.0f} MB beyond the features, {seconds:.2f} s")
    return [f"{held:.0f} MB, more than {most:g}"] if held > most else []


def ended(missed: list[str]) -> int:
    """Say what is missed, if anything; the exit status."""
    for what in missed:
        print(f"missed: {what}")
    return int(bool(missed))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=60)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--ratio", type=float, default=50, help="times as fast as each peer, at least")
    parser.add_argument("--megabytes", type=float, default=200, help="peak memory of a pass, at most")
    parser.add_argument("--side", choices=PASSES, help=argparse.SUPPRESS)  # one pass of --memory
    args = parser.parse_args()
    if args.samples % BATCH:
        parser.error(f"the peer counts a short last batch as a whole one: give samples in multiples of {BATCH}")
    if args.memory:
        rest, status = [word for word in sys.argv[1:] if word != "--memory"], 0
        for name in PASSES:
            print(f"{name}: ", end="", flush=True)
            status |= subprocess.run([sys.executable, __file__, *rest, "--side", name]).returncode
        return int(status != 0)
    features = layers(args.layers, args.samples, args.width)
    with limited(args.threads):
        if args.side:
            return ended(peak(PASSES[args.side], features, args.megabytes))
        sides: dict[str, Side] = {"assay": assay, "the usual loop": usual_loop}
        if find_spec("torch_cka"):
            sides["torch-cka"] = torch_cka
        return ended(compare(sides, features, args.repeats, args.ratio))


if __name__ == "__main__":
    sys.exit(main())

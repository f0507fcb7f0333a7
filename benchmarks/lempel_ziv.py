"""How much faster is the exact LZ76 phrase count than antropy's, how does it grow, and what memory does it take?

antropy.lziv_complexity counts the same phrases with Numba. Random sequences of 2 and 10 symbols as a user holds them,
int64 arrays; each side converts them itself. Interleaved in this process; medians, and the interval of the ratio's
median over repeats (bootstrap). Both sides are warm: compilation is not timed. The counts must be equal.

    pip install antropy
    python benchmarks/lempel_ziv.py [--repeats 5] [--growth 3]

Growth is the slope of log time against log length from 1e4 to 1e6. Memory is the rise of the peak resident size of a
fresh process in which the function was used before (Linux; ru_maxrss would still hold the peak of the imports).
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

from assay.metrics import lempel_ziv

LENGTHS = (1_000, 10_000, 100_000)
SYMBOLS = (2, 10)


def sequence(n: int, symbols: int) -> np.ndarray:
    return np.random.default_rng(n + symbols).integers(0, symbols, n)


def seconds(work: Callable[[np.ndarray], int], data: np.ndarray) -> tuple[float, int]:
    began = time.perf_counter()
    found = work(data)
    return time.perf_counter() - began, int(found)


def against_antropy(repeats: int) -> None:
    from antropy import lziv_complexity

    for symbols in SYMBOLS:
        for n in LENGTHS:
            data = sequence(n, symbols)
            lempel_ziv(data), lziv_complexity(data[:100])
            times: list[tuple[float, float]] = []
            for repeat in range(repeats):
                sides = [lempel_ziv, lziv_complexity][:: 1 if repeat % 2 else -1]
                taken = {side.__name__: seconds(side, data) for side in sides}
                assert taken["lempel_ziv"][1] == taken["lziv_complexity"][1], "the counts differ"
                times.append((taken["lempel_ziv"][0], taken["lziv_complexity"][0]))
            ours, peer = (1e3 * statistics.median(side) for side in zip(*times, strict=True))
            ratios = np.array([b / a for a, b in times])
            draws = np.median(np.random.default_rng(0).choice(ratios, (4000, repeats)), axis=1)
            low, high = np.quantile(draws, [0.025, 0.975])
            print(
                f"{symbols:>2} symbols, n = {n:>7,}: ours {ours:.3f} ms, antropy {peer:.2f} ms, "
                f"ratio {np.median(ratios):.0f} ({low:.0f} to {high:.0f})"
            )


def growth(repeats: int) -> None:
    lengths = (10_000, 100_000, 1_000_000)
    for symbols in SYMBOLS:
        data = [sequence(n, symbols) for n in lengths]
        taken: list[list[float]] = [[] for _ in lengths]
        for _ in range(repeats):
            for times, each in zip(taken, data, strict=True):
                times.append(seconds(lempel_ziv, each)[0])
        medians = [statistics.median(times) for times in taken]
        slope = np.log(medians[-1] / medians[0]) / np.log(lengths[-1] / lengths[0])
        print(f"{symbols:>2} symbols: {', '.join(f'{1e3 * m:.2f} ms' for m in medians)}; growth exponent {slope:.2f}")


def resident(field: str) -> float:
    """Megabytes of this process now (VmRSS) or at its peak (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1e3


def rise(symbols: int) -> float:
    """Megabytes that counting 1e6 symbols adds to the peak of this process."""
    data = sequence(1_000_000, symbols)
    lempel_ziv(data[:1000])
    Path("/proc/self/clear_refs").write_text("5")  # imports have a higher peak than the count itself; forget it
    before = resident("VmRSS")
    lempel_ziv(data)
    return resident("VmHWM") - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--growth", type=int, default=3)
    parser.add_argument("--rise", type=int, choices=SYMBOLS)
    args = parser.parse_args()
    if args.rise:
        print(rise(args.rise))
        return
    against_antropy(args.repeats)
    growth(args.growth)
    for symbols in SYMBOLS:
        call = [sys.executable, __file__, "--rise", str(symbols)]
        found = [float(subprocess.run(call, capture_output=True, text=True, check=True).stdout) for _ in range(3)]
        print(f"{symbols:>2} symbols, n = 1,000,000: peak memory + {statistics.median(found):.0f} MB (of 3 processes)")


if __name__ == "__main__":
    main()

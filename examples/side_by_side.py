"""Two settings, seed by seed: a table with references beneath, and one conclusion drawn by rule."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Literal

import torch
from rich import box
from rich.console import Console
from rich.table import Table

from assay.maths.statistics import Estimate, judge, paired_effect

MARGIN = (0.91, 1.1)  # ratios within it do not matter
ALPHA = 0.05

Figures = Mapping[str, float]  # what was measured on one model, by name
Pairs = Sequence[tuple[Figures, Figures]]  # one pair a seed: first setting, second setting


@dataclass(frozen=True)
class Claim:
    """What was expected before the run: a figure is larger ("above") or smaller ("below") in the first setting."""

    text: str
    figure: str
    side: Literal["above", "below"]


def arguments(about: str, steps: int) -> Namespace:
    """``--seeds`` and ``--steps`` from the command line; one thread, which is faster for networks this small."""
    parser = ArgumentParser(description=about)
    parser.add_argument("--seeds", type=int, default=8, help="models of each setting, two or more")
    parser.add_argument("--steps", type=int, default=steps, help="training steps of each model")
    given = parser.parse_args()
    if given.seeds < 2 or given.steps < 1:
        parser.error("found too few to compare; give --seeds 2 or more and --steps 1 or more")
    torch.set_num_threads(1)
    return given


def report(
    title: str,
    settings: tuple[str, str],
    pairs: Pairs,
    references: Mapping[str, Figures],
    claim: Claim,
) -> None:
    """Print a row a seed, the ratio of each figure with its interval, the references and the conclusion."""
    console = Console(width=100)
    figures = list(pairs[0][0])
    table = Table("seed", title=f"{title} ({settings[0]} | {settings[1]})", box=box.SIMPLE)
    for figure in figures:
        table.add_column(figure, justify="right")
    for seed, (a, b) in enumerate(pairs):
        table.add_row(str(seed), *[f"{a[figure]:.3g} | {b[figure]:>6.3g}" for figure in figures])
    console.print(table)
    lines = [f"{figure}, {settings[0]} over {settings[1]}: {in_words(ratio(pairs, figure))}" for figure in figures]
    for figure, values in references.items():
        known = [f"{name} {value:.0f}" if value >= 100 else f"{name} {value:.3g}" for name, value in values.items()]
        lines.append(f"references for {figure}: {', '.join(known)}")
    for line in [*lines, "", *conclusion(claim, settings, pairs)]:
        console.print(line, soft_wrap=True, highlight=False)


def ratio(pairs: Pairs, figure: str) -> Estimate:
    """First setting over second: geometric mean over seeds with its interval; not a number where a figure is zero."""
    logs = [log(a[figure] / b[figure]) if min(a[figure], b[figure]) > 0 else float("nan") for a, b in pairs]
    found = paired_effect(logs)
    return Estimate(exp(found.effect), exp(found.low), exp(found.high), found.p, found.n, found.level)


def conclusion(claim: Claim, settings: tuple[str, str], pairs: Pairs) -> tuple[str, str]:
    """The claim, and the word that interval, margin and p-value give it."""
    found = ratio(pairs, claim.figure)
    word, _ = judge(found, claimed=claim.side, threshold=1.0, margin=MARGIN, alpha=ALPHA)
    figure = f"{claim.figure}, {settings[0]} over {settings[1]}: {in_words(found)}, p {found.p:.3f}"
    return f"Claim: {claim.text}.", f"Conclusion: {word} ({figure})."


def in_words(found: Estimate) -> str:
    """A ratio with its interval."""
    if not found.known:
        return "not known, since a figure is zero"
    return f"{found.effect:.2f} times [{found.low:.2f}, {found.high:.2f}], {found.n} seeds"

"""Do the tests behind the claims hold their level, do their intervals cover, and what do they see?

Each row is one method in one simulated world, with the structure that trained models have: seeds that matter in every
condition, conditions that differ from one another, models as points in ten dimensions unless said otherwise. A row
gives the false-positive rate at .05 where there is nothing to find, the coverage of the 95 % interval there and where
there is something, and the power there.

    python benchmarks/calibration.py [--repeats 500] [--only place] [--jobs 2] [--write]

``--write`` puts the rows that were run into docs/evidence/statistics.json and the table on docs/evidence/statistics.md.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from assay.maths.statistics import (
    Estimate,
    paired_effect,
    place,
    rank_relation,
    smallest_p,
    spread_contrast,
    within_relation,
)
from assay.maths.statistics.relation import partial_rank_correlation
from assay.maths.statistics.shuffles import orders

Draw = np.random.Generator
ALPHA, LEVEL, PERMUTATIONS = 0.05, 0.95, 199
EVIDENCE = Path(__file__).parents[1] / "docs" / "evidence" / "statistics.md"


@dataclass(frozen=True)
class Row:
    """A method in a world: ``world(draw, effect, seed)`` is what it says there, ``truth(effect)`` what it should."""

    method: str
    setting: str
    world: Callable[[Draw, float, int], Estimate]
    nothing: float
    something: float
    truth: Callable[[float], float] = float
    attainable: float = ALPHA  # the largest p-value up to .05 that the design can give
    promised: bool = True  # False for rows that show where a method ends


@dataclass(frozen=True)
class Result:
    """What came out of ``repeats`` worlds of a row."""

    method: str
    setting: str
    repeats: int
    false_positives: float
    limits: tuple[float, float]
    coverage_nothing: float
    effect: float
    power: float
    coverage_something: float
    promised: bool

    @property
    def calibrated(self) -> bool:
        """False positives inside their limits, coverage not below its own."""
        floor = limits(self.repeats, 1 - LEVEL)[1]
        level = self.limits[0] <= self.false_positives <= self.limits[1]
        return level and min(self.coverage_nothing, self.coverage_something) >= 1 - floor


def limits(repeats: int, rate: float, within: float = 0.99) -> tuple[float, float]:
    """Two-sided limits of the share of ``repeats`` that a chance of ``rate`` gives."""
    from scipy.stats import binom

    ends = binom.ppf([(1 - within) / 2, (1 + within) / 2], repeats, rate) / repeats
    return float(ends[0]), float(ends[1])


def run(row: Row, repeats: int, within: float = 0.99) -> Result:
    """The row's rates over ``repeats`` worlds with nothing and as many with something to find."""
    rates = []
    for effect in (row.nothing, row.something):
        found, truth = [], row.truth(effect)
        for repeat in range(repeats):
            estimate = row.world(np.random.default_rng([17, repeat]), effect, repeat)
            found.append((estimate.p <= ALPHA, estimate.low - 1e-12 <= truth <= estimate.high + 1e-12))
        rates.append(np.mean(found, axis=0))
    (false, covered), (power, covered_there) = rates
    ends = limits(repeats, row.attainable, within)
    return Result(
        row.method, row.setting, repeats, float(false), ends, float(covered), row.something, float(power),
        float(covered_there), row.promised,
    )  # fmt: skip


# --- worlds -----------------------------------------------------------------------------------------------------------


def distances(points: np.ndarray) -> np.ndarray:
    """Euclidean distances between rows."""
    square = (points**2).sum(axis=1)
    return np.sqrt(np.maximum(square[:, None] + square - 2 * points @ points.T, 0.0) * (1 - np.eye(len(points))))


def cloud(draw: Draw, n: int, dimensions: int, tails: float | None = None, narrow: float = 1.0) -> np.ndarray:
    """n models around 0: Gaussian, or with Student's tails in distance; ``narrow``: the last axis against the first."""
    points = draw.standard_normal((n, dimensions)) * np.linspace(1.0, narrow, dimensions)
    return points if tails is None else points / np.sqrt(draw.chisquare(tails, (n, 1)) / tails)


def pairs(n: int, shape: str = "normal") -> Callable[[Draw, float, int], Estimate]:
    """One log ratio a seed, around ``effect``, in standard deviations."""

    def world(draw: Draw, effect: float, seed: int) -> Estimate:
        noise = {
            "normal": draw.standard_normal,
            "t3": lambda k: draw.standard_t(3, k),
            "uneven": lambda k: uneven(draw, k),
        }
        return paired_effect(effect + noise[shape](n), permutations=PERMUTATIONS, seed=seed)

    return world


def uneven(draw: Draw, n: int) -> np.ndarray:
    """Seeds of unlike scatter: half of them three times as noisy."""
    return draw.standard_normal(n) * np.where(np.arange(n) % 2, 3.0, 1.0)


def places(
    groups: int, n: int, blocks: int = 1, wide: float = 1.0, narrow: float = 1.0
) -> tuple[Callable[[Draw, float, int], Estimate], Callable[[float], float]]:
    """Groups of models whose centres hold the share ``effect`` of the squared distance; the last one may be wider."""
    centres = np.random.default_rng(5).standard_normal((groups, 10))
    centres -= centres.mean(axis=0)
    centres /= np.sqrt((centres**2).sum() / groups)
    axes = np.linspace(1.0, narrow, 10)
    scale = np.where(np.arange(groups) == groups - 1, wide, 1.0)
    scatter = float((axes**2).sum() * (scale**2).mean())

    def world(draw: Draw, effect: float, seed: int) -> Estimate:
        apart = np.sqrt(effect / (1 - effect) * scatter)
        group = np.tile(np.repeat(np.arange(groups), n), blocks)
        block = np.repeat(np.arange(blocks), groups * n)
        points = cloud(draw, len(group), 10, narrow=narrow) * scale[group, None]
        points += apart * centres[group] + 5 * draw.standard_normal((blocks, 10))[block]
        inside = block if blocks > 1 else None
        return place(distances(points), group, blocks=inside, permutations=PERMUTATIONS, seed=seed)

    return world, float


def families(
    n: int,
    blocks: int,
    dimensions: int = 10,
    tails: float | None = None,
    narrow: float = 1.0,
    thirds: bool = False,
    shift: float = 3.0,
) -> Callable[[Draw, float, int], Estimate]:
    """Happy and unhappy models in conditions that differ in place and in scale; ``effect`` is the ratio of spreads.

    The unhappy lie ``shift`` away. With ``thirds`` a condition has 3n models and a family is a third of them by
    validation accuracy, along which models also move (as far as ``shift`` between the families' means).
    """

    def world(draw: Draw, effect: float, seed: int) -> Estimate:
        points, labels, block = [], [], []
        for k in range(blocks):
            m = 3 * n if thirds else 2 * n
            here = cloud(draw, m, dimensions, tails, narrow)
            accuracy = draw.standard_normal(m) if thirds else np.repeat([0.0, 1.0], n)
            order = np.argsort(accuracy)
            label = np.full(m, "between", dtype=object)
            label[order[:n]], label[order[-n:]] = "unhappy", "happy"
            here[label == "unhappy"] *= effect
            here[:, 0] += shift * (accuracy / 2.2 if thirds else accuracy)
            here = here * np.exp(0.5 * draw.standard_normal()) + 5 * draw.standard_normal(dimensions)
            points.append(here), labels.append(label), block.append(np.full(m, k))
        return spread_contrast(
            distances(np.concatenate(points)), np.concatenate(block), np.concatenate(labels),
            permutations=PERMUTATIONS, seed=seed,
        )  # fmt: skip

    return world


def conditions(n: int) -> tuple[Callable[[Draw, float, int], Estimate], Callable[[float], float]]:
    """Two condition-level figures with Pearson correlation ``effect`` on a Gaussian scale, shown through a curve."""

    def world(draw: Draw, effect: float, seed: int) -> Estimate:
        x = draw.standard_normal(n)
        y = effect * x + np.sqrt(1 - effect**2) * draw.standard_normal(n)
        return rank_relation(x, np.exp(y), permutations=PERMUTATIONS, seed=seed)

    return world, lambda effect: float(6 / np.pi * np.arcsin(effect / 2))


def kinds(share: float, sizes: tuple[int, ...] = (3, 2, 2, 2, 2, 2)) -> Callable[[Draw, float, int], Estimate]:
    """Conditions of a few kinds, which explain ``share`` of both figures; a kind has the mean over its conditions."""

    def figure(draw: Draw) -> np.ndarray:
        scatter = np.sqrt(1 / share - 1)
        return np.array([draw.standard_normal() + scatter * draw.standard_normal(n).mean() for n in sizes])

    def world(draw: Draw, effect: float, seed: int) -> Estimate:
        x = figure(draw)
        y = effect * x + np.sqrt(1 - effect**2) * figure(draw)
        return rank_relation(x, np.exp(y), permutations=PERMUTATIONS, seed=seed)

    return world


def relation_figures(draw: Draw, seeds: int, blocks: int, effect: float, pull: float, share: float) -> list[np.ndarray]:
    """Tables (seeds, blocks) of movement, false detections and accuracy.

    Each carries a seed effect (``share``: its size against the run's own), a block effect, and ``pull`` of accuracy;
    beyond accuracy, movement and false detections correlate with ``effect``.
    """

    def own() -> np.ndarray:
        return share * draw.standard_normal((seeds, 1)) + draw.standard_normal((seeds, blocks))

    accuracy, u = own(), own()
    v = effect * u + np.sqrt(1 - effect**2) * own()
    offsets = 3 * draw.standard_normal((3, 1, blocks))
    return [np.exp((u + pull * accuracy) / 3) + offsets[0], v + pull * accuracy + offsets[1], accuracy + offsets[2]]


def relations(
    seeds: int, blocks: int, pull: float = 0.7, share: float = 1.0
) -> tuple[Callable[[Draw, float, int], Estimate], Callable[[float], float]]:
    """The paired design: every seed in every block."""
    s, b = (v.ravel() for v in np.meshgrid(np.arange(seeds), np.arange(blocks), indexing="ij"))

    def world(draw: Draw, effect: float, seed: int) -> Estimate:
        x, y, c = (v.ravel() for v in relation_figures(draw, seeds, blocks, effect, pull, share))
        return within_relation(x, y, c, s, b, permutations=PERMUTATIONS, seed=seed)

    @cache
    def truth(effect: float) -> float:
        if effect == 0:
            return 0.0
        figures = (relation_figures(np.random.default_rng(k), 300, blocks, effect, pull, share) for k in range(12))
        return float(np.mean([partial_rank_correlation(*tables) for tables in figures]))

    return world, truth


# --- rows -------------------------------------------------------------------------------------------------------------


def rows() -> list[Row]:
    """All rows of the table."""
    return [*_pair_rows(), *_place_rows(), *_family_rows(), *_condition_rows(), *_relation_rows()]


def _flips(n: int) -> float:
    return np.floor(ALPHA * 2 ** (n - 1)) / 2 ** (n - 1)


def _pair_rows() -> list[Row]:
    found = [
        Row("paired_effect", f"{n} seeds, {shape}", pairs(n, shape), 0.0, 1.0, attainable=float(_flips(n)))
        for n in (6, 8, 12)
        for shape in ("normal", "t3", "uneven")
    ]
    return [*found, Row("paired_effect", "5 seeds, normal (t interval)", pairs(5), 0.0, 1.0, attainable=0.0)]


def _place_rows() -> list[Row]:
    settings: list[tuple[str, float, dict[str, Any]]] = [
        ("13 conditions of 12", 0.05, {"groups": 13, "n": 12}),
        ("13 conditions of 6", 0.1, {"groups": 13, "n": 6}),
        ("3 groups of 4", 0.3, {"groups": 3, "n": 4}),
        ("2 groups of 6", 0.2, {"groups": 2, "n": 6}),
        ("2 groups of 12", 0.1, {"groups": 2, "n": 12}),
        ("2 groups of 12, one twice as wide", 0.1, {"groups": 2, "n": 12, "wide": 2.0}),
        ("5 groups of 8, uneven axes", 0.1, {"groups": 5, "n": 8, "narrow": 0.1}),
        ("2 groups of 4 in each of 13 blocks", 0.05, {"groups": 2, "n": 4, "blocks": 13}),
    ]
    found = []
    for setting, something, world in settings:
        simulate, truth = places(**world)
        found.append(Row("place", setting, simulate, 0.0, something, truth))
    return found


def _family_rows() -> list[Row]:
    found = []
    for n in (3, 4, 6):
        for blocks in (1, 5, 13):
            setting = f"{n} a family, {blocks} block{'s' if blocks > 1 else ''}"
            reach = smallest_p("labels", n, blocks=blocks)
            attainable = 0.0 if reach > ALPHA else ALPHA if blocks > 1 or n > 4 else reach
            something = {1: 1.5, 5: 1.3, 13: 1.2}[blocks]
            found.append(Row("spread_contrast", setting, families(n, blocks), 1.0, something, attainable=attainable))
    more: list[tuple[str, float, dict[str, Any]]] = [
        ("10 a family, 1 block", 1.5, {"n": 10, "blocks": 1}),
        ("10 a family, 1 block, 5 dimensions", 1.5, {"n": 10, "blocks": 1, "dimensions": 5}),
        ("10 a family, 1 block, 2 dimensions", 1.5, {"n": 10, "blocks": 1, "dimensions": 2}),
        ("thirds of 12, 13 blocks, place follows accuracy", 1.2, {"n": 4, "blocks": 13, "thirds": True}),
        ("thirds of 12, 13 blocks, uneven axes", 1.2, {"n": 4, "blocks": 13, "thirds": True, "narrow": 0.1}),
        ("thirds of 12, 13 blocks, t5 tails", 1.2, {"n": 4, "blocks": 13, "thirds": True, "tails": 5.0}),
        ("thirds of 12, 5 blocks, place follows accuracy", 1.3, {"n": 4, "blocks": 5, "thirds": True}),
    ]
    found += [Row("spread_contrast", setting, families(**world), 1.0, effect) for setting, effect, world in more]
    tails = families(4, 5, tails=5.0)
    return [*found, Row("spread_contrast", "4 a family, 5 blocks, t5 tails", tails, 1.0, 1.3, promised=False)]


def _condition_rows() -> list[Row]:
    found = []
    for n in (6, 8, 13):
        world, truth = conditions(n)
        found.append(Row("rank_relation", f"{n} conditions", world, 0.0, 0.8, truth, attainable=_orders(n)))
    for share in (0.5, 0.9):
        setting = f"6 kinds of 2 or 3 conditions, explaining {share:g}"
        found.append(Row("rank_relation", setting, kinds(share), 0.0, 0.8, truth, attainable=_orders(6)))
    return found


def _orders(n: int) -> float:
    """The largest two-sided p-value up to .05 of Spearman's correlation; all but .05 when n is large."""
    if n > 8:
        return ALPHA
    rank = np.arange(n) - (n - 1) / 2
    rho = np.abs(rank[orders(n, 0, np.random.default_rng(0))] @ rank)
    tails = (rho[:, None] <= np.unique(rho) + 1e-9).mean(axis=0)  # share of orders at most this far
    reached = 1 - np.concatenate([[0.0], tails[:-1]])
    return float(reached[reached <= ALPHA].max())


def _relation_rows() -> list[Row]:
    found = []
    for seeds, blocks in ((6, 5), (7, 11), (12, 5), (12, 11)):
        for pull, share, words in ((0.7, 1.0, ""), (0.7, 3.0, ", strong seeds"), (2.0, 1.0, ", ruled by accuracy")):
            world, truth = relations(seeds, blocks, pull, share)
            setting = f"{seeds} seeds, {blocks} blocks{words}"
            few = seeds == 6 and pull > 1
            found.append(Row("within_relation", setting, world, 0.0, 0.5, truth, promised=not few))
    return found


# --- the table --------------------------------------------------------------------------------------------------------


def table(results: list[Result]) -> str:
    """The results as a Markdown table."""
    lines = [
        "| method | world | false positives (limits) | coverage, nothing | effect | power | coverage, effect |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in results:
        mark = " (not claimed)" if not r.promised else "" if r.calibrated else " **outside**"
        lines.append(
            f"| `{r.method}` | {r.setting} | {r.false_positives:.3f} ({r.limits[0]:.3f} to {r.limits[1]:.3f}){mark} "
            f"| {r.coverage_nothing:.3f} | {r.effect:g} | {r.power:.2f} | {r.coverage_something:.3f} |"
        )
    return "\n".join(lines)


def write(results: list[Result]) -> None:
    """Put the rows into the numbers beside the page, for those of the same name, and the whole table on the page."""
    numbers = EVIDENCE.with_suffix(".json")
    known = json.loads(numbers.read_text(encoding="utf-8")) if numbers.exists() else []
    found = {
        (r.method, r.setting): r for r in [*(Result(**{**k, "limits": tuple(k["limits"])}) for k in known), *results]
    }
    every = [found[row.method, row.setting] for row in rows() if (row.method, row.setting) in found]
    page = EVIDENCE.read_text(encoding="utf-8")
    begin, end = "<!-- table -->\n", "<!-- end of table -->"
    before, after = page.split(begin)[0], page.split(end)[1]
    EVIDENCE.write_text(before + begin + table(every) + "\n" + end + after, encoding="utf-8")
    numbers.write_text(json.dumps([asdict(r) for r in every], indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=500)
    parser.add_argument("--only", default="", help="rows whose method or setting contains this")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    from joblib import Parallel, delayed

    chosen = [i for i, row in enumerate(rows()) if args.only in f"{row.method} {row.setting}"]
    start = time.perf_counter()
    results = Parallel(n_jobs=args.jobs)(delayed(_run_at)(i, args.repeats) for i in chosen)
    print(table(results))
    print(
        f"{len(results)} rows, {args.repeats} repeats, {PERMUTATIONS} permutations, {time.perf_counter() - start:.0f} s"
    )
    if args.write:
        write(results)


def _run_at(index: int, repeats: int) -> Result:
    return run(rows()[index], repeats)


if __name__ == "__main__":
    main()

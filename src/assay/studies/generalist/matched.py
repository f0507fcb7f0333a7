"""Rivals tuned to the mixture's clean accuracy, by val alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from assay.studies.generalist.design import AVERAGED, HERO, TRADES

NEAR = 0.02  # clean accuracies so near to one another count as the same
KINDS = {"adversarial": (AVERAGED, "eps x "), "trades": (TRADES, "trades beta ")}
COLUMNS = ["family", "low", "high", "share", "hero_val_clean", "rival_val_clean", "seed", "hero_robust", "rival_robust"]


@dataclass(frozen=True)
class Match:
    """A rival between two arms: ``share`` of the cleaner one; ``hero`` and ``rival``: clean accuracies on val."""

    low: str
    high: str
    share: float
    hero: float
    rival: float

    @property
    def fair(self) -> bool:
        """Whether both are as clean, or the rival is less so, which is to its advantage.

        One that is not may refute a claim, since it is robust although it is cleaner; it never supports one.
        """
        return self.rival <= self.hero + NEAR

    @property
    def between(self) -> str:
        """The arms it lies between."""
        return self.low if self.low == self.high else f"{self.low} – {self.high}"


def match(val_clean: pd.Series, hero: float) -> Match | None:
    """Between which two arms a family has the mixture's mean clean accuracy on val, and how far towards the cleaner.

    ``val_clean``: mean clean accuracy on val by arm. Where all arms are on one side, the nearest.

    >>> found = match(pd.Series({"a": 0.70, "b": 0.80, "c": 0.90}), 0.825)
    >>> found.low, found.high, round(found.share, 6), round(found.rival, 6)
    ('b', 'c', 0.25, 0.825)
    >>> match(pd.Series({"a": 0.7, "b": 0.8}), 0.9).between
    'b'
    """
    known = val_clean.dropna().sort_values(kind="stable")
    if known.empty or hero != hero:
        return None
    below, above = known[known <= hero], known[known > hero]
    if below.empty or above.empty:
        name = str(below.index[-1] if above.empty else above.index[0])
        return Match(name, name, 0.0, hero, float(known[name]))
    low, high = str(below.index[-1]), str(above.index[0])
    share = (hero - known[low]) / (known[high] - known[low])
    return Match(low, high, float(share), hero, hero)


def front(clean: pd.Series, robust: pd.Series) -> pd.Series:
    """Clean accuracy on val of the arms that are worth tuning to: without those that another arm beats in both.

    A smaller radius may cost both, and who tunes for clean accuracy would then not take it.

    >>> clean, robust = pd.Series({"a": 0.8, "b": 0.7, "c": 0.9}), pd.Series({"a": 0.6, "b": 0.5, "c": 0.4})
    >>> list(front(clean, robust).index)
    ['a', 'c']
    """
    both = pd.DataFrame({"clean": clean, "robust": robust}).dropna()
    kept = [
        name
        for name, clean_, robust_ in both.itertuples()
        if not ((both.clean >= clean_) & (both.robust >= robust_) & (both.clean + both.robust > clean_ + robust_)).any()
    ]
    return both.clean.loc[kept]


def family(names: Sequence[str], kind: str) -> list[str]:
    """The arms of a family that is tuned: its usual one, averaged, and those swept."""
    usual, swept = KINDS[kind]
    return [name for name in names if name == usual or name.startswith(swept)]


def matched(alive: pd.DataFrame, kind: str) -> tuple[Match | None, pd.DataFrame]:
    """How a family is matched, and seed by seed the robust accuracy of the mixture and of the matched rival on test.

    The rival's is on the straight line between its two arms: (1 - share) of the less clean, share of the cleaner.
    """
    names = family(list(dict.fromkeys(alive.condition)), kind)
    means = alive.groupby("condition")[["val_clean", "val_robust"]].mean()
    own = means.reindex(names)
    found = match(front(own.val_clean, own.val_robust), float(means.val_clean.get(HERO, float("nan"))))
    wide = alive.pivot_table(index="seed", columns="condition", values="robust")
    if found is None or not {HERO, found.low, found.high} <= set(wide):
        return None, pd.DataFrame(columns=["hero_robust", "rival_robust"])
    rival = (1 - found.share) * wide[found.low] + found.share * wide[found.high]
    return found, pd.DataFrame({"hero_robust": wide[HERO], "rival_robust": rival}).dropna()


def table(alive: pd.DataFrame) -> pd.DataFrame:
    """One row a family and seed."""
    rows = []
    for kind in KINDS:
        found, pairs = matched(alive, kind)
        if found is not None:
            about = [kind, found.low, found.high, found.share, found.hero, found.rival]
            rows += [
                [*about, seed, *values] for seed, values in zip(pairs.index, pairs.to_numpy().tolist(), strict=True)
            ]
    return pd.DataFrame(rows, columns=COLUMNS)

"""The grid of the `families` study: conditions, and the two designs in which they are run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from assay.losses import Loss
from assay.studies.study import Planned, Text, text
from assay.train import Fork, HotSwap, Intervention, Recipe

AFTER = Fraction(1, 20)  # how long after a stress "right after training went on" is looked at


@dataclass(frozen=True)
class Condition:
    """One way of treating a run: nothing, a fork, or a stress at a share of training."""

    name: str
    stress: str  # none, fork, activation, loss, both
    kind: str  # what it is swapped to
    at: Fraction | None
    interventions: tuple[Intervention, ...]

    def plain(self) -> dict[str, Any]:
        """For `study.json`: the order of conditions there is their order in every table and chart."""
        return {
            "name": self.name,
            "stress": self.stress,
            "kind": self.kind,
            "at": None if self.at is None else float(self.at),
            "label": self.label(),
        }

    def label(self) -> Text:
        """What a person calls it."""
        if self.at is None:
            return text("no stress", "ストレスなし")
        share = f"{float(self.at):.0%}"
        if self.stress == "fork":
            return text(f"other chance from {share}", f"{share}から偶然のみ変更")
        what = {"activation": ("activation", "活性化"), "loss": ("loss", "損失"), "both": ("both", "両方")}[self.stress]
        return text(f"{what[0]} to {self.kind} at {share}", f"{share}で{what[1]}を{self.kind}に変更")


def kind_of(condition: str) -> str:
    """What a condition is a case of, whatever its time: what stands before the ``@`` of its name.

    >>> kind_of("loss:focal@0.25"), kind_of("none")
    ('loss:focal', 'none')
    """
    return condition.partition("@")[0]


def units(conditions: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The kind of each condition, by its name, where kinds are what is counted.

    A fork is an unstressed run with other draws. *Both at once* is made of two other kinds and is left out: where harm
    and scatter add up it says what those two say, a second time.

    >>> units([{"name": "fork@0.5", "stress": "fork"}, {"name": "both:tanh+focal@0.5", "stress": "both"}])
    {'fork@0.5': 'none'}
    """
    return {
        c["name"]: "none" if c["stress"] == "fork" else kind_of(c["name"]) for c in conditions if c["stress"] != "both"
    }


def conditions(
    activations: Sequence[str], losses: Sequence[Loss], times: Sequence[Fraction], optimiser: str
) -> list[Condition]:
    """None, then for each kind of stress its times: fork, activation swaps, loss swaps, the first of each together."""

    def swaps() -> Iterator[tuple[str, str, dict[str, Any]]]:
        for activation in activations:
            yield "activation", activation, {"activation": activation}
        for loss in losses:
            yield "loss", loss_name(loss), {"loss": loss}
        if activations and losses:
            yield "both", f"{activations[0]}+{loss_name(losses[0])}", {"activation": activations[0], "loss": losses[0]}

    found = [Condition("none", "none", "", None, ())]
    found += [Condition(f"fork@{_at(t)}", "fork", "", t, (Fork(at=t),)) for t in times]
    for stress, kind, what in swaps():
        for t in times:
            swap = HotSwap(at=t, optimiser=optimiser, **what)
            found.append(Condition(f"{stress}:{kind}@{_at(t)}", stress, kind, t, (swap,)))
    return found


def loss_name(loss: Loss) -> str:
    """The kind of a loss and what is not as usual about it, such as ``focal(gamma=5)``."""
    unusual = [f"{k}={getattr(loss, k):g}" for k, f in type(loss).model_fields.items() if getattr(loss, k) != f.default]
    return loss.kind + (f"({', '.join(unusual)})" if unusual else "")


def _at(share: Fraction) -> str:
    return f"{float(share):.6g}"


def moments(times: Sequence[Fraction]) -> tuple[str, ...]:
    """When weights are kept: before and after each stress, a little later, halfway to the end, and at the end."""
    shares = {Fraction(1)}
    for t in times:
        shares |= {t, min(t + AFTER, Fraction(1)), (t + 1) / 2}
    both = {f"{s}-" for s in times} | {str(s) for s in shares}
    return tuple(sorted(both, key=lambda m: (Fraction(m.removesuffix("-")), not m.endswith("-"))))


def design(
    base: Recipe, found: Sequence[Condition], seeds: int, times: Sequence[Fraction], digest: str
) -> dict[str, Planned]:
    """All runs by run id. *Paired*: every condition on the same seeds. *Family*: every model has a seed of its own."""
    runs: dict[str, Planned] = {}
    keep = moments(times)

    def add(recipe: Recipe, tags: Mapping[str, Any]) -> None:
        runs[recipe.run_id(digest)] = Planned(recipe, tags)

    for number, condition in enumerate(found):
        for seed in range(seeds):
            stressed = base.with_(interventions=condition.interventions, seed=base.seed + seed, keep=keep)
            add(stressed, {"condition": condition.name, "design": "paired"})
        first = base.seed + 1000 + number * seeds
        for seed in range(first, first + seeds):
            own = base.with_(interventions=condition.interventions, seed=seed)
            add(own, {"condition": condition.name, "design": "family"})
    return runs

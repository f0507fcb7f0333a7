"""What a search found, in lines for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from assay.attacks.trust import MEANINGS
from assay.studies.study import Text, text
from assay.studies.tune.choose import in_words
from assay.studies.tune.figures import SENSED, STEPS
from assay.studies.tune.goals import Goal
from assay.studies.tune.rules import found_of
from assay.studies.tune.settings import Tune

TITLE = text("Settings that are good at several things", "複数の目標に優れた設定")


def question(goals: Sequence[Goal]) -> Text:
    """What is asked, for the head of the page."""
    named = ", ".join(map(str, goals))
    return text(
        f"Which settings do well on {named}, and are they really better than the default?",
        f"{named} に優れた設定はどれか。既定より本当に良いか。",
    )


def following(spec: Tune, found: Mapping[str, Any]) -> str:
    """The command to type next: judge the chosen run, or search for longer."""
    chosen = found["chosen"]
    if chosen is None:
        return f"assay tune --data {quote(spec.data)} --goal {quote(', '.join(map(str, spec.goals)))} --budget 1h"
    if spec.ball is not None:
        return f"assay attack {quote(str(Path(chosen['weights']).parent))}"
    return f"assay look {quote(str(Path(chosen['weights']).parent))}"


def lines(spec: Tune, found: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The summary: what was tried, what was chosen, what the compromise costs, how it does on test."""
    said = [_tried(found)]
    for name in spec.wishes:
        rule = spec.rules[name]
        said.append(f"rule {name}: {rule.wish} -> {rule.goals}; {rule.because}")
        said += [f"  earlier evidence: {known}" for known in (found_of(name, rule),) if known]
    chosen = found["chosen"]
    if chosen is None:
        return [*said, "no trial finished: give more time (--budget) or more trials (--trials)"]
    if not found["satisfied"]:
        missed = ", ".join(
            f"{c} (it has {chosen['figures'][c.figure]:.4g})"
            for c in spec.constraints
            if c.excess(chosen["figures"][c.figure]) > 0
        )
        bounds = ", ".join(map(str, spec.constraints))
        said.append(f"no trial satisfies {bounds}; the nearest is trial {chosen['trial']}: {missed}")
    else:
        on = [row for row in rows if row["front"]]
        at = next(i for i, row in enumerate(on) if row["trial"] == chosen["trial"])
        if len(spec.goals) > 1:
            first = spec.goals[0].figure
            said.append(f"{first} leads: trials within {found['slack']:.2g} of its best are weighed by the other goals")
        said += in_words(spec.goals, [dict(row) for row in on], [f"trial {row['trial']}" for row in on], at)
    settings = ", ".join(f"{name} {_short(value)}" for name, value in chosen["values"].items())
    if (ball := spec.ball) is not None:
        said.append(
            f"robust_accuracy: PGD of {STEPS} steps, {ball.norm} within {ball.eps:.4g}, at most {SENSED} items; trust "
            f"level C ({MEANINGS['C']}); for a better one: assay attack {Path(chosen['weights']).parent}"
        )
    other = chosen["recipe"]["model"] != spec.recipe.model  # then more is compared than settings
    network = f"; its network is {chosen['recipe']['model']}, the default's {spec.recipe.model}" if other else ""
    said.append(f"chosen: trial {chosen['trial']}, run {chosen['run']} ({settings}){network}")
    said += against_default(found)
    said += [f"what matters for {name}: {each['text']}" for name, each in found["importance"].items()]
    if found["warm"]:
        said += [text for text in (found["warm"]["note"], found["warm"]["text"]) if text]
    said += [f"rule {each['rule']} on this search's trials: {each['text']}" for each in found["rules"]]
    return said


def _tried(found: Mapping[str, Any]) -> str:
    counts = found["trials"]
    parts = [
        f"{counts[name]} {name}" for name in ("finished", "given up", "stopped", "failed", "running") if counts[name]
    ]
    return f"{counts['all']} trials ({', '.join(parts)}) for {', '.join(found['goals'])}"


def against_default(found: Mapping[str, Any]) -> list[str]:
    """Whether the chosen recipe beats the default on test, goal by goal; or that it does not."""
    if found["chosen"]["is_default"]:
        return ["the default recipe is the best compromise that was found: nothing beats it"]
    rows = found["comparison"]
    if not rows:
        return ["it was not compared with the default: one of the two stopped on every seed"]
    said = []
    for row in rows:
        word = {"better": "better", "worse": "worse"}.get(row["word"], "no difference that can be told")
        interval = f" ({row['interval'][0]:+.2g} to {row['interval'][1]:+.2g})" if row["interval"] else " (no interval)"
        name = row["figure"].removeprefix("test_")
        said.append(
            f"on test, {name}: {row['chosen']:.4g} against the default's "
            f"{row['default']:.4g}, difference {row['effect']:+.2g}{interval}: {word}"
        )
        if row.get("unsteady"):
            said.append(
                f"the chosen recipe is unsteady: from seed to seed {name} is {spread(row, 'chosen')}, the default's "
                f"{spread(row, 'default')}"
            )
    if any(row.get("unsteady") for row in rows):
        said.append(
            "it may have been chosen for one good run: search again with other draws (--set tune.seed=1), or with "
            "lower learning rates if they are high"
        )
    better = [row["figure"] for row in rows if row["word"] == "better"]
    worse = [row["figure"] for row in rows if row["word"] == "worse"]
    if len(better) == len(rows):
        verdict = "the chosen recipe beats the default on every goal"
    elif better:
        verdict = f"the chosen recipe beats the default on {', '.join(better)}, not on the rest"
    else:
        verdict = "the chosen recipe does not beat the default"
    verdict += f"; it is worse on {', '.join(worse)}" if worse else ""
    if rows[0]["seeds"] == 1:
        verdict += " (one seed each: the intervals cover the choice of test items, not the luck of training)"
    else:
        verdict += f" ({rows[0]['seeds']} seeds each)"
    return [*said, verdict]


def spread(row: Mapping[str, Any], which: str) -> str:
    """What a recipe gets from seed to seed.

    >>> spread({"by_seed": {"chosen": [0.9, 0.17, 0.95]}}, "chosen")
    '0.17 to 0.95'
    """
    each = row["by_seed"][which]
    return f"{min(each):.3g} to {max(each):.3g}"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

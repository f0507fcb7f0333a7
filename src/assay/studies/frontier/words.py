"""What is said of a frontier, in sentences that need no statistics."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from assay.studies.attack.challenge import eps_text
from assay.studies.frontier.ask import STEPS, Ask
from assay.studies.quality.words import rate

CITED = (
    ("Wang and Wang 2023", "H. Wang, Y. Wang: Generalist: decoupling natural and robust generalization. CVPR 2023."),
    ("Frankle et al. 2020", "J. Frankle, G. K. Dziugaite, D. M. Roy, M. Carbin: Linear mode connectivity and the "
     "lottery ticket hypothesis. ICML 2020."),
    ("Entezari et al. 2022", "R. Entezari, H. Sedghi, O. Saukh, B. Neyshabur: The role of permutation invariance in "
     "linear mode connectivity of neural networks. ICLR 2022."),
    ("Newcombe 1998", "R. G. Newcombe: Interval estimation for the difference between independent proportions. "
     "Statistics in Medicine 17."),
    ("Wilson 1927", "E. B. Wilson: Probable inference, the law of succession, and statistical inference. JASA 22."),
)  # fmt: skip


def title() -> dict[str, str]:
    """The name of the page."""
    return {"en": "Clean against robust accuracy", "ja": "通常の正解率と頑健正解率"}


def question(norm: str, eps: float) -> dict[str, str]:
    """The question as a sentence."""
    reach = f"{eps_text(eps)} ({norm})"
    return {
        "en": f"How much accuracy on unchanged inputs is to be had, and what does it cost when inputs are changed on "
        f"purpose by at most {reach}?",
        "ja": f"変更のない入力での正解率はどこまで得られ、入力を意図的に最大 {reach} 変えられたとき何を失うか？",
    }


def called(names: Sequence[str], weights: Sequence[float], kind: str, name: str) -> str:
    """A network in words.

    >>> called(["adversarial", "standard"], [0.6, 0.4], "blend", "")
    '0.6 adversarial + 0.4 standard'
    >>> called(["adversarial", "standard"], [1.0, 0.0], "blend", ""), called(["a", "b"], [0.4, 0.6], "global", "")
    ('adversarial alone', 'global model')
    """
    if kind == "global":
        return "global model"
    if kind == "kept":
        return f"{name} as it was kept"
    parts = [(weight, each) for weight, each in zip(weights, names, strict=True) if weight]
    if len(parts) == 1:
        return f"{parts[0][1]} alone"
    return " + ".join(f"{weight:.3g} {each}" for weight, each in parts)


def rule(ask: Ask) -> str:
    """How the network was chosen."""
    if ask.want_clean is not None:
        return f"the most robust on val of those that are right on at least {rate(ask.want_clean)} of unchanged val"
    clean, robust = f"{ask.clean_weight:.3g}", f"{1 - ask.clean_weight:.3g}"
    return f"the largest {clean} x clean + {robust} x robust accuracy on val"


def told(found: dict[str, Any], ask: Ask) -> list[str]:
    """The answer in a few sentences."""
    row, best = found["chosen"], found["most_robust"]
    lines = [f"chosen: {row['called']} ({found['rule']})"]
    bound = "an upper bound: PGD only" if ask.attack == "pgd" else f"AutoAttack, level {row['level']}"
    lines.append(
        f"on test: of a thousand unchanged items {_thousand(row, 'test_clean')} are right; of a thousand that someone "
        f"changes on purpose by at most {eps_text(ask.eps)} ({ask.norm}), {_thousand(row, 'test_robust')} stay right "
        f"({bound})"
    )
    if best["point"] != row["point"]:
        gain, loss = (change(found["price"][key]) for key in ("clean", "robust"))
        lines.append(
            f"against the most robust on val ({best['called']}): of a thousand unchanged {gain} are right, of a "
            f"thousand under attack {loss}"
        )
    if row["false_reject"] is not None or row["escape"] is not None:
        lines.append(errors(row))
    if row["production_clean"] is not None:
        lines.append(f"on production: of a thousand items {_thousand(row, 'production_clean')} are right")
        if row["production_false_reject"] is not None or row["production_escape"] is not None:
            lines.append(errors(row, "production_", "production items"))
    return [*lines, *(blended(edge) for edge in found["barriers"])]


def errors(row: dict[str, Any], front: str = "", where: str = "unchanged test items") -> str:
    """False rejects and escapes on unchanged test items, or on another set by the name in ``front``."""
    said = [
        f"{_thousand(row, front + key)} of a thousand {what}"
        for key, what in (("false_reject", "good items are turned away"), ("escape", "faulty items pass"))
        if row[front + key] is not None
    ]
    return f"errors on {where}: {'; '.join(said)}"


def blended(edge: dict[str, Any]) -> str:
    """Whether two networks blend.

    >>> blended({"from": "a", "to": "b", "clean": 0.3, "loss": 1.25, "at": 0.5, "word": "yes"})[:67]
    'barrier between a and b: at a share of 0.5 of b, clean accuracy on '
    """
    a, b, loss = edge["from"], edge["to"], f"the loss rises by {edge['loss']:.3g} at most"
    if edge["word"] == "unclear":
        return (
            f"barrier between {a} and {b}, perhaps: at a share of {edge['at']:.3g} of {b}, clean accuracy on val is "
            f"{100 * edge['clean']:.1f} points below the straight line ({loss}), which so few items may show by chance"
        )
    if edge["word"] == "yes":
        return (
            f"barrier between {a} and {b}: at a share of {edge['at']:.3g} of {b}, clean accuracy on val is "
            f"{100 * edge['clean']:.1f} points below the straight line ({loss}); these two do not blend, so train one "
            "from the other, or both as a generalist whose learners are handed back"
        )
    below = f"more than {100 * edge['clean']:.1f} points below" if edge["clean"] >= 0.0005 else "below"
    return f"no barrier between {a} and {b}: clean accuracy on val is nowhere {below} the straight line ({loss})"


def warned(row: dict[str, Any], about: dict[str, Any]) -> list[str]:
    """What changes how the answer is to be read."""
    said = []
    if row["level"] == "C":
        said.append(
            f"robust accuracy is measured with PGD of {STEPS} steps alone (level C): an upper bound; the last command "
            "attacks the chosen network properly"
        )
    if row["level"] == "X":
        said.append("level X: a check found that the chosen network only looks robust; do not use its figure")
    if about["estimated"]:
        said.append(
            f"batch norm's statistics of every blend are estimated anew on {about['estimated']:,} unchanged training "
            "images at most; networks as they were kept have their own"
        )
    if about["source"]["split_seed"]:
        said.append("these runs split the data by a split_seed of their own; assay attack takes the usual split")
    return said


def following(about: dict[str, Any], weights: str) -> str:
    """The command to go on with: attack the chosen network properly."""
    ask, source = about["ask"], about["source"]
    words = ["assay", "attack", weights, "--model", about["model"], "--data", source["data"]]
    words += ["--norm", ask["norm"], "--eps", eps_text(ask["eps"]), *(["--regroup"] if source["regroup"] else [])]
    return shlex.join(words)


def _thousand(row: dict[str, Any], key: str) -> str:
    value, low, high = (1000 * row[name] for name in (key, f"{key}_low", f"{key}_high"))
    return f"{value:.0f} ({low:.0f} to {high:.0f})"


def change(found: dict[str, float]) -> str:
    """A difference of shares per thousand, in words, with its interval.

    >>> change({"value": 0.04, "low": 0.01, "high": 0.07}), change({"value": -0.003, "low": -0.02, "high": 0.01})
    ('40 more (+10 to +70)', '3 fewer (-20 to +10)')
    """
    value, low, high = (round(1000 * found[name]) for name in ("value", "low", "high"))
    said = f"{abs(value)} {'more' if value > 0 else 'fewer'}" if value else "as many"
    return f"{said} ({low:+d} to {high:+d})"

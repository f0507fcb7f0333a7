"""What is said of an evaluation."""

from __future__ import annotations

from typing import Any

from assay.studies.attack.challenge import eps_text


def title() -> dict[str, str]:
    """The name of the page."""
    return {"en": "Adversarial robustness", "ja": "敵対的頑健性"}


def question(norm: str, eps: str) -> dict[str, str]:
    """The question as a sentence."""
    return {
        "en": f"How often is this model still right when someone changes its inputs on purpose, by at most {eps} "
        f"({norm})?",
        "ja": f"入力を意図的に最大 {eps} ({norm}) 変えられても、このモデルはどれだけ正しいか？",
    }


def figure(answer: dict[str, Any]) -> str:
    """The figure with its interval.

    >>> figure({"robust_acc": 0.5, "interval": [0.4, 0.6]})
    '50.0 % (95 % interval 40.0 to 60.0 %)'
    """
    low, high = (100 * end for end in answer["interval"])
    return f"{100 * answer['robust_acc']:.1f} % (95 % interval {low:.1f} to {high:.1f} %)"


def following(answer: dict[str, Any], base: str) -> str:
    """The command to go on with: mend what makes the figure useless, take all examples, or try another ball."""
    ball = f"--norm {answer['norm']} --eps {eps_text(answer['eps'])}"
    failed = {check["check"] for check in answer["checks"] if check["passed"] == "no"}
    if "randomised" in failed:
        return f"{base} {ball} --version rand"
    if failed:
        return f"{base} {ball}   (the same without what hides the gradients: see the reasons)"
    if answer["n_examples"] < answer["n_available"]:
        return f"{base} {ball}"
    return f"{base} {'--norm Linf --eps 8/255' if answer['norm'] == 'L2' else '--norm L2 --eps 0.5'}"

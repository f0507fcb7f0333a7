"""Carry an evaluation out: attack, curve, checks, tables, and the answer as one object; go on where it was."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pandas as pd

import assay
from assay.attacks import Result, Trust, assess, eps_curve, sampled
from assay.core.errors import BadInput
from assay.core.files import read_json, write_json, write_text
from assay.lab import Lab
from assay.lab.jobs import machine
from assay.studies.attack import tables
from assay.studies.attack.challenge import FACTORS, Challenge, eps_text
from assay.studies.attack.cost import CURVE
from assay.studies.attack.subject import Subject, code_of, digest
from assay.studies.attack.words import following, question, title
from assay.studies.conduct import to_csv
from assay.studies.means import Tell, silent

CITED = (
    ("Croce and Hein 2020", "F. Croce, M. Hein: Reliable evaluation of adversarial robustness with an ensemble of "
     "diverse parameter-free attacks. ICML 2020."),
    ("Athalye et al. 2018", "A. Athalye, N. Carlini, D. Wagner: Obfuscated gradients give a false sense of security. "
     "ICML 2018."),
    ("Carlini et al. 2019", "N. Carlini et al.: On evaluating adversarial robustness. arXiv 1902.06705."),
    ("Wilson 1927", "E. B. Wilson: Probable inference, the law of succession, and statistical inference. JASA 22."),
)  # fmt: skip


def carry_out(
    challenge: Challenge, asked: Subject, lab: Lab, second: Any = None, *, threads: int = 1, device: str = "cpu",
    command: str = "", base: str = "", tell: Tell = silent,
) -> Path:  # fmt: skip
    """Attack, and leave a folder with tables and ``result.json``; one that is finished is handed back as it is.

    ``second`` is a network from which perturbations are carried over. ``base`` is the command that names
    model and data alone, for the advice at the end.
    """
    began = time.time()
    digests = (digest(asked.net), digest(second) if second is not None else "", asked.data.digest)
    identity = challenge.fingerprint(*digests, asked.model, *code_of(asked.model), assay.__version__)
    folder = _folder(lab, challenge, asked, identity)
    if (folder / "result.json").exists():
        return folder
    about = _about(challenge, asked, identity, command)
    write_json(folder / "study.json", about)
    result = _attack(challenge, asked, folder, tell)
    points = _curve(challenge, asked, result, folder, tell)
    tell("checks", 0, 1, "")
    trust = assess(result, second, of=len(asked.x))
    tell("checks", 1, 1, f"level {trust.level}")
    made = _tables(result, trust, asked, points, challenge)
    for name, table in made.items():
        write_text(folder / f"{name}.csv", to_csv(table))
    write_json(folder / "verdicts.json", {"verdicts": [], "warnings": list(asked.warnings)})
    write_json(
        folder / "provenance.json",
        {**machine(threads, device), "started": began, "finished": time.time(), "study_fingerprint": identity},
    )
    answer = _answer(challenge, asked, result, trust, made)
    write_json(folder / "result.json", answer | {"next": following(answer, base)})
    return folder


def _attack(challenge: Challenge, asked: Subject, folder: Path, tell: Tell) -> Result:
    """The evaluation itself, its table in ``folder/work``."""
    order: list[str] = []

    def line(text: str) -> None:
        name = text.partition(":")[0]
        if name not in order:
            order.append(name)
        tell("attack", order.index(name), 0, text)

    tell("attack", 0, max(4, len(challenge.attacks)), "")
    result = sampled(
        *(asked.net, asked.x, asked.y, challenge.norm, challenge.eps / asked.span, challenge.suite),
        attacks=challenge.attacks, n=challenge.n, until=challenge.until, seed=challenge.seed,
        batch_size=challenge.batch, folder=folder / "work", tell=line,
    )  # fmt: skip
    tell("attack", 1, 1, f"{int(result.robust.sum())} of {len(result.robust)} withstand")
    return result


def _curve(challenge: Challenge, asked: Subject, result: Result, folder: Path, tell: Tell) -> Any:
    """Robust accuracy at multiples of eps, on at most 200 of the examples."""
    assert result.asked is not None
    radii = [factor * result.eps for factor in FACTORS]
    tell("curve", 0, 1, "")
    points = eps_curve(
        *(asked.net, result.asked.x, result.asked.y, radii, challenge.norm),
        n=CURVE, attacks=challenge.quick, known=result, index=result.asked.index.tolist(), seed=challenge.seed,
        batch_size=challenge.batch, folder=folder / "work",
    )  # fmt: skip
    tell("curve", 1, 1, "")
    return points


def _tables(result: Result, trust: Trust, asked: Subject, points: Any, challenge: Challenge) -> dict[str, pd.DataFrame]:
    rows = tables.examples(result, asked)
    return {
        "examples": rows,
        "classes": tables.classes(rows, asked.data.classes),
        "attacks": tables.attacks(rows, [name for name, _ in result.suite.attacks]),
        "curve": tables.curve(points, [factor * challenge.eps for factor in FACTORS]),
        "checks": tables.checks(trust),
        "samples": tables.samples(rows, result, asked),
    }


def _answer(
    challenge: Challenge, asked: Subject, result: Result, trust: Trust, made: dict[str, pd.DataFrame]
) -> dict[str, Any]:
    """What `--json` prints."""
    per_class = made["classes"].to_dict("records")
    worst = min(per_class, key=lambda row: (row["robust"], row["clean"]))
    return {
        "clean_acc": result.clean_accuracy,
        "robust_acc": result.robust_accuracy,
        "interval": list(result.interval),
        "level": trust.level,
        "meaning": trust.meaning,
        "reasons": list(trust.reasons),
        "checks": made["checks"].to_dict("records"),
        "eps": challenge.eps,
        "norm": challenge.norm,
        "version": challenge.suite,
        "suite": result.suite.plain(),
        "seed": challenge.seed,
        "n_examples": len(result.robust),
        "n_available": len(asked.x),
        "per_class": per_class,
        "worst_class": worst["name"],
        "broken_by": {row["attack"]: row["broke"] for row in made["attacks"].to_dict("records")},
        "curve": made["curve"].to_dict("records"),
        "forwards": result.forwards,
        "backwards": result.backwards,
        "warnings": list(asked.warnings),
    }


def _about(challenge: Challenge, asked: Subject, identity: str, command: str) -> dict[str, Any]:
    """``study.json``: what was asked, written before anything is attacked."""
    data = asked.data
    return {
        "study": "attack",
        "title": title(),
        "question": question(challenge.norm, eps_text(challenge.eps)),
        "command": command,
        "version": assay.__version__,
        "fingerprint": identity,
        "level": 0.05,
        "seeds": challenge.seed,
        "challenge": challenge.plain(),
        "weights": asked.weights,
        "weights_digest": digest(asked.net),
        "model": asked.model,
        "data": {
            "name": data.name, "digest": data.digest, "kind": data.kind, "classes": list(data.classes),
            "sizes": {name: len(split) for name, split in data.splits.items()}, "shape": list(data.shape),
        },
        "references": [{"key": key, "text": text} for key, text in CITED],
    }  # fmt: skip


def _folder(lab: Lab, challenge: Challenge, asked: Subject, identity: str) -> Path:
    safe = "".join(c if c.isalnum() or c in "-_" else "-" for c in asked.data.name)[:40] or "data"
    name = f"{safe}-{challenge.norm}-{eps_text(challenge.eps).replace('/', 'of')}-{identity[:6]}"
    folder = lab.root / "attacks" / name
    known = folder / "study.json"
    if known.exists() and read_json(known).get("fingerprint") != identity:
        raise BadInput(f"asked to write {folder}; found another evaluation there; move it away")
    return folder

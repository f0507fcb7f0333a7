"""From a search to its folder: settings first, then trials, then what was chosen and whether it is worth it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

import assay
from assay.core.errors import BadInput
from assay.core.files import read_json, write_json, write_text
from assay.data import Dataset
from assay.lab import Lab
from assay.lab.jobs import machine
from assay.lab.observe import load_model
from assay.lab.threads import limited
from assay.studies.conduct import to_csv, train_planned
from assay.studies.means import Means, Tell, silent
from assay.studies.study import Planned, described
from assay.studies.tune import words
from assay.studies.tune.choose import compromise, front, nearest
from assay.studies.tune.compare import compare, items_error
from assay.studies.tune.figures import Seen, figure
from assay.studies.tune.goals import feasible
from assay.studies.tune.importance import importances
from assay.studies.tune.ledger import Ledger, locked
from assay.studies.tune.rules import check_rules
from assay.studies.tune.search import Search, default_run, figures_of, run_trials, settled, spent
from assay.studies.tune.settings import Tune
from assay.studies.tune.warm import Warm, best_settings, whether_it_helped
from assay.train import Recipe

CITED = (
    (
        "bergstra2011",
        "Bergstra, Bardenet, Bengio, Kégl 2011, Algorithms for Hyper-Parameter Optimization, NIPS (TPE)",
    ),
    (
        "hutter2014",
        "Hutter, Hoos, Leyton-Brown 2014, An Efficient Approach for Assessing Hyperparameter Importance, ICML (fANOVA)",
    ),
    ("akiba2019", "Akiba, Sano, Yanase, Ohta, Koyama 2019, Optuna, KDD"),
)
MOST_SEEDS = 5  # with which the chosen recipe and the default are compared, if time allows
Row = dict[str, Any]


def tune(
    spec: Tune,
    data: Dataset,
    lab: Lab,
    means: Means,
    *,
    budget: float | None = None,
    trials: int | None = None,
    warm: Warm | None = None,
    command: str = "",
    tell: Tell = silent,
) -> Path:
    """Search until ``budget`` seconds are spent or ``trials`` are done, choose, compare on test; the folder.

    What earlier calls with the same settings did counts: a search that was killed goes on where it was, and one with
    more time or more trials goes on from its end. Several processes may work on one folder at once.
    """
    search, about = _begin(spec, data, lab, means, budget, trials, warm, tell)
    starts, warm_note = [], ""
    own = spec.space.values(spec.recipe, spec.recipe)
    if own is not None:
        starts.append(("default", own))
    if warm is not None:
        settings, warm_note = best_settings(warm, spec.goals, spec.space, spec.recipe, data)
        starts += [(f"warm {number}", values) for number, values in enumerate(settings)]
    write_json(search.folder / "study.json", {**about, "command": command, "warm_note": warm_note})
    default = default_run(search)
    search.means = settled(search)
    signs: list[str] = [goal.sign for goal in spec.goals]
    with Ledger(search.folder, signs, search.axes, spec.seed, spec.startup) as ledger, limited(1):
        ledger.start_with(starts)
        run_trials(search, ledger)
        with locked(search.folder / "locks" / "conclude"):
            _conclude(search, ledger, default, about, warm_note)
    return search.folder


def _begin(
    spec: Tune, data: Dataset, lab: Lab, means: Means,
    budget: float | None, trials: int | None, warm: Warm | None, tell: Tell,
) -> tuple[Search, dict[str, Any]]:  # fmt: skip
    if warm is not None:
        spec = spec.with_(warm=warm.digest)
    base = spec.recipe.run_id(data.digest)  # covers the user's own code, too: editing a model makes another search
    identity = spec.fingerprint(base, assay.__version__)
    safe = "".join(c if c.isalnum() or c in "-_" else "-" for c in data.name)[:40] or "data"
    name = "-".join(goal.figure.replace("_", "-") for goal in spec.goals)[:60]
    folder = lab.root / "tune" / f"{name}-{safe}-{identity[:6]}"
    known = folder / "study.json"
    if known.exists() and read_json(known).get("fingerprint") != identity:
        raise BadInput(f"asked to write {folder}; found another search there; move it away")
    search = Search(spec, data, lab, folder, means, tell, spec.space.axes(spec.recipe), budget, trials)
    about = {
        "study": "tune",
        "title": words.TITLE,
        "question": words.question(spec.goals),
        "tune": folder.name,
        "fingerprint": identity,
        "family": spec.with_(warm="", seed=0).fingerprint(base, assay.__version__),
        "seed": spec.seed,
        "warm": spec.warm,
        "warm_from": str(warm.folder) if warm is not None else None,
        "version": assay.__version__,
        "goals": [str(goal) for goal in spec.goals],
        "constraints": [str(constraint) for constraint in spec.constraints],
        "axes": search.axes,
        "default": spec.recipe.plain(),
        "rules": {name: spec.rules[name].plain() for name in spec.wishes},
        "settings": spec.plain(),
        "model": spec.recipe.model,
        "data": described(data),
        "references": [{"key": key, "text": reference} for key, reference in CITED],
    }
    return search, about


def _conclude(search: Search, ledger: Ledger, default: Mapping[str, float], about: dict[str, Any], note: str) -> None:
    """Choose on val; then, and only then, look at test."""
    spec = search.spec
    rows = _rows(search, ledger)
    done = [row for row in rows if row["status"] == "finished"]
    kept = [row for row in done if row["feasible"]]
    found: dict[str, Any] = {"tune": about["tune"], "folder": str(search.folder), "goals": about["goals"]}
    found |= {"constraints": about["constraints"], "trials": _counts(rows), "satisfied": bool(kept)}
    chosen: Row | None = None
    if kept:
        points = [[goal.oriented(row[goal.figure]) for goal in spec.goals] for row in kept]
        for row, on in zip(kept, front(points), strict=True):
            row["front"] = on
        slack = _slack(search, kept[max(range(len(points)), key=lambda i: points[i][0])])
        chosen, found["slack"] = kept[compromise(points, slack)], slack
    elif done:
        chosen = done[nearest(done, spec.constraints)]
    if chosen is not None:
        chosen["chosen"] = True
    if spec.wishes and done:
        _look_at_test(search, done)
    table = pd.DataFrame(rows, columns=list(rows[0]) if rows else None)
    write_text(search.folder / "trials.csv", to_csv(table))
    found["default"] = {name: default[name] for name in spec.figures}
    found["front"] = [row["trial"] for row in kept if row["front"]]
    found["chosen"] = _chosen(search, chosen)
    found["importance"] = importances(ledger.study, [g.figure for g in spec.goals], search.axes)
    found["comparison"] = _comparison(search, ledger, chosen)
    found["warm"] = {"note": note, **whether_it_helped(about, search.folder, spec.goals)} if spec.warm else None
    found["rules"] = check_rules(table, {name: spec.rules[name] for name in spec.wishes}) if spec.wishes else []
    found["machine"] = machine(search.means.threads, search.means.device)
    found["warnings"] = search.data.warnings
    found["next"] = words.following(spec, found)
    found["seconds"] = spent(search, ledger)
    found["finished"] = time.time()
    found["text"] = words.lines(spec, found, rows)
    write_json(search.folder / "result.json", found)


def _slack(search: Search, best: Row) -> float:
    """How far from the best on the first goal a trial may be: one standard error of that best on val."""
    spec = search.spec
    if spec.slack is not None or len(spec.goals) == 1:
        return spec.slack or 0.0
    name = spec.goals[0].figure
    if figure(name).sort == "run":
        return 0.05 * abs(best[name])
    seen = _seen(search, _recipe(search, best), "val")
    assert seen is not None
    return items_error(name, lambda items: figure(name).of(seen, items), seen.every)[0]


def _rows(search: Search, ledger: Ledger) -> list[Row]:
    """One row a trial in the order of numbers."""
    spec, rows = search.spec, []
    for trial in ledger.trials():
        notes = trial.user_attrs
        if "values" not in notes:
            continue
        figures = notes.get("figures") or {}
        rows.append(
            {
                "trial": trial.number,
                "status": notes.get("status", "running"),
                "start": notes.get("start", ""),
                "run": notes.get("run", ""),
                **{name: notes["values"][name] for name in search.axes},
                **{name: figures.get(name) for name in spec.figures},
                "feasible": bool(figures) and feasible(spec.constraints, figures),
                "front": False,
                "chosen": False,
                "reason": notes.get("reason", ""),
            }
        )
    return rows


def _counts(rows: Sequence[Row]) -> dict[str, int]:
    names = ("finished", "given up", "stopped", "failed", "running")
    return {"all": len(rows), **{name: sum(row["status"] == name for row in rows) for name in names}}


def _recipe(search: Search, row: Mapping[str, Any]) -> Recipe:
    spec = search.spec
    return spec.space.recipe(spec.recipe, {name: row[name] for name in search.axes})


def _chosen(search: Search, row: Row | None) -> dict[str, Any] | None:
    if row is None:
        return None
    recipe = _recipe(search, row)
    return {
        "trial": row["trial"],
        "run": row["run"],
        "weights": str(search.lab.weights(row["run"], "1")),
        "is_default": recipe == search.spec.recipe,
        "values": {name: row[name] for name in search.axes},
        "figures": {name: row[name] for name in search.spec.figures},
        "recipe": recipe.plain(),
    }


def _look_at_test(search: Search, done: Sequence[Row]) -> None:
    """After the choice: what the rules promise, on test, for every finished trial."""
    recipes = {row["run"]: _recipe(search, row) for row in done}
    found = figures_of(search, recipes, "test", ("val_accuracy", "false_reject", "escape"), shifts=True)
    for row in done:
        figures = found[row["run"]]
        got = {} if isinstance(figures, str) else figures
        row |= {
            "test_accuracy": got.get("val_accuracy"),
            "test_false_reject": got.get("false_reject"),
            "test_escape": got.get("escape"),
            "shift_accuracy": got.get("shift_accuracy"),
        }


def _comparison(search: Search, ledger: Ledger, chosen: Row | None) -> list[dict[str, Any]]:
    """The chosen recipe and the default on test, with as many seeds as time allows (at least the one at hand)."""
    if chosen is None or (recipe := _recipe(search, chosen)) == search.spec.recipe:
        return []
    seeds = _seeds(search, ledger, chosen["run"])
    pairs = [[r.with_(seed=r.seed + k) for r in (recipe, search.spec.recipe)] for k in range(seeds)]
    stage = {search.run_of(r): Planned(r, {"condition": "compared"}) for pair in pairs for r in pair}
    with search.holding(list(stage)):
        train_planned(stage, search.spec.source, search.lab, search.means, search.tell)
    seen = [[_seen(search, r) for r in pair] for pair in pairs]
    both = [pair for pair in seen if pair[0] is not None and pair[1] is not None]
    return compare(search.spec.goals, [a for a, _ in both], [b for _, b in both]) if both else []  # type: ignore[misc]


def _seeds(search: Search, ledger: Ledger, run: str) -> int:
    known = search.folder / "result.json"
    before = read_json(known)["comparison"] if known.exists() else []
    least = before[0]["seeds"] if before else 1
    if search.budget is None:
        return MOST_SEEDS
    record = search.lab.record(run)
    pair = search.seconds_of_default + record["seconds"] / record["stacked"]
    left = search.budget - spent(search, ledger)
    return max(least, min(MOST_SEEDS, 1 + int(max(0.0, left) / max(pair, 1e-6))))


def _seen(search: Search, recipe: Recipe, split: str = "test") -> Seen | None:
    run = search.run_of(recipe)
    record = search.lab.record(run)
    if "1" not in record["moments"]:
        return None
    net = load_model(search.lab.weights(run, "1"), str(recipe.model), search.data)
    return Seen(net, search.data, split, record["seconds"] / record["stacked"], search.spec.ball)

"""The claims of the `generalist` study, and how each is judged from its tables. Fixed before any run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from assay.maths.statistics import Estimate, paired_effect, rank_relation
from assay.studies.claim import relation, share
from assay.studies.gap import said
from assay.studies.generalist import words
from assay.studies.generalist.design import (
    ADVERSARIAL,
    ALONE,
    ANCHORED,
    AVERAGED,
    FIRST,
    HERO,
    POST_HOC,
    SAME,
    SECOND,
    SUMMED,
)
from assay.studies.generalist.gaps import gaps
from assay.studies.generalist.matched import matched
from assay.studies.generalist.tables import effect, recommended
from assay.studies.overfitting.readings import broken
from assay.studies.phrases import NOTHING, mishaps
from assay.studies.study import Claim, Judged, Tables, Text

SMALL = 0.02  # a difference of accuracies smaller than this does not matter
LEAST_SEEDS = 5  # for the relation of risks
AGAINST = {  # claims of a better mean of clean and robust accuracy, and against what
    **{"averaging": AVERAGED, "post-hoc": POST_HOC, "hand-back": ALONE, "two-learners": SUMMED},
    **{"anchoring": ANCHORED, "own-settings": SAME},
}
MATCHED = {"tuned-adversarial": "adversarial", "tuned-trades": "trades"}
PUBLISHED = [3.5e-3, 5e-4]  # weight decays of the two learners
MIXING = ("0.75", "1")  # moments at which both learners count


def _share(name: str, measure: str, margin: tuple[float, float] = (-SMALL, SMALL), threshold: float = 0.0) -> Claim:
    return share(name, words.CLAIM[name], measure, margin=margin, threshold=threshold)


def _balanced(name: str) -> Claim:
    return _share(name, f"mean of clean and robust accuracy on test, generalist minus {AGAINST[name]}")


def _tuned(name: str) -> Claim:
    kind = MATCHED[name]
    return _share(name, f"robust accuracy on test, generalist minus {kind} tuned to the same clean accuracy on val")


CLAIMS = (
    _share("cleaner", "clean accuracy on test, generalist minus adversarial training"),
    _share("as-robust", "robust accuracy on test, generalist minus adversarial training", (-SMALL, -SMALL), -SMALL),
    *map(_tuned, MATCHED),
    *(_balanced(name) for name in ("averaging", "post-hoc", "hand-back", "two-learners", "anchoring")),
    relation(
        "learners",
        words.CLAIM["learners"],
        "rank correlation over seeds, means over arms and moments, of the learners' risks at their own tasks and the "
        "global model's risk",
        design="paired",
    ),
    _balanced("own-settings"),
)


def judge(about: Mapping[str, Any], tables: Tables) -> tuple[dict[str, Judged], list[Text]]:
    """Every claim's estimate, from the tables alone, and what must be known to read them."""
    runs = tables["runs"].assign(status=tables["runs"]["status"].astype(str))
    alive = runs[runs.status == "finished"]
    judged = {
        "cleaner": _against("clean", ADVERSARIAL, alive),
        "as-robust": _against("robust", ADVERSARIAL, alive, null=-SMALL),
        **{name: _matched(kind, alive) for name, kind in MATCHED.items()},
        **{name: _against("balanced", other, alive) for name, other in AGAINST.items()},
        "learners": _together(tables.get("learners", pd.DataFrame())),
    }
    labels = {str(arm["name"]): arm["label"] for arm in about["conditions"]}
    doubted = {str(name): n for name, n in _masked(alive).items() if n}
    warnings = [
        *_recommended(alive, labels),
        *words.absent(about["absent"]),
        *mishaps(runs),
        *words.masked(doubted, labels),
        *broken(alive),
        *_weak(alive, about),
        *_decays(about.get("settings") or {}),
    ]
    return said({claim.name: judged[claim.name] for claim in CLAIMS}, gaps(alive)), warnings


def _masked(alive: pd.DataFrame) -> dict[str, int]:
    """Models of each arm whose robust accuracy is not to be believed."""
    if "autoattack_level" not in alive:
        return {}
    counts = (alive.autoattack_level.astype(str) == "X").groupby(alive.condition, sort=False).sum()
    return {str(name): int(n) for name, n in counts.items()}


def _against(figure: str, other: str, alive: pd.DataFrame, null: float = 0.0) -> Judged:
    estimate = effect(alive, HERO, other, figure, null)
    detail = {f"{name} accuracy, difference": effect(alive, HERO, other, name).effect for name in ("clean", "robust")}
    found = Judged(estimate, words.seeds(estimate.n), words.difference(figure, other, estimate), detail)
    return found if figure == "clean" else believed(found, _masked(alive), (other,), null)


def believed(found: Judged, masked: Mapping[str, int], others: Sequence[str], null: float = 0.0) -> Judged:
    """What is known where robust accuracy is overstated: the mixture cannot win by it, nor can a rival.

    Its own overstated: its advantage is at most what it seems. The rival's: at least what it seems.
    """
    estimate = found.estimate
    if not estimate.known:
        return found
    if masked.get(HERO):
        return replace(
            found, estimate=replace(estimate, low=-1.0, p=1.0), sentence=words.DOUBT_HERO, lacking=words.LOOK
        )
    doubted = next((name for name in others if masked.get(name)), None)
    if doubted is None:
        return found
    if estimate.low > null:  # all the more so
        return found
    estimate = replace(estimate, high=1.0, p=1.0)
    return replace(found, estimate=estimate, sentence=words.doubtful(doubted), lacking=words.LOOK)


def _matched(kind: str, alive: pd.DataFrame) -> Judged:
    """Against a rival tuned to the same clean accuracy on val; see `matched`."""
    found, pairs = matched(alive, kind)
    if found is None or len(pairs) < 2:
        return Judged(NOTHING, words.seeds(0), words.difference("robust", kind, NOTHING))
    estimate = paired_effect((pairs.hero_robust - pairs.rival_robust).to_numpy())
    if not found.fair and not _no_better(estimate):
        return Judged(NOTHING, words.seeds(len(pairs)), words.UNMATCHED, lacking=words.WIDER[kind])
    more = words.at_the_same(found.hero, found.rival, found.between, found.fair)
    detail = {
        "clean accuracy of the mixture on val": found.hero,
        "clean accuracy of the rival on val": found.rival,
        "share of the cleaner of the two arms": found.share,
        "against the less clean of the two arms": effect(alive, HERO, found.low, "robust").effect,
        "against the cleaner of the two arms": effect(alive, HERO, found.high, "robust").effect,
    }
    judged = Judged(estimate, words.seeds(estimate.n), words.difference("robust", kind, estimate, more), detail)
    return believed(judged, _masked(alive), (found.low, found.high))


def _no_better(estimate: Estimate) -> bool:
    """Whether the mixture is surely less robust than a rival, or no more robust than it by what matters.

    That alone can a cleaner rival show: it pays with robustness and would have more of it at the mixture's clean
    accuracy, so the mixture's advantage is at most what it seems. An interval above 0 never counts: it would support.
    """
    return estimate.high < 0 or (-SMALL < estimate.low <= 0 and estimate.high < SMALL)


def _together(learners: pd.DataFrame) -> Judged:
    """Over seeds: the learners' risks at their own tasks, and the global model's at both.

    Each is freed of its mean over seeds in an arm and at a moment, then averaged over these: between runs of one arm
    only chance differs, and what a longer training or another mixture does to both is no dose of anything.
    """
    estimate = NOTHING
    if len(learners):
        table = dose(learners)
        blocks = table.groupby(["condition", "moment"])
        table = table[blocks.seed.transform("nunique") == table.seed.nunique()]
        columns = ["learners", "global"]
        freed = table[columns] - table.groupby(["condition", "moment"])[columns].transform("mean")
        means = freed.groupby(table.seed).mean()
        if len(means) >= LEAST_SEEDS:
            estimate = rank_relation(means.learners.to_numpy(), means["global"].to_numpy())
    return Judged(estimate, words.seeds(estimate.n), words.relation(estimate))


def dose(learners: pd.DataFrame) -> pd.DataFrame:
    """One row an arm, seed and moment at which both learners count: mean risk of the learners, each at its own task,
    and of the global model at both.
    """
    keys = ["condition", "seed", "moment"]
    seen = learners.assign(moment=learners.moment.astype(float))
    seen = seen[seen.moment.isin([float(moment) for moment in MIXING])]
    wide = seen.pivot_table(index=keys, columns="network", values=["clean_loss", "attacked_loss"])
    own = (wide["attacked_loss"][FIRST] + wide["clean_loss"][SECOND]) / 2
    whole = (wide["attacked_loss"]["global"] + wide["clean_loss"]["global"]) / 2
    return pd.DataFrame({"learners": own, "global": whole}).dropna().reset_index()


def _recommended(alive: pd.DataFrame, labels: Mapping[str, Text]) -> list[Text]:
    """The arm that val chooses, with what test then says of it."""
    if alive.empty:
        return []
    table = alive.groupby("condition", sort=False)[["val_balanced", "clean", "robust"]].mean()
    table = table.assign(masked=pd.Series(_masked(alive)).reindex(table.index).fillna(0))
    name = recommended(table.rename_axis("arm").reset_index())
    if name is None or ADVERSARIAL not in table.index:
        return []
    base = float(table.val_balanced[ADVERSARIAL])
    val, clean, robust = (float(table[column][name]) for column in ("val_balanced", "clean", "robust"))
    return [words.recommended(name, labels[name], val, base, clean, robust)]


def _decays(chosen: Mapping[str, Any]) -> list[Text]:
    """Weight decays of the published recipe, which are SGD's, where the learners have another optimiser."""
    base = str((chosen.get("recipe") or {}).get("optimiser", {}).get("name", "sgd"))
    decays = [float(own["weight_decay"]) for own in chosen.get("own", []) if (own.get("name") or base) != "sgd"]
    return words.of_sgd(base, decays) if decays == PUBLISHED else []


def _weak(alive: pd.DataFrame, about: Mapping[str, Any]) -> list[Text]:
    base = alive[alive.condition == ADVERSARIAL]
    if base.empty:
        return []
    return words.weak(float(base.robust.mean()), float(base.clean.mean()), 1 / len(about["data"]["classes"]))

"""What there is to choose from, as rows for `assay list`."""

from __future__ import annotations

from assay.core.errors import unknown

Row = dict[str, str]


def catalogue(what: str) -> list[Row]:
    """The rows of one list.

    >>> [row["name"] for row in catalogue("interventions")]
    ['fork', 'hot_swap']
    """
    if what not in LISTS:
        raise unknown("list", what, LISTS)
    return LISTS[what]()


def first_line(thing: object) -> str:
    """The first line of what something says about itself."""
    return (thing.__doc__ or "").strip().split("\n")[0]


def _metrics() -> list[Row]:
    from assay.metrics import METRICS

    cards = [metric.card for metric in METRICS.values()]
    return [
        {
            "name": card.name,
            "what": card.summary,
            "range": f"{card.range[0]:g} to {card.range[1]:g}",
            "better": card.better,
            "needs": ", ".join(card.needs),
        }
        for card in cards
    ]


def _models() -> list[Row]:
    from assay.models import MODELS

    rows = [{"name": name, "what": first_line(builder)} for name, builder in MODELS.items()]
    return [*rows, {"name": "FILE.py:FUNCTION", "what": "Your own: function(shape, classes) returns an nn.Module."}]


def _data() -> list[Row]:
    from assay.data import available

    return [{"name": name, "what": about} for name, about in available().items()]


def _kinds(family: str) -> list[Row]:
    from assay.core.spec import Kind
    from assay.data import Bias
    from assay.losses import ContrastiveLoss, Loss
    from assay.train import Intervention, Sampler, Strategy, Treatment, Weighting
    from assay.train.augment import Augmentation

    families: dict[str, type[Kind]] = {
        "strategies": Strategy,
        "treatments": Treatment,
        "weightings": Weighting,
        "interventions": Intervention,
        "losses": Loss,
        "contrastive losses": ContrastiveLoss,
        "samplers": Sampler,
        "augmentations": Augmentation,
        "biases": Bias,
    }
    members = families[family].family
    return [
        {
            "name": name,
            "what": first_line(kind),
            "fields": ", ".join(field for field in kind.model_fields if field != "kind"),
        }
        for name, kind in sorted(members.items())
    ]


def _activations() -> list[Row]:
    from assay.models import ACTIVATIONS

    return [{"name": name} for name in ACTIVATIONS]


def _studies() -> list[Row]:
    from assay.studies import STUDIES

    return [{"name": name, "question": study.question["en"]} for name, study in STUDIES.items()]


def _goals() -> list[Row]:
    from assay.studies.tune.figures import FIGURES

    return [{"name": figure.name, "what": figure.what, "better": figure.better} for figure in FIGURES.values()]


def _wishes() -> list[Row]:
    from assay.studies.tune import RULES
    from assay.studies.tune.rules import found_of

    return [
        {"name": name, "wish": r.wish, "goals": r.goals, "because": r.because, "evidence": found_of(name, r)}
        for name, r in RULES.items()
    ]


LISTS = {
    "metrics": _metrics,
    "models": _models,
    "data": _data,
    "strategies": lambda: _kinds("strategies"),
    "treatments": lambda: _kinds("treatments"),
    "weightings": lambda: _kinds("weightings"),
    "interventions": lambda: _kinds("interventions"),
    "losses": lambda: [*_kinds("losses"), *_kinds("contrastive losses")],
    "samplers": lambda: _kinds("samplers"),
    "augmentations": lambda: _kinds("augmentations"),
    "biases": lambda: _kinds("biases"),
    "activations": _activations,
    "studies": _studies,
    "goals": _goals,
    "wishes": _wishes,
}

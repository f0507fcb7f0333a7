"""Is this model collapsed? What `assay geometry` does: weights and data in, figures and words out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from assay.data import Dataset
from assay.metrics import within_variance
from assay.models import Projected
from assay.studies.collapse.geometry import words
from assay.studies.collapse.geometry.figures import kept, neighbours, overall, per_class, untrained_shares
from assay.studies.collapse.geometry.look import Look, head_of, last_layer, look, sample
from assay.studies.collapse.geometry.subject import subject_of
from assay.studies.collapse.geometry.told import told
from assay.studies.collapse.geometry.weights import filled

SPLITS = ("train", "val", "test")
PROBE = 64  # items by which it is found out whether the head reads a layer


def geometry(
    place: Path, *, model: str | None = None, data: str | None = None, layer: str | None = None, regroup: bool = False
) -> dict[str, Any]:
    """How a trained network's layer arranges its classes, and in plain words whether they have collapsed.

    ``place`` is a file of weights, for which ``model`` and ``data`` are needed, or a run's folder in a lab, which names
    both. ``layer`` is a module's path; by default the last activation before the head. Figures are those of
    `assay.metrics`, in evaluation mode, on at most 4096 items a split. Per class ``kept`` is the share of variance
    within the class over that of the untrained network; the word follows from it (``rule``). `BadInput` where weights,
    model and data do not fit.
    """
    subject = subject_of(place, model, data, regroup)
    dataset, classes = subject.data, len(subject.data.classes)
    trained, untrained = filled(subject.file, subject.model, dataset.shape, classes, subject.seed)
    items = {name: sample(dataset.splits[name], classes) for name in SPLITS}

    def at(layer: str) -> tuple[dict[str, Look], Look]:
        seen = {name: look(trained, dataset.splits[name], items[name], layer) for name in SPLITS}
        return seen, look(untrained, dataset.train, items["train"], layer)

    learned = _learned(trained, untrained)
    whole = layer is None  # no layer was asked for: the answer is looked for where it belongs
    embedding = _embedding(dataset, *at("projector")) if whole and learned else None
    forecast = told(subject.recipe, dataset) if learned else None
    layer = layer or last_layer(trained, dataset.train.x[:2])
    seen, before = at(layer)
    first = items["train"][:PROBE]
    head = head_of(trained, dataset.train.x[first], seen["train"].features[:PROBE], classes)
    found = {
        "weights": str(subject.file),
        "model": subject.model,
        "data": subject.source,
        "layer": layer,
        "width": seen["train"].features.shape[1],
        "rule": words.RULE,
        "splits": {name: overall(seen[name], seen["train"], head) for name in ("train", "test")},
        "warnings": list(dataset.warnings),
    }
    found |= {"embedding": embedding, "foretold": forecast}
    found |= _judged(dataset, seen, before, subject.source, embedding)
    if embedding and forecast:
        found["text"].insert(-1, words.beside(forecast, embedding))
    if whole and not learned:
        found["text"].append(words.NO_CONTRAST)
    return found


def _judged(
    dataset: Dataset, seen: dict[str, Look], before: Look, source: str, embedding: dict[str, Any] | None
) -> dict[str, Any]:
    """The whole in words: where a contrastive loss acted, that is the projector's output, else the layer's."""
    knn, recalls = neighbours(seen["train"], seen["val"], seen["test"], len(dataset.classes))
    rows = [row | {"knn": recall} for row, recall in zip(_rows(dataset, seen, before), recalls, strict=True)]
    lead = embedding["classes"] if embedding else rows
    whole, rare = words.verdict([row["word"] for row in lead]), words.rarest(lead)
    text = words.sentences(lead) + ([rare["text"]] if rare else [])
    if embedding:
        text += [words.at_projector(embedding), words.in_features(rows)]
    return {
        "verdict": whole,
        "text": text,
        "classes": rows,
        "rarest": rare,
        "knn": knn,
        "next": words.following(whole, source),
    }


def _learned(trained: nn.Module, untrained: nn.Module) -> bool:
    """Whether there is a projector that training has moved: cross-entropy leaves one as it was."""
    if not isinstance(trained, Projected) or not isinstance(untrained, Projected):
        return False
    pairs = list(zip(trained.projector.parameters(), untrained.projector.parameters(), strict=True))
    return not pairs or any(not a.equal(b) for a, b in pairs)


def _embedding(dataset: Dataset, seen: dict[str, Look], before: Look) -> dict[str, Any]:
    """The same words for the projector's output, where theory and forecast speak of the variance within classes."""
    rows = _rows(dataset, seen, before)
    variances = {name: within_variance(seen[name].features, seen[name].labels) for name in ("train", "test")}
    return {"verdict": words.verdict([row["word"] for row in rows]), "within_variance": variances, "classes": rows}


def _rows(dataset: Dataset, seen: dict[str, Look], before: Look) -> list[dict[str, Any]]:
    """Figures and a word for each class."""
    classes = len(dataset.classes)
    train, test = (per_class(seen[name], seen["train"], classes) for name in ("train", "test"))
    shares = untrained_shares(before, classes)
    rows: list[dict[str, Any]] = []
    for label, name in enumerate(dataset.classes):
        part = kept(train[label].get("within_share"), shares[label])
        rows.append(
            {
                "name": name,
                "items": int((dataset.train.labels == label).sum()),
                "word": words.word(part),
                "kept": part,
                "untrained_share": shares[label],
                "train": train[label],
                "test": test[label],
            }
        )
    return rows

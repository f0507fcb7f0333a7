"""What each study adds to its page. A study's pictures are one module with ``story(folder) -> Story``, named here."""

from __future__ import annotations

from collections.abc import Callable

from assay.report.blocks import Story
from assay.report.charts import (
    attack,
    collapse,
    families,
    frontier,
    generalist,
    limit,
    look,
    overfitting,
    quality,
    remedies,
    simplicity,
    stream,
    tune,
)
from assay.report.folder import Folder

STORIES: dict[str, Callable[[Folder], Story]] = {
    "attack": attack.story,
    "collapse": collapse.story,
    "data": quality.story,
    "families": families.story,
    "frontier": frontier.story,
    "generalist": generalist.story,
    "limit": limit.story,
    "look": look.story,
    "overfitting": overfitting.story,
    "remedies": remedies.story,
    "simplicity": simplicity.story,
    "stream": stream.story,
    "tune": tune.story,
}


def story(folder: Folder) -> Story:
    """The story of the folder's study; an empty one for a study that has no pictures of its own."""
    return STORIES.get(str(folder.study.get("study")), lambda _: Story())(folder)

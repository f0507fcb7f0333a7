"""What is known to be in real image sets is found, and what is known not to be there is not said."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest

from assay.data import load_data
from assay.studies.quality import View
from assay.studies.quality.distance import distance
from assay.studies.quality.doubts import doubts
from assay.studies.quality.duplicates import duplicates
from assay.studies.quality.groups import groups
from assay.studies.quality.shortcuts import shortcuts

pytestmark = pytest.mark.slow


@cache
def view(name: str) -> View:
    place = os.environ.get("ASSAY_DATA")
    if not place or not (Path(place) / f"{name}.npz").exists():
        pytest.skip(f"{name} is not in $ASSAY_DATA")
    return View(load_data(name))


def test_stain_colour_of_lung_tissue() -> None:
    """Its maker's own 7-nearest-neighbour rule on mean and spread of the channels has 0.91."""
    found = shortcuts(view("lc25000_lung_64"))[0]
    assert found.severity == "problem" and found.unit == "accuracy of colour alone"
    assert found.interval and found.interval[0] < 0.91 < found.interval[1]
    assert distance(view("lc25000_lung_64"))[0].severity == "fine"


def test_boards_of_printed_circuits_lie_in_both_splits() -> None:
    boards = view("deeppcb_64")
    own, theirs = (set(boards.splits[name].groups.tolist()) for name in ("train", "test"))
    found = groups(boards)[0]
    assert found.severity == "problem" and found.detail["in_both"] == len(own & theirs) > 0


def test_tiles_that_were_seen_under_other_light_are_copies_and_small_defects_are_not_wrong_labels() -> None:
    """Every tile was photographed up to six times; a small defect looks like no defect, and its label is right."""
    tiles = view("magnetic_tile_64")
    repeats = duplicates(tiles)[2]
    same = tiles.splits["train"].groups
    assert same is not None and repeats.severity == "look"
    ends = tiles.pairs.ends[(tiles.pairs.ends < len(same)).all(1)]
    assert (same[ends[:, 0]] == same[ends[:, 1]]).mean() > 0.9
    assert doubts(tiles)[0].severity == "none"

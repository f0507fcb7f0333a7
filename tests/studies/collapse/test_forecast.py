"""What a forecast says, and that what it recommends does what it says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assay.maths.ssem import AnySetting, RandomSetting, Setting, predict, variances
from assay.studies.collapse.forecast import curve, forecast
from assay.studies.collapse.repair import ENOUGH, healthy, repairs

SICK: list[AnySetting] = [
    Setting(10, 50, 2, 0.5, 0.5),
    Setting(3, 4, 2, 0.0, 0.2),
    Setting(100, 5, 2, 0.2, 0.1, "incl"),
    Setting(10, 4, 4, 0.26, 0.1),
    Setting(2, (2, 4), 2, 0.5, 0.3, "incl"),
    RandomSetting((60, 240), 16, 2, 0.16, 0.1),
]


@pytest.mark.parametrize("setting", SICK)
def test_every_repair_repairs_and_the_smallest_is_first(setting: AnySetting) -> None:
    changes = repairs(setting)
    assert changes and not healthy(setting)
    assert [change.size for change in changes] == sorted(change.size for change in changes)
    for change in changes:
        found = predict(change.setting)
        assert found.phase == "spread" and min(found.within_variance) >= ENOUGH - 1e-3, change
        if change.what in ("alpha", "temperature"):
            assert replace(setting, **{change.what: change.new}) == change.setting  # type: ignore[arg-type]


def test_kinds_of_repair() -> None:
    kinds = {change.what for setting in SICK for change in repairs(setting)}
    assert kinds == {"alpha", "temperature", "batch", "views", "balanced"}


def test_a_repair_is_hardly_larger_than_it_must_be() -> None:
    change = next(c for c in repairs(SICK[0]) if c.what == "temperature")
    assert not healthy(replace(SICK[0], temperature=change.new * 1.02))
    change = next(c for c in repairs(SICK[0]) if c.what == "alpha")
    assert not healthy(replace(SICK[0], alpha=change.new - 0.005))


def test_a_healthy_setting_is_left_alone() -> None:
    found = forecast(Setting(10, 50, 2, 0.5, 0.1))
    assert found.changes == () and "smallest" not in " ".join(found.sentences)


def test_sentences_name_the_class_that_collapses() -> None:
    found = forecast(Setting(2, (2, 4), 2, 0.5, 0.3, "incl", dimension=3), ("scratch", "ok"))
    assert found.sentences[0].startswith("1 of 2 classes (scratch) collapses")
    assert any("upper estimate" in line for line in found.sentences)
    folded = forecast(Setting(2, 32, 2, 0.0, 0.07))
    assert "views of one item are pushed apart" in folded.sentences[0]
    assert any("not SupCon" in line for line in folded.sentences)
    assert "at no" not in " ".join(folded.sentences)


def test_the_wanted_alpha_gives_the_wanted_variance() -> None:
    setting = RandomSetting((100, 900), 64, 2, 0.5, 0.1)
    for of in ("mean", "least"):
        alpha = forecast(setting, within=0.2, of=of).wanted_alpha  # type: ignore[arg-type]
        assert alpha is not None
        within = variances(replace(setting, alpha=alpha)).instances
        assert (within.mean() if of == "mean" else within.min()) == pytest.approx(0.2, abs=1e-3)


def test_curves_pass_through_the_forecast() -> None:
    for setting in (Setting(10, 50, 2, 0.5, 0.1), RandomSetting((100, 900), 64, 2, 0.5, 0.1)):
        along = curve(setting, "alpha", 3)
        within = predict(setting).within_variance
        assert along.values[1] == 0.5
        assert along.mean[1] == pytest.approx(sum(within) / len(within), abs=1e-5)
        assert along.least[1] == pytest.approx(min(within), abs=1e-5)
        assert list(along.mean) == sorted(along.mean)

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fake_study import write

from assay.report.charts import curves, kit, labels, theme
from assay.report.charts.families import detail, motion, movers, rates, samples, tables
from assay.report.charts.families.space import Space, space
from assay.report.folder import Folder
from assay.report.page import html
from assay.studies.families.judging import kinds_seen


def models(points: np.ndarray, conditions: list[str]) -> Space:
    frame = pd.DataFrame({"run": [str(i) for i in range(len(points))], "condition": conditions})
    frame = frame.assign(stress="none", family="happy", test_accuracy=0.9)
    return Space(frame, np.linalg.norm(points[:, None] - points[None], axis=-1))


def test_the_map_of_points_in_a_plane_keeps_their_distances() -> None:
    points = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 3.0], [1.0, 2.0]])
    flat, shares = models(points, ["a"] * 4).map
    np.testing.assert_allclose(
        np.linalg.norm(flat[:, None] - flat[None], axis=-1), models(points, ["a"] * 4).distances, atol=1e-9
    )
    assert sum(shares) == pytest.approx(1.0)
    assert (np.abs(flat).max(axis=0) == flat.max(axis=0)).all()  # the farthest point lies on the positive side


def test_spread_is_taken_around_the_centre_of_each_group_and_corrected_for_it() -> None:
    found = models(np.array([[0.0, 0], [2, 0], [10, 0], [16, 0], [5, 5]]), ["a", "a", "b", "b", "c"])
    # half the distance of two points, times sqrt(2 / 1); one point has no spread
    np.testing.assert_allclose(found.to_centre(["condition"])[:4], np.sqrt(2) * np.array([1, 1, 3, 3]))
    assert np.isnan(found.to_centre(["condition"])[4])


def test_distance_between_conditions_leaves_out_a_model_with_itself() -> None:
    between = models(np.array([[0.0, 0], [2, 0], [10, 0]]), ["a", "a", "b"]).between_conditions(["a", "b"])
    value = between.set_index(["row", "column"]).value
    assert value["a", "a"] == 2 and value["a", "b"] == value["b", "a"] == 9
    assert ("b", "b") not in value.index


def test_models_with_an_unknown_distance_are_left_out(images: Path) -> None:
    folder = Folder(images)
    whole = space(folder)
    lost = whole.models.run[3]
    pairs = folder.table("pairs")
    folder._tables["pairs"] = pairs[~((pairs.run_a == lost) & (pairs.index % 2 == 0))]
    part = space(folder)
    assert set(whole.models.run) - set(part.models.run) == {lost}
    assert np.isfinite(part.distances).all()


def test_residuals_hold_accuracy_and_condition() -> None:
    draw = np.random.default_rng(0)
    accuracy, moved = draw.normal(0.9, 0.02, 200), draw.normal(size=200)
    condition = np.array(["a", "b"])[np.arange(200) % 2]
    shift = accuracy - 0.03 * moved - np.where(condition == "a", 0.2, 0.0)
    runs = pd.DataFrame(
        {"run": [str(i) for i in range(200)], "condition": condition, "stress": "loss", "test_accuracy": accuracy}
    )
    left = movers.residuals(runs.assign(movement=moved + 5 * accuracy, shift_accuracy=shift))
    assert left.groupby("condition")[["movement", "errors"]].mean().abs().to_numpy().max() < 1e-9
    slope = np.polyfit(left.movement, left.errors, 1)[0]
    assert slope == pytest.approx(0.03, rel=1e-6)  # what accuracy and condition add is gone, exactly


def test_forks_and_unstressed_runs_are_no_evidence_about_movement(images: Path) -> None:
    left = movers.residuals(Folder(images).table("runs"))
    assert set(left.stress) == {"activation", "loss", "both"}


def test_hues_are_the_same_whatever_conditions_a_study_has() -> None:
    assert theme.hues(["none", "fork", "activation"])["activation"] == theme.hues(["activation"])["activation"]
    own = theme.hues(["none", "loss", *"abcde"])
    assert len(set(own.values())) == 7


def test_every_token_of_a_chart_is_a_colour_on_both_grounds(page: str) -> None:
    import re

    tokens = set(re.findall(r'"@([a-z]+)"', page))
    assert {"ground", "ink", "blue"} <= tokens <= set(theme.TOKENS["light"])
    assert theme.TOKENS["light"].keys() == theme.TOKENS["dark"].keys()


def test_labels_beside_points_do_not_lie_on_one_another() -> None:
    points = pd.DataFrame({"x": [1.0, 1.001, 1.002, 9.5], "y": [1.0, 1.0, 1.0, 9.9], "label": ["a long label"] * 4})
    sides = labels.beside(points, ((0.0, 10.0), (0.0, 10.0)), (800, 400))
    assert sides[3] == "left-down"  # at the right edge and the top, no other side is free
    shown = [side for side in sides[:3] if side]
    assert len(shown) == len(set(shown)) >= 2


def test_inline_data_is_small_and_finite() -> None:
    name = kit.data(pd.DataFrame({"x": [1 / 3, np.nan], "name": ["b", "b"]})).name
    assert kit.TABLES[name] == {"x": [0.33333, None], "name": {"words": ["b"], "at": [0, 0]}}


def test_heat_map_of_layers_has_both_halves_from_one() -> None:
    half = pd.DataFrame(
        {"condition_a": ["a", "a", "b"], "condition_b": ["a", "b", "b"], "layer": "l", "cka": [1.0, 0.5, 0.9]}
    )
    whole = detail.mirrored(half)
    assert len(whole) == 4
    assert len(detail.mirrored(whole)) == 4


def test_a_learning_curve_keeps_its_first_and_last_epoch() -> None:
    epochs = pd.Series(range(1, 301))
    kept = epochs[curves.thinned(epochs)]
    assert kept.iloc[0] == 1 and kept.iloc[-1] == 300 and len(kept) <= curves.POINTS + 1


def test_learning_curves_go_from_look_to_look(images: Path) -> None:
    folder = Folder(images)
    panels, hues = ({c.name: c.stress for c in folder.conditions} for _ in range(2))
    table = folder.table("curves")
    looked = table.epoch % 4 == 0
    assert looked.sum() > 0 and curves.curves(folder, panels, hues, theme.hues(hues.values())) is not None
    folder._tables["curves"] = table.assign(val_loss=table.val_loss.where(looked))
    figure = curves.curves(folder, panels, hues, theme.hues(hues.values()))
    assert figure is not None and f"{table.epoch[looked].max():.0f} epochs" in figure.alt
    drawn = json.dumps([panel.chart.to_dict(validate=False) for panel in figure.panels])
    names = set(re.findall(r'"(d[0-9a-f]{10})"', drawn))
    assert names and all(value is not None for name in names for value in kit.TABLES[name]["val_loss"])
    folder._tables["curves"] = table.assign(val_loss=table.val_loss.where(table.epoch == table.epoch.max()))
    assert curves.curves(folder, panels, hues, theme.hues(hues.values())) is None  # one look is no line


def test_thumbnails_are_magnified_by_whole_numbers_and_only_if_they_are_images(images: Path) -> None:
    text = Folder(images).table("samples").thumbnail[0]
    address, width, height = samples.thumbnail(text)
    assert address.startswith("data:image/png;base64,") and width == height == 88
    assert samples.thumbnail(text, room=60)[1] == 56  # seven times eight
    assert samples.thumbnail("PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+") == ("", 0, 0)


def test_the_panel_of_a_kind_of_stress_is_named_without_its_time() -> None:
    assert motion.without_time("relu → tanh at 25 %") == "relu → tanh"
    assert motion.without_time("活性化 (25 %)") == "活性化"


def test_the_claim_over_kinds_of_stress_shows_what_it_compares(images: Path) -> None:
    """A row a kind, two at once left out: mean errors of paired models, mean spread of the others, as judged."""
    seen = Folder(images)
    table = tables.kinds(seen)
    found = kinds_seen(seen.study, seen.table("runs"), seen.table("pairs"))
    assert table is not None and [row[0].text for row in table.rows] == [
        *("no stress", "activation:tanh", "activation:sigmoid", "loss:squared_error", "loss:multi_margin")
    ]
    assert [row[1].order for row in table.rows] == pytest.approx((1000 * (1 - found.accuracy)).tolist())
    assert [row[2].order for row in table.rows] == pytest.approx(found.width.tolist())
    assert [row[3].text for row in table.rows] == ["3", "2", "2", "2", "2"]
    assert table.caption in html(seen)


def test_a_study_of_which_every_run_stopped_has_a_page(tmp_path: Path) -> None:
    folder = write(tmp_path / "stopped", seeds=2)
    runs = pd.read_csv(folder / "runs.csv", dtype={"run": str}, keep_default_na=False, na_values=[""])
    figures = [name for name in runs if runs[name].dtype.kind == "f"]
    runs.assign(status="stopped: loss not finite", **dict.fromkeys(figures)).to_csv(folder / "runs.csv", index=False)
    for path in folder.glob("*.csv"):
        if path.stem != "runs":
            path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    seen = Folder(folder)
    assert rates.by_condition(seen) is None and tables.kinds(seen) is None and "<h1" in html(seen)

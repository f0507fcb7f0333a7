"""The page of the overfitting study: every claim has its picture, and what is said follows from the tables."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fake_overfitting import ARMS, CLAIMS, EPOCHS, ONSET, write
from pages import keeps_promises, readable, section, with_study, with_table
from scipy.stats import spearmanr

from assay.report.blocks import Figure, Table
from assay.report.charts import paired
from assay.report.charts.arms import finished
from assay.report.charts.overfitting import (
    along,
    amounts,
    classes,
    factors,
    fall,
    features,
    gaps,
    hero,
)
from assay.report.charts.overfitting.arms import Arms, arms
from assay.report.charts.overfitting.controls import controls
from assay.report.charts.overfitting.deployment import deployment, figures
from assay.report.folder import Folder
from assay.report.page import html
from assay.studies.overfitting.design import BASELINE, DROP, WRONG
from assay.studies.overfitting.risk import risk

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("overfitting"))


@pytest.fixture(scope="module")
def pilot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("pilot"), pilot=True, judged=0)


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return html(Folder(folder))


def named(folder: Path) -> Arms:
    found = arms(Folder(folder))
    assert found is not None
    return found


def test_every_claim_has_its_picture_first_and_then_its_numbers(page: str) -> None:
    for name in CLAIMS:
        part = section(page, f"claim-{name}")
        assert 0 < part.index('class="chart"') < part.index('class="fold"') < part.index('class="tested"')


def test_the_page_keeps_what_every_page_promises(page: str) -> None:
    keeps_promises(page, 40)


def test_the_first_screen_has_the_curve_in_plain_words(page: str) -> None:
    first = page[page.index('class="verdicts"') : page.index('id="evidence"')]
    assert 'id="robust-curve"' in first and not re.search("[Α-Ωα-ω]", first)


def test_a_japanese_page_speaks_japanese(folder: Path) -> None:
    page = html(Folder(folder, "ja"))
    assert "導入前に知っておくこと" in page and "seed by seed" not in page
    captions = re.findall(r"<figcaption>(.*?)<span", page, re.S)
    assert len(captions) > 12 and not any(re.search(r"\b(the|seeds|arms)\b", caption) for caption in captions)


def test_one_hue_a_condition_through_the_whole_page(folder: Path) -> None:
    found = named(folder)
    assert [arm.name for arm in found.arms] == list(ARMS)
    own = {arm.hue: found.hues[arm.hue] for arm in found.arms}
    assert len(set(own.values())) == len(own) == 6


def test_the_fall_is_the_mean_over_seeds_of_the_look_that_val_chose_less_the_end(folder: Path) -> None:
    seen = Folder(folder)
    found = hero.fall(seen)
    assert found is not None
    runs = seen.table("runs").query("condition == 'baseline'")
    best, last = [], []
    for row in runs.itertuples():
        curve = seen.table("curves").query("run == @row.run").set_index("epoch").test_robust
        best.append(100 * curve[row.best_epoch])
        last.append(100 * curve.iloc[-3:].mean())
    np.testing.assert_allclose([found.best, found.last], [np.mean(best), np.mean(last)], atol=1e-3)
    assert found.corrected[:3] == (0.08, 0.06, 0.1)  # as its card says
    figure = hero.curve(seen)
    assert figure is not None and f"it falls {np.mean(best) - np.mean(last):.1f} points, 8.0 after" in figure.alt


def test_without_a_verdict_the_interval_comes_from_the_table(folder: Path) -> None:
    seen = Folder(folder)
    seen.__dict__["verdicts"] = []
    found = hero.fall(seen)
    drop = seen.table("runs").query("condition == 'baseline'").drop_corrected
    assert found is not None and found.corrected.mean == pytest.approx(drop.mean())
    assert found.corrected.low < drop.mean() < found.corrected.high


def test_a_rise_is_called_a_rise(folder: Path) -> None:
    seen = with_table(folder, "runs", lambda runs: runs.assign(drop=-0.02))
    figure = hero.curve(seen)
    assert figure is not None and "it rises 2.0 points" in figure.alt


def test_the_onset_is_where_the_mean_over_seeds_and_three_looks_peaks(folder: Path) -> None:
    seen = Folder(folder)
    base = seen.table("curves").query("condition == 'baseline'").groupby("epoch").val_robust.mean()
    smooth = [base.iloc[max(0, i - 1) : i + 2].mean() for i in range(len(base))]
    assert along.onset(seen) == pytest.approx(base.index[int(np.argmax(smooth))])
    assert abs(along.onset(seen) - ONSET) <= 6
    figure = factors.from_onset(seen, named(folder))
    assert figure is not None and f"to {EPOCHS[-1]}" in figure.alt


def test_names_at_the_ends_of_lines_do_not_lie_on_one_another() -> None:
    middle = pd.DataFrame({"epoch": 10.0, "series": list("abcd"), "hue": list("abcd"), "value": [50, 50.1, 50.2, 99.9]})
    spans = ((0.0, 12.0), (0.0, 100.0))
    hues = dict.fromkeys("abcd", "@ink")
    chart = along.ends(
        middle, {name: name for name in "abcd"}, hues, spans, hero.epochs(spans[0], 10, lambda en, _: en)
    )
    from assay.report.charts import kit

    places = sorted(kit.TABLES[chart.data.name]["value"])
    assert min(np.diff(places)) >= 5.4 and places[-1] <= 100


def test_labels_break_near_their_middle_where_room_is_short() -> None:
    text = paired._broken(["easy images left out", "損失の小さい画像を除く", "plain"])
    told = json.loads(re.search(r"\((\{.*\})\)", text)[1])
    assert told == {
        "easy images left out": ["easy images", "left out"],
        "損失の小さい画像を除く": ["損失の", "小さい画像を除く"],
        "plain": ["plain"],
    }
    assert text.startswith("width < 450 ?")


def test_the_three_steps_of_the_drop_are_the_columns_of_the_table(folder: Path) -> None:
    seen = Folder(folder)
    figure, table = fall.occurs(seen, named(folder))
    base = seen.table("runs").query("condition == 'baseline'")
    for column in ("drop", "drop_flat", "drop_corrected"):
        assert f"{100 * base[column].mean():.1f}" in figure.alt
    assert isinstance(table, Table) and len(table.rows) == len(ARMS)


def test_differences_to_the_baseline_are_taken_within_a_seed(folder: Path) -> None:
    def change(runs: pd.DataFrame) -> pd.DataFrame:
        gain = np.where(runs.condition == DROP, 0.04, np.where(runs.condition == BASELINE, 0.0, 0.01))
        runs["autoattack_last"] = 0.3 + 0.05 * runs.seed + gain
        return runs[~((runs.condition == BASELINE) & (runs.seed == 3))]

    figure = factors.at_end(with_table(folder, "runs", change), named(folder))
    assert figure is not None
    assert "highest 4 points (easy images left out), lowest 1 points" in figure.alt
    assert figure.panels[0].title == "AutoAttack accuracy at the end, %"


def test_levels_of_trust_are_counted(folder: Path) -> None:
    seen, found = Folder(folder), named(folder)
    table = factors.levels(seen, found)
    assert table is not None
    assert [cell.text for cell in table.rows[0]] == ["adversarial training", "3", "3", "0", "0"]
    figure = factors.at_end(seen, found)
    shown = finished(seen)[
        lambda runs: ~runs.condition.isin([a.name for a in found.arms if a.role in ("data", "reference")])
    ]
    counts = shown.autoattack_level_last.value_counts()
    assert figure is not None and f"A: {counts['A']}; B: {counts['B']}" in figure.caption


def test_without_autoattack_one_attack_judges_and_says_so(folder: Path) -> None:
    seen = with_study(folder, judged=0)
    figure = factors.at_end(seen, named(folder))
    assert figure is not None and "20 steps of one attack" in figure.caption
    assert figure.panels[0].title == "Robust accuracy at the end, %"


def test_the_text_of_the_relation_is_the_rank_correlation_of_the_means(folder: Path) -> None:
    seen = Folder(folder)
    figure, _ = gaps.together(seen, named(folder))
    means = finished(seen, "gap_attacked_last", "drop_corrected").groupby("condition")
    means = means[["gap_attacked_last", "drop_corrected"]].mean()
    rho = spearmanr(means.gap_attacked_last, means.drop_corrected).statistic
    assert f"{len(means)} arms with a rank correlation of {rho:.2f}" in figure.alt and len(means) == 13


def test_the_size_curve_goes_through_the_baseline_and_its_parts_alone(folder: Path) -> None:
    seen = Folder(folder)
    figure = amounts.size_curve(seen, named(folder))
    assert figure is not None and len(figure.panels) == 4
    base = finished(seen, "drop_corrected").groupby("condition").drop_corrected.mean() * 100
    order = ("images x 0.25", "images x 0.5", "baseline")
    line = ", ".join(f"{n}: {base[name]:.1f}" for n, name in zip((125, 250, 500), order, strict=True))
    assert f"loss of robustness {line};" in figure.alt


def test_memorised_labels_stand_beside_what_chance_gives(folder: Path) -> None:
    seen = Folder(folder)
    figure = amounts.memory(seen, named(folder))
    runs = finished(seen).query("condition == @WRONG")
    assert figure is not None and WRONG == "wrong labels"
    assert f"learned by heart, at the end {100 * runs.memorised_last.mean():.1f} %" in figure.alt
    assert f"by chance, at the end {100 * runs.memorised_by_chance_last.mean():.1f} %" in figure.alt


def test_channels_below_the_line_are_counted(folder: Path) -> None:
    figure = features.channel_figure(Folder(folder), named(folder))
    assert figure is not None and len(figure.panels) == 3
    assert all(panel.aspect == 1.0 for panel in figure.panels)
    last = Folder(folder).table("channels").query("moment == 'last' and condition == 'baseline'")
    assert f"adversarial training: {len(last)} channels, 100% below the line" in figure.alt
    assert f"mean loss {(last.train - last.test).mean():.3f}" in figure.alt


def test_classes_that_lose_most_come_first(folder: Path) -> None:
    figure, table = classes.classes(Folder(folder), named(folder))
    assert [row[0].text for row in table.rows] == ["bag", "boot", "sandal", "coat", "shirt"]
    chart = figure.panels[0].chart.to_dict(validate=False)
    assert chart["layer"][0]["encoding"]["y"]["scale"]["domain"][0] == "bag"


def test_the_risk_is_what_the_study_says_with_its_check(folder: Path) -> None:
    seen = Folder(folder)
    told = figures(seen)
    part = deployment(seen, named(folder))
    assert told is not None and part is not None and not told.withheld
    assert "from 500 to all 1000 images" in part.lead
    table = next(block for block in part.blocks if isinstance(block, Table))
    base = finished(seen).query("condition == 'baseline'")
    for row, column in zip(table.rows, ("drop_corrected", "robust_best", "clean_best"), strict=True):
        assert row[2].text == f"{100 * base[column].mean():.1f}" and row[3].text == "yes"
    assert table.columns[-1].title == "expected with all 1000"
    figure = next(block for block in part.blocks if isinstance(block, Figure))
    assert f"foretold {100 * told.checked['robust'][0].value:.1f}" in figure.alt and len(figure.panels) == 3


def test_a_line_that_misses_foretells_nothing(folder: Path) -> None:
    def bend(runs: pd.DataFrame) -> pd.DataFrame:
        return runs.assign(robust_best=runs.robust_best + np.where(runs.condition == BASELINE, 0.3, 0.0))

    part = deployment(with_table(folder, "runs", bend), named(folder))
    assert part is not None and part.lead.startswith("No figure of risk") and "robust accuracy" in part.lead
    table = next(block for block in part.blocks if isinstance(block, Table))
    assert [row[3].text for row in table.rows][1] == "no" and "expected" not in table.columns[-1].title


def test_an_expected_accuracy_can_be_one(folder: Path) -> None:
    """Steeply rising accuracies level off: their line is one of log odds."""

    def steep(runs: pd.DataFrame) -> pd.DataFrame:
        odds = 1.5 + 1.2 * np.log2(runs.images / 500)
        return runs.assign(clean_best=1 / (1 + np.exp(-odds)))

    found = with_table(folder, "runs", steep)
    told = risk(found.study, found.table("runs"))
    assert not told.withheld and told.expected["clean"].value > 0.9 and told.expected["clean"].high <= 1


def test_all_images_may_be_too_far(folder: Path) -> None:
    study = Folder(folder).study
    far = with_study(folder, data=study["data"] | {"sizes": study["data"]["sizes"] | {"train": 50_000}})
    part = deployment(far, named(folder))
    assert part is not None and part.lead.startswith("No figure of risk for all 50000")
    figure = next(block for block in part.blocks if isinstance(block, Figure))
    assert figure.name == "risk" and "diamond" not in figure.caption


def test_too_few_sizes_or_all_images_are_said(folder: Path) -> None:
    few = deployment(with_study(folder, sizes=[0.5]), named(folder))
    assert few is not None and "this study has 2" in few.lead and "price" in [block.name for block in few.blocks]
    study = Folder(folder).study
    whole = with_study(folder, data=study["data"] | {"sizes": study["data"]["sizes"] | {"train": 500}})
    part = deployment(whole, named(folder))
    assert part is not None and part.lead.startswith("All images were learned from")


def test_every_control_says_what_it_rules_out_and_what_was_found(folder: Path) -> None:
    table, figure = controls(Folder(folder), named(folder))
    rows = {row[0].text: row for row in table.rows}
    assert (
        "left out below 1 of chance" in rows
        and "against easy images left out" in rows["left out below 1 of chance"][2].text
    )
    assert "against easy images not attacked" in rows["easy images with random noise"][2].text
    assert any("stopped" in row[2].text for row in table.rows)
    assert isinstance(figure, Figure) and "easy images left out 50 %" in figure.alt


def test_a_pilot_has_its_curve_its_risk_and_words_for_what_was_not_asked(pilot: Path) -> None:
    page = html(Folder(pilot))
    readable(page)
    first = page[page.index('class="verdicts"') : page.index('id="evidence"')]
    assert 'id="robust-curve"' in first
    assert 'id="risk"' in section(page, "deployment") and 'id="risk-table"' in section(page, "deployment")
    assert 'class="chart"' in section(page, "claim-less-data")
    for name in ("natural-data", "not-perturbation", "wrong-labels", "narrow"):
        part = section(page, f"claim-{name}")
        assert 'class="chart"' not in part and "undecided" in part and 'class="tested"' in part
    assert "factors-end" not in page and "memory" not in re.findall(r'id="([^"]+)"', page)


@pytest.mark.parametrize("table", ["runs", "curves", "layers", "classes", "channels"])
def test_missing_tables_leave_their_parts_out(folder: Path, table: str) -> None:
    readable(html(with_table(folder, table, lambda frame: pd.DataFrame())))


def test_tables_with_hardly_a_column_leave_their_parts_out(folder: Path) -> None:
    seen, kept = Folder(folder), ["run", "condition", "seed", "status", "epoch", "moment"]
    for table in ("runs", "curves", "layers", "classes", "channels"):
        seen._tables[table] = seen.table(table)[[name for name in kept if name in seen.table(table)]]
    readable(html(seen))


COLUMNS = ["best_epoch", "images", "drop_corrected", "robust_last", "gap_clean_last", "clean_best"]


@pytest.mark.parametrize("column", COLUMNS)
def test_a_figure_that_the_table_lacks_is_not_drawn(folder: Path, column: str) -> None:
    readable(html(with_table(folder, "runs", lambda runs: runs.drop(columns=column))))


def test_figures_that_no_run_has_are_not_drawn(folder: Path) -> None:
    readable(html(with_table(folder, "runs", lambda runs: runs.assign(**dict.fromkeys(COLUMNS, np.nan)))))


def test_one_seed_has_no_intervals_but_a_page(tmp_path: Path) -> None:
    readable(html(Folder(write(tmp_path / "one", seeds=1))))


@pytest.mark.parametrize("content", ["", "header"])
def test_empty_tables_leave_their_parts_out(folder: Path, tmp_path: Path, content: str) -> None:
    shutil.copytree(folder, tmp_path / "empty")
    for path in (tmp_path / "empty").glob("*.csv"):
        header = path.read_text(encoding="utf-8").splitlines()[0] + "\n"
        path.write_text(header if content else "", encoding="utf-8")
    page = html(Folder(tmp_path / "empty"))
    assert page.count('class="chart"') == 0 and "missing or empty" in page


def test_a_study_in_which_every_run_stopped_still_has_a_page(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "lost")
    runs = pd.read_csv(tmp_path / "lost" / "runs.csv")
    runs.assign(status="stopped: the loss is not finite").to_csv(tmp_path / "lost" / "runs.csv", index=False)
    page = html(Folder(tmp_path / "lost"))
    assert f"{len(runs)} of {len(runs)} stopped" in page
    readable(page)


def test_a_study_without_its_arms_keeps_what_needs_none(folder: Path) -> None:
    bare = with_study(folder, conditions=[])
    assert arms(bare) is None
    page = html(bare)
    readable(page)
    assert 'id="robust-curve"' in page and "factors-end" not in page


def test_names_from_the_users_files_are_text_and_never_markup(tmp_path: Path) -> None:
    folder = write(tmp_path / "evil", seeds=2, classes=(EVIL, "ok'\"><img src=x>", "b"))
    study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    study["conditions"][2]["label"] = study["conditions"][8]["label"] = EVIL
    (folder / "study.json").write_text(json.dumps(study), encoding="utf-8")
    page = html(Folder(folder))
    assert "alert(1)" in page and EVIL not in page and "<img src=x" not in page
    assert page.count("<script") == page.count("</script>") == 3

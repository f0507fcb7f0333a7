"""A small study from end to end: two stages, tables, verdicts; repeated, interrupted and rebuilt."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from markupsafe import escape

from assay.core.files import read_json
from assay.data import Dataset
from assay.data.load import read
from assay.lab import Lab
from assay.lab.observe import load_model
from assay.report import render
from assay.report.charts.generalist import tables
from assay.report.charts.generalist.arms import arms
from assay.report.folder import Folder
from assay.report.page import html
from assay.studies import Means, Study, conduct, configure, rebuild
from assay.studies.generalist.claims import CLAIMS
from assay.studies.generalist.design import ADVERSARIAL, ANCHORED, HERO, NATURAL, POST_HOC

LATER = "later.npz"
SETTINGS = (
    *("epochs=8", "model=mlp:16", "strategy.watched=32", "strategy.attack.steps=2", "grid.probe=32"),
    *("grid.judged=4", "grid.arms=[post hoc, anchored, eps]", "grid.eps=[0.5]"),
)


def asked(lab: Lab) -> tuple[Study, Dataset]:
    """The study of cells, with what came later beside the lab."""
    return configure("generalist", "cells", production=str(lab.root.parent / LATER), seeds=2, settings=SETTINGS)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Lab]:
    place, cells = tmp_path_factory.mktemp("generalist"), read("cells")
    part, names = cells.splits["all"].take(np.arange(60)), np.array(cells.classes)
    np.savez(place / LATER, test_images=1.2 * part.images, test_labels=part.labels, class_names=names)
    lab = Lab(place / "lab")
    return conduct(*asked(lab), lab, Means("inline"), command="assay study generalist"), lab


def test_every_arm_is_there(done: tuple[Path, Lab]) -> None:
    folder, _ = done
    runs, arms = pd.read_csv(folder / "runs.csv"), pd.read_csv(folder / "arms.csv")
    shown = [HERO, ADVERSARIAL, POST_HOC, ANCHORED, "eps x 0.5"]
    assert set(runs.condition) == {*shown, NATURAL} and (runs.status == "finished").all()
    assert list(arms.arm) == shown and arms.recommended.sum() <= 1
    judged = runs[runs.condition != NATURAL]
    assert (
        judged[["clean", "robust", "autoattack", "val_balanced", "ece", "brier", "hard_robust"]].notna().all(axis=None)
    )
    assert ((judged.clean + judged.robust) / 2).tolist() == pytest.approx(judged.balanced.tolist(), abs=1e-6)
    assert len(judged) == 10
    late = runs[runs.condition == POST_HOC]
    assert late.chosen_weight.between(0, 1).all() and late.barrier_clean.notna().all()
    assert (late.passes_before < late.passes).all()


def test_long_tables_tell_of_every_run_they_should(done: tuple[Path, Lab]) -> None:
    folder, _ = done
    tables = {path.stem: pd.read_csv(path) for path in folder.glob("*.csv")}
    assert set(tables["learners"].condition) == {HERO} and set(tables["path"].condition) == {HERO, POST_HOC}
    assert set(tables["learners"].network) == {"global", "adversarial", "standard"}
    assert sorted(tables["learners"].moment.unique()) == [0.25, 0.5, 0.75, 1]
    assert len(tables["path"]) == 4 * 11 and len(tables["radii"]) == 10 * 7 and len(tables["classes"]) == 10 * 2
    assert tables["similarity"].cka.dropna().between(-1, 1).all()
    assert len(tables["images"]) == 10 and (tables["images"].standing.str.len() == 5).all()
    assert set(tables["samples"].columns) >= {"index", "label", "first", "second", "global", "follows", "thumbnail"}
    ends = tables["path"][(tables["path"].condition == HERO) & tables["path"].weight.isin([0, 1])]
    last = tables["learners"][tables["learners"].moment == 1]
    own = last[last.network != "global"]
    assert sorted(ends.clean_loss) == pytest.approx(sorted(own.clean_loss))  # the path ends at the learners


def test_errors_on_production_are_in_the_tables_and_on_the_page(done: tuple[Path, Lab]) -> None:
    folder, lab = done
    data = asked(lab)[1]
    runs, sets = pd.read_csv(folder / "runs.csv"), pd.read_csv(folder / "shifts.csv")
    judged = runs[runs.condition != NATURAL].set_index("run")
    later = sets[sets["shift"] == "production"].set_index("run").loc[judged.index]
    assert set(later.n_ok) == {int((data.splits["production"].labels == data.ok).sum())} and later.n_faulty.min() > 0
    for figure in ("accuracy", "false_reject", "escape"):
        assert judged[f"production_{figure}"].tolist() == pytest.approx(later[figure].tolist())
    assert runs[runs.condition == NATURAL].production_accuracy.isna().all()
    hero = str(judged[judged.condition == HERO].index[0])
    net, split = load_model(lab.weights(hero, "1"), "mlp:16", data), data.splits["production"]
    right = (net(split.x).argmax(1) == split.y).double().mean().item()
    assert judged.production_accuracy[hero] == pytest.approx(right, abs=1e-6)
    seen = Folder(folder)
    table, page = tables.operation(seen, arms(seen)), html(seen)
    assert table is not None and len(table.rows) == 5
    heads = [column.title for column in table.columns]
    for figure, title in (("false_reject", "false rejects, production, ‰"), ("escape", "escapes, production, ‰")):
        column = heads.index(title)
        assert title in page
        for row, name in zip(table.rows, (HERO, ADVERSARIAL, POST_HOC, ANCHORED, "eps x 0.5"), strict=True):
            mean = judged[judged.condition == name][f"production_{figure}"].mean()
            assert row[column].order == pytest.approx(mean) and row[column].text in page


def test_a_run_goes_on_from_what_it_is_said_to(done: tuple[Path, Lab]) -> None:
    folder, lab = done
    runs = pd.read_csv(folder / "runs.csv")
    of = {(name, seed): str(run) for name, seed, run in zip(runs.condition, runs.seed, runs.run, strict=True)}
    for seed in (0, 1):
        for name, source in ((POST_HOC, ADVERSARIAL), (ANCHORED, NATURAL)):
            recipe = read_json(lab.run(of[name, seed]) / "recipe.json")
            assert recipe["start"]["run"] == str(lab.run(of[source, seed])) and recipe["start"]["moment"] == "1"


def test_verdicts_rebuild_from_the_tables_alone(done: tuple[Path, Lab], tmp_path: Path) -> None:
    folder, _ = done
    first = json.loads((folder / "verdicts.json").read_text())
    assert [verdict["claim"] for verdict in first["verdicts"]] == [claim.name for claim in CLAIMS]
    away = tmp_path / "away"
    away.mkdir()
    for name in ("study.json", "provenance.json", *(path.name for path in folder.glob("*.csv"))):
        shutil.copy(folder / name, away / name)
    assert json.loads((rebuild(away) / "verdicts.json").read_text()) == first
    for lang in ("en", "ja"):
        page = render(away, lang).read_text()
        assert all(str(escape(claim.text[lang].rstrip(".。"))) in page for claim in CLAIMS)


def test_an_interrupted_study_goes_on_and_ends_the_same(done: tuple[Path, Lab]) -> None:
    """A run of each stage and a look lost: they alone are made again, and every table is the same, byte for byte."""
    folder, lab = done
    before = {path.name: path.read_bytes() for path in folder.glob("*.csv")}
    runs = pd.read_csv(folder / "runs.csv")
    for name in (HERO, POST_HOC):
        shutil.rmtree(lab.run(runs[runs.condition == name].run.iloc[0]))
    lab.measures(runs[runs.condition == "eps x 0.5"].run.iloc[0], "generalist").unlink()
    kept = {run: (lab.run(run) / "record.json").stat().st_mtime_ns for run in runs.run if lab.done(run)}
    (folder / "provenance.json").unlink()
    assert conduct(*asked(lab), lab, Means("inline"), command="assay study generalist") == folder
    assert read_json(folder / "provenance.json")["runs_trained"] == 2 and len(kept) == len(runs) - 2
    assert {run: (lab.run(run) / "record.json").stat().st_mtime_ns for run in kept} == kept
    assert {path.name: path.read_bytes() for path in folder.glob("*.csv")} == before

"""Robustness in the families study: what is attacked, what is told, and the table of kind and time."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import torch

from assay.attacks.trust import assess
from assay.lab import Lab
from assay.lab.observe import load_model, probe_of
from assay.report.charts.families.times import kind_by_time
from assay.report.folder import Folder
from assay.studies import Means, conduct, configure
from assay.studies.families.robust import Attacked, by_kind_and_time, told
from tests.report import fake_study
from tests.studies.conftest import SMALL


def test_the_paired_runs_are_attacked_once(parts: Path, tmp_path: Path) -> None:
    settings = (*SMALL, "grid.robust=16", "grid.eps=8/255", "grid.beside=0")
    study, data = configure("families", str(parts), seeds=2, settings=settings)
    folder = conduct(study, data, Lab(tmp_path / "lab"), Means("inline"), command="x")
    runs = pd.read_csv(folder / "runs.csv")
    paired, own = (runs[runs.design == design] for design in ("paired", "family"))
    assert paired.robust.notna().all() and own.robust.isna().all() and set(paired.robust_level) <= set("ABCX")
    assert (paired.robust <= paired.robust_clean).all()
    one = paired.iloc[-1]
    net = load_model(Lab(tmp_path / "lab").weights(one.run, "1"), "mlp:8", data)
    chosen = probe_of(data, 16)
    y = torch.from_numpy(data.test.labels[chosen.numpy()]).long()
    result = Attacked(16, 8 / 255).carried_out(net, data.test.x[chosen], y)
    assert result.robust_accuracy == pytest.approx(one.robust) and assess(result, of=45).level == one.robust_level
    (folder / "runs.csv").unlink()
    filed = Lab(tmp_path / "lab").measures(one.run, "families-robust")
    filed.write_text(filed.read_text().replace('"robust":', '"robust": 0.125, "was":'))
    again = conduct(study, data, Lab(tmp_path / "lab"), Means("inline"), command="x")
    assert pd.read_csv(again / "runs.csv").set_index("run").robust[one.run] == 0.125  # not attacked anew


def test_both_suites_find_what_can_be_moved_across_a_plane() -> None:
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 2, bias=False)).eval()
    weight = torch.stack([torch.zeros(16), torch.linspace(-1, 1, 16)])
    net[1].weight.data.copy_(weight)
    x = 0.3 + 0.4 * torch.rand(12, 1, 4, 4)  # weights sum to 0, so 0.2 moves any across, and nothing is cut off
    z = net(x).detach()
    reach = (z[:, 1] - z[:, 0]).abs() / weight.abs().sum()  # how far each must be moved, in Linf
    eps = float(reach.sort().values[5:7].mean())
    assert eps < 0.2
    for suite, count in (("quick", 2), ("standard", 4)):
        found = Attacked(12, eps, suite).carried_out(net, x, z.argmax(1))
        assert found.robust.tolist() == (reach > eps).tolist() and len(found.suite.attacks) == count
        assert assess(found, of=100).level == "B"  # not all attacks, or not all inputs


def runs_of(robust: list[float], levels: list[str]) -> pd.DataFrame:
    conditions = ["none", "none", "fork@0.5", "fork@0.5", "loss:focal@0.5", "loss:focal@0.5"]
    stress = [name.split("@")[0].split(":")[0] for name in conditions]
    table = pd.DataFrame({"condition": conditions, "stress": stress, "design": "paired", "status": "finished"})
    return table.assign(seed=[0, 1] * 3, test_accuracy=0.9, robust_clean=0.9, robust=robust, robust_level=levels)


def test_the_ends_of_the_scale_and_doubtful_figures_are_said() -> None:
    assert told(runs_of([0.5] * 6, ["A"] * 6)) == []
    assert "near the end" in told(runs_of([0.0] * 6, ["A"] * 6))[0]["en"]
    assert "near the end" in told(runs_of([0.895] * 6, ["A"] * 6))[0]["en"]
    assert "of 2 models" in told(runs_of([0.5] * 6, ["A"] * 4 + ["X"] * 2))[0]["en"]
    assert told(runs_of([0.5] * 6, ["A"] * 6).drop(columns="robust")) == []


def test_kind_and_time_are_compared_with_the_unstressed_twin() -> None:
    runs = runs_of([0.5, 0.6, 0.5, 0.7, 0.3, 0.5], ["B"] * 6)
    about = [
        {"name": "none", "stress": "none", "kind": "", "at": None},
        {"name": "fork@0.5", "stress": "fork", "kind": "", "at": 0.5},
        {"name": "loss:focal@0.5", "stress": "loss", "kind": "focal", "at": 0.5},
    ]
    found = by_kind_and_time(runs, about, ["test_accuracy", "robust", "missing"])
    robust = found[found.figure == "robust"]
    assert robust.difference.round(9).tolist() == [0.0, 0.1, -0.2, -0.1]
    assert set(found.figure) == {"test_accuracy", "robust"}
    assert (found[found.figure == "test_accuracy"].difference == 0).all()
    runs.loc[0, "status"] = "stopped"
    assert set(by_kind_and_time(runs, about, ["robust"]).seed) == {1}


def test_the_table_has_a_row_for_each_kind_and_a_column_for_each_time(tmp_path: Path) -> None:
    folder = fake_study.write(tmp_path / "study", seeds=4)
    table = kind_by_time(Folder(folder))
    assert table is not None
    assert table.rows[0][0].text == "any stress" and len(table.rows) == 7
    assert len(table.columns) == 1 + 2 * 2  # clean and changed data, 25 % and 75 %

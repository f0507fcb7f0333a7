"""`assay attack` as a person meets it: few classes, interruptions, samples, toy defences, bad input in one line."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from assay import cli
from assay.attacks import stages
from assay.attacks.table import Table
from assay.data import load_data
from assay.models import build, load_file
from assay.studies.attack import challenge

KEYS = {
    *("clean_acc", "robust_acc", "interval", "level", "reasons", "eps", "norm", "version", "suite", "n_examples"),
    *("per_class", "worst_class", "curve", "folder", "report"),
}
SHORT = ["--version", "custom", "--attacks", "{kind: apgd-ce, steps: 10}, {kind: square, queries: 30}"]
OWN = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, shape, classes):
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(36, classes))

    def forward(self, x):
        return self.body(x)

class Sure(Net):
    def forward(self, x):
        return self.body(x).softmax(1)

class Rounding(Net):
    def forward(self, x):
        return self.body((x * 4).round() / 4)

class Chance(Net):
    def forward(self, x):
        return self.body(x + 0.1 * torch.randn_like(x))

class Many(Net):
    def __init__(self, shape, classes):
        super().__init__(shape, 7)

class Foretelling(Net):
    def forward(self, x):
        return super().forward(x).detach()

class Counting(Net):
    # Counts examples on their way forward and backward.

    ahead = back = 0

    def forward(self, x):
        cls = type(self)
        cls.ahead += len(x)
        if x.requires_grad:
            x = x * 1
            x.register_hook(lambda gradient: setattr(cls, "back", cls.back + len(gradient)))
        return self.body(x)

def single(shape, classes):
    return nn.Linear(shape[0], 1)

def sigmoid(shape, classes):
    return nn.Sequential(nn.Linear(shape[0], 1), nn.Sigmoid())

def foretelling(shape, classes):
    class Columns(nn.Linear):
        def forward(self, x):
            return super().forward(x).detach()

    return Columns(shape[0], classes)
"""


def call(capsys: pytest.CaptureFixture[str], *words: str, command: str = "attack") -> tuple[int, str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["assay", command, *words])
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """The curve's attacks, with few steps."""
    monkeypatch.setattr(challenge, "QUICK", ({"kind": "apgd-ce", "steps": 5},))


@pytest.fixture
def place(tmp_path: Path, make_blobs: Any) -> Path:
    """Three classes of images, weights that separate them, the user's own models, and things that do not fit."""
    data = make_blobs(n=90)
    parts = {}
    for name, split in data.splits.items():
        parts |= {f"{name}_images": (split.images * 255).astype(np.uint8), f"{name}_labels": split.labels}
    np.savez(tmp_path / "parts.npz", **parts)
    (tmp_path / "mine.py").write_text(OWN)
    net, x, y = nn.Linear(36, 3), data.train.x.flatten(1), data.train.y
    centres = torch.stack([x[y == label].mean(0) for label in range(3)])
    net.weight.data, net.bias.data = 4 * centres, -2 * centres.square().sum(1)  # the nearest class mean
    torch.save({f"body.1.{name}": value for name, value in net.state_dict().items()}, tmp_path / "m.pt")
    torch.save(net, tmp_path / "pickled.pt")
    save_file(build("mlp:8", (1, 6, 6), 5).state_dict(), tmp_path / "five.safetensors")
    return tmp_path


def own(place: Path, name: str = "Net") -> list[str]:
    return [f"{place}/mine.py:{name}", "--data", f"{place}/parts.npz", "--weights", f"{place}/m.pt"]


def shelf(place: Path, name: str = "lab") -> list[str]:
    return ["--lab", str(place / name)]


def test_three_classes_of_images(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    words = [*own(place), "--eps", "0.4", *shelf(place)]  # all break soon
    code, out, err = call(capsys, *words, "--json")
    found = json.loads(out)
    assert code == 0 and found.keys() >= KEYS
    assert found["level"] == "B" and "3 classes have no targeted-dlr" in " ".join(found["reasons"])
    assert not found["suite"]["standard"] and [each["name"] for each in found["suite"]["attacks"]][-1] == "square"
    assert found["robust_acc"] < found["clean_acc"] and found["n_examples"] == 45
    assert found["interval"][0] <= found["robust_acc"] <= found["interval"][1]
    assert sum(row["n"] for row in found["per_class"]) == 45 and len(found["per_class"]) == 3
    assert found["worst_class"] == min(found["per_class"], key=lambda row: row["robust"])["name"]
    shares = [point["accuracy"] for point in found["curve"]]
    assert shares == sorted(shares, reverse=True) and shares[0] == found["clean_acc"] and shares[-1] == 0
    assert "at most" in err and "if nothing breaks" in err  # told before it started
    page = Path(found["report"]).read_text(encoding="utf-8")
    assert "Level B" in page and "Examples that broke" in page and "data:image/png" in page
    assert "trained models" not in page
    rows = pd.read_csv(Path(found["folder"]) / "examples.csv", keep_default_na=False)
    assert len(rows) == 45 and rows.robust.mean() == pytest.approx(found["robust_acc"])
    assert (rows.distance <= 0.4 + 1e-6).all() and ((rows.broken_by != "") == (rows.clean > rows.robust)).all()

    code, out, _ = call(capsys, *words)  # finished: told again at once
    first = out.strip().splitlines()[0]
    assert code == 0 and first.startswith("Level B  robust accuracy") and "95 % interval" in first
    assert out.strip().splitlines()[-1].startswith("next: assay attack")


def test_two_classes_of_a_table(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    data = load_data("cells")
    save_file(build("mlp:8", data.shape, 2).state_dict(), place / "cells.safetensors")
    words = [f"{place}/cells.safetensors", "--model", "mlp:8", "--data", "cells", "--eps", "0.02", *shelf(place)]
    code, out, err = call(capsys, *words, "--json")
    found = json.loads(out)
    assert code == 0 and found["n_examples"] == 113 and found["level"] in "BX"
    said = " ".join(found["suite"]["notes"])
    assert "2 classes have no targeted-dlr" in said and "square left out" in said
    assert "columns of test go from" in err
    assert found["eps"] == 0.02 and [point["eps"] for point in found["curve"]][3] == 0.02


def test_one_logit_for_two_classes(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    """z > 0 is the second class: what is right, and what breaks, is known in closed form."""
    data, eps = load_data("cells"), 0.2
    x, y = data.train.x, data.train.y.double()
    weight = (x[y == 1].mean(0) - x[y == 0].mean(0)).float()
    bias = -(weight * (x[y == 1].mean(0) + x[y == 0].mean(0))).sum() / 2
    torch.save({"weight": weight[None], "bias": bias[None]}, place / "one.pt")
    words = [f"{place}/mine.py:single", "--data", "cells", "--eps", str(eps), "--version", "custom"]
    words += ["--attacks", f"{{kind: apgd-ce, steps: 15, eps: {eps}}}", *shelf(place), "--json"]
    code, out, _ = call(capsys, *words, "--weights", f"{place}/one.pt")
    found = json.loads(out)
    margin = (2 * data.test.y - 1) * (data.test.x @ weight + bias)
    assert code == 0 and found["level"] == "B"
    assert found["clean_acc"] == pytest.approx((margin > 0).double().mean().item())
    # Perturbed values may go as far as those of test go, and the smallest are at their end already.
    assert found["robust_acc"] == pytest.approx((margin > eps * weight.abs().sum()).double().mean().item(), abs=0.02)
    assert 0.1 < found["robust_acc"] < found["clean_acc"] - 0.02
    code, out, err = call(capsys, *words, "--n", "5")
    assert code == 0 and json.loads(out)["n_examples"] == 5 and "nothing was loaded" in err
    words[0] = f"{place}/mine.py:sigmoid"
    _one_line(call(capsys, *words), "remove the last softmax or sigmoid")


def test_a_model_of_predictions_only(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    words = [f"{place}/mine.py:foretelling", "--data", "cells", "--n", "6", *shelf(place), "--json"]
    code, out, err = call(capsys, *words)
    found = json.loads(out)
    assert code == 0 and found["level"] == "C" and [*found["broken_by"]] == ["noise"]
    assert "the model gives predictions only" in " ".join(found["reasons"]) and "noise: at most" in err
    code, out, _ = call(capsys, *own(place, "Foretelling"), "--dry-run", *shelf(place), "--json")
    assert code == 0 and json.loads(out)["suite"] == ["square"]


@pytest.mark.parametrize("version", ["plus", "rand"])
def test_the_price_is_an_upper_bound(
    capsys: pytest.CaptureFixture[str], place: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    """A second for each pass: what is counted, with nothing broken, is not more than was told."""
    monkeypatch.setattr(import_module("assay.studies.attack.cost"), "seconds_a_pass", lambda *_: (1.0, 2.0))
    words = [*own(place, "Counting"), "--eps", "1e-6", "--version", version, "--n", "2", *shelf(place), "--json"]
    told = json.loads(call(capsys, *words, "--dry-run")[1])["seconds_at_most"]
    counting = load_file(place / "mine.py").Counting
    counting.ahead = counting.back = 0
    found = json.loads(call(capsys, *words)[1])
    assert found["robust_acc"] == found["clean_acc"] > 0
    spent = counting.ahead + counting.back
    assert told / 2 < spent <= told, (spent, told)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("name", ["Net", "Chance"])
def test_killed_and_repeated_gives_the_same_table(
    capsys: pytest.CaptureFixture[str], place: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(stages, "SAVE_EVERY", 0.0)
    words = [*own(place, name), "--eps", "0.15", "--batch", "8", *SHORT]
    assert call(capsys, *words, *shelf(place, "whole"))[0] == 0
    save, writes = Table.save, iter(range(1000))

    def killed(table: Table, path: Path | None) -> None:
        save(table, path)
        if next(writes) == 4:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Table, "save", killed)
        with pytest.raises(Killed):
            call(capsys, *words, *shelf(place))
    (half,) = (place / "lab" / "attacks").iterdir()
    assert (half / "study.json").exists() and not (half / "result.json").exists()
    assert call(capsys, *words, *shelf(place))[0] == 0
    (whole,) = (place / "whole" / "attacks").iterdir()
    for table in ("examples", "classes", "attacks", "curve", "checks", "samples"):
        assert (half / f"{table}.csv").read_bytes() == (whole / f"{table}.csv").read_bytes(), table


def test_samples(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    words = [*own(place), "--eps", "0.1", *SHORT, *shelf(place), "--json"]
    some = json.loads(call(capsys, *words, "--n", "12")[1])
    assert some["n_examples"] == 12 and "12 of 45 examples" in some["reasons"]
    assert some["next"].endswith("--norm Linf --eps 0.1")
    narrow = json.loads(call(capsys, *words, "--until", "0.4")[1])
    assert narrow["n_examples"] == 3 and (narrow["interval"][1] - narrow["interval"][0]) / 2 <= 0.4
    code, out, _ = call(capsys, *words, "--dry-run")
    assert code == 0 and json.loads(out)["n_examples"] == 45 and json.loads(out)["seconds_at_most"] > 0


@pytest.mark.parametrize("name, reason, then", [("Rounding", "exactly zero", ""), ("Chance", "random", "version rand")])
def test_a_toy_defence_is_level_x(
    capsys: pytest.CaptureFixture[str], place: Path, name: str, reason: str, then: str
) -> None:
    code, out, _ = call(capsys, *own(place, name), "--eps", "0.1", *SHORT, *shelf(place))
    assert code == 0 and out.strip().startswith("Level X") and reason in out and then in out.splitlines()[-1]
    (folder,) = (place / "lab" / "attacks").iterdir()
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Do not use this figure" in page and "failed" in page


def test_a_second_model_is_tried(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    words = [*own(place, "Rounding"), "--eps", "0.2", *SHORT, *shelf(place), "--json"]
    alone = json.loads(call(capsys, *words)[1])
    found = json.loads(call(capsys, *words, "--surrogate", f"{place}/m.pt", "--model", f"{place}/mine.py:Net")[1])
    outcome = {check["check"]: check["passed"] for check in found["checks"]}
    assert outcome["transfer"] == "no" and alone["folder"] != found["folder"]
    assert {check["check"]: check["passed"] for check in alone["checks"]}["transfer"] == "not done"


def test_a_report_is_written_anew(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    found = json.loads(call(capsys, *own(place), "--eps", "0.1", *SHORT, *shelf(place), "--json")[1])
    page = Path(found["report"])
    before = page.read_bytes()
    page.unlink()
    code, out, _ = call(capsys, found["folder"], "--json", command="report")
    assert code == 0 and json.loads(out)["level"] == found["level"] and page.read_bytes() == before


BAD = {
    "eps 8": (["--eps", "8"], "8/255 or 8.0?"),
    "eps 0": (["--eps", "0"], "above 0"),
    "eps text": (["--eps", "small"], "write 8/255 or 0.5"),
    "norm": (["--norm", "L7"], "Known: L1, L2, Linf"),
    "version": (["--version", "standart"], "did you mean 'standard'"),
    "custom without attacks": (["--version", "custom"], "version='custom' takes attacks"),
    "unknown attack": (["--version", "custom", "--attacks", "pgdd"], "pgd"),
    "another ball": (["--version", "custom", "--attacks", "{kind: pgd, eps: 0.001}"], "pgd in another ball"),
    "another norm": (["--version", "custom", "--attacks", "{kind: pgd, norm: L2}"], "leave norm and eps out"),
    "n and until": (["--n", "5", "--until", "0.1"], "exclude each other"),
    "until": (["--until", "0.7"], "until"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_challenges_get_one_line(capsys: pytest.CaptureFixture[str], place: Path, case: str) -> None:
    words, said = BAD[case]
    _one_line(call(capsys, *own(place), *words, *shelf(place)), said)
    assert not (place / "lab").exists()


def test_bad_models_get_one_line(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    mine, parts, weights = f"{place}/mine.py", f"{place}/parts.npz", f"{place}/m.pt"
    outside = np.load(parts)
    np.savez(place / "bytes.npz", **{k: v.astype(np.float32) if "images" in k else v for k, v in outside.items()})
    cases: list[tuple[list[str], str]] = [
        (own(place, "Sure"), "returns probabilities"),
        (own(place, "Many"), "7"),
        ([f"{mine}:Net", "--data", parts, "--weights", f"{place}/pickled.pt"], "pickled"),
        ([f"{place}/five.safetensors", "--model", "mlp:8", "--data", parts], "head for 5"),
        ([f"{mine}:Net", "--data", f"{place}/bytes.npz", "--weights", weights], "must lie in 0..1"),
        ([f"{mine}:Net"], "--data"),
        ([f"{place}/five.safetensors"], "--model"),
        ([f"{mine}:none", "--data", parts], "no function 'none'"),
        ([f"{place}/none.pt", "--model", "mlp:8", "--data", parts], "no such file"),
        ([weights, "--model", "mlp:8", "--data", parts, "--weights", weights], "belong to file.py:function"),
    ]
    for words, said in cases:
        _one_line(call(capsys, *words, "--eps", "0.1", *shelf(place)), said)


def _one_line(found: tuple[int, str, str], said: str) -> None:
    code, out, err = found
    lines = [line for line in err.strip().splitlines() if not line.startswith("warning")]
    assert code == 2 and not out and len(lines) == 1 and lines[0].startswith("error:"), found
    assert said in lines[0], lines[0]

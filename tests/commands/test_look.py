"""`assay look` as a person meets it: a model trained elsewhere, production, tables alone, bad input in one line."""

from __future__ import annotations

import inspect
import json
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from assay import cli
from assay.data import load_data

EVIL = "<script>alert(1)</script>"


class Net(nn.Module):
    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(shape[0], 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.pool = nn.AdaptiveAvgPool2d(4)
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(128, 32), nn.ReLU(), nn.Linear(32, classes))
        self.spare = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.pool(self.features(x)))


class Sure(Net):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).softmax(1)


class One(nn.Module):
    """Two classes by one logit."""

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(shape[0], 8), nn.ReLU())
        self.head = nn.Linear(8, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


class OneSure(One):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).sigmoid()


class Zero(One):
    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.pad(super().forward(x), (1, 0))


OWN = "from torch import Tensor, nn\n" + "".join(map(inspect.getsource, (Net, Sure, One, OneSure, Zero)))


def call(capsys: pytest.CaptureFixture[str], *words: str, command: str = "look") -> tuple[int, str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["assay", command, *words])
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network trained on digits by a plain loop, its weights in two formats, and darker digits as production."""
    place = tmp_path_factory.mktemp("look")
    (place / "mine.py").write_text(OWN)
    data = load_data("digits")
    torch.manual_seed(0)
    net = Net(data.shape, len(data.classes))
    optimiser = torch.optim.Adam(net.parameters(), 3e-3)
    for _ in range(6):
        for batch in torch.randperm(len(data.train)).split(64):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(data.train.x[batch]), data.train.y[batch]).backward()
            optimiser.step()
    save_file(net.state_dict(), place / "m.safetensors")
    torch.save(net.state_dict(), place / "m.pt")
    torch.save(net, place / "pickled.pt")
    later = (data.test.images * 0.1).astype(data.test.images.dtype)
    names = np.array(data.classes)
    np.savez(place / "later.npz", test_images=later, test_labels=data.test.labels, class_names=names)
    return place


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks the network for anything fails."""

    def refuse(*args: Any) -> None:
        raise AssertionError("something was asked of the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def own(place: Path, weights: str = "m.safetensors", name: str = "Net") -> list[str]:
    return [f"{place}/mine.py:{name}", "--weights", f"{place}/{weights}", "--data", "digits"]


def shelf(place: Path, name: str = "lab") -> list[str]:
    return ["--lab", str(place / name)]


def test_a_model_trained_elsewhere(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    words = [*own(place), "--production", f"{place}/later.npz", *shelf(place)]
    code, out, err = call(capsys, *words, "--json")
    found = json.loads(out)
    assert code == 0 and "looking" in err
    assert found["layers"] == ["features.1", "features", "classifier.2"] and found["layer"] == "classifier.2"
    folder = Path(found["folder"])
    tables = {path.stem: pd.read_csv(path, keep_default_na=False) for path in folder.glob("*.csv")}
    assert set(tables) == {"items", "map", "layers", "neighbours", "rates", "stability", "moves"}

    data = load_data("digits")
    test = tables["items"][tables["items"].set == "test"]
    assert len(test) == len(data.test) and (test.label.to_numpy() == data.test.labels).all()
    net = _net(place)
    with torch.no_grad():
        probs = net(data.test.x).softmax(1)
    assert (test.predicted.to_numpy() == probs.argmax(1).numpy()).all()
    assert np.allclose(test.confidence, probs.max(1).values.numpy(), atol=1e-5)
    rates = {row["set"]: row for row in found["rates"]}
    assert rates["test"]["right"] == (test.predicted == test.label).sum() and rates["test"]["n_ok"] == len(test)
    assert rates["production"]["accuracy"] < rates["test"]["accuracy"]
    assert found["wrong"]["test"]["all"] == (test.outcome == "wrong").sum() > 0

    mapped = tables["items"][tables["items"].mapped == 1]
    assert len(tables["map"]) == 3 * len(mapped) and (mapped.thumbnail != "").all()
    assert {row["name"] for row in found["classes"]} == set(data.classes)
    moved = [row["moved"] for row in found["classes"]]
    assert moved == sorted(moved, reverse=True) and all(r["low"] <= r["moved"] <= r["high"] for r in found["classes"])
    assert [row["against"] for row in found["relations"]] == ["shift", "shifts", "production"]
    assert all(-1 <= row["low"] <= row["effect"] <= row["high"] <= 1 for row in found["relations"])
    beside = tables["neighbours"]
    assert set(beside[beside["rank"] > 0].split) == {"train"} and (beside[beside["rank"] == 0].distance == 0).all()

    page = Path(found["report"]).read_text(encoding="utf-8")
    assert "Small shifts move" in page and "data:image/png" in page and "Surely fewer right on production" in page

    code, out, _ = call(capsys, *words)  # finished: told again at once
    lines = [line for line in out.strip().splitlines() if line]
    assert code == 0 and lines[0].startswith("test: ") and lines[1].startswith("production: ")
    assert len(lines) == 9 and lines[-1].startswith("next: assay study families --data digits --production")


def _net(place: Path) -> nn.Module:
    net = Net((1, 8, 8), 10)
    net.load_state_dict(torch.load(place / "m.pt", weights_only=True))
    return net.eval()


def test_another_forward_over_the_same_weights_is_another_look(
    capsys: pytest.CaptureFixture[str], place: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(OWN)
    words = [f"{tmp_path}/mine.py:Net", "--weights", f"{place}/m.pt", "--data", "digits", "--n", "20", "--json"]
    found = []
    for said in (OWN, OWN, OWN.replace("(self.features(x))", "(self.features(1 - x))")):
        (tmp_path / "mine.py").write_text(said)
        found.append(json.loads(call(capsys, *words, "--layers", "classifier.2", *shelf(tmp_path))[1])["folder"])
    assert found[0] == found[1] != found[2]


HOLDER = """
class Holder(nn.Module):
    def __init__(self, shape, classes):
        super().__init__()
        self.module, self.body = Net(shape, classes), nn.Linear(classes, classes)

    def forward(self, x):
        return self.body(self.module(x))
"""


def test_a_model_may_have_a_part_called_module_and_one_called_body(
    capsys: pytest.CaptureFixture[str], place: Path, tmp_path: Path
) -> None:
    (tmp_path / "holder.py").write_text(OWN + HOLDER)
    own = {f"module.{name}": value for name, value in _net(place).state_dict().items()}
    own |= {"body.weight": torch.eye(10), "body.bias": torch.zeros(10)}
    torch.save(own, tmp_path / "own.pt")
    save_file({f"module.{name}": value for name, value in own.items()}, tmp_path / "parallel.safetensors")
    torch.save({name: value for name, value in own.items() if "classifier" not in name}, tmp_path / "part.pt")
    for file in ("own.pt", "parallel.safetensors"):
        words = [f"{tmp_path}/holder.py:Holder", "--weights", f"{tmp_path}/{file}", "--data", "digits", "--n", "20"]
        code, _, err = call(capsys, *words, "--layers", "module.classifier.2", *shelf(tmp_path))
        assert code == 0, err
    code, _, err = call(capsys, *words[:2], f"{tmp_path}/part.pt", *words[3:])
    assert code == 2 and "projector" not in err


def test_both_formats_of_weights_are_one_model(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    small = ["--n", "60", "--layers", "classifier.2"]
    one = json.loads(call(capsys, *own(place), *small, *shelf(place, "a"), "--json")[1])
    other = json.loads(call(capsys, *own(place, "m.pt"), *small, *shelf(place, "b"), "--json")[1])
    assert one["text"] == other["text"] and one["layers"] == ["classifier.2"]
    for table in Path(one["folder"]).glob("*.csv"):
        assert table.read_bytes() == (Path(other["folder"]) / table.name).read_bytes(), table.name
    assert any("60 of 359 test items" in warning for warning in one["warnings"])


def test_a_page_is_written_anew_from_tables_alone(
    capsys: pytest.CaptureFixture[str], place: Path, tmp_path: Path
) -> None:
    found = json.loads(call(capsys, *own(place), "--n", "60", *shelf(tmp_path), "--json")[1])
    folder, moved = Path(found["folder"]), tmp_path / "elsewhere"
    before = (folder / "report.html").read_bytes()
    moved.mkdir()
    for path in (folder / "study.json", folder / "provenance.json", *folder.glob("*.csv")):
        path.rename(moved / path.name)
    code, out, _ = call(capsys, str(moved), "--json", command="report")
    again = json.loads(out)
    assert code == 0 and (moved / "report.html").read_bytes() == before
    assert {**again, "folder": 0, "report": 0} == {**found, "folder": 0, "report": 0}
    code, _, _ = call(capsys, str(moved), "--lang", "ja", command="report")
    page = (moved / "report.html").read_text(encoding="utf-8")
    assert code == 0 and "小さな変化で最も動くのは" in page and '<html lang="ja">' in page
    (moved / "rates.csv").unlink()
    code, out, err = call(capsys, str(moved), command="report")
    assert code == 2 and not out and len(err.strip().splitlines()) == 1 and "rates.csv" in err
    again = json.loads(call(capsys, *own(place), "--n", "60", *shelf(tmp_path), "--json")[1])  # tables are gone
    assert again["rates"] == found["rates"] and (folder / "rates.csv").exists()


def test_false_rejects_escapes_groups_and_dangerous_names(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    arrays: dict[str, Any] = {"class_names": np.array(["ok", EVIL])}
    for name, n in (("train", 120), ("val", 60), ("test", 80)):
        labels = np.arange(n) % 2
        images = draw.integers(0, 200, (n, 8, 8))
        images[labels == 1, 2:5, 2:5] += 40
        arrays |= {f"{name}_images": images.astype(np.uint8), f"{name}_labels": labels}
        arrays[f"{name}_groups"] = np.array([f"{name} lot {i // 10}" for i in range(n)])
    np.savez(tmp_path / "parts.npz", **arrays)
    (tmp_path / "mine.py").write_text(OWN)
    words = [f"{tmp_path}/mine.py:Sure", "--data", f"{tmp_path}/parts.npz", *shelf(tmp_path)]
    code, out, _ = call(capsys, *words, "--json")
    found = json.loads(out)
    items = pd.read_csv(Path(found["folder"]) / "items.csv")
    assert code == 0 and set(items.outcome) <= {"right", "false reject", "escape"}
    (rates,) = found["rates"]
    good = items.label == 0
    assert rates["false_reject"] == pytest.approx((items.outcome[good] == "false reject").mean())
    assert rates["escape"] == pytest.approx((items.outcome[~good] == "escape").mean())
    said = " ".join(found["warnings"])
    assert "no --weights" in said and "returns probabilities" in said
    assert found["relations"][0]["word"] == "too few"
    page = Path(found["report"]).read_text(encoding="utf-8")
    assert EVIL not in page and "&lt;script&gt;" in page and "by group" in page


def test_two_classes_by_one_logit_by_its_sigmoid_and_by_two_are_one_model(
    capsys: pytest.CaptureFixture[str], place: Path
) -> None:
    data = load_data("cells")
    torch.manual_seed(0)
    net = One(data.shape, 2)
    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(60):
        optimiser.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(net(data.train.x)[:, 0], data.train.y.float())
        loss.backward()
        optimiser.step()
    save_file(net.state_dict(), place / "one.safetensors")
    found = {}
    for name in ("One", "OneSure", "Zero"):
        words = [f"{place}/mine.py:{name}", "--weights", f"{place}/one.safetensors", "--data", "cells", "--json"]
        code, out, _ = call(capsys, *words, *shelf(place, f"one-{name}"))
        assert code == 0
        found[name] = json.loads(out)
        assert found[name]["layers"] == ["body.1"]
    right = ((net(data.test.x)[:, 0] > 0).long() == data.test.y).double().mean().item()
    assert right > 0.8 and found["Zero"]["rates"][0]["accuracy"] == pytest.approx(right)
    assert found["One"]["rates"] == found["Zero"]["rates"] and found["One"]["classes"] == found["Zero"]["classes"]
    assert found["OneSure"]["rates"][0]["accuracy"] == pytest.approx(right)
    said = {name: " ".join(each["warnings"]) for name, each in found.items()}
    assert "speak for benign" in said["One"] and "returns probabilities" in said["OneSure"]
    assert "by one number" not in said["Zero"]


def test_tables_of_numbers_and_runs_of_a_lab(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    recipe = {"data": "cells", "model": "mlp:8", "epochs": 3, "optimiser": {"lr": 0.01}}
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    run = json.loads(call(capsys, str(tmp_path / "recipe.json"), *shelf(tmp_path), "--json", command="train")[1])
    code, out, err = call(capsys, run["folder"], *shelf(tmp_path), "--json")
    found = json.loads(out)
    assert code == 0, err
    assert found["model"] == "mlp:8" and found["layers"] == ["act1"] and found["data"] == "cells"
    assert [row["word"] for row in found["relations"]] == ["too few", "too few"]
    page = Path(found["report"]).read_text(encoding="utf-8")
    assert "data:image/png" not in page and "The samples at layer act1" in page


BAD: dict[str, tuple[list[str], str]] = {
    "no such layer": (["--layers", "feature.*"], "did you mean 'features"),
    "a layer that never ran": (["--layers", "sp*"], "spare never ran"),
    "few items": (["--n", "3"], ""),
    "device": (["--device", "tpu"], "Known: auto, cpu, cuda"),
    "language": (["--lang", "fr"], "no language is called 'fr'"),
    "production": (["--production", "no/such/place"], "found nothing there"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_wishes_get_one_line(capsys: pytest.CaptureFixture[str], place: Path, tmp_path: Path, case: str) -> None:
    words, said = BAD[case]
    code, out, err = call(capsys, *own(place), *words, *shelf(tmp_path))
    assert code == 2 and not out and "Traceback" not in err
    if said:
        assert len(err.strip().splitlines()) == 1 and err.startswith("error:") and said in err
    assert not (tmp_path / "lab").exists()


def test_bad_models_get_one_line(capsys: pytest.CaptureFixture[str], place: Path, tmp_path: Path) -> None:
    mine = f"{place}/mine.py"
    cases: list[tuple[list[str], str]] = [
        (own(place, "pickled.pt"), "pickled object, which runs code"),
        (own(place, "none.pt"), "no such file"),
        (own(place, name="none"), "no function 'none'"),
        ([f"{mine}:Net"], "asked to look at"),
        ([f"{place}/m.pt"], "no --model and no --data"),
        ([f"{place}/m.pt", "--model", "mlp:8", "--data", "digits"], "weights missing"),
        ([f"{place}/m.pt", "--weights", f"{place}/m.pt", "--data", "digits"], "write: assay look"),
        ([str(place)], "found a folder without recipe.json"),
        ([*own(place)[:3], "--data", "cells"], "raised"),
    ]
    for words, said in cases:
        code, out, err = call(capsys, *words, *shelf(tmp_path))
        assert code == 2 and not out and len(err.strip().splitlines()) == 1, (words, err)
        assert err.startswith("error:") and said in err, err

"""`assay frontier` as a person meets it: a generalist, plain runs, wishes, rebuilding, bad input in one line."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from assay import cli
from assay.data import load_data
from assay.lab import Lab
from assay.lab.observe import load_model
from assay.lab.store import pack, unpack
from assay.studies.frontier import ends_of
from assay.studies.frontier.see import Viewer
from assay.studies.single import train_one
from assay.train import blend

ADVERSARIAL = {"kind": "adversarial", "attack": {"kind": "pgd", "eps": 0.1, "steps": 3}}
TEAM = [{"strategy": ADVERSARIAL}, {"strategy": {"kind": "standard"}}]
NORMED = """
from torch import nn

def normed(shape, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, classes))
"""


def trained(place: Path, name: str, **fields: Any) -> Path:
    recipe = {"data": "digits", "model": "mlp:16", "epochs": 2, **fields}
    (place / f"{name}.yaml").write_text(yaml.safe_dump(recipe))
    found = train_one(place / f"{name}.yaml", (), Lab(place / "lab"), "cpu", 1, lambda *_: None)
    return Path(found["folder"])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small runs on digits: a generalist of two and of three, plain ones, one of another model, one of other data."""
    place = tmp_path_factory.mktemp("frontier")
    generalist = {"kind": "generalist", "hand_back": None, "mix": {"start": 0}, "decay": 0.9}
    three = [*TEAM, {"strategy": {"kind": "standard"}, "name": "third"}]
    (place / "mine.py").write_text(NORMED)
    normed = f"{place}/mine.py:normed"
    return {
        "place": place,
        "two": trained(place, "two", strategy={**generalist, "learners": TEAM}, keep=["best", 1]),
        "three": trained(place, "three", strategy={**generalist, "learners": three}, keep=[0.5, 1]),
        "one": trained(place, "one", strategy={**generalist, "learners": TEAM[:1], "mix": {}}, epochs=1),
        "robust": trained(place, "robust", strategy=ADVERSARIAL),
        "natural": trained(place, "natural"),
        "wide": trained(place, "wide", model="mlp:8", epochs=1),
        "split": trained(place, "split", split_seed=1, epochs=1),
        "of-cells": trained(place, "cells", data="cells", epochs=1),
        "normed": trained(place, "normed", model=normed),
        "normed-robust": trained(place, "normed-robust", model=normed, strategy=ADVERSARIAL),
    }


def call(capsys: pytest.CaptureFixture[str], *words: str, command: str = "frontier") -> tuple[int, str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["assay", command, *words])
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
    out = capsys.readouterr()
    return code, out.out, out.err


def asked(capsys: pytest.CaptureFixture[str], *words: Any) -> dict[str, Any]:
    code, out, err = call(capsys, *map(str, words), "--json")
    assert code == 0, err
    return json.loads(out)


def right(file: Path, name: str) -> float:
    """Accuracy of kept weights on a split of digits, looked at from scratch."""
    data = load_data("digits")
    split = data.splits[name]
    with torch.no_grad():
        answers = load_model(file, "mlp:16", data)(split.x).argmax(1)
    return float((answers == split.y).double().mean())


def test_the_learners_of_a_generalist(
    capsys: pytest.CaptureFixture[str], runs: dict[str, Path], tmp_path: Path
) -> None:
    run, lab = runs["two"], tmp_path / "lab"
    found = asked(capsys, run, "--images", 60, "--lab", lab, "--steps", 5)
    rows = found["points"]
    assert [row["called"] for row in rows] == [
        *("adversarial alone", "0.75 adversarial + 0.25 standard", "0.5 adversarial + 0.5 standard"),
        *("0.25 adversarial + 0.75 standard", "standard alone", "global model"),
    ]
    for row, name in ((rows[0], "1+adversarial"), (rows[4], "1+standard"), (rows[5], "1")):
        for split in ("val", "test"):
            assert row[f"{split}_clean"] == pytest.approx(right(run / f"weights@{name}.safetensors", split))
    assert all(row["val_robust"] <= 1 and row["test_attacked"] == 60 for row in rows)
    assert found["norm"] == "Linf" and found["eps"] == 0.1 and found["level"] == "C"  # the ball of its training
    assert rows[5]["weights"] == pytest.approx([0.4, 0.6])
    sums = [row["val_clean"] + row["val_robust"] for row in rows]
    assert sums[found["chosen"]["point"]] == max(sums)
    number = found["chosen"]["point"]
    kept = [unpack(run / f"weights@1{part}.safetensors")[0] for part in ("+adversarial", "+standard", "")]
    whole = kept[2] if number == 5 else blend(kept[:2], rows[number]["weights"])
    chosen = unpack(Path(found["weights"]))[0]
    assert all(torch.equal(chosen[name], value) for name, value in whole.items())
    assert "level C" in " ".join(found["warnings"])
    attack = shlex.split(found["next"])
    assert attack[:3] == ["assay", "attack", found["weights"]] and "--eps" in attack


def test_training_a_generalist_leads_here(runs: dict[str, Path]) -> None:
    place = runs["place"]
    again = train_one(place / "two.yaml", (), Lab(place / "lab"), "cpu", 1, lambda *_: None)
    assert again["next"] == f"assay frontier {runs['two']}"
    alone = train_one(place / "one.yaml", (), Lab(place / "lab"), "cpu", 1, lambda *_: None)
    assert "frontier" not in alone["next"]


def test_the_next_command_attacks_the_chosen_network(
    capsys: pytest.CaptureFixture[str], runs: dict[str, Path], tmp_path: Path
) -> None:
    shelf = ["--lab", str(tmp_path / "lab")]
    found = asked(capsys, runs["two"], "--images", 30, "--steps", 2, *shelf)
    weak = ["--version", "custom", "--attacks", "{kind: pgd, steps: 2}", "--n", "20"]
    code, out, err = call(capsys, *shlex.split(found["next"])[2:], *weak, *shelf, "--json", command="attack")
    assert code == 0, err
    assert json.loads(out)["n_examples"] == 20


def test_another_wish_looks_at_nothing_again_and_an_interruption_costs_one_blend(
    capsys: pytest.CaptureFixture[str], runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [runs["robust"], runs["natural"], "--images", 40, "--steps", 4, "--lab", tmp_path / "lab"]
    whole, seen = Viewer.attacked, []

    def breaking(self: Viewer, state: Any, anew: bool) -> dict[str, Any]:
        if len(seen) == 2:
            seen.append(0)
            raise KeyboardInterrupt
        seen.append(1)
        return whole(self, state, anew)

    monkeypatch.setattr(Viewer, "attacked", breaking)
    assert call(capsys, *map(str, words))[0] == 130
    found = asked(capsys, *words)
    assert sum(seen) == 4
    wish = asked(capsys, *words, "--want-clean", 0.01)
    assert sum(seen) == 4 and wish["points"] == found["points"] and wish["folder"] != found["folder"]
    assert wish["chosen"]["val_robust"] == max(row["val_robust"] for row in found["points"])
    again = asked(capsys, *words)
    assert {k: v for k, v in again.items() if k != "report"} == {k: v for k, v in found.items() if k != "report"}


def test_a_wish_is_met_on_val_and_what_is_out_of_reach_is_told(
    capsys: pytest.CaptureFixture[str], runs: dict[str, Path], tmp_path: Path
) -> None:
    words = [str(runs["two"]), "--images", "40", "--steps", "3", "--lab", str(tmp_path / "lab")]
    best = max(right(runs["two"] / f"weights@1{p}.safetensors", "val") for p in ("+adversarial", "+standard"))
    found = asked(capsys, *words, "--want-clean", best - 0.01)
    assert found["chosen"]["val_clean"] >= best - 0.01
    code, out, err = call(capsys, *words, "--want-clean", "1")
    top = max(row["val_clean"] for row in found["points"])
    assert code == 2 and not out and f"the best reachable on val is {top:.4f}" in err and "Traceback" not in err
    asked(capsys, *words, "--want-clean", err.split("ask for ")[1].split()[0])  # what is advised works


def test_three_learners_and_another_moment(
    capsys: pytest.CaptureFixture[str], runs: dict[str, Path], tmp_path: Path
) -> None:
    words = [runs["three"], "--moment", "0.5", "--images", 30, "--steps", 4, "--lab", tmp_path / "lab"]
    found = asked(capsys, *words)
    assert len(found["points"]) == 11 and len(found["barriers"]) == 3
    assert found["points"][0]["val_clean"] == pytest.approx(
        right(runs["three"] / "weights@0.5+adversarial.safetensors", "val")
    )
    walk = [found["points"][number] for number in found["slide"]]
    assert [row["val_clean"] for row in walk] == sorted(row["val_clean"] for row in walk)
    code, out, _ = call(capsys, *map(str, words))
    assert code == 0 and ("blends that none beats on val" in out) == (len(walk) > 1)  # of one there is no curve
    assert "weights: adversarial/standard/third" in out


def test_the_share_of_the_best_moment_is_that_of_its_epoch(runs: dict[str, Path]) -> None:
    """The mixture goes from the first learner alone to 0.4 and 0.6 over two epochs; one of them looked best."""
    history = [json.loads(line) for line in (runs["two"] / "history.jsonl").read_text().splitlines()]
    best = [row["epoch"] for row in history if row.get("best")][-1]
    (whole,) = ends_of([str(runs["two"])], None, "best").kept
    assert whole.kind == "global" and whole.weights == pytest.approx((1 - 0.3 * best, 0.3 * best))


def test_a_barrier_is_said(capsys: pytest.CaptureFixture[str], runs: dict[str, Path], tmp_path: Path) -> None:
    """The same network twice, the second with its hidden neurons in another order: alike at the ends, worse between."""
    other = shutil.copytree(runs["natural"], tmp_path / "runs" / "other")
    tensors, kinds = unpack(other / "weights@1.safetensors")
    layers = [name.removesuffix(".weight") for name in tensors if name.endswith(".weight")]
    turn = torch.arange(16).roll(5)
    for name in (f"{layers[0]}.weight", f"{layers[0]}.bias"):
        tensors[name] = tensors[name][turn]
    tensors[f"{layers[1]}.weight"] = tensors[f"{layers[1]}.weight"][:, turn]
    (other / "weights@1.safetensors").write_bytes(pack(tensors, kinds))
    words = [runs["natural"], other, "--images", 30, "--eps", "0.05", "--steps", 5, "--lab", tmp_path / "lab"]
    found = asked(capsys, *words)
    first, last = found["points"][0], found["points"][-1]
    assert first["val_right"] == last["val_right"] and first["val_loss"] == pytest.approx(last["val_loss"], rel=1e-5)
    (edge,) = found["barriers"]
    errors = [1 - row["val_clean"] for row in found["points"]]
    assert edge["clean"] == pytest.approx(max(errors) - errors[0]) and edge["clean"] > 0.05 and edge["word"] == "yes"
    assert "these two do not blend" in found["text"][-1]
    page = Path(found["report"]).read_text(encoding="utf-8")
    assert "do not blend" in page


def test_statistics_of_batch_norm_are_estimated_and_the_runs_stand_beside(
    capsys: pytest.CaptureFixture[str], runs: dict[str, Path], tmp_path: Path
) -> None:
    words = [runs["normed-robust"], runs["normed"], "--images", 30, "--steps", 3, "--lab", tmp_path / "lab"]
    found = asked(capsys, *words)
    assert [row["kind"] for row in found["points"]] == ["blend"] * 3 + ["kept"] * 2
    assert found["points"][3]["called"] == "adversarial as it was kept"
    assert any("estimated anew on 1,024 unchanged training images" in text for text in found["warnings"])
    chosen, kept = unpack(Path(found["weights"]))[0], found["chosen"]["kind"] == "kept"
    end = unpack(runs["normed-robust"] / "weights@1.safetensors")[0]
    assert chosen.keys() == end.keys() and (kept or not torch.equal(chosen["2.running_mean"], end["2.running_mean"]))


def test_a_table_of_good_and_bad_shows_errors(
    capsys: pytest.CaptureFixture[str], runs: dict[str, Path], tmp_path: Path
) -> None:
    other = trained(runs["place"], "cells-2", data="cells", epochs=1, seed=3)
    found = asked(
        capsys, runs["of-cells"], other, "--images", 30, "--steps", 3, "--eps", 0.05, "--lab", tmp_path / "lab"
    )
    assert found["names"] != ["standard", "standard"]
    assert all(0 <= row[key] <= 1 for row in found["points"] for key in ("false_reject", "escape"))
    assert "good items are turned away" in " ".join(found["text"])
    page = Path(found["report"]).read_text(encoding="utf-8")
    assert "Errors of inspection" in page and "false rejects, ‰" in page


def test_production_stands_beside_every_blend_and_chooses_nothing(
    capsys: pytest.CaptureFixture[str], runs: dict[str, Path], tmp_path: Path
) -> None:
    data = load_data("digits")
    darker = (data.test.images[:80] * 0.5 * 255).astype(np.uint8)
    later = {"test_images": darker[..., 0], "test_labels": data.test.labels[:80], "class_names": list(data.classes)}
    np.savez(tmp_path / "later.npz", **later)
    words = [runs["two"], "--images", 20, "--steps", 3, "--lab", tmp_path / "lab"]
    plain = asked(capsys, *words)
    found = asked(capsys, *words, "--data", "digits", "--production", tmp_path / "later.npz")
    assert plain["chosen"]["production_clean"] is None and found["chosen"]["point"] == plain["chosen"]["point"]
    ends = ends_of([str(runs["two"])], "digits", "1", production=str(tmp_path / "later.npz"))
    (x, y), net = (ends.data.splits["production"].x, ends.data.splits["production"].y), ends.net
    for row in found["points"]:
        if row["kind"] == "blend":
            net.load_state_dict(blend(ends.states, row["weights"]))
            assert row["production_clean"] == pytest.approx((net.eval()(x).argmax(1) == y).double().mean().item())
    assert "on production: of a thousand items" in " ".join(found["text"])
    assert "on production, %" in Path(found["report"]).read_text(encoding="utf-8")
    code, out, _ = call(capsys, *map(str, words), "--production", str(tmp_path / "later.npz"))
    assert code == 0 and any("test robust" in line and "production" in line for line in out.splitlines())


def test_the_folder_rebuilds_from_its_table_alone(
    capsys: pytest.CaptureFixture[str], runs: dict[str, Path], tmp_path: Path
) -> None:
    words = [runs["two"], "--images", 30, "--steps", 3, "--lab", tmp_path / "lab", "--lang", "ja"]
    found = asked(capsys, *words)
    folder = Path(found["folder"])
    page = (folder / "report.html").read_bytes()
    for name in ("result.json", "report.html", "verdicts.json", "chosen.safetensors"):
        (folder / name).unlink()
    code, out, _ = call(capsys, str(folder), "--lang", "ja", "--json", command="report")
    assert code == 0 and json.loads(out) == found
    assert (folder / "report.html").read_bytes() == page and "選択" in page.decode()
    table = pd.read_csv(folder / "points.csv")
    assert len(table) == 4 and (table.val_right / table.val_n).tolist() == [row["val_clean"] for row in found["points"]]
    (folder / "points.csv").unlink()
    code, _, err = call(capsys, str(folder), command="report")
    assert code == 2 and "run assay frontier again" in err


def test_the_terminal_says_it_in_words_and_a_curve(
    capsys: pytest.CaptureFixture[str], runs: dict[str, Path], tmp_path: Path
) -> None:
    save = tmp_path / "deploy.safetensors"
    words = [str(runs["two"]), "--images", "30", "--steps", "3", "--lab", str(tmp_path / "lab")]
    code, out, err = call(capsys, *words, "--save", str(save))
    assert code == 0 and "o unchanged, . under attack, X chosen" in out and "share of standard" in out
    assert "of a thousand unchanged items" in out and "next: assay attack" in out.splitlines()[-1]
    assert save.read_bytes() == next((tmp_path / "lab").glob("studies/*/chosen.safetensors")).read_bytes()
    before = save.read_bytes()
    code, out, err = call(capsys, *words, "--save", str(save))
    assert code == 2 and "found that it exists" in err and save.read_bytes() == before


def test_autoattack_gives_a_level(capsys: pytest.CaptureFixture[str], runs: dict[str, Path], tmp_path: Path) -> None:
    words = [
        runs["two"],
        "--images",
        4,
        "--steps",
        2,
        "--eps",
        0.5,
        "--attack",
        "autoattack",
        "--lab",
        tmp_path / "lab",
    ]
    found = asked(capsys, *words)
    assert {row["level"] for row in found["points"]} <= {"B", "X"}  # on a part of the examples it is never A
    assert "AutoAttack, level" in found["text"][1]


BAD = {
    "no parts": (["natural"], "found a run without base learners; give a run of the strategy generalist"),
    "one learner": (["one"], "found one base learner, adversarial"),
    "twice": (["natural", "natural"], "found one run twice"),
    "architectures": (["natural", "wide"], "found mlp:16 and mlp:8; blend runs of one architecture"),
    "splits": (["natural", "split"], "splits made in different ways"),
    "data": (["natural", "of-cells"], "found digits and cells; give the one to judge on"),
    "mixed": (["natural", "two"], "base learners of its own; give it alone"),
    "classes": (["two", "--data", "cells"], "asked to put"),
    "moment": (["two", "--moment", "0.25"], "kept there: 1, best; choose one of these"),
    "no run": (["place"], "found no recipe.json there"),
    "no eps": (["natural", "normed-natural"], "found no --eps"),
    "eps": (["two", "--eps", "8"], "8/255 or 8.0?"),
    "norm": (["two", "--norm", "L2"], "trained against Linf; give --eps"),
    "steps": (["two", "--steps", "1"], "steps"),
    "many": (["three", "--steps", "40"], "820 blends"),
    "attack": (["two", "--attack", "fgsm"], "pgd"),
    "want": (["two", "--want-clean", "90"], "want_clean"),
    "wishes": (["two", "--want-clean", "0.9", "--clean-weight", "0.7"], "leave one of the two out"),
    "save": (["two", "--save", "x.pt"], "name it so"),
    "folder": (["two", "--save", "nowhere/x.safetensors"], "found no folder"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line(
    capsys: pytest.CaptureFixture[str], runs: dict[str, Path], tmp_path: Path, case: str
) -> None:
    words, said = BAD[case]
    if case == "no eps":
        other = trained(runs["place"], "natural-2", seed=2, epochs=1)
        runs = {**runs, "normed-natural": other}
    made = [str(runs.get(word, word)) for word in words]
    code, out, err = call(capsys, *made, "--images", "10", "--lab", str(tmp_path / "lab"))
    assert code == 2 and not out and said in " ".join(err.split()) and "Traceback" not in err
    assert len(err.strip().splitlines()) == 1


def test_learners_that_were_not_kept(capsys: pytest.CaptureFixture[str], runs: dict[str, Path], tmp_path: Path) -> None:
    copy = shutil.copytree(runs["two"], tmp_path / "runs" / "copy")
    (copy / "weights@1+standard.safetensors").unlink()
    code, _, err = call(capsys, str(copy), "--lab", str(tmp_path / "lab"))
    assert code == 2 and "found no weights@1+standard.safetensors" in err


def test_a_name_from_outside_is_text_on_the_page(
    capsys: pytest.CaptureFixture[str], runs: dict[str, Path], tmp_path: Path
) -> None:
    evil = "<script>alert(1)</script>"
    found = asked(capsys, runs["two"], "--images", 20, "--steps", 2, "--lab", tmp_path / "lab")
    folder = Path(found["folder"])
    about = json.loads((folder / "study.json").read_text())
    about["names"], about["model"] = [evil, "b"], evil
    (folder / "study.json").write_text(json.dumps(about))
    assert call(capsys, str(folder), command="report")[0] == 0
    assert evil not in (folder / "report.html").read_text(encoding="utf-8")

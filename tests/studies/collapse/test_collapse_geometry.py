"""`assay geometry`: a collapsed model, a spread one and one whose rare class collapsed are told apart."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from assay import cli
from assay.core.errors import BadInput
from assay.data import Dataset, Split, load_data
from assay.lab import Lab
from assay.lab.store import pack
from assay.models import activations, build
from assay.studies.collapse.geometry import _learned, geometry, words
from assay.studies.collapse.geometry.look import head_of, last_layer, look, sample
from assay.studies.collapse.geometry.weights import filled, read_weights
from assay.studies.single import train_one

MODEL = "mlp:96-24"


def trained(data: Dataset, goal: str, steps: int = 250, collapse: tuple[int, ...] = ()) -> nn.Module:
    """A small MLP, by cross-entropy alone, or also with every class in ``collapse`` pulled to one point of its own."""
    kind = "leaky_relu" if goal == "points" else "relu"  # units that cannot die: every point can be reached
    net = build(MODEL, data.shape, len(data.classes), activation=kind)
    body, x, y = nn.Sequential(*list(net)[:-1]), data.train.x, data.train.y
    pulled = torch.isin(y, torch.tensor(collapse))
    points = 3 * torch.eye(24)[y]
    optimiser = torch.optim.Adam(net.parameters(), 0.01)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 0.01 * (1 - step / steps)
        h = body(x)
        loss = nn.functional.cross_entropy(net[-1](h), y)
        if goal == "points":
            loss = loss + 4 * ((h - points)[pulled] ** 2).sum(1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return net


def write(net: nn.Module, path: Path) -> None:
    """As a lab keeps it, with the activations in the header."""
    path.write_bytes(pack(net.state_dict(), activations(net)))


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_data("digits")


@pytest.fixture(scope="module")
def imbalanced(tmp_path_factory: pytest.TempPathFactory, digits: Dataset) -> tuple[Path, Dataset]:
    """Three digits, of one of them few, as an archive."""
    rng = np.random.default_rng(0)
    arrays = {}
    for name, split in digits.splits.items():
        keep = np.isin(split.labels, (0, 1, 2)) & ((split.labels != 2) | (rng.random(len(split)) < 0.25))
        arrays |= {f"{name}_images": split.images[keep], f"{name}_labels": split.labels[keep]}
    path = tmp_path_factory.mktemp("data") / "three.npz"
    np.savez(path, **arrays)
    return path, load_data(path)


@pytest.fixture(scope="module")
def files(
    tmp_path_factory: pytest.TempPathFactory, digits: Dataset, imbalanced: tuple[Path, Dataset]
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("weights")
    nets = {"spread": trained(digits, "answers", 25), "collapsed": trained(imbalanced[1], "points", 250, (0, 1, 2))}
    for name, net in nets.items():
        write(net, folder / f"{name}.safetensors")
    torch.save(nets["spread"].state_dict(), folder / "spread.pt")
    torch.save(
        {"epoch": 3, "state_dict": {f"module.{k}": v for k, v in nets["spread"].state_dict().items()}},
        folder / "parallel.pt",
    )
    torch.save(nets["spread"], folder / "module.pt")
    (folder / "noise.pt").write_bytes(b"no weights at all")
    torch.save([1, 2], folder / "list.pt")
    return {path.name: path for path in folder.iterdir()}


def test_collapsed_and_spread_are_told_apart(files: dict[str, Path], imbalanced: tuple[Path, Dataset]) -> None:
    spread = geometry(files["spread.safetensors"], model=MODEL, data="digits")
    collapsed = geometry(files["collapsed.safetensors"], model=MODEL, data=str(imbalanced[0]))
    assert spread["verdict"] == "spread" and spread["text"][0].startswith("No, not collapsed: all 10 classes")
    assert collapsed["verdict"] == "collapsed" and collapsed["text"][0].startswith("Yes, collapsed: all 3 classes")
    assert "1 (keeps" in collapsed["text"][1] and spread["rarest"] is None
    assert collapsed["next"] == f"assay forecast --data {imbalanced[0]} --want-within 0.3"
    assert spread["next"] == "assay study collapse --data digits"
    for key in ("within_share", "quotient", "cdnv", "nc4"):
        assert collapsed["splits"]["train"][key] < spread["splits"]["train"][key], key
    assert min(each["splits"]["test"]["accuracy"] for each in (spread, collapsed)) > 0.8  # accuracy does not tell
    assert spread["layer"] == "act2" and spread["width"] == 24 and spread["embedding"] is None


def test_figures_are_those_of_the_metrics(files: dict[str, Path], digits: Dataset) -> None:
    from assay import metrics

    found = geometry(files["spread.safetensors"], model=MODEL, data="digits")
    net = build(MODEL, (1, 8, 8), 10)
    net.load_state_dict(read_weights(files["spread.safetensors"])[0])
    with torch.no_grad():
        h = nn.Sequential(*list(net)[:-1])(digits.test.x).numpy()
        fresh = nn.Sequential(*list(build(MODEL, (1, 8, 8), 10))[:-1])(digits.train.x).numpy()
        seen = nn.Sequential(*list(net)[:-1])(digits.train.x).numpy()
    y, test = digits.test.labels, found["splits"]["test"]
    weights = net[-1].weight.detach()
    for key in ("within_variance", "within_share", "cdnv", "nc1", "effective_rank", "nc2_equiangular"):
        arguments = {"features": h, "labels": y}
        needs = metrics.METRICS[key].card.needs
        assert test[key] == pytest.approx(metrics.METRICS[key](**{need: arguments[need] for need in needs}), rel=1e-4)
    assert test["nc3"] == pytest.approx(metrics.nc3(h, y, weights), rel=1e-4)
    shares = metrics.class_shares(seen, digits.train.labels) / metrics.class_shares(fresh, digits.train.labels)
    assert [row["kept"] for row in found["classes"]] == pytest.approx(shares.tolist(), rel=1e-3)
    rows, raw = found["classes"], metrics.class_variances(h, y, normalise=False)
    weighted = np.average([row["test"]["quotient"] for row in rows], weights=np.bincount(y))
    assert weighted == pytest.approx(test["quotient"], rel=1e-4)
    assert rows[3]["test"]["quotient"] / rows[4]["test"]["quotient"] == pytest.approx(raw[3] / raw[4], rel=1e-4)
    assert np.average([row["knn"] for row in rows], weights=np.bincount(y)) == pytest.approx(found["knn"]["accuracy"])


@pytest.mark.parametrize("pulled, most", [((2,), True), ((0, 1), False)])
def test_the_rarest_class_is_looked_at(
    imbalanced: tuple[Path, Dataset], tmp_path: Path, pulled: tuple[int, ...], most: bool
) -> None:
    path, data = imbalanced
    write(trained(data, "points", 250, pulled), tmp_path / "w.safetensors")
    found = geometry(tmp_path / "w.safetensors", model=MODEL, data=str(path))
    assert found["rarest"]["name"] == data.classes[2] and found["rarest"]["most_collapsed"] is most
    assert ("is the most collapsed" in found["rarest"]["text"]) is most and found["rarest"]["text"] in found["text"]
    assert found["verdict"] == "partly"
    assert all(found["classes"][label]["word"] == "collapsed" for label in pulled)


def test_weights_of_other_sorts_are_read(files: dict[str, Path]) -> None:
    plain = read_weights(files["spread.safetensors"])[0]
    for name in ("spread.pt", "parallel.pt"):
        other = filled(files[name], MODEL, (1, 8, 8), 10, 0)[0].state_dict()
        assert set(other) == set(plain) and all(bool((other[key] == plain[key]).all()) for key in plain)


def test_other_layers(files: dict[str, Path]) -> None:
    found = geometry(files["spread.safetensors"], model=MODEL, data="digits", layer="act1")
    assert found["width"] == 96 and found["splits"]["train"]["nc3"] is None  # the head does not read it
    with pytest.raises(BadInput, match="no layer is called 'act'"):
        geometry(files["spread.safetensors"], model=MODEL, data="digits", layer="act")


def test_projector_is_looked_at_as_well(tmp_path: Path, digits: Dataset) -> None:
    net = build(MODEL + "+projector:12-6", digits.shape, 10, seed=3)
    save_file(net.state_dict(), tmp_path / "w.safetensors")
    found = geometry(tmp_path / "w.safetensors", model=MODEL + "+projector:12-6", data="digits")
    assert found["layer"] == "body.act2" and len(found["embedding"]["classes"]) == 10
    assert found["verdict"] == found["embedding"]["verdict"]  # the answer is looked for where the loss acts
    assert "at the projector" in found["text"][-2] and found["text"][-1].startswith("In the features before the head")
    there = geometry(tmp_path / "w.safetensors", model=MODEL + "+projector:12-6", data="digits", layer="projector")
    assert there["width"] == 6 and there["embedding"] is None
    assert there["splits"]["train"]["within_variance"] == found["embedding"]["within_variance"]["train"]
    with pytest.raises(BadInput, match=r"give --model mlp:96-24\+projector:12-6"):
        geometry(tmp_path / "w.safetensors", model=MODEL, data="digits")


def test_a_projector_that_training_left_alone_has_no_say(digits: Dataset) -> None:
    name = MODEL + "+projector:12-6"
    first, same = (build(name, digits.shape, 10, seed=3) for _ in range(2))
    with torch.no_grad():
        first.body.fc1.weight += 1  # type: ignore[union-attr,operator]  # what cross-entropy changes
    assert not _learned(first, same)
    with torch.no_grad():
        next(first.projector.parameters()).add_(1)  # type: ignore[union-attr]
    assert _learned(first, same)


def test_maps_and_statistics_of_batch_norm(make_blobs, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    data = make_blobs()
    net = build("resnet18:4", data.shape, 3, seed=1)
    net(data.train.x)  # running statistics are no longer those of a new network
    save_file(net.state_dict(), tmp_path / "w.safetensors")
    trained_net, untrained = filled(tmp_path / "w.safetensors", "resnet18:4", data.shape, 3, 1)
    assert not trained_net.training and not untrained.training
    layer = last_layer(trained_net, data.train.x)
    items = sample(data.train, 3)
    seen = look(trained_net, data.train, items, layer)
    assert layer == "block4_2.act2" and seen.features.shape == (len(data.train), 32)
    head = head_of(trained_net, data.train.x[items[:9]], seen.features[:9], 3)
    assert head is not None and head.shape == (3, 32)
    with torch.no_grad():
        assert seen.logits == pytest.approx(net.eval()(data.train.x[items]).numpy(), abs=1e-5)


def test_rare_classes_are_seen_whole() -> None:
    labels = np.repeat([0, 1], [9000, 30])
    items = sample(Split(np.zeros((9030, 1), np.float32), labels), 2)
    assert np.bincount(labels[items]).tolist() == [2048, 30] and len(set(items.tolist())) == len(items)


def test_words() -> None:
    assert words.word(0.0499) == "collapsed" and words.word(0.05) == "partly" and words.word(0.2) == "partly"
    rows = [
        {"name": "a", "items": 9, "kept": 0.1, "word": "partly"},
        {"name": "b", "items": 9, "kept": 0.5, "word": "spread"},
    ]
    assert words.sentences(rows)[0] == "Not collapsed, but 1 of 2 classes have lost most of their spread."
    assert words.verdict(["partly", "unknown"]) == "partly" and words.verdict(["unknown"]) == "unknown"
    assert words.rarest(rows) is None
    alone = [{**rows[0], "items": 1, "kept": None, "word": "unknown"}, rows[1]]
    assert words.rarest(alone)["text"].endswith("has too few items to say.")  # type: ignore[index]


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["assay", "geometry", *arguments])
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
    out = capsys.readouterr()
    return code, out.out, out.err


def test_command(files: dict[str, Path], imbalanced: tuple[Path, Dataset], capsys: pytest.CaptureFixture[str]) -> None:
    options = (str(files["collapsed.safetensors"]), "--model", MODEL, "--data", str(imbalanced[0]))
    code, out, _ = call(capsys, *options)
    assert code == 0 and "Yes, collapsed: all 3 classes" in out and "next: assay forecast --data" in out
    code, out, _ = call(capsys, *options, "--json")
    found = json.loads(out)
    assert code == 0 and found["verdict"] == "collapsed" and len(found["classes"]) == 3


def test_run_of_a_lab(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text("data: digits\nmodel: 'mlp:16'\nepochs: 1\nactivation: tanh\nseed: 5\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["assay", "train", str(recipe), "--lab", str(tmp_path / "lab"), "--json"])
        with pytest.raises(SystemExit):
            cli.main()
    folder = json.loads(capsys.readouterr().out)["folder"]
    code, out, _ = call(capsys, folder, "--json")
    found = json.loads(out)
    assert code == 0 and found["model"] == "mlp:16" and found["data"] == "digits" and found["layer"] == "act1"
    Path(folder, "weights@1.safetensors").rename(Path(folder, "weights@0.5.safetensors"))
    code, _, err = call(capsys, folder)
    assert code == 2 and "found weights@0.5.safetensors, none of the end of training" in err


@pytest.mark.parametrize(
    "name, model, said",
    [
        ("module.pt", MODEL, "torch.save(model.state_dict()"),
        ("noise.pt", MODEL, "found"),
        ("list.pt", MODEL, "found list that is not tensors by name"),
        ("spread.pt", "mlp:96-32", "'fc2.weight' of shape (24, 96) where (32, 96) is needed"),
        ("spread.pt", "cnn", "--model file.py:function"),
        ("spread.pt", "resnt18", "did you mean 'resnet18'"),
        ("spread.safetensors", None, "found no --model"),
        ("none.safetensors", MODEL, "found no such file"),
        ("", MODEL, "without recipe.json"),
    ],
)
def test_bad_input_is_one_line(
    files: dict[str, Path], capsys: pytest.CaptureFixture[str], name: str, model: str | None, said: str
) -> None:
    folder = files["noise.pt"].parent
    code, _, err = call(capsys, str(folder / name), "--data", "digits", *(["--model", model] if model else []))
    assert code == 2 and said in err and err.strip().count("\n") == 0


def test_wrong_number_of_classes(
    files: dict[str, Path], imbalanced: tuple[Path, Dataset], capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = call(capsys, str(files["spread.pt"]), "--data", str(imbalanced[0]), "--model", MODEL)
    assert code == 2 and "for 3 classes; found a head for 10" in err and err.strip().count("\n") == 0


THREE = {
    "cross-entropy": "{kind: standard}",
    "SupCon": "{kind: contrastive, loss: {kind: supcon}}",
    "forecast": "{kind: contrastive, alpha: auto, within: 0.3}",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """250 images in five pairs of digits, 600 steps each: few enough that the losses reach their minima."""
    place, found = tmp_path_factory.mktemp("three"), {}
    for name, strategy in THREE.items():
        recipe = place / "recipe.yaml"
        recipe.write_text(
            "data: digits@pairs\nbiases: [{kind: fewer, images: 250}]\nmodel: 'mlp:128-64+projector:128-128'\n"
            "epochs: 300\nbatch: 125\nsampler: {kind: balanced}\noptimiser: {lr: 0.002}\nseed: 1\n"
            f"strategy: {strategy}\n"
        )
        run = train_one(recipe, (), Lab(place / "lab"), "cpu", 1, lambda *_: None)
        found[name] = geometry(Path(run["folder"]))
    return found


class TestThreeWaysToTrain:
    """Equal in accuracy, different inside: cross-entropy, SupCon, and the weight that the forecast gives."""

    def test_they_are_told_apart_in_plain_words(self, found: dict[str, dict]) -> None:
        first = {name: each["text"][0] for name, each in found.items()}
        assert first["SupCon"] == "Yes, collapsed: all 5 classes have lost nearly all their spread."
        for name in ("cross-entropy", "forecast"):
            assert first[name] == "No, not collapsed: all 5 classes keep a good part of their spread."
        assert "No contrastive loss acted here" in found["cross-entropy"]["text"][-1]
        assert found["cross-entropy"]["embedding"] is None
        for name in ("SupCon", "forecast"):
            assert any("at the projector" in line for line in found[name]["text"])

    def test_accuracy_does_not_tell_them_apart(self, found: dict[str, dict]) -> None:
        right = [each["splits"]["test"]["accuracy"] for each in found.values()]
        assert min(right) > 0.85 and max(right) - min(right) < 0.08

    def test_the_forecast_stands_beside_what_was_measured(self, found: dict[str, dict]) -> None:
        assert found["cross-entropy"]["foretold"] is None
        for name, mean in (("SupCon", 0.0), ("forecast", 0.3)):
            told, kept = found[name]["foretold"], found[name]["embedding"]["within_variance"]["train"]
            assert told["mean"] == pytest.approx(mean, abs=1e-3) and kept == pytest.approx(mean, abs=0.06)
            assert any(f"a variance of {told['mean']:.3g} was foretold" in line for line in found[name]["text"])
        assert found["SupCon"]["foretold"]["alpha"] == pytest.approx(1 / (2 * 25 - 1))  # (p - 1) / (pn - 1)

"""AutoAttack as a whole: who is broken does not depend on batches, order or interruptions; odd models are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from assay.attacks import BALLS, PGD, autoattack, stages
from assay.core.errors import BadInput
from tests.attacks.nets import examples, network, table_network

SHORT: list[dict[str, Any]] = [
    {"kind": "apgd-ce", "steps": 10, "restarts": 2},
    {"kind": "apgd-t", "steps": 6, "targets": 3},
    {"kind": "fab-t", "steps": 6, "targets": 2},
    {"kind": "square", "queries": 60},
]
EPS = {"Linf": 0.08, "L2": 0.5}


def noisy(x: torch.Tensor) -> torch.Tensor:
    """A network that answers at random."""
    return network("natural")(x + 0.05 * torch.randn_like(x))


def evaluate(n: int = 40, norm: str = "Linf", rows: torch.Tensor | None = None, **settings: Any):
    x, y = examples(n)
    rows = torch.arange(n) if rows is None else rows
    fixed: dict[str, Any] = {"x": x[rows], "y": y[rows], "norm": norm, "version": "custom"}
    settings = {"attacks": SHORT, "index": rows.tolist(), "batch_size": 16, **settings}
    return autoattack(**{"model": network("natural"), "eps": EPS[norm], **settings}, **fixed)


@pytest.mark.parametrize("norm", ["Linf", "L2"])
def test_verdicts_do_not_depend_on_batches_or_order(norm: str) -> None:
    attacks = SHORT if norm == "Linf" else SHORT[::-1]
    whole = evaluate(norm=norm, batch_size=100, attacks=attacks)
    order = torch.randperm(40, generator=torch.Generator().manual_seed(1))
    shuffled = evaluate(norm=norm, batch_size=7, rows=order, attacks=attacks)
    assert shuffled.robust.equal(whole.robust[order])
    assert [whole.broken_by[i] for i in order] == list(shuffled.broken_by)
    assert len(set(whole.broken_by)) >= 3  # nobody, and more than one attack
    some = evaluate(norm=norm, rows=torch.arange(5, 20), attacks=attacks)
    assert some.robust.equal(whole.robust[5:20])


def test_what_is_broken_is_broken_and_within_reach() -> None:
    x, y = examples(40)
    result = evaluate()
    answers = network("natural")(result.x_adv).argmax(1)
    assert ((answers == y) == result.robust).all()
    assert (result.x_adv - x).abs().max() <= EPS["Linf"] + 1e-6
    assert ((result.margin > 0) == result.robust).all()
    assert [bool(name) for name in result.broken_by] == (result.clean & ~result.robust).tolist()
    assert result.forwards > result.backwards > 0


def test_dropping_early_changes_no_verdict_and_saves_work() -> None:
    early, late = evaluate(), evaluate(early_drop=False)
    assert early.robust.equal(late.robust)
    assert early.backwards < 0.9 * late.backwards


def test_seeds_matter_and_repeat() -> None:
    assert evaluate(seed=1).x_adv.equal(evaluate(seed=1).x_adv)
    assert not evaluate(seed=1).x_adv.equal(evaluate(seed=2).x_adv)


def test_more_noise_breaks_whoever_less_noise_broke() -> None:
    few, many = (evaluate(eps=0.3, attacks=[{"kind": "noise", "tries": tries}]).robust for tries in (2, 30))
    assert (many <= few).all() and many.sum() < few.sum()


@pytest.mark.parametrize("norm", ["Linf", "L2"])
def test_the_asked_ball_rules(norm: str) -> None:
    """An attack that says nothing of a ball, or the same one, takes the one that is asked for."""
    ball = {"norm": norm, "eps": 0.15}
    ways = [PGD(steps=8), {"kind": "pgd", "steps": 8}, PGD(steps=8, **ball), {"kind": "pgd", "steps": 8, **ball}]
    found = [evaluate(norm=norm, eps=0.15, attacks=[way]) for way in ways]
    for one in found:
        assert [(attack.norm, attack.eps, attack.steps) for _, attack in one.suite.attacks] == [(norm, 0.15, 8)]
        assert one.x_adv.equal(found[1].x_adv)
    assert BALLS[norm]().size(found[0].x_adv - examples(40)[0]).max() > 0.1


class Killed(BaseException):
    pass


@pytest.mark.parametrize("draws, model", [("addressed", None), ("reference", None), ("addressed", noisy)])
def test_interrupted_and_repeated_gives_the_same_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, draws: str, model: Any
) -> None:
    monkeypatch.setattr(stages, "SAVE_EVERY", 0.0)
    how = {"draws": draws, **({"model": model} if model else {})}
    whole = evaluate(**how, path=tmp_path / "whole.npz")
    for after in (0, 2, 3):
        path, calls = tmp_path / f"{after}.npz", iter(range(100))

        def kill(text: str, calls: Any = calls, after: int = after) -> None:
            if next(calls) == after:
                raise Killed

        with pytest.raises(Killed):
            evaluate(**how, path=path, tell=kill)
        again = evaluate(**how, path=path)
        assert again.robust.equal(whole.robust) and again.x_adv.equal(whole.x_adv)
        ours, theirs = np.load(path), np.load(tmp_path / "whole.npz")
        for name in ours.files:
            assert np.array_equal(ours[name], theirs[name]), name
        finished = []
        evaluate(**how, path=path, tell=finished.append)
        assert not finished


def test_a_table_of_another_evaluation_is_refused(tmp_path: Path) -> None:
    evaluate(n=10, path=tmp_path / "t.npz")
    with pytest.raises(BadInput, match="begun with another seed"):
        evaluate(n=10, path=tmp_path / "t.npz", seed=1)
    (tmp_path / "t.npz").write_bytes(b"nothing")
    with pytest.raises(BadInput, match="it is no table"):
        evaluate(n=10, path=tmp_path / "t.npz")


def narrow(classes: int) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(100, 12), nn.ReLU(), nn.Linear(12, classes))


@pytest.mark.parametrize("classes", [1, 2, 3, 5, 8])
def test_few_classes(classes: int) -> None:
    x, _ = examples(12)
    net = narrow(classes)
    logits = net(x)
    y = (logits[:, 0] > 0).long() if classes == 1 else logits.argmax(1)
    chosen = [{"kind": "apgd-dlr", "steps": 5}, *SHORT]
    result = autoattack(net, x, y, eps=0.1, version="custom", attacks=chosen)
    assert result.clean.all() and not result.robust.all()
    said = " ".join(result.suite.notes)
    assert ("no targeted-dlr" in said) is (classes < 4)
    assert ("no dlr" in said) is (classes < 3)
    assert ("all 1 wrong classes" in said) is (classes <= 2)


@pytest.mark.parametrize("classes, standard", [(2, False), (3, False), (4, True)])
def test_a_suite_with_replaced_losses_is_not_standard(classes: int, standard: bool) -> None:
    x, _ = examples(2)
    net = narrow(classes)
    wrong = (net(x).argmax(1) + 1) % classes  # nothing to attack: only the suite is looked at
    result = autoattack(net, x, wrong)
    assert result.suite.standard is standard and not result.clean.any()


def test_tables_go_without_square_and_say_so() -> None:
    net, x = table_network(), torch.rand(15, 6, generator=torch.Generator().manual_seed(0))
    result = autoattack(net, x, net(x).argmax(1), eps=0.3, version="custom", attacks=["apgd-ce", *SHORT])
    assert not result.robust.all()
    assert "square left out: it draws windows on images, and the inputs are a table" in result.suite.notes
    assert not autoattack(net, x, (net(x).argmax(1) + 1) % 3).suite.standard


def test_predictions_only() -> None:
    x, y = examples(20)
    net = network("natural")

    def predict(v: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(net(v).detach().numpy())

    result = autoattack(predict, x, y, eps=0.1, version="custom", attacks=SHORT)
    assert set(result.broken_by) == {"", "square"} and result.backwards == 0
    assert [name for name, _ in result.suite.attacks] == ["square"] and len(result.suite.notes) >= 3
    table = autoattack(lambda v: predict(v.view(-1, 1, 10, 10)), x.flatten(1), y, eps=0.1)
    assert [name for name, _ in table.suite.attacks] == ["noise"]


def test_probabilities_are_noticed() -> None:
    x, y = examples(10)
    net = nn.Sequential(network("natural"), nn.Softmax(1))
    result = autoattack(net, x, y, version="custom", attacks=[{"kind": "pgd", "steps": 2}])
    assert "probabilities" in result.warnings[0]
    assert not evaluate(n=10).warnings


@pytest.mark.parametrize(
    "change, message",
    [
        ({"eps": "8"}, r"8/255 or 8\.0\?"),
        ({"eps": -1.0}, "a radius is a number from 0 up"),
        ({"norm": "L3"}, "no norm is called"),
        ({"x": torch.full((10, 1, 10, 10), 2.0)}, "found values from 2 to 2"),
        ({"x": torch.full((10, 1, 10, 10), torch.nan)}, "found values from nan"),
        ({"y": torch.full((10,), 12)}, "labels up to 12; found a model with 10 classes"),
        ({"y": torch.zeros(9, dtype=torch.int64)}, "one label an example"),
        ({"y": torch.zeros(10)}, "as integers"),
        ({"version": "standrad"}, "did you mean 'standard'"),
        ({"attacks": ["pgd"]}, "version='custom' takes attacks"),
        ({"version": "custom", "attacks": ["pdg"]}, "did you mean 'pgd'"),
        (
            {"version": "custom", "attacks": [PGD(eps=0.1)]},
            r"pgd in another ball \(Linf, 0.1\); leave norm and eps out",
        ),
        ({"version": "custom", "attacks": [{"kind": "apgd-ce", "eps": 0.001}]}, "apgd-ce in another ball"),
        ({"version": "custom", "attacks": [{"kind": "pgd", "norm": 2}]}, r"in another ball \(L2, 0.0313725\)"),
        ({"draws": "other"}, "draws is addressed or reference"),
        ({"index": [1, 2]}, "one index an example"),
        ({"model": lambda x: x}, "asked for logits"),
    ],
)
def test_bad_input_is_refused_in_one_line(change: dict[str, Any], message: str) -> None:
    x, y = examples(10)
    with pytest.raises(BadInput, match=message) as error:
        autoattack(**{"model": network("natural"), "x": x, "y": y, **change})
    assert "\n" not in str(error.value)

"""Models from names and from the user's files."""

from pathlib import Path

import pytest
import torch

from assay.core.errors import BadInput
from assay.models import build, code_digest

OWN = """
import torch
from torch import nn
def net(shape, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(shape[0] * shape[1] * shape[2], classes))
def fixed():
    return nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU())
def wrong(shape, classes):
    return nn.Flatten()
def single(shape, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(4, 1))
def breaks(shape, classes):
    raise RuntimeError("no such layer")
number = 3
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "mine.py").write_text(OWN)
    return str(tmp_path / "mine.py")


def test_the_users_own(file: str) -> None:
    assert build(f"{file}:net", (1, 2, 2), 3, seed=1)(torch.rand(5, 1, 2, 2)).shape == (5, 3)
    assert build(f"{file}:fixed", (1, 2, 2), 3)(torch.rand(5, 1, 2, 2)).shape == (5, 3)
    assert len(code_digest(file)) == 12


def test_one_logit_for_two_classes_is_for_those_who_ask(file: str) -> None:
    assert build(f"{file}:single", (1, 2, 2), 2, one_logit=True)(torch.rand(5, 1, 2, 2)).shape == (5, 1)
    with pytest.raises(BadInput, match=r"return logits \(2, 2\)$"):
        build(f"{file}:single", (1, 2, 2), 2)
    with pytest.raises(BadInput, match=r"return logits \(2, 3\)$"):
        build(f"{file}:single", (1, 2, 2), 3, one_logit=True)
    with pytest.raises(BadInput, match=r"return logits \(2, 2\) or \(2, 1\)$"):
        build(f"{file}:fixed", (1, 2, 2), 2, one_logit=True)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wrong", r"return logits \(2, 3\)"),
        ("breaks", "no such layer"),
        ("number", "no function 'number'"),
        ("missing", "no function 'missing'"),
    ],
)
def test_what_is_wrong_with_the_users_own(file: str, name: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        build(f"{file}:{name}", (1, 2, 2), 3)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("resnet81", "did you mean 'resnet18'"),
        ("mlp:12-x", "whole numbers"),
        ("mlp:0", "whole numbers"),
        ("nowhere.py:net", "found none"),
    ],
)
def test_names_that_are_not_there(name: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        build(name, (1, 2, 2), 3)


def test_convolutions_refuse_tables() -> None:
    with pytest.raises(BadInput, match="table of 30 columns; use mlp"):
        build("cnn", (30,), 2)

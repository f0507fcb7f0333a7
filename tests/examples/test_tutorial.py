"""What `docs/tutorial.md` tells a reader to type works: a model trained outside assay, looked at on its factory."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest

from assay import cli

ROOT = Path(__file__).parents[2]
SMALL = {"train": 24, "val": 12, "test": 16}


@pytest.fixture
def plates(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    import plates

    return plates


def call(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr("sys.argv", list(words))
    try:
        cli.main()
    except SystemExit as stop:
        assert not stop.code, words


def commands() -> list[list[str]]:
    """The assay commands in the tutorial's blocks."""
    blocks = re.findall(r"^```\n(.*?)^```", (ROOT / "docs" / "tutorial.md").read_text(), re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("assay ")]
    return [shlex.split(line, comments=True) for line in lines]


def test_plates_do_not_write_over_anything(
    plates: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["plates.py", str(tmp_path)])
    with pytest.raises(SystemExit, match="2"):
        plates.main()
    assert "name a new folder" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_the_tutorials_first_steps(
    plates: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plates, "NOW", SMALL)
    monkeypatch.setattr(plates, "LATER", 12)
    monkeypatch.setattr(sys, "argv", ["plates.py", "plates"])
    plates.main()
    (tmp_path / "plates.py").write_text((ROOT / "examples" / "plates.py").read_text())
    data, look = (line for line in commands() if line[1] in ("data", "look"))
    call(monkeypatch, *data)
    assert "What test can show" in capsys.readouterr().out
    call(monkeypatch, *look, "--json")
    found = json.loads(capsys.readouterr().out)
    assert Path(found["folder"]).is_dir()
    dry = next(line for line in commands() if "--dry-run" in line)
    call(monkeypatch, *dry, "--json")
    assert json.loads(capsys.readouterr().out)["runs"] == 112


def test_every_command_of_the_tutorial_is_one_with_these_options(monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.main import get_command

    known = get_command(cli.app)
    assert len(commands()) >= 6
    for _, name, *rest in commands():
        options = {word for each in known.commands[name].params for word in each.opts}  # type: ignore[attr-defined]
        assert {word for word in rest if word.startswith("--")} <= options, name

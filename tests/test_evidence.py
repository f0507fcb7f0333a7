"""What is kept under docs/evidence rebuilds to the verdicts that stand beside it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from assay.studies import rebuild

EVIDENCE = Path(__file__).parents[1] / "docs" / "evidence"
FOLDERS = sorted(path.parent for path in EVIDENCE.rglob("study.json"))


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(EVIDENCE)))
def test_verdicts_are_rebuilt_from_the_rows(folder: Path, tmp_path: Path) -> None:
    kept = json.loads((folder / "verdicts.json").read_text())["verdicts"]
    rebuild(Path(shutil.copytree(folder, tmp_path / "copy")))
    found = json.loads((tmp_path / "copy" / "verdicts.json").read_text())["verdicts"]
    assert len(kept) == len(found) > 0
    for old, new in zip(kept, found, strict=True):
        assert (old["claim"], old["word"], old["direction"], old["n"]) == tuple(
            new[key] for key in ("claim", "word", "direction", "n")
        )
        assert new["effect"] == pytest.approx(old["effect"], rel=1e-6)
        assert new["interval"] == pytest.approx(old["interval"], rel=1e-6)
        assert new["p"] == pytest.approx(old["p"], rel=1e-6)


def test_there_is_evidence_and_it_is_rows_not_weights() -> None:
    assert FOLDERS
    assert not [path for path in EVIDENCE.rglob("*") if path.suffix in (".safetensors", ".npz", ".pt", ".html")]

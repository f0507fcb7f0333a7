"""The page of the limit study: what is drawn and said follows from the tables."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pages import keeps_promises
from tests.studies.limit.worlds import PLANTED_WIDTH, about, names, world

from assay.report.charts.limit import along, tables
from assay.report.folder import Folder
from assay.report.page import html
from assay.studies import rebuild
from assay.studies.limit.claims import CLAIMS
from assay.studies.limit.design import RANDOM, TRUE, condition


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("limit")
    for name, table in world(PLANTED_WIDTH, spread=0.01).items():
        table.to_csv(path / f"{name}.csv", index=False, float_format="%.7g")
    conditions = [
        {"name": condition(name, labels), "label": {"en": name, "ja": name}, "labels": labels}
        for name in names()
        for labels in (TRUE, RANDOM)
    ]
    told = {
        **about(),
        **{"study": "limit", "title": {"en": "Limit", "ja": "極限"}, "question": {"en": "Alike?", "ja": "似るか。"}},
        **{"command": "assay study limit --data digits", "preset": "default", "version": "0.1.0", "model": "mlp:64"},
        "data": {
            **{"name": "digits", "digest": "5f" * 32, "kind": "image", "classes": list("ab"), "shape": [1, 8, 8]},
            **{"sizes": {"train": 800, "val": 300, "test": 512}, "ok": None, "warnings": []},
        },
        **{"recipe": {"data": "digits"}, "conditions": conditions, "claims": [claim.plain() for claim in CLAIMS]},
        **{"metrics": [], "references": [], "plan": {"runs": 1}},
    }
    (path / "study.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return rebuild(path)


def test_the_page_keeps_what_every_page_promises(folder: Path) -> None:
    page = html(Folder(folder))
    keeps_promises(page, 3)
    assert all(f'id="claim-{claim.name}"' in page for claim in CLAIMS)


def test_curves_and_tables_say_what_was_planted(folder: Path) -> None:
    seen = Folder(folder)
    figure, rises, levels = along.hero(seen), tables.rises(seen), tables.levels(seen)
    assert figure is not None and rises is not None and levels is not None and len(figure.panels) == 3
    assert re.search(r"width: generalise best 0\.2\d → 0\.[45]\d", figure.alt)
    rise = {(row[0].text, row[1].text): row for row in rises.rows}
    assert float(rise["width", "generalise best"][2].order) == pytest.approx(0.24, abs=0.03)  # type: ignore[arg-type]
    assert float(rise["width", "learned nothing"][3].order) == pytest.approx(0.24, abs=0.04)  # type: ignore[arg-type]
    assert ("epochs", "learned nothing") not in rise and len(levels.rows) == 12


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_missing_tables_give_a_page(folder: Path, tmp_path: Path, lang: str) -> None:
    assert "claim-wider" in html(Folder(folder, lang))
    for name in ("study.json", "runs.csv"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    assert "claim-wider" in html(Folder(tmp_path, lang))

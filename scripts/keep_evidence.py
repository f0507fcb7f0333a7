"""Keep a study or a search as evidence: ``python scripts/keep_evidence.py LAB/studies/NAME docs/evidence/NAME``.

Copies what verdicts are rebuilt from (study.json, tables, verdicts, provenance; of a search its result) and nothing
else: no weights, no page, no pictures of the data. Where the lab and files of data were is nobody's business and left
out.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import sys
from pathlib import Path

KEPT = ("study.json", "provenance.json", "verdicts.json", "result.json")


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    if not (source / "study.json").is_file():
        print(f"asked to keep {source}; found no study.json there; give a study's folder", file=sys.stderr)
        return 2
    if not any((source / name).is_file() for name in ("verdicts.json", "result.json")):
        print(f"asked to keep {source}; it has no verdicts and no result yet; let it end first", file=sys.stderr)
        return 2
    target.mkdir(parents=True, exist_ok=True)
    for path in [*(source / name for name in KEPT), *sorted(source.glob("*.csv"))]:
        if path.is_file():
            shutil.copy(path, target / path.name)
    result = target / "result.json"
    if result.is_file():
        lab = str(source.resolve().parents[1])
        result.write_text(result.read_text(encoding="utf-8").replace(lab, "lab"), encoding="utf-8")
    study = target / "study.json"
    text = study.read_text(encoding="utf-8")
    settings = json.loads(text)["settings"]
    for name in filter(None, map(settings.get, ("data", "production"))):
        text = text.replace(name, Path(name).name)
    study.write_text(re.sub(r' --lab (\\"[^"]*\\"|[^ "]+)', "", text), encoding="utf-8")
    for table in target.glob("*.csv"):
        _without_images(table)
    print(f"kept {sum(path.stat().st_size for path in target.iterdir()) / 1e6:.1f} MB in {target}")
    return 0


def _without_images(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or "thumbnail" not in rows[0]:
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "thumbnail": ""} for row in rows)


if __name__ == "__main__":
    sys.exit(main())

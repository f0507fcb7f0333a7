"""A folder of the stream study that looks like the real thing, judged by the study itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.studies.stream.worlds import world

from assay.studies import rebuild
from assay.studies.stream.claims import CLAIMS
from assay.studies.stream.design import ADVERSARIAL, BRIEF, FINE, GENERALIST, NAMES, NO_UPDATE, THROUGHOUT
from assay.studies.stream.words import ARM

GAINS = {
    **{(GENERALIST, "clean"): 0.12, (GENERALIST, "robust"): 0.08, (FINE, "clean"): 0.15, (FINE, "robust"): -0.2},
    **{(BRIEF, "clean"): 0.1, (BRIEF, "robust"): -0.1, (FINE, "earlier"): -0.1, (BRIEF, "earlier"): -0.04},
    **{(ADVERSARIAL, "clean"): 0.06, (ADVERSARIAL, "robust"): 0.09, (THROUGHOUT, "robust"): 0.1},
}
EPOCHS = {NO_UPDATE: 0, FINE: 70, BRIEF: 10, ADVERSARIAL: 12, GENERALIST: 10, THROUGHOUT: 12}
PASSES = {NO_UPDATE: 0, FINE: 35000, BRIEF: 5000, ADVERSARIAL: 36000, GENERALIST: 35000, THROUGHOUT: 36000}


def write(folder: Path, *, seeds: int = 10, judged: int = 128, masked: bool = False) -> Path:
    """Write the folder and return it; with ``masked`` one generalist is not to be believed."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = world(GAINS, seeds=seeds)
    runs = tables["runs"].assign(test_accuracy=0.8, train_accuracy=0.9, design="paired")
    if masked:
        runs.loc[runs.run == f"{GENERALIST} 0 2", "autoattack_level"] = "X"
    tables["stream"].to_csv(folder / "stream.csv", index=False, float_format="%.6g")
    runs.to_csv(folder / "runs.csv", index=False, float_format="%.6g")
    (folder / "study.json").write_text(json.dumps(_study(seeds, judged), ensure_ascii=False), encoding="utf-8")
    return rebuild(folder)


def _study(seeds: int, judged: int) -> dict[str, Any]:
    arms = [
        {"name": arm, "label": ARM[arm], "role": "base" if arm == NO_UPDATE else "update", "epochs": EPOCHS[arm],
         "passes": PASSES[arm]}
        for arm in NAMES
    ]  # fmt: skip
    return {
        "study": "stream",
        "title": {"en": "A stream", "ja": "継続学習"},
        "question": {"en": "How should it be updated?", "ja": "どう更新すべきか。"},
        "command": "assay study stream --data clothes",
        **{"preset": "default", "version": "0.1.0", "seeds": seeds, "level": 0.05},
        "data": {
            **{"name": "clothes", "digest": "5f0c2b" * 10, "kind": "image", "classes": list("abcdefghij")},
            **{"sizes": {"train": 1000, "val": 300, "test": 300}, "shape": [1, 8, 8], "ok": None, "warnings": []},
        },
        "model": "mlp:64",
        "recipe": {"data": "clothes", "strategy": {"kind": "adversarial"}},
        "conditions": arms,
        "shift": {"name": "rotation", "unit": "degrees", "strengths": [0, 15, 30]},
        **{"images": 1000, "parts": [500, 250, 250], "judged": judged},
        "claims": [claim.plain() for claim in CLAIMS],
        **{"metrics": [], "references": [], "plan": {"runs": 1, "smallest_p": {}}},
    }


if __name__ == "__main__":
    import sys

    write(Path(sys.argv[1]))

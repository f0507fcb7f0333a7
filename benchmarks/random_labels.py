"""Does a study of models that learned nothing say *supported* more often than its level allows?

Digits whose labels are shuffled, so that no model can generalise and validation sorts models by chance. Each repeat
shuffles anew, carries out a small `families` study (eight conditions, six kinds of stress with none to be compared,
twelve seeds, both designs) and counts verdicts.
Three claims are null by construction: `unhappy-vary-more`, `worse-is-wider`, `movers-misjudge`. (The other two are not:
stress does move models that learn noise.) The share of studies with any of the three supported must stay within the
binomial limit of the level.

    python benchmarks/random_labels.py [--repeats 40] [--out docs/evidence/random-labels.csv]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from assay.core.files import read_json, write_text
from assay.data import load_data
from assay.lab import Lab
from assay.studies import Means, conduct, configure

NULL = ("unhappy-vary-more", "worse-is-wider", "movers-misjudge")
SETTINGS = (
    *("model=mlp:32", "epochs=8", "grid.times=[0.5]"),
    *("grid.activations=[tanh,sigmoid,gelu]", "grid.losses=[focal,squared_error]"),
    *("grid.beside=0", "grid.patched=0"),  # no verdict rests on these
)


def shuffled(folder: Path, repeat: int) -> Path:
    """Half of the digits, with labels drawn anew."""
    data = load_data("digits")
    draw = np.random.default_rng(repeat)
    arrays = {}
    for name in ("train", "val", "test"):
        split = data.splits[name]
        n = len(split) // 2
        arrays[f"{name}_images"] = (split.images[:n, ..., 0] * 255).astype(np.uint8)
        arrays[f"{name}_labels"] = draw.integers(0, 10, n)
    np.savez(folder / "shuffled.npz", **arrays)
    return folder / "shuffled.npz"


def one(repeat: int) -> list[dict]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        study, data = configure("families", str(shuffled(folder, repeat)), seeds=12, settings=SETTINGS)
        found = conduct(study, data, Lab(folder / "lab"), Means("inline"), command="")
        verdicts = read_json(found / "verdicts.json")["verdicts"]
    keys = ("claim", "word", "direction", "effect", "p", "p_corrected")
    return [{"repeat": repeat, **{key: verdict[key] for key in keys}} for verdict in verdicts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("docs/evidence/random-labels.csv"))
    args = parser.parse_args()
    rows: list[dict] = []
    for repeat in range(args.repeats):
        rows += one(repeat)
        write_text(args.out, pd.DataFrame(rows).to_csv(index=False, float_format="%.5g", lineterminator="\n"))
    table = pd.DataFrame(rows)
    print(table.groupby(["claim", "word"]).size().unstack(fill_value=0).to_string())
    false = table[table.claim.isin(NULL) & (table.word == "supported")].repeat.nunique()
    from scipy.stats import binom

    most = int(binom.ppf(0.99, args.repeats, 0.05))
    print(f"studies with a null claim supported: {false} of {args.repeats} (at most {most} at level .05, 99 % limit)")


if __name__ == "__main__":
    main()

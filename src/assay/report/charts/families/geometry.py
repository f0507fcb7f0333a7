"""How the insides of happy and unhappy models lie: densities, correlation, effective dimension."""

from __future__ import annotations

from assay.report.blocks import Cell, Column, Table
from assay.report.folder import Folder
from assay.report.numbers import between, decimals, number
from assay.report.words import say_in
from assay.studies.families.geometry import by_family


def by_families(folder: Folder) -> Table | None:
    """A row a figure; none in studies without families."""
    say, runs = say_in(folder.lang), folder.table("runs")
    found = by_family(runs, level=1 - folder.level) if len(runs) else runs
    if found.empty:
        return None
    titles = {
        "density": say("sample density", "サンプル密度"),
        "kernel_density": say("kernel density", "カーネル密度"),
        "knn_density": say("k-NN density (log)", "k近傍密度（対数）"),
        "correlation": say("sample correlation", "サンプル間相関"),
        "participation_ratio": say("participation ratio (dimensions)", "参加比（実効次元）"),
    }
    rows = []
    for row in found.to_dict("records"):
        places = decimals(row["low"], row["high"])
        interval = between(row["low"], row["high"], places, folder.lang)
        rows.append(
            (
                Cell(titles[row["figure"]], row["figure"]),
                *(Cell(number(row[family], places), row[family]) for family in ("happy", "unhappy")),
                Cell(number(row["difference"], places), row["difference"], note=interval),
                Cell(
                    str(row["models"]),
                    row["models"],
                    note=say(f"{row['conditions']} conditions", f"{row['conditions']}条件"),
                ),
            )
        )
    columns = (
        Column(say("last hidden layer", "最終隠れ層")),
        Column(say("generalises best", "汎化が良い"), number=True),
        Column(say("generalises worst", "汎化が悪い"), number=True),
        Column(say("difference within conditions", "条件内の差"), number=True),
        Column("n", number=True),
    )
    caption = say(
        "Density and effective dimension of both families, which can be behind a difference of spread; each interval "
        "by itself, not corrected for five figures",
        "両群の密度と実効次元（広がりの差の背景になりうる。区間は個別のもので、5つの値に対する補正なし）",
    )
    folded = say(f"The numbers behind it: {caption}", f"元の数値: {caption}")
    return Table("geometry", caption, columns, tuple(rows), folded=folded)

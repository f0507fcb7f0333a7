"""Wrong samples beside the training samples that they are most like to the model."""

from __future__ import annotations

from typing import Any

from assay.report.blocks import Strips
from assay.report.charts.families.samples import class_name, thumbnail
from assay.report.charts.look.samples import outcome_name
from assay.report.folder import Folder
from assay.report.numbers import number
from assay.report.words import say_in

ROOM = 64  # pixels of the page for a picture's longer side
PICTURED = 2  # neighbours shown as pictures: three pictures fill a column


def gallery(folder: Folder) -> list[Strips]:
    """One gallery for each set and outcome; nothing for tables and where nothing went wrong."""
    say, frame = say_in(folder.lang), folder.table("neighbours")
    if frame.empty:
        return []
    classes = [str(name) for name in folder.study["data"]["classes"]]
    items = folder.table("items")
    shown: list[Strips] = []
    for (name, outcome), part in frame.groupby(["set", "outcome"], sort=False):
        known = items[items.set == name].set_index("index")
        strips = [
            _strip(rows.sort_values("rank").to_dict("records"), known.loc[index].to_dict(), classes)
            for index, rows in part.groupby("index", sort=False)
        ]
        strips = [strip for strip in strips if strip["pictures"]]
        if not strips:
            continue
        many = int((known.outcome == outcome).sum())
        of = f"{len(strips)} / {many}"
        shown.append(
            Strips(
                name=f"gallery-{name}-{outcome}",
                title=f"{name}: {outcome_name(str(outcome), say)} ({of})",
                heads=(say("wrong", "誤り"), *(say(f"neighbour {i + 1}", f"近傍 {i + 1}") for i in range(PICTURED))),
                items=tuple(strips),
                caption="" if shown else _caption(folder),
            )
        )
    return shown


def _caption(folder: Folder) -> str:
    """How to read the galleries; said once."""
    return say_in(folder.lang)(
        "Left: the sample. Beside it the training samples that it is most like to the model; below, what the model "
        "says, the classes of the three nearest with their distance (1: the usual one between training samples), "
        f"confidence and name. The surest mistakes first; pictures above {ROOM} pixels are reduced.",
        "左がそのサンプル、右はモデルにとって最も似た学習サンプル。下にモデルの答え、最も近い 3 件のクラスと"
        "距離 (1 = 学習サンプル間の通常の距離)、確信度、名前。"
        f"確信度の高い誤りから順に。{ROOM} 画素を超える画像は縮小。",
    )


def _strip(rows: list[dict[str, Any]], item: dict[str, Any], classes: list[str]) -> dict[str, Any]:
    pictures = [thumbnail(str(row["thumbnail"]), ROOM) for row in rows[: PICTURED + 1]]
    near = ", ".join(f"{class_name(row['label'], classes)} {number(row['distance'], 1)}" for row in rows[1:])
    return {
        "pictures": pictures if all(address for address, _, _ in pictures) else [],
        "title": class_name(item["label"], classes),
        "becomes": class_name(item["predicted"], classes) if item["predicted"] != item["label"] else "",
        "notes": (near, f"{number(item['confidence'], 2)} · {item['name']}"),
    }

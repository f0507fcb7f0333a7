"""Which samples and classes a stress moves: as images at a whole-number zoom where there are any, and as tables."""

from __future__ import annotations

import base64
import binascii
import struct
from typing import Any

import pandas as pd

from assay.report.blocks import Cell, Column, Gallery, Table
from assay.report.folder import Folder
from assay.report.numbers import number, per_thousand
from assay.report.words import say_in

PNG = b"\x89PNG\r\n\x1a\n"


def gallery(folder: Folder) -> tuple[Gallery | None, Table | None]:
    """The samples that moved most and least: as images where there are thumbnails, always as a table."""
    say = say_in(folder.lang)
    frame = folder.table("samples")
    if frame.empty or "moved" not in frame:
        return None, None
    frame = frame.sort_values("moved", ascending=False, kind="stable")
    shown = pd.concat([frame.head(24), frame.tail(8)]).drop_duplicates("index") if len(frame) > 32 else frame
    classes = [str(name) for name in (folder.study.get("data") or {}).get("classes") or []]
    items = [_sample(row, classes) for row in shown.to_dict("records")]
    pictures = tuple(item for item in items if item["image"])
    rows = tuple(
        (
            Cell(item["name"]),
            Cell(item["label"]),
            Cell(item["predicted"]),
            Cell(item["moved"], item["order"]),
            Cell(item["flips"], item["flip_order"]),
        )
        for item in items
    )
    columns = (
        Column(say("sample", "サンプル")),
        Column(say("label", "正解")),
        Column(say("predicted", "予測")),
        Column(say("moved", "移動"), number=True),
        Column(say("changed its prediction, ‰ of models", "予測が変わったモデル ‰"), number=True),
    )
    folded = say(
        f"The table: {len(rows)} samples that moved most and least", f"表: 最も動いた/動かなかった {len(rows)} 件"
    )
    table = Table(
        "samples",
        say("Samples that moved most and least", "最も動いた/動かなかったサンプル"),
        columns,
        rows,
        folded=folded,
        sortable=True,
    )
    if not pictures:
        return None, table
    caption = say(
        "How much further stress moves the inside view of this sample than chance does. The last ones moved least.",
        "ストレスがこのサンプルの内部表現を、偶然よりどれだけ大きく動かすか。最後のものは最も動かない。",
    )
    return Gallery("gallery", say("Samples that moved most", "最も動いたサンプル"), pictures, caption), table


def _sample(row: dict[str, Any], classes: list[str]) -> dict[str, Any]:
    image, width, height = thumbnail(str(row.get("thumbnail") or ""))
    label, predicted = class_name(row.get("label"), classes), class_name(row.get("predicted"), classes)
    flips = row.get("flips", float("nan"))
    return {
        "image": image,
        "width": width,
        "height": height,
        "name": str(row.get("name") or "") or f"#{row.get('index', 0):.0f}",
        "label": label,
        "predicted": predicted,
        "wrong": bool(predicted) and label != predicted,
        "moved": f"{row['moved']:.2f}",
        "order": float(row["moved"]),
        "flips": per_thousand(flips),
        "flip_order": float(flips),
    }


def class_name(value: Any, classes: list[str]) -> str:
    """A class as its name, whether the table gives its index or its name.

    >>> class_name(1.0, ["good", "dent"]), class_name("dent", ["good", "dent"]), class_name("1", ["good", "dent"])
    ('dent', 'dent', 'dent')
    """
    text = str(value) if value is not None else ""
    if text in classes:
        return text
    try:
        index = float(text)
    except ValueError:
        return text
    return classes[int(index)] if index == int(index) and 0 <= index < len(classes) else text


def thumbnail(text: str, room: int = 88) -> tuple[str, int, int]:
    """A PNG in base64 as a data address with its width and height on the page, a whole multiple of its pixels.

    Anything that is not a PNG gives an empty address: what a table says goes into the page only as an image.

    >>> thumbnail("nonsense")
    ('', 0, 0)
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return "", 0, 0
    if not raw.startswith(PNG) or len(raw) < 24:
        return "", 0, 0
    width, height = struct.unpack(">II", raw[16:24])
    zoom = max(1, room // max(width, height, 1))
    return f"data:image/png;base64,{text}", width * zoom, height * zoom


def classes(folder: Folder) -> Table | None:
    """Which classes moved most."""
    say = say_in(folder.lang)
    frame = folder.table("classes")
    if frame.empty or "moved" not in frame:
        return None
    known = [str(name) for name in (folder.study.get("data") or {}).get("classes") or []]
    rows = tuple(
        (
            Cell(str(row.get("name") or "") or class_name(row.get("label"), known)),
            Cell(number(row["moved"], 3), row["moved"]),
            Cell(per_thousand(row.get("flips", float("nan"))), row.get("flips")),
            Cell(f"{row.get('n', 0):.0f}", row.get("n")),
        )
        for row in frame.sort_values("moved", ascending=False, kind="stable").to_dict("records")
    )
    columns = (
        Column(say("class", "クラス")),
        Column(say("moved", "移動"), number=True),
        Column(say("predictions changed, ‰", "予測の変化 ‰"), number=True),
        Column(say("samples", "サンプル数"), number=True),
    )
    return Table(
        "classes", say("Movement by class, most first", "クラスごとの移動 (大きい順)"), columns, rows, sortable=True
    )

"""Broken images: the original, the perturbation magnified about grey, and what the model misreads."""

from __future__ import annotations

from typing import Any

from assay.report.blocks import Strips
from assay.report.charts.families.samples import class_name, thumbnail
from assay.report.folder import Folder
from assay.report.words import say_in

ROOM = 66  # pixels of the page for a picture's longer side
PICTURES = ("original", "perturbation", "perturbed")


def gallery(folder: Folder) -> Strips | None:
    """Up to 24 broken images, the classes in turn; nothing for tables and where nothing broke."""
    say, frame = say_in(folder.lang), folder.table("samples")
    names = [str(name) for name in (folder.study.get("data") or {}).get("classes") or []]
    items = tuple(item for item in (_item(row, names) for row in frame.to_dict("records")) if item["pictures"])
    if not items:
        return None
    times = sorted({int(row["magnified"]) for row in frame.to_dict("records")})
    by = f"{times[0]}" if len(times) == 1 else f"{times[0]} to {times[-1]}"
    return Strips(
        name="gallery",
        title=say("Examples that broke", "破られた例"),
        heads=(say("original", "元"), say("perturbation", "摂動"), say("perturbed", "摂動後")),
        items=items,
        caption=say(
            f"Left to right: the original, the perturbation magnified {by} times (grey: unchanged), the perturbed "
            "image. Below: the label, what the model says now, the attack that found it.",
            f"左から: 元の画像、{by} 倍にした摂動 (灰色: 変化なし)、摂動後の画像。下: 正解 → 予測、見つけた攻撃。",
        ),
    )


def _item(row: dict[str, Any], names: list[str]) -> dict[str, Any]:
    pictures = [thumbnail(str(row.get(name) or ""), ROOM) for name in PICTURES]
    said = str(row.get("name") or "") or f"#{row.get('index', 0):.0f}"
    return {
        "pictures": pictures if all(address for address, _, _ in pictures) else [],
        "title": class_name(row.get("label"), names),
        "becomes": class_name(row.get("becomes"), names),
        "notes": (f"{row.get('broken_by', '')} · × {row.get('magnified', 1):.0f} · {said}",),
    }

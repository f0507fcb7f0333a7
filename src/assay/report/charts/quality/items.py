"""The items behind a finding: as images where there are any, always as a table."""

from __future__ import annotations

from typing import Any

from assay.report.blocks import Block, Cell, Column, Strips, Table
from assay.report.charts.families.samples import class_name, thumbnail
from assay.report.folder import Folder
from assay.report.numbers import short

ROOM = 92  # pixels of the page for a picture's longer side


def blocks(folder: Folder, finding: dict[str, Any]) -> list[Block | None]:
    """A gallery and a table of a finding's items."""
    frame = folder.table("items")
    if frame.empty or not finding["items"]:
        return []
    rows = frame[frame.finding == finding["name"]].to_dict("records")
    classes = [str(name) for name in (folder.study.get("data") or {}).get("classes") or []]
    return [_gallery(finding, rows, classes), _table(finding)]


def _gallery(finding: dict[str, Any], rows: list[dict[str, Any]], classes: list[str]) -> Strips | None:
    """Items one by one, or copies side by side."""
    strips: dict[Any, dict[str, Any]] = {}
    for place, row in enumerate(rows):
        image = thumbnail(str(row.get("thumbnail") or ""), ROOM)
        if not image[0]:
            continue
        pair = row.get("pair")
        key = pair if isinstance(pair, float) and pair == pair else f"alone {place}"
        strip = strips.setdefault(key, {"pictures": [], "titles": [], "notes": [], "becomes": ""})
        strip["pictures"].append(image)
        strip["titles"].append(str(row["class"]))
        split, name = str(row["split"]), str(row["name"])
        strip["notes"].append(name if name.startswith(split) else f"{split}: {name}")
        strip["becomes"] = (
            class_name(row.get("suggested"), classes) if row.get("suggested") == row.get("suggested") else ""
        )
        if len(strip["pictures"]) == 1 and row.get("note"):
            strip["notes"].insert(0, str(row["note"]))
    if not strips:
        return None
    shown = [{**strip, "title": " / ".join(dict.fromkeys(strip["titles"]))} for strip in strips.values()]
    pictures = sum(len(strip["pictures"]) for strip in shown)
    return Strips(
        f"gallery-{finding['name']}",
        f"{finding['title']}: the first {pictures} of {finding['count']}",
        ("first", "second"),
        tuple(shown),
        "The surest first. Pixels are shown as they are stored.",
    )


def _table(finding: dict[str, Any]) -> Table:
    heads = ("split", "position", "name", "class", "value", "why")
    columns = tuple(Column(head, number=head in ("position", "value")) for head in heads)
    rows = tuple(
        (
            Cell(item["split"]),
            Cell(str(item["index"]), item["index"]),
            Cell(item["name"]),
            Cell(item["label"]),
            Cell("" if item["value"] is None else short(item["value"]), item["value"]),
            Cell(item["note"]),
        )
        for item in finding["items"]
    )
    many = f"{len(rows)} of {finding['count']}" if len(rows) < finding["count"] else str(len(rows))
    items = f"{many} item{'' if many == '1' else 's'}"
    caption = f"{finding['title']}: {items}"
    return Table(f"items-{finding['name']}", caption, columns, rows, folded=f"The list: {items}", sortable=True)


def weighed(folder: Folder) -> str:
    """What ``weights.csv`` says, in a sentence or two."""
    frame = folder.table("weights")
    if frame.empty:
        return ""
    out, less, more = (frame.weight == 0).sum(), ((frame.weight > 0) & (frame.weight < 1)).sum(), frame.augment.sum()
    return (
        f"weights.csv has one row for each of {len(frame):,} training items: {out:.0f} with weight 0, {less:.0f} with "
        f"a lower weight, {more:.0f} marked for augmentation, each with the reason. To train with it:"
    )

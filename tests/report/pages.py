"""What every page promises, checked in one place; and folders with a part changed."""

from __future__ import annotations

import json
import re
from typing import Any

from assay.report.folder import Folder

LEAKS = ("object at 0x", "built-in method", ">nan<", ">None<", "Undefined", " nan", "inf ", "{}")


def keeps_promises(page: str, charts: int) -> None:
    """Small, at least ``charts`` charts, each with a place, its table and a text with figures; names given once."""
    assert len(page.encode()) < 3_000_000
    data = page_data(page)
    places = re.findall(r'data-chart="([^"]+)"', page)
    assert sorted(places) == sorted(data["charts"]) and len(places) >= charts
    assert all(re.search(r"\d", chart["spec"]["description"]) for chart in data["charts"].values())
    assert set(re.findall(r'"(d[0-9a-f]{10})"', json.dumps(data["charts"]))) == set(data["datasets"])
    ids = re.findall(r'\sid="([^"]+)"', page[: page.index('id="page-data"')])
    assert len(ids) == len(set(ids)) and set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    readable(page)


def page_data(page: str) -> dict[str, Any]:
    """Charts and the tables they draw, as the page holds them."""
    found = re.search(r'id="page-data">(.*?)</script>', page, re.S)
    assert found is not None
    return dict(json.loads(found[1]))


def readable(page: str) -> None:
    """No word that a report must not use, and nothing of Python's own."""
    text = re.sub(r"<script.*?</script>|<style.*?</style>", "", page, flags=re.S)
    assert "significan" not in text.lower()
    for leak in LEAKS:
        assert leak not in text, leak


def section(page: str, name: str) -> str:
    """The part of a page that has this name."""
    rest = page[page.index(f'id="{name}"') :]
    return rest[: rest.index("</section>")]


def with_table(folder: Any, name: str, change: Any) -> Folder:
    """The folder with one of its tables changed."""
    seen = Folder(folder)
    seen._tables[name] = change(seen.table(name).copy())
    return seen


def with_study(folder: Any, **changes: Any) -> Folder:
    """The folder with entries of ``study.json`` changed."""
    seen = Folder(folder)
    seen.__dict__["study"] = seen.study | changes
    return seen

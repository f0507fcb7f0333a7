"""User-written parts travel with the job that names them.

A job is plain data, so whatever names a Python file (``uses``, ``model``) or a CSV file in it is a text with its path.
The driver packs the content of each such file beside the job; a worker that has not the same file under the same path
writes it into a folder of its own and reads the job with that path instead.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from assay.models import own_file


@dataclass(frozen=True)
class Parcel:
    """A job and the files that it names, by path."""

    job: Any
    files: Mapping[str, bytes]


def pack(job: Any) -> Parcel:
    """A job with every Python and CSV file that it names.

    >>> pack({"model": "mlp:8"}).files
    {}
    """
    paths = {path for text in _texts(job) if (path := named(text)) is not None}
    return Parcel(job, {path: Path(path).read_bytes() for path in sorted(paths) if Path(path).is_file()})


def unpack(parcel: Parcel, folder: Path | None = None) -> Any:
    """The job as this machine can do it: its files are here, under the same path or another.

    The folder depends on the file's text, so a file that a process has loaded before is not loaded again.
    """
    moved: dict[str, str] = {}
    for path, content in parcel.files.items():
        here = Path(path)
        if here.is_file() and here.read_bytes() == content:
            continue
        root = folder or Path(tempfile.gettempdir()) / "assay-parts"
        there = root / sha256(content).hexdigest()[:16] / here.name
        if not there.is_file():
            from assay.core.files import write_bytes

            write_bytes(there, content)
        moved[path] = str(there)
    return _renamed(parcel.job, moved) if moved else parcel.job


def named(text: str) -> str | None:
    """The file that a text names, if it does: ``file.py``, a model of the user's own, or a CSV of examples.

    >>> named("/a/b.py:net"), named("/a/b.py"), named("/a/b.csv"), named("mlp:8")
    ('/a/b.py', '/a/b.py', '/a/b.csv', None)
    """
    own = own_file(text)
    return own[0] if own else text if text.endswith((".py", ".csv")) else None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _texts(getattr(value, field.name))


def _renamed(value: Any, moved: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        path = named(value)
        return moved[path] + value.removeprefix(path) if path is not None and path in moved else value
    if isinstance(value, Mapping):
        return {key: _renamed(item, moved) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_renamed(item, moved) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _renamed(getattr(value, f.name), moved) for f in fields(value)})
    return value

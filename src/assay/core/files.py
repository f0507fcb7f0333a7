"""Files that are whole or absent: write beside, then rename.

A killed process leaves either the old file or the new one. A full disk is reported as what it is.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from assay.core.errors import BadInput


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` atomically; `BadInput` when the place cannot be written to."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(beside, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise BadInput(
            f"asked to write {path}; found: {error.strerror or error}; "
            "give a folder that can be written to and has room (--lab)"
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8, atomically."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write a JSON document with sorted keys, atomically; numbers that are not finite become null."""
    write_text(path, to_json(value, indent=1) + "\n")


def to_json(value: Any, indent: int | None = None) -> str:
    """JSON text that any parser reads: sorted keys, no NaN, no infinity.

    >>> to_json({"b": float("nan"), "a": 1})
    '{"a": 1, "b": null}'
    """
    return json.dumps(finite(value), sort_keys=True, allow_nan=False, indent=indent, ensure_ascii=False)


def finite(value: Any) -> Any:
    """``value`` with every number that is not finite replaced by None, arrays as lists."""
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if hasattr(value, "tolist"):
        return finite(value.tolist())
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


def read_json(path: Path) -> Any:
    """Read a JSON document; `BadInput` when it is missing or broken."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"asked to read {path}; found: {error}; give the path of a file that assay wrote") from error

"""What a user says of each training example: an array of the data set, or a column of a CSV file."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BeforeValidator

from assay.core.errors import BadInput, unknown
from assay.core.spec import Spec
from assay.data import Dataset

if TYPE_CHECKING:
    import pandas as pd


class File(Spec):
    """A CSV file with one row for each training example, in the order of the train split.

    ``digest``: twelve digits of its content's hash, taken when the recipe is read: another content is another run.
    """

    path: str
    digest: str = ""

    def table(self) -> pd.DataFrame:
        """The rows; `BadInput` where the file cannot be read or is not the one that the recipe was read with."""
        import pandas as pd

        asked = f"asked to read {self.path}"
        try:
            if _digest(self.path) != self.digest:
                raise BadInput(f"{asked}; found that it has changed since the recipe was read; repeat the command")
            return pd.read_csv(self.path, dtype={"class": str}, keep_default_na=False)
        except (OSError, ValueError) as error:
            raise BadInput(f"{asked}; found no table there; give a CSV file with a row for each example") from error


def _listing(value: Any) -> Any:
    """A path to what the file is now; a digest that is given stays, so that a change is noticed."""
    value = {"path": value} if isinstance(value, str) else value
    if not isinstance(value, dict) or not isinstance(value.get("path"), str):
        return value
    path = str(Path(value["path"]).expanduser().resolve())
    if not value.get("digest") and not Path(path).is_file():
        raise ValueError(f"found no file {value['path']}; give the path of a CSV file")
    return {**value, "path": path, "digest": value.get("digest") or _digest(path)}


def _digest(path: str) -> str:
    return sha256(Path(path).read_bytes()).hexdigest()[:12]


Listing = Annotated[File | None, BeforeValidator(_listing)]


def column(data: Dataset, name: str, file: File | None = None) -> np.ndarray:
    """One finite number for each training example, (n,) float64: from ``file``, else from the data set.

    Without a file it is the array ``train_NAME`` of an .npz. A file's column ``class``, where it has one, must name the
    classes of the examples: so the rows of another split or another order are noticed. `BadInput` where there is no
    such column, or where it does not fit.

    >>> from assay.data import Split
    >>> train = Split(np.zeros((2, 1), np.float32), np.array([0, 1]), extra={"weight": np.array([1, 3])})
    >>> column(Dataset("two", {"train": train}, ("a", "b"), "table"), "weight").tolist()
    [1.0, 3.0]
    """
    asked = f"asked for the column '{name}' of train"
    if file is None:
        found = data.train.extra.get(name)
        if found is None:
            known = ", ".join(data.train.extra) or "no further column"
            raise BadInput(
                f"{asked}; found {known}; add an array train_{name} with a number for each example, or a file"
            )
    else:
        found = _of_file(data, name, file)
    if found.ndim != 1 or found.dtype.kind not in "iufb":
        raise BadInput(f"{asked}; found {found.dtype} of shape {found.shape}; give one number for each example")
    values = found.astype(np.float64)
    if not np.isfinite(values).all():
        raise BadInput(f"{asked}; found numbers that are not finite; give one for each example")
    return values


def _of_file(data: Dataset, name: str, file: File) -> np.ndarray:
    table = file.table()
    if name not in table:
        raise unknown(f"column of {file.path}", name, map(str, table))
    labels = [data.classes[label] for label in data.train.labels]
    asked = f"asked for the column '{name}' of {file.path}"
    if len(table) != len(labels):
        raise BadInput(
            f"{asked}; found {len(table)} rows for {len(labels)} training examples; give a row for each, in their order"
        )
    if "class" in table and list(table["class"]) != labels:
        raise BadInput(
            f"{asked}; found other classes than those of train; use the data, regroup and split_seed it was made for"
        )
    return table[name].to_numpy()

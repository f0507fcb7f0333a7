"""One image file as an array."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assay.core.errors import BadInput

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

STUBS = {"BUFR", "GRIB", "HDF5", "MPEG", "WMF", "EPS"}  # formats that Pillow names but does not decode itself


@cache
def suffixes() -> frozenset[str]:
    """The file name endings that Pillow reads, in lower case.

    >>> {".png", ".tif", ".jpg"} <= suffixes(), ".txt" in suffixes()
    (True, False)
    """
    from PIL import Image

    known = Image.registered_extensions()
    return frozenset(end for end, name in known.items() if name in Image.OPEN and name not in STUBS)


def decode(path: Path) -> np.ndarray:
    """One image file as (h, w, 1 or 3), uint8 or uint16; `BadInput` naming the file when it cannot be read.

    Grey and RGB stay as they are, transparency is dropped, any other colour model becomes RGB, 16-bit grey
    becomes uint16. A note in the file that says how to turn the picture is not followed.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on metadata; what matters is raised
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                if getattr(picture, "n_frames", 1) > 1 and picture.format != "MPO":
                    raise BadInput(f"asked to read {path}; found several frames in it; save one image a file")
                return _values(picture, path)
    except BadInput:
        raise
    except Exception as error:  # decoders raise nearly anything on a broken file
        raise BadInput(f"asked to read {path}; found a file that is not a whole image; replace or remove it") from error


def _values(picture: Picture, path: Path) -> np.ndarray:
    if picture.mode.startswith(("I", "F")):
        deep = np.asarray(picture)
        if picture.mode == "F" or deep.min() < 0 or deep.max() > 65535:
            raise BadInput(f"asked to read {path}; found decimal or 32-bit pixels; save it with 8 or 16 bits a pixel")
        return deep.astype(np.uint16)[..., None]
    if picture.mode in ("1", "L", "LA", "La"):
        return np.asarray(picture.convert("L"))[..., None]
    return np.asarray(picture.convert("RGB"))

"""How a perturbation is measured, and how far it may go: names and radii as people write them."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from assay.core.errors import BadInput, unknown
from assay.core.spec import _number

NormName = Literal["Linf", "L2", "L1"]
_ALIASES: dict[str, NormName] = {
    **dict.fromkeys(("linf", "l_inf", "inf", "l-inf"), "Linf"),
    **dict.fromkeys(("l2", "l_2", "2", "2.0"), "L2"),
    **dict.fromkeys(("l1", "l_1", "1", "1.0"), "L1"),
}


def norm_name(value: Any) -> NormName:
    """The canonical name of a norm.

    >>> norm_name("inf"), norm_name(2), norm_name("l_1"), norm_name(float("inf"))
    ('Linf', 'L2', 'L1', 'Linf')
    """
    name = _ALIASES.get(str(value).strip().lower())
    if name is None:
        raise unknown("norm", str(value), ("Linf", "L2", "L1"))
    return name


def radius(value: Any, norm: NormName) -> float:
    """The largest perturbation allowed, in pixel values from 0 to 1, at least 0.

    Text may be a fraction: "8/255". A whole number from 1 up under Linf is refused, because papers write 8 for
    8/255 and other tools mean 8.0; "8.0" and 8.0 are taken at their word.

    >>> radius("8/255", "Linf") == 8 / 255, radius(8.0, "Linf"), radius(2, "L2")
    (True, 8.0, 2.0)
    >>> radius("8", "Linf")
    Traceback (most recent call last):
    assay.core.errors.BadInput: asked for eps = 8 under Linf; inputs lie between 0 and 1; 8/255 or 8.0?
    """
    text = str(value).strip()
    if norm == "Linf" and text.isdigit() and int(text) >= 1:
        raise BadInput(f"asked for eps = {text} under Linf; inputs lie between 0 and 1; {text}/255 or {text}.0?")
    try:
        eps = float(_number(value))
    except (ValueError, TypeError):
        eps = math.nan
    if not math.isfinite(eps) or eps < 0 or isinstance(value, bool):
        raise BadInput(f"asked for eps = {value}; a radius is a number from 0 up or a fraction; write 8/255 or 0.5")
    return eps


def _named(value: Any) -> Any:
    try:
        return norm_name(value)
    except BadInput as error:
        raise ValueError(str(error)) from None


Norm = Annotated[NormName, BeforeValidator(_named)]

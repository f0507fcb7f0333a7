"""What is asked of a frontier, as data that names the folder of the answer."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from assay.attacks import Attack, norm_name, radius
from assay.core.errors import BadInput
from assay.core.spec import Spec

STEPS = 20  # of PGD, as where other studies judge by it
MOST = 300  # blends that are looked at in one go


class Ask(Spec):
    """How fine the grid is, by which attack blends are judged, on how many images, and what is wished for.

    ``want_clean``: the clean accuracy on val to be reached at the least loss of robustness; without it, the largest
    ``clean_weight`` A + (1 - clean_weight) R on val is chosen, A clean and R robust accuracy.
    """

    version: ClassVar[int] = 1

    moment: str = "1"
    steps: int = Field(11, ge=2)
    norm: str = "Linf"
    eps: float = 8 / 255
    attack: Literal["pgd", "autoattack"] = "pgd"
    images: int = Field(500, ge=1)
    want_clean: float | None = Field(None, ge=0, le=1)
    clean_weight: float = Field(0.5, ge=0, le=1)
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _one_wish(self) -> Ask:
        if self.want_clean is not None and self.clean_weight != 0.5:
            raise ValueError("with --want-clean, --clean-weight counts for nothing; leave one of the two out")
        return self

    @property
    def walk(self) -> dict[str, Any]:
        """What the figures of the blends depend on; what is wished for of them is not in it."""
        return {name: value for name, value in self.plain().items() if name not in ("want_clean", "clean_weight")}

    @property
    def suite(self) -> dict[str, Any]:
        """Version and attacks, as `assay.attacks.autoattack` takes them."""
        if self.attack == "autoattack":
            return {"version": "standard"}
        return {"version": "custom", "attacks": [{"kind": "pgd", "steps": STEPS}]}


def ball(norm: str | None, eps: str | None, trained: Attack | None) -> tuple[str, float]:
    """Norm and radius: those asked for, else those of the attack that the runs were trained against.

    >>> from assay.attacks import PGD
    >>> ball(None, None, PGD(norm="L2", eps=0.5)), ball(None, "0.25", None)
    (('L2', 0.5), ('Linf', 0.25))
    """
    own = norm_name(norm) if norm is not None else None
    if eps is not None:
        name = own or (trained.norm if trained is not None else "Linf")
        reach = radius(eps, name)
    elif trained is None:
        raise BadInput("asked for a frontier; found no --eps, and no attack in the runs' recipes; give --eps 8/255")
    elif own not in (None, trained.norm):
        raise BadInput(
            f"asked for --norm {own}; found no --eps, and runs that were trained against {trained.norm}; give --eps"
        )
    else:
        name, reach = trained.norm, trained.eps
    if reach == 0:
        raise BadInput("asked for eps = 0; nothing may be perturbed then; give a radius above 0, such as 8/255")
    return name, reach

"""Fast adversarial training."""

from __future__ import annotations

from pydantic import field_validator

from assay.attacks import FGSM, Attack
from assay.core.spec import OneOf
from assay.train.strategies.adversarial import Adversarial


class FGSMRS(Adversarial):
    """FGSM-RS: adversarial training with one step of 1.25 eps from a random start (Wong et al. 2020, algorithm 3).

    Cheap, and known to break down suddenly: robust accuracy under PGD, which is watched, then falls to 0.
    """

    kind: str = "fgsm-rs"
    attack: OneOf[Attack] = FGSM(random_start=True)

    @field_validator("attack")
    @classmethod
    def _one_step(cls, value: Attack) -> Attack:
        if value.kind != "fgsm":
            raise ValueError(f"fgsm-rs takes one step of fgsm, found '{value.kind}'; for others use kind: adversarial")
        return value

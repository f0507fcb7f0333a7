"""What is asked of a network, as data that names the folder of the answer."""

from __future__ import annotations

from typing import Any, ClassVar

import yaml
from pydantic import Field

from assay.attacks.curve import QUICK
from assay.attacks.norms import norm_name, radius
from assay.attacks.suite import members
from assay.core.errors import BadInput
from assay.core.spec import Spec

FACTORS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)  # of eps: the points of the curve


class Challenge(Spec):
    """A threat model (norm and eps), a version of the suite, and how many examples."""

    version: ClassVar[int] = 1

    norm: str = "Linf"
    eps: float = 8 / 255
    suite: str = "standard"
    attacks: tuple[Any, ...] = ()
    n: int | None = Field(default=None, ge=1)
    until: float | None = Field(default=None, gt=0, lt=0.5)
    seed: int = Field(default=0, ge=0)
    batch: int = Field(default=250, ge=1)

    @property
    def quick(self) -> tuple[dict[str, Any], ...]:
        """The attacks of the curve: a short suite, or one that averages over draws where the whole suite does."""
        return ({"kind": "apgd-ce", "eot": 20},) if self.suite == "rand" else QUICK

    @classmethod
    def of(cls, norm: str, eps: str, suite: str, attacks: str | None, **others: Any) -> Challenge:
        """A challenge from the words of a command; `BadInput` for a radius or an attack that is not understood."""
        name = norm_name(norm)
        reach = radius(eps, name)
        if reach == 0:
            raise BadInput("asked for eps = 0; nothing may be perturbed then; give a radius above 0, such as 8/255")
        chosen = read_attacks(attacks) if attacks else []
        members(suite, name, reach, chosen)
        bare = [_without_ball(attack) for attack in chosen]
        return cls.parse({"norm": name, "eps": reach, "suite": suite, "attacks": bare, **others}, "assay attack")


def _without_ball(attack: Any) -> Any:
    """Without norm and eps: both are the challenge's, and tables are attacked in units of their own (`widened`)."""
    return {k: v for k, v in attack.items() if k not in ("norm", "eps")} if isinstance(attack, dict) else attack


def read_attacks(text: str) -> list[Any]:
    """Attacks from text: names with commas between, or YAML.

    >>> read_attacks("square, {kind: pgd, steps: 20}")
    ['square', {'kind': 'pgd', 'steps': 20}]
    """
    try:
        found = yaml.safe_load(text if text.lstrip().startswith("[") else f"[{text}]")
    except yaml.YAMLError:
        raise BadInput(f"asked for --attacks {text}; found no list of them; write for instance pgd, square") from None
    return list(found)


def eps_text(eps: float) -> str:
    """A radius as it is written: in 255ths where it is a whole number or half of them.

    >>> eps_text(8 / 255), eps_text(0.5), eps_text(0.031)
    ('8/255', '0.5', '0.031')
    """
    steps = eps * 255
    if eps and eps < 0.3 and abs(steps - round(steps)) < 1e-6:
        return f"{round(steps)}/255"
    return f"{eps:.4g}"

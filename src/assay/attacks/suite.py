"""Which attacks make up a version of AutoAttack, for a network and data as they are.

What cannot be carried out is left out or replaced, and the suite says so and no longer calls itself standard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assay.attacks.apgd import APGDCE, APGDDLR, APGDT
from assay.attacks.attack import Attack
from assay.attacks.fab import FAB, FABT
from assay.attacks.noise import Noise
from assay.attacks.norms import NormName
from assay.attacks.square import Square
from assay.core.errors import AssayError, BadInput, unknown

VERSIONS = ("standard", "plus", "rand", "custom")


@dataclass(frozen=True)
class Suite:
    """Named attacks in the order in which they run, whether together they are the standard suite, and remarks."""

    version: str
    attacks: tuple[tuple[str, Attack], ...]
    standard: bool
    notes: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "version": self.version,
            "standard": self.standard,
            "notes": list(self.notes),
            "attacks": [{"name": name, **attack.plain()} for name, attack in self.attacks],
        }


def members(version: str, norm: NormName, eps: float, custom: Sequence[Attack | str | dict[str, Any]]) -> list[Attack]:
    """The attacks of a version (Croce and Hein 2020, section 5, and their code).

    >>> [attack.kind for attack in members("standard", "Linf", 8 / 255, ())]
    ['apgd-ce', 'apgd-t', 'fab-t', 'square']
    """
    if version not in VERSIONS:
        raise unknown("version", version, VERSIONS)
    if bool(custom) != (version == "custom"):
        raise BadInput(f"asked for version {version} with attacks {list(custom)}; version='custom' takes attacks")
    ball: dict[str, Any] = {"norm": norm, "eps": eps}
    if version == "standard":
        sparse = norm == "L1"
        first, second = APGDCE(**ball, restarts=5 if sparse else 1), APGDT(**ball, targets=5 if sparse else 9)
        return [first, second, FABT(**ball), Square(**ball)]
    if version == "plus":
        repeated = [kind(**ball, restarts=5) for kind in (APGDCE, APGDDLR, FAB)]
        return [*repeated, Square(**ball), APGDT(**ball), FABT(**ball)]
    if version == "rand":
        return [APGDCE(**ball, eot=20), APGDDLR(**ball, eot=20)]
    return [_custom(item, ball) for item in custom]


def _custom(item: Attack | str | dict[str, Any], ball: dict[str, Any]) -> Attack:
    """The attack in the ball that is asked for; one that says another ball itself is refused."""
    try:
        if isinstance(item, Attack):
            attack = type(item).parse({**ball, **item.model_dump(exclude_unset=True)})
        else:
            attack = Attack.of({**ball, **({"kind": item} if isinstance(item, str) else item)})
    except ValueError as error:
        raise BadInput(f"asked for the attack {item}; {error}") from None
    except AssayError as error:
        raise BadInput(str(error)) from None
    if (attack.norm, attack.eps) != (ball["norm"], ball["eps"]):
        raise BadInput(
            f"asked for {ball['norm']} at eps {ball['eps']:.6g}; found {attack.kind} in another ball "
            f"({attack.norm}, {attack.eps:.6g}); leave norm and eps out of the attack, they are those of the evaluation"
        )
    return attack


def suite(chosen: Sequence[Attack], version: str, classes: int, images: bool, gradients: bool) -> Suite:
    """What can be carried out of ``chosen``, with remarks on what cannot."""
    attacks: list[tuple[str, Attack]] = []
    notes: list[str] = []
    complete = version == "standard"
    for attack in chosen:
        reason = _obstacle(attack, images, gradients)
        name = attack.kind
        if reason:
            notes.append(f"{name} left out: {reason}")
            complete = False
            continue
        substitutes = attack.substitutes(classes)
        complete = complete and not substitutes
        notes += substitutes
        if getattr(attack, "targets", 0) > classes - 1:
            notes.append(f"{name} aims at all {classes - 1} wrong classes")
        same = sum(other.partition("#")[0] == name for other, _ in attacks)
        attacks.append((f"{name}#{same + 1}" if same else name, attack))
    if not attacks:
        noise = Noise(norm=chosen[0].norm, eps=chosen[0].eps, tries=1000)
        notes.append("noise takes their place: a weak attack, an upper bound and no more")
        attacks.append((noise.kind, noise))
    return Suite(version, tuple(attacks), complete, tuple(notes))


def _obstacle(attack: Attack, images: bool, gradients: bool) -> str | None:
    if attack.norm not in attack.norms:
        return f"it is defined for {' and '.join(attack.norms)}"
    if attack.images and not images:
        return "it draws windows on images, and the inputs are a table"
    if attack.gradients and not gradients:
        return "it needs gradients, and the model gives predictions only"
    return None

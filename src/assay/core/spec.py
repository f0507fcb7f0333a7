"""The object is its own configuration.

A `Spec` is a frozen pydantic model that refuses unknown keys. Constructor, equality, hash, JSON, YAML, overrides
(``--set a.b=c``), identity and error messages all come from its fields; there is no second configuration layer.

A `Kind` is a spec with siblings: losses, strategies, interventions. Each sibling names itself in a ``kind`` field,
and a field of type ``OneOf[Family]`` takes any of them, also those that a user's own file adds.
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, TypeVar, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, SerializeAsAny, ValidationError

from assay.core.errors import BadInput, nearest
from assay.core.files import to_json
from assay.core.registry import Registry


class Spec(BaseModel):
    """A frozen, strict, hashable description of something."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    version: ClassVar[int] = 1  # raised when the same fields start to mean something else

    @classmethod
    def parse(cls, value: Any, origin: str = "") -> Self:
        """Build from plain data; `BadInput` names every wrong key with the nearest right one."""
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise BadInput(explain(error, cls, origin)) from None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read YAML or JSON (which is YAML)."""
        return cls.parse(read_plain(path), str(path))

    def plain(self) -> dict[str, Any]:
        """The fields as plain JSON data."""
        return self.model_dump(mode="json")

    def identity(self) -> dict[str, Any]:
        """Plain data that stands for this spec's meaning: its fields and the version of each part."""
        fields = {name: _versioned(getattr(self, name)) for name in type(self).model_fields}
        return {**fields, "version": type(self).version}

    def fingerprint(self, *also: str) -> str:
        """Twelve hexadecimal digits of a hash over `identity` and ``also`` (a data digest, say)."""
        return sha256(to_json([self.identity(), *also]).encode()).hexdigest()[:12]

    def with_(self, **changes: Any) -> Self:
        """A copy with some fields changed, validated anew."""
        return type(self).parse({**{k: getattr(self, k) for k in type(self).model_fields}, **changes})

    def override(self, *settings: str) -> Self:
        """A copy with ``a.b=c`` settings applied; values are read as YAML, so ``lr=1e-3`` and ``eps=8/255`` work."""
        return type(self).parse(override(self.plain(), settings))


def _versioned(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.identity()
    if isinstance(value, list | tuple):
        return [_versioned(item) for item in value]
    if isinstance(value, dict):
        return {key: _versioned(item) for key, item in value.items()}
    if isinstance(value, Fraction):
        return float(value)
    return value


class Kind(Spec):
    """A spec with siblings, told apart by ``kind``. The direct child of `Kind` is the family."""

    kind: str
    family: ClassVar[Registry[type[Kind]]]
    family_name: ClassVar[str] = ""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if Kind in cls.__bases__:
            cls.family = Registry(cls.family_name or cls.__name__.lower())
        elif cls.model_fields["kind"].default is not None and isinstance(cls.model_fields["kind"].default, str):
            cls.family.add(cls.model_fields["kind"].default, cls)

    @classmethod
    def of(cls, value: Any) -> Any:
        """Plain data (a mapping with ``kind``, or the bare name of one) to the member of the family it names."""
        if isinstance(value, cls) or value is None:
            return value
        if isinstance(value, str):
            value = {"kind": value}
        if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
            raise ValueError(f"needs a kind, one of: {', '.join(sorted(cls.family))}")
        try:
            member = cls.family.find(value["kind"])
        except BadInput as error:
            raise ValueError(str(error)) from None
        try:
            return member.model_validate(value)
        except ValidationError as error:
            raise ValueError(explain(error, member)) from None


if TYPE_CHECKING:
    T = TypeVar("T")
    OneOf = Annotated[T, "a member of the family"]
else:

    class OneOf:
        """``OneOf[Family]``: a field that takes any member of a family, and keeps that member's own fields in JSON."""

        def __class_getitem__(cls, family: type[Kind]) -> Any:
            return Annotated[SerializeAsAny[family], BeforeValidator(family.of)]


def _number(value: Any) -> Any:
    if isinstance(value, str) and "/" in value:
        try:
            return Fraction(value.replace(" ", ""))
        except (ValueError, ZeroDivisionError):
            raise ValueError(f"is not a number or a fraction such as 8/255: '{value}'") from None
    return value


def _share(value: Any) -> Fraction:
    try:
        return value if isinstance(value, Fraction) else Fraction(str(value)).limit_denominator(10**6)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"is not a share of training such as 0.25 or 1/3: '{value}'") from None


# A number that may be written as a fraction. Its identity is its float64 value: 8/255 and 0.03137254901960784 are one.
Number = Annotated[float, BeforeValidator(lambda value: float(_number(value)) if _number(value) != value else value)]
# A share of training, kept exactly so that "2/3" means the same step on every machine.
Share = Annotated[
    Fraction,
    BeforeValidator(lambda v: _share(v)),
    PlainSerializer(str, return_type=str, when_used="json"),
]


def read_plain(path: Path) -> Any:
    """YAML or JSON as plain data; `BadInput` names the line where it breaks."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(
            f"asked to read {path}; found: {error.strerror}; give the path of a YAML or JSON file"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" at line {where.line + 1}" if where else ""
        raise BadInput(f"asked to read {path}; it is not YAML or JSON{line}; mend that line") from error


def override(plain: dict[str, Any], settings: tuple[str, ...] | list[str]) -> dict[str, Any]:
    """Apply ``a.b=c`` settings to nested plain data.

    >>> override({"optimiser": {"lr": 0.1}}, ["optimiser.lr=1e-3", "seed=4"])
    {'optimiser': {'lr': 0.001}, 'seed': 4}
    """
    result = json.loads(json.dumps(plain))
    for setting in settings:
        path, mark, text = setting.partition("=")
        if not mark or not path.strip():
            raise BadInput(f"asked for --set {setting}; found no '='; write a.b=value")
        here = result
        *above, last = path.strip().split(".")
        for key in above:
            if isinstance(here, list) and key.isdigit() and int(key) < len(here):
                here = here[int(key)]
            elif isinstance(here, dict):
                here = here.setdefault(key, {})
                if here is None:
                    raise BadInput(f"asked for --set {setting}; '{key}' is empty; set it as a whole first")
            else:
                raise BadInput(f"asked for --set {setting}; '{key}' has no fields inside; check the path")
            if not isinstance(here, dict | list):
                raise BadInput(f"asked for --set {setting}; '{key}' is a plain value ({here!r}); set it directly")
        value = plain_value(text)
        if isinstance(here, list):
            if not last.isdigit() or int(last) >= len(here):
                raise BadInput(f"asked for --set {setting}; the list has entries 0 to {len(here) - 1}")
            here[int(last)] = value
        else:
            here[last] = value
    return result


_EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")  # YAML 1.1 wants a dot in it


def plain_value(text: str) -> Any:
    """A value from the command line: YAML, plus the exponents that YAML 1.1 takes for text.

    >>> plain_value("1e-3"), plain_value("[1e-4, 2]"), plain_value("relu"), plain_value("'8'")
    (0.001, [0.0001, 2], 'relu', '8')
    """
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadInput(f"asked to read the value '{text}'; it is not YAML; quote it") from error
    return _exponents(value)


def _exponents(value: Any) -> Any:
    if isinstance(value, list):
        return [_exponents(item) for item in value]
    if isinstance(value, dict):
        return {key: _exponents(item) for key, item in value.items()}
    return float(value) if isinstance(value, str) and _EXPONENT.fullmatch(value) else value


def explain(error: ValidationError, cls: type[BaseModel], origin: str = "") -> str:
    """All complaints of a validation error in one line, each with its path and the nearest right key."""
    parts = []
    for item in error.errors():
        path = ".".join(str(step) for step in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            fields = _fields_at(cls, item["loc"][:-1])
            guess = nearest(str(item["loc"][-1]), fields)
            message = "there is no such key" + (f"; did you mean '{guess}'?" if guess else "")
            message += f" Known: {', '.join(sorted(fields))}" if fields else ""
        elif item["type"] == "missing":
            message = "is needed and not given"
        else:
            found = repr(item["input"])
            plain = not isinstance(item["input"], dict) and len(found) < 200 and "found" not in message
            message += f" (found {found[:60]})" if plain else ""
        parts.append(f"{path}: {message}" if path else message)
    where = f"{origin}: " if origin else ""
    return where + "; ".join(parts)


def _fields_at(cls: Any, path: tuple[int | str, ...]) -> list[str]:
    for step in path:
        if isinstance(step, int):
            continue
        field = getattr(cls, "model_fields", {}).get(step)
        if field is None:
            return []
        cls = next(
            (
                t
                for t in (field.annotation, *get_args(field.annotation))
                if isinstance(t, type) and issubclass(t, BaseModel)
            ),
            None,
        )
    return list(getattr(cls, "model_fields", {}))

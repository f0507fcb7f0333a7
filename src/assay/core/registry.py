"""A dictionary that things register themselves in, and that answers a wrong name with the nearest right one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from assay.core.errors import unknown

T = TypeVar("T")


class Registry(dict[str, T]):
    """Names to things of one sort.

    >>> shapes = Registry[object]("shape")
    >>> _ = shapes.add("circle", "round")
    >>> shapes.find("circle")
    'round'
    >>> shapes.find("circel")
    Traceback (most recent call last):
    assay.core.errors.BadInput: no shape is called 'circel'; did you mean 'circle'? Known: circle
    """

    def __init__(self, what: str):
        super().__init__()
        self.what = what

    def add(self, name: str, thing: T) -> T:
        """File ``thing`` under ``name``; a name is given once."""
        if name in self and self[name] is not thing:
            raise ValueError(f"two {self.what}s are called '{name}'")
        self[name] = thing
        return thing

    def named(self, name: str) -> Callable[[T], T]:
        """A decorator that files what it decorates under ``name``."""
        return lambda thing: self.add(name, thing)

    def find(self, name: str) -> T:
        """The thing called ``name``; `BadInput` with the nearest name otherwise."""
        if name not in self:
            raise unknown(self.what, name, self)
        return self[name]

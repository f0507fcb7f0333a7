"""What can go wrong, as a tree.

    AssayError                exit code   meaning
    ├── BadInput              2           what was asked for cannot be done as asked
    ├── NotEnoughEvidence     3           a gate was asked for and the data cannot answer it
    └── JobFailed             2           one or more runs of a study raised; the others are kept

Every message has three parts: what was asked, what was found, what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class AssayError(Exception):
    """Any error that assay raises on purpose; the command line prints it in one line."""

    exit_code = 2


class BadInput(AssayError):
    """The user's input cannot be used; the message says what was asked, what was found and what to do."""


class NotEnoughEvidence(AssayError):
    """The data cannot answer the question that was put as a gate."""

    exit_code = 3


class JobFailed(AssayError):
    """At least one run of a study raised; everything that finished is kept."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like ``name``, or None when nothing is close.

    >>> nearest("linear_ckaa", ["accuracy", "linear_cka"])
    'linear_cka'
    """
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return close[0] if close else None


def unknown(what: str, name: str, known: Iterable[str]) -> BadInput:
    """The error for a name that is not in a list, with the nearest one that is.

    >>> print(unknown("metric", "linear_ckaa", ["accuracy", "linear_cka"]))
    no metric is called 'linear_ckaa'; did you mean 'linear_cka'? Known: accuracy, linear_cka
    """
    names = sorted(known)
    guess = nearest(name, names)
    hint = f"did you mean '{guess}'? " if guess else ""
    return BadInput(f"no {what} is called '{name}'; {hint}Known: {', '.join(names) or 'none'}")

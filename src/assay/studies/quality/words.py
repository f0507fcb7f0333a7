"""Figures in words, as every check says them."""

from __future__ import annotations

SPACE = "\N{NO-BREAK SPACE}"  # a figure and its unit stay on one line


def rate(share: float) -> str:
    """A share in percent, with the digits that small shares need.

    >>> [rate(share).replace(SPACE, " ") for share in (0.25, 0.004, 0.0, 1.0)]
    ['25 %', '0.4 %', '0 %', '100 %']
    """
    value = 100 * share
    value = 0.0 if value < 0.005 else value
    places = 0 if value == round(value) else 2 if value < 0.1 else 1 if value < 10 or value > 99 else 0
    return f"{value:.{places}f}{SPACE}%"


def span(interval: tuple[float, float]) -> str:
    """The interval of a share in words.

    >>> span((0.012, 0.034)).replace(SPACE, " ")
    '1.2 % to 3.4 %'
    """
    return f"{rate(interval[0])} to {rate(interval[1])}"


def called(name: str) -> str:
    """A class in a sentence: a mere number says that it is a class.

    >>> called("7"), called("crack")
    ('class 7', 'crack')
    """
    return f"class {name}" if name.isdigit() else name


def capital(text: str) -> str:
    """A sentence's first letter made large, the others left alone.

    >>> capital("class A and B")
    'Class A and B'
    """
    return text[:1].upper() + text[1:]


def count(n: int, noun: str, many: str = "") -> str:
    """A number of things.

    >>> count(1, "image"), count(1200, "image"), count(2, "copy", "copies")
    ('1 image', '1,200 images', '2 copies')
    """
    return f"{n:,} {noun if n == 1 else many or noun + 's'}"

"""A curve in the terminal: two lines of characters over one axis, with the reader's own point marked."""

from __future__ import annotations

import math
from collections.abc import Sequence

WIDTH, HEIGHT = 61, 9


def draw(
    values: Sequence[float], first: Sequence[float], second: Sequence[float], mark: float, log: bool = False
) -> list[str]:
    """Lines of text: ``first`` as o, ``second`` as . over ``values``, both within [0, 1], and an X where ``mark`` is.

    >>> lines = draw([0, 1], [0, 1], [0, 1], 0.0)
    >>> lines[0].endswith("o"), lines[8].startswith("0.00 |Xo"), lines[-1].split()
    (True, True, ['0', '1'])
    """
    at = math.log if log else float
    low, high = at(values[0]), at(values[-1])
    top = max(0.1, math.ceil(10 * max(first)) / 10)
    grid = [[" "] * WIDTH for _ in range(HEIGHT)]

    def put(value: float, x: float, sign: str) -> None:
        column = round((at(value) - low) / (high - low) * (WIDTH - 1))
        grid[HEIGHT - 1 - round(min(x, top) / top * (HEIGHT - 1))][column] = sign

    steps = [low + (high - low) * i / (WIDTH - 1) for i in range(WIDTH)]
    places = [at(value) for value in values]
    for ys, sign in ((second, "."), (first, "o")):
        for step in steps:
            put(math.exp(step) if log else step, _between(places, ys, step), sign)
    put(mark, _between(places, first, at(mark)), "X")
    body = [f"{top * (HEIGHT - 1 - i) / (HEIGHT - 1):.2f} |{''.join(row).rstrip()}" for i, row in enumerate(grid)]
    left, right = f"{values[0]:.3g}", f"{values[-1]:.3g}"
    return [*body, "     +" + "-" * WIDTH, " " * 6 + left + " " * (WIDTH - len(left) - len(right)) + right]


def _between(places: Sequence[float], ys: Sequence[float], x: float) -> float:
    for (a, ya), (b, yb) in zip(zip(places, ys, strict=True), list(zip(places, ys, strict=True))[1:], strict=False):
        if a <= x <= b:
            return ya + (yb - ya) * (x - a) / (b - a)
    return ys[-1]

"""Phrases counted by a suffix tree that grows with the sequence (Ukkonen 1995); compiled where Numba is installed.

After symbol i the tree knows the longest suffix of s[:i + 1] that also occurs earlier; ``pending`` is its length. A
phrase of the exhaustive history is finished when it is longer than that suffix, so counting costs one comparison a
symbol. Only inner nodes are stored, at most one a symbol.

One node is three numbers of one flat array, (edge length, edge start, suffix link), followed by its children: an offset
of an inner node, -1 for none, -2 - p for a leaf whose edge starts at p. Of a large alphabet most children do not exist;
then they live in a hash table behind the nodes (``keys`` is not empty).
"""

from __future__ import annotations

from collections.abc import Callable, MutableSequence
from functools import cache

import numpy as np

DENSE = 32  # alphabets up to this size keep all children beside their node
Numbers = MutableSequence[int] | np.ndarray


def count_phrases(codes: np.ndarray, symbols: int, *, compiled: bool = True) -> int:
    """Number of phrases of ``codes``, whole numbers below ``symbols``; ``compiled=False`` never uses Numba."""
    n = len(codes)
    dense = symbols <= DENSE
    slots = 0 if dense else 1 << (3 * n).bit_length()  # a tree of n leaves has less than 2n edges
    size = (n + 1) * (3 + symbols if dense else 3) + slots
    kernel = _compiled() if compiled else None
    if kernel is None:
        return _phrases(codes.tolist(), symbols, [-1] * size, [-1] * slots)
    tree = np.empty(size, np.int32 if size < 2**31 else np.int64)
    tree[size - slots :] = -1
    return int(kernel(codes, symbols, tree, np.full(slots, -1, np.int64)))


@cache
def _compiled() -> Callable[..., int] | None:
    """The same function as machine code, kept on disk after its first use; None without Numba."""
    try:
        from numba import njit
        from numba.extending import register_jitable
    except ImportError:
        return None
    for part in (_begin, _child, _node, _split):
        register_jitable(part)
    try:
        return njit(cache=True, nogil=True)(_phrases)
    except RuntimeError:  # no folder that can be written to
        return njit(nogil=True)(_phrases)


def _phrases(codes: Numbers, symbols: int, tree: Numbers, keys: Numbers) -> int:
    n = len(codes)
    width = 3 if len(keys) > 0 else 3 + symbols
    top = _node(tree, 0, width, 0, -1)
    node = edge = length = 0  # the longest repeated suffix ends `length` symbols down the edge codes[edge] of `node`
    pending = phrases = start = 0
    for i in range(n):
        pending += 1
        above = 0  # the node made last, whose suffix link is still to come; the root's is never read
        while pending > 0:
            if length == 0:
                edge = i
            at = _child(tree, keys, node, codes[edge], symbols)
            below = tree[at]
            if below >= 0 and length >= tree[below]:
                edge += tree[below]
                length -= tree[below]
                node = below
                continue
            if below == -1:
                tree[above + 2] = node
                tree[at] = -2 - i
                above = 0
            elif codes[_begin(tree, below) + length] == codes[i]:
                tree[above + 2] = node
                length += 1
                break
            else:
                tree[above + 2] = top
                above = top
                top = _split(tree, keys, codes, symbols, width, top, at, length, i)
            pending -= 1
            if node != 0:
                node = tree[node + 2]
            elif length > 0:
                length -= 1
                edge = i - pending + 1
        if i - start + 1 > pending:
            phrases += 1
            start = i + 1
    return phrases + (1 if start < n else 0)


def _begin(tree: Numbers, below: int) -> int:
    """Where in the sequence the edge above a child begins."""
    return tree[below + 1] if below >= 0 else -2 - below


def _node(tree: Numbers, new: int, width: int, length: int, begin: int) -> int:
    """Write a node without children; the offset of the next one."""
    for field in range(3, width):
        tree[new + field] = -1
    tree[new], tree[new + 1], tree[new + 2] = length, begin, 0
    return new + width


def _child(tree: Numbers, keys: Numbers, node: int, symbol: int, symbols: int) -> int:
    """Where the child of ``node`` for ``symbol`` stands in the array."""
    if len(keys) == 0:
        return node + 3 + symbol
    mask = len(keys) - 1
    key = node * symbols + symbol
    slot = ((key * 0x2545F4914F6CDD1D) >> 31) & mask
    while keys[slot] != -1 and keys[slot] != key:
        slot = (slot + 1) & mask
    keys[slot] = key
    return len(tree) - len(keys) + slot


def _split(
    tree: Numbers, keys: Numbers, codes: Numbers, symbols: int, width: int, new: int, at: int, length: int, i: int
) -> int:
    """Cut the edge that stands at ``at`` after ``length`` symbols and hang the leaf of codes[i] there."""
    below = tree[at]
    begin = _begin(tree, below)
    top = _node(tree, new, width, length, begin)
    tree[at] = new
    if below >= 0:
        tree[below] -= length
        tree[below + 1] = begin + length
    else:
        below -= length
    tree[_child(tree, keys, new, codes[begin + length], symbols)] = below
    tree[_child(tree, keys, new, codes[i], symbols)] = -2 - i
    return top

"""What `docs/similarity.md` shows of many models is what a reader gets who types it."""

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "similarity.md"


def test_the_page_says_what_happens():
    # A fence that closes is no part of what is expected: a blank line stands before it.
    found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.attempted > 10 and not found.failed

"""Two fake studies, written once: one with images and production data, one with a table and neither."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_study import write

from assay.report.folder import Folder
from assay.report.page import html


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("images"), seeds=6)


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("table"), seeds=4, kind="table", ok=None, production=False)


@pytest.fixture(scope="session")
def page(images: Path) -> str:
    """The English page of the image study."""
    return html(Folder(images))

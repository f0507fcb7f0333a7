"""Imports point downward: a file sees lower floors and its own package, nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import assay

ROOT = Path(assay.__file__).parent
FLOORS = [
    {"core"},
    {"maths"},
    {"losses", "metrics", "data", "models", "attacks"},
    {"train"},
    {"lab"},
    {"studies"},
    {"report"},
    {"catalogue"},
    {"commands"},
    {"cli"},
]
LIGHT = {"core", "maths", "losses", "metrics", "models", "attacks", "train"}  # must import on a bare GPU machine
ALLOWED = {"torch", "numpy", "scipy", "pydantic", "yaml", "safetensors", "assay"}
FILES = sorted(ROOT.rglob("*.py"))


def floor(package: str) -> int:
    return next(i for i, names in enumerate(FLOORS) if package in names)


def imports(file: Path, toplevel_only: bool = False) -> list[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    nodes = tree.body if toplevel_only else list(ast.walk(tree))
    found = []
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            found.append(node.module or "")
            found += [f"{node.module}.{alias.name}" for alias in node.names if node.module == "assay"]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_imports_point_downward(file: Path) -> None:
    own = file.relative_to(ROOT).parts[0].removesuffix(".py")
    if own == "__init__":
        assert all(not name.startswith("assay.") for name in imports(file))
        return
    for name in imports(file):
        parts = name.split(".")
        if parts[0] != "assay" or len(parts) < 2 or parts[1] in (own, "__version__"):
            continue
        assert floor(parts[1]) < floor(own), f"{own} imports {name}"


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_lower_floors_need_little(file: Path) -> None:
    import sys

    if file.relative_to(ROOT).parts[0] in LIGHT:
        for name in imports(file, toplevel_only=True):
            top = name.split(".")[0]
            assert top in ALLOWED or top in sys.stdlib_module_names, f"{file} imports {name}"


def test_files_are_one_concept_each() -> None:
    long = {str(f.relative_to(ROOT)): n for f in FILES if (n := len(f.read_text().splitlines())) > 300}
    assert not long

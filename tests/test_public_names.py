"""The public face: what is promised is there, and importing it is cheap."""

from __future__ import annotations

import subprocess
import sys

import assay

PUBLIC = {
    *("Fork", "HotSwap", "Optimiser", "Recipe", "Standard", "__version__", "load_data", "losses"),
    *("attacks", "metrics", "models", "studies", "swap_activations", "train"),
}


def test_public_names() -> None:
    assert set(assay.__all__) == PUBLIC
    for name in PUBLIC:
        assert getattr(assay, name) is not None


def test_help_needs_no_torch() -> None:
    code = (
        "import sys, assay.cli\n"
        "from typer.testing import CliRunner\n"
        "result = CliRunner().invoke(assay.cli.app, ['--help'])\n"
        "assert result.exit_code == 0 and 'study' in result.output, result.output\n"
        "heavy = {'torch', 'pandas', 'numpy', 'scipy', 'altair', 'sklearn'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

"""assay: a laboratory for image classifiers.

Names are loaded on first use, so that importing assay is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "Fork": "assay.train",
    "HotSwap": "assay.train",
    "Optimiser": "assay.train",
    "Recipe": "assay.train",
    "Standard": "assay.train",
    "attacks": "assay.attacks",
    "load_data": "assay.data",
    "losses": "assay.losses",
    "metrics": "assay.metrics",
    "models": "assay.models",
    "studies": "assay.studies",
    "swap_activations": "assay.models",
    "train": "assay.train",
}
__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'assay' has no attribute '{name}'")
    module = import_module(_PUBLIC[name])
    return module if _PUBLIC[name] == f"assay.{name}" else getattr(module, name)


def __dir__() -> list[str]:
    return sorted(__all__)

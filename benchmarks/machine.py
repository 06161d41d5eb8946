"""The machine and the libraries that numbers were measured with."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

import graphgen


def describe() -> dict[str, str]:
    """What there is to know of them, by name."""
    libraries = {name: text for name in ("jax", "torch", "autograd") if (text := installed(name))}
    return {
        "processor": f"{processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "BLAS": blas(),
        **libraries,
        "graphgen": graphgen.__version__,
    }


def processor() -> str:
    """The processor's model, where the system tells it."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text("utf-8").splitlines() if information.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def blas() -> str:
    """The library behind NumPy's matrix products."""
    found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{found['name']} {found['version']}"


def installed(library: str) -> str:
    """The version of a library, or nothing."""
    try:
        return version(library)
    except PackageNotFoundError:
        return ""

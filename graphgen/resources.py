"""Where the templates and the shipped specs are: in the installed package, or in the checkout beside it."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from graphgen.errors import GraphgenError, did_you_mean


def folder(name: str) -> Path:
    """The folder `templates` or `specs`, as installed or as checked out."""
    installed = Path(str(files("graphgen"))) / name
    return installed if installed.is_dir() else Path(__file__).resolve().parent.parent / name


def shipped_specs() -> dict[str, Path]:
    """The shipped specs by name, grouped as their folders are."""
    return {path.stem: path for path in sorted(folder("specs").rglob("*.yaml"))}


def find_spec(name: str) -> Path:
    """A path as given, or a shipped spec by its name."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or os.path.exists(name) or len(path.parts) > 1:
        return path
    specs = shipped_specs()
    if name not in specs:
        near = did_you_mean(name, specs) or "`graphgen list cells` shows them all"
        raise GraphgenError(f"there is no shipped spec '{name}': {near}")
    return specs[name]

"""The rooms of the house: which may import which, and how large a file may grow."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "graphgen"
FILES = sorted(ROOT.rglob("*.py"))

# Each room with the rooms it may import from.  `spec.model` and `spec.source`, the cell as it was read, are what
# the rooms hand to each other; only `compiler` and the command know several of the middle rooms.
BELOW = {
    "faults": set(),
    "errors": {"faults"},
    "ir": {"errors", "faults"},
    "ops": {"ir", "errors", "faults"},
    "contract": {"ops"},
    "resources": {"errors"},
    "spec": {"resources", "contract", "ops", "ir", "errors", "faults"},
    "elaborate": {"spec.model", "contract", "ops", "ir", "errors", "faults"},
    "autodiff": {"ops", "ir", "errors"},
    "passes": {"ops", "ir", "errors"},
    "codegen": {"spec.model", "resources", "contract", "ops", "ir", "errors", ""},
    "check": {"spec.model", "contract", "ops", "ir", "errors"},
    "collector": set(),
    "compiler": {"collector", "codegen", "passes", "autodiff", "elaborate", "spec", "ops", "ir", "errors", ""},
    "files": {"errors"},
    "manifest": {"files", "errors"},
    "build": {"compiler", "passes", "manifest", "files", "resources", "errors"},
    "listing": {"elaborate", "spec", "resources", "ops", "ir", "errors", "faults"},
    "formats": {"errors", "faults"},
    "diff": {"spec.model", "contract", "ir"},
    "memory": {"compiler", "codegen", "autodiff", "ops", "ir"},
    "starter": {"spec", "files", "errors"},
    "cli": {
        *(
            "build",
            "diff",
            "formats",
            "listing",
            "memory",
            "starter",
            "check",
            "compiler",
            "passes",
            "spec",
            "resources",
            "ir",
            "errors",
            "",
        ),
    },
}


def imports(path: Path) -> set[str]:
    """The modules of graphgen that a file imports, without the package's name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "graphgen":
            inner = node.module.split(".", 1)[1] if "." in node.module else ""
            found |= {inner} if inner else {alias.name for alias in node.names if alias.name in BELOW} or {""}
    return found


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", [p for p in FILES if not p.name.startswith("__") or p.parent != ROOT], ids=str)
def test_imports_point_one_way(path):
    allowed = BELOW[room(path)] | {room(path)}
    for module in imports(path):
        assert any(module == a or module.startswith(f"{a}.") for a in allowed if a or module == ""), (
            f"{path.name} imports {module}"
        )


def test_every_room_is_in_the_plan():
    assert {room(p) for p in FILES} - {"__init__", "__main__"} == set(BELOW)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_files_stay_small(path):
    assert len(path.read_text("utf-8").splitlines()) <= 300


def test_importing_graphgen_imports_no_sympy():
    """SymPy is slow to import and needed only for functions that a spec defines."""
    import subprocess
    import sys

    code = "import sys, graphgen.compiler; sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0

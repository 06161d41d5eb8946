"""The operations, one declaration each; importing this package fills the registry `graphgen.ir.op.OPS`."""

from importlib import import_module
from pathlib import Path

for _room in sorted(Path(__file__).parent.glob("*.py")):
    if _room.stem not in ("__init__", "symbolic"):  # SymPy is imported only where a derivative is needed
        import_module(f"graphgen.ops.{_room.stem}")

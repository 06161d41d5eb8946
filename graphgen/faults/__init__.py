"""Every kind of fault a spec can have: its code, what the language expects, how to mend it, and an example."""

from graphgen.faults.equations import EQUATIONS
from graphgen.faults.kind import EXAMPLE, Kind
from graphgen.faults.modules import MODULES
from graphgen.faults.operations import OPERATIONS
from graphgen.faults.reading import READING
from graphgen.faults.uses import USES

__all__ = ["EXAMPLE", "KINDS", "ROOMS", "Kind"]

ROOMS: dict[str, tuple[Kind, ...]] = {  # those of a spec
    "The file and its keys": READING,
    "Equations and functions": EQUATIONS,
    "Operations": OPERATIONS,
    "Specs that use specs": USES,
}
KINDS = {kind.code: kind for kinds in (*ROOMS.values(), MODULES) for kind in kinds}

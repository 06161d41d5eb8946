"""What is wrong with a module, through no fault of its spec."""

from __future__ import annotations

from graphgen.faults.kind import Kind

MODULES = (
    Kind("gradient", "Every gradient of an emitted module agrees with numeric differences.",
         "this is a defect of graphgen, please report it with the spec",
         "", ""),
    Kind("stale", "A module is what its spec makes of it now.", "build it again with the command without --check",
         "", ""),
)  # fmt: skip

"""What is wrong with an emitted module, through no fault of its spec."""

from __future__ import annotations

from graphgen.faults.kind import Kind

MODULES = (
    Kind("gradient", "Every gradient of an emitted module agrees with numeric differences.",
         "this is a defect of graphgen, please report it with the spec",
         "", ""),
)  # fmt: skip

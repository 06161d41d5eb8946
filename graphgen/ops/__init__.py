"""The operations, one declaration each; importing this package fills the registry `graphgen.ir.op.OPS`."""

from graphgen.ops import elementwise, function, linear, logic, reduce, scan, structure

__all__ = ["elementwise", "function", "linear", "logic", "reduce", "scan", "structure"]

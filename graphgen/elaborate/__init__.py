"""From a `Cell` to its forward graph: shapes inferred, every name resolved, the user's names kept."""

from graphgen.elaborate.cell import elaborate
from graphgen.elaborate.sequence import over_time

__all__ = ["elaborate", "over_time"]

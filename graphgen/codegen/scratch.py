"""The buffers that are written again and again at a step."""

from __future__ import annotations

from collections import defaultdict
from heapq import heappop, heappush

from graphgen.ir.shape import Shape


class Scratch:
    """Buffers by shape; of those in which nothing stands that is read again the one made first is taken."""

    def __init__(self) -> None:
        self.shapes: dict[str, Shape] = {}
        self.places: dict[str, int] = {}  # the order in which they were made
        self.free: dict[Shape, list[tuple[int, str]]] = defaultdict(list)  # heaps

    def __contains__(self, buffer: str) -> bool:
        return buffer in self.shapes

    def make(self, buffer: str, shape: Shape) -> str:
        """Enter a new buffer, which is taken."""
        self.places[buffer] = len(self.shapes)
        self.shapes[buffer] = shape
        return buffer

    def take(self, shape: Shape) -> str | None:
        """A buffer that is free."""
        return heappop(self.free[shape])[1] if self.free[shape] else None

    def release(self, buffer: str) -> None:
        """Let a buffer be taken again."""
        heappush(self.free[self.shapes[buffer]], (self.places[buffer], buffer))

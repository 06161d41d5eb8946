"""Views: what memory a value stands in, and which values share it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphgen.ir.node import Node
from graphgen.ir.op import OPS


def storage_of(node: Node) -> Node:
    """What a value stands in, through views."""
    while node.op.view:
        node = node.inputs[0]
    return node


def is_copy(node: Node) -> bool:
    """Whether NumPy has to copy what is a view in name: a transposed array in another shape."""
    return node.op is OPS["reshape"] and node.inputs[0].op is OPS["transpose"]


def overlap(one: Node, other: Node) -> bool:
    """Whether two values may share memory: all views of the same value do, but for slices side by side."""
    if storage_of(one) is not storage_of(other):
        return False
    (a, whole), (b, other_whole) = _slice_of(one), _slice_of(other)
    if a is None or b is None or whole is not other_whole or a["axis"] != b["axis"]:
        return True
    return not (a["start"].at_least(b["stop"]) or b["start"].at_least(a["stop"]))


def _slice_of(node: Node) -> tuple[Mapping[str, Any] | None, Node]:
    """The last slice that a view was made by, and what it is a slice of."""
    while node.op.view and node.op is not OPS["slice"]:
        node = node.inputs[0]
    return (node.attrs, node.inputs[0]) if node.op is OPS["slice"] else (None, node)

"""Where cotangents are added up: at a split, over the uses of a value, and along the axes it was broadcast."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

from graphgen.ir.node import Node, make
from graphgen.ir.shape import ONE, Shape, axis_from_end


def accumulate(parts: Sequence[Node]) -> Node:
    """The sum of the contributions.  Slices that tile an axis are laid side by side instead."""
    tiles, others = _tiles(parts)
    if tiles:
        (axis,) = {tile.attrs["axis"] for tile in tiles}
        joined = make.concat(*(tile.inputs[0] for tile in tiles), axis=axis[0])
        return reduce(add, others, joined)
    return reduce(add, parts)


def _tiles(parts: Sequence[Node]) -> tuple[list[Node], list[Node]]:
    """The padded contributions, in order, if they cover one axis without gap or overlap; and the rest."""
    padded = [part for part in parts if part.op.name == "pad_axis"]
    others = [part for part in parts if part.op.name != "pad_axis"]
    if len({part.attrs["axis"] for part in padded}) != 1:
        return [], list(parts)
    by_start = {part.attrs["before"]: part for part in padded}
    size = padded[0].shape[padded[0].attrs["axis"][0]]
    place, tiles = size - size, []
    while place in by_start:
        tile = by_start.pop(place)
        tiles.append(tile)
        place = size - tile.attrs["after"]
    covered = place == size and len(tiles) == len(padded) > 1
    return (tiles, others) if covered else ([], list(parts))


def unbroadcast(dz: Node, shape: Shape) -> Node:
    """A cotangent summed over the axes along which its operand was broadcast."""
    lead = len(dz.shape) - len(shape)
    ones = tuple(
        axis_from_end(lead + i, len(dz.shape))
        for i, dim in enumerate(shape)
        if dim == ONE and dz.shape[lead + i] != ONE
    )
    if not lead:
        return make.sum(dz, axis=ones, keepdims=True) if ones else dz
    total = make.sum(dz, axis=(*range(lead), *ones), keepdims=False)
    return make.expand_dims(total, axis=ones) if ones else total

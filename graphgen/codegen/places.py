"""Where the parts lie of what is laid side by side, and which of them have to be copied there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from graphgen.ir.node import Node
from graphgen.ir.shape import Dim


class Place(NamedTuple):
    """A piece of a whole, along the axis on which its parts are laid side by side."""

    whole: Node
    start: Dim
    stop: Dim

    def joined(self, after: Place) -> Place | None:
        """One piece of two, if the second goes on where the first ends."""
        goes_on = after.whole is self.whole and after.start == self.stop
        return Place(self.whole, self.start, after.stop) if goes_on else None


class Copy(NamedTuple):
    """What is copied to a place: a part, or a piece of another whole where parts are neighbours too."""

    place: Place
    source: Node | Place
    origin: Place | None  # of the source in another whole, if it was computed there

    def joined(self, after: Copy) -> Copy | None:
        """One copy of two, if they are neighbours in both places."""
        if not (self.origin and after.origin):
            return None
        place, origin = self.place.joined(after.place), self.origin.joined(after.origin)
        along_one = self.origin.whole.attrs["axis"] == self.place.whole.attrs["axis"]
        return Copy(place, origin, origin) if place and origin and along_one else None


def places(whole: Node) -> Iterator[tuple[Node, Place]]:
    """The parts of a whole, and where each of them lies."""
    start = Dim.of(0)
    for part in whole.inputs:
        stop = start + part.shape[whole.attrs["axis"][0]]
        yield part, Place(whole, start, stop)
        start = stop


def copies(whole: Node, origins: Mapping[Node, Place]) -> list[Copy]:
    """What of a whole was not computed in its place, as few copies as can be."""
    found: list[Copy] = []
    for part, place in places(whole):
        origin = origins.get(part)
        if origin == place:
            continue
        copy = Copy(place, part, origin)
        both = found[-1].joined(copy) if found else None
        found[-1 if both else len(found) :] = [both or copy]
    return found

"""What is kept while a spec is read: the names that it gives, its faults, and what they leave unclear."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from graphgen.contract import PREVIOUS
from graphgen.errors import Fault, Faults, Position, SpecError
from graphgen.spec.names import check_name
from graphgen.spec.source import Part

T = TypeVar("T")


class Ledger:
    """Names and faults.  A name that a faulty piece was to give is unknown; nothing more is said about it."""

    def __init__(self) -> None:
        self.names: dict[str, Part] = {}  # every name so far, and where it was given
        self.faults = Faults()
        self.unknown: set[str] = set()
        self.lost = False  # whether a key cannot be read, so that any name may be unknown

    def _is_unclear(self, name: str) -> bool:
        """Whether a name may be missing only because of a fault that is told already."""
        return self.lost or name in self.unknown

    def _value(self, keys: dict[str, Part], key: str, read: Callable[[Part], T], default: T) -> T:
        """What stands under a key; the default where nothing does, or something is wrong."""
        if key in keys:
            with self.faults.collected():
                return read(keys[key])
        return default

    def _section(self, keys: dict[str, Part], key: str, read: Callable[[Part], list[T]]) -> list[T]:
        """The same for a key that gives names, which are lost if it cannot be read at all."""
        if key not in keys:
            return []
        with self.faults.collected():
            return read(keys[key])
        self.lost = True
        return []

    def _entries(self, part: Part, what: str, cure: str, entry: Callable[[Part, Part], T]) -> list[T]:
        """What `entry` reads from each pair of a mapping; each is judged on its own."""
        entries: list[T] = []
        seen: dict[str, Part] = {}
        for key, value in part.items(what, cure):
            with self.faults.collected():
                name = key.text("a name", "a key is a single name")
                if name in seen:
                    first = f"the first is on line {seen[name].position.line}"
                    raise key.fail("repeated-key", f"'{name}' is given twice", first)
                seen[name] = key
                entries.append(entry(key, value))
                continue
            self.unknown |= {word + ending for word in key.words for ending in ("", PREVIOUS)}
        return entries

    def _claim(self, part: Part, name: str, place: Position | None = None) -> None:
        """Enter a name; every name of a spec means one thing."""
        earlier = self.names.get(name)
        if earlier:
            cure = "states are read under it" if name.endswith(PREVIOUS) else ""
            message = f"the name '{name}' is taken: see line {earlier.position.line}"
            raise SpecError(Fault("name-taken", message, place or part.position, cure))
        self.names[name] = part

    def _name(self, part: Part, what: str) -> str:
        name = check_name(part, what)
        self._claim(part, name)
        return name

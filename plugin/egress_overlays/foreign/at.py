"""A list of names somewhere in YAML, JSON or HCL: `--at KEY.PATH`, as `egress.allowed` or `spec.*.hosts.name`.

Lists on the way are gone through; `*` stands for every key; a dot within a key has a backslash before it, the
document itself is `.`. What stands there is a list of names, or a text with a name a line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .files import Unreadable
from .found import Found, left
from .plain import together
from .trees import worked_out
from .values import Expression, Map, Text, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import File, Input, Item
    from .plain import Plain


class At:
    """The format that reads what stands at `path`, each name a line of a plain list."""

    def __init__(self, path: str, plain: Plain) -> None:
        self._path = path
        self._plain = plain
        self._keys = [] if path == "." else [one.replace("\\.", ".") for one in re.split(r"(?<!\\)\.", path.strip("."))]

    @staticmethod
    def takes(_item: Item) -> bool:
        """Every document may have it."""
        return True

    @staticmethod
    def reads(file: File) -> bool:
        """A text without keys has nothing at a path; one that is asked for is said to be such."""
        return file.asked_for and not file.taken

    def read(self, items: Sequence[Item], files: Sequence[File], _given: Input) -> Iterator[Found]:
        """The names at the path, in a group named after its last key; raises Unreadable where no document has it."""
        group = next((one for one in reversed(self._keys) if one != "*" and not one.isdecimal()), "")
        found = [(item, value) for item in items for value in _values(item.value, self._keys)]
        if not found:
            raise Unreadable([self._nowhere(items, files)])
        yield from together([one for item, value in found for one in self._names(value, group or item.file.stem, item)])
        for file in files:
            yield left(file.place(), f"is no YAML, JSON or HCL with keys: nothing is at {self._path}")

    def _nowhere(self, items: Sequence[Item], files: Sequence[File]) -> str:
        names = ", ".join(dict.fromkeys([*(item.file.name for item in items), *(file.name for file in files)]))
        for length in range(len(self._keys) - 1, -1, -1):
            there = [value for item in items for value in _values(item.value, self._keys[:length])]
            keys = sorted({str(key) for value in there if isinstance(value, Map) for key in value})
            if there:
                where = ".".join(self._keys[:length]) or "the top"
                shown = f"has the keys {', '.join(keys[:8])}{' and more' if len(keys) > 8 else ''}"
                return f'{names}: has no "{self._path}": {where} {shown if keys else "is no mapping"}'
        return f'{names}: has no "{self._path}": is no YAML, JSON or HCL with keys'

    def _names(self, value: Any, group: str, item: Item) -> Iterator[Found]:
        if isinstance(value, Map):
            keys = ", ".join(list(value)[:3])
            yield left(
                value.place, f"{self._path} is a mapping with the keys {keys}, and no list of names: go on to one"
            )
            return
        for one in worked_out(value, {}, ("concat", "tolist", "toset", "distinct", "flatten", "union")):
            if isinstance(one, Expression):
                yield left(one.place, f"{self._path}: {one} is no name")
                continue
            for number, line in enumerate(one.split("\n")):
                if line.strip() and not line.lstrip().startswith("#"):
                    below = number + (1 if one.is_block else 0)
                    place = one.place._replace(line=one.place.line + below) if below else one.place
                    yield from self._plain.line(line, group, place)
        for other in value if isinstance(value, list) else [value]:
            if not isinstance(other, (Text, Map, list)):
                yield left(place_of(other, item.place), f"{self._path}: {other!a} is no name")


def _values(value: Any, keys: Sequence[str]) -> Iterator[Any]:
    """What stands below `keys`, through lists."""
    if not keys:
        yield value
    elif isinstance(value, list):
        if keys[0].isdecimal():
            yield from _values(value[int(keys[0])], keys[1:]) if int(keys[0]) < len(value) else ()
        else:
            for one in value:
                yield from _values(one, keys)
    elif isinstance(value, Map):
        for one in value if keys[0] == "*" else (keys[0],):
            if one in value:
                yield from _values(value[one], keys[1:])

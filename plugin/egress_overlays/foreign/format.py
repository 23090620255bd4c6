"""What a format is: a module with these three functions, listed in `FORMATS`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import File, Input, Item
    from .found import Found


class Format(Protocol):
    """One way of writing down which names are open."""

    def takes(self, item: Item, /) -> bool:
        """Whether a YAML document belongs to it."""

    def reads(self, file: File, /) -> bool:
        """Whether a text that is no YAML, or is not read as such, belongs to it."""

    def read(self, items: Sequence[Item], files: Sequence[File], given: Input, /) -> Iterator[Found]:
        """The names of all `items` and `files` together; `given` has the files that these name."""

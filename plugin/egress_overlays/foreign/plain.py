"""A plain list: one name a line, `#` starts a comment; `.name` means the apex and everything below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..names import parse
from ..names.domain import InvalidDomain
from .source import Carried, Note, Source

if TYPE_CHECKING:
    from collections.abc import Iterator


def matches(_source: Source) -> bool:
    """Every file may be one."""
    return True


def read(source: Source) -> Iterator[Carried | Note]:
    """The name of every line, in a group named after the file."""
    if source.documents:
        yield source.note("is YAML of a kind that import does not know; see egress-overlays import --help")
        return
    found = []
    for number, line in enumerate(source.lines, 1):
        name, _, comment = line.partition("#")
        name = name.strip(" \t\r").removeprefix("- ").strip("\"'")
        if name:
            found.append(Carried(name, source.stem, number, comment.strip(" \t\r")))
    wrong = sum(not _is_name(entry.name) for entry in found)
    if wrong > len(found) - wrong:
        yield source.note(
            f"{wrong} of {len(found)} lines are no names: this is no list, nor any other format known here"
        )
    else:
        yield from found


def _is_name(text: str) -> bool:
    try:
        return bool(parse(text))
    except InvalidDomain:
        return False

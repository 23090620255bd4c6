"""Lists that people have in other formats, read as groups of domains.

A format is a module with `matches(source)` and `read(source)`, which yields Carried for every name that is taken
over and Note for everything that is not taken over exactly; the registry is `FORMATS`, asked in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..names import parse
from ..names.domain import InvalidDomain
from . import cilium, istio, nginx, plain, smokescreen, squid
from .source import Carried, Note, Source, group_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

__all__ = ["FORMATS", "Carried", "Imported", "Note", "Source", "import_lists"]

FORMATS: dict[str, ModuleType] = {
    "istio": istio,
    "cilium": cilium,
    "smokescreen": smokescreen,
    "nginx": nginx,
    "squid": squid,
    "plain": plain,
}


class Imported:
    """What was read: `groups` maps a group to its lines (name, comment), `notes` says what is not the same."""

    def __init__(self) -> None:
        self.groups: dict[str, dict[str, str]] = {}
        self.notes: list[Note] = []

    def add(self, source: Source, found: Carried) -> None:
        """Take over one name, or say why it cannot be."""
        try:
            parse(found.name)
        except InvalidDomain as fault:
            self.notes.append(Note(source.file, found.line, f"left out: {fault}"))
            return
        name = found.name.lower().removesuffix(".") if found.name.isascii() else found.name
        self.groups.setdefault(group_name(found.group), {}).setdefault(name, found.comment)


def import_lists(sources: Iterable[Source], form: str = "") -> Imported:
    """Everything in `sources`, each in its own format or in `form`."""
    result = Imported()
    for source in sources:
        module = FORMATS[form] if form else next(module for module in FORMATS.values() if module.matches(source))
        before = len(result.notes)
        count = sum(map(len, result.groups.values()))
        for found in module.read(source):
            if isinstance(found, Note):
                result.notes.append(found)
            else:
                result.add(source, found)
        if sum(map(len, result.groups.values())) == count and len(result.notes) == before:
            result.notes.append(Note(source.file, 0, "holds nothing that could be taken over"))
    return result

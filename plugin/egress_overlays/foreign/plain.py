"""A plain list: one name a line, `#` starts a comment; `.name` means the apex and everything below it.

`!name` denies below a wildcard that is listed.
Lines that hold a name and more, as pasted from a page, are refused with the name that could be meant; with `fix` they
are taken, and said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lists.denials import MARK, domains
from ..names import parse
from ..names.domain import HTTPS, InvalidDomain, ascii_quoted
from ..names.mending import mended
from ..names.ports import pairs
from .files import may_be_list, of_template
from .found import Carried, Denied, Found, Note, Place, left, remark
from .names import covers, parts
from .ports import at_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import File, Input, Item

_FEW = 3  # faults that show that a file is no list at all


class Plain:
    """The format; with `fix`, lines are mended."""

    def __init__(self, *, fix: bool = False) -> None:
        self._fix = fix

    @staticmethod
    def takes(_item: Item) -> bool:
        """YAML objects are not lists."""
        return False

    @staticmethod
    def reads(file: File) -> bool:
        """Every file may be one that an argument names; of a directory, what is named like one."""
        return may_be_list(file)

    def read(self, _items: Sequence[Item], files: Sequence[File], _given: Input) -> Iterator[Found]:
        """The name of every line, in a group named after the file, and its denials."""
        yield from together([one for file in files for one in self.lines(file, file.stem)])

    def lines(self, file: File, group: str) -> Iterator[Found]:
        """The names of one file."""
        found = [
            self.line(line, group, file.place(number)) for number, line in enumerate(file.lines, 1) if _entry(line)[0]
        ]
        names = [one for one in found if isinstance(one[0], (Carried, Denied))]
        proposed = [one for one in found if isinstance(one[0], Note) and one[0].proposal]
        if found and not names and not proposed:
            if file.asked_for:
                first = "; ".join(one[0].words for one in found[:_FEW] if isinstance(one[0], Note))
                more = f"; and {len(found) - _FEW} more lines" if len(found) > _FEW else ""
                yield left(file.place(), f"is no list of names, nor any other format: {first}{more}")
        elif file.asked_for or 2 * len(names) >= len(found):
            for one in found:
                yield from one

    def line(self, line: str, group: str, place: Place) -> list[Found]:
        """What one line comes to: a name, a name that was mended and a word on it, or why there is none."""
        name, comment = _entry(line)
        try:
            parse(name)
        except InvalidDomain as fault:
            more = _denied(fault, place, comment) if name.startswith(MARK) else _of_port(name, place)
            if more:
                return more
            if _is_template(name):
                return [left(place, of_template(name), name)]
            meant = mended(line) if fault.proposal else None
            if meant is None:
                return [left(place, str(fault), name, fault.proposal)]
            if self._fix:
                words = f"{ascii_quoted(line.strip())} was taken for {meant.name}"
                return [Carried(meant.name, group, place, meant.comment), remark(place, words)]
            return [left(place, f"{fault}; --fix takes it", name, fault.proposal)]
        return [Carried(name, group, place, comment)]


def together(found: Sequence[Found]) -> Iterator[Found]:
    """The lines of one set: what denies in one of its lists counts in all, and has to stand below a wildcard of one."""
    among = object()
    opened = {part for one in found if isinstance(one, Carried) for part in parts(one.name)}
    for one in found:
        if isinstance(one, Carried):
            yield one._replace(among=among)
        elif isinstance(one, Denied):
            by = next((cover for cover in covers(one.name) if cover in opened and cover != one.name), None)
            words = f'"{MARK}{one.name}" denies what no wildcard of the lists opens'
            yield left(one.place, words, one.name) if by is None else one._replace(by=by, among=among)
        else:
            yield one


def _denied(line: InvalidDomain, place: Place, comment: str) -> list[Found]:
    """What a line that begins with ! denies."""
    try:
        return [Denied(one, "", place, None, comment) for one in domains(line)]
    except InvalidDomain as fault:
        return [left(place, str(fault), fault.text, fault.proposal)]


def _of_port(name: str, place: Place) -> list[Found]:
    """Why a name with another port than 443 stays out; a pasted list says too little of what is meant by it."""
    try:
        at = pairs(name)[0]
    except InvalidDomain as fault:
        return [left(place, str(fault), name, fault.proposal)] if mended(name) is None and ":" in name else []
    if at.port == HTTPS:
        return []
    if at.is_http:
        words = "is for plain HTTP and not for TLS; a list can hold it, by a line of its own"
        return [left(place, f"{ascii_quoted(name)}: {words}", name, name)]
    proposal = at_port(name.rpartition(":")[0].lower(), at.port)
    words = f"is for port {at.port} and not for 443; a list can hold it, by a line of its own"
    return [left(place, f'{ascii_quoted(name)}: {words}: "{proposal}"', name, proposal)]


def _is_template(name: str) -> bool:
    return "${" in name or "{{" in name


def _entry(line: str) -> tuple[str, str]:
    """What stands before a comment, without what YAML puts around an item of a list, and the comment."""
    name, _, comment = line.partition("#")
    name = name.strip(" \t\r")
    if name.startswith("- "):
        name = name[2:].strip(" \t")
        if name[:1] in "\"'" and name[:1] == name[-1:]:
            name = name[1:-1]
    return name, comment.strip(" \t\r")

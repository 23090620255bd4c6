"""All arguments read as one: sorted to formats, each format read as one set, and the outcome gathered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..names import parse
from ..names.domain import HTTPS, InvalidDomain
from ..names.ports import DOUBTFUL, pairs
from . import trees
from .denials import Opened
from .files import Unreadable, of_template, templates
from .found import KINDS, LEFT, WIDER, Carried, Denied, Note, Place, Scope, left, remark, wider
from .unknown import unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .files import Input, Item
    from .format import Format

    Names = dict[str, dict[str, str]]
    """Group to name to comment."""

EVERY_WORKLOAD = ""


class Imported:
    """What was read: `lists` maps clients (lines, "" for every workload) to groups, `notes` say what is not the same.

    A name that begins with `!` is denied, below a wildcard of its list. `formats` are those that something was read in,
    and `places` where each name stood, by group and name. `nothing` says why there is no list, where there is none.
    """

    def __init__(self, scoped: Callable[[Carried], str]) -> None:
        self.lists: dict[str, Names] = {}
        self.notes: list[Note] = []
        self.formats: list[str] = []
        self.nothing = ""
        self.places: dict[tuple[str, str], Place] = {}
        self._scoped = scoped
        self._scopes: dict[tuple[Scope, str], list[str]] = {}
        self._opened = Opened()
        self._denied: list[Denied] = []
        self._at_ports: dict[int, list[tuple[str, Place]]] = {}

    @property
    def groups(self) -> Names:
        """The groups of all lists together."""
        found: Names = {}
        for groups in self.lists.values():
            for group, names in groups.items():
                found.setdefault(group, {}).update(names)
        return found

    def counts(self) -> dict[str, int]:
        """How many notes there are of each kind."""
        return {kind: sum(note.kind == kind for note in self.notes) for kind in KINDS}

    @property
    def is_exact(self) -> bool:
        """Whether just the same is open as was."""
        return not any(note.kind in (WIDER, LEFT) for note in self.notes)

    def add(self, found: Carried) -> None:
        """Take over one name, or say why it cannot be."""
        try:
            domains = pairs(found.name) if ":" in found.name else parse(found.name)
        except InvalidDomain as fault:
            words = of_template(found.name) if "${" in found.name or "{{" in found.name else str(fault)
            self.notes.append(left(found.place, words, found.name, fault.proposal))
            return
        name = found.name.lower().removesuffix(".") if found.name.isascii() else str(found.name)
        clients = self._scoped(found)
        if found.scope is not None and not (clients and found.scope.exact):
            self._scopes.setdefault((found.scope, clients), []).append(name)
        group = group_name(found.group)
        self.lists.setdefault(clients, {}).setdefault(group, {}).setdefault(name, found.comment)
        self.places.setdefault((group, name), found.place)
        if domains[0].port != HTTPS:
            self._at_ports.setdefault(domains[0].port, []).append((name, found.place))
        self._opened.add(domains, group, found.among, is_limited=clients != EVERY_WORKLOAD)

    def deny(self, found: Denied) -> None:
        """Keep a name closed, or say why it cannot be."""
        self._denied.append(found)

    def finish(self) -> None:
        """Say whom names were for that are for others too, and put the notes in order, each said once."""
        for (scope, clients), those_names in self._scopes.items():
            those = _and_more(those_names)
            how = "--clients" if scope.clients else "the annotation egress-overlays.dev/clients"
            whose = f"every workload's; limit it with {how}"
            if clients:
                whose = "for " + clients.replace("\n", ", ")
            self.notes.append(wider(scope.place, f"{scope.words}, as {those}; the list is {whose}", those_names[0]))
        self.notes += self._of_ports()
        lines, unsaid = self._opened.lines(self._denied)
        for line in lines:
            self.lists[EVERY_WORKLOAD][line.group].setdefault(line.text, line.comment)
            self.places.setdefault((line.group, line.text), line.place)
        self.notes += [one.still_open for one in unsaid]
        files: dict[str, int] = {}
        for place in self.places.values():
            files.setdefault(place.file, len(files))
        for groups in self.lists.values():
            for group, names in groups.items():
                at = {name: self.places[group, name] for name in names}
                order = sorted(names, key=lambda name: (files[at[name].file], at[name].line, at[name].column))
                groups[group] = {name: names[name] for name in order}
        self.notes = sorted(dict.fromkeys(self.notes), key=lambda note: KINDS.index(note.kind))

    def _of_ports(self) -> Iterator[Note]:
        """What there is to know of names at other ports than 443."""
        named = [one for names in self._at_ports.values() for one in names]
        if named:
            words = "for other ports than 443, by TLS alone: the overlay needs components/ports"
            yield remark(named[0][1], f"{_and_more([name for name, _ in named])}: {words}")
        for port in sorted(self._at_ports.keys() & DOUBTFUL.keys()):
            name, place = self._at_ports[port][0]
            those = _and_more([one for one, _ in self._at_ports[port]])
            yield left(place, f"{those}: port {port} {DOUBTFUL[port]}", name)


def _and_more(names: Sequence[str]) -> str:
    return f'"{names[0]}"' + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def of_client(found: Carried) -> str:
    """The clients that a name was for, where that is known (`--clients`)."""
    return "\n".join(found.scope.clients) if found.scope else EVERY_WORKLOAD


def of_namespace(found: Carried) -> str:
    """The namespace that a name stood in (`--by-namespace`)."""
    return found.namespace


def for_everyone(_found: Carried) -> str:
    """Every workload, whomever a name was for."""
    return EVERY_WORKLOAD


def _sorted(given: Input, formats: Mapping[str, Format], result: Imported) -> dict[str, list[Item]]:
    """The objects by the name of the format that takes them; of the others a note where there is something to say."""
    found: dict[str, list[Item]] = {}
    strangers: list[Item] = []
    for item in given.items:
        names = [name for name, one in formats.items() if one.takes(item)]
        # A file of Terraform may hold resources of several formats; an object is of one.
        for name in names if trees.language(item.file.key, item.file.text) else names[:1]:
            found.setdefault(name, []).append(item)
        if not names:
            strangers.append(item)
    folders = {item.file.name.rpartition("/")[0] for items in found.values() for item in items}
    for item in strangers:
        # What stands beside a Terraform resource may be what this refers to.
        if not (trees.language(item.file.key, item.file.text) and item.file.name.rpartition("/")[0] in folders):
            result.notes += unknown(item)
    return found


def import_all(
    given: Input, formats: Mapping[str, Format], scoped: Callable[[Carried], str] = for_everyone
) -> Imported:
    """Everything in `given`: every object in the format that takes it, every other file in the one that it looks like.

    Raises Unreadable where an object is still a template.
    """
    result = Imported(scoped)
    sorted_items = _sorted(given, formats, result)
    blocked = [
        f"{place}: {of_template(written)} (line {place.line}, column {place.column})"
        for items in sorted_items.values()
        for item in items
        for place, written in templates(item)
    ]
    if blocked:
        raise Unreadable(blocked)
    for name, one in formats.items():
        items = sorted_items.get(name, [])
        files = [file for file in given.files if not file.taken and one.reads(file)]
        if items or files:
            result.formats.append(name)
            for file in files:
                file.taken = True
            for found in one.read(items, files, given):
                if isinstance(found, Note):
                    result.notes.append(found)
                elif isinstance(found, Denied):
                    result.deny(found)
                else:
                    result.add(found)
    result.finish()
    if not result.lists:
        names = ", ".join(
            dict.fromkeys([*(item.file.name for item in given.items), *(file.name for file in given.files)])
        )
        kinds = ", ".join(dict.fromkeys(item.kind for item in given.items if item.kind))
        what = f": is YAML of a kind that import does not know ({kinds})" if kinds else ""
        result.nothing = (
            f"{names}: holds nothing that could be taken over{what}; `egress-overlays docs formats` has what it reads"
        )
    return result


def group_name(text: str) -> str:
    """`text` as a key of a ConfigMap."""
    cleaned = "".join(char if char.isascii() and (char.isalnum() or char in "-_.") else "-" for char in text)
    return cleaned.strip("-.") or "imported"

"""Squid: `acl NAME dstdomain` of squid.conf, where http_access allows it.

`.name` matches the apex and everything below it, as ours does; a name without the dot itself alone (Squid, acl).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .source import Carried, Note, Source

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Acl(NamedTuple):
    kind: str
    values: list[tuple[str, int]]


def matches(source: Source) -> bool:
    """Whether the file has acl lines."""
    return any(line.split()[:1] in (["acl"], ["http_access"]) for line in source.lines)


def read(source: Source) -> Iterator[Carried | Note]:
    """The names of the ACLs that http_access allows; of all of them where the file has no http_access line."""
    acls: dict[str, _Acl] = {}
    access: list[tuple[int, list[str]]] = []
    for number, line in enumerate(source.lines, 1):
        words = line.partition("#")[0].split()
        if words[:1] == ["acl"] and len(words) > 2:
            found = acls.setdefault(words[1], _Acl(words[2], []))
            found.values.extend((word, number) for word in words[3:] if not word.startswith("-"))
        elif words[:1] == ["http_access"] and len(words) > 1:
            access.append((number, words[1:]))
    allowed = {name for _, rule in access if rule[0] == "allow" for name in rule[1:]}
    # `deny !list` closes everything else, and leaves the list to the rules that follow.
    allowed |= {name[1:] for _, rule in access if rule[0] == "deny" for name in rule[1:] if name.startswith("!")}
    for name, acl in acls.items():
        if acl.kind == "dstdomain" and (name in allowed or not access):
            yield from _names(source, name, acl)
        elif acl.kind == "dstdom_regex":
            number = acl.values[0][1] if acl.values else 0
            yield source.note(f"acl {name}: regular expressions are not carried over; write the names", number)
    yield from _rules(source, acls, access)


def _names(source: Source, name: str, acl: _Acl) -> Iterator[Carried | Note]:
    for value, line in acl.values:
        if value.startswith('"'):
            yield source.note(f"acl {name}: the file {value} is not read; import it too", line)
        else:
            yield Carried(value, name, line)


def _rules(source: Source, acls: dict[str, _Acl], access: list[tuple[int, list[str]]]) -> Iterator[Note]:
    """What the rules said beside the names."""
    for number, rule in access:
        lists = [name for name in rule[1:] if acls.get(name.lstrip("!"), _Acl("", [])).kind == "dstdomain"]
        others = [name for name in rule[1:] if name not in lists]
        said = f"http_access {' '.join(rule)}"
        if rule[0] == "deny" and any(not name.startswith("!") for name in lists):
            yield source.note(f"{said}: a deny rule is not carried over; what is not listed is denied", number)
        elif rule[0] == "allow" and any(name.startswith("!") for name in lists):
            yield source.note(f"{said}: allows all but a list; that is not carried over", number)
        elif rule[0] == "allow" and lists and others:
            yield source.note(f"{said}: the conditions {' '.join(others)} are not carried over", number)
        elif rule[0] == "allow" and not lists and "all" in rule:
            yield source.note(f"{said}: lets every name through; that is not carried over", number)

"""Rules of one's own for lists: what a set, a group or a ConfigMap may hold. Pure: rules and lists in, findings out.

A rule is judged by the lines of the domains ConfigMaps, and so where these are at hand alone.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from ..manifest.findings import ERROR, Finding
from ..names.risks import risk_of
from .verification import Reported

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from ..lists.allowlist import AllowSet, Entry
    from ..lists.clients import Client
    from ..lists.fields import Fields
    from ..names.domain import Domain
    from ..rendered.rendered import Rendered

RULE = "policy"


class Rule(NamedTuple):
    """What the lists that it is for must keep to; empty fields, and `most` and `longest` -1, ask for nothing.

    `sets`, `groups` and `lists` are globs, one of which matches. `require` are fields that each line has, `longest` the
    most days up to its last one. `place` is its file and line.
    """

    place: str
    sets: tuple[str, ...] = ("*",)
    groups: tuple[str, ...] = ("*",)
    lists: tuple[str, ...] = ("*",)
    wildcards: bool = True
    only: tuple[Domain, ...] = ()
    never: tuple[Domain, ...] = ()
    risks: tuple[str, ...] = ()
    most: int = -1
    clients: tuple[Client, ...] = ()
    require: tuple[str, ...] = ()
    longest: int = -1
    why: str = ""

    def entries(self, allowed: AllowSet) -> list[Entry]:
        """The lines that it is for."""
        if not _matches(allowed.name, self.sets):
            return []
        return [
            one for one in allowed.entries if _matches(one.group, self.groups) and _matches(one.source.name, self.lists)
        ]


def _matches(name: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def governed(found: Rendered, rule: Rule, today: date) -> tuple[list[Reported], bool]:
    """What breaks `rule` in the lists of `found` on the day `today`, and whether it is for any line of them."""
    reported, matched, count = [], False, 0
    for allowed in found.sets.values():
        entries = rule.entries(allowed)
        matched = matched or bool(entries)
        for entry in entries:
            count += 1
            for said in (*_broken(rule, entry, allowed, count), *_lacking(rule, entry.fields, today)):
                words = f'"{entry.domain}" {said}; remove it, or change the rule ({rule.place}'
                words += f": {rule.why})" if rule.why else ")"
                finding = Finding(
                    ERROR,
                    words,
                    rule=RULE,
                    resource=entry.source,
                    group=entry.group,
                    line=entry.line,
                    value=str(entry.domain),
                )
                reported.append(Reported(finding, found.where.entry(entry.source, entry.group, entry.line)))
    return reported, matched


def _broken(rule: Rule, entry: Entry, allowed: AllowSet, count: int) -> Iterator[str]:
    name = entry.domain
    if name.is_wildcard and not rule.wildcards:
        yield "is a wildcard, and none may stand here"
    if rule.only and not any(one.covers(name) for one in rule.only):
        yield f"is none of the names that may stand here: {', '.join(rule.only)}"
    for one in rule.never:
        if one.covers(name) or name.covers(one):
            yield f"opens {one}, which must not stand here"
    risk = risk_of(name) if rule.risks else None
    if risk and risk.name in rule.risks:
        yield f"{risk.said}, and no name of the class {risk.name} may stand here"
    if count == rule.most + 1 and rule.most >= 0:
        yield f"is one more than the {rule.most} that may stand here"
    if rule.clients:
        yield from _foreign(rule.clients, allowed.clients.get(entry.source))


def _lacking(rule: Rule, fields: Fields, today: date) -> Iterator[str]:
    """The fields that a line must have and has not, and a life that is too long."""
    last = fields.last_day
    for key in rule.require:
        if not (last if key == "until" else getattr(fields, key)):
            yield f"has no {key}=, which a line must have here"
    if rule.longest >= 0 and last is None and "until" not in rule.require:
        yield f"has no last day, until=, and one may stand here for {rule.longest} days at most"
    if rule.longest >= 0 and last is not None and (last - today).days > rule.longest:
        yield f"ends on {last}, more than {rule.longest} days ahead"


def _foreign(may: tuple[Client, ...], clients: frozenset[Client] | None) -> Iterator[str]:
    """Whom the list is for, and may not be for."""
    if clients is None:
        yield f"is for every workload, and may be for {', '.join(may)} alone"
    for client in sorted(clients or ()):
        if not any(one.admits(client.namespace, client.service_account) for one in may):
            yield f"is for {client}, and may be for {', '.join(may)} alone"

"""Rules of one's own for lists: what a set, a group or a ConfigMap may hold. Pure: rules and lists in, findings out.

Loaded where there is a policy. Without a day, a rule asks what needs no date: the function gives the same on any day.
"""

from __future__ import annotations

from ..manifest.findings import ERROR, Finding
from ..manifest.quantities import many
from ..names.domain import ascii_quoted

# The function starts with it where there is a policy: no typing, re, fnmatch or datetime before they are needed.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from ..names.domain import Domain
    from .allowlist import AllowSet, Entry
    from .clients import Client

RULE = "policy"
EVERY = ("*",)


class Rule:
    """What the lines that it is for must keep to; empty fields, and `most` and `longest` -1, ask for nothing.

    `sets`, `groups` and `lists` are globs, one of which matches; `names` are what a line opens some of. `require` are
    fields that each line has, `longest` the most days up to its last one. A line whose ticket matches `approved` keeps
    to it; a rule that has nothing else asks for such a ticket. `optional`: it may be for no line. `place` is where it
    stands.
    """

    __slots__ = (
        *("approved", "clients", "groups", "lists", "longest", "most", "names", "never", "only", "optional", "place"),
        *("require", "risks", "sets", "why", "wildcards"),
    )

    def __init__(self, place: str, why: str = "") -> None:
        self.place = place
        self.why = why
        self.sets: tuple[str, ...] = EVERY
        self.groups: tuple[str, ...] = EVERY
        self.lists: tuple[str, ...] = EVERY
        self.names: tuple[Domain, ...] = ()
        self.wildcards = True
        self.only: tuple[Domain, ...] = ()
        self.never: tuple[Domain, ...] = ()
        self.risks: tuple[str, ...] = ()
        self.most = -1
        self.clients: tuple[Client, ...] = ()
        self.require: tuple[str, ...] = ()
        self.longest = -1
        self.approved: tuple[str, ...] = ()
        self.optional = False

    @property
    def asks(self) -> bool:
        """Whether it asks for anything but an approval."""
        lists = self.only, self.never, self.risks, self.clients, self.require
        return not self.wildcards or self.most >= 0 or self.longest >= 0 or any(lists)

    @property
    def cited(self) -> str:
        """Where it stands, and why it is there."""
        return f"({self.place}: {self.why})" if self.why else f"({self.place})"


class Broken:
    """What one line says against a rule."""

    __slots__ = ("entry", "finding")

    def __init__(self, entry: Entry, rule: Rule, said: str) -> None:
        self.entry = entry
        words = f"{ascii_quoted(entry.domain)} {said}; remove it, or change the rule {rule.cited}"
        place = {"group": entry.group, "line": entry.line, "value": str(entry.domain)}
        self.finding = Finding(ERROR, words, rule=RULE, resource=entry.source, **place)  # type: ignore[arg-type]


def judged(rule: Rule, sets: Iterable[AllowSet], today: date | None = None) -> tuple[list[Broken], bool]:
    """What breaks `rule` in `sets`, and whether it is for any line of them; without `today` no day is judged."""
    broken: list[Broken] = []
    matched, count = False, 0
    for allowed in sets:
        if not matches(allowed.name, rule.sets):
            continue
        # Of ten thousand lines, a hundred groups: their names are matched once each.
        meant: dict[tuple[int, str], bool] = {}
        for entry in allowed.entries:
            key = id(entry.source), entry.group
            if key not in meant:
                meant[key] = matches(entry.group, rule.groups) and matches(entry.source.name, rule.lists)
            if not meant[key] or (rule.names and not _opens_some(entry.domain, rule.names)):
                continue
            matched = True
            if rule.approved and matches(entry.fields.ticket, rule.approved):
                continue
            count += 1
            broken += [Broken(entry, rule, said) for said in _faults(rule, entry, allowed, count, today)]
    return broken, matched


def matches(text: str, globs: tuple[str, ...]) -> bool:
    """Whether one of `globs` stands for `text`, capitals and all."""
    return any(glob == "*" or _matches(text, glob) for glob in globs)


def _matches(text: str, glob: str) -> bool:
    if "?" in glob or "[" in glob:
        from fnmatch import fnmatchcase  # it brings re, which costs as much as all of our own modules

        return fnmatchcase(text, glob)
    first, *others = glob.split("*")
    if not others:
        return text == glob
    *middle, last = others
    if not text.startswith(first) or len(text) < len(first) + len(last) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _opens_some(name: Domain, names: tuple[Domain, ...]) -> bool:
    return any(one.covers(name) or name.covers(one) for one in names)


def _faults(rule: Rule, entry: Entry, allowed: AllowSet, count: int, today: date | None) -> Iterator[str]:
    yield from _of_name(rule, entry.domain)
    if count == rule.most + 1 and rule.most >= 0:
        yield f"is one more than the {rule.most} that may stand here"
    if rule.clients:
        yield from _foreign(rule.clients, allowed.clients.get(entry.source))
    if rule.require or rule.longest >= 0:
        yield from _lacking(rule, entry, today)
    if rule.approved and not rule.asks:
        has = f"has ticket={entry.fields.ticket}" if entry.fields.ticket else "has no ticket="
        yield f"{has}, and may stand here with one such as {', '.join(rule.approved)} alone"


def _of_name(rule: Rule, name: Domain) -> Iterator[str]:
    """What a name says against a rule, whoever listed it."""
    if name.is_wildcard and not rule.wildcards:
        yield "is a wildcard, and none may stand here"
    if rule.only and not any(one.covers(name) for one in rule.only):
        yield f"is none of the names that may stand here: {', '.join(rule.only)}"
    for one in rule.never:
        if one.covers(name) or name.covers(one):
            yield f"opens {one}, which must not stand here"
    if rule.risks:
        from ..names.risks import risk_of

        risk = risk_of(name)
        if risk and risk.name in rule.risks:
            yield f"{risk.said}, and no name of the class {risk.name} may stand here"


def _lacking(rule: Rule, entry: Entry, today: date | None) -> Iterator[str]:
    """The fields that a line must have and has not, and a life that is too long."""
    fields = entry.fields
    last = fields.last_day
    for key in rule.require:
        if not (last if key == "until" else getattr(fields, key)):
            yield f"has no {key}=, which a line must have here"
    if rule.longest >= 0 and last is None and "until" not in rule.require:
        yield f"has no last day, until=, and one may stand here for {many(rule.longest, 'day')} at most"
    if rule.longest >= 0 and last is not None and today is not None and (last - today).days > rule.longest:
        yield f"ends on {last}, more than {many(rule.longest, 'day')} ahead"


def _foreign(may: tuple[Client, ...], clients: frozenset[Client] | None) -> Iterator[str]:
    """Whom the list is for, and may not be for."""
    if clients is None:
        yield f"is for every workload, and may be for {', '.join(may)} alone"
    for client in sorted(clients or ()):
        if not any(one.admits(client.namespace, client.service_account) for one in may):
            yield f"is for {client}, and may be for {', '.join(may)} alone"

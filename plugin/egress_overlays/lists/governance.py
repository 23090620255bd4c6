"""Rules of one's own for lists: what a set, a group or a ConfigMap may hold. Pure: rules and lists in, findings out.

Loaded where there is a policy. Without a day, a rule asks what needs no date: the function gives the same on any day.
"""

from __future__ import annotations

from ..manifest.findings import ERROR, Finding
from ..names.domain import ascii_quoted

# The function starts with it where there is a policy: no typing, re, fnmatch or datetime before they are needed.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from ..names.domain import Domain
    from . import Entry
    from .allowlist import AllowSet
    from .clients import Client

    Said = tuple[Entry, str]

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
    """What one line, `entry`, `said` against a rule; `words` are that, and the rule."""

    __slots__ = ("entry", "finding", "said", "words")

    def __init__(self, entry: Entry, rule: Rule, said: str, mark: str = "") -> None:
        self.entry = entry
        self.said = said
        self.words = f"{said} {rule.cited}"
        words = f"{ascii_quoted(mark + entry.domain)} {said}; remove it, or change the rule {rule.cited}"
        place = {"group": entry.group, "line": entry.line, "value": mark + entry.domain}
        self.finding = Finding(ERROR, words, rule=RULE, resource=entry.source, **place)  # type: ignore[arg-type]


class Lines:
    """The lines of sets, with the fields that they have; a rule after the other is judged by them."""

    def __init__(self, sets: Iterable[AllowSet]) -> None:
        self.sets = list(sets)
        self._words: dict[int, dict[str, str]] = {}

    def words(self, entry: Entry) -> dict[str, str]:
        """The fields of a line as they are written; `until` is the last day of its name alone."""
        if not self._words:
            self._read()
        return self._words[id(entry)]

    def _read(self) -> None:
        from .fields import defaults_of, words

        for allowed in self.sets:
            source, group, shared = None, "", {}
            for entry in (*allowed.entries, *allowed.denying):
                if entry.source is not source or entry.group != group:
                    source, group = entry.source, entry.group
                    shared = defaults_of(source, group)
                found = words(entry.comment) if entry.comment else {}
                if "allow" in found:  # its ticket and its day are the acceptance's
                    found.pop("until", None)
                    found = {key: value for key, value in shared.items() if key == "owner"} | found
                elif shared:
                    found = shared | found
                self._words[id(entry)] = found

    def without_approved(self, entries: list[Entry], rule: Rule) -> list[Entry]:
        """The lines whose ticket is none that `rule` asks for."""
        if not rule.approved:
            return entries
        return [one for one in entries if not matches(self.words(one).get("ticket", ""), rule.approved)]

    def of(self, rule: Rule) -> Iterator[tuple[AllowSet, list[Entry]]]:
        """The lines that `rule` is for, by set."""
        for allowed in self.sets:
            if matches(allowed.name, rule.sets):
                yield allowed, _meant(allowed.entries, rule)


def _meant(entries: Sequence[Entry], rule: Rule) -> list[Entry]:
    """Those of `entries` that `rule` is for, by group, list and name."""
    if rule.groups == rule.lists == EVERY and not rule.names:
        return list(entries)
    # Of ten thousand lines, a hundred groups: their names are matched once each.
    meant: dict[tuple[int, str], bool] = {}
    found = []
    for entry in entries:
        key = id(entry.source), entry.group
        is_meant = meant.get(key)
        if is_meant is None:
            is_meant = matches(entry.group, rule.groups) and matches(entry.source.name, rule.lists)
            meant[key] = is_meant
        if is_meant and (not rule.names or any(map(entry.domain.name.meets, rule.names))):
            found.append(entry)
    return found


def judged(rule: Rule, lines: Lines, today: date | None = None) -> tuple[list[Broken], bool]:
    """What breaks `rule` in `lines`, and whether it is for any of them; without `today` no day is judged."""
    broken: list[Broken] = []
    matched, count = False, 0
    for allowed, meant in lines.of(rule):
        matched = matched or bool(meant)
        # Tickets of all lines are looked at where lines are counted; else those of the lines that break the rule.
        counts = rule.most >= 0 or not rule.asks
        entries = lines.without_approved(meant, rule) if counts else meant
        said = [*_of_names(rule, entries), *_of_lists(rule, entries, allowed), *_of_fields(rule, entries, lines, today)]
        if rule.most >= 0:
            past = entries[max(rule.most - count, 0) :] if count <= rule.most else []
            said += [(one, f"is one more than the {rule.most} that may stand here") for one in past[:1]]
        count += len(entries)
        broken += [Broken(entry, rule, words) for entry, words in _in_order(said, lines, rule)]
        if rule.require and allowed.denying:
            # Lines that deny open nothing: who answers for them is all that is asked.
            lacking = _in_order(list(_of_required(rule, _meant(allowed.denying, rule), lines)), lines, rule)
            broken += [Broken(entry, rule, words, "!") for entry, words in lacking]
    return broken, matched


def _in_order(said: list[Said], lines: Lines, rule: Rule) -> list[Said]:
    """What lines say, in their order, without those that are approved."""
    if not said:
        return said
    left = {id(one) for one in lines.without_approved([entry for entry, _ in said], rule)}
    return sorted((one for one in said if id(one[0]) in left), key=lambda one: (one[0].group, one[0].line))


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


def _of_names(rule: Rule, entries: list[Entry]) -> Iterator[Said]:
    """What names say against a rule, whoever listed them."""
    for entry in entries if not rule.wildcards else ():
        if entry.domain.is_wildcard:
            yield entry, "is a wildcard, and none may stand here"
    for entry in entries if rule.only else ():
        if not any(one.covers(entry.domain.name) for one in rule.only):
            yield entry, f"is none of the names that may stand here: {', '.join(rule.only)}"
    for one in rule.never:
        for entry in entries:
            if one.meets(entry.domain.name):
                yield entry, f"opens {one}, which must not stand here"
    if rule.risks:
        yield from _risky(rule, entries)


def _risky(rule: Rule, entries: list[Entry]) -> Iterator[Said]:
    from ..names.risks import risk_of

    for entry in entries:
        risk = risk_of(entry.domain)
        if risk is not None and risk.name in rule.risks:
            yield entry, f"{risk.said}, and no name of the class {risk.name} may stand here"


def _of_fields(rule: Rule, entries: list[Entry], lines: Lines, today: date | None) -> Iterator[Said]:
    """The fields that lines must have and have not, lives that are too long, and approvals that are missing."""
    yield from _of_required(rule, entries, lines)
    for entry in entries if rule.longest >= 0 else ():
        if not lines.words(entry).get("until"):
            if "until" not in rule.require:
                yield entry, f"has no last day, until=, and one may stand here for {rule.longest} days at most"
        elif today is not None:
            last = entry.fields.last_day
            if last is not None and (last - today).days > rule.longest:
                yield entry, f"ends on {last}, more than {rule.longest} days ahead"
    for entry in entries if rule.approved and not rule.asks else ():
        ticket = lines.words(entry).get("ticket")
        has = f"has ticket={ticket}" if ticket else "has no ticket="
        yield entry, f"{has}, and may stand here with one such as {', '.join(rule.approved)} alone"


def _of_required(rule: Rule, entries: list[Entry], lines: Lines) -> Iterator[Said]:
    for entry in entries if rule.require else ():
        words = lines.words(entry)
        for key in rule.require:
            if not words.get(key):
                yield entry, f"has no {key}=, which a line must have here"


def _of_lists(rule: Rule, entries: list[Entry], allowed: AllowSet) -> Iterator[Said]:
    """Whom lists are for, and may not be for."""
    from .clients import are_for

    may = f"may be for {', '.join(rule.clients)} alone"
    for entry in entries if rule.clients else ():
        clients = allowed.clients.get(entry.source)
        if clients is None:
            yield entry, f"is for every workload, and {may}"
        for client in sorted(clients or ()):
            if not are_for(rule.clients, client):
                yield entry, f"is for {client}, and {may}"

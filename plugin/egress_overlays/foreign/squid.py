"""Squid: `acl NAME dstdomain` and `ssl::server_name` of squid.conf, where http_access allows or ssl_bump splices it.

`.name` matches the apex and everything below it, as ours does; a name without the dot itself alone (Squid, acl). The
first http_access line whose conditions all hold decides; where none does, the opposite of the last one (http_access).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .source import Carried, Note, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = ("dstdomain", "ssl::server_name")
_PATTERNS = ("dstdom_regex", "ssl::server_name_regex")
_PASSES = ("splice", "bump", "client-first", "server-first", "allow")


class _Acl(NamedTuple):
    kind: str
    values: list[tuple[str, int]]


class _Rule(NamedTuple):
    """A line `http_access` or `ssl_bump`: the first word after it, and the conditions."""

    line: int
    directive: str
    action: str
    conditions: list[str]

    def __str__(self) -> str:
        return " ".join([self.directive, self.action, *self.conditions])


def matches(source: Source) -> bool:
    """Whether the file has acl lines."""
    return any(line.split()[:1] in (["acl"], ["http_access"], ["ssl_bump"]) for line in source.lines)


def read(source: Source) -> Iterator[Carried | Note]:
    """The names of the ACLs that pass; of all of them where no line says which."""
    acls: dict[str, _Acl] = {}
    rules: list[_Rule] = []
    for number, words in _statements(source):
        if words[0] == "acl" and len(words) > 2:
            found = acls.setdefault(words[1], _Acl(words[2].lower(), []))
            found.values.extend((word, at) for word, at in _values(source, words[3:], number))
        elif words[0] in ("http_access", "ssl_bump") and len(words) > 1:
            rules.append(_Rule(number, words[0], words[1], words[2:]))
        elif words[0] == "include":
            yield source.note(f"{' '.join(words)}: not read; import that file too", number)
    for name, acl in acls.items():
        if acl.kind in _PATTERNS or (not rules and acl.kind not in _NAMES):
            what = "regular expressions" if acl.kind in _PATTERNS else f"conditions of the kind {acl.kind}"
            yield source.note(
                f"acl {name}: {what} are not carried over; write the names", acl.values[0][1] if acl.values else 0
            )
    reading = _Reading(source, acls)
    for directive in ("http_access", "ssl_bump"):
        yield from reading.rules([rule for rule in rules if rule.directive == directive])
    for name in acls if not rules else reading.passing:
        if acls[name].kind in _NAMES:
            yield from reading.names(name)


def _statements(source: Source) -> Iterator[tuple[int, list[str]]]:
    """The words of every line with the number of its first; one that ends in a backslash goes on in the next."""
    text, start = "", 0
    for number, line in enumerate([*source.lines, ""], 1):
        start = start or number
        text += " " + line.rstrip("\r")
        if line.rstrip("\r").endswith("\\") and not text.lstrip().startswith("#"):
            text = text[:-1]
            continue
        words = text.partition("#")[0].split()
        if words:
            yield start, words
        text, start = "", 0


def _values(source: Source, words: list[str], start: int) -> Iterator[tuple[str, int]]:
    for word in words:
        if not word.startswith("-"):
            yield word, source.line_of(word, start - 1) or start


class _Reading:
    """What the rules come to: `passing` are the ACLs of names that they let through, in order."""

    def __init__(self, source: Source, acls: dict[str, _Acl]) -> None:
        self.source = source
        self.acls = acls
        self.passing: dict[str, list[str]] = {}  # with the names that rules before denied
        self.denied: list[str] = []

    def is_list(self, condition: str) -> bool:
        """Whether a condition, `!` before it or not, is an ACL of names."""
        return condition.lstrip("!") in self.acls and self.acls[condition.lstrip("!")].kind in _NAMES

    def rules(self, rules: list[_Rule]) -> Iterator[Note]:
        """Follow `rules` of one directive, in order; notes for what names do not say."""
        only: list[str] = []
        end: _Rule | None = None
        for rule in rules:
            if end is not None:
                yield self.source.note(f"{rule}: comes after {end}, and so decides nothing: left out", rule.line)
                continue
            said = self._pass(rule, only) if rule.action in _PASSES else self._deny(rule, only)
            if said:
                yield self.source.note(f"{rule}: {said}", rule.line)
            if rule.conditions == ["all"] and rule.action not in ("peek", "stare"):
                end = rule
        if rules and end is None and rules[-1].action == "deny":
            if only:
                self._add(only)
            else:
                words = "is the last, so that Squid lets every other name through; that is not carried over"
                yield self.source.note(f"{rules[-1]}: {words}", rules[-1].line)

    def _add(self, lists: list[str]) -> None:
        for name in lists:
            self.passing.setdefault(name, list(self.denied))

    def _pass(self, rule: _Rule, only: list[str]) -> str:
        lists = [one for one in rule.conditions if self.is_list(one)]
        others = [one for one in rule.conditions if one not in lists and one != "all"]
        if any(one.startswith("!") for one in lists):
            return "allows all but a list; that is not carried over"
        if rule.directive == "ssl_bump" and not lists and not others:
            return "" if rule.action == "splice" else "what Squid does inside of TLS is not carried over"
        if not lists and not only:
            what = "lets every name through" if not others else f"{self._kinds(others)} is no list of names"
            return f"{what}; that is not carried over"
        self._add(lists or only)
        if rule.directive == "ssl_bump":
            return "its names are carried over, whatever http_access says of them and whatever is done inside of TLS"
        if len(lists) > 1:
            return "wants all of these lists at once; what one of them has is carried over, and wider"
        return f"the conditions {' '.join(others)} are not carried over" if others else ""

    def _deny(self, rule: _Rule, only: list[str]) -> str:
        lists = [one for one in rule.conditions if self.is_list(one)]
        if rule.conditions == ["all"]:
            cut = "cuts what no ssl_bump line before let through; names that http_access allows are carried over anyway"
            return cut if rule.directive == "ssl_bump" and rule.action == "terminate" else ""
        if rule.action == "deny" and lists == rule.conditions and len(lists) == 1 and lists[0].startswith("!"):
            # It closes everything else, and leaves the list to the rules that follow.
            only.append(lists[0][1:])
            return ""
        if lists and lists == rule.conditions and len(lists) == 1:
            self.denied += [value for value, _ in self.acls[lists[0]].values]
        if rule.directive == "ssl_bump" and rule.action in ("peek", "stare", "none"):
            return "what Squid looks at inside of TLS is not carried over"
        if lists and not lists[0].startswith("!"):
            return "a deny rule is not carried over; what is not listed is denied"
        return f"a deny rule by {self._kinds(rule.conditions)} is not carried over"

    def _kinds(self, conditions: list[str]) -> str:
        kinds = [(one, self.acls.get(one.lstrip("!"))) for one in conditions]
        return ", ".join(f"{one} ({acl.kind if acl else 'not defined here'})" for one, acl in kinds) or "nothing"

    def names(self, name: str) -> Iterator[Carried | Note]:
        """The names of an ACL, but for those that a rule denied."""
        for value, line in self.acls[name].values:
            by = next((one for one in self.passing.get(name, ()) if _covers(one, value)), None)
            if value.startswith('"'):
                yield self.source.note(f"acl {name}: the file {value} is not read; import it too", line)
            elif by is not None:
                yield self.source.note(f"acl {name}: {value} is denied by {by} of a deny rule: left out", line)
            else:
                yield Carried(value, name, line)


def _covers(listed: str, value: str) -> bool:
    return listed.lower() == value.lower() or (
        listed.startswith(".") and ("." + value.lower().lstrip(".")).endswith(listed.lower())
    )

"""Patterns of names as sets: what covers what, what two lists share, what the first rule that matches decides.

A pattern is a name, `*.name` for everything below it, or EVERYTHING.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .found import Carried, Denied, Found, Place, left

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

EVERYTHING = "*"


def plain(name: str) -> str:
    """`name` as it is compared: in lower case, without a trailing dot."""
    return name.lower().removesuffix(".")


def parts(name: str) -> tuple[str, ...]:
    """The patterns that a line of a list stands for: two for `.name`."""
    bare = plain(name)
    return (bare[1:], "*" + bare) if bare[:1] == "." else (bare,)


def covers(pattern: str) -> Iterator[str]:
    """`pattern`, and every wildcard that covers all of it, the narrowest first."""
    yield pattern
    dot = pattern.find(".", 2 if pattern[:2] == "*." else 0)
    while dot != -1:
        yield "*" + pattern[dot:]
        dot = pattern.find(".", dot + 1)
    if pattern != EVERYTHING:
        yield EVERYTHING


def is_within(pattern: str, patterns: Iterable[str]) -> bool:
    """Whether one of `patterns`, a set where it is large, covers all of `pattern`."""
    known = patterns if isinstance(patterns, (set, frozenset, dict)) else set(patterns)
    return any(one in known for one in covers(pattern))


def meet(one: Iterable[str], other: Iterable[str]) -> set[str]:
    """The patterns that stand for what is in both."""
    mine, theirs = set(one), set(other)
    return {name for name in mine if is_within(name, theirs)} | {name for name in theirs if is_within(name, mine)}


class Rule(NamedTuple):
    """A rule on `name`, a line of a list: it allows `carried`, or denies where that is None."""

    name: str
    place: Place
    carried: Carried | None = None


def allow(carried: Carried) -> Rule:
    """The rule that allows a name."""
    return Rule(carried.name, carried.place, carried)


def most_specific_first(rules: Iterable[Rule]) -> list[Rule]:
    """`rules` in the order in which Envoy and Nginx ask them: exact names, then wildcards, the longest first.

    Of two rules on one name the denial comes first.
    """
    split = [
        Rule(
            part,
            rule.place,
            rule.carried._replace(name=part) if rule.carried and len(parts(rule.name)) > 1 else rule.carried,
        )
        for rule in rules
        for part in parts(rule.name)
    ]
    return sorted(
        split, key=lambda rule: (rule.name[:1] == "*", -rule.name.count("."), -len(rule.name), rule.carried is not None)
    )


def decided(rules: Sequence[Rule], holes: Iterable[Denied] = ()) -> Iterator[Found]:
    """What the first rule that matches decides, where none denies: names that are open, and denials below wildcards.

    A name that an earlier rule denies is left out. `holes` are closed besides.
    """
    denied: dict[str, int] = {}
    allowed: dict[str, int] = {}
    for at, rule in enumerate(rules):
        for part in parts(rule.name):
            (allowed if rule.carried else denied).setdefault(part, at)
    last: dict[str, int] = {}
    among = object()
    for at, rule in enumerate(rules):
        if rule.carried is None:
            continue
        open_parts = []
        for part in parts(rule.name):
            by = next((one for one in covers(part) if denied.get(one, at) < at), None)
            if by is None or _is_before(part, allowed, denied[by]):
                open_parts.append(part)
                last[part] = at
            else:
                yield left(rule.place, f'"{part}" is denied by "{by}" (line {rules[denied[by]].place.line})', part)
        whole = len(open_parts) == len(parts(rule.name))
        for name in [rule.carried.name] if whole else open_parts:
            yield rule.carried._replace(name=name, among=among)
    for part, at in denied.items():
        below = next((one for one in covers(part) if last.get(one, -1) > at), None)
        if below is not None and not _is_before(part, allowed, at):
            yield Denied(part, below, rules[at].place, among)
    yield from (hole._replace(among=among) for hole in holes)


def denying(pattern: str, allowed: Container[str], denied: Container[str]) -> str:
    """What of `denied` closes `pattern`, where no narrower one of `allowed` opens it; empty where nothing does."""
    for one in covers(pattern):
        if one in allowed:
            return ""
        if one in denied:
            return one
    return ""


def _is_before(part: str, rules: dict[str, int], at: int) -> bool:
    """Whether a rule before the one at `at` is for all of `part`."""
    return any(rules.get(one, at) < at for one in covers(part))


def joined(found: Iterable[Found]) -> Iterator[Found]:
    """`found`, in which a name and the wildcard below it, of one line, are that line again: `.name`."""
    everything = list(found)
    carried = {(one.place, one.name) for one in everything if isinstance(one, Carried)}
    for one in everything:
        if not isinstance(one, Carried):
            yield one
        elif one.name[:2] == "*." and (one.place, one.name[2:]) in carried:
            yield one._replace(name=one.name[1:])
        elif (one.place, "*." + one.name) not in carried:
            yield one


# What may stand before a name in an expression: for the name and everything below it, or for what is below it alone.
_WITHIN = {".": (r"(^|\.)", r"(?:^|\.)"), "*.": (r".*\.", r".+\.", r"\.")}
_WHOLE = {
    ".": (r"(.+\.)?", r"(?:.+\.)?", r"(.*\.)?", r"(?:.*\.)?"),
    "*.": (r"[^.].*\.", r"(.*)\.", r"(.+)\.", r".*\.", r".+\."),
}


def of_regex(expression: str, *, anchored: bool = False) -> str:
    """The line of a list that means just what the regular `expression` does; empty where none does.

    `anchored`: the whole name has to match anyway.
    """
    if not (anchored or expression.endswith("$")):
        return ""
    body = expression.removesuffix("$").replace("[.]", r"\.")
    is_whole = anchored or body.startswith("^")
    body = body.removeprefix("^")
    for line, starts in (_WHOLE if is_whole else _WITHIN).items():
        for start in starts:
            name = _literal(body[len(start) :]) if body.startswith(start) else ""
            if name:
                return line + name
    return _literal(body) if is_whole else ""


def _literal(expression: str) -> str:
    """The name that `expression` spells out; empty where it is no such thing."""
    name = expression.replace(r"\.", ".").replace(r"\-", "-")
    is_plain = bool(re.fullmatch(r"(?:[A-Za-z0-9-]|\\[.-])+", expression))
    return name.lower() if is_plain and "." in name and name[0] not in ".-" and name[-1] not in ".-" else ""

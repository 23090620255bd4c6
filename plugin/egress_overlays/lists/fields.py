"""Whose a name is, why, and until when: the fields that a comment begins with, and their defaults on the ConfigMap.

`api.stripe.com  # owner=payments ticket=NET-12 until=2027-03-31 card payments`. Nothing here knows what day it is: a
build gives the same on every day.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from ..manifest.findings import ERROR, WARNING, Finding, fault_of
from ..manifest.nearness import nearest
from ..manifest.resource import DEFAULTS, PREFIX, is_default
from ..names.domain import ascii_quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..manifest.resource import Resource

KEYS = (*DEFAULTS, "allow")
_WORD = re.compile(r"\S+")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_OTHER_DAYS = (
    re.compile(r"(?P<y>\d{4})[-/.]?(?P<m>\d\d?)[-/.]?(?P<d>\d\d?)"),
    re.compile(r"(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?P<y>\d{4})"),
)
_MARKS = "\"'`,;"


class Fields(NamedTuple):
    """The fields of a name; `text` is the comment without them.

    `allow` is a rule of `verify` that is accepted for this line, as `ticket` says, up to `until`; without it, `until`
    is the last day of the name itself.
    """

    owner: str = ""
    ticket: str = ""
    until: date | None = None
    allow: str = ""
    text: str = ""

    @property
    def last_day(self) -> date | None:
        """The last day of the name itself."""
        return None if self.allow else self.until


class BadField(NamedTuple):
    """A word of a comment that is a field and cannot be read: why, and what was meant, "" where nobody can tell."""

    word: str
    reason: str
    proposal: str = ""


def read(comment: str) -> tuple[Fields, list[BadField]]:
    """The fields that `comment` begins with, and those that cannot be read; words that are none end them."""
    found: dict[str, str] = {}
    bad: list[BadField] = []
    for match in _WORD.finditer(comment):
        word = match[0]
        key, equals, value = word.partition("=")
        meant = nearest(key, KEYS) if equals else ""
        if not meant:
            return _fields(found, comment[match.start() :]), bad
        fault = _fault(key, meant, value, found)
        if fault is not None:
            bad.append(BadField(word, *fault))
        else:
            found[key] = value
    return _fields(found, ""), bad


def _fields(found: dict[str, str], text: str) -> Fields:
    until = date.fromisoformat(found["until"]) if "until" in found else None
    return Fields(found.get("owner", ""), found.get("ticket", ""), until, found.get("allow", ""), text)


def _fault(key: str, meant: str, value: str, found: dict[str, str]) -> tuple[str, str] | None:
    """What is wrong with a field, and the field as it may have been meant."""
    if key in found:
        return f"is the second {key}=", ""
    fault = _of_value(meant, value)
    proposal = f"{meant}={fault[1] if fault else value}" if not fault or fault[1] else ""
    if key != meant:
        return f"is near to {meant}=", proposal
    return (fault[0], proposal) if fault else None


def _of_value(key: str, value: str) -> tuple[str, str] | None:
    if not value:
        return "has no value, which begins right after =", ""
    if key != "until":
        bare = value.strip(_MARKS)
        return ("holds a quote, comma or semicolon", bare) if any(mark in value for mark in _MARKS) else None
    if not _DAY.fullmatch(value):
        return "is no YYYY-MM-DD", _day(value)
    try:
        date.fromisoformat(value)
    except ValueError:
        return "is no day of the calendar", ""
    return None


def _day(value: str) -> str:
    for form in _OTHER_DAYS:
        match = form.fullmatch(value.strip(_MARKS))
        if match:
            try:
                return date(int(match["y"]), int(match["m"]), int(match["d"])).isoformat()
            except ValueError:
                return ""
    return ""


def of(comment: str, source: Resource, group: str) -> Fields:
    """The fields of a name in `group` of `source`: those of its comment, then of its group, then of its ConfigMap."""
    own, _ = read(comment)
    found: dict[str, Any] = {}
    for key in DEFAULTS:
        if getattr(own, key) or (own.allow and key != "owner"):
            continue
        for name in (f"{key}.{group}", key):
            value = str(source.annotations.get(PREFIX + name, "")).strip()
            if value and not _of_value(key, value):
                found[key] = date.fromisoformat(value) if key == "until" else value
                break
    return own._replace(**found)


def faults_of_line(source: Resource, group: str, line: int, comment: str, *, has_name: bool) -> Iterator[Finding]:
    """The fields of a comment that cannot be read, or stand on a line that they say nothing of."""
    fields, bad = read(comment)
    for one in bad:
        wanted = f"write {one.proposal}" if one.proposal else f"fields are {', '.join(f'{key}=' for key in KEYS)}"
        if one.reason.endswith("YYYY-MM-DD") and not one.proposal:
            wanted = "write until=YYYY-MM-DD"
        message = f"{ascii_quoted(one.word)} {one.reason}; {wanted}"
        more: dict[str, Any] = {"group": group, "line": line, "value": one.word, "proposal": one.proposal}
        yield Finding(ERROR, message, rule="field", resource=source, **more)
    if not has_name and (fields._replace(text="") != Fields()):
        message = (
            f"{ascii_quoted(comment)} stands on a line without a name, and is for none; write it on the line of each "
            f"name, or once as an annotation: {PREFIX}owner, or {PREFIX}owner.{group} for this group"
        )
        yield Finding(WARNING, message, rule="field", resource=source, group=group, line=line, value=comment)


def faults_of_defaults(source: Resource) -> Iterator[Finding]:
    """Annotations with defaults that cannot be read, or are for a group that is not there."""
    groups = source.value.get("data") or {}
    for annotation, value in source.annotations.items():
        if not is_default(str(annotation)):
            continue
        key, dot, group = str(annotation).removeprefix(PREFIX).partition(".")
        if dot and group not in groups:
            message = (
                f"is for a group {ascii_quoted(group)}, and there is none; groups are {', '.join(map(str, groups))}"
            )
            yield fault_of(source, f"the annotation {annotation} {message}", "field")
        fault = _of_value(key, str(value).strip()) if isinstance(value, str) else ("must be text in quotes", "")
        if fault:
            wanted = f"; write {fault[1]}" if fault[1] else "; write YYYY-MM-DD" if key == "until" else ""
            message = f"the annotation {annotation}: {ascii_quoted(str(value))} {fault[0]}{wanted}"
            yield fault_of(source, message, "field")

"""Whose a name is, why, and until when: the fields that a comment begins with, and their defaults on the ConfigMap.

`api.stripe.com  # owner=payments ticket=NET-12 until=2027-03-31 card payments`. Nothing here knows what day it is: a
build gives the same on every day.
"""

from __future__ import annotations

from ..manifest.findings import ERROR, WARNING, Finding, fault_of
from ..manifest.resource import DEFAULTS, PREFIX, is_default
from ..names.domain import ascii_quoted

# The function starts with it where a list has fields: no typing, re or datetime before they are needed.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from typing import Any

    from ..manifest.resource import Resource

KEYS = (*DEFAULTS, "allow")
ACCEPTING = "egress-overlays: allow"
"""How a comment accepts a finding where it does not by its fields: this, RULE TICKET until YYYY-MM-DD."""
_MOST = len(KEYS) + 1  # words that are looked at: the one after all fields is prose, or a second time one of them
_MARKS = "\"'`,;"


class Fields:
    """The fields of a name; `text` is the comment without them.

    `allow` is a rule of `verify` that is accepted for this line, as `ticket` says, up to `until`; without it, `until`
    is the last day of the name itself.
    """

    __slots__ = ("allow", "owner", "text", "ticket", "until")

    def __init__(
        self, owner: str = "", ticket: str = "", until: date | None = None, allow: str = "", text: str = ""
    ) -> None:
        self.owner = owner
        self.ticket = ticket
        self.until = until
        self.allow = allow
        self.text = text

    def __bool__(self) -> bool:
        return bool(self.owner or self.ticket or self.until or self.allow)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fields) and all(getattr(self, key) == getattr(other, key) for key in self.__slots__)

    def __hash__(self) -> int:
        return hash((self.owner, self.ticket, self.until, self.allow, self.text))

    def __repr__(self) -> str:
        return f"Fields({', '.join(f'{key}={getattr(self, key)!r}' for key in self.__slots__)})"

    @property
    def last_day(self) -> date | None:
        """The last day of the name itself."""
        return None if self.allow else self.until


class BadField:
    """A word of a comment that is a field and cannot be read: why, and what was meant, "" where nobody can tell."""

    __slots__ = ("proposal", "reason", "word")

    def __init__(self, word: str, reason: str, proposal: str) -> None:
        self.word = word
        self.reason = reason
        self.proposal = proposal


def read(comment: str) -> tuple[Fields, list[BadField]]:
    """The fields that `comment` begins with, and those that cannot be read; words that are none end them."""
    found: dict[str, str] = {}
    bad: list[BadField] = []
    rest = comment
    while rest := rest.lstrip():
        word = rest.split(maxsplit=1)[0]
        key, equals, value = word.partition("=")
        meant = _meant(key) if equals else ""
        if not meant:
            break
        rest = rest[len(word) :]
        fault = _fault(key, meant, value, found)
        if fault is not None:
            bad.append(BadField(word, *fault))
        else:
            found[key] = value
    return _fields(found, rest), bad


def words(comment: str) -> dict[str, str]:
    """The fields that `comment` begins with, as they are written, where none of them is a fault."""
    found: dict[str, str] = {}
    for word in comment.split(None, _MOST)[:_MOST]:
        key, equals, value = word.partition("=")
        if not equals or key not in KEYS:
            break
        found.setdefault(key, value)
    return found


def accepts(comment: str, rule: str) -> bool:
    """Whether `comment` accepts findings of `rule`, for a ticket and until a day; `verify` judges that day."""
    if f"{ACCEPTING} {rule} " in comment:
        return " until " in comment
    found = words(comment)
    return found.get("allow") == rule and "ticket" in found and "until" in found


def are_plain(comment: str) -> bool:
    """Whether there is nothing to say against the fields of `comment`, by a look that needs no calendar.

    Where it is False, `read` knows.
    """
    seen: set[str] = set()
    for word in comment.split(None, _MOST)[:_MOST]:
        key, equals, value = word.partition("=")
        if not equals:
            return True
        if key not in KEYS or key in seen:
            return False
        seen.add(key)
        if key == "until":
            if not _is_plain_day(value):
                return False
        elif not value.replace("-", "").isalnum():
            return False
    return True


def _is_plain_day(value: str) -> bool:
    """Whether `value` is a day of the calendar, as up to the 28th every day of a month is."""
    year, month, day = value[:4], value[5:7], value[8:]
    is_shaped = len(value) == 10 and value[4] == value[7] == "-" and value.isascii() and (year + month + day).isdigit()
    return is_shaped and "01" <= month <= "12" and "01" <= day <= "28" and year != "0000"


def _fields(found: dict[str, str], text: str) -> Fields:
    until = _date(found["until"]) if "until" in found else None
    return Fields(found.get("owner", ""), found.get("ticket", ""), until, found.get("allow", ""), text)


def _date(value: str) -> date:
    from datetime import date

    return date.fromisoformat(value)


def _meant(key: str) -> str:
    """The key that `key` is, or is one letter off from; empty for prose."""
    if key in KEYS:
        return key
    from ..manifest.nearness import nearest

    return nearest(key, KEYS)


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
    year, month, day = value.split("-") if value.count("-") == 2 else ("", "", "")
    if not (value.isascii() and (len(year), len(month), len(day)) == (4, 2, 2) and (year + month + day).isdigit()):
        return "is no YYYY-MM-DD", _day(value)
    try:
        _date(value)
    except ValueError:
        return "is no day of the calendar", ""
    return None


def fault_of_day(value: object) -> tuple[str, str] | None:
    """What is wrong with a last day, and the day as it may have been meant; None where it is one."""
    return _of_value("until", value) if isinstance(value, str) else ("must be text in quotes", "")


def _day(value: str) -> str:
    """The day that another way of writing it means; empty where it is none."""
    import re
    from datetime import date

    for form in (r"(?P<y>\d{4})[-/.]?(?P<m>\d\d?)[-/.]?(?P<d>\d\d?)", r"(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?P<y>\d{4})"):
        match = re.fullmatch(form, value.strip(_MARKS))
        if match:
            try:
                return date(int(match["y"]), int(match["m"]), int(match["d"])).isoformat()
            except ValueError:
                return ""
    return ""


def defaults_of(source: Resource, group: str) -> dict[str, str]:
    """The defaults that `source` has for the names of `group`, as they are written."""
    found = {}
    for key in DEFAULTS if any(is_default(str(one)) for one in source.annotations) else ():
        for name in (f"{key}.{group}", key):
            value = str(source.annotations.get(PREFIX + name, "")).strip()
            if value and not _of_value(key, value):
                found[key] = value
                break
    return found


def of(comment: str, source: Resource, group: str) -> Fields:
    """The fields of a name in `group` of `source`: those of its comment, then of its group, then of its ConfigMap."""
    own, _ = read(comment)
    for key, value in defaults_of(source, group).items():
        if not getattr(own, key) and (key == "owner" or not own.allow):
            setattr(own, key, _date(value) if key == "until" else value)
    return own


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
    if not has_name and fields:
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

"""The lines of squid.conf that say which names pass: `acl`, `http_access`, `ssl_bump`, `include`, and list files."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .found import Place
from .names import of_regex
from .ports import HTTPS, holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .files import File, Input

NAMES = ("dstdomain", "ssl::server_name")
EXPRESSIONS = ("dstdom_regex", "ssl::server_name_regex")
_OTHER_PROTOCOLS = ("cache_object", "ftp", "urn", "wais", "gopher", "whois", "http")
_DEEPEST = 10

# What Squid itself defines, asked of a CONNECT to port 443 of a public name (Squid, acl; squid.conf.documented).
_BUILT_IN = {"all": True, "CONNECT": True, "manager": False, "to_localhost": False, "to_linklocal": False}


class Name(NamedTuple):
    """A value of an ACL of names, as our lists write it; what cannot be written so has a `fault` instead."""

    line: str
    place: Place
    fault: str = ""
    proposal: str = ""
    comment: str = ""


class Acl(NamedTuple):
    """An ACL: its kind, its values, and those that are names."""

    name: str
    kind: str
    values: list[str]
    names: list[Name]
    place: Place

    @property
    def is_list(self) -> bool:
        """Whether it is a list of names."""
        return self.kind in NAMES or self.kind in EXPRESSIONS


class Line(NamedTuple):
    """A line `http_access` or `ssl_bump`: the action, the conditions, and where it stands."""

    directive: str
    action: str
    conditions: list[str]
    place: Place

    def __str__(self) -> str:
        return " ".join([self.directive, self.action, *self.conditions])


class Settings:
    """The ACLs by name, the lines in order, and the files that were named and are not there."""

    def __init__(self, file: File, given: Input) -> None:
        self.acls: dict[str, Acl] = {}
        self.lines: list[Line] = []
        self.missing: list[tuple[str, Place]] = []
        self._given = given
        self._read(file, 0)

    def holds(self, condition: str) -> bool | None:
        """Whether `condition` holds for a CONNECT to port 443 of a name; None where that depends on more."""
        name = condition.removeprefix("!")
        acl = self.acls.get(name)
        found = _BUILT_IN.get(name) if acl is None else _constant(acl)
        return found if found is None or not condition.startswith("!") else not found

    def names(self, condition: str) -> list[Name] | None:
        """The names of a condition that is a list, or any of several lists; None for every other one."""
        acl = self.acls.get(condition.removeprefix("!"))
        if acl is None:
            return None
        if acl.kind == "any-of":
            lists = [self.names(one) for one in acl.values if not one.startswith("!")]
            known = [one for one in lists if one is not None]
            return [name for one in known for name in one] if len(known) == len(acl.values) else None
        return acl.names if acl.is_list else None

    def kind(self, condition: str) -> str:
        """A condition in words."""
        acl = self.acls.get(condition.removeprefix("!"))
        what = acl.kind if acl else "src" if condition.removeprefix("!") == "localhost" else "not defined here"
        return f"{condition} ({what})"

    def _read(self, file: File, depth: int) -> None:
        for words in _statements(file):
            first, place = words[0]
            rest = [word for word, _ in words[1:]]
            if first == "acl" and len(rest) > 1:
                acl = self.acls.setdefault(rest[0], Acl(rest[0], rest[1].lower(), [], [], place))
                for value, at, comment in self._values(words[3:], file):
                    acl.values.append(value)
                    if acl.is_list:
                        acl.names.append(_name(acl.kind, value, at)._replace(comment=comment))
            elif first in ("http_access", "ssl_bump") and rest:
                self.lines.append(Line(first, rest[0], rest[1:], place))
            elif first == "include" and depth < _DEEPEST:
                for name in rest:
                    found = self._given.take(name, file)
                    if found is not None:
                        self._read(found, depth + 1)
                    else:
                        self.missing.append((f"include {name}", place))

    def _values(self, words: Iterable[tuple[str, Place]], file: File) -> Iterator[tuple[str, Place, str]]:
        """The values of an ACL, those of the files that it names among them."""
        for word, place in words:
            if word[:1] in ("'", '"'):
                found = self._given.take(word.strip("\"'"), file)
                if found is None:
                    yield word, place, ""
                    continue
                for number, line in enumerate(found.lines, 1):
                    values, _, comment = line.partition("#")
                    for value in values.split():
                        yield value, found.place(number), comment.strip(" \t\r")
            elif not word.startswith("-"):
                yield word, place, ""


def _constant(acl: Acl) -> bool | None:
    """What an ACL says of every CONNECT to port 443."""
    values = [value.lower() for value in acl.values]
    if acl.kind == "port":
        return any(holds(value, "-", HTTPS) for value in values)
    if acl.kind == "method":
        return "connect" in values
    if acl.kind == "proto":
        return False if all(value in _OTHER_PROTOCOLS for value in values) else None
    if acl.kind == "at_step":
        return True
    return True if acl.kind == "src" and set(values) & {"all", "0.0.0.0/0", "::/0"} else None


def _name(kind: str, value: str, place: Place) -> Name:
    if value[:1] in ("'", '"'):
        return Name("", place, f"the file {value} is not read; import it too")
    if kind in EXPRESSIONS:
        line = of_regex(value)
        return Name(line, place, "" if line else f"{value}: this expression is no name and no suffix; write the names")
    if "*" in value:
        proposal = "." + value[2:] if value.startswith("*.") and "*" not in value[2:] else ""
        return Name("", place, f"{value}: Squid takes * for a letter, so that it matches nothing", proposal)
    return Name(value, place)


def _statements(file: File) -> Iterator[list[tuple[str, Place]]]:
    """The words of every line, each with its place; one that ends in a backslash goes on in the next."""
    words: list[tuple[str, Place]] = []
    for number, line in enumerate(file.lines, 1):
        text = line.rstrip("\r")
        goes_on = text.endswith("\\") and not text.lstrip().startswith("#")
        place = file.place(number)
        words += [(word, place) for word in text.removesuffix("\\" if goes_on else "").partition("#")[0].split()]
        if words and not goes_on:
            yield words
            words = []
    if words:
        yield words

"""The parts of an Nginx configuration that say where a TLS connection goes: maps, upstreams, servers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .files import Unreadable
from .found import Found, Place, left, wider
from .names import covers, of_regex, parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import File, Input

NAME = "$ssl_preread_server_name"
_TOKEN = re.compile(r"""#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};\n]|[^\s{};]+""", re.DOTALL)
_VARIABLE = re.compile(r"\$\w+")
_DEEPEST = 10  # maps that lead on to maps, and files that include files
_LOOPBACK = re.compile(r"(?:127\.\d+\.\d+\.\d+|\[::1?\]|localhost|0\.0\.0\.0)(?::(\d+))?")


class Directive(NamedTuple):
    """One directive: its words, those of its block, and where it stands."""

    words: list[str]
    within: list[Directive]
    place: Place

    @property
    def name(self) -> str:
        """Its first word."""
        return self.words[0]


class Entry(NamedTuple):
    """A line of a map: `name` as our lists write the key, or the `refusal` where they cannot."""

    key: str
    value: str
    place: Place
    name: str
    refusal: str


class Map(NamedTuple):
    """A map from `source` to `variable`.

    `known` finds an entry by its key, in a map of names by its pattern; `expressions` are asked after those, in order.
    """

    source: str
    variable: str
    place: Place
    entries: list[Entry]
    known: dict[str, Entry]
    expressions: list[Entry]

    def value(self, text: str) -> str | None:
        """What `text`, a pattern of names or a value of another map, is mapped to; None where that cannot be told."""
        asked = list(covers(text.lower())) if self.source == NAME else [text.lower()]
        found = next((self.known[one] for one in asked if one in self.known), None)
        for entry in self.expressions if found is None else ():
            if self.source == NAME:
                if entry.name and any(one in asked for one in parts(entry.name)):
                    return entry.value
            else:
                try:
                    matched = re.search(entry.key.lstrip("~*"), text, re.IGNORECASE if entry.key[1:2] == "*" else 0)
                except re.error:
                    return None
                if matched:
                    return entry.value
        found = found or self.known.get("default")
        return found.value if found else ""


class Config:
    """What a configuration says: `maps` by variable, `passes` (targets of proxy_pass), who listens, `notes`.

    Targets in `blind` stand where no name is read from the handshake, or nobody may connect.
    """

    def __init__(self) -> None:
        self.maps: dict[str, Map] = {}
        self.passes: dict[str, Place] = {}
        self.upstreams: dict[str, list[str]] = {}
        self.listening: set[str] = set()
        self.has_pass = False
        self.blind: dict[str, Place] = {}
        self.limits: list[tuple[str, Place]] = []
        self.notes: list[Found] = []

    def used_by(self, target: str, depth: int = 0) -> list[str]:
        """The variables of maps that decide what `target` is."""
        found: dict[str, None] = {}
        for variable in _VARIABLE.findall(target):
            if variable in self.maps and depth < _DEEPEST:
                found[variable] = None
                found |= dict.fromkeys(self.used_by(self.maps[variable].source, depth + 1))
                for entry in self.maps[variable].entries:
                    if "$" in entry.value:
                        found |= dict.fromkeys(self.used_by(entry.value, depth + 1))
        return list(found)

    def resolve(self, text: str, key: str, depth: int = 0) -> str | None:
        """`text` for the names that `key` stands for, its variables replaced; None where that has no end."""
        if depth > _DEEPEST:
            return None
        for variable in dict.fromkeys(_VARIABLE.findall(text)):
            if variable in self.maps:
                source = self.maps[variable].source
                asked = key if source == NAME else self.resolve(source, key, depth + 1)
                value = None if asked is None else self.maps[variable].value(asked)
                value = None if value is None else self.resolve(value, key, depth + 1)
                if value is None:
                    return None
                text = re.sub(re.escape(variable) + r"(?!\w)", value.replace("\\", r"\\"), text)
        only = self.upstreams.get(text, [])
        return only[0] if len(only) == 1 else text

    def is_closed(self, target: str) -> bool:
        """Whether nobody answers at `target`, as far as this configuration knows: nothing listens there."""
        if target in self.upstreams:
            return all(self.is_closed(one) for one in self.upstreams[target])
        host = target.rpartition(":")[0] if re.search(r":\d+$", target) else target
        if host in ("", "0", "-", "off", "none", "deny", "denied", "blocked", "reject") or target in (
            "1",
            "false",
            "no",
        ):
            return True
        if target.startswith("unix:"):
            return target not in self.listening
        found = _LOOPBACK.fullmatch(target)
        return found is not None and (found[1] or "443") not in self.listening

    def clients(self) -> Iterator[Found]:
        """What limits the clients by address, which names do not say."""
        for words, place in self.limits:
            yield wider(place, f"{words}: limits who may connect; the list is every workload's")


def read_config(files: Sequence[File], given: Input) -> Config:
    """The configuration in `files`, which belong together."""
    config = Config()
    tree = [one for file in files for one in _parsed(file)]
    tree = list(_included(tree, {file.key: file for file in files}, given, config, 0))
    for one in tree:
        _read(one, config, tree, preread=any(two.words[:2] == ["ssl_preread", "on"] for two in tree))
    return config


def _included(
    tree: Sequence[Directive], files: dict[str, File], given: Input, config: Config, depth: int
) -> Iterator[Directive]:
    """`tree` with the files that it includes in their place."""
    for one in tree:
        if one.name == "include" and len(one.words) > 1 and depth < _DEEPEST:
            found = given.take(one.words[1], next(iter(files.values())))
            if found is not None:
                yield from _included(_parsed(found), files, given, config, depth + 1)
            elif not one.words[1].endswith(("mime.types", "/*.conf")):
                config.notes.append(left(one.place, f"include {one.words[1]}: not read; import that file too"))
        else:
            yield one._replace(within=list(_included(one.within, files, given, config, depth)))


def _parsed(file: File) -> list[Directive]:
    """The directives of a file, those of blocks within these."""
    top = Directive([], [], file.place())
    stack = [top]
    words: list[str] = []
    line = start = 1
    column = at = 0
    for token in _TOKEN.finditer(re.sub(r"\$\{(\w+)\}", r"$\1", file.text)):
        part = token[0]
        if part == "\n" or part[0] == "#":
            line, at = (line + 1, token.end()) if part == "\n" else (line, at)
            continue
        if part not in ("{", "}", ";"):
            start, column = (start, column) if words else (line, token.start() - at + 1)
            words.append(part[1:-1] if part[0] in "\"'" else part)
            line += part.count("\n")
            continue
        if words:
            stack[-1].within.append(Directive(words, [], file.place(start, column)))
        if part == "{" and words:
            stack.append(stack[-1].within[-1])
        elif part == "}" and len(stack) > 1:
            stack.pop()
        words = []
    if len(stack) > 1:
        begun = stack[-1]
        raise Unreadable([f"{begun.place}: the block {begun.name} has no end; import the whole file"])
    return top.within


def _read(one: Directive, config: Config, around: Sequence[Directive], *, preread: bool) -> None:
    if one.name == "map" and len(one.words) > 2:
        config.maps[one.words[2]] = _map(one)
    elif one.name == "upstream" and len(one.words) > 1:
        servers = [two for two in one.within if two.name == "server" and len(two.words) > 1]
        config.upstreams[one.words[1]] = [two.words[1] for two in servers if "down" not in two.words] or [""]
    elif one.name == "proxy_pass" and len(one.words) > 1:
        config.has_pass = True
        limits = [two.words for two in around if two.name in ("allow", "deny")]
        if preread and limits[:1] != [["deny", "all"]]:
            config.passes.setdefault(one.words[1], one.place)
        else:
            config.blind.setdefault(one.words[1], one.place)
    elif one.name == "listen" and len(one.words) > 1:
        found = re.search(r"(\d+)$", one.words[1])
        config.listening.add(one.words[1] if one.words[1].startswith("unix:") else found[1] if found else "80")
    elif one.name in ("allow", "deny") and any(two.name == "proxy_pass" for two in around):
        if one.words[1:] not in (["all"], ["127.0.0.1"]):
            config.limits.append((" ".join(one.words), one.place))
    else:
        said = [two.words[1:2] == ["on"] for two in one.within if two.name == "ssl_preread"]
        on = said[-1] if said else preread
        for two in one.within:
            _read(two, config, one.within, preread=on)


def _map(one: Directive) -> Map:
    hostnames = any(entry.words == ["hostnames"] for entry in one.within)
    by_name = one.words[1] == NAME
    entries = [
        _entry(entry, hostnames=hostnames, by_name=by_name)
        for entry in one.within
        if entry.words[0] not in ("hostnames", "volatile")
    ]
    known: dict[str, Entry] = {}
    expressions = [entry for entry in entries if entry.key.startswith("~")]
    # A name written out goes before the one that `.name` stands for too.
    for entry in sorted(entries, key=lambda entry: entry.key[:1] == "."):
        if entry.key.startswith("~"):
            continue
        if entry.key == "default" or not by_name:
            known.setdefault(entry.key.removeprefix("\\").lower(), entry)
        elif not entry.refusal:
            for part in parts(entry.name):
                known.setdefault(part, entry)
    return Map(one.words[1], one.words[2], one.place, entries, known, expressions)


def _entry(one: Directive, *, hostnames: bool, by_name: bool) -> Entry:
    key, value = one.name, " ".join(one.words[1:])
    name, refusal = key.removeprefix("\\").lower(), ""
    if by_name and key != "default":
        if key.startswith("~"):
            name = of_regex(key.removeprefix("~").removeprefix("*"))
            if not name:
                refusal = f"{key}: a regular expression is not carried over but for names and suffixes; write the names"
        elif "*" in key.removeprefix("*."):
            refusal = f"{key}: a * at the end or inside is not carried over; write the names"
        elif key.startswith(("*.", ".")) and not hostnames:
            refusal = f"{key}: without hostnames; in the map Nginx compares it letter by letter: left out"
    return Entry(key, value, one.place, name, refusal)

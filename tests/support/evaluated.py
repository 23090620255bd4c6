"""Random lists of names, and the check of what `import` made of them against a format's own decision, host by host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from egress_overlays.names.domain import Domain
from egress_overlays.names.ports import pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from random import Random

    from egress_overlays import Imported

HOSTS = ["example.com", "a.example.com", "b.example.com", "x.a.example.com", "y.b.example.com", "example.org"]
NAME = st.sampled_from(["example.com", "a.example.com", "b.example.com", "x.a.example.com", "example.org"])
GLOB = st.builds("{}{}".format, st.sampled_from(["", "*."]), NAME)
DOTTED = st.builds("{}{}".format, st.sampled_from(["", "."]), NAME)
LISTS = st.lists(GLOB, max_size=3)


def check(found: Imported, decide: Callable[[str], bool], port: int = 443) -> None:
    """Nothing is open at a port that `decide` denies, but for what a note says; a denial closes nothing.

    A denial is said, and not carried over, only where a part of what it names is open.
    """
    lines = [name for names in found.groups.values() for name in names]
    opened = _at([domain for name in lines if name[0] != "!" for domain in pairs(name)], port)
    denied = _at([domain for name in lines if name[0] == "!" for domain in pairs(name[1:])], port)
    wider = [note for note in found.notes if note.kind == "opened wider" and note.name]
    said = _at([domain for note in wider for domain in pairs(note.name)], port)
    for host in HOSTS:
        is_listed = any(domain.matches(host) for domain in opened)
        is_denied = any(domain.matches(host) for domain in denied)
        if is_listed and not is_denied and not decide(host):
            assert any(domain.matches(host) for domain in said), (host, list(map(str, found.notes)))
        if is_listed and is_denied:
            assert not decide(host), (host, lines)
    for one in denied:
        assert any(wide.is_wildcard and wide != one and wide.covers(one) for wide in opened), (one, lines)
    for note in wider:
        (name, *_) = pairs(note.name)
        if "was denied, and is open now" in note.words and port == name.port:
            assert any(decide(host) for host in HOSTS if name.name.matches(host)) or any(
                name.name.covers(one) for one in opened
            ), (note, lines)


def _at(domains: Iterable[Domain], port: int) -> list[Domain]:
    return [domain.name for domain in domains if domain.port == port]


def under(pattern: str, host: str) -> bool:
    """Whether `*.name` or a name is for `host`, at any depth."""
    return pattern == host or (pattern[:1] == "*" and host.endswith(pattern[1:]) and host != pattern[2:])


def one_label(pattern: str, host: str) -> bool:
    """The same, where `*` is one label."""
    return under(pattern, host) and host.count(".") == pattern.count(".")


def any_under(patterns: Iterable[str], host: str) -> bool:
    """Whether one of `patterns` is for `host`."""
    return any(under(one, host) for one in patterns)


_LABELS = ["example.com", "a.example.com", "b.a.example.com", "c.example.com", "b.c.example.com", "other.org"]
_PATTERNS = [*_LABELS, *(f"*.{one}" for one in _LABELS)]
HOLED_HOSTS = [*_LABELS, *(f"x.{one}" for one in _LABELS), "x.b.a.example.com", "y.x.example.com", "evilexample.com"]


def with_denials(host: str, lines: list[str]) -> bool:
    """The rule of a set, word for word: some line admits the host, and none denies it."""
    admitted = any(Domain(one).matches(host) for one in lines if one[0] != "!")
    return admitted and not any(Domain(one[1:]).matches(host) for one in lines if one[0] == "!")


def holed_list(random: Random) -> list[str]:
    """Names, a wildcard among them, and denials that a wildcard holds."""
    names = [random.choice(_PATTERNS[6:]), *random.sample(_PATTERNS, random.randrange(4))]
    wildcards = [Domain(one) for one in names if one[0] == "*"]
    inside = [one for one in _PATTERNS if any(wide.covers(one) and wide != one for wide in wildcards)]
    return names + [f"!{one}" for one in random.sample(inside, min(len(inside), random.randrange(4)))]


CLIENTS = ["shop/till", "shop/web", "blog/web", "blog/job", "other/web"]
_LIMITS = ["shop", "shop/till", "blog/web", "*/web", "shop/till\nblog/job", "blog"]
List = tuple[str, list[str]]
"""A list: whom it is for, as the annotation says it, "" for every workload; and its lines."""


def with_clients(host: str, client: str, lists: list[List]) -> bool:
    """The rule of a set with limited lists, word for word.

    Some list of the client admits the host and does not deny it itself, and no list for every workload denies it.
    """
    if any(line[0] == "!" and Domain(line[1:]).matches(host) for limit, lines in lists if not limit for line in lines):
        return False
    return any(with_denials(host, lines) for limit, lines in lists if not limit or _is_for(client, limit))


def _is_for(client: str, limit: str) -> bool:
    return any(
        (one.partition("/")[0] in ("*", client.partition("/")[0]))
        and (one.partition("/")[2] in ("", client.partition("/")[2]))
        for one in limit.split("\n")
    )


def limited_lists(random: Random) -> list[List]:
    """Two to four lists, some of them for some clients alone, most with denials."""
    limits = [random.choice(_LIMITS) for _ in range(random.randrange(1, 4))]
    lists = [(limit, holed_list(random)) for limit in (*limits, *random.sample(["", *_LIMITS], 1))]
    return [(limit, lines if limit or random.random() < 0.5 else lines[:1]) for limit, lines in lists]

"""What to try: every entry of the list, near misses, and clients that must not get through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..clients import Client
from ..domains import Domain
from .client import Hello, with_raw_name
from .identity import Admission, exemplar, near_misses

ALLOW = "allow"
DENY = "deny"
INTERNAL = ("127.0.0.1", "10.0.0.1", "100.64.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1")
"""Addresses that a public name must never lead to, one of each kind."""
CLOSED = "closed"
"""As an answer of DNS: a public address where nothing listens."""
NEAR_MISSES = 100
"""How many entries of a list get near misses; for longer lists, evenly spread ones."""
CLIENT_GROUPS = 50
"""How many groups of clients are tried; evenly spread ones where there are more."""


@dataclass(frozen=True)
class Case:
    """One connection: what is sent, what is expected (ALLOW or DENY), and what DNS answers for it.

    `answers` None: the stand-in. `forbidden`: the address that these answers lead to and nobody may connect to.
    `kind`: entry, near-miss, client, address or given.
    """

    label: str
    kind: str
    expected: str
    hello: Hello
    answers: tuple[str, ...] | None = None
    forbidden: str = ""


def given(host: str, admission: Admission, client: Client) -> Case:
    """The case of `--host NAME[=allow|deny]`; without a verdict, what the lists say to `client`. Raises ValueError."""
    name, equals, verdict = host.partition("=")
    if equals and verdict not in (ALLOW, DENY):
        raise ValueError(f"--host {host!r}: {verdict!r} is no verdict; write NAME, NAME=allow or NAME=deny")
    if not name:
        raise ValueError(f"--host {host!r}: there is no name; write NAME, NAME=allow or NAME=deny")
    return _named(name, "given", verdict or _Index(admission, client).verdict(name))


def all_cases(admission: Admission, client: Client, others: Iterable[Domain] = ()) -> Iterator[Case]:
    """Every case for a gateway that is to admit what `admission` says and nothing else; no name comes twice.

    `client` asks, but where the case says otherwise. `others`: names that the gateway's configuration holds although
    they are not on the list.
    """
    seen: set[str] = set()
    index = _Index(admission, client)
    domains = list(admission.domains)
    own = [
        domain for domain in domains if index.verdict(f"probe.{domain.base}" if domain.is_wildcard else domain) == ALLOW
    ]
    for case in _of_names([*domains, *others], index):
        name = str(case.hello.name)
        if name not in seen:
            seen.add(name)
            yield case
    yield from _of_clients(own)
    yield from _of_identities(admission)
    yield from _of_addresses(own)


def _below(domain: Domain) -> str:
    """A name that `domain` stands for."""
    return f"probe.{domain.base}" if domain.is_wildcard else str(domain)


class _Index:
    """What the lists say to one client."""

    def __init__(self, admission: Admission, client: Client) -> None:
        self._admission = admission
        self._client = client

    def verdict(self, name: str) -> str:
        return ALLOW if self._admission.admits(name, self._client) else DENY


def _named(name: str, kind: str, expected: str, answers: tuple[str, ...] | None = None) -> Case:
    return Case(name, kind, expected, Hello(name), answers)


def _of_names(domains: list[Domain], index: _Index) -> Iterator[Case]:
    for domain in domains:
        for name in (f"probe.{domain.base}", domain.base, f"a.probe.{domain.base}"):
            if len(name) <= 253:
                yield _named(name, "entry", index.verdict(name))
    step = max(1, len(domains) // NEAR_MISSES)
    for domain in domains[::step]:
        allowed = f"probe.{domain.base}" if domain.is_wildcard else domain.base
        near = (
            f"evil{domain.base}",
            f"{domain.base}.evil.example",
            f"{allowed}.evil.example",
            f"{allowed}.",
            allowed.upper(),
        )
        for name in near:
            if len(name) <= 253:
                yield _named(name, "near-miss", index.verdict(name))
    yield _named("not-on-the-list.example", "near-miss", index.verdict("not-on-the-list.example"))


def _of_clients(domains: list[Domain]) -> Iterator[Case]:
    allowed = _allowed_names(domains, 1)
    for name in allowed:
        yield Case("no SNI", "client", DENY, Hello(None))
        yield Case("plaintext HTTP", "client", DENY, Hello(raw=f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode()))
        yield Case(f"{name}, no mesh certificate", "client", DENY, Hello(name, certificate="none"))
        yield Case(f"{name}, a stranger's certificate", "client", DENY, Hello(name, certificate="other"))
        yield Case(f"{name}, no mesh TLS", "client", DENY, Hello(name, certificate="plaintext"))
        for what, octets in (("NUL", b"\0."), ("newline", b"\n."), ("space", b" .")):
            raw = with_raw_name(b"evil.example" + octets + name.encode())
            yield Case(f"{what} in the name", "client", DENY, Hello(raw=raw))


def _of_identities(admission: Admission) -> Iterator[Case]:
    """For each group of clients one of its names, asked for by one of them and by others that look alike."""
    groups = list(admission.groups().items())
    step = max(1, len(groups) // CLIENT_GROUPS)
    for clients, domain in groups[::step]:
        name = _below(domain)
        first = min(clients)
        for client in dict.fromkeys((exemplar(first), *near_misses(first))):
            expected = ALLOW if admission.admits(name, client) else DENY
            yield Case(f"{name} as {client}", "client", expected, Hello(name, certificate=f"as {client}"))


def _of_addresses(domains: list[Domain]) -> Iterator[Case]:
    """Names that are allowed, with DNS answers that must not be followed; each case wants a fresh DNS cache."""
    wanted: list[tuple[str, tuple[str, ...], str]] = [(address, (address,), address) for address in INTERNAL]
    # Here 127.0.0.1, which can be reached, plays an internal address such as 10.0.0.1.
    wanted.append(("a closed public address, then an internal one", (CLOSED, "127.0.0.1"), "10.0.0.1"))
    wanted.append(("nothing (NXDOMAIN)", (), ""))
    names = _allowed_names(domains, len(wanted))
    for number, (what, answers, forbidden) in enumerate(wanted if names else []):
        name = names[number % len(names)]
        yield Case(f"{name} -> {what}", "address", DENY, Hello(name), answers, forbidden)


def _allowed_names(domains: list[Domain], count: int) -> list[str]:
    """Up to `count` names that the list allows: made-up ones below a wildcard, else entries."""
    wildcards = [domain.base for domain in domains if domain.is_wildcard and len(domain) < 240]
    if wildcards:
        return [f"lies-{number}.{wildcards[number % len(wildcards)]}" for number in range(count)]
    return [str(domain) for domain in domains[:count]]

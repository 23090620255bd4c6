"""What to try: every entry of the list, near misses, and clients that must not get through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from ..lists.clients import Client
from ..manifest.quantities import many
from ..names.domain import Domain
from .client import Hello
from .hosts import ALLOW, DENY, LONGEST, Asked
from .identity import PROBE, Admission, exemplar, near_misses
from .protocols import Protocol

INTERNAL = ("127.0.0.1", "10.0.0.1", "100.64.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1")
"""Addresses that a public name must never lead to, one of each kind."""
CLOSED = "closed"
"""As an answer of DNS: a public address where nothing listens."""
NEAR_MISSES = 100
"""How many entries of a list get near misses, and exact ones names below them; for longer lists, evenly spread ones."""
CLIENT_GROUPS = 50
"""How many groups of clients are tried; evenly spread ones where there are more."""
_STRANGERS = {"none": "no mesh certificate", "other": "a stranger's certificate", "plaintext": "no mesh TLS"}

_T = TypeVar("_T")


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


def given(asked: Asked, protocol: Protocol, admission: Admission, client: Client) -> Case:
    """The case of what was `asked` for; without a verdict, what the lists say to `client` is expected."""
    label = f"{asked.name}:{asked.port}{protocol.suffix}" if asked.port else asked.name
    verdict = asked.verdict or _Index(admission, client).verdict(asked.name)
    return Case(label, "given", verdict, protocol.hello(asked.name))


def all_cases(
    admission: Admission, client: Client, protocol: Protocol, others: Iterable[Domain] = ()
) -> tuple[list[Case], list[str]]:
    """(every case, notes) for a gateway that is to admit what `admission` says; no name comes twice.

    `client` asks, but where the case says otherwise. `others`: names that the gateway's configuration holds although
    they are not on the list. The notes say what was left out.
    """
    index = _Index(admission, client)
    domains = list(admission.domains)
    own = [
        domain for domain in domains if index.verdict(f"probe.{domain.base}" if domain.is_wildcard else domain) == ALLOW
    ]
    names, notes = _of_names([*domains, *others], index, protocol)
    unique = {case.label: case for case in reversed(names)}
    cases = [case for case in names if unique[case.label] is case]
    clients = [*_of_clients(own, protocol), *_of_identities(admission, protocol)]
    return [*cases, *clients, *_of_addresses(own, protocol)], notes


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


def _named(hello: Hello, kind: str, expected: str) -> Case:
    return Case(hello.host or str(hello.name), kind, expected, hello)


def _spread(found: list[_T], count: int) -> list[_T]:
    """`count` of `found` at most, evenly spread."""
    return found[:: max(1, -(-len(found) // count))]


def _of_names(domains: list[Domain], index: _Index, protocol: Protocol) -> tuple[list[Case], list[str]]:
    """The cases of names, and what was left out: every name that is allowed is tried, and every apex."""
    exact = [domain for domain in domains if not domain.is_wildcard]
    with_names_below = set(_spread(exact, NEAR_MISSES))
    cases: list[Case] = []
    left_out = 0
    for domain in domains:
        for name in (f"probe.{domain.base}", domain.base, f"a.probe.{domain.base}"):
            if len(name) > LONGEST:
                continue
            case = _named(protocol.hello(name), "entry", index.verdict(name))
            if case.expected == ALLOW or name == domain.base or domain.is_wildcard or domain in with_names_below:
                cases.append(case)
            else:
                left_out += 1
    for domain in _spread(domains, NEAR_MISSES):
        allowed = f"probe.{domain.base}" if domain.is_wildcard else domain.base
        near = (
            f"evil{domain.base}",
            f"{domain.base}.evil.example",
            f"{allowed}.evil.example",
            f"{allowed}.",
            allowed.upper(),
        )
        cases += [
            _named(protocol.hello(name), "near-miss", index.verdict(name)) for name in near if len(name) <= LONGEST
        ]
        for hello, asks in protocol.near(allowed, domain.base):
            cases.append(_named(hello, "near-miss", index.verdict(allowed) if asks else DENY))
    stranger = "not-on-the-list.example"
    cases.append(_named(protocol.hello(stranger), "near-miss", index.verdict(stranger)))
    if not left_out:
        return cases, []
    of = many(len(exact), "exact entry", "exact entries")
    note = (
        f"{many(left_out, 'name below exact entries was', 'names below exact entries were')} not tried: of {of}, "
        f"{len(with_names_below)} evenly spread ones are tried with names below them"
    )
    return cases, [note]


def _of_clients(domains: list[Domain], protocol: Protocol) -> Iterator[Case]:
    for name in _allowed_names(domains, 1):
        for what, hello in protocol.odd(name):
            yield Case(what, "client", DENY, hello)
        for certificate, what in _STRANGERS.items():
            yield Case(f"{name}, {what}", "client", DENY, protocol.hello(name, certificate))


def _of_identities(admission: Admission, protocol: Protocol) -> Iterator[Case]:
    """For each group of clients, and who is reported, a name, asked for by one of them and by look-alikes."""
    groups = list(admission.groups().items())
    for clients, domain in [*_spread(groups, CLIENT_GROUPS), *admission.reporting()]:
        name = _below(domain)
        first = min(clients)
        for client in dict.fromkeys((exemplar(first), *near_misses(first), PROBE)):
            expected = ALLOW if admission.admits(name, client) else DENY
            yield Case(f"{name} as {client}", "client", expected, protocol.hello(name, f"as {client}"))
    for domain, client in _spread(list(admission.refused()), NEAR_MISSES):
        name = _below(domain)
        yield Case(f"{name} as {client}", "client", DENY, protocol.hello(name, f"as {client}"))


def _of_addresses(domains: list[Domain], protocol: Protocol) -> Iterator[Case]:
    """Names that are allowed, with DNS answers that must not be followed; each case wants a fresh DNS cache."""
    wanted: list[tuple[str, tuple[str, ...], str]] = [(address, (address,), address) for address in INTERNAL]
    # Here 127.0.0.1, which can be reached, plays an internal address such as 10.0.0.1.
    wanted.append(("a closed public address, then an internal one", (CLOSED, "127.0.0.1"), "10.0.0.1"))
    wanted.append(("nothing (NXDOMAIN)", (), ""))
    names = _allowed_names(domains, len(wanted))
    for number, (what, answers, forbidden) in enumerate(wanted if names else []):
        name = names[number % len(names)]
        yield Case(f"{name} -> {what}", "address", DENY, protocol.hello(name), answers, forbidden)


def _allowed_names(domains: list[Domain], count: int) -> list[str]:
    """Up to `count` names that the list allows: made-up ones below a wildcard, else entries."""
    wildcards = [domain.base for domain in domains if domain.is_wildcard and len(domain) < 240]
    if wildcards:
        return [f"lies-{number}.{wildcards[number % len(wildcards)]}" for number in range(count)]
    return [str(domain) for domain in domains[:count]]

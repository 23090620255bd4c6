"""What the gateway's rules for clients have to do with a probe: who asks, and what is expected for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lists.clients import Client, are_for
from ..manifest.resource import Resource
from ..names.domain import Domain
from ..names.holes import admits, table
from ..rendered.identities import client_rules, who
from ..rendered.identities import denied as denied_to_some

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from ..rendered.identities import ClientRules

PROBE = Client("default/probe")
"""The workload that asks where nobody says otherwise: one that no limited list is likely to mean."""


def spiffe(client: Client) -> str:
    """The identity of `client` in a certificate of the mesh with Istio's default trust domain."""
    return f"spiffe://cluster.local/ns/{client.namespace}/sa/{client.service_account}"


class Admission:
    """Who may reach what: `domains`, the list, without `denied`, and the rules for clients in `resources`, if any.

    `by_host`: names come in Host, which such rules take as it stands, so that one in capitals is refused.
    """

    def __init__(
        self,
        domains: Iterable[Domain],
        resources: Iterable[dict[str, Any]] = (),
        denied: Iterable[Domain] = (),
        *,
        by_host: bool = False,
    ) -> None:
        self.domains = tuple(domains)
        rules, _ = client_rules(map(Resource, resources))
        self._rules: Sequence[ClientRules] = [one.of_names() for found in rules.values() for one in found]
        self._reporting = [one for rule in self._rules for one in rule.reporting]
        self.exceptions = denied_to_some(self._rules)
        """The names that limited lists deny, each for itself: the rules say to whom."""
        self._table = table(self.domains, set(denied).difference(self.exceptions))

        self._takes_capitals = not (by_host and self._rules)

    @property
    def has_rules(self) -> bool:
        """Whether the gateway tells clients apart at all."""
        return bool(self._rules)

    def lists(self, name: str) -> bool:
        """Whether an entry matches `name`, as `Domain.matches` says, and no narrower one denies it."""
        return admits(name.lower(), self._table)

    def admits(self, name: str, client: Client) -> bool:
        """Whether the gateway is to let `client` reach `name`."""
        if not self.lists(name) or not (self._takes_capitals or name == name.lower()):
            return False
        is_denied = any(one.matches(name.lower()) for one in self.exceptions)
        return self._is_for(name, client) or (self.reports(client) and not is_denied)

    def reports(self, client: Client) -> bool:
        """Whether `client` is let through and reported where no list lets it."""
        return any(one.admits(client) for one in self._reporting)

    def _is_for(self, name: str, client: Client) -> bool:
        clients = who(self._rules, Domain(name.lower())) if self._rules else None
        return are_for(clients, client)

    def groups(self) -> dict[frozenset[Client], Domain]:
        """The clients of limited names, each group with one such name."""
        found: dict[frozenset[Client], Domain] = {}
        for domain in (*self.domains, *self.exceptions) if self._rules else ():
            clients = who(self._rules, domain)
            if clients:
                found.setdefault(clients, domain)
        return found

    def reporting(self) -> list[tuple[frozenset[Client], Domain]]:
        """Whom the gateway reports, each with a name that no list lets all of them reach."""
        groups = self.groups().items()
        found = []
        for one in self._reporting:
            found += [(one.clients, domain) for clients, domain in groups if one.clients - clients][:1]
        return found

    def refused(self) -> Iterator[tuple[Domain, Client]]:
        """The names that limited lists deny, each with a client that a wildcard above it is for."""
        for name in self.exceptions:
            for wide in sorted(self.domains):
                clients = who(self._rules, wide) if wide.covers(name) else None
                client = min((one for one in clients or () if not self._is_for(name, exemplar(one))), default=None)
                if client is not None:
                    yield name, exemplar(client)
                    break

    def asking(self) -> Client:
        """Who asks by default: PROBE, or the first client where every name is limited to others."""
        for domain in self.domains:
            if self._is_for(domain, PROBE):
                return PROBE
        return next((exemplar(min(clients)) for clients in self.groups()), PROBE)


def exemplar(client: Client) -> Client:
    """A workload that `client` means."""
    parts = (client.namespace, client.service_account)
    return Client("/".join("probe" if part == "*" else part for part in parts))


def near_misses(client: Client) -> tuple[Client, ...]:
    """Workloads whose names begin or end as one that `client` means."""
    one = exemplar(client)
    return (
        Client(f"{one.namespace}-x/{one.service_account}"),
        Client(f"x-{one.namespace}/{one.service_account}"),
        Client(f"{one.namespace}/{one.service_account}-x"),
        Client(f"{one.service_account}/{one.namespace}"),
    )

"""The names of a set by who may reach them: what each hop is to hold; loaded where a list is for some clients."""

from __future__ import annotations

from ..names.domain import Domain, covering, minimise
from .clients import EVERYWHERE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .clients import Client
    from .limited_denials import Holes


def asked(lines: Iterable[tuple[Domain, frozenset[Client]]]) -> dict[Domain, frozenset[Client]]:
    """The names of limited lists, each with the clients of all lists that hold it."""
    found: dict[Domain, frozenset[Client]] = {}
    for domain, clients in lines:
        known = found.get(domain)
        found[domain] = clients if known is None else clients | known
    return found


class Limits:
    """The names of one set by who may reach them.

    `shared` are every workload's, minimised. `limited` maps each other name to its own clients: the
    gateway tries the longest match first and goes on to the wildcards that cover it, so that a name
    need not repeat the clients of those. `left_out` maps a name of a limited list to the one that
    opens it already: a shared name, or a wildcard of the same clients or more.

    `at_gateway` are the limited names by their clients; `at_sidecars` by the namespaces that are to
    know them, or EVERYWHERE, without those that another name of the same namespaces covers, since one
    VirtualService holds them. Both are in order. Sidecars in the namespaces `reporting` know every name, since their
    clients are let through and reported. `holes` is what limited lists deny for themselves, where one does:
    their names decide at the gateway for all clients of the set.
    """

    __slots__ = ("at_gateway", "at_sidecars", "holes", "left_out", "limited", "shared")

    def __init__(
        self,
        shared: Sequence[Domain],
        asked: dict[Domain, frozenset[Client]],
        reporting: frozenset[str] = frozenset(),
        holes: Holes | None = None,
    ) -> None:
        self.holes = holes
        self.shared = tuple(shared)
        self.left_out: dict[Domain, Domain] = {}
        self.limited: dict[Domain, frozenset[Client]] = {}
        everyone = set(shared)
        wildcards_for_all = {domain for domain in shared if domain.is_wildcard}
        wildcards = {domain for domain in asked if domain.is_wildcard}
        for domain, clients in sorted(asked.items()):
            cover = domain if domain in everyone else covering(domain, wildcards_for_all)
            wider = covering(domain, wildcards)
            if cover is None and wider is not None and asked[wider] >= clients and not (holes and holes.meet(domain)):
                cover = wider
            if cover is None:
                self.limited[domain] = clients
            else:
                self.left_out[domain] = cover
        self.at_gateway = _grouped(self.limited)
        self.at_sidecars = _by_namespaces(self.at_gateway, reporting)
        if holes is not None:
            self.at_gateway = _grouped(
                {domain: clients for domain, clients in self.limited.items() if domain not in holes.clients}
            )


def _grouped(limited: dict[Domain, frozenset[Client]]) -> dict[frozenset[Client], tuple[Domain, ...]]:
    groups: dict[frozenset[Client], list[Domain]] = {}
    for domain, clients in limited.items():
        groups.setdefault(clients, []).append(domain)
    return {clients: tuple(sorted(groups[clients])) for clients in sorted(groups, key=sorted)}


def _by_namespaces(
    groups: dict[frozenset[Client], tuple[Domain, ...]],
    reporting: frozenset[str],
) -> dict[frozenset[str], tuple[Domain, ...]]:
    merged: dict[frozenset[str], list[Domain]] = {}
    for clients, domains in groups.items():
        namespaces = frozenset(client.namespace for client in clients) | reporting
        merged.setdefault(EVERYWHERE if "*" in namespaces else namespaces, []).extend(domains)
    return {namespaces: minimise(merged[namespaces])[0] for namespaces in sorted(merged, key=sorted)}

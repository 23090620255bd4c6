"""What rendered manifests let through: the lists of every hop, the names that pass both, and why one does not.

A connection is matched twice by the name in its SNI: by the sidecar (VirtualService, `sniHosts`) and again by the
gateway (EnvoyFilter, `server_names`). Only what both match is reachable through the gateway.
"""

from __future__ import annotations

from ..manifest.fields import texts
from ..manifest.resource import DEFAULT_SET, INJECT_ANNOTATION
from ..names.domain import PLACEHOLDER, Domain, minimise
from ..sites import BadPlace, Place, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from ..lists.clients import Client
    from ..manifest.resource import Resource
    from ..sites import Path
    from .identities import ClientRules

SIDECAR = "sidecar"
GATEWAY = "gateway"
REGISTRY = "registry"
ROUTES = "routes"
EVERYTHING = "*"
HOPS = (SIDECAR, GATEWAY)
"""The hops that match names. ServiceEntries (REGISTRY) and VirtualService hosts (ROUTES) must agree with them."""


class HostList:
    """One list of names in a manifest: `hop`, the `resource`, the `path` in it, and `names` as they stand there.

    Where `is_missing`, what stands at `path` has no list, and matches every name.
    """

    __slots__ = ("_entries", "hop", "is_missing", "names", "path", "resource")

    def __init__(
        self, hop: str, resource: Resource, path: Path, names: Sequence[str], *, is_missing: bool = False
    ) -> None:
        self.hop = hop
        self.resource = resource
        self.path = path
        self.names = names
        self.is_missing = is_missing
        self._entries: frozenset[str] | None = None

    @property
    def matching(self) -> Sequence[str]:
        """The names that the proxy takes the list for.

        A server_names that is empty, or holds an empty name, matches every one (Envoy, FilterChainMatch).
        """
        if self.is_missing or (self.hop == GATEWAY and (not self.names or "" in self.names)):
            return [*self.names, EVERYTHING]
        return self.names

    def is_known_in(self, namespace: str) -> bool:
        """Whether proxies in `namespace` are told of the resource (Istio, VirtualService.exportTo)."""
        exported = texts(self.resource.value.get("spec"), "exportTo") or ["*"]
        return bool({"*", namespace}.intersection(exported)) or (
            "." in exported and namespace == self.resource.namespace
        )

    def covers(self, name: str) -> bool:
        """Whether everything that `name` (a host, or a wildcard) stands for is matched by one of the names."""
        return self.match(Domain(name)) is not None

    def match(self, host: Domain) -> str | None:
        """The entry that Envoy would match `host` with, the most specific first; None where there is none.

        A wildcard `host` is matched by the wildcard that admits every name below it. The proxies compare bytes in
        lower case: `Example.com` or `example.com.` in a list match nothing.
        """
        if self._entries is None:
            self._entries = frozenset(self.matching)
        if host in self._entries:
            return str(host)
        return _cover(host, self._entries)


def _cover(host: str, entries: frozenset[str]) -> str | None:
    """The narrowest wildcard of `entries` that covers `host` and is not `host` itself."""
    dot = host.find(".", 2 if host[:1] == "*" else 0)
    while dot != -1:
        if "*" + host[dot:] in entries:
            return "*" + host[dot:]
        dot = host.find(".", dot + 1)
    return EVERYTHING if EVERYTHING in entries and host != EVERYTHING else None


def host_lists(resources: Iterable[Resource]) -> dict[str, list[HostList]]:
    """The lists of every set in `resources`.

    Resources take part by their annotation. Where none carries it, those that look like an SNI egress gateway do, as
    the set `default`.
    """
    everything = list(resources)
    annotated = [resource for resource in everything if INJECT_ANNOTATION in resource.annotations]
    found: dict[str, list[HostList]] = {}
    for resource in annotated:
        found.setdefault(str(resource.annotations[INJECT_ANNOTATION]), []).extend(lists_of(resource))
    if annotated:
        return found
    from .unannotated import members

    found = {DEFAULT_SET: [entry for resource in members(everything) for entry in lists_of(resource)]}
    return found if found[DEFAULT_SET] else {}


def every_list(resources: Iterable[Resource]) -> list[HostList]:
    """The lists of all `resources`, annotated or not."""
    return [entry for resource in resources for entry in lists_of(resource)]


def lists_of(resource: Resource) -> list[HostList]:
    """The lists of `resource`, and those that are missing in its filter chains."""
    lists = []
    for place in find(resource):
        if isinstance(place, Place):
            names = at(resource.value, place.path)
            lists.append(HostList(_hop(resource, place.path), resource, place.path, [str(name) for name in names]))
        elif isinstance(place, BadPlace) and resource.kind == "EnvoyFilter" and place.path[3:5] == ("patch", "value"):
            lists.append(HostList(GATEWAY, resource, place.path, [], is_missing=True))
    if lists and resource.kind == "EnvoyFilter":
        from ..sites.chains import catch_alls

        known = {entry.path for entry in lists}
        lists += [
            HostList(GATEWAY, resource, chain.path, [], is_missing=True)
            for chain in catch_alls(resource)
            if chain.path not in known
        ]
    return lists


def at(value: Any, path: Path) -> Any:
    """What stands at `path` of `value`, which has it."""
    for step in path:
        value = value[step]
    return value


def _hop(resource: Resource, path: Path) -> str:
    if resource.kind == "ServiceEntry":
        return REGISTRY
    if resource.kind == "EnvoyFilter":
        return GATEWAY
    if path[-1] != "sniHosts":
        return ROUTES
    # Without gateways a match is one of the sidecars (Istio, TLSMatchAttributes.gateways).
    gateways = texts(at(resource.value, path[:-1]), "gateways") or texts(resource.value["spec"], "gateways") or ["mesh"]
    return SIDECAR if "mesh" in gateways else ROUTES


def reachable(lists: Sequence[HostList], hops: Sequence[str] = HOPS) -> tuple[Domain, ...]:
    """The names, least in number, that pass every one of `hops`, the sidecar and the gateway; sorted."""
    return minimise(passing(lists, hops))[0]


def passing(lists: Sequence[HostList], hops: Sequence[str] = HOPS) -> set[Domain]:
    """The names that pass every one of `hops`, covered ones among them.

    Two lists of one hop are alternatives: what one of them matches passes it.
    """
    passed: set[Domain] | None = None
    for hop in hops:
        here = {name for entry in lists if entry.hop == hop for name in _domains(entry.matching)}
        passed = here if passed is None else _both(passed, here)
    return passed or set()


def _domains(names: Iterable[str]) -> Iterable[Domain]:
    """The names that the proxies can match anything with, `*.com` among them; the placeholder is none."""
    for name in names:
        if name == EVERYTHING or (
            name not in ("", PLACEHOLDER) and "*" not in name[1:] and name.lower().strip(".") == name
        ):
            yield Domain(name)


def _both(one: set[Domain], other: set[Domain]) -> set[Domain]:
    mine, theirs = frozenset[str](one), frozenset[str](other)
    return (
        (one & other) | {name for name in one if _cover(name, theirs)} | {name for name in other if _cover(name, mine)}
    )


class Verdict:
    """Whether `host` passes: `hops` maps each hop to its lists, each with the entry that matches or None.

    `clients` are the workloads that the gateway lets it through for, None for every one. Where it was
    asked for `client`, the sidecars' lists are those that its namespace knows.
    """

    __slots__ = ("allowed", "client", "clients", "hops", "host", "set_name")

    def __init__(
        self,
        host: Domain,
        set_name: str,
        lists: Sequence[HostList],
        clients: frozenset[Client] | None = None,
        client: Client | None = None,
    ) -> None:
        self.host = host
        self.set_name = set_name
        self.clients = clients
        self.client = client
        if client is not None:
            lists = [entry for entry in lists if entry.hop != SIDECAR or entry.is_known_in(client.namespace)]
        self.hops = {hop: [(entry, entry.match(host)) for entry in lists if entry.hop == hop] for hop in HOPS}
        self.allowed = all(any(match for _, match in found) for found in self.hops.values()) and self.admits_client

    @property
    def admits_client(self) -> bool:
        """Whether the gateway lets the name through for the client, or, without one, for anybody."""
        if self.clients is None:
            return True
        if self.client is None:
            return bool(self.clients)
        return any(one.admits(self.client.namespace, self.client.service_account) for one in self.clients)


def check(
    host: Domain,
    lists: dict[str, list[HostList]],
    rules: Mapping[str, Sequence[ClientRules]] | None = None,
    client: Client | None = None,
) -> list[Verdict]:
    """What every set says of `host`, asked for by `client` where one is given; those that allow it first."""
    verdicts = [
        Verdict(host, name, found, clients(host, found, (rules or {}).get(name, ())), client)
        for name, found in lists.items()
    ]
    return sorted(verdicts, key=lambda verdict: not verdict.allowed)


def clients(host: Domain, lists: Iterable[HostList], rules: Sequence[ClientRules]) -> frozenset[Client] | None:
    """The clients that `rules` limit `host` to; None where a chain that none of them stands in lets it through."""
    from .identities import who

    if any(
        entry.hop == GATEWAY and not any(one.guards(entry) for one in rules) and entry.match(host) for entry in lists
    ):
        return None
    return who(rules, host)


def nearest(host: Domain, names: Iterable[str]) -> tuple[str, str] | None:
    """The entry that somebody who asked for `host` may have meant, and how it differs; None where nothing is near."""
    known = {name for name in names if name != PLACEHOLDER}
    base = host.base
    if "*." + base in known:
        return "*." + base, "covers the names below it, not the name itself; .name in a list means both"
    if host.is_wildcard and base in known:
        return base, "is that name alone; names below it are not on the list"
    above = base.split(".")
    for start in range(1, len(above) - 1):
        parent = ".".join(above[start:])
        if parent in known:
            return parent, "is that name alone; names below it are not on the list"
    from difflib import get_close_matches

    close = get_close_matches(host, sorted(known), 1, 0.75)
    return (close[0], "is spelt alike") if close else None

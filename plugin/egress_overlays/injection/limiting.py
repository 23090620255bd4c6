"""What limited lists add to a rendered set; loaded when there is one.

At the sidecars, copies of the VirtualService and the ServiceEntry that are exported to the clients'
namespaces alone; at the gateway, the rules by which the internal listener lets an identity reach a
name. Envoy's tree of server names tries the longest match first and goes on to the wildcards above
it while the identity does not match, at a cost that does not grow with the number of lists
(Envoy, xds.type.matcher.v3.ServerNameMatcher; RBAC network filter, `matcher`).
"""

from __future__ import annotations

import re

from ..lists.clients import EVERYONE, EVERYWHERE
from ..manifest.edits import dotted
from ..manifest.findings import Finding, fault_of
from ..manifest.resource import CLIENTS_FILTER, TRUST_DOMAINS_ANNOTATION, Resource
from ..names.domain import PLACEHOLDER, Domain, ascii_quoted, covering, minimise
from ..sites import TEXT
from ..sites.site import is_by_http
from . import shards
from .identities import TYPE, allow, among, identity, trusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from ..lists.allowlist import AllowSet
    from ..lists.clients import Client
    from ..lists.limited_denials import Holes
    from ..lists.limits import Limits
    from ..manifest.edits import Edits
    from ..sites import ClientsPlace, Place, Site
    from .spreading import Spread

_LONGEST_KEY = 120  # of a name of 253 octets; the rest is the root's name and a shard's key


def routed(site: Site, limits: Limits) -> tuple[str, ...]:
    """The hosts that every sidecar knows: those of all workloads, and those of clients in any namespace.

    Where the copies ask who it is, the first one is for those of all workloads alone.
    """
    anywhere = limits.at_sidecars.get(EVERYWHERE, ()) if site.admitted is None else ()
    return minimise((*limits.shared, *anywhere))[0] or (PLACEHOLDER,)


def copies(
    resource: Resource, site: Site, limits: Limits, lists: Callable[[list[str]], Edits]
) -> Iterator[tuple[str, Edits]]:
    """The edits that turn a copy of `resource` into each limited one, with the key that its name ends in.

    `lists` says where names stand in it.
    """
    if site.admitted is not None:
        for clients, hosts in limits.at_gateway.items():
            key = _key(frozenset(client.removesuffix("/*") for client in clients))
            yield key, lists(list[str](hosts)) | site.admitted(resource.value, clients)
    if site.exported is None:
        return
    for namespaces, hosts in limits.at_sidecars.items():
        if namespaces == EVERYWHERE:
            continue
        key = _key(namespaces)
        parts = shards.split(hosts, site.limit) if site.makes_more else {"": list[str](hosts)}
        for part, members in parts.items():
            yield f"{key}-{part}" if part else key, lists(members) | site.exported(namespaces)


def cannot_tell_apart(resource: Resource, site: Site, allowed: AllowSet) -> Iterator[Finding]:
    """A kind that can neither ask who the client is nor be exported to the clients' namespaces.

    Nor can one that lets out by itself, for clients in any namespace: all others would know its names.
    """
    if site.admitted is not None:
        return
    sources, what = list(allowed.clients), "cannot tell clients apart; give it a set without such lists"
    if site.exported is not None:
        anywhere = [one for one, clients in allowed.clients.items() if any(who.namespace == "*" for who in clients)]
        if not anywhere or not allowed.limits or EVERYWHERE not in allowed.limits.at_sidecars:
            return
        if site.beside_of(resource.value):
            return  # a gateway asks
        sources = anywhere
        what = "that lets out by itself asks nobody, and would be for every workload; name namespaces in that list"
    titles = ", ".join(sorted(source.title for source in sources))
    yield fault_of(
        resource,
        f"takes the set {ascii_quoted(allowed.name)}, which has lists for some clients only ({titles}), and "
        f"{site.described} {what}",
        "no-clients-place",
    )


def _key(namespaces: frozenset[str]) -> str:
    """A name for a group of namespaces, or of accounts in them: no namespace holds a dot, so that no two share one."""
    key = "for." + ".".join(sorted(namespaces))
    if len(key) > _LONGEST_KEY or "/" in key or "*" in key:
        from hashlib import sha256

        key = "for." + sha256(key.encode()).hexdigest()[:32]
    return key


def without_filter(
    resource: Resource, lists: Sequence[Place], filters: Sequence[ClientsPlace], allowed: AllowSet
) -> Iterator[Finding]:
    """Chains with one of `lists` and none of `filters`, which would open limited lists to every client."""
    titles = ", ".join(sorted(source.title for source in allowed.clients))
    component = "client-lists"
    if is_by_http(resource.value):
        component = "plain-http/client-lists after components/plain-http, and both"
    for place in lists:
        if not any(found.guards(place.path) for found in filters):
            yield fault_of(
                resource,
                f"has no filter {CLIENTS_FILTER}, but the set {ascii_quoted(allowed.name)} has lists for "
                f"some clients only ({titles}); add components/{component} before the function, or the filter here",
                "no-clients-place",
                dotted(place.path[:-2]),
            )


def filled(  # noqa: PLR0913, PLR0917 - one caller
    resource: Resource,
    lists: list[Place],
    places: list[ClientsPlace],
    allowed: AllowSet,
    spread: Spread | None,
    findings: list[Finding],
) -> Edits:
    """The lists of a gateway and what its filters for clients are filled with; a fault where one is missing."""
    if allowed.limits is not None:
        findings += without_filter(resource, lists, places, allowed)
    domains, faults = trust_domains(resource)
    findings += faults
    hosts = list(allowed.hosts)
    if spread is not None:
        edits = spread.lists(hosts, lambda names: rules(allowed, domains, names))
        places = spread.others
    else:
        edits = {place.path: place.written(hosts) for place in lists}
    whole = rules(allowed, domains) if places else {}
    for place in places:
        mine = whole
        if place.form is not TEXT:
            from .by_host import by_host

            mine = by_host(whole, place.form)
        edits |= {(*place.path, key): mine for key in place.KEYS}
    return edits


def trust_domains(resource: Resource) -> tuple[tuple[str, ...], list[Finding]]:
    """The trust domains whose identities count, from the annotation on the EnvoyFilter, and its faults."""
    text = str(resource.annotations.get(TRUST_DOMAINS_ANNOTATION, "cluster.local"))
    found = tuple(part.strip() for part in text.split(","))
    faults = [
        fault_of(
            resource,
            f"{ascii_quoted(part)} is no trust domain (SPIFFE ID, section 2.1); write names as in cluster.local, "
            "separated by commas",
            "trust-domain",
            f"annotation {TRUST_DOMAINS_ANNOTATION}",
        )
        for part in found
        if not re.fullmatch(r"[a-z0-9._-]{1,255}", part)
    ]
    return found, faults


def rules(allowed: AllowSet, domains: Sequence[str], within: frozenset[str] | None = None) -> dict[str, Any]:
    """Envoy's matcher that allows an identity of the trust `domains` the names of its lists, and nothing else.

    Where no list is limited, nobody is asked who they are: the gateway works as one without the filter. `within`: the
    names of the one chain that the rules are for; wildcards above them count, since Envoy's tree goes on to those.
    """
    wildcards = set[Domain]()
    own = sorted(within or ())
    if within is not None:
        within |= {f"*.{above}" for name in within for above in _above(name)}
        wildcards = {Domain(name) for name in within if name[0] == "*"}

    def here(hosts: Sequence[str]) -> list[str]:
        return [host for host in hosts if within is None or host in within]

    if allowed.limits is None:
        found = [{"domains": here(allowed.hosts), "on_match": allow(allowed.name)}]
    else:
        of = trusted(domains)
        shared = here(allowed.limits.shared)
        found = [_names(shared, allowed.name, [identity(of, EVERYONE)])] if shared else []
        for clients, hosts in allowed.limits.at_gateway.items():
            expressions = [identity(of, client) for client in sorted(clients)]
            mine = here(hosts)
            found += [_names(mine, _lists(allowed, clients), expressions)] if mine else []
        for (clients, title), names in _denied(allowed.limits.holes).items():
            mine = [name for name in names if within is None or name in within or covering(name, wildcards)]
            expressions = [identity(of, client) for client in sorted(clients)]
            found += [_names(mine, _lists(allowed, clients), expressions, title)] if mine else []
    if within is not None and not any(one["domains"] for one in found):
        found = [{"domains": own, "on_match": allow(allowed.name)}]  # a chain that holds a placeholder alone
    matcher: dict[str, Any] = {
        "matcher_tree": {
            "input": {
                "name": "name",
                "typed_config": {"@type": TYPE + "envoy.extensions.matching.common_inputs.network.v3.ServerNameInput"},
            },
            "custom_match": {
                "name": "names",
                "typed_config": {
                    "@type": TYPE + "xds.type.matcher.v3.ServerNameMatcher",
                    "domain_matchers": found,
                },
            },
        }
    }
    if allowed.reporting:
        from .reporting import otherwise

        matcher["on_no_match"] = otherwise(allowed.reporting, domains)
    return matcher


def _above(name: str) -> Iterator[str]:
    """Every parent of `name`, the nearest first."""
    dot = name.find(".")
    while dot != -1:
        yield name[dot + 1 :]
        dot = name.find(".", dot + 1)


def _lists(allowed: AllowSet, clients: frozenset[Client]) -> str:
    """What the access log calls the lists of `clients`: the names of their ConfigMaps."""
    return "+".join(sorted(source.name for source, found in allowed.clients.items() if found <= clients))


def _denied(holes: Holes | None) -> dict[tuple[frozenset[Client], str], list[str]]:
    """The names that limited lists deny, by the clients that reach them all the same and by what the log says."""
    found: dict[tuple[frozenset[Client], str], list[str]] = {}
    if holes is not None:
        for name, clients in holes.clients.items():
            found.setdefault((clients, f"!{'+'.join(holes.lists[name])}"), []).append(name)
    return found


def _names(hosts: Sequence[str], title: str, expressions: Sequence[str], denied: str = "") -> dict[str, Any]:
    """Names, and the identities that they are open to.

    Where they are `denied` to all others, wildcards above them are not asked; that is what the log calls it.
    """
    if denied and not expressions:
        return {"domains": list(hosts), "on_match": _deny(denied)}
    return {
        "domains": list(hosts),
        "on_match": {
            "matcher": {
                "matcher_list": {"matchers": [among(title, expressions)]},
                **({"on_no_match": _deny(denied)} if denied else {}),
            }
        },
    }


def _deny(title: str) -> dict[str, Any]:
    """What refuses a connection for good; the access log names `title` as what decided."""
    action = {"@type": TYPE + "envoy.config.rbac.v3.Action", "name": title, "action": "DENY"}
    return {"action": {"name": "deny", "typed_config": action}}

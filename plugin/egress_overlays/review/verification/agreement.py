"""Rules for a whole set: the places must agree with each other, and with the ConfigMaps where those are at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...injection.copies import is_limited
from ...manifest.edits import dotted
from ...manifest.findings import INFO, WARNING
from ...manifest.resource import (
    ALLOW_EMPTY_ANNOTATION,
    INJECT_ANNOTATION,
    INJECTED,
    KEEP_HOSTS_ANNOTATION,
    STATE_LABEL,
    Resource,
)
from ...names.domain import PLACEHOLDER, Domain, ascii_quoted
from ...rendered.host_lists import HostList, beside
from ...rendered.refused import RULE as BUILD
from ...sites import GATEWAY, HOPS, POLICY, REGISTRY, ROUTES, SIDECAR, BadPlace, Place, find, site_of
from ...sites.at_ports import port_of
from .fault import fault, misplaced, some

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...rendered.rendered import Rendered
    from .fault import Faults, Options

_WHAT = {SIDECAR: "the sidecars", GATEWAY: "the gateway", REGISTRY: "the registry"}


def rule(found: Rendered, options: Options) -> Faults:
    """The faults of every set."""
    if not found.lists and not found.sets and not any(one.rule == BUILD for one in found.findings):
        message = f"nothing to verify: no resource carries {INJECT_ANNOTATION} or looks like an SNI egress gateway"
        yield fault("nothing", message)
    members = {id(entry.resource) for lists in found.lists.values() for entry in lists}
    for resource in found.resources:
        if INJECT_ANNOTATION in resource.annotations:
            yield from _state(resource)
        if INJECT_ANNOTATION in resource.annotations or id(resource) in members:
            yield from _places(resource)
    for name, lists in found.lists.items():
        yield from _hops(name, lists)
        if all(list(entry.names) == [PLACEHOLDER] for entry in lists):
            yield from _denies_all(found, name, lists, options)
        else:
            for port in {port_of(entry.resource) for entry in lists}:
                yield from _placeholders([entry for entry in lists if port_of(entry.resource) == port])
            yield from _agree(found, name, lists)
            yield from _stale(found, name, lists)
        yield from _sni_hosts(lists)


def _places(resource: Resource) -> Faults:
    for place in misplaced(resource):
        yield fault("place", place.reason, resource, place.path)
    if not any(isinstance(place, (Place, BadPlace)) for place in find(resource)):
        yield fault("place", f"carries {INJECT_ANNOTATION} but has no place for names", resource)


def _state(resource: Resource) -> Faults:
    name = resource.annotations[INJECT_ANNOTATION]
    if not isinstance(name, str) or not name.strip():
        message = f"the annotation must name a set, as in {INJECT_ANNOTATION}: default"
        yield fault("set-name", message, resource, ("metadata", "annotations", INJECT_ANNOTATION))
    state = resource.labels.get(STATE_LABEL)
    if state != INJECTED:
        says = f"says {ascii_quoted(str(state))}" if state else "is missing"
        message = f"the function did not run on it: the label {STATE_LABEL} {says}, not {INJECTED}"
        yield fault("state", message, resource, ("metadata", "labels", STATE_LABEL))


def _hops(name: str, lists: list[HostList]) -> Faults:
    wanted = beside(lists)
    for hop, kind in wanted.items():
        if hop in HOPS and not any(entry.hop == hop for entry in lists):
            message = f"the set {ascii_quoted(name)} has no {kind} here, so that nothing of it is reachable"
            yield fault("hop", message, lists[0].resource if lists else None)
    if lists and REGISTRY in wanted and not _is_compact(lists) and not any(entry.hop == REGISTRY for entry in lists):
        message = (
            f"the set {ascii_quoted(name)} has no {wanted[REGISTRY]} here; sidecars route to no name that none holds"
        )
        yield fault("hop", message, lists[0].resource, severity=WARNING)


def _is_compact(lists: Sequence[HostList]) -> bool:
    """Whether in the registry one host that is on no list stands for all names by TLS."""
    return any(KEEP_HOSTS_ANNOTATION in entry.resource.annotations for entry in lists)


def _denies_all(found: Rendered, name: str, lists: list[HostList], options: Options) -> Faults:
    allowed = found.sets.get(name)
    meant = allowed is not None and any(ALLOW_EMPTY_ANNOTATION in source.annotations for source in allowed.sources)
    message = f"the set {ascii_quoted(name)} admits nothing: every list holds the placeholder alone"
    if not meant and not options.allow_empty:
        message += "; if that is meant, verify the directory whose ConfigMap allows it, or give --allow-empty"
        yield fault("placeholder", message, lists[0].resource, lists[0].path)
    else:
        yield fault("deny-all", message, lists[0].resource, lists[0].path, INFO)


def _placeholders(lists: Sequence[HostList]) -> Faults:
    """The placeholder among names, or where they are missing: the list for everybody has none if all are for some."""
    others = {name for entry in lists for name in entry.names} - {PLACEHOLDER}
    copies = [entry for entry in lists if is_limited(entry.resource)]
    for_everybody = others - {name for entry in copies for name in entry.names}
    for entry in lists:
        # Of kinds that are copied for some clients, and of those that ask in the object itself, one object is for all.
        site = site_of(entry.resource)
        is_copied = entry.hop in (SIDECAR, REGISTRY, ROUTES) or (site is not None and site.admitted is not None)
        alone = list(entry.names) == [PLACEHOLDER] and is_copied and entry not in copies
        if PLACEHOLDER in entry.names and any(map(entry.takes, for_everybody if alone else others)):
            path = (*entry.path, list(entry.names).index(PLACEHOLDER))
            yield fault(
                "placeholder",
                f'holds the placeholder "{PLACEHOLDER}" while other lists hold names',
                entry.resource,
                path,
            )


def _agree(found: Rendered, name: str, lists: list[HostList]) -> Faults:
    """Compare what each hop holds altogether, and whatever stands for pods of its own."""
    denied_to_some = {f"!{one}" for one in found.exceptions(name)}  # by the gateway's rules for clients; sidecars may
    parts: list[tuple[str, HostList, set[str]]] = []
    for hop in (SIDECAR, REGISTRY):
        here = [entry for entry in lists if entry.hop == hop]
        if here:
            parts.append(
                (_what(here[0]), here[0], {name for entry in here for name in (*entry.names, *_denied(entry))})
            )
    gateways: dict[object, list[HostList]] = {}
    for entry in lists:
        if entry.hop == GATEWAY:
            gateways.setdefault(_gateway(entry), []).append(entry)
    for entries in gateways.values():
        written = [entry for entry in entries if not entry.is_missing]
        if not written:
            continue  # said by itself
        one = entries[0].resource
        what = _what(written[0]) if len(gateways) == 1 else f"{one.kind} {one.name}"
        parts.append((what, entries[0], {name for entry in entries for name in (*entry.names, *_denied(entry))}))
    parts += [
        (f"{entry.resource.kind} {entry.resource.name} ({dotted(entry.path)})", entry, set(entry.names))
        for entry in lists
        if entry.hop == POLICY and not entry.is_missing
    ]
    compact = _is_compact(lists)
    union = {host for _, _, hosts in parts for host in hosts} - {PLACEHOLDER} - denied_to_some
    for what, entry, hosts in parts:
        # What a hop of several objects holds is taken together; of one object, its own part counts. The registry and
        # policies of the network hold no denials: what stands there admits nothing by itself. Nor do sidecars by HTTP.
        alone, silent = entry.hop in {GATEWAY, POLICY}, entry.hop in {REGISTRY, POLICY}
        missing = sorted(
            name
            for name in union - hosts
            if (not alone or _is_for(entry, name))
            and not (name[:1] == "!" and (silent or (entry.hop == SIDECAR and Domain(name).is_http)))
            and (entry.hop != REGISTRY or not compact or Domain(name).is_http)
        )
        if entry.hop in {SIDECAR, REGISTRY} and name in found.rules:
            here = [one for one in lists if one.hop == entry.hop]
            missing = [host for host in missing if not _is_known(found, name, here, host)]
        if missing:
            message = f"the places of the set {ascii_quoted(name)} disagree: {what} lack {some(missing)}"
            yield fault("agreement", message, entry.resource, entry.path)


def _is_known(found: Rendered, name: str, lists: Sequence[HostList], host: str) -> bool:
    """Whether proxies of all clients of `host` know a wildcard above it: one object of theirs holds no name twice."""
    clients = found.clients(name, host)
    namespaces = {"*"} if clients is None else {client.namespace for client in clients}
    return all(
        any(one.is_known_in(namespace) and one.covers(host) for one in lists) for namespace in namespaces
    ) and not host.startswith("!")


def _denied(entry: HostList) -> list[str]:
    return [f"!{name}" for name in entry.holes]


def _is_for(entry: HostList, name: str) -> bool:
    """Whether `name` belongs in the part of the set that the object of a list takes."""
    return (entry.takes(name) or entry.is_divided) and Domain(name).port == port_of(entry.resource)


def _what(entry: HostList) -> str:
    """The hop of a list, and the field that it stands in."""
    return f"{_WHAT[entry.hop]} ({entry.path[-1]})"


def _gateway(entry: HostList) -> object:
    """What tells a gateway's lists from another one's: each object is one, unless it is continued in further ones."""
    site = site_of(entry.resource)
    return site if site is not None and (site.makes_more or site.admitted) else id(entry.resource)


def _stale(found: Rendered, name: str, lists: list[HostList]) -> Faults:
    allowed = found.sets.get(name)
    if allowed is None or any(finding.rule == "stale" for finding in found.findings):
        return  # of a directory it is said already, of each list
    here = {host for entry in lists if entry.hop != ROUTES for host in (*entry.names, *_denied(entry))}
    wanted = {str(entry.domain) for entry in allowed.entries if allowed.is_emitted(entry)}
    wanted |= {f"!{name}" for name in allowed.denied}
    # Sidecars refuse of what limited lists deny what nobody there reaches: the rule for clients judges that.
    here -= {f"!{one}" for one in allowed.holes.clients} if allowed.holes is not None else set()
    for what, names in (("not in the manifests", wanted - here), ("in the manifests alone", here - wanted)):
        if names - {PLACEHOLDER}:
            message = (
                f"the ConfigMaps of the set {ascii_quoted(name)} and the manifests differ, {what}: "
                f"{some(sorted(names))}; did something change after the function ran? List plugin/inject under "
                "transformers:"
            )
            yield fault("stale", message, lists[0].resource, lists[0].path)


def _sni_hosts(lists: list[HostList]) -> Faults:
    for hosts in lists:
        site = site_of(hosts.resource)
        if site is None or hosts.path != site.covering:
            continue
        for entry in lists:
            if entry.resource is hosts.resource and entry is not hosts:
                missing = [name for name in entry.names if not hosts.covers(name)]
                if missing:
                    message = f"{dotted(hosts.path)} does not cover {some(missing)}; Istio refuses it"
                    yield fault("sni-hosts", message, entry.resource, entry.path)
        own = {
            name for entry in lists if entry.resource is hosts.resource and entry is not hosts for name in entry.names
        }
        kept = {name.strip() for name in str(hosts.resource.annotations.get(KEEP_HOSTS_ANNOTATION, "")).split(",")}
        lost = sorted(kept - {""} - set(hosts.names))
        if lost:
            message = (
                f"spec.hosts lacks {some(lost)}, which {KEEP_HOSTS_ANNOTATION} names; without a host of the registry "
                "sidecars route none of its names"
            )
            yield fault("agreement", message, hosts.resource, hosts.path)
        extra = sorted(set(hosts.names) - own - kept - {PLACEHOLDER})
        if extra and own:
            message = f"spec.hosts names {some(extra)}, which no sniHosts matches: that routes nothing"
            yield fault("agreement", message, hosts.resource, hosts.path, WARNING)

"""Names at other ports than 443: copies of what holds the list, and ports that are opened; loaded where there are some.

Gateway, Service and NetworkPolicies are opened where components/ports says so, and nowhere else.
"""

from __future__ import annotations

from ..manifest.edits import Edits
from ..manifest.fields import mapping, mappings, texts
from ..manifest.findings import Finding, fault_of
from ..manifest.resource import (
    HTTP_PROTOCOL,
    INJECT_ANNOTATION,
    KEEP_HOSTS_ANNOTATION,
    OPENED_ANNOTATION,
    PORTS_ANNOTATION,
    PROTOCOL_ANNOTATION,
    SHARD_ANNOTATION,
    Resource,
)
from ..names.domain import HTTPS, ascii_quoted
from ..names.ports import HTTP, listening
from ..sites import BY_REGISTERING, USUAL, built_in, site_of
from ..sites.at_ports import MESH_LISTENER, key_of
from . import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from ..lists.allowlist import AllowSet
    from ..sites import Site

    Fill = Callable[[int, Resource, Site | None, AllowSet, Plan], None]

_NEEDED = ("Gateway", "Service")
_REGISTRY = next(site for site in USUAL if site.acts_by == BY_REGISTERING)
_POLICY = next(one for one in built_in() if one[0] == "security.istio.io")
_SERVER = "tls-egress-"
_ADVICE = (
    "add components/ports to the build before the function (and with a compact registry "
    "components/ports/compact-registry), or remove the line, where lists go out otherwise than by base/"
)


def by_http(
    resource: Resource, site: Site | None, allowed: AllowSet, findings: list[Finding]
) -> tuple[int, tuple[int, ...]]:
    """The port that `resource`, which takes names for plain HTTP, is for itself, and those of its copies."""
    asked = resource.annotations[PROTOCOL_ANNOTATION]
    if asked != HTTP_PROTOCOL or site is None or not site.takes_http:
        what = f"{ascii_quoted(str(asked))} is none; write {HTTP_PROTOCOL}, or remove the annotation"
        if asked == HTTP_PROTOCOL:
            what = f"a {resource.kind} takes no names for plain HTTP; remove the annotation"
        findings.append(fault_of(resource, what, "protocol", f"annotation {PROTOCOL_ANNOTATION}"))
        return HTTP, ()
    return HTTP, tuple(port for port in allowed.http if port != HTTP)


def copies(  # noqa: PLR0913, PLR0917 - one caller
    resource: Resource, site: Site, allowed: AllowSet, ports: Sequence[int], fill: Fill, result: Plan
) -> list[tuple[str, Edits]]:
    """The edits that turn a copy of `resource` into each one for another port, with the key that its name ends in."""
    if site.by_port is None:
        message = (
            f"takes the set {ascii_quoted(allowed.name)}, which has names at port {ports[0]}, and "
            f"{site.described} holds names at 443 alone here; give it a set without such names"
        )
        result.findings.append(fault_of(resource, message, "port"))
        return []
    found: list[tuple[str, Edits]] = []
    edits_at = site.by_port(resource.value)
    told = {str(one) for one in result.findings}
    for port in ports:
        moved = edits_at(port)
        mine = Resource(resource.edited(moved))
        made = Plan()
        fill(0, mine, site, allowed.at(port), made)
        result.placed += made.placed
        result.findings += [one for one in made.findings if str(one) not in told]
        told.update(map(str, made.findings))
        for edits in (made.edits[0], *made.copies[0]) if made.edits else ():
            key = str(edits.get(("metadata", "annotations", SHARD_ANNOTATION), ""))
            found.append((key_of(port, key), _both(moved, edits)))
    return found


def _both(moved: Edits, filled: Edits) -> Edits:
    """The edits of the port, `moved`, and those that fill its list; where these write, nothing is left of `moved`."""
    mine = {path: new for path, new in filled.items() if path[0] == "spec"}
    within = {path[:length] for path in mine for length in range(1, len(path) + 1)}
    kept = {
        path: new for path, new in moved.items() if not any(path[:length] in mine for length in range(1, len(path) + 1))
    }
    if any(path in within for path in kept):
        raise AssertionError(f"a list within what is for the port: {sorted(map(str, within))[:1]}")
    return kept | mine


def open_ports(resources: Sequence[Resource], result: Plan) -> Iterator[Finding]:
    """What is wrong with ports and what is to open them; the edits that do go to `result`."""
    there: dict[str, set[str]] = {}
    for index, resource in enumerate(resources):
        if PORTS_ANNOTATION not in resource.annotations:
            continue
        name = str(resource.annotations[PORTS_ANNOTATION])
        opener = _OPENERS.get((resource.group, resource.kind))
        if opener is None or name not in result.sets or INJECT_ANNOTATION in resource.annotations:
            what = (
                "is for a Gateway, a Service, an AuthorizationPolicy, a NetworkPolicy, or an entry of the registry "
                "that takes no list"
            )
            if opener is not None and name not in result.sets:
                what = f"names the set {ascii_quoted(name)}, which there is not"
            message = f"carries {PORTS_ANNOTATION}, which {what}; take it out"
            yield fault_of(resource, message, "port", f"annotation {PORTS_ANNOTATION}")
            continue
        there.setdefault(name, set()).add(resource.kind)
        # What is in the registry for plain HTTP, components/plain-http brings whole.
        http = () if resource.kind == _REGISTRY.kind else result.sets[name].http
        ports = (*result.sets[name].ports, *http)
        before = _opened(resource)
        edits = opener(resource.value.get("spec"), ports, before)
        if edits is None:
            message = f"carries {PORTS_ANNOTATION} and has no port of base/ beside which others could be opened"
            yield fault_of(resource, message, "port", "spec")
        elif ports or before:
            edits["metadata", "annotations", OPENED_ANNOTATION] = ",".join(map(str, ports)) or None
            result.edits[index] = edits
    for name, allowed in result.sets.items():
        unmade = list(_without_http(resources, allowed)) if allowed.http else []
        yield from unmade
        needed = _needed(resources, name) if allowed.ports else _NEEDED
        missing = [kind for kind in needed if kind not in there.get(name, ())]
        if (allowed.ports or allowed.http) and missing:
            # components/plain-http brings components/ports: who lacks both is told of the one.
            yield from _without_room(allowed, missing, by_http=not unmade)


def unopened(resource: Resource, ports: Sequence[int]) -> dict[str, Any] | None:
    """The value of `resource` as it was before the function opened `ports` there; None where that makes another one."""
    opener = _OPENERS.get((resource.group, resource.kind))
    if opener is None or PORTS_ANNOTATION not in resource.annotations:
        return None
    spec = resource.value.get("spec")
    without = opener(spec, (), ports)
    if without is None:
        return None
    found = Resource(resource.edited(without))
    again = opener(found.value.get("spec"), ports, ())
    return found.value if again is not None and found.edited(again)["spec"] == spec else None


def _needed(resources: Sequence[Resource], name: str) -> tuple[str, ...]:
    """The kinds that must be opened for a set: with a compact registry its one host too."""
    compact = any(
        KEEP_HOSTS_ANNOTATION in one.annotations and one.annotations.get(INJECT_ANNOTATION) == name for one in resources
    )
    return (*_NEEDED, _REGISTRY.kind) if compact else _NEEDED


def _without_room(allowed: AllowSet, missing: Sequence[str], *, by_http: bool) -> Iterator[Finding]:
    for entry in allowed.entries:
        if ":" in entry.domain and (by_http or not entry.domain.is_http):
            message = (
                f"needs a port of its own at the gateway, and no {' and no '.join(missing)} with the annotation "
                f"{PORTS_ANNOTATION}: {ascii(allowed.name)[1:-1]} is here; {_ADVICE}"
            )
            yield entry.remark(message, "port")


def _without_http(resources: Sequence[Resource], allowed: AllowSet) -> Iterator[Finding]:
    """Names for plain HTTP of a set for which something is missing that only components/plain-http has."""
    there = {
        site_of(one)
        for one in resources
        if one.annotations.get(PROTOCOL_ANNOTATION) == HTTP_PROTOCOL
        and one.annotations.get(INJECT_ANNOTATION) == allowed.name
    }
    missing = [site.kind for site in USUAL if site not in there]
    for entry in allowed.entries if missing else ():
        if entry.domain.is_http:
            message = (
                f"is for plain HTTP, and no {' and no '.join(missing)} here takes such names of the set "
                f"{ascii_quoted(allowed.name)}; add components/plain-http to the build before the function"
            )
            yield entry.remark(message, "port")


def _opened(resource: Resource) -> tuple[int, ...]:
    """The ports that an earlier run opened."""
    written = str(resource.annotations.get(OPENED_ANNOTATION, "")).split(",")
    return tuple(int(one) for one in written if one.isascii() and one.isdecimal() and len(one) <= 5)


def _servers(spec: Any, ports: Sequence[int], _before: Sequence[int]) -> Edits | None:
    return _beside(spec, "servers", ports, lambda one: one["port"]["number"], _server)


def _server(one: dict[str, Any], port: int) -> dict[str, Any]:
    return {**one, "port": {**one["port"], "number": listening(port), "name": f"{_SERVER}{port}"}}


def _service_ports(spec: Any, ports: Sequence[int], _before: Sequence[int]) -> Edits | None:
    return _beside(spec, "ports", ports, lambda one: one["targetPort"], _service_port)


def _service_port(one: dict[str, Any], port: int) -> dict[str, Any]:
    return {**one, "name": f"{_SERVER}{port}", "port": listening(port), "targetPort": listening(port)}


def _entry_ports(spec: Any, ports: Sequence[int], _before: Sequence[int]) -> Edits | None:
    """Those of the one host of a compact registry, by which sidecars know that there is such a port."""
    return _beside(spec, "ports", ports, lambda one: MESH_LISTENER if one["number"] == HTTPS else 0, _entry_port)


def _entry_port(one: dict[str, Any], port: int) -> dict[str, Any]:
    return {**one, "name": f"{_SERVER}{port}", "number": port}


def _beside(
    spec: Any,
    key: str,
    ports: Sequence[int],
    number: Callable[[dict[str, Any]], int],
    made: Callable[[dict[str, Any], int], dict[str, Any]],
) -> Edits | None:
    """The list `key` with an entry for each port, like the one of the mesh listener; None where that is not there."""
    try:
        entries = [one for one in spec[key] if not _is_made(one)]
        like = next(one for one in entries if number(one) == MESH_LISTENER)
        return {("spec", key): [*entries, *(made(like, port) for port in ports)]}
    except (KeyError, TypeError, StopIteration):
        return None


def _is_made(one: Mapping[str, Any]) -> bool:
    """Whether an earlier run has added the server or port, by its name."""
    name = str(one["name"] if "name" in one else one["port"]["name"])
    return name.startswith(_SERVER) and name.removeprefix(_SERVER).isdecimal()


def _policy_ports(spec: Any, ports: Sequence[int], before: Sequence[int]) -> Edits | None:
    """Rules for port 443 of the world get the ports themselves, rules for the gateway those that they arrive at."""
    edits: Edits = {}
    rules = spec.get("egress") if isinstance(spec, dict) else None
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        entries = rule.get("ports") or []
        numbers = [one.get("port") for one in entries]
        for like, at in ((HTTPS, _same), (MESH_LISTENER, listening)):
            if like in numbers:
                gone = {at(port) for port in before}
                kept = [one for one in entries if one.get("port") not in gone]
                new = [{"protocol": "TCP", "port": at(port)} for port in ports]
                edits["spec", "egress", index, "ports"] = [*kept, *new]
                break
    return edits or None


def _authorized(spec: Any, ports: Sequence[int], before: Sequence[int]) -> Edits | None:
    """What may be asked of the mesh listener may be asked of those beside it."""
    edits: Edits = {}
    gone = {str(listening(port)) for port in before}
    for index, rule in mappings(spec, "rules"):
        for place, to in mappings(rule, "to"):
            written = texts(mapping(to, "operation"), "ports")
            if str(MESH_LISTENER) in written:
                kept = [one for one in written if one not in gone]
                path = "spec", "rules", index, "to", place, "operation", "ports"
                edits[path] = [*kept, *(str(listening(port)) for port in ports)]
    return edits or None


def _same(port: int) -> int:
    return port


_OPENERS: dict[tuple[str, str], Callable[[Any, Sequence[int], Sequence[int]], Edits | None]] = {
    ("networking.istio.io", "Gateway"): _servers,
    ("", "Service"): _service_ports,
    ("networking.k8s.io", "NetworkPolicy"): _policy_ports,
    _POLICY: _authorized,
    (_REGISTRY.group, _REGISTRY.kind): _entry_ports,
}

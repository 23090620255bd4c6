"""Istio manifests: an SNI egress gateway written by hand, or the Nginx SNI proxy's VirtualServices and ServiceEntries.

A name is taken over where it was reachable: matched by the sidecar's sniHosts and, where an EnvoyFilter forwards by
SNI, by its server_names (Istio, "Wildcard egress", archive 1.13, for the Nginx proxy, which has no list of its own).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..manifest.resource import Resource
from ..names.domain import Domain, covering
from ..rendered.host_lists import GATEWAY, HOPS, REGISTRY, SIDECAR, HostList, every_list
from ..rendered.reach import reachable
from . import nginx
from .source import Carried, Note, Source, mappings

if TYPE_CHECKING:
    from collections.abc import Iterator

_PORT = "port {port} is not carried over; the gateway serves 443 alone"
_KINDS = ("VirtualService", "ServiceEntry", "EnvoyFilter")


def matches(source: Source) -> bool:
    """Whether the file holds Istio's kinds."""
    return any(document.get("kind") in _KINDS for document in source.documents)


def read(source: Source) -> Iterator[Carried | Note]:
    """The names that were reachable, grouped by the VirtualService or ServiceEntry that held them."""
    resources = [Resource(document) for document in source.documents]
    lists = every_list(resources)
    for resource in resources:
        if resource.kind == "ConfigMap":
            yield from nginx.in_config_map(source, resource.value)
        else:
            yield from _beyond(source, resource)
    matched = [entry for entry in lists if entry.hop in (SIDECAR, GATEWAY)]
    if any(entry.hop == SIDECAR for entry in matched):
        # Without an EnvoyFilter the gateway sends on what the sidecars sent it, as before the Nginx proxy.
        hops = HOPS if any(entry.hop == GATEWAY for entry in matched) else (SIDECAR,)
        names = list(map(str, reachable(matched, hops)))
        holders = sorted(matched, key=lambda entry: entry.hop != SIDECAR)
    else:
        # ServiceEntries alone: they let sidecars reach the names directly.
        holders = [entry for entry in lists if entry.hop == REGISTRY]
        names = sorted({name for entry in holders for name in entry.names})
    for name in names:
        holder = next((entry for entry in holders if name in entry.names), holders[0])
        yield Carried(name, holder.resource.name, source.line_of(name))
    yield from _left(source, lists, set(names))


def _left(source: Source, lists: list[HostList], taken: set[str]) -> Iterator[Note]:
    """Names that stood somewhere and were not reachable."""
    told = set()
    for entry in lists:
        for name in entry.names:
            if name not in taken and name not in told and entry.hop in (SIDECAR, GATEWAY):
                told.add(name)
                other = "gateway" if entry.hop == SIDECAR else "sidecar"
                words = (
                    f'"{name}" of {entry.resource.kind} {entry.resource.name} was not matched by the {other}, or is '
                )
                yield source.note(words + "covered by a wildcard: left out", source.line_of(name))
    wildcards = {Domain(name) for name in taken if name[:2] == "*."}
    for entry in lists:
        for name in entry.names if entry.hop == REGISTRY and not _is_beside(entry.resource) else ():
            if name not in taken and name not in told and covering(name, wildcards) is None:
                told.add(name)
                words = f'"{name}" of ServiceEntry {entry.resource.name} was reached past the gateway, if at all'
                yield source.note(f"{words}: left out", source.line_of(name))


def _is_beside(resource: Resource) -> bool:
    """Whether a ServiceEntry stands for a process beside the gateway, as the Nginx proxy was."""
    addresses = [str(one.get("address")) for one in mappings(resource.value["spec"].get("endpoints"))]
    return bool(addresses) and all(one.startswith("127.") or one == "::1" for one in addresses)


def _beyond(source: Source, resource: Resource) -> Iterator[Note]:
    """What else the objects said that a list of names does not."""
    spec = resource.value.get("spec")
    if not isinstance(spec, dict):
        return
    title = f"{resource.kind} {resource.name}"
    words: list[str] = []
    if resource.kind == "ServiceEntry":
        words = _service_entry(spec)
    elif resource.kind == "VirtualService":
        words = _virtual_service(spec)
    if spec.get("exportTo"):
        words.append("exportTo is not carried over; the list is every workload's")
    for said in dict.fromkeys(words):
        yield source.note(f"{title}: {said}", source.line_of(resource.name))


def _service_entry(spec: dict[str, Any]) -> list[str]:
    ports = [port.get("number") for port in mappings(spec.get("ports"))]
    words = [_PORT.format(port=port) for port in ports if port != 443]
    if spec.get("endpoints") or spec.get("addresses"):
        words.append("its fixed addresses are not carried over; names are resolved by DNS")
    return words


def _virtual_service(spec: dict[str, Any]) -> list[str]:
    words = []
    for route in mappings(spec.get("tls")):
        for match in mappings(route.get("match")):
            if match.get("port") not in (None, 443) and "mesh" in (match.get("gateways") or ["mesh"]):
                words.append(_PORT.format(port=match["port"]))
            words += [
                f"{key} is not carried over; the list is every workload's"
                for key in ("sourceLabels", "sourceNamespace", "destinationSubnets")
                if match.get(key)
            ]
    if spec.get("http"):
        words.append("its http routes are not carried over; only TLS is matched by name")
    return words

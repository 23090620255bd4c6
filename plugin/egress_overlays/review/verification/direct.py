"""Rules for lists that need no gateway: sidecars resolve their names and connect by themselves.

What Istio takes is from its ServiceEntry reference (resolution, location) and its validation of DYNAMIC_DNS (1.31).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.fields import mapping, mappings, text, texts
from ...manifest.findings import WARNING
from ...names.domain import PLACEHOLDER, ascii_quoted
from ...rendered.host_lists import ways
from .addresses import checks_addresses
from .beside import closes
from .fault import fault, some

if TYPE_CHECKING:
    from ...manifest.resource import Resource
    from ...rendered.host_lists import HostList
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options

_DYNAMIC = "DYNAMIC_DNS"
_PROTOCOLS = {_DYNAMIC: ("TLS",)}
_OTHERWISE = ("TLS", "HTTPS")


def rule(found: Rendered, options: Options) -> Faults:
    """The faults of lists by which sidecars go out directly, and what such a list cannot promise."""
    for name, lists in found.lists.items():
        directly = [entry for entry in lists if entry.is_direct]
        if not directly:
            continue
        for entry in directly:
            yield from _taken(entry)
        yield from _beside(found, {str(one) for entry in directly for one in entry.names if one.startswith("*")})
        yield from _promises(name, lists, directly[0])
        yield from _unchecked(found, directly, options.root_namespace)
        if not any(closes(one, options.root_namespace) for one in found.resources):
            message = (
                f"lets out the names of the set {ascii_quoted(name)}, and no Sidecar of {options.root_namespace} says "
                "REGISTRY_ONLY: unless the mesh's own configuration does, all other names pass too"
            )
            yield fault("direct", message, directly[0].resource, ("spec", "hosts"), WARNING)


def _taken(entry: HostList) -> Faults:
    """What Istio refuses of such an object, or takes for something else."""
    spec = mapping(entry.resource.value, "spec")
    resolution = text(spec, "resolution")
    names = [name for name in entry.names if name != PLACEHOLDER]
    wrong = [name for name in names if name.startswith("*") != (resolution == _DYNAMIC)]
    if wrong:
        takes = "wildcards alone" if resolution == _DYNAMIC else "no wildcard"
        message = f"holds {some(wrong)}, and Istio takes {takes} with resolution: {resolution}"
        yield fault("direct", message, entry.resource, entry.path)
    for index, port in mappings(spec, "ports"):
        protocol = text(port, "protocol").upper()
        if protocol not in _PROTOCOLS.get(resolution, _OTHERWISE):
            says = ascii_quoted(protocol) if protocol else "no protocol"
            why = "which Istio refuses with DYNAMIC_DNS" if protocol == "HTTPS" else "by which sidecars look at no name"
            message = f"has {says}, {why}; write TLS, which is by the name in the handshake"
            yield fault("direct", message, entry.resource, ("spec", "ports", index, "protocol"))
    if text(spec, "location") != "MESH_EXTERNAL":
        message = "lacks location: MESH_EXTERNAL: sidecars would offer certificates of the mesh to hosts outside of it"
        yield fault("direct", message, entry.resource, ("spec", "location"))


def _beside(found: Rendered, wildcards: set[str]) -> Faults:
    """Objects about names of DYNAMIC_DNS that Istio does not take for them."""
    for resource in found.resources:
        spec = mapping(resource.value, "spec")
        if resource.kind == "DestinationRule" and text(spec, "host") in wildcards and spec.get("subsets"):
            message = f"has subsets of {text(spec, 'host')}, and a name with DYNAMIC_DNS has none (Istio 1.31)"
            yield fault("direct", message, resource, ("spec", "subsets"))
        gateways = [name for name in texts(spec, "gateways") if name != "mesh"]
        for key in ("tls", "tcp", "http") if gateways else ():
            for index, rule in mappings(spec, key):
                for number, route in mappings(rule, "route"):
                    host = text(mapping(route, "destination"), "host")
                    if host in wildcards:
                        message = (
                            f"leads {some(gateways)} to {host}, which resolves with DYNAMIC_DNS: gateways do not "
                            "(istio/istio issue 61831), sidecars do since 1.30"
                        )
                        path = ("spec", key, index, "route", number, "destination", "host")
                        yield fault("direct", message, resource, path)


def _promises(name: str, lists: list[HostList], first: HostList) -> Faults:
    where = "by the sidecars directly" if len(ways(lists)) == 1 else "by the sidecars directly, beside the gateway"
    message = (
        f"the set {ascii_quoted(name)} goes out {where}: nobody checks who asks, nor the address that an exact name "
        "resolves to; that of one below a wildcard the sidecar alone checks, no more than the first of an answer, "
        "by base-direct/addresses; DYNAMIC_DNS needs Istio 1.30"
    )
    yield fault("direct", message, first.resource, ("spec", "resolution"), WARNING)


def _unchecked(found: Rendered, directly: list[HostList], root_namespace: str) -> Faults:
    """Wildcards that sidecars resolve where nothing refuses addresses inside."""
    holds = next((one for one in directly if any(name[:1] == "*" for name in one.names)), None)
    if holds is not None and not any(_refuses(one, root_namespace) for one in found.resources):
        message = (
            f"leads to whatever address a listed name resolves to: no EnvoyFilter of {root_namespace} for all sidecars "
            "refuses those inside, as that of base-direct/addresses does"
        )
        yield fault("direct", message, holds.resource, ("spec", "resolution"))


def _refuses(resource: Resource, root_namespace: str) -> bool:
    spec = mapping(resource.value, "spec")
    return set(spec) == {"configPatches"} and checks_addresses(
        resource, root_namespace, "SIDECAR_OUTBOUND", {"portNumber": 443}
    )

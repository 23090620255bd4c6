"""Rules for lists that need no gateway: sidecars resolve their names and connect by themselves.

What Istio takes is from its ServiceEntry reference (resolution, location) and its validation of DYNAMIC_DNS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.fields import mapping, mappings, text
from ...manifest.findings import WARNING
from ...names.domain import PLACEHOLDER, ascii_quoted
from ...rendered.host_lists import ways
from .beside import closes
from .fault import fault, some

if TYPE_CHECKING:
    from ...rendered.host_lists import HostList
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options

_DYNAMIC = "DYNAMIC_DNS"
_PROTOCOLS = ("TLS", "HTTPS")


def rule(found: Rendered, options: Options) -> Faults:
    """The faults of lists by which sidecars go out directly, and what such a list cannot promise."""
    for name, lists in found.lists.items():
        directly = [entry for entry in lists if entry.is_direct]
        if not directly:
            continue
        for entry in directly:
            yield from _taken(entry)
        yield from _promises(name, lists, directly[0])
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
        if protocol not in _PROTOCOLS:
            says = ascii_quoted(protocol) if protocol else "no protocol"
            message = f"has {says}, by which sidecars look at no name in a TLS handshake; write TLS"
            yield fault("direct", message, entry.resource, ("spec", "ports", index, "protocol"))
    if text(spec, "location") != "MESH_EXTERNAL":
        message = "lacks location: MESH_EXTERNAL: sidecars would offer certificates of the mesh to hosts outside of it"
        yield fault("direct", message, entry.resource, ("spec", "location"))


def _promises(name: str, lists: list[HostList], first: HostList) -> Faults:
    where = "by the sidecars directly" if len(ways(lists)) == 1 else "by the sidecars directly, beside the gateway"
    message = (
        f"the set {ascii_quoted(name)} goes out {where}: nobody checks the address that a name resolves to, nor who "
        "asks, and DYNAMIC_DNS needs Istio 1.30"
    )
    yield fault("direct", message, first.resource, ("spec", "resolution"), WARNING)

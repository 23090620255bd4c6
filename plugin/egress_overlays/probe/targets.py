"""Where to connect to: every listener with an address of every gateway that forwards by SNI.

A listener that the probe's client cannot try is named: nothing is left out in silence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..istiod import routed
from ..istiod.configuration import Gateway, configuration
from ..istiod.errors import ProbeError
from ..istiod.gateway import MESH, Resource, workloads
from ..istiod.workload import Workload
from ..manifest.resource import INJECT_ANNOTATION, SHARD_ANNOTATION
from ..manifest.resource import Resource as Manifest
from ..names.domain import BY_HTTP, HTTPS, Domain
from ..names.ports import listening
from ..rendered.host_lists import lists_of
from ..sites.at_ports import port_of
from ..sites.envoy_filter import FORWARDER
from ..sites.site import is_by_http
from .protocols import ByHttp, ByTls, Protocol


@dataclass(frozen=True)
class Target:
    """One listener of one workload, its port in the cluster, and the configuration that it is a part of.

    `listed` is the port that the names which pass it are listed at, `protocol` how they are asked for.
    """

    workload: Workload
    listener: str
    port: int
    listed: int
    gateway: Gateway = field(compare=False, repr=False)
    resources: list[Resource] = field(compare=False, repr=False)
    protocol: Protocol = field(compare=False, default_factory=ByTls)

    @property
    def names(self) -> str:
        """The port of the names as lists have it: 9093, or 80/http."""
        return f"{self.listed}{self.protocol.suffix}"

    def takes(self, port: int, *, by_http: bool) -> bool:
        """Whether it is a listener for names at `port` (0: at any)."""
        return port in (0, self.listed) and by_http == (self.protocol.suffix == BY_HTTP)


def targets(resources: list[Resource], root_namespace: str) -> list[Target]:
    """What is to be tried; raises ProbeError where that is nothing, or names each listener that cannot be tried."""
    found: list[Target] = []
    faults: list[str] = []
    by_http = {port_of(one) for one in map(Manifest, resources) if is_by_http(one.value)}
    for workload in workloads(resources):
        gateway = configuration(resources, workload, root_namespace)
        if FORWARDER not in json.dumps(gateway.listeners):
            continue
        clusters = {str(cluster.get("name")) for cluster in gateway.clusters}
        for listener in gateway.listeners:
            if "address" not in listener:
                continue
            port = (listener["address"].get("socket_address") or {}).get("port_value", 0)
            where = f"{workload.title}: listener {listener.get('name')}"
            faults += [f"{where}: {fault}" for fault in _faults(listener, clusters)]
            listed = _listed(resources, int(port))
            mine = _for_port(resources, listed)
            protocol: Protocol = ByHttp(listed) if listed in by_http else ByTls()
            domains, notes = (routed.hosts if listed in by_http else routed.names)(mine, workload)
            denied = _denied_by_http(mine) if listed in by_http else routed.denied(mine)
            own = gateway._replace(domains=domains, denied=denied, notes=list(dict.fromkeys([*gateway.notes, *notes])))
            found.append(Target(workload, str(listener.get("name")), int(port), listed, own, mine, protocol))
    if faults:
        raise ProbeError("\n".join(faults))
    if not found:
        raise ProbeError(
            "no gateway of the manifests forwards by SNI (sni_dynamic_forward_proxy); give an overlay on base/"
        )
    return found


def _listed(resources: list[Resource], arrives: int) -> int:
    """The port of the names whose connections arrive at the gateway's port `arrives`."""
    ports = (port_of(Manifest(one)) for one in resources)
    return next((port for port in ports if port != HTTPS and listening(port) == arrives), HTTPS)


def _for_port(resources: list[Resource], port: int) -> list[Resource]:
    """`resources` without those for other ports than `port`; copies as first ones."""
    ports = {id(one): port_of(Manifest(one)) for one in resources}
    kept = []
    for one in resources:
        annotations = (one.get("metadata") or {}).get("annotations") or {}
        if INJECT_ANNOTATION not in annotations or ports[id(one)] == port:
            rest = {key: value for key, value in annotations.items() if key != SHARD_ANNOTATION}
            kept.append(one if port == HTTPS else {**one, "metadata": {**one["metadata"], "annotations": rest}})
    return kept


def _denied_by_http(resources: list[Resource]) -> list[Domain]:
    """The names that the gateway refuses inside of wildcards; sidecars refuse none by plain HTTP."""
    own = [one for one in map(Manifest, resources) if is_by_http(one.value)]
    return [Domain(hole).name for one in own for entry in lists_of(one) for hole in entry.holes]


def _faults(listener: dict[str, Any], clusters: set[str]) -> Iterator[str]:
    """Why the probe's client would not see all that gets through `listener`."""
    chains = [*(listener.get("filter_chains") or []), listener.get("default_filter_chain")]
    for chain in filter(None, chains):
        if chain.get("transport_socket") != MESH:
            yield "takes connections without the mesh's mutual TLS, which the probe's client cannot try"
            continue
        if (chain.get("filter_chain_match") or {}).get("server_names"):
            yield "takes some outer names alone, and the probe's client sends the one of a sidecar"
        for name in _clusters_of(chain):
            if name not in clusters:
                yield (
                    f"sends to the cluster {name}, which is istiod's and not in the manifests, so that the probe "
                    "cannot try what comes of it; a server of the SNI gateway needs its own patch to the forwarder"
                )


def _clusters_of(chain: dict[str, Any]) -> Iterator[str]:
    for entry in chain.get("filters") or []:
        config = entry.get("typed_config") or {}
        if "cluster" in config:
            yield str(config["cluster"])
        for weighted in (config.get("weighted_clusters") or {}).get("clusters") or []:
            yield str(weighted.get("name"))

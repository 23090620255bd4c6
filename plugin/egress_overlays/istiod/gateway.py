"""What istiod makes of Gateways and VirtualServices for one gateway workload, before any EnvoyFilter.

Only what an egress gateway has: TLS servers, Istio mutual or passed through. Names and shapes follow
pilot/pkg/networking/core/gateway.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..manifest.fields import mapping, mappings, number, text, texts
from .errors import NotModelled, ProbeError
from .provenance import Path, Provenance, Source
from .workload import Workload

Resource = dict[str, Any]
TYPE = "type.googleapis.com/envoy.extensions."
TCP_PROXY = "envoy.filters.network.tcp_proxy"
MESH = {"name": "mesh"}
"""Stands for the transport socket of the mesh's mutual TLS, whose certificates the caller has."""
_NETWORKING = "networking.istio.io/"
_MUTUAL = ("ISTIO_MUTUAL", "MUTUAL")
# Istio's default text format (EnvoyTextLogFormat in pilot/pkg/model/telemetry_logging.go).
_ISTIO_FORMAT = (
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% '
    '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% '
    '%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" '
    '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% '
    "%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n"
)


def of_kind(resources: list[Resource], kind: str, group: str = _NETWORKING) -> Iterator[Resource]:
    """The resources of `kind` in API group `group` (with the slash), in order."""
    for resource in resources:
        if resource.get("kind") == kind and str(resource.get("apiVersion", "")).startswith(group):
            yield resource


def title(resource: Resource) -> str:
    """`Kind namespace/name`, for messages."""
    return f"{resource.get('kind')} {namespace(resource)}/{text(resource.get('metadata'), 'name')}"


def namespace(resource: Resource) -> str:
    """The resource's namespace."""
    return text(resource.get("metadata"), "namespace") or "default"


def workloads(resources: list[Resource]) -> list[Workload]:
    """The Deployments that some Gateway selects; raises ProbeError where there is none."""
    gateways = list(of_kind(resources, "Gateway"))
    if not gateways:
        raise ProbeError(
            "the manifests hold no Gateway (networking.istio.io), so there is no gateway to probe; give the rendered "
            "manifests of an overlay on base/"
        )
    found = []
    for deployment in of_kind(resources, "Deployment", "apps/"):
        labels = mapping(deployment, "spec", "template", "metadata", "labels")
        workload = Workload(text(deployment.get("metadata"), "name"), namespace(deployment), labels)
        if any(workload.selected(mapping(gateway, "spec", "selector")) for gateway in gateways):
            found.append(workload)
    if not found:
        raise ProbeError(
            f"{title(gateways[0])}: no Deployment among the manifests carries the labels of spec.selector "
            f"{mapping(gateways[0], 'spec', 'selector')}; give the Deployment of the gateway too"
        )
    return found


def listeners(
    resources: list[Resource], workload: Workload, root_namespace: str, origins: Provenance
) -> tuple[list[dict[str, Any]], list[NotModelled]]:
    """The listeners of `workload` as istiod generates them, in Envoy's JSON, and the servers that are not built here.

    Certificates are left to the caller: a server in ISTIO_MUTUAL mode has `transport_socket: MESH` in its chain.
    Who has made which part is noted down in `origins`.
    """
    by_port: dict[int, dict[str, Any]] = {}
    unknown: list[NotModelled] = []
    logs = _access_logs(resources, workload, root_namespace)
    for gateway, index, server in servers(resources, workload):
        source = Source(gateway, ("spec", "servers", index))
        port = number(server.get("port"), "number")
        reason = _not_built(server)
        if reason:
            unknown.append(NotModelled(gateway, source.path, reason, opens=True))
            continue
        if port not in by_port:
            by_port[port] = _listener(port)
            origins.note(by_port[port], source)
        chains = _chains(resources, gateway, server, logs, origins)
        for chain in chains:
            origins.note(chain, source)
        by_port[port]["filter_chains"].extend(chains)
    return list(by_port.values()), unknown


def servers(resources: list[Resource], workload: Workload) -> Iterator[tuple[Resource, int, dict[str, Any]]]:
    """Every server of every Gateway, of any namespace, that selects `workload`: the Gateway, the index, the server."""
    for gateway in of_kind(resources, "Gateway"):
        selected = workload.selected(mapping(gateway, "spec", "selector"))
        # What the webhook adds is on these pods as on all others.
        if selected or (selected is None and workload.is_whole):
            for index, server in mappings(gateway.get("spec"), "servers"):
                yield gateway, index, server


def _not_built(server: dict[str, Any]) -> str:
    """Why a Gateway's server is none that is known here; empty where it is."""
    protocol, mode = text(server.get("port"), "protocol"), _mode(server)
    if protocol == "TLS" and mode in (*_MUTUAL, "PASSTHROUGH"):
        return ""
    return (
        f"server port {number(server.get('port'), 'number')}: protocol {protocol!r} with tls mode {mode!r} "
        "is nothing the probe can build; it knows protocol TLS with ISTIO_MUTUAL or PASSTHROUGH"
    )


def _mode(server: dict[str, Any]) -> str:
    return text(server.get("tls"), "mode") or "PASSTHROUGH"


def _listener(port: int) -> dict[str, Any]:
    return {
        "name": f"0.0.0.0_{port}",
        "traffic_direction": "OUTBOUND",
        "address": {"socket_address": {"address": "0.0.0.0", "port_value": port}},  # noqa: S104 - as istiod; moved to loopback
        "listener_filters": [
            {
                "name": "envoy.filters.listener.tls_inspector",
                "typed_config": {"@type": TYPE + "filters.listener.tls_inspector.v3.TlsInspector"},
            }
        ],
        "filter_chains": [],
    }


def _chains(
    resources: list[Resource],
    gateway: Resource,
    server: dict[str, Any],
    logs: list[dict[str, Any]],
    origins: Provenance,
) -> list[dict[str, Any]]:
    mode = _mode(server)
    chains = []
    for route in _routes(
        resources, gateway, number(server.get("port"), "number"), passed_through=mode == "PASSTHROUGH"
    ):
        proxy = {
            "name": TCP_PROXY,
            "typed_config": {
                "@type": TYPE + "filters.network.tcp_proxy.v3.TcpProxy",
                "stat_prefix": route.cluster,
                "cluster": route.cluster,
                **({"access_log": logs} if logs else {}),
            },
        }
        chain: dict[str, Any] = {"filters": [proxy]}
        if route.names:
            chain["filter_chain_match"] = {"server_names": route.names}
        if mode in _MUTUAL:
            chain["transport_socket"] = dict(MESH)
        origins.note(chain, route.source)
        origins.note(proxy, route.source)
        chains.append(chain)
    return chains


class _Route(NamedTuple):
    """Where a VirtualService leads what a Gateway has taken: the SNI names, none for all, and the cluster."""

    names: list[str]
    cluster: str
    source: Source


def _routes(resources: list[Resource], gateway: Resource, port: int, *, passed_through: bool) -> Iterator[_Route]:
    """Each route of a VirtualService that is bound to `gateway` at `port`."""
    for service in of_kind(resources, "VirtualService"):
        spec = mapping(service, "spec")
        kind = "tls" if passed_through else "tcp"
        for index, route in mappings(spec, kind):
            path: Path = ("spec", kind, index)
            for match in [match for _, match in mappings(route, "match")] or [{}]:
                bound = texts(match, "gateways") or texts(spec, "gateways")
                if not any(_names(name, service, gateway) for name in bound) or match.get("port", port) != port:
                    continue
                for _, target in list(mappings(route, "route"))[:1]:
                    destination = mapping(target, "destination")
                    target_port = number(destination.get("port"), "number") or port
                    cluster = f"outbound|{target_port}|{text(destination, 'subset')}|{text(destination, 'host')}"
                    yield _Route(texts(match, "sniHosts"), cluster, Source(service, path))


def _names(name: str, service: Resource, gateway: Resource) -> bool:
    """Whether a VirtualService's `gateways` entry means `gateway`: `name` alone means its own namespace."""
    where, _, short = name.rpartition("/")
    return short == text(gateway.get("metadata"), "name") and (where or namespace(service)) in (namespace(gateway), ".")


def _access_logs(resources: list[Resource], workload: Workload, root_namespace: str) -> list[dict[str, Any]]:
    """Istio's text access log where a Telemetry resource turns the provider `envoy` on for `workload`."""
    for telemetry in of_kind(resources, "Telemetry", "telemetry.istio.io/"):
        spec = mapping(telemetry, "spec")
        chosen = mapping(spec, "selector", "matchLabels")
        here = namespace(telemetry) == workload.namespace and workload.selected(chosen)
        everywhere = namespace(telemetry) == root_namespace and not chosen
        logging = [entry for _, entry in mappings(spec, "accessLogging") if not entry.get("disabled")]
        if (here or everywhere) and any(
            provider.get("name") == "envoy" for entry in logging for _, provider in mappings(entry, "providers")
        ):
            return [file_log("/dev/stdout", {"text_format_source": {"inline_string": _ISTIO_FORMAT}})]
    return []


def file_log(path: str, log_format: dict[str, Any]) -> dict[str, Any]:
    """Envoy's file access logger."""
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": TYPE + "access_loggers.file.v3.FileAccessLog",
            "path": path,
            "log_format": log_format,
        },
    }

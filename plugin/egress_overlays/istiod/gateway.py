"""What istiod makes of Gateways and VirtualServices for one gateway workload, before any EnvoyFilter.

Only what an egress gateway has: TLS servers, Istio mutual or passed through. Names and shapes follow
pilot/pkg/networking/core/gateway.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .errors import ProbeError

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


@dataclass(frozen=True)
class Workload:
    """The pods of a gateway: their labels decide which Gateways and EnvoyFilters are theirs."""

    name: str
    namespace: str
    labels: dict[str, str] = field(hash=False)

    @property
    def title(self) -> str:
        """`Deployment namespace/name`."""
        return f"Deployment {self.namespace}/{self.name}"

    def selected_by(self, labels: Any) -> bool:
        """Whether a selector of exactly these labels means these pods; an empty one means all."""
        return all(self.labels.get(key) == value for key, value in (labels or {}).items())


def of_kind(resources: list[Resource], kind: str, group: str = _NETWORKING) -> Iterator[Resource]:
    """The resources of `kind` in API group `group` (with the slash), in order."""
    for resource in resources:
        if resource.get("kind") == kind and str(resource.get("apiVersion", "")).startswith(group):
            yield resource


def title(resource: Resource) -> str:
    """`Kind namespace/name`, for messages."""
    metadata = resource.get("metadata") or {}
    return f"{resource.get('kind')} {namespace(resource)}/{metadata.get('name', '')}"


def namespace(resource: Resource) -> str:
    """The resource's namespace."""
    return str((resource.get("metadata") or {}).get("namespace", "default"))


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
        metadata = deployment["spec"]["template"].get("metadata") or {}
        workload = Workload(deployment["metadata"]["name"], namespace(deployment), metadata.get("labels") or {})
        if any(workload.selected_by(gateway["spec"].get("selector")) for gateway in gateways):
            found.append(workload)
    if not found:
        raise ProbeError(
            f"{title(gateways[0])}: no Deployment among the manifests carries the labels of spec.selector "
            f"{gateways[0]['spec'].get('selector')}; give the Deployment of the gateway too"
        )
    return found


def listeners(resources: list[Resource], workload: Workload, root_namespace: str) -> list[dict[str, Any]]:
    """The listeners of `workload` as istiod generates them, in Envoy's JSON, certificates left to the caller.

    A server in ISTIO_MUTUAL mode has `transport_socket: MESH` in its chain.
    """
    by_port: dict[int, dict[str, Any]] = {}
    logs = _access_logs(resources, workload, root_namespace)
    for gateway in of_kind(resources, "Gateway"):
        if not workload.selected_by(gateway["spec"].get("selector")):
            continue
        for server in gateway["spec"].get("servers", []):
            port = int(server["port"]["number"])
            listener = by_port.setdefault(port, _listener(port))
            listener["filter_chains"].extend(_chains(resources, gateway, server, logs))
    return list(by_port.values())


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
    resources: list[Resource], gateway: Resource, server: dict[str, Any], logs: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    port = int(server["port"]["number"])
    mode = (server.get("tls") or {}).get("mode", "PASSTHROUGH")
    if server["port"].get("protocol") != "TLS" or mode not in (*_MUTUAL, "PASSTHROUGH"):
        raise ProbeError(
            f"{title(gateway)}: server port {port}: protocol {server['port'].get('protocol')!r} with tls mode {mode!r} "
            "is nothing the probe can build; it knows protocol TLS with ISTIO_MUTUAL or PASSTHROUGH"
        )
    chains = []
    for names, target in _routes(resources, gateway, port, passed_through=mode == "PASSTHROUGH"):
        chain: dict[str, Any] = {
            "filters": [
                {
                    "name": TCP_PROXY,
                    "typed_config": {
                        "@type": TYPE + "filters.network.tcp_proxy.v3.TcpProxy",
                        "stat_prefix": target,
                        "cluster": target,
                        **({"access_log": logs} if logs else {}),
                    },
                }
            ]
        }
        if names:
            chain["filter_chain_match"] = {"server_names": names}
        if mode in _MUTUAL:
            chain["transport_socket"] = dict(MESH)
        chains.append(chain)
    return chains


def _routes(
    resources: list[Resource], gateway: Resource, port: int, *, passed_through: bool
) -> Iterator[tuple[list[str], str]]:
    """(SNI names, cluster) of each route of a VirtualService that is bound to `gateway` at `port`."""
    for service in of_kind(resources, "VirtualService"):
        spec = service["spec"]
        for route in spec.get("tls" if passed_through else "tcp") or []:
            for match in route.get("match") or [{}]:
                bound = match.get("gateways") or spec.get("gateways") or []
                if not any(_names(name, service, gateway) for name in bound) or match.get("port", port) != port:
                    continue
                destination = route["route"][0]["destination"]
                target_port = (destination.get("port") or {}).get("number", port)
                yield (
                    match.get("sniHosts") or [],
                    f"outbound|{target_port}|{destination.get('subset', '')}|{destination['host']}",
                )


def _names(name: str, service: Resource, gateway: Resource) -> bool:
    """Whether a VirtualService's `gateways` entry means `gateway`: `name` alone means its own namespace."""
    where, _, short = name.rpartition("/")
    return short == gateway["metadata"]["name"] and (where or namespace(service)) in (namespace(gateway), ".")


def _access_logs(resources: list[Resource], workload: Workload, root_namespace: str) -> list[dict[str, Any]]:
    """Istio's text access log where a Telemetry resource turns the provider `envoy` on for `workload`."""
    for telemetry in of_kind(resources, "Telemetry", "telemetry.istio.io/"):
        spec = telemetry.get("spec") or {}
        chosen = (spec.get("selector") or {}).get("matchLabels")
        here = namespace(telemetry) == workload.namespace and workload.selected_by(chosen)
        everywhere = namespace(telemetry) == root_namespace and not chosen
        logging = [entry for entry in spec.get("accessLogging") or [] if not entry.get("disabled")]
        if (here or everywhere) and any(
            p.get("name") == "envoy" for entry in logging for p in entry.get("providers") or []
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

"""A gateway's listeners and clusters as the static configuration of one Envoy on loopback.

What differs from the gateway in the cluster is changed here and nowhere else: ports and addresses
of its own listeners, the port of the servers, who answers DNS, where certificates come from, and
that the stand-in and the address after it, which play the internet on loopback, count as global.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..istiod.gateway import MESH, TYPE, file_log
from . import resolvers
from .world import World

Message = dict[str, Any]
_MANAGER = TYPE + "filters.network.http_connection_manager.v3.HttpConnectionManager"
_HTTP_FORWARDER = TYPE + "filters.http.dynamic_forward_proxy.v3.FilterConfig"
_SNI_FORWARDER = TYPE + "filters.network.sni_dynamic_forward_proxy.v3.FilterConfig"
DECISIONS = "decisions.log"
"""The file of one JSON line a connection that the probe reads, beside the gateway's own logs."""


def build(
    listeners: list[Message], clusters: list[Message], world: World, directory: Path, *, keep_ports: bool = False
) -> Message:
    """The bootstrap; `listeners` and `clusters` are changed in place.

    `keep_ports`: requests by plain HTTP go to the port that Host says, and not to that of the world's servers.
    """
    for listener in listeners:
        _place(listener, world)
        managers = [one for one in _messages(listener) if one.get("@type") == _MANAGER]
        for manager in managers:
            _log(manager, directory, _of_request(listener))
            if not keep_ports:
                _to_servers(manager, world.port)
        if not managers:
            _log(listener, directory, _decision(listener))
    for message in _messages([listeners, clusters]):
        if message.get("@type") == _SNI_FORWARDER:
            message["port_value"] = world.port
        resolvers.redirect(message, world.dns_port)
        _admit_stand_in(message, world.stand_in)
    return {
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
        "bootstrap_extensions": [
            {
                "name": "envoy.bootstrap.internal_listener",
                "typed_config": {"@type": TYPE + "bootstrap.internal_listener.v3.InternalListener"},
            }
        ],
        "typed_dns_resolver_config": resolvers.own(world.dns_port),
        "static_resources": {"listeners": listeners, "clusters": clusters},
    }


def _log(holder: Message, directory: Path, line: Message) -> None:
    """Have `holder` write `line` for the probe, beside the gateway's own logs."""
    holder.setdefault("access_log", []).append(file_log(str(directory / DECISIONS), {"json_format": line}))


def _to_servers(manager: Message, port: int) -> None:
    """Have the forwarder of plain HTTP connect to `port` in place of the one in Host, which stays as it is.

    The route, which compares Host, is chosen before any filter of the list, so that this decides nothing.
    """
    filters = manager["http_filters"]
    for place, entry in enumerate(filters):
        config = entry.get("typed_config") or {}
        if config.get("@type") == _HTTP_FORWARDER:
            config["allow_dynamic_host_from_filter_state"] = True
            filters[place:place] = _named_target(port)
            return


def _named_target(port: int) -> list[Message]:
    """Filters that give the forwarder Host with `port`: one cuts, one hands over."""
    key = {"metadata_namespace": "probe", "key": "target"}
    without_port = {"pattern": {"regex": "^(.*?)(:[0-9]*)?$"}, "substitution": f"\\1:{port}"}
    rule = {"header": ":authority", "on_header_present": {**key, "regex_value_rewrite": without_port}}
    value = {
        "object_key": "envoy.upstream.dynamic_host",
        "format_string": {"text_format_source": {"inline_string": "%DYNAMIC_METADATA(probe:target)%"}},
    }
    return [
        {
            "name": "probe.target",
            "typed_config": {
                "@type": TYPE + "filters.http.header_to_metadata.v3.Config",
                "request_rules": [rule],
            },
        },
        {
            "name": "probe.forwarder",
            "typed_config": {
                "@type": TYPE + "filters.http.set_filter_state.v3.Config",
                "on_request_headers": [value],
            },
        },
    ]


def _place(listener: Message, world: World) -> None:
    """Move a listener with an address to a free port of loopback, and give mutual TLS its certificates."""
    if "address" in listener:
        listener["address"] = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    for chain in listener.get("filter_chains") or []:
        if chain.get("transport_socket") == MESH:
            chain["transport_socket"] = _mutual_tls(world)


def _mutual_tls(world: World) -> Message:
    certificate, key = world.mesh.issue("gateway", "spiffe://cluster.local/ns/istio-egress/sa/istio-egressgateway")
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": TYPE + "transport_sockets.tls.v3.DownstreamTlsContext",
            "require_client_certificate": True,
            "common_tls_context": {
                "tls_certificates": [
                    {"certificate_chain": {"filename": str(certificate)}, "private_key": {"filename": str(key)}}
                ],
                "validation_context": {"trusted_ca": {"filename": str(world.mesh.root)}},
            },
        },
    }


def _decision(listener: Message) -> Message:
    return {
        "listener": listener["name"],
        "internal": "internal_listener" in listener,
        "name": "%REQUESTED_SERVER_NAME%",
        "chain": "%FILTER_CHAIN_NAME%",
        "flags": "%RESPONSE_FLAGS%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "terminated": "%CONNECTION_TERMINATION_DETAILS%",
        "upstream": "%UPSTREAM_REMOTE_ADDRESS%",
        "upstream_failure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
        "tls_failure": "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%",
        "cluster": "%UPSTREAM_CLUSTER%",
        "list": "%DYNAMIC_METADATA(envoy.filters.network.rbac:egress_clients_shadow_effective_policy_id)%",
    }


def _of_request(listener: Message) -> Message:
    """Likewise of a request by plain HTTP: its name is Host, its chain the route."""
    return {
        **_decision(listener),
        "name": "%REQ(:AUTHORITY)%",
        "chain": "%ROUTE_NAME%",
        "status": "%RESPONSE_CODE%",
        "list": "%DYNAMIC_METADATA(envoy.filters.http.rbac:egress_clients_shadow_effective_policy_id)%",
    }


def _messages(node: Any) -> Iterator[Message]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _messages(child)


def _admit_stand_in(message: Message, stand_in: str) -> None:
    """Take `stand_in` and the address after it, and nothing else, out of the CIDR ranges of `message`.

    0.0.0.0/0 stays whole: "has an IPv4 address" is true of the stand-in as well.
    """
    ranges = message.get("ranges")
    if isinstance(ranges, list):
        message["ranges"] = [piece for entry in ranges for piece in _without(entry, stand_in)]
    matcher = message.get("matcher") or {}
    config = matcher.get("typed_config") if isinstance(matcher, dict) else None
    if isinstance(config, dict) and isinstance(config.get("upstream_ip"), dict):
        pieces = list(_without(config["upstream_ip"], stand_in))
        if pieces != [config["upstream_ip"]]:
            del message["matcher"]
            rules = [{"matcher": {**matcher, "typed_config": {**config, "upstream_ip": piece}}} for piece in pieces]
            message["or_rules"] = {"rules": rules}


def _without(entry: Message, stand_in: str) -> Iterator[Message]:
    network = ipaddress.ip_network(f"{entry['address_prefix']}/{entry.get('prefix_len', 0)}", strict=False)
    address = ipaddress.ip_network(f"{stand_in}/31")
    if network.version != address.version or network.prefixlen == 0 or not address.subnet_of(network):  # type: ignore[arg-type]
        yield entry
        return
    for piece in network.address_exclude(address):  # type: ignore[arg-type]
        yield {"address_prefix": str(piece.network_address), "prefix_len": piece.prefixlen}

"""What stands beside the lists and opens the gateway, leads around it, or takes it down: what each case does to whom.

Every case is planted in the live mesh by tests/e2e/test_25 (what it does, and that the commands say so beforehand), and
tried as a team against components/admission by test_24.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from live import gateway, of, patch, small

from .meshes import UNLISTED, UNLISTED_ADDRESS
from .world import LISTED, WILDCARD, World

if TYPE_CHECKING:
    from collections.abc import Callable

    Object = dict[str, Any]

TYPE = "type.googleapis.com/envoy.extensions."
PROXY = "envoy.filters.network.tcp_proxy"
GATEWAY_POD = "sni-egressgateway-0"
"""istiod takes an address of a pod that it knows; of one that it does not know it waits for more."""
MESH_LISTENER = {"portNumber": 8443, "filterChain": {"filter": {"name": PROXY}}}
EVIL = {
    "name": "evil",
    "type": "STATIC",
    "load_assignment": {
        "cluster_name": "evil",
        "endpoints": [
            {
                "lb_endpoints": [
                    {"endpoint": {"address": {"socket_address": {"address": UNLISTED_ADDRESS, "port_value": 443}}}}
                ]
            }
        ],
    },
}
TO_EVIL = {
    "name": PROXY,
    "typed_config": {"@type": TYPE + "filters.network.tcp_proxy.v3.TcpProxy", "stat_prefix": "evil", "cluster": "evil"},
}
STATE = {
    "name": "mine",
    "typed_config": {
        "@type": TYPE + "filters.network.set_filter_state.v3.Config",
        "on_new_connection": [
            {
                "object_key": "envoy.tcp_proxy.cluster",
                "format_string": {"text_format_source": {"inline_string": "evil"}},
            }
        ],
    },
}


@dataclass(frozen=True)
class Beside:
    """`plant` changes the objects of base/ or adds to them, `then` is what comes of it, `rules` find it beforehand."""

    plant: Callable[[list[Object]], None]
    then: Callable[[World], bool]
    rules: frozenset[str] = frozenset({"bypass"})


def added(*objects: Object) -> Callable[[list[Object]], None]:
    """These objects come on top."""
    return lambda ours: ours.extend(objects)


def istio(kind: str, spec: Object, namespace: str = "apps") -> Object:
    """A neighbour's object."""
    metadata = {"name": "beside", "namespace": namespace}
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def entry(protocol: str, host: str = UNLISTED) -> Object:
    """A ServiceEntry of the application's namespace for 443."""
    ports = [{"number": 443, "name": "tls", "protocol": protocol}]
    return istio("ServiceEntry", {"hosts": [host], "ports": ports, "resolution": "NONE"})


def takes_part() -> Object:
    """An EnvoyFilter with a harmless list of ours, whose other patches lead the mesh's listener elsewhere."""
    harmless = {
        "name": "harmless",
        "internal_listener": {},
        "filter_chains": [{"filter_chain_match": {"server_names": [WILDCARD]}, "filters": [TO_EVIL]}],
    }
    found = small(
        patch("LISTENER", "ADD", harmless),
        patch("CLUSTER", "ADD", EVIL),
        patch("NETWORK_FILTER", "INSERT_BEFORE", STATE, MESH_LISTENER),
    )
    found["metadata"] |= {
        "annotations": {"egress-overlays.dev/inject": "default"},
        "labels": {"egress-overlays.dev/state": "injected"},
    }
    return found


def second_cluster() -> Object:
    """A cluster of our cluster's name that comes first."""
    found = small(patch("CLUSTER", "ADD", {**EVIL, "name": "sni_cluster"}))
    found["spec"]["priority"] = -10
    return found


def own_chain() -> Object:
    """A chain of its own in the mesh's listener, without mutual TLS."""
    chain = {"filter_chain_match": {"server_names": [UNLISTED]}, "filters": [TO_EVIL]}
    return small(patch("CLUSTER", "ADD", EVIL), patch("FILTER_CHAIN", "ADD", chain, {"portNumber": 8443}))


def own_listener() -> Object:
    """A listener of its own on the gateway's pods."""
    value = {
        "name": "mine",
        "address": {"socket_address": {"address": "0.0.0.0", "port_value": 9443}},  # noqa: S104 -- a neighbour's, for all to see
        "filter_chains": [{"filters": [TO_EVIL]}],
    }
    return small(patch("CLUSTER", "ADD", EVIL), patch("LISTENER", "ADD", value))


def passing_through() -> list[Object]:
    """A team's Gateway for the gateway's pods, at a port of its own, with a route out."""
    ports = [{"number": 443, "name": "tls", "protocol": "TLS"}]
    outside = istio("ServiceEntry", {"hosts": [UNLISTED], "ports": ports, "resolution": "DNS"}, "blog")
    match = [{"port": 9443, "sniHosts": [UNLISTED]}]
    route = [{"destination": {"host": UNLISTED, "port": {"number": 443}}}]
    routed = {"hosts": [UNLISTED], "gateways": ["blog"], "tls": [{"match": match, "route": route}]}
    door = gateway({"number": 9443, "name": "tls", "protocol": "TLS"}, {"mode": "PASSTHROUGH"})
    return [outside, door, istio("VirtualService", routed, "blog")]


def attached() -> list[Object]:
    """A Gateway of the Gateway API whose address is the gateway's Service, with a route."""
    metadata = {"name": "beside", "namespace": "istio-egress"}
    listener = {"name": "tls", "port": 443, "protocol": "TLS", "tls": {"mode": "Passthrough"}}
    address = {"type": "Hostname", "value": "egressgateway.istio-egress.svc.cluster.local"}
    target = {"name": "egressgateway", "port": 443}
    door = {"gatewayClassName": "istio", "addresses": [address], "listeners": [listener]}
    route = {"parentRefs": [{"name": "beside"}], "hostnames": [LISTED], "rules": [{"backendRefs": [target]}]}
    version = "gateway.networking.k8s.io/v1"
    return [
        {"apiVersion": version, "kind": "Gateway", "metadata": metadata, "spec": door},
        {"apiVersion": version, "kind": "TLSRoute", "metadata": metadata, "spec": route},
    ]


def value_of(ours: list[Object], apply_to: str, number: int = 0) -> Object:
    """What a patch of our own EnvoyFilter holds."""
    patches = [one for one in of(ours, "EnvoyFilter")["spec"]["configPatches"] if one["applyTo"] == apply_to]
    found: Object = patches[number]["patch"]["value"]
    return found


def another_endpoint(ours: list[Object]) -> None:
    """Our cluster leads out instead of to the forwarder."""
    cluster = value_of(ours, "CLUSTER")
    cluster |= {key: EVIL[key] for key in ("type", "load_assignment")}
    cluster.pop("transport_socket", None)


def no_refusal(ours: list[Object]) -> None:
    """The forwarder without the filter that refuses internal addresses."""
    (chain,) = value_of(ours, "LISTENER")["filter_chains"]
    kept = [one for one in chain["filters"] if "rbac" not in one["typed_config"]["@type"]]
    assert len(kept) == len(chain["filters"]) - 1
    chain["filters"] = kept


def every_name(ours: list[Object]) -> None:
    """A chain of the forwarder for the names that no list has."""
    (chain,) = value_of(ours, "LISTENER")["filter_chains"]
    value_of(ours, "LISTENER")["default_filter_chain"] = {"filters": chain["filters"]}


def another_cluster(ours: list[Object]) -> None:
    """The mesh's listener leads out instead of to the forwarder."""
    of(ours, "EnvoyFilter")["spec"]["configPatches"].insert(0, patch("CLUSTER", "ADD", EVIL))
    value_of(ours, "NETWORK_FILTER")["typed_config"]["cluster"] = "evil"


def simple_tls(ours: list[Object]) -> None:
    """The mesh's listener with a certificate of somebody's own."""
    of(ours, "Gateway")["spec"]["servers"][0]["tls"] = {"mode": "MUTUAL", "credentialName": "mine"}


def no_mutual_tls(ours: list[Object]) -> None:
    """Sidecars speak to the gateway without mutual TLS."""
    rule = of(ours, "DestinationRule")["spec"]
    for policy in (rule.get("trafficPolicy", {}), *(one.get("trafficPolicy", {}) for one in rule.get("subsets", ()))):
        if "tls" in policy:
            policy["tls"] = {"mode": "DISABLE"}


def by_hand() -> Object:
    """Endpoints of the gateway's Service that say of themselves that they are a pod's."""
    named = {"name": "beside", "namespace": "istio-egress"}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**named, "labels": {"kubernetes.io/service-name": "egressgateway"}},
        "addressType": "IPv4",
        "ports": [{"name": "tls-egress", "port": 8443, "protocol": "TCP"}],
        "endpoints": [{"addresses": [UNLISTED_ADDRESS], "targetRef": {"kind": "Pod", **named, "name": GATEWAY_POD}}],
    }


def no_name_looked_at(ours: list[Object]) -> None:
    """The port of the listed names takes every connection, whatever name it is for."""
    of(ours, "ServiceEntry")["spec"]["ports"][0]["protocol"] = "TCP"


def led_elsewhere(ours: list[Object]) -> None:
    """The set's own route leads to a Service of a neighbour's."""
    for route in of(ours, "VirtualService")["spec"]["tls"]:
        route["route"] = [{"destination": {"host": "beside.apps.svc.cluster.local"}}]
    ports = [{"name": "tls", "port": 443, "targetPort": 8443}]
    metadata = {"name": "beside", "namespace": "apps"}
    ours.append({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports}})


def no_mutual_tls_at_one_port(ours: list[Object]) -> None:
    """Sidecars speak to one port of the gateway without mutual TLS."""
    settings = {"port": {"number": 443}, "tls": {"mode": "DISABLE"}}
    of(ours, "DestinationRule")["spec"]["trafficPolicy"]["portLevelSettings"] = [settings]


BESIDE = {
    "an EnvoyFilter that takes part": Beside(added(takes_part()), World.unlisted),
    "a second cluster of our name": Beside(added(second_cluster()), World.unlisted),
    "a filter of the root namespace for every gateway": Beside(
        added(
            small(
                patch("CLUSTER", "ADD", EVIL),
                patch("NETWORK_FILTER", "INSERT_BEFORE", STATE, MESH_LISTENER),
                namespace="istio-system",
                labels={},
            )
        ),
        World.unlisted,
    ),
    "a chain of its own in the mesh's listener": Beside(added(own_chain()), World.without_certificate),
    "a listener of its own": Beside(added(own_listener()), World.at_another_port),
    "a Gateway that passes through": Beside(
        added(*passing_through()), World.at_another_port, frozenset({"bypass", "beside"})
    ),
    "a Gateway of the Gateway API by the Service's name": Beside(added(*attached()), World.listed_without_certificate),
    "an address with the gateway's labels": Beside(
        added(
            istio(
                "WorkloadEntry",
                {"address": UNLISTED_ADDRESS, "labels": {"istio": "sni-egressgateway"}},
                "istio-egress",
            )
        ),
        World.dark,
    ),
    "another endpoint of our cluster": Beside(another_endpoint, World.unlisted),
    "another cluster in the mesh's listener": Beside(another_cluster, World.unlisted),
    "a chain for all other names": Beside(every_name, World.unlisted, frozenset({"bypass", "place"})),
    "no refusal of internal addresses": Beside(no_refusal, World.inside),
    "a certificate of one's own": Beside(simple_tls, World.dark, frozenset({"bypass", "mesh-certificate"})),
    "sidecars without mutual TLS": Beside(no_mutual_tls, World.dark, frozenset({"beside", "bypass"})),
    "a ServiceEntry of a team's": Beside(added(entry("TLS")), World.past, frozenset({"beside"})),
    "a ServiceEntry with TCP on 443": Beside(
        added(entry("TCP", "db.beside.example.net")), World.past, frozenset({"bypass", "beside"})
    ),
    "a ServiceEntry said to be of the mesh": Beside(
        added(istio("ServiceEntry", {**entry("TLS")["spec"], "location": "MESH_INTERNAL"})),
        World.past,
        frozenset({"beside"}),
    ),
    "a Sidecar that allows any": Beside(
        added(istio("Sidecar", {"egress": [{"hosts": ["*/*"]}], "outboundTrafficPolicy": {"mode": "ALLOW_ANY"}})),
        World.past,
        frozenset({"beside"}),
    ),
    "a DestinationRule for every host": Beside(
        added(istio("DestinationRule", {"host": "*.local", "trafficPolicy": {"tls": {"mode": "DISABLE"}}})),
        World.dark,
        frozenset({"beside", "dangling"}),
    ),
    "a DestinationRule without the subset": Beside(
        added(istio("DestinationRule", {"host": "egressgateway.istio-egress.svc.cluster.local"})),
        World.dark,
        frozenset({"beside", "dangling"}),
    ),
    "endpoints by hand": Beside(added(by_hand()), World.dark),
    "a port of the listed names that looks at none": Beside(no_name_looked_at, World.past),
    "a route of the set's own that leads elsewhere": Beside(led_elsewhere, World.dark),
    "sidecars without mutual TLS at one port": Beside(no_mutual_tls_at_one_port, World.dark),
}

"""`verify` on what stands beside the lists: all that base/ does not have opens the gateway until it is understood.

What each case does in real istiod and Envoy is shown in tests/e2e; here it is an error beforehand.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from live import built, findings, of, patch, small

if TYPE_CHECKING:
    from collections.abc import Callable

    from command import Run

    Object = dict[str, Any]
from live import gateway

TYPE = "type.googleapis.com/envoy.extensions."
PROXY = "envoy.filters.network.tcp_proxy"
MESH = {"portNumber": 8443, "filterChain": {"filter": {"name": PROXY}}}
STATE = {
    "name": "envoy.filters.network.set_filter_state",
    "typed_config": {
        "@type": TYPE + "filters.network.set_filter_state.v3.Config",
        "on_new_connection": [{"object_key": "envoy.tcp_proxy.cluster"}],
    },
}


def to(address: str, name: str = "sni_cluster") -> Object:
    endpoint = {"endpoint": {"address": {"socket_address": {"address": address, "port_value": 443}}}}
    return {"name": name, "load_assignment": {"endpoints": [{"lb_endpoints": [endpoint]}]}}


def merge(**config: Any) -> Object:
    value = {"name": PROXY, "typed_config": {"@type": TYPE + "filters.network.tcp_proxy.v3.TcpProxy", **config}}
    return patch("NETWORK_FILTER", "MERGE", value, MESH)


def added(one: Object) -> Callable[[list[Object]], None]:
    return lambda objects: objects.append(one)


def patches(objects: list[Object]) -> list[Object]:
    return list(of(objects, "EnvoyFilter")["spec"]["configPatches"])


def listener(objects: list[Object]) -> Object:
    return next(dict(one["patch"]["value"]) for one in patches(objects) if one["applyTo"] == "LISTENER")


def filters(objects: list[Object]) -> list[Object]:
    found: list[Object] = listener(objects)["filter_chains"][0]["filters"]
    return found


def without_rbac(objects: list[Object]) -> None:
    filters(objects).pop(1)


def rbac_allows(objects: list[Object]) -> None:
    filters(objects)[1]["typed_config"]["rules"]["action"] = "ALLOW"


def fewer_ranges(objects: list[Object]) -> None:
    policies = filters(objects)[1]["typed_config"]["rules"]["policies"]
    policies["not-global"]["permissions"][0]["and_rules"]["rules"][0]["or_rules"]["rules"].pop()


def another_endpoint(objects: list[Object]) -> None:
    patches(objects)[0]["patch"]["value"] |= to("evil.example")


def another_cluster(objects: list[Object]) -> None:
    for one in patches(objects):
        if one["applyTo"] == "NETWORK_FILTER":
            one["patch"]["value"]["typed_config"]["cluster"] = "outbound|443||evil.example"


def another_port(objects: list[Object]) -> None:
    filters(objects)[0]["typed_config"]["port_value"] = 22


def a_resolver(objects: list[Object]) -> None:
    filters(objects)[0]["typed_config"]["dns_cache_config"]["typed_dns_resolver_config"] = {"name": "mine"}


def certificate_of_ones_own(objects: list[Object]) -> None:
    of(objects, "Gateway")["spec"]["servers"][0]["tls"] = {"mode": "MUTUAL", "credentialName": "mine"}


def default_chain(objects: list[Object]) -> None:
    value = next(one["patch"]["value"] for one in patches(objects) if one["applyTo"] == "LISTENER")
    value["default_filter_chain"] = {"filters": filters(objects)}


OPENING: dict[str, Callable[[list[Object]], None]] = {
    "a filter that chooses the cluster": added(small(patch("NETWORK_FILTER", "INSERT_BEFORE", STATE, MESH))),
    "a second cluster of our name": added(small(patch("CLUSTER", "ADD", to("evil.example")))),
    "a listener of its own": added(small(patch("LISTENER", "ADD", {"name": "mine", "filter_chains": [{}]}))),
    "the TLS validation": added(
        small(patch("FILTER_CHAIN", "MERGE", {"transport_socket": {"name": "tls"}}, {"portNumber": 8443}))
    ),
    "no chain filter": added(small(patch("NETWORK_FILTER", "REMOVE", {}, MESH))),
    "another filter in its place": added(small(patch("NETWORK_FILTER", "REPLACE", {"name": "x"}, MESH))),
    "another cluster in the chain": added(small(merge(cluster="outbound|443||evil.example"))),
    "weighted clusters": added(small(merge(weighted_clusters={"clusters": [{"name": "x", "weight": 1}]}))),
    "no inspector": added(
        small(
            patch(
                "LISTENER_FILTER",
                "REMOVE",
                {},
                {"portNumber": 8443, "listenerFilter": "envoy.filters.listener.tls_inspector"},
            )
        )
    ),
    "by a label that injection adds": added(
        small(
            patch("NETWORK_FILTER", "INSERT_BEFORE", STATE, MESH),
            labels={"service.istio.io/canonical-name": "sni-egressgateway"},
        )
    ),
    "without a namespace": added(small(patch("NETWORK_FILTER", "INSERT_BEFORE", STATE, MESH), namespace="")),
    "listeners by bootstrap": added(small(patch("BOOTSTRAP", "MERGE", {"static_resources": {"listeners": [{}]}}))),
    "a gateway for HTTPS": added(gateway({"number": 8443, "protocol": "HTTPS"}, {"mode": "ISTIO_MUTUAL"})),
    "a gateway that passes through": added(gateway({"number": 9443, "protocol": "TLS"}, {"mode": "PASSTHROUGH"})),
    "a gateway for all pods": added(gateway({"number": 9443, "protocol": "TLS"}, {"mode": "PASSTHROUGH"}, {})),
    "a gateway with TLS of its own": added(
        gateway({"number": 9443, "protocol": "TLS"}, {"mode": "SIMPLE", "credentialName": "x"})
    ),
    "no refusal of addresses": without_rbac,
    "a refusal that allows": rbac_allows,
    "fewer addresses refused": fewer_ranges,
    "another endpoint of our cluster": another_endpoint,
    "another cluster of ours": another_cluster,
    "another port": another_port,
    "another resolver": a_resolver,
    "a certificate of one's own": certificate_of_ones_own,
    "a default chain": default_chain,
}


@pytest.mark.parametrize("change", OPENING.values(), ids=OPENING)
def test_what_opens_the_gateway_is_an_error(change: Callable[[list[Object]], None], run: Run) -> None:
    objects = built()
    assert findings(run, objects) == []
    change(objects)
    found = [one for one in findings(run, objects) if one["severity"] == "error"]
    assert "bypass" in {one["rule"] for one in found} or {one["rule"] for one in found} & {"place", "open-chain"}
    assert all(one["object"] and one["line"] for one in found)


def test_an_annotation_and_a_harmless_list_hide_nothing(run: Run) -> None:
    one = small(
        patch("NETWORK_FILTER", "INSERT_BEFORE", STATE, MESH),
        patch("CLUSTER", "ADD", to("evil.example", "blog_cluster")),
    )
    one["metadata"]["annotations"] = {"egress-overlays.dev/inject": "default"}
    one["metadata"]["labels"] = {"egress-overlays.dev/state": "injected"}
    harmless = copy.deepcopy(next(entry for entry in patches(built()) if entry["applyTo"] == "LISTENER"))
    harmless["patch"]["value"]["name"] = "blog_listener"
    one["spec"]["configPatches"].append(harmless)
    found = findings(run, [*built(), one])
    assert {(each["rule"], each["object"]) for each in found} == {("bypass", "EnvoyFilter istio-egress/small")}
    assert {each["field"] for each in found} == {
        "spec.configPatches[0].patch.value",
        "spec.configPatches[2].patch.value",
    }


def deployment(**fields: Any) -> Callable[[list[Object]], None]:
    return lambda objects: of(objects, "Deployment")["spec"]["template"]["spec"].update(fields)


def annotated(**annotations: str) -> Callable[[list[Object]], None]:
    return lambda objects: of(objects, "Deployment")["spec"]["template"]["metadata"]["annotations"].update(annotations)


def telemetry(**spec: Any) -> Object:
    return {
        "apiVersion": "telemetry.istio.io/v1",
        "kind": "Telemetry",
        "metadata": {"name": "more", "namespace": "istio-egress"},
        "spec": spec,
    }


def mesh_wide(*several: Object) -> Callable[[list[Object]], None]:
    return added(small(*several, namespace="istio-system", labels={}))


def of_cluster(**fields: Any) -> Callable[[list[Object]], None]:
    return lambda objects: patches(objects)[0]["patch"]["value"].update(fields)


def of_proxy(**fields: Any) -> Callable[[list[Object]], None]:
    return lambda objects: filters(objects)[-1]["typed_config"].update(fields)


def of_listener(objects: list[Object]) -> None:
    next(one["patch"]["value"] for one in patches(objects) if one["applyTo"] == "LISTENER").update(
        per_connection_buffer_limit_bytes=65536, listener_filters_timeout="5s"
    )


def of_cache(objects: list[Object]) -> None:
    for holder in (filters(objects)[0]["typed_config"], patches(objects)[1]["patch"]["value"]["cluster_type"]):
        holder = holder.get("typed_config", holder)  # noqa: PLW2901 - the cluster has it one deeper
        cache = holder["dns_cache_config"]
        cache.update(name="mine", max_hosts=20000, host_ttl="60s", dns_refresh_rate="30s")
        cache["typed_dns_resolver_config"]["typed_config"].update(query_timeout_seconds=2, query_tries=4)


def tls_versions(objects: list[Object]) -> None:
    of(objects, "Gateway")["spec"]["servers"][0]["tls"]["minProtocolVersion"] = "TLSV1_3"


def port_name(objects: list[Object]) -> None:
    of(objects, "Gateway")["spec"]["servers"][0]["port"]["name"] = "tls-mine"


def log(objects: list[Object]) -> None:
    next(one["patch"]["value"] for one in patches(objects) if one["applyTo"] == "LISTENER")["access_log"] = []


PROXY_TYPE = {"@type": TYPE + "filters.network.tcp_proxy.v3.TcpProxy"}
ORDINARY: dict[str, Callable[[list[Object]], None]] = {
    "tolerations": deployment(tolerations=[{"operator": "Exists"}]),
    "a node selector": deployment(nodeSelector={"pool": "egress"}),
    "affinity": deployment(affinity={}),
    "a priority class": deployment(priorityClassName="system-cluster-critical"),
    "spread": deployment(topologySpreadConstraints=[]),
    "a grace period": deployment(terminationGracePeriodSeconds=300),
    "replicas": lambda objects: of(objects, "Deployment")["spec"].update(replicas=5),
    "resources": lambda objects: of(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0].update(
        resources={"limits": {"memory": "4Gi"}}
    ),
    "an annotation": annotated(**{"prometheus.io/scrape": "true"}),
    "statistics": annotated(**{"sidecar.istio.io/statsInclusionRegexps": "x"}),
    "concurrency": annotated(**{"proxy.istio.io/config": "concurrency: 4"}),
    "a log level": annotated(**{"sidecar.istio.io/logLevel": "debug"}),
    "a label of the pods": lambda objects: of(objects, "Deployment")["spec"]["template"]["metadata"]["labels"].update(
        team="platform"
    ),
    "tracing": added(telemetry(tracing=[{"providers": [{"name": "otel"}], "randomSamplingPercentage": 1}])),
    "metrics": added(telemetry(metrics=[{"providers": [{"name": "prometheus"}]}])),
    "access logs": added(telemetry(accessLogging=[{"providers": [{"name": "otel"}]}])),
    "a mesh-wide idle timeout": mesh_wide(
        patch("NETWORK_FILTER", "MERGE", {"name": PROXY, "typed_config": {**PROXY_TYPE, "idle_timeout": "60s"}})
    ),
    "a mesh-wide connect timeout": mesh_wide(patch("CLUSTER", "MERGE", {"connect_timeout": "3s"})),
    "mesh-wide circuit breakers": mesh_wide(patch("CLUSTER", "MERGE", {"circuit_breakers": {"thresholds": []}})),
    "a mesh-wide buffer": mesh_wide(patch("LISTENER", "MERGE", {"per_connection_buffer_limit_bytes": 32768})),
    "a mesh-wide HTTP filter": mesh_wide(patch("HTTP_FILTER", "INSERT_BEFORE", {"name": "envoy.filters.http.lua"})),
    "of sidecars": mesh_wide(patch("NETWORK_FILTER", "INSERT_BEFORE", STATE, context="SIDECAR_OUTBOUND")),
    "a cluster that nothing leads to": mesh_wide(patch("CLUSTER", "ADD", to("otel.example", "otel"))),
    "another gateway": added(
        gateway({"number": 443, "protocol": "HTTPS"}, {"mode": "SIMPLE"}, {"istio": "ingressgateway"})
    ),
    "connection limits": of_cluster(circuit_breakers={"thresholds": [{"max_connections": 5}]}, connect_timeout="3s"),
    "idle timeout": of_proxy(idle_timeout="600s", max_downstream_connection_duration="3600s"),
    "early data": of_proxy(max_early_data_bytes=8192),
    "a listener's buffer and timeout": of_listener,
    "the cache of names": of_cache,
    "versions of TLS": tls_versions,
    "a port's name": port_name,
    "no log": log,
}


@pytest.mark.parametrize("change", ORDINARY.values(), ids=ORDINARY)
def test_ordinary_changes_are_fine(change: Callable[[list[Object]], None], run: Run) -> None:
    objects = built()
    change(objects)
    assert [one for one in findings(run, objects) if one["rule"] in ("bypass", "unknown")] == []


@pytest.mark.parametrize(
    "one",
    [
        small(patch("BOOTSTRAP", "MERGE", {"stats_flush_interval": "10s"})),
        small(patch("NETWORK_FILTER", "INSERT_FIRST", {"name": "envoy.filters.network.connection_limit"}, MESH)),
        small({**patch("CLUSTER", "MERGE", {}), "match": {"context": "GATEWAY", "proxy": {"proxyVersion": "x"}}}),
    ],
)
def test_what_is_not_understood_is_an_error_of_another_rule(one: Object, run: Run) -> None:
    assert {found["rule"] for found in findings(run, [*built(), one])} == {"unknown"}

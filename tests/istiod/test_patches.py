"""EnvoyFilters as istiod applies them: which gateway and which object each patch reaches."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

import quick_yaml as yaml
from builds import ROOT, build
from egress_overlays.istiod.patches import apply
from egress_overlays.istiod.protojson import merge, snake
from egress_overlays.probe import ProbeError, Workload, configuration, workloads

Message = dict[str, Any]

# A gateway of somebody else: TLS passed through to shop.example.com, in a namespace and with labels of its own.
INGRESS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: istio-ingressgateway, namespace: istio-ingress}
spec:
  template:
    metadata: {labels: {istio: ingressgateway}}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: shop, namespace: istio-ingress}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 8443, name: tls, protocol: TLS}
    hosts: [shop.example.com]
    tls: {mode: PASSTHROUGH}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: istio-ingress}
spec:
  hosts: [shop.example.com]
  gateways: [shop]
  tls:
  - match: [{port: 8443, sniHosts: [shop.example.com]}]
    route: [{destination: {host: shop.default.svc.cluster.local, port: {number: 443}}}]
"""


@pytest.fixture(scope="module")
def base() -> list[Message]:
    return [*build(ROOT / "overlays/dev"), *yaml.safe_load_all(INGRESS)]


@pytest.fixture(scope="module")
def seed() -> list[Message]:
    return [*yaml.safe_load_all((ROOT / "tests/e2e/seed.yaml").read_text()), *yaml.safe_load_all(INGRESS)]


def named(resources: list[Message], name: str) -> Workload:
    (found,) = (workload for workload in workloads(resources) if workload.name == name)
    return found


def tcp_clusters(listeners: list[Message]) -> list[str]:
    return [
        entry["typed_config"]["cluster"]
        for listener in listeners
        for chain in listener.get("filter_chains", [])
        for entry in chain["filters"]
        if "cluster" in entry["typed_config"]
    ]


def test_another_gateway_keeps_its_own_clusters(base: list[Message]) -> None:
    gateway = configuration(base, named(base, "istio-ingressgateway"))
    assert tcp_clusters(gateway.listeners) == ["outbound|443||shop.default.svc.cluster.local"]
    assert [cluster["name"] for cluster in gateway.clusters] == ["BlackHoleCluster"]


def test_the_seed_takes_it_over(seed: list[Message]) -> None:
    """What the one above is about: the seed's filter reaches every gateway of the mesh (seen on istiod too)."""
    gateway = configuration(seed, named(seed, "istio-ingressgateway"))
    assert tcp_clusters(gateway.listeners) == ["sni_cluster", "dynamic_forward_proxy_cluster"]


def test_our_gateway_is_re_pointed_on_its_port_alone(base: list[Message]) -> None:
    resources = deepcopy(base)
    (gateway,) = (r for r in resources if r["kind"] == "Gateway" and r["metadata"]["name"] == "sni-egressgateway")
    other = deepcopy(gateway["spec"]["servers"][0])
    other["port"]["number"] = 15443
    gateway["spec"]["servers"].append(other)
    (service,) = (r for r in resources if r["metadata"]["name"] == "direct-wildcard-through-egress-gateway")
    route = deepcopy(service["spec"]["tcp"][0])
    route["match"][0]["port"] = 15443
    service["spec"]["tcp"].append(route)
    found = configuration(resources, named(resources, "sni-egressgateway"))
    assert tcp_clusters(found.listeners) == [
        "sni_cluster",
        "outbound|15443||dummy.local",
        "dynamic_forward_proxy_cluster",
    ]


LISTENER = {
    "name": "0.0.0.0_8443",
    "address": {"socket_address": {"port_value": 8443}},
    "listener_filters": [{"name": "one"}, {"name": "two"}],
    "filter_chains": [{"name": "c", "filters": [{"name": "one"}, {"name": "two", "typed_config": {"cluster": "a"}}]}],
}
GATEWAY = Workload("gateway", "here", {"istio": "gateway"})


def envoy_filter(*patches: Message, namespace: str = "here", **spec: Any) -> Message:
    return {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": {"name": "f", "namespace": namespace},
        "spec": {"configPatches": list(patches), **spec},
    }


def filtered(*patches: Message, namespace: str = "here", **spec: Any) -> list[Message]:
    """LISTENER after an EnvoyFilter with these patches."""
    return apply(
        [envoy_filter(*patches, namespace=namespace, **spec)], GATEWAY, [deepcopy(LISTENER)], [], "istio-system"
    )[0]


def patch(operation: str, name: str = "two", apply_to: str = "NETWORK_FILTER", **match: Any) -> Message:
    listener = {"filterChain": {"filter": {"name": name}}} if apply_to == "NETWORK_FILTER" else {"listenerFilter": name}
    return {
        "applyTo": apply_to,
        "match": {"context": "GATEWAY", "listener": {**listener, **match}},
        "patch": {"operation": operation, "value": {"name": "new"}},
    }


def names(listeners: list[Message]) -> list[str]:
    return [entry["name"] for entry in listeners[0]["filter_chains"][0]["filters"]]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("INSERT_BEFORE", ["one", "new", "two"]),
        ("INSERT_AFTER", ["one", "two", "new"]),
        ("INSERT_FIRST", ["new", "one", "two"]),
        ("ADD", ["one", "two", "new"]),
        ("REPLACE", ["one", "new"]),
        ("REMOVE", ["one"]),
        ("MERGE", ["one", "new"]),
    ],
)
def test_operations_on_filters(operation: str, expected: list[str]) -> None:
    assert names(filtered(patch(operation))) == expected
    if operation != "MERGE":
        found = filtered(patch(operation, apply_to="LISTENER_FILTER"))[0]["listener_filters"]
        assert [entry["name"] for entry in found] == expected


@pytest.mark.parametrize(
    "untouched",
    [
        filtered(patch("REMOVE"), namespace="elsewhere"),
        filtered(patch("REMOVE"), workloadSelector={"labels": {"istio": "other"}}),
        filtered(patch("REMOVE", portNumber=443)),
        filtered(patch("REMOVE", name="three")),
        filtered({**patch("REMOVE"), "match": {"context": "SIDECAR_OUTBOUND"}}),
        filtered({"applyTo": "HTTP_FILTER", "match": {"context": "GATEWAY"}, "patch": {"operation": "REMOVE"}}),
    ],
)
def test_what_does_not_match_changes_nothing(untouched: list[Message]) -> None:
    assert names(untouched) == ["one", "two"]


@pytest.mark.parametrize(
    "reached",
    [
        filtered(patch("REMOVE"), namespace="istio-system"),
        filtered(patch("REMOVE"), workloadSelector={"labels": {"istio": "gateway"}}),
        filtered(patch("REMOVE", portNumber=8443)),
    ],
)
def test_what_matches_is_changed(reached: list[Message]) -> None:
    assert names(reached) == ["one"]


def test_a_listener_that_was_added_is_not_patched_again() -> None:
    """istiod adds after it has patched; otherwise the seed's patch without a port would reach its own forwarder."""
    value = {"name": "added", "filter_chains": [{"filters": [{"name": "two"}]}]}
    add = {"applyTo": "LISTENER", "match": {"context": "GATEWAY"}, "patch": {"operation": "ADD", "value": value}}
    before, added = filtered(add, patch("REMOVE"))
    assert names([before]) == ["one"]
    assert names([added]) == ["two"]


def test_every_patch_that_cannot_be_applied_is_named() -> None:
    unknown = {"applyTo": "BOOTSTRAP", "match": {"context": "GATEWAY"}, "patch": {"operation": "MERGE", "value": {}}}
    versioned = {**patch("REMOVE"), "match": {"context": "GATEWAY", "proxy": {"proxyVersion": "^1.2"}}}
    with pytest.raises(ProbeError) as raised:
        configuration([envoy_filter(unknown, patch("REMOVE"), versioned)], GATEWAY)
    first, second = str(raised.value).splitlines()
    assert first.startswith("EnvoyFilter here/f: configPatches[0]: the probe cannot apply applyTo BOOTSTRAP")
    assert second.startswith("EnvoyFilter here/f: configPatches[2]: match.proxy:")


def test_camel_case_is_the_same_field_but_names_stay_names() -> None:
    given = {"statPrefix": "x", "rules": {"policies": {"notGlobal": {"orRules": []}}}, "@type": "t"}
    assert snake(given) == {"stat_prefix": "x", "rules": {"policies": {"notGlobal": {"or_rules": []}}}, "@type": "t"}


def test_merging_is_protobufs() -> None:
    target = {"cluster": "a", "list": [1], "message": {"kept": 1}}
    merge(target, {"weighted_clusters": {}, "list": [2], "message": {"new": 2}})
    assert target == {"weighted_clusters": {}, "list": [1, 2], "message": {"kept": 1, "new": 2}}

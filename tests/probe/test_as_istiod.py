"""What istiod does with EnvoyFilters that one would not guess: their order, their matches, and its merge.

From Istio's pilot/pkg/model/push_context.go, pilot/pkg/networking/core/envoyfilter and pkg/proto/merge.
"""

from __future__ import annotations

from typing import Any

import pytest

from egress_overlays.istiod.gateway import title
from egress_overlays.istiod.patches import apply
from egress_overlays.istiod.protojson import TypeMismatch, merge, merge_any
from egress_overlays.probe import Workload

Message = dict[str, Any]
TCP_PROXY = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
RBAC = "type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC"
GATEWAY = Workload("gateway", "here", {"istio": "gateway"})


def listener(**chain: Any) -> Message:
    proxy = {"name": "proxy", "typed_config": {"@type": TCP_PROXY, "cluster": "istiod's"}}
    return {
        "name": "0.0.0.0_8443",
        "address": {"socket_address": {"port_value": 8443}},
        "filter_chains": [{"filters": [proxy], **chain}],
    }


def merging(cluster: str, kind: str = TCP_PROXY, **chain: Any) -> Message:
    return {
        "applyTo": "NETWORK_FILTER",
        "match": {"context": "GATEWAY", "listener": {"filterChain": {"filter": {"name": "proxy"}, **chain}}},
        "patch": {"operation": "MERGE", "value": {"typed_config": {"@type": kind, "cluster": cluster}}},
    }


def envoy_filter(name: str, *patches: Message, namespace: str = "here", **spec: Any) -> Message:
    return {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"configPatches": list(patches), **spec},
    }


def unknown_of(*filters: Message) -> list[str]:
    """What is not known of the filters, a line each, as `probe` refuses to go on with."""
    patched = apply(list(filters), GATEWAY, [listener()], [], "istio-system")
    return [f"{title(one.resource)}: {one.reason}" for one in patched.unknown]


def cluster_after(*filters: Message, **chain: Any) -> str:
    patched = apply(list(filters), GATEWAY, [listener(**chain)], [], "istio-system")
    return str(patched[0][0]["filter_chains"][0]["filters"][0]["typed_config"]["cluster"])


def test_the_higher_priority_wins_wherever_it_stands() -> None:
    root = envoy_filter("a", merging("root"), namespace="istio-system", priority=10)
    own = envoy_filter("z", merging("own"))
    assert cluster_after(root, own) == "root"
    assert cluster_after(root, envoy_filter("z", merging("own"), priority=10)) == "own"
    assert cluster_after(root, envoy_filter("z", merging("own"), priority=11)) == "own"
    assert cluster_after(envoy_filter("a", merging("low"), priority=-1), own) == "own"


def test_what_the_time_of_creation_decides_is_said() -> None:
    one, other = envoy_filter("a", merging("a")), envoy_filter("b", merging("b"))
    (note,) = apply([other, one], GATEWAY, [listener()], [], "istio-system").notes
    owners, _, rest = note.partition(": ")
    assert owners == "EnvoyFilter here/a, EnvoyFilter here/b"
    assert rest.startswith("all change listener 0.0.0.0_8443, chain 0, filter proxy at one priority")


@pytest.mark.parametrize(
    "other",
    [
        envoy_filter("b", merging("b"), priority=1),
        envoy_filter("b", merging("b"), namespace="istio-system"),
        envoy_filter("b", merging("b", destinationPort=1)),
        envoy_filter("b", {"applyTo": "CLUSTER", "patch": {"operation": "ADD", "value": {"name": "b"}}}),
        envoy_filter("b", {"applyTo": "LISTENER", "patch": {"operation": "ADD", "value": {"name": "b"}}}),
    ],
)
def test_nothing_is_said_where_the_order_is_known_or_means_nothing(other: Message) -> None:
    assert apply([envoy_filter("a", merging("a")), other], GATEWAY, [listener()], [], "istio-system").notes == []


@pytest.mark.parametrize(
    ("field", "value", "own"),
    [
        ("destinationPort", 8443, {"destination_port": 8443}),
        ("transportProtocol", "tls", {"transport_protocol": "tls"}),
        ("applicationProtocols", "h2,istio", {"application_protocols": ["istio", "h2", "http/1.1"]}),
        ("sni", "a.example", {"server_names": ["a.example"]}),
    ],
)
def test_a_chain_must_match_by_itself(field: str, value: Any, own: Message) -> None:
    asking = envoy_filter("a", merging("patched", **{field: value}))
    assert cluster_after(asking) == "istiod's"
    assert cluster_after(asking, filter_chain_match=own) == "patched"
    assert cluster_after(asking, filter_chain_match={**own, next(iter(own)): "other"}) == "istiod's"


def test_fields_of_a_match_that_are_not_known_are_named() -> None:
    asking = envoy_filter("a", merging("x", sourcePort=1), {**merging("y"), "match": {"waypoint": {}}})
    first, second = unknown_of(asking)
    assert first.startswith(
        "EnvoyFilter here/a: configPatches[0]: match.listener.filterChain.sourcePort: the probe does"
    )
    assert second.startswith("EnvoyFilter here/a: configPatches[1]: match.waypoint: the probe does not know")


def test_a_merge_at_which_istiod_panics_is_named() -> None:
    (said,) = unknown_of(envoy_filter("a", merging("x", RBAC)))
    assert said.startswith(f"EnvoyFilter here/a: configPatches[0]: MERGE of {RBAC} into {TCP_PROXY}")


def test_a_filter_merge_changes_name_and_configuration_alone() -> None:
    patch = merging("patched")
    patch["patch"]["value"]["config_discovery"] = {"default_config": {}}
    patched = apply([envoy_filter("a", patch)], GATEWAY, [listener()], [], "istio-system")
    (entry,) = patched.listeners[0]["filter_chains"][0]["filters"]
    assert entry == {"name": "proxy", "typed_config": {"@type": TCP_PROXY, "cluster": "patched"}}


def test_removing_takes_every_filter_of_the_name() -> None:
    twice = listener()
    twice["filter_chains"][0]["filters"] *= 2
    remove = {**merging("x"), "patch": {"operation": "REMOVE"}}
    patched = apply([envoy_filter("a", remove)], GATEWAY, [twice], [], "istio-system")
    assert [chain["filters"] for chain in patched.listeners[0]["filter_chains"]] == [[]]


def test_an_entry_of_a_map_is_replaced_whole() -> None:
    target = {"rules": {"policies": {"a": {"permissions": [1], "principals": [1]}, "b": {"permissions": [2]}}}}
    merge(target, {"rules": {"policies": {"a": {"permissions": [3]}}}})
    assert target == {"rules": {"policies": {"a": {"permissions": [3]}, "b": {"permissions": [2]}}}}


def test_an_any_is_bytes_but_at_the_top_of_a_filter() -> None:
    target: Message = {"@type": "t", "kept": 1, "socket": {"name": "tls", "typed_config": {"@type": "u", "a": 1}}}
    merge_any(target, {"@type": "t", "socket": {"typed_config": {"@type": "u", "b": 2}}})
    assert target == {"@type": "t", "kept": 1, "socket": {"name": "tls", "typed_config": {"@type": "u", "b": 2}}}
    merge_any(target, {"@type": "t", "socket": {"typed_config": {"@type": "u"}}})
    assert target["socket"]["typed_config"] == {"@type": "u", "b": 2}
    with pytest.raises(TypeMismatch):
        merge_any(target, {"@type": "t", "socket": {"typed_config": {"@type": "v"}}})


def test_a_zero_replaces_nothing() -> None:
    target: Message = {"on": True, "count": 5, "text": "x"}
    merge(target, {"on": False, "count": 0, "text": "", "new": False})
    assert target == {"on": True, "count": 5, "text": "x", "new": False}

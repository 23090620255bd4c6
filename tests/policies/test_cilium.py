"""What Cilium's policies let the gateway's pods reach; written after its documentation and CRD, no Cilium runs here."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

import quick_yaml as yaml
from documents import ROOT
from egress_overlays.istiod.workload import Workload
from egress_overlays.policies import let_through, selecting

PODS = Workload("gateway", "istio-egress", {"istio": "sni-egressgateway"})
PRIVATE = ip_network("10.0.0.0/8")
TO_NAMES = {"toFQDNs": [{"matchName": "example.com"}]}
DENIED = {"toCIDR": ["10.0.0.0/8"]}
AT_443 = [{"ports": [{"port": "443", "protocol": "TCP"}]}]


def policy(kind: str = "CiliumNetworkPolicy", **spec: Any) -> dict[str, Any]:
    metadata = {"name": "one"} | ({"namespace": "istio-egress"} if kind == "CiliumNetworkPolicy" else {})
    return {
        "apiVersion": "cilium.io/v2",
        "kind": kind,
        "metadata": metadata,
        "spec": {"endpointSelector": {"matchLabels": {"k8s:istio": "sni-egressgateway"}}} | spec,
    }


def through(*resources: dict[str, Any]) -> list[str]:
    found = let_through(selecting(list(resources), PODS), [PRIVATE])
    return [str(one) for _, ranges in found for one in ranges]


CLOSED: dict[str, dict[str, Any]] = {
    "names, and the range denied": policy(egress=[TO_NAMES], egressDeny=[DENIED]),
    "denied at the port": policy(egress=[TO_NAMES], egressDeny=[{**DENIED, "toPorts": AT_443}]),
    "denied as a set": policy(egress=[TO_NAMES], egressDeny=[{"toCIDRSet": [{"cidr": "0.0.0.0/0"}]}]),
    "another port alone": policy(egress=[{**TO_NAMES, "toPorts": [{"ports": [{"port": "53"}]}]}]),
    "another range alone": policy(egress=[{"toCIDR": ["198.51.100.0/24"]}]),
    "all but the range": policy(egress=[{"toCIDRSet": [{"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}]}]),
    "nothing": policy(egress=[{}]),
    "of the cluster": policy("CiliumClusterwideNetworkPolicy", egress=[{}]),
    "of the namespace": policy(
        "CiliumClusterwideNetworkPolicy",
        endpointSelector={"matchLabels": {"k8s:io.kubernetes.pod.namespace": "istio-egress"}},
        egress=[{}],
    ),
}
OPEN: dict[str, dict[str, Any]] = {
    "names": policy(egress=[TO_NAMES]),
    "the world": policy(egress=[{"toEntities": ["world"]}]),
    "pods": policy(egress=[{"toEndpoints": [{}]}]),
    "ports alone": policy(egress=[{"toPorts": AT_443}]),
    "a port by its name": policy(egress=[{**TO_NAMES, "toPorts": [{"ports": [{"port": "https"}]}]}]),
    "a range of ports": policy(egress=[{**TO_NAMES, "toPorts": [{"ports": [{"port": "1", "endPort": 999}]}]}]),
    "every port": policy(egress=[{**TO_NAMES, "toPorts": [{"ports": [{"port": "0"}]}]}]),
    "what no rule allows": policy(egress=[{}], enableDefaultDeny={"egress": False}),
    "what nobody knows": policy(egress=[{"toMoon": [{}]}]),
    "denied by a port's name": policy(
        egress=[TO_NAMES], egressDeny=[{**DENIED, "toPorts": [{"ports": [{"port": "https"}]}]}]
    ),
    "denied at another port": policy(
        egress=[TO_NAMES], egressDeny=[{**DENIED, "toPorts": [{"ports": [{"port": "80"}]}]}]
    ),
    "denied by a group": policy(egress=[TO_NAMES], egressDeny=[{"toCIDRSet": [{"cidrGroupRef": "private"}]}]),
    "for other pods": policy(endpointSelector={"matchLabels": {"app": "other"}}, egress=[{}]),
    "perhaps for other pods": policy(
        endpointSelector={"matchExpressions": [{"key": "app", "operator": "Exists"}]}, egress=[{}]
    ),
    "for nodes": policy("CiliumClusterwideNetworkPolicy", nodeSelector={}, egress=[{}])
    | {"spec": {"nodeSelector": {}}},
    "for ingress": policy(ingress=[{}]),
    "of another namespace": policy(egress=[{}]) | {"metadata": {"name": "one", "namespace": "elsewhere"}},
}


@pytest.mark.parametrize("what", CLOSED)
def test_what_keeps_the_pods_from_a_range(what: str) -> None:
    assert through(CLOSED[what]) == []


@pytest.mark.parametrize("what", OPEN)
def test_what_does_not(what: str) -> None:
    assert through(OPEN[what]) == ["10.0.0.0/8"]


def test_a_part_of_a_range_is_named() -> None:
    assert through(policy(egress=[{"toCIDR": ["10.1.0.0/16"]}], egressDeny=[{"toCIDR": ["10.1.0.0/17"]}])) == [
        "10.1.128.0/17"
    ]
    denied = {"toCIDRSet": [{"cidr": "10.0.0.0/8", "except": ["10.2.0.0/16"]}]}
    assert through(policy(egress=[TO_NAMES], egressDeny=[denied])) == ["10.2.0.0/16"]


def test_what_cilium_denies_kubernetes_does_not_allow_and_the_other_way_round_it_adds_up() -> None:
    base = yaml.safe_load((ROOT / "base/networkpolicy.yaml").read_text())
    base["spec"]["egress"].append({"to": [{"ipBlock": {"cidr": "10.1.2.0/24"}}]})
    assert through(base) == ["10.1.2.0/24"]
    assert through(base, policy(egress=[TO_NAMES], egressDeny=[DENIED])) == []
    assert through(base, policy(egress=[TO_NAMES])) == ["10.1.2.0/24", "10.0.0.0/8"]


def test_policies_in_specs_are_read_as_well() -> None:
    both = policy()
    both["specs"] = [both.pop("spec") | {"egress": [TO_NAMES]}]
    assert through(both) == ["10.0.0.0/8"]
    both["specs"][0]["egressDeny"] = [DENIED]
    assert through(both) == []

"""Whether NetworkPolicies keep the gateway's pods from the addresses that its Envoy refuses.

Envoy checks the first address of a DNS answer and tries the next ones when that does not connect, so that the kernel
holds the same ranges. Kubernetes, networking/v1: policies add up, and where none selects a pod, everything is allowed.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Any

from ...istiod.errors import ProbeError
from ...istiod.gateway import workloads
from ...manifest.fields import mapping, mappings, text, texts
from ...manifest.findings import ERROR
from .fault import fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...istiod.workload import Workload
    from ...manifest.resource import Resource
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options

_Networks = list[IPv4Network | IPv6Network]
_POLICY = "not-global"
_PORT = 443
_SHOWN = 3


def rule(found: Rendered, _options: Options) -> Faults:
    """The ranges that Envoy refuses and the kernel lets through, for each gateway whose Deployment is at hand."""
    refusing = [
        (resource, mapping(part, "policies", _POLICY))
        for resource in found.resources
        if resource.kind == "EnvoyFilter"
        for part in _rules(resource.value.get("spec"))
    ]
    try:
        pods = workloads([resource.value for resource in found.resources]) if refusing else []
    except ProbeError:  # no Deployment at hand: nothing to select
        return
    for resource, policy in refusing:
        refused = _networks(policy, negated=False)
        for network in _networks(policy, negated=True):
            refused = [left for one in refused for left in _without(one, network)]
        for workload in pods:
            if not workload.reached_from(resource.namespace, _selector(resource), ""):
                continue
            widest, through = _let_through(found.resources, workload, refused)
            if through:
                shown = ", ".join(map(str, through[:_SHOWN]))
                more = f" and {len(through) - _SHOWN} more" if len(through) > _SHOWN else ""
                message = (
                    f"no NetworkPolicy keeps {workload.title} from {shown}{more}, which "
                    "its Envoy refuses for the first address of a DNS answer alone; take base/networkpolicy.yaml as it "
                    "is, and components/allow-private-addresses for ranges that are to be reached"
                )
                yield fault("kernel", message, widest or resource, ("spec",), ERROR)


def _selector(resource: Resource) -> Any:
    return mapping(resource.value, "spec", "workloadSelector").get("labels")


def _rules(node: Any) -> Iterator[dict[str, Any]]:
    """The rules of RBAC filters below `node` that refuse addresses."""
    if isinstance(node, dict):
        if _POLICY in mapping(node, "policies"):
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _rules(child)


def _networks(node: Any, *, negated: bool) -> _Networks:
    """The ranges that matchers of upstream addresses name below `node`: those within a not_rule, or the others."""
    if isinstance(node, list):
        return [one for child in node for one in _networks(child, negated=negated)]
    if not isinstance(node, dict):
        return []
    if "upstream_ip" in node:
        found = _network(f"{text(node['upstream_ip'], 'address_prefix')}/{node['upstream_ip'].get('prefix_len', 0)}")
        return [] if negated or found is None else [found]
    if not negated:
        return [one for key, child in node.items() if key != "not_rule" for one in _networks(child, negated=False)]
    within = _networks(node.get("not_rule"), negated=False)
    return within + [one for key, child in node.items() if key != "not_rule" for one in _networks(child, negated=True)]


def _let_through(
    resources: Iterable[Resource], workload: Workload, refused: _Networks
) -> tuple[Resource | None, _Networks]:
    """The first policy that lets some of `refused` through, and what it does; all of it where no policy selects."""
    selects = False
    for resource in resources:
        spec = mapping(resource.value, "spec")
        if resource.kind != "NetworkPolicy" or resource.namespace != workload.namespace:
            continue
        selected = workload.selected(mapping(spec, "podSelector", "matchLabels"))
        if selected is False:
            continue
        if "Egress" not in (spec.get("policyTypes") or (["Egress"] if spec.get("egress") else [])):
            continue
        # Where it may select these pods or not, what it opens counts, and what it closes does not.
        selects |= selected is True and not mapping(spec, "podSelector").get("matchExpressions")
        for _, allowed in mappings(spec, "egress"):
            through = _opened(allowed, refused)
            if through:
                return resource, through
    return None, [] if selects else refused


def _opened(allowed: dict[str, Any], refused: _Networks) -> _Networks:
    """What of `refused` a rule of a NetworkPolicy lets through at port 443."""
    ports = allowed.get("ports")
    if isinstance(ports, list) and ports and not any(map(_means_ours, ports)):
        return []
    peers = allowed.get("to")
    if not isinstance(peers, list) or not peers:
        return refused
    found: _Networks = []
    for peer in peers:
        block = mapping(peer, "ipBlock")
        cidr = _network(text(block, "cidr"))
        if cidr is None:  # pods, or what cannot be read
            return refused
        left = [one if one.subnet_of(cidr) else cidr for one in _same(refused, cidr) if one.overlaps(cidr)]
        for kept in filter(None, map(_network, texts(block, "except"))):
            left = [piece for one in left for piece in _without(one, kept)]
        found += left
    return found


def _means_ours(port: Any) -> bool:
    if not isinstance(port, dict) or port.get("protocol", "TCP") != "TCP":
        return not isinstance(port, dict)
    start = port.get("port", _PORT)
    return not isinstance(start, int) or start <= _PORT <= port.get("endPort", start)


def _same(networks: _Networks, like: IPv4Network | IPv6Network) -> Iterator[Any]:
    return (one for one in networks if one.version == like.version)


def _without(network: Any, other: Any) -> _Networks:
    """What is left of `network` without `other`."""
    if network.version != other.version or not network.overlaps(other):
        return [network]
    return [] if network.subnet_of(other) else list(network.address_exclude(other))


def _network(cidr: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(cidr)
    except ValueError:
        return None

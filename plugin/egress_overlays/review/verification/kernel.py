"""Whether the network keeps the gateway's pods from the addresses that its Envoy refuses.

Envoy checks the first address of a DNS answer and tries the next ones when that does not connect, so that the kernel
holds the same ranges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...istiod.free import DENIED_ADDRESSES
from ...manifest.fields import mapping, text
from ...manifest.findings import ERROR
from ...policies import let_through, selecting
from ...policies.ranges import Block, Ranges, network, outside
from ...rendered.workloads import deployed, selector
from ...sites import BY_PATCHES, acts
from .fault import fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...istiod.workload import Workload
    from ...manifest.resource import Resource
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options

_POLICIES = ("not-global", DENIED_ADDRESSES)
_SHOWN = 3


def rule(found: Rendered, _options: Options) -> Faults:
    """The ranges that Envoy refuses and the kernel lets through, for each gateway whose Deployment is at hand."""
    values = [resource.value for resource in found.resources]
    for one in found.resources:
        yield from _on_the_node(one, found.resources)
        yield from _no_addresses(one)
    for resource in found.resources:
        for refused in refused_by(resource):
            for pods in deployed(found.resources):
                if not pods.reached_from(resource.namespace, selector(resource), ""):
                    continue
                policy, through = next(let_through(selecting(values, pods), refused), (None, []))
                if through:
                    holder = policy and next(one for one in found.resources if one.value is policy.resource)
                    yield fault("kernel", _message(pods, through), holder or resource, ("spec",), ERROR)


def _on_the_node(holder: Resource, resources: Sequence[Resource]) -> Faults:
    """Pods of a gateway in the node's network, for which no NetworkPolicy counts (Kubernetes, Network Policies)."""
    if mapping(holder.value, "spec", "template", "spec").get("hostNetwork"):
        filters = [one for one in resources if any(True for _ in refused_by(one))]
        for pods in deployed([holder]):
            if any(pods.reached_from(one.namespace, selector(one), "") for one in filters):
                message = "puts the gateway's pods into the node's network, where no NetworkPolicy counts; take it out"
                yield fault("kernel", message, holder, ("spec", "template", "spec", "hostNetwork"))


def _no_addresses(resource: Resource) -> Faults:
    """What an EnvoyFilter says is a range of addresses and is none: Envoy refuses all that istiod sends with it."""
    if acts(resource, BY_PATCHES):
        for written in dict.fromkeys(_written(resource.value.get("spec"))):
            if network(written) is None:
                message = f'"{ascii(written)[1:-1]}" is no range of addresses, and Envoy refuses the whole listener'
                yield fault("kernel", message, resource, ("spec",))


def _written(node: Any) -> Iterator[str]:
    """The ranges of matchers of upstream addresses below `node`, as they are written."""
    if isinstance(node, list):
        for child in node:
            yield from _written(child)
    elif isinstance(node, dict):
        if "upstream_ip" in node:
            cidr = mapping(node, "upstream_ip")
            yield f"{text(cidr, 'address_prefix')}/{cidr.get('prefix_len', 0)}"
        else:
            for child in node.values():
                yield from _written(child)


def _message(pods: Workload, through: Ranges) -> str:
    shown = ", ".join(map(str, through[:_SHOWN]))
    more = f" and {len(through) - _SHOWN} more" if len(through) > _SHOWN else ""
    return (
        f"no NetworkPolicy keeps {pods.title} from {shown}{more}, which its Envoy refuses for the first address of a "
        "DNS answer alone; take base/networkpolicy.yaml as it is, components/allow-private-addresses for ranges "
        "that are to be reached, and both files of components/deny-addresses for ranges of your own"
    )


def refused_by(resource: Resource) -> Iterator[Ranges]:
    """The addresses that each RBAC filter of an EnvoyFilter refuses, where it refuses any."""
    if acts(resource, BY_PATCHES):
        for policy in _policies(resource.value.get("spec")):
            yield outside(list(_upstream(policy)), [Block(one, []) for one in _upstream(policy, negated=True)])


def _policies(node: Any) -> Iterator[dict[str, Any]]:
    """The policies of RBAC filters below `node` that name addresses."""
    if isinstance(node, dict):
        for name in _POLICIES:
            policy = mapping(node, "policies", name)
            if policy:
                yield policy
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _policies(child)


def _upstream(node: Any, *, negated: bool = False, is_within: bool = False) -> Iterator[Any]:
    """The ranges of matchers of upstream addresses below `node`: those in a not_rule where `negated`, or the rest."""
    if isinstance(node, list):
        for child in node:
            yield from _upstream(child, negated=negated, is_within=is_within)
    elif isinstance(node, dict) and "upstream_ip" in node:
        cidr = mapping(node, "upstream_ip")
        found = network(f"{text(cidr, 'address_prefix')}/{cidr.get('prefix_len', 0)}")
        if found is not None and is_within == negated:
            yield found
    elif isinstance(node, dict):
        for key, child in node.items():
            yield from _upstream(child, negated=negated, is_within=is_within or key == "not_rule")

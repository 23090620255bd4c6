"""CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy (cilium.io/v2).

Allowing rules add up, with Kubernetes' own as well; what is denied wins over them (Cilium, "Deny Policies").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..istiod.gateway import namespace, of_kind
from ..manifest.fields import mapping, mappings, number, text, texts
from .policy import Policy
from .ranges import EVERYTHING, Block, block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..istiod.workload import Workload

_SOURCES = ("k8s:", "any:")
_NAMESPACE = "io.kubernetes.pod.namespace"
_RANGES = {"toCIDR", "toCIDRSet", "toPorts"}


def policies(resources: list[dict[str, Any]], workload: Workload, port: int) -> Iterator[Policy]:
    """Those that limit what leaves `workload`, one a rule of theirs."""
    for kind, is_namespaced in (("CiliumNetworkPolicy", True), ("CiliumClusterwideNetworkPolicy", False)):
        for resource in of_kind(resources, kind, "cilium.io/"):
            if is_namespaced and namespace(resource) != workload.namespace:
                continue
            specs = [mapping(resource, "spec"), *(spec for _, spec in mappings(resource, "specs"))]
            for spec in filter(None, specs):
                yield from _policy(resource, spec, workload, port)


def _policy(resource: dict[str, Any], spec: dict[str, Any], workload: Workload, port: int) -> Iterator[Policy]:
    selected = _selected(mapping(spec, "endpointSelector"), workload) if "endpointSelector" in spec else False
    allowing = [rule for _, rule in mappings(spec, "egress")]
    denying = [rule for _, rule in mappings(spec, "egressDeny")]
    if selected is False or not (allowing or denying):
        return
    yield Policy(
        resource,
        # Without it, what no rule allows is allowed all the same.
        selected is True and mapping(spec, "enableDefaultDeny").get("egress") is not False,
        [one for rule in allowing for one in _allowed(rule, port)],
        [one for rule in denying for one in _denied(rule, port)],
    )


def _selected(selector: dict[str, Any], workload: Workload) -> bool | None:
    labels = {}
    for key, value in mapping(selector, "matchLabels").items():
        bare = key.removeprefix(next(filter(str(key).startswith, _SOURCES), "")) if isinstance(key, str) else key
        if bare == _NAMESPACE:
            if value != workload.namespace:
                return False
        else:
            labels[bare] = value
    selected = workload.selected(labels)
    return None if selected and selector.get("matchExpressions") else selected


def _allowed(rule: dict[str, Any], port: int) -> list[Block]:
    if not rule or not _means(rule, port):
        return []
    # Names, pods, entities: a name's DNS may lead anywhere, and nobody here knows where the others are.
    return _ranges(rule) if rule.keys() <= _RANGES and rule.keys() != {"toPorts"} else EVERYTHING


def _denied(rule: dict[str, Any], port: int) -> list[Block]:
    is_known = rule.keys() <= _RANGES and all(text(entry, "cidr") for _, entry in mappings(rule, "toCIDRSet"))
    return _ranges(rule) if is_known and _means(rule, port, surely=True) else []


def _ranges(rule: dict[str, Any]) -> list[Block]:
    found = [one for cidr in texts(rule, "toCIDR") for one in block(cidr, [])]
    for _, entry in mappings(rule, "toCIDRSet"):
        found += block(text(entry, "cidr"), texts(entry, "except"))
    return found


def _means(rule: dict[str, Any], port: int, *, surely: bool = False) -> bool:
    """Whether a rule is, or may be, about TCP port `port`."""
    entries = [entry for _, entry in mappings(rule, "toPorts")]
    if not entries:
        return True
    return any(_is(one, port, surely=surely) for entry in entries for _, one in mappings(entry, "ports")) or not all(
        entry.get("ports") for entry in entries
    )


def _is(entry: dict[str, Any], port: int, *, surely: bool) -> bool:
    if entry.get("protocol", "ANY") not in ("TCP", "ANY"):
        return False
    start = text(entry, "port")
    if not start.isdecimal():  # the name of one
        return not surely
    return start == "0" or int(start) <= port <= (number(entry, "endPort") or int(start))

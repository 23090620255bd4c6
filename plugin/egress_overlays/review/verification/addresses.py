"""Whether addresses inside are refused where lists go out otherwise than by base/: its filter, put in by known patches.

What is judged is closed: the patches of base-direct/addresses or deploy/envoy-gateway, whose filter may refuse more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...manifest.fields import mapping
from ...policies.refused_ranges import REFUSED
from ...sites import BY_PATCHES, acts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...manifest.resource import Resource

_TYPES = "type.googleapis.com/envoy.extensions"
_FORWARDER = "envoy.extensions.filters.network.sni_dynamic_forward_proxy"
_PROXY = "envoy.filters.network.tcp_proxy"
_WAITS = {"upstream_connect_mode": "ON_DOWNSTREAM_DATA", "max_early_data_bytes": 16384}
_RANGES = frozenset(cidr for cidr, _ in REFUSED)
_EVERY = frozenset(("0.0.0.0/0", "::/0"))


def checks_addresses(resource: Resource, namespace: str, context: str, listener: dict[str, Any]) -> bool:
    """Whether an EnvoyFilter does so in `namespace`, in the `listener` of Istio's `context`."""
    if not acts(resource, BY_PATCHES) or resource.namespace != namespace:
        return False
    config = f"{_TYPES}.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig"
    noting = {"typed_config": {"@type": config, "save_upstream_address": True}}
    waiting = {"typed_config": {"@type": f"{_TYPES}.filters.network.tcp_proxy.v3.TcpProxy", **_WAITS}}
    patches = mapping(resource.value, "spec").get("configPatches")
    rules = _filter_of(patches, "patch")

    def patch(filter_: str, operation: str, value: Any) -> dict[str, Any]:
        where = {**listener, "filterChain": {"filter": {"name": filter_}}}
        return {
            "applyTo": "NETWORK_FILTER",
            "match": {"context": context, "listener": where},
            "patch": {"operation": operation, "value": value},
        }

    return refuses(rules) and patches == [
        patch(_FORWARDER, "MERGE", noting),
        patch(_FORWARDER, "INSERT_AFTER", rules),
        patch(_PROXY, "MERGE", waiting),
    ]


def patches_addresses(policy: Resource, gateway: str, listener: str) -> bool:
    """Whether an EnvoyPatchPolicy does so at this `listener` of a Gateway in its namespace (Envoy Gateway 1.9)."""
    spec = mapping(policy.value, "spec")
    patches = spec.get("jsonPatches")
    rules = _filter_of(patches, "operation")
    chosen = "..filters[?(@.name=='{}')].typed_config"
    wanted = [
        (chosen.format("envoy.filters.network.sni_dynamic_forward_proxy"), "save_upstream_address", True),
        *((chosen.format(_PROXY), key, value) for key, value in _WAITS.items()),
        ("..filter_chains[*].filters", "2", rules),
    ]
    return refuses(rules) and spec == {
        "targetRef": {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": gateway},
        "type": "JSONPatch",
        "jsonPatches": [
            {
                "type": "type.googleapis.com/envoy.config.listener.v3.Listener",
                "name": f"{policy.namespace}/{gateway}/{listener}",
                "operation": {"op": "add", "jsonPath": chosen_by, "path": path, "value": value},
            }
            for chosen_by, path, value in wanted
        ],
    }


def _filter_of(patches: Any, key: str) -> Any:
    """What a patch adds that has rules; None where none does."""
    for patch in patches if isinstance(patches, list) else ():
        value = mapping(patch, key).get("value")
        if "rules" in mapping(value, "typed_config"):
            return value
    return None


def refuses(value: Any) -> bool:
    """Whether an RBAC filter refuses what has not been resolved, and at least the ranges that base/ refuses."""
    config = mapping(value, "typed_config")
    rules = mapping(config, "rules")
    if set(config) != {"@type", "stat_prefix", "rules"} or set(rules) != {"action", "policies"}:
        return False
    if config["@type"] != f"{_TYPES}.filters.network.rbac.v3.RBAC" or rules["action"] != "DENY":
        return False
    permissions = [
        one
        for policy in mapping(rules, "policies").values()
        if isinstance(policy, dict)
        and set(policy) == {"principals", "permissions"}
        and policy["principals"] == [{"any": True}]
        and isinstance(policy["permissions"], list)
        for one in policy["permissions"]
    ]
    ranges = frozenset(_ranges(permissions))
    return ranges >= _RANGES and any(_is_unresolved(one) for one in permissions)


def _is_unresolved(permission: Any) -> bool:
    """Whether it stands for no address of any kind: within a negation nothing else may be added."""
    rules = mapping(permission, "not_rule", "or_rules").get("rules")
    return (
        isinstance(rules, list)
        and len(rules) == len(_EVERY)
        and frozenset(_ranges(rules)) == _EVERY
        and permission == {"not_rule": {"or_rules": {"rules": rules}}}
    )


def _ranges(permissions: Sequence[Any]) -> Iterator[str]:
    """The ranges any of which is enough; nothing of what is anything else."""
    for one in permissions:
        if not isinstance(one, dict) or len(one) != 1:
            continue
        if "or_rules" in one:
            found = mapping(one, "or_rules").get("rules")
            yield from _ranges(found if isinstance(found, list) else ())
        config = mapping(one, "matcher", "typed_config")
        prefix = mapping(config, "upstream_ip")
        if config == {
            "@type": f"{_TYPES}.rbac.matchers.upstream_ip_port.v3.UpstreamIpPortMatcher",
            "upstream_ip": prefix,
        }:
            yield f"{prefix.get('address_prefix')}/{prefix.get('prefix_len')}"


__all__ = ["checks_addresses", "patches_addresses", "refuses"]

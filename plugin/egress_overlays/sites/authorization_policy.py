"""Istio's AuthorizationPolicy at a waypoint: `values` of the condition `connection.sni`, and who asks, in `from`.

A waypoint itself looks at no name: it takes the one that the client says. The policy is then what lists are to an
egress gateway. Policies that allow add up (Istio, AuthorizationPolicy), so that a list for some clients is one more.
"""

from __future__ import annotations

from ..manifest.resource import INJECT_ANNOTATION
from .istio import BESIDE_WAYPOINT
from .site import GATEWAY, BadPlace, Site, list_at, mappings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..manifest.edits import Edits, Path
    from .site import Found

_SNI = "connection.sni"
_OF_THE_MESH = "cluster.local"  # for Istio the mesh's own trust domain, whatever that is


def find(value: dict[str, Any]) -> Found:
    """The lists of names in the policy `value`; none where it takes no part, as most policies of a mesh do."""
    spec = value.get("spec")
    if not isinstance(spec, dict) or INJECT_ANNOTATION not in (value["metadata"].get("annotations") or {}):
        return []
    found: Found = []
    if spec.get("action", "ALLOW") != "ALLOW":
        reason = "must be ALLOW: any other policy refuses these names, or lets all others through"
        found.append(BadPlace(("spec", "action"), reason, opens=True))
    parents = list(mappings(spec, "targetRefs", ("spec",), found))
    if not parents or any(parent.get("kind") != "Gateway" for parent, _ in parents):
        reason = "must name the Gateway of a waypoint: a policy of one ServiceEntry leaves further ones open"
        found.append(BadPlace(("spec", "targetRefs"), reason, opens=True))
    rules = list(mappings(spec, "rules", ("spec",), found))
    if not rules:
        reason = f"must be present: write one rule with a condition {_SNI}"
        found.append(BadPlace(("spec", "rules"), reason))
    for rule, path in rules:
        lists: Found = []
        for condition, here in mappings(rule, "when", path, lists):
            if condition.get("key") == _SNI:
                lists += list_at(condition, "values", here)
                if "notValues" in condition:
                    lists.append(BadPlace((*here, "notValues"), "must be absent: the list says which names pass"))
        if not lists:
            reason = f"must ask for {_SNI}: without it the rule lets every name through"
            lists.append(BadPlace((*path, "when"), reason, opens=True))
        found += lists
    return found


def admitted(value: dict[str, Any], clients: Iterable[str]) -> Edits:
    """The edits by which the rules of a policy are for these clients alone, each `namespace/serviceaccount`."""
    sources = [{"source": {"principals": sorted(map(_principal, clients))}}]
    return {("spec", "rules", index, "from"): sources for index in range(len(value["spec"]["rules"]))}


def _principal(client: str) -> str:
    namespace, _, account = client.partition("/")
    return f"*/sa/{account}" if namespace == "*" else f"{_OF_THE_MESH}/ns/{namespace}/sa/{account}"


def admits(value: dict[str, Any], path: Path) -> list[str]:
    """The clients that the rule with the list at `path` is for; ValueError for what `admitted` does not write."""
    rule = value["spec"]["rules"][path[2]]
    if "from" not in rule:
        return ["*/*"]
    found = [name for source in rule["from"] for name in _only(source["source"], "principals")]
    clients = [_client(str(name)) for name in found]
    if not found or sorted(map(_principal, clients)) != sorted(found):
        raise ValueError("principals of another form")
    return clients


def _only(source: dict[str, Any], key: str) -> list[Any]:
    if set(source) != {key}:
        raise ValueError(f"not {key} alone")
    found: list[Any] = source[key]
    return found


def _client(principal: str) -> str:
    namespace, _, account = principal.removeprefix(f"{_OF_THE_MESH}/ns/").partition("/sa/")
    return f"{namespace}/{account}"


SITE = Site(
    "security.istio.io",
    "AuthorizationPolicy",
    find,
    hop=GATEWAY,
    holds=f"spec.rules[].when[] with {_SNI}",
    beside=BESIDE_WAYPOINT,
    admitted=admitted,
    admits=admits,
)

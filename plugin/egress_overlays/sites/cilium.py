"""CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy: `toFQDNs`, and `serverNames` in `toPorts`, of egress rules.

In both, `*` stands for characters of one label, and `**.` in front for one label or more, which is what our `*.` means
(Cilium 1.20, pkg/fqdn/matchpattern). Versions that do not know `**.` take it for one label, or compare it as it is:
they let through less. Rules of one policy add up, so that beside a list stands only what stays inside of the cluster.
"""

from __future__ import annotations

from .site import POLICY, BadPlace, Form, Site, list_at, mappings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..manifest.edits import Path
    from .site import Found

_INSIDE = ("toEndpoints", "toServices", "toNodes")
_ENTITIES = ("cluster", "host", "remote-node", "kube-apiserver", "health", "init", "ingress", "unmanaged", "none")
_HOW = "write toFQDNs or serverNames in it, or move it to a policy of its own"


def _pattern(name: str) -> str:
    return "*" + name if name[:2] == "*." else str(name)


def _name(pattern: Any) -> str | None:
    if not isinstance(pattern, str) or not pattern:
        return None
    name = pattern.removeprefix("*") if pattern[:3] == "**." else pattern
    return name if _pattern(name) == pattern and "*" not in name[1:] else None


def _selector(name: str) -> dict[str, str]:
    return {"matchPattern": _pattern(name)} if name[0] == "*" else {"matchName": str(name)}


def _selected(selector: Any) -> str | None:
    name = _name(selector.get("matchPattern", selector.get("matchName"))) if isinstance(selector, dict) else None
    return name if name is not None and _selector(name) == selector else None


SELECTORS = Form(_selector, _selected)
PATTERNS = Form(_pattern, _name)


def find(value: dict[str, Any]) -> Found:
    """The lists of names in the policy `value`."""
    found: Found = []
    if isinstance(value.get("spec"), dict):
        _rules(value["spec"], ("spec",), found)
    for spec, path in mappings(value, "specs", (), found):
        _rules(spec, path, found)
    return found


def _rules(spec: dict[str, Any], path: Path, found: Found) -> None:
    enforced = spec.get("enableDefaultDeny")
    if isinstance(enforced, dict) and enforced.get("egress") is False:
        reason = "must not be false: names that are on no list would pass as well; remove it"
        found.append(BadPlace((*path, "enableDefaultDeny", "egress"), reason, opens=True))
    for rule, here in mappings(spec, "egress", path, found):
        found += list_at(rule, "toFQDNs", here, SELECTORS)
        is_open = False
        for ports, there in mappings(rule, "toPorts", here, found):
            found += list_at(ports, "serverNames", there, PATTERNS)
            is_open = is_open or "serverNames" not in ports
        is_limited = "toFQDNs" in rule or (bool(rule.get("toPorts")) and not is_open) or not rule
        if not is_limited and not _stays_inside(rule):
            found.append(BadPlace(here, f"lets out of the cluster what is on no list; {_HOW}", opens=True))


def _stays_inside(rule: dict[str, Any]) -> bool:
    """Whether the rule allows nothing but pods, services and nodes of the cluster, by what Cilium knows them as."""
    entities = rule.get("toEntities")
    if entities:
        return isinstance(entities, list) and all(entity in _ENTITIES for entity in entities)
    return any(rule.get(key) for key in _INSIDE)


def _declared(kind: str) -> Site:
    return Site("cilium.io", kind, find, hop=POLICY, holds="toFQDNs or toPorts[].serverNames in spec.egress")


NAMESPACED = _declared("CiliumNetworkPolicy")
CLUSTERWIDE = _declared("CiliumClusterwideNetworkPolicy")

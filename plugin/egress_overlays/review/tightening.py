"""Whether a change of an object beside the lists can open anything: only what surely does not is said to open nothing.

Whatever is not known here, in a kind or in a field, may open.
"""

from __future__ import annotations

from operator import eq
from typing import TYPE_CHECKING, Any

from ..manifest.fields import mapping, text
from ..rendered.workloads import ROOT_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..manifest.edits import Path
    from ..manifest.resource import Resource

    Spec = dict[str, Any]

_LIMITS = {"connectionPool", "outlierDetection", "loadBalancer"}
"""What of a DestinationRule's traffic policy says how connections are made, and not where they go."""


_REGISTERED_ALONE = {"mode": "REGISTRY_ONLY"}
_ALL_HOSTS = [{"hosts": ["*/*"]}]
"""What a Sidecar without `egress` knows."""


def opens_nothing(
    before: Resource | None, after: Resource, paths: Sequence[Path], others: Sequence[Resource] = ()
) -> bool:
    """Whether `after` lets nothing through that `before` did not; they differ at `paths`.

    None: it was added to `others`.
    """
    if before is None:
        is_alone = not any((one.kind, one.namespace) == (after.kind, after.namespace) for one in others)
        added = _ADDED.get((after.group, after.kind))
        return added is not None and added(after, is_alone)
    changed = _CHANGED.get((after.group, after.kind))
    if changed is None or any(path[0] != "spec" for path in paths):
        return False
    return changed(mapping(before.value, "spec"), mapping(after.value, "spec"), paths)


def _added_policy(after: Resource, _is_alone: bool) -> bool:
    """Policies add up, so that one which lets nothing through takes nothing back (Kubernetes, NetworkPolicy)."""
    spec = mapping(after.value, "spec")
    return not spec.get("ingress") and not spec.get("egress")


def _policy(was: Spec, is_: Spec, _paths: Sequence[Path]) -> bool:
    """Rules that were there, or narrower ones, for the same pods."""
    return (
        _others(was, "ingress", "egress") == _others(is_, "ingress", "egress")
        and "policyTypes" in is_
        and _all_within(was.get("ingress"), is_.get("ingress"), "from")
        and _all_within(was.get("egress"), is_.get("egress"), "to")
    )


def _all_within(was: Any, is_: Any, peers: str) -> bool:
    """Whether every rule of `is_` is within one of `was`."""
    if not all(isinstance(one, (list, type(None))) for one in (was, is_)):
        return False
    return all(any(_is_within(rule, one, peers) for one in was or ()) for rule in is_ or ())


def _is_within(rule: Any, of: Any, peers: str) -> bool:
    """Whether `rule` lets through no more than `of`: without ports, or peers, a rule is for all of them."""
    if not isinstance(rule, dict) or not isinstance(of, dict) or not {*rule, *of} <= {"ports", peers}:
        return False
    for key, is_of in (("ports", eq), (peers, _is_of)):
        mine, theirs = rule.get(key) or [], of.get(key) or []
        if not isinstance(mine, list) or not isinstance(theirs, list):
            return False
        if theirs and not (mine and all(any(is_of(one, its) for its in theirs) for one in mine)):
            return False
    return True


def _is_of(peer: Any, of: Any) -> bool:
    """Whether `peer` is `of`, or the same range with more exceptions."""
    if peer == of or not isinstance(peer, dict) or not isinstance(of, dict):
        return bool(peer == of)
    mine, theirs = mapping(peer, "ipBlock"), mapping(of, "ipBlock")
    kept, more = theirs.get("except") or [], mine.get("except") or []
    return (
        {*peer, *of} == {"ipBlock"}
        and {*mine, *theirs} <= {"cidr", "except"}
        and mine.get("cidr") == theirs.get("cidr")
        and isinstance(kept, list)
        and isinstance(more, list)
        and all(one in more for one in kept)
    )


def _added_authorization(after: Resource, _is_alone: bool) -> bool:
    """What denies, or allows nothing at all (Istio, AuthorizationPolicy)."""
    spec = mapping(after.value, "spec")
    action = text(spec, "action") or "ALLOW"
    return action == "DENY" or (action == "ALLOW" and not spec.get("rules"))


def _authorization(was: Spec, is_: Spec, _paths: Sequence[Path]) -> bool:
    """ALLOW with fewer rules, or DENY with more."""
    action = text(is_, "action") or "ALLOW"
    fewer, more = ((one.get("rules") or []) for one in ((was, is_) if action == "DENY" else (is_, was)))
    return (
        action in ("ALLOW", "DENY")
        and isinstance(fewer, list)
        and isinstance(more, list)
        and (text(was, "action") or "ALLOW") == action
        and _others(was, "rules", "action") == _others(is_, "rules", "action")
        and all(one in more for one in fewer)
    )


def _added_sidecar(after: Resource, is_alone: bool) -> bool:
    """One for the whole mesh that lets out to what is registered alone, where there was none before."""
    spec = mapping(after.value, "spec")
    return (
        is_alone
        and after.namespace == ROOT_NAMESPACE
        and spec.get("outboundTrafficPolicy") == _REGISTERED_ALONE
        and spec.get("egress", _ALL_HOSTS) == _ALL_HOSTS
        and not _others(spec, "outboundTrafficPolicy", "egress")
    )


def _sidecar(_was: Spec, is_: Spec, paths: Sequence[Path]) -> bool:
    """One that is as before, and lets out to what is registered alone."""
    is_mode = all(path[:2] == ("spec", "outboundTrafficPolicy") for path in paths)
    return is_mode and is_.get("outboundTrafficPolicy") == _REGISTERED_ALONE


def _destination(_was: Spec, is_: Spec, paths: Sequence[Path]) -> bool:
    """How many connections there may be, and over which of the same endpoints they go."""
    are_limits = all(path[:2] == ("spec", "trafficPolicy") and path[2:3] and path[2] in _LIMITS for path in paths)
    # PASSTHROUGH goes to the address that the client has asked for.
    return are_limits and mapping(is_, "trafficPolicy", "loadBalancer").get("simple") != "PASSTHROUGH"


def _others(spec: Spec, *without: str) -> Spec:
    return {key: child for key, child in spec.items() if key not in without}


_ADDED: dict[tuple[str, str], Callable[[Resource, bool], bool]] = {
    ("networking.k8s.io", "NetworkPolicy"): _added_policy,
    ("security.istio.io", "AuthorizationPolicy"): _added_authorization,
    ("networking.istio.io", "Sidecar"): _added_sidecar,
}
_CHANGED: dict[tuple[str, str], Callable[[Spec, Spec, Sequence[Path]], bool]] = {
    ("networking.k8s.io", "NetworkPolicy"): _policy,
    ("security.istio.io", "AuthorizationPolicy"): _authorization,
    ("networking.istio.io", "Sidecar"): _sidecar,
    ("networking.istio.io", "DestinationRule"): _destination,
}

"""What changed among the objects beside the lists by which ways out open or close: removed, added, or another one.

What each does is for a reviewer to say, where `verify` does not: policies of the network and of the mesh, routes,
registered hosts, Sidecars.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from ..manifest.edits import at, differing, dotted
from ..manifest.fields import mapping, texts
from ..manifest.resource import INJECT_ANNOTATION, SHARD_ANNOTATION
from ..sites import BY_PATCHES, BY_ROUTES, Place, acts, find
from ..sites.denying import without_denials
from .following import opened
from .tightening import opens_nothing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..manifest.edits import Path
    from ..manifest.resource import Resource
    from ..rendered.rendered import Rendered

_GROUPS = {
    *("networking.istio.io", "security.istio.io", "extensions.istio.io", "gateway.networking.k8s.io"),
    *("networking.k8s.io", "policy.networking.k8s.io", "cilium.io", "projectcalico.org", "crd.projectcalico.org"),
    *("networking.gke.io", "k8s.ovn.org", "admissionregistration.k8s.io"),
}
_INBOUND = {"Ingress", "IngressClass"}
"""Kinds of these groups that say nothing of what goes out."""
_SHOWN = 3
_LONGEST = 200  # characters of what is new in a list
_DRY_RUN = "istio.io/dry-run"


class Neighbour(NamedTuple):
    """An object that changed, as `words` say; of two sides it is the newer one, unless it `is_gone`."""

    resource: Resource
    words: str
    is_gone: bool = False
    opens_nothing: bool = False


def neighbours(before: Rendered, after: Rendered) -> Iterator[Neighbour]:
    """The changed objects, where both sides have a gateway: the names of their lists are compared elsewhere."""
    if not before.lists or not after.lists:
        return
    was, is_ = _counting(before), _counting(after)
    for key, resource in is_.items():
        if key not in was:
            is_within = opens_nothing(None, resource, (), before.resources)
            yield Neighbour(resource, "was added", opens_nothing=is_within)
            continue
        # Without the ports of names: those are told as what follows from the lists.
        one, other = (opened(side, its).resource for side, its in ((before, was[key]), (after, resource)))
        paths = list(differing(_compared(one), _compared(other), _names(one) | _names(other)))
        if paths:
            more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
            words = f"was changed: {', '.join(map(dotted, paths[:_SHOWN]))}{more}{_new_items(one, other, paths)}"
            yield Neighbour(resource, words, opens_nothing=opens_nothing(one, other, paths))
    for key, resource in was.items():
        if key not in is_:
            yield Neighbour(resource, "was removed", is_gone=True)


def _new_items(before: Resource, after: Resource, paths: Iterable[Path]) -> str:
    """What lists at `paths` have more: a rule that somebody adds is to be seen, and not only that there is one."""
    new = [
        item
        for was, is_ in ((at(before.value, path), at(after.value, path)) for path in paths)
        if isinstance(was, list) and isinstance(is_, list)
        for item in is_
        if item not in was
    ]
    text = json.dumps(new[0] if len(new) == 1 else new, ensure_ascii=False)
    return f", new: {text if len(text) <= _LONGEST else f'{text[:_LONGEST]}...'}" if new else ""


def _counting(found: Rendered) -> dict[tuple[str, ...], Resource]:
    return {
        (one.group, one.kind, one.namespace, one.name): one
        for one in found.resources
        if one.group in _GROUPS
        and one.kind not in _INBOUND
        and SHARD_ANNOTATION not in one.annotations
        # Of a gateway's own EnvoyFilter verify judges every field; a route of HTTP within the mesh is none of TLS.
        and not (acts(one, BY_PATCHES) and INJECT_ANNOTATION in one.annotations)
        and not (acts(one, BY_ROUTES) and not _routes_out(one))
    }


def _routes_out(resource: Resource) -> bool:
    spec = mapping(resource.value, "spec")
    return bool(spec.get("tls") or spec.get("tcp") or texts(spec, "gateways"))


def _compared(resource: Resource) -> dict[str, object]:
    value = without_denials(resource, find(resource)) if INJECT_ANNOTATION in resource.annotations else resource.value
    found = {key: child for key, child in value.items() if key not in ("metadata", "status", "apiVersion")}
    # A policy that is tried alone decides nothing (Istio, AuthorizationPolicy).
    return {**found, _DRY_RUN: resource.annotations[_DRY_RUN]} if _DRY_RUN in resource.annotations else found


def _names(resource: Resource) -> set[Path]:
    """Where the names of a list stand."""
    return {
        place.path for place in find(resource) if isinstance(place, Place) and INJECT_ANNOTATION in resource.annotations
    }

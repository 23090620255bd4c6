"""Whether the further objects of a list are what their first one is, but for name and names.

The function makes them equal. A patch by name after it reaches the first one alone, and what it closes there stays open
in the others.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ...injection.copies import continues, is_limited
from ...manifest.edits import at, differing, dotted
from ...manifest.resource import INJECT_ANNOTATION, SHARD_ANNOTATION, Resource
from ...names.domain import HTTPS
from ...sites import CHAINS, ClientsPlace, Place, find, site_of
from ...sites.at_ports import port_of
from ...sites.denying import without_denials
from .fault import fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...manifest.edits import Edits, Path
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options

_PER_OBJECT = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "argocd.argoproj.io/tracking-id",
    SHARD_ANNOTATION,
)
"""Annotations that say something of one object alone, beside Kustomize's own (`config.kubernetes.io/...`)."""
_LONGEST = 60  # characters of a value, in a message


def rule(found: Rendered, _options: Options) -> Faults:
    """The copies that differ from their first one, or have none."""
    members = [one for one in found.resources if INJECT_ANNOTATION in one.annotations]
    roots = [one for one in members if SHARD_ANNOTATION not in one.annotations]
    moving: dict[int, Callable[[int], Edits]] = {}
    for copy in members:
        site = site_of(copy)
        if SHARD_ANNOTATION not in copy.annotations or site is None or not site.is_copied:
            continue
        name = copy.annotations[INJECT_ANNOTATION]
        near = [one for one in roots if site_of(one) is site and one.annotations[INJECT_ANNOTATION] == name]
        root = next((one for one in near if continues(copy, one)), None)
        if root is None:
            message = f"is a further {copy.kind} of a list whose first one is not among these manifests"
            yield fault("copies", message, copy, ("metadata", "annotations", SHARD_ANNOTATION))
            continue
        port = port_of(copy)
        like = root
        if port != HTTPS and site.by_port is not None:
            if id(root) not in moving:
                moving[id(root)] = site.by_port(root.value)
            like = Resource(root.edited(moving[id(root)](port)))
        mine, its = _compared(copy), _compared(like)
        if like is not root:
            mine, its = _folded(mine), _folded(its)
        for path in differing(mine, its, _own(copy)):
            message = (
                f"has {dotted(path)} {_shown(at(mine, path))}, and the {root.kind} {root.name} that it continues "
                f"{_shown(at(its, path))}: does a patch by name reach one of them alone? List plugin/inject under "
                "transformers:, which runs after all patches, or patch by kind"
            )
            yield fault("copies", message, copy, path)


def _folded(node: Any) -> Any:
    """`node` with one chain of each sort, without names and rules for clients: how many there are, the list says."""
    if isinstance(node, list):
        return [_folded(child) for child in node]
    if not isinstance(node, dict):
        return node
    found = {key: _folded(child) for key, child in node.items() if key not in ClientsPlace.KEYS}
    for key in CHAINS:
        if isinstance(found.get(key), list):
            found[key] = _sorts(found[key])
    return found


def _sorts(chains: list[Any]) -> list[Any]:
    kept = []
    for chain in chains:
        if isinstance(chain, dict):
            match = chain.get("filter_chain_match")
            named = {**match, "server_names": []} if isinstance(match, dict) and "server_names" in match else match
            own = {**chain, **({"filter_chain_match": named} if match else {}), "name": "", "sniHosts": []}
        else:
            own = chain
        if own not in kept:
            kept.append(own)
    return kept


def _own(copy: Resource) -> set[Path]:
    """The fields that a copy has of its own: its names, whom it is exported to, and whom it asks for."""
    paths: set[Path] = {place.path for place in find(copy) if isinstance(place, Place)}
    site = site_of(copy)
    if site is not None and site.exported is not None and is_limited(copy):
        paths |= site.exported(frozenset()).keys()
    if site is not None and site.admitted is not None and is_limited(copy):
        paths |= site.admitted(copy.value, ()).keys()
    return paths


def _compared(resource: Resource) -> dict[str, Any]:
    """The part of an object that its copies share: what the API server and other tools note down is left out."""
    noted = {
        key
        for key in resource.annotations
        if key in _PER_OBJECT or str(key).partition("/")[0].endswith(("config.kubernetes.io", "config.k8s.io"))
    }
    annotations = {key: value for key, value in resource.annotations.items() if key not in noted}
    metadata = {"labels": dict(resource.labels), "annotations": annotations}
    rest = {
        key: value
        for key, value in without_denials(resource, find(resource)).items()
        if key not in ("metadata", "status")
    }
    return {**rest, "metadata": metadata}


def _shown(value: Any) -> str:
    if value is None:
        return "absent"
    text = json.dumps(value, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

"""What takes part in no set and still changes what passes an egress gateway.

Live manifests hold those of every gateway of the mesh; only what reaches the pods of ours, or sends to them, counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..manifest.fields import mappings
from ..names.domain import ascii_quoted
from ..sites import BY_PATCHES, BY_ROUTES, SIDECAR, acts
from ..sites.chains import patches
from .host_lists import HostList, lists_of, members
from .workloads import Gateways, route_destinations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..manifest.edits import Path
    from ..manifest.resource import Resource
    from ..sites.chains import Patch


class Stranger(NamedTuple):
    """A `resource` that takes part in no set, what it `does`, first at `path`, and `where`, in words.

    `is_grave`: names may pass that no list holds. `is_certain`: it does reach our gateway, and not perhaps. `lists` are
    those that count beside the sets' own.
    """

    resource: Resource
    path: Path
    does: tuple[str, ...]
    where: str
    is_grave: bool
    is_certain: bool
    lists: list[HostList]


def strangers(
    resources: Sequence[Resource], lists: Mapping[str, Sequence[HostList]], root_namespace: str
) -> list[Stranger]:
    """Those among `resources` that have none of `lists`, by set, and reach the gateways of these."""
    taking_part = members(lists)
    if not taking_part:
        return []
    gateways = Gateways(resources, taking_part, root_namespace)
    known = set(map(id, taking_part))
    found: list[Stranger] = []
    for resource in resources:
        if id(resource) not in known:
            if acts(resource, BY_PATCHES):
                found += _filter(resource, gateways)
            elif acts(resource, BY_ROUTES):
                found += _service(resource, gateways)
    return found


def _filter(resource: Resource, gateways: Gateways) -> Iterator[Stranger]:
    reached = gateways.reached_by(resource)
    if reached is None:
        return
    pods, is_certain = reached
    done = [(patch, *said) for patch in patches(resource) if patch.is_for_gateways for said in _does(patch, gateways)]
    if done:
        words = tuple(dict.fromkeys(words for _, words, _ in done))
        is_grave = any(grave for _, _, grave in done)
        first = next(patch for patch, _, grave in done if grave is is_grave)
        at_fault = {patch.path for patch, _, grave in done if grave and is_certain}
        lists = [entry for entry in lists_of(resource) if entry.path[:3] in at_fault]
        where = f"at the egress gateway ({pods.described})"
        yield Stranger(resource, first.path, words, where, is_grave, is_certain, lists)


def _does(patch: Patch, gateways: Gateways) -> Iterator[tuple[str, bool]]:
    """What `patch` does to one of our gateways, in words, and whether that is grave."""
    if patch.forwards:
        yield "forwards by SNI", True
    if patch.applies_to == "LISTENER" and patch.operation == "ADD":
        is_ours = False
    elif not patch.is_for_listener(gateways.ports):
        return
    else:
        is_ours = True
    names = [name for chain in patch.chains for name in chain.names or ()]
    if patch.operation == "REMOVE":
        return
    if names:
        yield f"adds a filter chain for {ascii_quoted(names[0])}", True
    elif any(chain.has_filters for chain in patch.chains):
        yield ("adds a filter chain" if is_ours else "adds a listener"), is_ours
    if patch.changes_destination:
        yield "changes where the mesh listener's connections go", True
    elif patch.applies_to == "NETWORK_FILTER":
        yield "adds a filter to the mesh listener", False


def _service(resource: Resource, gateways: Gateways) -> Iterator[Stranger]:
    sending = [
        (("spec", kind, index), ours)
        for kind in ("tls", "tcp")
        for index, route in mappings(resource.value.get("spec"), kind)
        for one in route_destinations(resource, route)
        for ours in gateways.destinations
        if one.is_same(ours)
    ]
    if sending:
        routes = dict(sending)
        lists = [entry for entry in lists_of(resource) if entry.path[:3] in routes]
        # TCP routes do not look at names.
        lists += [HostList(SIDECAR, resource, path, [], is_missing=True) for path in routes if path[1] == "tcp"]
        path, to = sending[0]
        where = f"to the egress gateway ({to.title})"
        yield Stranger(resource, path, ("sends connections",), where, True, True, lists)

"""Rules for lists at a waypoint of an ambient mesh: what must stand beside them, and what they cannot promise.

Seen with istiod 1.31-dev and Envoy 1.40 by tests/e2e (test_30), for the client of HBONE that stands in for ztunnel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.fields import text
from ...manifest.findings import WARNING
from ...names.domain import PLACEHOLDER, ascii_quoted
from ...sites import BY_REGISTERING, acts
from ...sites.istio import is_of_waypoint
from .fault import fault, some
from .unlisted import is_filter_of

if TYPE_CHECKING:
    from ...rendered.host_lists import HostList
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options


def rule(found: Rendered, _options: Options) -> Faults:
    """The faults of sets whose ServiceEntries are bound to a waypoint."""
    for name, lists in found.lists.items():
        bound = [one for one in lists if acts(one.resource, BY_REGISTERING) and is_of_waypoint(one.resource.value)]
        if not bound:
            continue
        yield from _promises(name, bound[0], exact=sorted(_limited_exact(found, name, bound)))
        waypoints = {(text(one.resource.labels, "istio.io/use-waypoint"), one.resource.namespace) for one in bound}
        for waypoint, namespace in sorted(waypoints):
            if not any(is_filter_of(one, waypoint, namespace) for one in found.resources):
                message = (
                    f"goes out by the waypoint {namespace}/{waypoint}, and no EnvoyFilter for that Gateway refuses "
                    "addresses inside as that of base-ambient/ does: a listed name that resolves to one is connected to"
                )
                yield fault("waypoint", message, bound[0].resource, ("metadata", "labels", "istio.io/use-waypoint"))


def _promises(name: str, first: HostList, *, exact: list[str]) -> Faults:
    message = (
        f"the set {ascii_quoted(name)} goes out by a waypoint: its wildcards need istiod with "
        "ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS (Istio 1.29, alpha); the address that an exact name resolves to "
        "is for the NetworkPolicy to refuse, and whoever ztunnel does not hold goes past the waypoint"
    )
    yield fault("waypoint", message, first.resource, ("metadata", "labels", "istio.io/use-waypoint"), WARNING)
    if exact:
        message = (
            f"is for some clients alone at a waypoint: other clients of the set reach the address of {some(exact)} "
            "with a name of their own in the handshake; the server decides then"
        )
        yield fault("waypoint", message, first.resource, first.path, WARNING)


def _limited_exact(found: Rendered, name: str, bound: list[HostList]) -> set[str]:
    exact = {one for entry in bound for one in entry.names if one[:1] != "*" and one != PLACEHOLDER}
    return {one for one in exact if found.clients(name, one) is not None}

"""Rules for lists whose gateway is Envoy Gateway's: what refuses addresses inside there, and what it cannot promise.

Seen with Envoy Gateway 1.9.1 and Envoy 1.40 by `make envoy-gateway`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.fields import mapping, mappings, text
from ...manifest.findings import WARNING
from ...names.domain import ascii_quoted
from .addresses import patches_addresses
from .fault import fault
from .unlisted import is_forwarded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...manifest.resource import Resource
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options

_GROUP = "gateway.envoyproxy.io"


def rule(found: Rendered, _options: Options) -> Faults:
    """The faults of sets that a Backend of Envoy Gateway resolves."""
    for name, lists in found.lists.items():
        first = next((one.resource for one in lists if is_forwarded(one.resource)), None)
        if first is None:
            continue
        message = (
            f"the set {ascii_quoted(name)} goes out by Envoy Gateway: the first address of an answer is checked by its "
            "EnvoyPatchPolicy alone, others by the NetworkPolicy, and nobody asks who the client is"
        )
        yield fault("forwarded", message, first, ("spec", "rules"), WARNING)
        for route in {id(one.resource): one.resource for one in lists if is_forwarded(one.resource)}.values():
            if not _is_checked(route, found.resources):
                message = (
                    "leads to whatever address a listed name resolves to: no EnvoyPatchPolicy for the listener of its "
                    "Gateway refuses those inside, as that of deploy/envoy-gateway does"
                )
                yield fault("forwarded", message, route, ("spec", "rules"))


def _is_checked(route: Resource, among: Sequence[Resource]) -> bool:
    """Whether each listener that the route is for is patched so that it notes addresses and refuses those inside."""
    policies = [
        one for one in among if (one.kind, one.group, one.namespace) == ("EnvoyPatchPolicy", _GROUP, route.namespace)
    ]
    parents = [one for _, one in mappings(mapping(route.value, "spec"), "parentRefs")]
    return bool(parents) and all(
        any(patches_addresses(policy, text(one, "name"), text(one, "sectionName")) for policy in policies)
        for one in parents
    )

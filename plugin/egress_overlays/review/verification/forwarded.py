"""Rules for lists whose gateway is Envoy Gateway's: what refuses addresses inside there, and what it cannot promise.

Seen with Envoy Gateway 1.9.1 and Envoy 1.40 by `make envoy-gateway`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ...manifest.fields import mapping, mappings, text
from ...manifest.findings import WARNING
from ...names.domain import ascii_quoted
from .fault import fault

if TYPE_CHECKING:
    from ...manifest.resource import Resource
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options

_GROUP = "gateway.envoyproxy.io"


def rule(found: Rendered, _options: Options) -> Faults:
    """The faults of sets that a Backend of Envoy Gateway resolves."""
    for name, lists in found.lists.items():
        first = next((one.resource for one in lists if _is_forwarded(one.resource)), None)
        if first is None:
            continue
        message = (
            f"the set {ascii_quoted(name)} goes out by Envoy Gateway: the first address of an answer is checked by its "
            "EnvoyPatchPolicy alone, others by the NetworkPolicy, and nobody asks who the client is"
        )
        yield fault("forwarded", message, first, ("spec", "rules"), WARNING)
        if not any(_refuses(one, first) for one in found.resources):
            message = (
                "leads to whatever address a listed name resolves to: no EnvoyPatchPolicy of its Gateway refuses those "
                "inside (deploy/envoy-gateway has it)"
            )
            yield fault("forwarded", message, first, ("spec", "rules"))


def _is_forwarded(resource: Resource) -> bool:
    rules = mappings(mapping(resource.value, "spec"), "rules")
    return any(text(one, "group") == _GROUP for _, held in rules for _, one in mappings(held, "backendRefs"))


def _refuses(policy: Resource, route: Resource) -> bool:
    """Whether a policy patches a Gateway of the route so that it notes addresses and refuses some."""
    spec = mapping(policy.value, "spec")
    parents = {text(one, "name") for _, one in mappings(mapping(route.value, "spec"), "parentRefs")}
    if (policy.kind, policy.group, policy.namespace) != ("EnvoyPatchPolicy", _GROUP, route.namespace):
        return False
    patches = json.dumps(spec.get("jsonPatches"), default=str)
    return text(mapping(spec, "targetRef"), "name") in parents and all(
        part in patches for part in ("save_upstream_address", '"action": "DENY"', "upstream_ip_port")
    )

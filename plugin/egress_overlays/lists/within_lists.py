"""What takes part inside of a List, where nothing is filled; loaded when there is a List."""

from __future__ import annotations

from ..manifest.findings import Finding, fault_of
from ..manifest.nearness import is_near
from ..manifest.resource import POLICY_KIND, Resource
from ..names.domain import ascii_quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def within_list(resource: Resource, is_of_ours: Callable[[object], bool]) -> Iterator[Finding]:
    """What takes part inside of a List: nothing there would be filled. `is_of_ours` tells our keys."""
    entries = resource.value.get("items")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        inner = Resource(entry)
        if any(is_of_ours(key) for key in (*inner.labels, *inner.annotations)) or _is_policy(inner):
            yield fault_of(
                resource,
                f"holds {inner.title}, which takes part, in a list that the function does not look into; give each "
                "resource a document of its own, as kustomize does",
                "list",
                f"items[{index}]",
            )
        elif inner.kind.endswith("List"):
            for finding in within_list(inner, is_of_ours):
                finding.resource = resource
                finding.field = f"items[{index}].{finding.field}"
                yield finding
    for field, value in resource.value.items():
        if field != "items" and is_near(str(field), "items") and isinstance(value, list):
            message = f"has the field {ascii_quoted(str(field))}, which a List does not have; write items"
            yield fault_of(resource, message, "list", ascii_quoted(str(field))[1:-1])


def _is_policy(resource: Resource) -> bool:
    return POLICY_KIND in resource.kind and "egress" in (resource.group or "egress")

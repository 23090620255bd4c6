"""What takes part inside of a List, where nothing is filled; loaded when there is a List."""

from __future__ import annotations

from ..manifest.findings import Finding, fault_of
from ..manifest.resource import PREFIX, Resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def within_list(resource: Resource) -> Iterator[Finding]:
    """What takes part inside of a List: nothing there would be filled."""
    entries = resource.value.get("items")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        inner = Resource(entry)
        if any(str(key).startswith(PREFIX) for key in (*inner.labels, *inner.annotations)):
            yield fault_of(
                resource,
                f"holds {inner.title}, which takes part, in a list that the function does not look into; give each "
                "resource a document of its own, as kustomize does",
                "list",
                f"items[{index}]",
            )
        elif inner.kind.endswith("List"):
            for finding in within_list(inner):
                finding.resource = resource
                finding.field = f"items[{index}].{finding.field}"
                yield finding

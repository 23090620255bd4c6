"""Objects that the API server or kubectl would refuse for their size; loaded when one could be."""

from __future__ import annotations

import json

from ..manifest.findings import WARNING, Finding, fault_of
from ..manifest.resource import Resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# kubectl apply keeps the whole object in an annotation, and all annotations together may hold
# 256 KiB; etcd refuses requests over 1.5 MiB, of which the API server's own fields take a little.
_APPLY_LIMIT = 256 * 1024
_APPLY_ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"
_ETCD_LIMIT = 1536 * 1024 - 16 * 1024


def size_faults(resource: Resource, value: dict[str, Any], *, is_copy: bool = False) -> Iterator[Finding]:
    """Whether the API server would refuse `value`, what becomes of `resource` or a copy, for its size in JSON."""
    if is_copy:
        resource = Resource(value, resource.origin)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    size = len(text.encode())
    # kubectl writes three characters as \u003c and the like, and what the object is annotated with counts too.
    kept = size + 5 * sum(map(text.count, "<>&")) + len(_APPLY_ANNOTATION) + 1
    kept += sum(len(str(part).encode()) for pair in resource.annotations.items() for part in pair)
    if size > _ETCD_LIMIT:
        yield fault_of(
            resource,
            f"would be {size:,} bytes of JSON, and etcd refuses objects over 1.5 MiB; divide the list into several "
            "sets with a gateway each, or cover names with wildcards",
            "size",
        )
    elif kept > _APPLY_LIMIT:
        yield Finding(
            WARNING,
            f"is {size:,} bytes of JSON, more than client-side apply can keep in an annotation (262,144 with the "
            "others); use kubectl apply --server-side, or ServerSideApply=true in Argo CD's syncOptions",
            rule="size",
            resource=resource,
        )


def too_many(resource: Resource, places: int, names: int, most: int) -> Finding:
    """Names times places past what is made at all; `resource` is the one that goes past it."""
    return fault_of(
        resource,
        f"has {places:,} places for a list of {names:,} names; with those before it more than {most:,} names would be "
        "written, which nothing can apply; cover names with wildcards, or let fewer resources take the set",
        "size",
    )

"""The rule for allow-empty: it is for a set without names, and would hide that the names of another were lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.findings import WARNING
from ...manifest.resource import ALLOW_EMPTY_ANNOTATION
from .fault import fault

if TYPE_CHECKING:
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options


def rule(found: Rendered, _options: Options) -> Faults:
    """The lists of a set with names that still allow it to be empty."""
    for allowed in found.sets.values():
        for source in allowed.sources if allowed.entries else ():
            if source.annotations.get(ALLOW_EMPTY_ANNOTATION):
                message = (
                    f"allows the set to be empty ({ALLOW_EMPTY_ANNOTATION}), which it is not: were its names lost, the "
                    "build would close everything without a word; take the annotation out, or the ConfigMap, where it "
                    "has no name"
                )
                path = ("metadata", "annotations", ALLOW_EMPTY_ANNOTATION)
                yield fault("allow-empty", message, source, path, WARNING)

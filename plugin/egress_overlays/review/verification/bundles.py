"""A list that holds a bundle's names one by one: components/bundles has them with their source, and keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.findings import INFO, Finding
from ...names.bundle_table import BUNDLES

if TYPE_CHECKING:
    from ...lists import Entry
    from ...manifest.resource import Resource
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options

_MANY = 5


def rule(found: Rendered, _options: Options) -> Faults:
    """A remark for each list that has five names of a bundle, at the first of them."""
    for allowed in found.sets.values():
        lists: dict[Resource, list[Entry]] = {}
        for entry in allowed.entries:
            lists.setdefault(entry.source, []).append(entry)
        for source, entries in lists.items():
            for bundle, names in BUNDLES.items():
                same = [entry for entry in entries if entry.domain in names]
                count = len({entry.domain for entry in same})
                if count >= _MANY and not source.name.endswith(f"egress-bundle-{bundle}"):
                    first = same[0]
                    words = f"{count} names of this list are the bundle {bundle}, which has {len(names)}"
                    finding = Finding(
                        INFO,
                        f"{words}; list components/bundles/{bundle} under components: in their place",
                        rule="bundle",
                        resource=source,
                    )
                    finding.group, finding.line, finding.value = first.group, first.line, str(first.domain)
                    yield finding, ()

"""Patches that stand in no listener of an egress gateway and name a part of it: ways to it that nobody else judges."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from ..manifest.fields import mapping, text
from .filters import entries
from .gateway import Resource
from .provenance import Path
from .workload import Workload

_COMPARED = ("LISTENER", "FILTER_CHAIN", "NETWORK_FILTER", "LISTENER_FILTER")
"""What `closed` compares part by part wherever it has an effect."""


class Deviation(NamedTuple):
    """What differs from every known shape, in `words`, at `path` of the manifest `resource`.

    `opens`: it may let through what the lists do not hold; otherwise it is only not understood here.
    """

    resource: Resource | None
    path: Path
    words: str
    opens: bool = True


def mentioning(
    resources: list[Resource], workload: Workload, names: Collection[str], root_namespace: str
) -> Iterator[Deviation]:
    """Patches of clusters and of HTTP that reach `workload` and name one of `names`, which base/ adds."""
    if not names:
        return
    word = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(names)))})(?!\w)")
    for resource, path, entry in entries(resources, workload, root_namespace):
        applies, value = text(entry, "applyTo"), mapping(entry, "patch", "value")
        if applies in _COMPARED or (applies == "CLUSTER" and text(value, "name") in names):
            continue
        found = next(filter(None, (word.search(one) for one in _texts(value))), None)
        if found:
            words = f"names {found[0]} of base/ in a patch of {applies}: a further way to it"
            yield Deviation(resource, path, words, opens=applies == "CLUSTER")


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield str(key)
            yield from _texts(value)
    elif isinstance(node, list):
        for item in node:
            yield from _texts(item)
    elif isinstance(node, str):
        yield node

"""Lists that came too late for the function: their names are missing, and the build does not say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..manifest.findings import Finding, fault_of
from ..names.domain import ascii_quoted
from ..sites import ROUTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..manifest.resource import Resource
    from .rendered import Rendered

RULE = "stale"
_HINT = "list plugin/inject under transformers:, which runs after all of them, or components/inject last"


def unused(lists: Iterable[Resource]) -> Iterator[Finding]:
    """The domains ConfigMaps that are still in the output: the function takes out those that it used."""
    for source in lists:
        yield fault_of(source, f"is listed after inject: none of its names is let through; {_HINT}", RULE)


def without_effect(found: Rendered) -> Iterator[Finding]:
    """The domains ConfigMaps that pass for used, and have names that the manifests of their set lack."""
    for name, allowed in found.sets.items():
        lists = found.lists.get(name, ())
        here = {host for entry in lists if entry.hop != ROUTES for host in entry.names}
        missing: dict[Resource, list[str]] = {}
        for entry in allowed.entries if lists else ():
            if entry.domain not in here and allowed.cover_of(entry) is None:
                missing.setdefault(entry.source, []).append(entry.domain)
        for source, names in missing.items():
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            message = f"has {ascii_quoted(names[0])}{more}, not in the manifests: it was listed or changed after inject"
            yield fault_of(source, f"{message}; {_HINT}", RULE)

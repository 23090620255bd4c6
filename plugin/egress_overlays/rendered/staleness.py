"""Lists that came too late for the function: their names are missing, and the build does not say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..manifest.findings import Finding, fault_of
from ..manifest.resource import POLICY_KIND
from ..names.domain import PLACEHOLDER, ascii_quoted
from ..sites import ROUTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..manifest.resource import Resource
    from .rendered import Rendered

RULE = "stale"
_HINT = "list plugin/inject under transformers:, which runs after all of them, or components/inject last"


def unused(lists: Iterable[Resource]) -> Iterator[Finding]:
    """The domains ConfigMaps and policies that are still in the output: the function takes out those that it used."""
    for source in lists:
        lost = "no build keeps to it" if source.kind == POLICY_KIND else "none of its names is let through"
        yield fault_of(source, f"is listed after inject: {lost}; {_HINT}", RULE)


def without_effect(found: Rendered) -> Iterator[Finding]:
    """The domains ConfigMaps that pass for used, where their names and those of the manifests of their set differ."""
    for name, allowed in found.sets.items():
        lists = [entry for entry in found.lists.get(name, ()) if entry.hop != ROUTES]
        here = {host: entry.resource for entry in reversed(lists) for host in entry.names}
        holes = {hole: entry.resource for entry in reversed(lists) for hole in entry.holes}
        missing: dict[Resource, list[str]] = {}
        for entry in allowed.entries if found.lists.get(name) else ():
            if entry.domain not in here and allowed.is_emitted(entry):
                missing.setdefault(entry.source, []).append(entry.domain)
        for line in allowed.denials.entries if allowed.denials is not None and lists else ():
            if line.domain in allowed.denied and line.domain not in holes:
                missing.setdefault(line.source, []).append(f"!{line.domain}")
        for source, names in missing.items():
            message = f"has {_some(names)}, not in the manifests: it was listed or changed after inject"
            yield fault_of(source, f"{message}; {_HINT}", RULE)
        left = sorted(here.keys() - {entry.domain for entry in allowed.entries} - {PLACEHOLDER})
        if left:
            message = f"still lets {_some(left)} through, on no list any more: a list was changed after inject"
            yield fault_of(here[left[0]], f"{message}; {_HINT}", RULE)


def _some(names: list[str]) -> str:
    return ascii_quoted(names[0]) + (f" and {len(names) - 1} more" if len(names) > 1 else "")

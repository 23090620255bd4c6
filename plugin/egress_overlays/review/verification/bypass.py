"""Rules for what lets names through beside the lists: all that base/ has not, strangers, and chains without a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.findings import ERROR, WARNING
from ...manifest.resource import INJECT_ANNOTATION
from ...names.domain import ascii_quoted
from ...rendered.beside import strangers
from ...sites import BY_PATCHES, GATEWAY, acts
from ...sites.chains import catch_alls, patches
from ..openings import is_base, openings
from .fault import fault, misplaced

if TYPE_CHECKING:
    from collections.abc import Container

    from ...manifest.edits import Path
    from ...manifest.resource import Resource
    from ...rendered.beside import Stranger
    from ...rendered.rendered import Rendered
    from ..openings import Opening
    from .fault import Fault, Faults, Options


def rule(found: Rendered, options: Options) -> Faults:
    """The faults of resources without a list, and of filter chains in those that have one."""
    found_openings = openings(found, options.root_namespace)
    for one in found_openings:
        yield _opening(one)
    beside = strangers(found.resources, found.lists, options.root_namespace)
    judged = bool(beside) and is_base(found, options.root_namespace)
    for stranger in beside:
        # What EnvoyFilters do to a gateway of base/ is said already, and more exactly.
        if not (judged and acts(stranger.resource, BY_PATCHES)):
            severity = ERROR if stranger.is_grave and stranger.is_certain else WARNING
            yield fault("bypass", _said(stranger), stranger.resource, stranger.path, severity)
    filters = {
        id(entry.resource): entry.resource
        for entries in found.lists.values()
        for entry in entries
        if entry.hop == GATEWAY
    }
    for resource in filters.values():
        yield from _open_chains(resource, {place.path for place in misplaced(resource)})
        yield from _shared_names(resource)


def _opening(one: Opening) -> Fault:
    """A finding: `bypass` where it may open something, `unknown` where it is only not understood."""
    if one.is_old:
        return fault("old", f"the egress gateway ({one.workload.described}) {one.words}", None, (), WARNING)
    severity = ERROR if one.is_certain else WARNING
    if one.opens:
        message = f"{one.words}; base/ and components/ are what has been reviewed: take it out, or write an issue"
        return fault("bypass", message, one.resource, one.path, severity)
    return fault("unknown", one.words, one.resource, one.path, severity)


def _said(stranger: Stranger) -> str:
    *others, last = stranger.does
    does = f"{', '.join(others)} and {last}" if others else last
    if stranger.is_certain:
        mend = f"delete it, or make it take part: {INJECT_ANNOTATION} and the function fill it"
    else:
        mend = "verify the gateway's Deployment with it, whose labels tell"
    may = "" if stranger.is_certain else "perhaps "
    return f"takes part in no set, but {may}{does} {stranger.where}; {mend}"


def _open_chains(resource: Resource, said: Container[Path]) -> Faults:
    """Chains beside one with names that take all others; `said` are the paths where that is said already."""
    for chain in catch_alls(resource):
        if chain.path not in said:
            message = (
                "has no filter_chain_match.server_names, so that it takes every name that no other chain of the "
                "listener is for; remove it, or add the list"
            )
            yield fault("open-chain", message, resource, chain.path)


def _shared_names(resource: Resource) -> Faults:
    """Chains of one listener that are for the same name, everything else that they match being alike."""
    for patch in patches(resource):
        seen: set[tuple[str, str]] = set()
        for chain in patch.chains:
            same = [name for name in dict.fromkeys(chain.names or ()) if (name, chain.else_) in seen]
            if same:
                more = f" and {len(same) - 1} more" if len(same) > 1 else ""
                message = f"is for {ascii_quoted(same[0])}{more}, as another chain is; Envoy refuses the listener"
                yield fault("duplicate-name", message, resource, chain.path)
            seen.update((name, chain.else_) for name in chain.names or ())

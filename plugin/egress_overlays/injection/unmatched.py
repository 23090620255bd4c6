"""Lists that nothing takes, and resources that no list is for; loaded when there are some."""

from __future__ import annotations

from ..manifest.findings import ERROR, Finding, fault_of
from ..manifest.resource import INJECT_ANNOTATION, SET_LABEL, Resource
from ..names.domain import ascii_quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..lists.allowlist import AllowSet


def nothing_to_inject() -> Finding:
    """Neither a list nor a resource that takes one."""
    return Finding(
        ERROR,
        f"nothing to inject: no resource carries the annotation {INJECT_ANNOTATION} and no ConfigMap the "
        f"label {SET_LABEL}; add base/ and a domains ConfigMap to this kustomization's resources",
        rule="nothing",
    )


def unknown_set(resource: Resource, name: str, known: list[str]) -> Finding:
    """A resource takes a set that no list declares; `known` are those that some do."""
    there = f"sets here: {', '.join(map(ascii_quoted, known))}" if known else "there is no domains ConfigMap at all"
    return fault_of(
        resource,
        f"takes the set {ascii_quoted(name)}, which no ConfigMap declares ({there}); label one with "
        f"{SET_LABEL}: {ascii(name)[1:-1]}",
        "unknown-set",
    )


def not_taken(name: str, allowed: AllowSet, taken: list[str]) -> Iterator[Finding]:
    """Lists of a set that no resource takes; `taken` are those that some do."""
    there = f"sets taken here: {', '.join(map(ascii_quoted, taken))}" if taken else "no resource takes any set"
    for source in allowed.sources:
        yield fault_of(
            source,
            f"adds to the set {ascii_quoted(name)}, which no resource takes ({there}); annotate the resources with "
            f"{INJECT_ANNOTATION}: {ascii(name)[1:-1]}, or mend the label {SET_LABEL}",
            "set-not-taken",
        )


def unguarded(allowed: AllowSet) -> Finding:
    """Lists for some clients whose gateway is not among the resources."""
    return fault_of(
        next(iter(allowed.clients)),
        f"is for some clients only, but no EnvoyFilter takes the set {ascii_quoted(allowed.name)}, so that no gateway "
        "would check them; build the gateway with it, or remove the annotation",
        "no-clients-place",
    )

"""Objects that take a part of a list, its wildcards or its exact names; loaded when one asks for it.

Some kinds cannot hold both: of Istio's ServiceEntry, `resolution: DYNAMIC_DNS` takes wildcards alone, and `DNS` none.
"""

from __future__ import annotations

from ..lists.allowlist import AllowSet
from ..manifest.findings import Finding, fault_of
from ..manifest.nearness import did_you_mean
from ..manifest.resource import APART, EXACT, INJECT_ANNOTATION, NAMES_ANNOTATION, WILDCARDS, Resource
from ..names.domain import ascii_quoted
from ..sites import BY_PATCHES, site_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..sites import Site


def taken(resource: Resource, site: Site | None, allowed: AllowSet, findings: list[Finding]) -> AllowSet:
    """The part of `allowed` that `resource` asks for; all of it with a finding where it asks for none that there is.

    A part without a name holds the placeholder, as a list does that is empty on purpose.
    """
    asked = resource.annotations[NAMES_ANNOTATION]
    has_chains = site is not None and site.acts_by == BY_PATCHES
    if asked == APART and has_chains:
        return allowed  # each of its filter chains takes a part
    if asked not in (WILDCARDS, EXACT):
        others = f"{APART}, {WILDCARDS}" if has_chains else WILDCARDS
        message = (
            f"{ascii_quoted(str(asked))} is no part of a list; write {others} or {EXACT}, or remove the annotation"
            f"{did_you_mean(str(asked), [WILDCARDS, EXACT, *([APART] if has_chains else [])])}"
        )
        findings.append(fault_of(resource, message, "names", f"annotation {NAMES_ANNOTATION}"))
        return allowed
    entries = [
        entry
        for entry in allowed.entries
        if entry.domain.is_wildcard == (asked == WILDCARDS) and allowed.is_emitted(entry)
    ]
    return AllowSet(
        allowed.name, allowed.sources, entries, allowed.clients, allowed.denying, reporting=allowed.reporting
    )


def untaken(resource: Resource, site: Site | None, allowed: AllowSet, among: Sequence[Resource]) -> Iterator[Finding]:
    """Names of the set that no object of the kind takes, since all of them ask for the part of `resource`."""
    part = resource.annotations[NAMES_ANNOTATION]
    if any(
        site_of(one) is site
        and one.annotations.get(INJECT_ANNOTATION) == allowed.name
        and one.annotations.get(NAMES_ANNOTATION) != part
        for one in among
    ):
        return
    lost = [entry.domain for entry in allowed.entries if entry.domain.is_wildcard == (part == EXACT)]
    if part in (WILDCARDS, EXACT) and lost:
        other = EXACT if part == WILDCARDS else WILDCARDS
        yield fault_of(
            resource,
            f"asks for {part} alone, and no {resource.kind} takes {ascii_quoted(lost[0])} of the set "
            f"{ascii_quoted(allowed.name)}; add one with {NAMES_ANNOTATION}: {other}",
            "names",
            f"annotation {NAMES_ANNOTATION}",
        )

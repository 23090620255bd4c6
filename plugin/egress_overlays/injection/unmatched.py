"""Lists that nothing takes, resources that no list is for or that cannot say it all; loaded when there are some."""

from __future__ import annotations

from ..manifest.edits import at, dotted
from ..manifest.findings import ERROR, WARNING, Finding, fault_of
from ..manifest.nearness import did_you_mean
from ..manifest.resource import INJECT_ANNOTATION, KEEP_HOSTS_ANNOTATION, LOCAL_CONFIG_ANNOTATION, SET_LABEL, Resource
from ..names.domain import PLACEHOLDER, Domain, ascii_quoted
from ..sites import USUAL, DenialPlace, Place, find
from ..sites.at_ports import pair

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ..lists.allowlist import AllowSet
    from ..sites import BadPlace, Site


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
        f"{SET_LABEL}: {ascii(name)[1:-1]}{did_you_mean(name, known)}",
        "unknown-set",
    )


def about_sets(sets: Mapping[str, AllowSet], taken: list[str]) -> Iterator[Finding]:
    """Sets that nothing takes."""
    for name, allowed in sets.items():
        if name not in taken:
            yield from not_taken(name, allowed, taken)


def not_taken(name: str, allowed: AllowSet, taken: list[str]) -> Iterator[Finding]:
    """Lists of a set that no resource takes; `taken` are those that some do."""
    there = f"sets taken here: {', '.join(map(ascii_quoted, taken))}" if taken else "no resource takes any set"
    for source in allowed.sources:
        yield fault_of(
            source,
            f"adds to the set {ascii_quoted(name)}, which no resource takes ({there}); annotate the resources with "
            f"{INJECT_ANNOTATION}: {ascii(name)[1:-1]}, or mend the label {SET_LABEL}{did_you_mean(name, taken)}",
            "set-not-taken",
        )


def unchecked(
    roots: Mapping[tuple[str, Site | None], Sequence[Resource]], sets: Iterable[AllowSet]
) -> Iterator[Finding]:
    """Sets with lists for some clients that nobody asks for; one whose objects all stand alone needs no gateway."""
    for allowed in sets:
        takers = [(site, ones) for (name, site), ones in roots.items() if name == allowed.name and site is not None]
        if any(site.beside_of(one.value) for site, ones in takers for one in ones):
            yield _unguarded(allowed)


def _unguarded(allowed: AllowSet) -> Finding:
    """Lists for some clients whose gateway is not among the resources."""
    kind = next(site.kind for site in USUAL if site.checks_clients)
    return fault_of(
        next(iter(allowed.clients)),
        f"is for some clients only, but no {kind} takes the set {ascii_quoted(allowed.name)}, so that no gateway "
        "would check them; build the gateway with it, or remove the annotation",
        "no-clients-place",
    )


def lost_names(resource: Resource, allowed: AllowSet) -> Iterator[Finding]:
    """Names that an earlier run put into `resource`, where its lists are gone.

    Lists that a run has used carry a mark. Where one does, a name without a list was removed on purpose.
    """
    if any(_is_marked(source) for source in allowed.sources):
        return
    kept = str(resource.annotations.get(KEEP_HOSTS_ANNOTATION, "")).replace(" ", "").split(",")
    names = {
        pair(resource, name) for place in find(resource) if isinstance(place, Place) for name in _names(resource, place)
    }
    denied = {
        f"!{name}"
        for place in find(resource)
        if isinstance(place, DenialPlace)
        for name in (pair(resource, one) for one in place.form.names(at(resource.value, place.path)))
        if not (allowed.denies(Domain(name)) or (allowed.holes and Domain(name) in allowed.holes.clients))
        and any(entry.domain.covers(name) for entry in allowed.entries)
    }
    lost = sorted(denied) + sorted(
        name for name in names - {PLACEHOLDER, *kept} if not any(entry.domain.covers(name) for entry in allowed.entries)
    )
    if lost:
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        yield fault_of(
            resource,
            f"was injected before with {ascii_quoted(lost[0])}{more}, and the lists of that run are gone, so that "
            "this run would take these lines out; build with Kustomize 5.1 or newer, which hands lists on to outer "
            "layers, and not from a file that was rendered before",
            "lost-lists",
        )


def _is_marked(source: Resource) -> bool:
    """Whether an earlier run used it; Kustomize itself marks a functionConfig."""
    marked = source.annotations.get(LOCAL_CONFIG_ANNOTATION) == "true"
    return marked and "config.kubernetes.io/function" not in source.annotations


def _names(resource: Resource, place: Place) -> Iterator[str]:
    value: object = resource.value
    for step in place.path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return
    if isinstance(value, list):
        yield from (name for entry in value if (name := place.form.read(entry)) is not None)


def not_filled(resource: Resource, site: Site | None, bad: Sequence[BadPlace]) -> Iterator[Finding]:
    """A resource that takes part and has `bad` places, or none; `site` declares its kind, None where nothing does."""
    for place in bad:
        yield fault_of(resource, place.reason, "place", dotted(place.path))
    if bad:
        return
    known = [site] if site is not None else USUAL
    there = [f"{one.described} {{}}{one.holds}" for one in known]
    words = ", ".join([there[0].format("has "), *(one.format("") for one in there[1:])])
    message = f"carries {INJECT_ANNOTATION} but has no place for domains; {words}"
    yield fault_of(resource, message, "no-place")


def not_said(resource: Resource, site: Site, places: Sequence[Place], hosts: Sequence[str]) -> Iterator[Finding]:
    """What of `hosts` the kind cannot hold, or cannot say as it is meant."""
    if site.limit and len(hosts) > site.limit:
        message = (
            f"takes {len(hosts)} names, of which {site.described} holds {site.limit}; divide the list into several sets"
        )
        yield fault_of(resource, message, "limit", dotted(places[0].path))
    wildcards = [host for host in hosts if host[:2] == "*."]
    for place in places:
        if place.form.narrows and wildcards:
            more = f" (and {len(wildcards) - 1} more)" if len(wildcards) > 1 else ""
            message = f'"{wildcards[0]}"{more} {place.form.narrows}'
            yield Finding(WARNING, message, rule="narrower", resource=resource, field=dotted(place.path))

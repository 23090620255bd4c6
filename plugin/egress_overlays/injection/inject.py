"""The product: resources and their lists in, the edits that put every list in its places out.

Pure: it reads no stream, file, environment or clock, and leaves its arguments as they are.
"""

from __future__ import annotations

from ..lists import allowlist, found_in, is_config, is_source, unread
from ..manifest.findings import Finding, fault_of
from ..manifest.resource import (
    API_VERSION,
    CHAINS_ANNOTATION,
    INJECT_ANNOTATION,
    INJECTED,
    INJECTED_BEFORE,
    KEEP_HOSTS_ANNOTATION,
    KIND,
    LOCAL_CONFIG_ANNOTATION,
    NAMES_ANNOTATION,
    PORTS_ANNOTATION,
    PROTOCOL_ANNOTATION,
    REPORT_ANNOTATIONS,
    SHARD_ANNOTATION,
    STATE_LABEL,
    Resource,
)
from ..names.domain import HTTPS
from ..sites import CHAINS, BadPlace, ClientsPlace, DenialPlace, Place, site_of
from . import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..lists.allowlist import AllowSet
    from ..manifest.edits import Edits
    from ..sites import Site

_NOTABLE = 128 * 1024  # characters of a resource in Python, from where its size in JSON is worth working out
_KIND = KIND.casefold()[:-1]  # one letter may be missing
_REPORTS = frozenset(REPORT_ANNOTATIONS)
_MOST_PLACED = 2_000_000  # names in all places together, some 60 MB of text; 100 million took 2 GB
_LONGEST = 280  # characters of a name in a list: 253 octets (RFC 1035), quotes, a comma, where it needs one a key


def plan(resources: Sequence[Resource], function_config: Resource | None = None) -> Plan:
    """The edits that fill every annotated resource from the domains ConfigMaps among `resources`.

    `function_config` adds its own list if it is of a kind that holds domains. Every fault of every
    resource is in `findings`. Raises TypeError where one is no Resource.
    """
    result = Plan()
    sources = found_in(resources, function_config)
    result.sets, result.findings = allowlist.read(sources)
    for resource in resources:
        result.findings += _misplaced(resource)
        if resource.kind.casefold().startswith(_KIND) and not is_config(resource, function_config):
            result.findings += unread.unlabelled(resource)
    if function_config is not None:
        result.findings += _about_config(function_config)
    _report((*resources, *sources), result)
    taken = _fill(resources, result)
    if any(name not in taken for name in result.sets):
        from .unmatched import about_sets

        result.findings += about_sets(result.sets, sorted(taken))
    beyond = any(one.ports or one.http for one in result.sets.values())
    if beyond or any(PORTS_ANNOTATION in one.annotations for one in resources):
        from .ports import open_ports

        result.findings += open_ports(resources, result)
    if any(result.copies.values()):
        from .copies import name_faults

        result.findings += name_faults(resources, result)
    if not sources and not taken:
        from .unmatched import nothing_to_inject

        result.findings.append(nothing_to_inject())
    policies = _policies(resources, result)
    for index, resource in enumerate(resources):
        if resource in sources or resource in policies:
            result.edits[index] = {("metadata", "annotations", LOCAL_CONFIG_ANNOTATION): "true"}
    return result


def _report(resources: Sequence[Resource], result: Plan) -> None:
    """Judge what is to report in place of refusing, where something is."""
    if any(not _REPORTS.isdisjoint(one.annotations) for one in resources):
        from .reporting import judge

        judge(resources, result)


def _policies(resources: Sequence[Resource], result: Plan) -> list[Resource]:
    """The policies among `resources`, and what was meant to be one; what they refuse goes to the findings."""
    ours = [one for one in resources if one.kind.startswith("Egress") or "egress" in one.group.casefold()]
    # The function's own config is the one such object of most runs, where it is among the others at all.
    if all(one.kind == KIND for one in ours):
        return []
    from ..lists.policies import broken, is_policy

    policies = [one for one in ours if is_policy(one)]
    result.findings += broken(policies, result.sets.values())
    return policies


def _about_config(function_config: Resource) -> Iterator[Finding]:
    """What would be passed over in the functionConfig: a list in a kind that holds none, labels misspelt."""
    if function_config.is_domains_kind:
        yield from _misplaced(function_config, is_config=True)
        if not is_source(function_config):
            yield from unread.faults(function_config)
    else:
        yield fault_of(
            function_config,
            f"is the functionConfig, which must be a ConfigMap (v1) or {KIND} ({API_VERSION})",
            "function-config",
        )


def _misplaced(resource: Resource, *, is_config: bool = False) -> Iterator[Finding]:
    yield from unread.misplaced(resource, is_config=is_config)
    if SHARD_ANNOTATION in resource.annotations:
        site = site_of(resource)
        if site is None or not site.is_copied:
            message = f"carries {SHARD_ANNOTATION}, which the function alone gives to copies"
            yield fault_of(resource, message, "misplaced")


def _fill(resources: Sequence[Resource], result: Plan) -> set[str]:
    """Plan the edits of every annotated resource; returns the names of the sets that they take."""
    taken = set()
    roots: dict[tuple[str, Site | None], list[Resource]] = {}
    earlier: list[tuple[str, Resource]] = []
    for index, resource in enumerate(resources):
        if INJECT_ANNOTATION not in resource.annotations:
            continue
        name = resource.annotations[INJECT_ANNOTATION]
        if not isinstance(name, str) or not name.strip():
            message = f"the annotation {INJECT_ANNOTATION} must name a set, as in default"
            result.findings.append(fault_of(resource, message, "set-name"))
            continue
        taken.add(name)
        site = site_of(resource)
        # Elsewhere than on what may be a copy the annotation would take the resource out.
        if SHARD_ANNOTATION in resource.annotations and site is not None and site.is_copied:
            result.removed.add(index)
            earlier.append((name, resource))
            continue
        roots.setdefault((name, site), []).append(resource)
        if resource.labels.get(STATE_LABEL) in (INJECTED, INJECTED_BEFORE) and name in result.sets:
            from .unmatched import lost_names

            result.findings += lost_names(resource, result.sets[name])
        if name not in result.sets:
            from .unmatched import unknown_set

            result.findings.append(unknown_set(resource, name, sorted(result.sets)))
            continue
        allowed = result.sets[name]
        if NAMES_ANNOTATION in resource.annotations:
            from . import parts

            allowed = parts.taken(resource, site, allowed, result.findings)
            result.findings += parts.untaken(resource, site, result.sets[name], resources)
        base, others = _ports(resource, site, allowed, result)
        _fill_one(index, resource, site, allowed.at(base), result)
        if others and site is not None:
            from .ports import copies

            further = _copied(resource, copies(resource, site, allowed, others, _fill_one, result))
            result.copies.setdefault(index, []).extend(further)
    _check_guards(roots, result)
    if earlier:
        from .copies import orphans

        result.findings += orphans(earlier, roots)
    return taken


def _check_guards(roots: dict[tuple[str, Site | None], list[Resource]], result: Plan) -> None:
    asked = {name for name, site in roots if site is not None and (site.checks_clients or site.admitted)}
    if unasked := [one for one in result.sets.values() if one.limits is not None and one.name not in asked]:
        from .unmatched import unchecked

        result.findings += unchecked(roots, unasked)


def _ports(resource: Resource, site: Site | None, allowed: AllowSet, result: Plan) -> tuple[int, tuple[int, ...]]:
    """The port that `resource` is for itself, and those that copies of it are for."""
    if PROTOCOL_ANNOTATION not in resource.annotations:
        return HTTPS, allowed.ports
    from .ports import by_http

    return by_http(resource, site, allowed, result.findings)


def _is_too_many(resource: Resource, places: int, names: int, result: Plan) -> bool:
    """Whether more names would be written than can be applied; said of the resource that goes past it."""
    before = result.placed
    result.placed += places * names
    if before <= _MOST_PLACED < result.placed:
        from .sizes import too_many

        result.findings.append(too_many(resource, places, names, _MOST_PLACED))
    return result.placed > _MOST_PLACED


def _fill_one(index: int, resource: Resource, site: Site | None, allowed: AllowSet, result: Plan) -> None:
    found = list(site.find(resource.value)) if site is not None else []
    bad = [place for place in found if isinstance(place, BadPlace)]
    places = [place for place in found if isinstance(place, Place)]
    if site is None or bad or not places:
        from .unmatched import not_filled

        result.findings += not_filled(resource, site, bad)
        return
    clients = [place for place in found if isinstance(place, ClientsPlace)]
    spread = None
    if CHAINS_ANNOTATION in resource.annotations:
        from . import spreading

        spread = spreading.asked(resource, site, places, clients, result.findings)
    if _is_too_many(resource, spread.places if spread else len(places), len(allowed.hosts), result):
        return
    lists = spread.lists if spread else lambda names: _lists(places, names)
    hosts = list(allowed.hosts)
    copies: list[tuple[str, Edits]] = []
    if allowed.limits is not None and not site.checks_clients:
        from . import limiting

        hosts = list(limiting.routed(site, allowed.limits))
        copies += limiting.copies(resource, site, allowed.limits, lists)
        result.findings += limiting.cannot_tell_apart(resource, site, allowed)
    if site.makes_more and len(hosts) > site.limit:
        from . import shards

        parts = shards.split(hosts, site.limit)
        hosts = parts.pop("")
        copies += [(key, lists(part)) for key, part in parts.items()]
    edits: Edits = {("metadata", "labels", STATE_LABEL): INJECTED}
    if site.checks_clients and (clients or allowed.limits is not None):
        from . import limiting

        edits |= limiting.filled(resource, places, clients, allowed, spread, result.findings)
    else:
        edits |= lists(hosts)
    if KEEP_HOSTS_ANNOTATION in resource.annotations:
        from .kept_hosts import kept_hosts

        kept = kept_hosts(resource, site, allowed, result.findings)
        for changes in (edits, *(further for _, further in copies)) if kept else ():
            changes["spec", "hosts"] = [*changes["spec", "hosts"], *kept]
    _deny(resource, site, found, allowed, (edits, *(further for _, further in copies)), result)
    if len(hosts) > (site.limit or len(hosts)) or any(place.form.narrows for place in places):
        from .unmatched import not_said

        result.findings += not_said(resource, site, places, hosts)
    result.edits[index] = edits
    result.copies[index] = _copied(resource, copies) if copies else []
    _check_sizes(resource, edits, result.copies[index], result.findings)


def _deny(  # noqa: PLR0913, PLR0917 - one caller
    resource: Resource, site: Site, found: Sequence[object], allowed: AllowSet, objects: Sequence[Edits], result: Plan
) -> None:
    if allowed.denying or any(isinstance(place, DenialPlace) for place in found):
        from . import denying

        denying.fill(resource, site, found, allowed, objects, result.findings)


def _copied(resource: Resource, copies: Sequence[tuple[str, Edits]]) -> list[Edits]:
    from .copies import copied

    return [copied(resource, key, further) for key, further in copies]


def _lists(places: Sequence[Place], hosts: list[str]) -> Edits:
    """`hosts` in every one of `places`, as it is written there."""
    return {place.path: place.written(hosts) for place in places}


def _check_sizes(resource: Resource, edits: Edits, copies: list[Edits], findings: list[Finding]) -> None:
    """Note what would be too large, `resource` itself or a copy."""
    own = len(repr(resource.value))
    for number, changes in enumerate((edits, *copies)):
        if _is_notable(own, changes):
            from .sizes import size_faults

            findings += size_faults(resource, resource.edited(changes), is_copy=number > 0)


def _is_notable(own: int, changes: Edits) -> bool:
    lists = [new for new in changes.values() if isinstance(new, list)]
    # Most lists are told by counting their names; rules hold every name, and several times.
    return any(isinstance(new, dict) or path[-1] in CHAINS for path, new in changes.items()) or (
        own + _LONGEST * sum(map(len, lists)) > _NOTABLE and own + sum(len(repr(new)) for new in lists) > _NOTABLE
    )

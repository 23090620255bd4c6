"""Rules for one list at a time: what Istio or Envoy would refuse, or never match."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.findings import ERROR, WARNING
from ...names.domain import PLACEHOLDER, Domain, InvalidDomain, ascii_quoted, minimise
from ...names.ports import pairs
from ...sites import GATEWAY, POLICY, ROUTES, site_of
from .fault import fault, some

if TYPE_CHECKING:
    from ...manifest.edits import Path
    from ...rendered.host_lists import HostList
    from ...rendered.rendered import Rendered
    from .fault import Fault, Faults, Options


def rule(found: Rendered, _options: Options) -> Faults:
    """The faults of every list by itself."""
    fine = {PLACEHOLDER}  # most names stand in four lists
    for name, lists in found.lists.items():
        for entry in lists:
            if not entry.names and not entry.is_missing:
                yield fault("empty", _EMPTY.get(entry.hop, _EMPTY[ROUTES]), entry.resource, entry.path)
            yield from _names(entry, fine)
            # Names of limited lists may stand below a wildcard that is for others.
            yield from _twice(entry, overlaps=entry.hop != GATEWAY or name not in found.rules)
            yield from _limit(entry)


_EMPTY = {
    GATEWAY: "is empty, which matches every name; render it with the function, or write egress-domains.invalid",
    ROUTES: "is empty, which Istio refuses",
    POLICY: "is empty, which network plugins take in several ways; render it with the function",
}


def _limit(entry: HostList) -> Faults:
    site, count = site_of(entry.resource), len(entry.names)
    if site is not None and site.limit and count > site.limit:
        more = "the function makes several objects" if site.makes_more else "divide the list into several sets"
        message = f"has {count} {entry.path[-1]}; the API server takes {site.limit} ({more})"
        yield fault("limit", message, entry.resource, entry.path)


def _names(entry: HostList, fine: set[str]) -> Faults:
    for index, name in enumerate(entry.names):
        if name in fine:
            continue
        path = (*entry.path, index)
        if not name and entry.hop == GATEWAY:
            yield fault("empty", "is an empty name, which matches every name; remove it", entry.resource, path)
            continue
        try:
            parsed = pairs(name)
        except InvalidDomain as refused:
            yield _proposing(str(refused), entry, path, name, refused.proposal)
            continue
        if parsed != (name,):
            message = f"{ascii_quoted(name)} matches nothing as it is written; write {some(parsed)}"
            yield _proposing(message, entry, path, name, parsed[0] if len(parsed) == 1 else "")
        else:
            fine.add(name)


def _proposing(message: str, entry: HostList, path: Path, name: str, proposal: str) -> Fault:
    """A fault in `name`, with what may be meant by it."""
    finding, place = fault("name", message, entry.resource, path)
    finding.value, finding.proposal = name, proposal
    return finding, place


_REPEATED = {
    GATEWAY: ("duplicate-name", "; Envoy refuses the listener", ERROR),
    POLICY: ("overlap", "", WARNING),
}


def _twice(entry: HostList, *, overlaps: bool) -> Faults:
    seen: set[str] = set()
    for index, name in enumerate(entry.names):
        if name in seen:
            rule_id, said, severity = _REPEATED.get(entry.hop, ("overlap", "; Istio refuses it", ERROR))
            yield fault(rule_id, f'"{name}" stands twice{said}', entry.resource, (*entry.path, index), severity)
        seen.add(name)
    covered = minimise(Domain(name) for name in seen if "." in name and overlaps)[1]
    if covered:
        # Only where hosts of one VirtualService overlap is it refused; elsewhere it is a name too many.
        refused = entry.hop == ROUTES and entry.path[-1] == "hosts"
        for index, name in enumerate(entry.names):
            cover = covered.get(Domain(name))
            if cover and refused:
                message = f'"{name}" is covered by "{cover}"; Istio refuses it: duplicate hosts in virtual service'
                yield fault("overlap", message, entry.resource, (*entry.path, index))
            elif cover:
                message = f'"{name}" is covered by "{cover}", and so without effect'
                yield fault("overlap", message, entry.resource, (*entry.path, index), WARNING)

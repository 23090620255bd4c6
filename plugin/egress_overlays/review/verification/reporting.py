"""Lists that only report: said loudly, with leave of the platform, up to their last day, as the ConfigMaps have it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from ...lists.reporting import EVERYBODY, read
from ...manifest.findings import WARNING
from ...manifest.resource import ALLOW_REPORT_ANNOTATION, ENFORCE_ANNOTATION, REPORT_UNTIL_ANNOTATION
from ...names.domain import ascii_quoted
from ...rendered.identities import shown
from ...sites.site import is_by_http
from .fault import fault

if TYPE_CHECKING:
    from ...lists.reporting import Reporting
    from ...manifest.edits import Path
    from ...manifest.resource import Resource
    from ...rendered.identities import ClientRules
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options

ONLY, OVER = "report-only", "report-over"


def rule(found: Rendered, options: Options) -> Faults:
    """What each gateway lets through and reports, once for each that asks for it."""
    for name, rules in found.rules.items():
        told: set[tuple[str, bool, Reporting]] = set()
        for one in rules:
            has_leave = any(_leaves(other, one) for other in rules)
            for report in one.reporting:
                if (one.resource.namespace, has_leave, report) not in told:
                    told.add((one.resource.namespace, has_leave, report))
                    where = _asking(found, name, report) or (one.resource, one.path)
                    yield from _told(name, report, where, options) if has_leave else _without_leave(name, one, report)
        yield from _stale(found, name, rules)


def whom(one: Reporting) -> str:
    """Its clients in words."""
    return "every workload" if one.clients == EVERYBODY else shown(one.clients)


def _asking(found: Rendered, name: str, one: Reporting) -> tuple[Resource, Path] | None:
    """The ConfigMap that asks for it, where it is at hand."""
    allowed = found.sets.get(name)
    sources = [known.source for known in allowed.reporting if known == one] if allowed else []
    return (sources[0], ("metadata", "annotations", ENFORCE_ANNOTATION)) if sources and sources[0] else None


def loud(one: Reporting, set_name: str) -> str:
    """That it refuses nothing yet, for a person to stumble over."""
    return f"{ascii_quoted(one.name)} ONLY REPORTS until {one.until}: {_reaching(one, set_name)}"


def _reaching(one: Reporting, set_name: str) -> str:
    return f"{whom(one)} may reach every name of the set {ascii_quoted(set_name)}"


def _leaves(one: ClientRules, to: ClientRules) -> bool:
    """Whether the object of `one` carries leave for that of `to`: itself, or the gateway for TLS for plain HTTP."""
    if one.resource is not to.resource and not (
        is_by_http(to.resource.value) and one.resource.namespace == to.resource.namespace
    ):
        return False
    return one.resource.annotations.get(ALLOW_REPORT_ANNOTATION) == "true"


def _without_leave(name: str, rules: ClientRules, one: Reporting) -> Faults:
    message = (
        f"lets through what {ascii_quoted(one.name)} would refuse, so that {_reaching(one, name)}, and does not carry "
        f"{ALLOW_REPORT_ANNOTATION}: build with the function, and with components/report if that is meant"
    )
    yield fault(OVER, message, rules.resource, rules.path)


def _told(name: str, one: Reporting, where: tuple[Resource, Path], options: Options) -> Faults:
    reaching = _reaching(one, name)
    if options.today is not None and _day(one.until) < options.today:
        message = (
            f"{ascii_quoted(one.name)} was to report until {one.until}, and refuses nothing still: {reaching}; take "
            f"{ENFORCE_ANNOTATION} off, or write a later {REPORT_UNTIL_ANNOTATION}"
        )
        yield fault(OVER, message, *where)
    else:
        yield fault(ONLY, f"{loud(one, name)}, and the log says so", *where, WARNING)


def _day(until: str) -> date:
    """The day; one that the calendar does not have is over."""
    try:
        return date.fromisoformat(until)
    except ValueError:
        return date.min


def _stale(found: Rendered, name: str, rules: list[ClientRules]) -> Faults:
    """A gateway that reports for others than the ConfigMaps and its own annotations say."""
    allowed = found.sets.get(name)
    if allowed is None or not rules:
        return
    wanted = set(allowed.reporting)
    for gateway in {id(one.resource): one.resource for one in rules}.values():
        if not {ENFORCE_ANNOTATION, REPORT_UNTIL_ANNOTATION}.isdisjoint(gateway.annotations):
            own, _ = read(gateway, EVERYBODY)
            wanted |= {own} if own is not None else set()
    for one in rules:
        for report in sorted(wanted.symmetric_difference(one.reporting), key=repr):
            here, there = ("in the ConfigMaps", "at the gateway")[:: 1 if report in wanted else -1]
            message = (
                f"{ascii_quoted(report.name)} reports until {report.until} for {whom(report)} {here}, and not {there}; "
                "was a list changed after the function ran?"
            )
            yield fault("stale", message, one.resource, one.path)
            return

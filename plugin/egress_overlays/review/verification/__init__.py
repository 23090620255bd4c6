"""What Istio, Envoy or the reviewers would find wrong in rendered or live manifests, before they are applied.

A rule is a function that takes the Rendered and yields Faults; all of them are in `_RULES`. What each
finding's `rule` stands for is in `RULES`, from which reports take their words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...rendered.locations import Location
from . import (
    agreement,
    beside,
    bundles,
    bypass,
    clients,
    copies,
    dangling,
    direct,
    emptiness,
    forwarded,
    gateway,
    guard,
    inside,
    kernel,
    lifetimes,
    names,
    reporting,
    resolution,
    risks,
    types,
    unlisted,
    unseen,
    waypoint,
)
from .catalogue import RULES
from .fault import Options, once

if TYPE_CHECKING:
    from ...manifest.findings import Finding
    from ...rendered.rendered import Rendered

__all__ = ["RULES", "Options", "Reported", "verify"]

_RULES = (
    names.rule,
    agreement.rule,
    gateway.rule,
    copies.rule,
    dangling.rule,
    bypass.rule,
    beside.rule,
    direct.rule,
    waypoint.rule,
    forwarded.rule,
    unlisted.rule,
    guard.rule,
    kernel.rule,
    inside.rule,
    clients.rule,
    reporting.rule,
    types.rule,
    risks.rule,
    resolution.rule,
    lifetimes.rule,
    emptiness.rule,
    bundles.rule,
    unseen.rule,
)


class Reported(NamedTuple):
    """A finding, and where in people's files it stands."""

    finding: Finding
    location: Location

    @property
    def said(self) -> str:
        """The message with the object and the place in it, but without the file."""
        resource = self.finding.resource
        prefix = f"{resource.origin}: " if resource is not None and resource.origin else ""
        return (self.finding.place + self.finding.message).removeprefix(prefix)


def verify(found: Rendered, options: Options = Options()) -> list[Reported]:  # noqa: B008 - it cannot be changed
    """Everything there is to say of `found`, in the order of files and lines."""
    reported = [Reported(finding, _of_list(found, finding)) for finding in found.findings]
    for finding, path in once([fault for rule in _RULES for fault in rule(found, options)]):
        if finding.group or not finding.resource:
            where = _of_list(found, finding)
        else:
            where = found.where.of(finding.resource, path)
        reported.append(Reported(finding, where))
    return sorted(reported, key=lambda one: one.location)


def _of_list(found: Rendered, finding: Finding) -> Location:
    if finding.resource is None:
        return Location(found.shown)
    if finding.group:
        return found.where.entry(finding.resource, finding.group, finding.line)
    return found.where.of(finding.resource)

"""Report-only: what a gateway's rules say of clients that no list lets through; loaded where something reports.

Envoy asks `on_no_match` when no rule of the lists has matched, so that what stands there decides about the refused
connections and about no others (Envoy, xds.type.matcher.v3.Matcher). It opens; so it takes leave of the platform, and
`read` knows exactly what `otherwise` writes.
"""

from __future__ import annotations

import re

from ..lists.reporting import EVERYBODY, REPORT, Reporting
from ..lists.reporting import read as asked
from ..manifest.findings import Finding, fault_of
from ..manifest.resource import (
    ALLOW_REPORT_ANNOTATION,
    ENFORCE_ANNOTATION,
    INJECT_ANNOTATION,
    REPORT_ANNOTATIONS,
    REPORT_UNTIL_ANNOTATION,
    SHARD_ANNOTATION,
    Resource,
)
from ..names.domain import ascii_quoted
from ..sites import USUAL, site_of
from ..sites.site import is_by_http
from .identities import among, clients_of, identity, trusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from ..lists.allowlist import AllowSet
    from . import Plan

TITLE = "reported by "
_ELSE = "rbac_access_denied_matched_policy[none]"
_TITLE = re.compile(re.escape(TITLE) + r"(?P<name>.+) until (?P<until>\d{4}-\d\d-\d\d), else " + re.escape(_ELSE))


def otherwise(reporting: Sequence[Reporting], domains: Sequence[str]) -> dict[str, Any]:
    """The `on_no_match` by which the clients of `reporting`, of the trust `domains`, are let through and logged.

    The log names the rule: what reports, its last day, and what the connection is refused by once it is enforced.
    """
    rules = [
        among(
            f"{TITLE}{one.name} until {one.until}, else {_ELSE}",
            [identity(trusted(domains), client) for client in sorted(one.clients)],
        )
        for one in reporting
    ]
    return {"matcher": {"matcher_list": {"matchers": rules}}}


def read(node: Any) -> list[Reporting] | None:
    """What reports by the `on_no_match` that is `node`; None where the function does not write it so."""
    try:
        found, domains = [], set()
        for rule in node["matcher"]["matcher_list"]["matchers"]:
            title = _TITLE.fullmatch(rule["on_match"]["action"]["typed_config"]["name"])
            expression = rule["predicate"]["single_predicate"]["value_match"]["safe_regex"]["regex"]
            read_as = clients_of(expression)
            if title is None:
                return None
            domains |= {of for of, _ in read_as}
            found.append(Reporting(title["name"], frozenset(client for _, client in read_as), title["until"]))
        (whole,) = domains
        return found if node == otherwise(found, whole) else None
    except (KeyError, TypeError, ValueError, IndexError):
        return None


def judge(resources: Sequence[Resource], result: Plan) -> None:
    """Have the sets of `result` report for whom their gateways do, and say what may not or cannot."""
    for name in list(result.sets):
        gateways = [one for one in resources if _is_gateway(one) and one.annotations[INJECT_ANNOTATION] == name]
        for one in gateways:
            if not {ENFORCE_ANNOTATION, REPORT_UNTIL_ANNOTATION}.isdisjoint(one.annotations):
                whole, faults = asked(one, EVERYBODY)
                result.findings += faults
                if whole is not None:
                    result.sets[name] = result.sets[name].reported_by(whole)
        result.findings += _without_leave(result.sets[name], gateways)
    sources = [source for allowed in result.sets.values() for source in allowed.sources]
    for one in resources:
        result.findings += _misplaced(one, is_source=one in sources)


def _is_gateway(resource: Resource) -> bool:
    """Whether it says of a set what reports; for plain HTTP the same holds."""
    site = site_of(resource)
    return (
        INJECT_ANNOTATION in resource.annotations
        and SHARD_ANNOTATION not in resource.annotations
        and site is not None
        and site.checks_clients
        and not is_by_http(resource.value)
    )


def _without_leave(allowed: AllowSet, gateways: Sequence[Resource]) -> Iterator[Finding]:
    """Each that reports at a gateway whose platform has not allowed it, or where there is nothing to report."""
    for one in allowed.reporting:
        if one.source is None:
            continue
        where = f"annotation {ENFORCE_ANNOTATION}"
        if not gateways:
            kind = next(site for site in USUAL if site.checks_clients)
            message = (
                f"asks for {ENFORCE_ANNOTATION}: {REPORT}, and no {kind.kind} takes the set "
                f"{ascii_quoted(allowed.name)}: nothing here could let through what the list would refuse, and log it; "
                "remove the annotation, and the list is enforced"
            )
            yield fault_of(one.source, message, "reporting", where)
        for gateway in gateways:
            if gateway.annotations.get(ALLOW_REPORT_ANNOTATION) != "true":
                message = (
                    f"asks for {ENFORCE_ANNOTATION}: {REPORT}, which lets through what the list would refuse, and "
                    f"{gateway.described} does not allow it; whoever runs the gateway adds components/report before "
                    "the function, or remove the annotation"
                )
                yield fault_of(one.source, message, "reporting", where)
        if allowed.limits is None:
            message = (
                f"has nothing to report: every name of the set {ascii_quoted(allowed.name)} is for every workload; "
                "remove the annotation, or limit a list to clients"
            )
            yield fault_of(one.source, message, "reporting", where)


def _misplaced(resource: Resource, *, is_source: bool) -> Iterator[Finding]:
    """Annotations about reporting where nobody reads them, or that say something else."""
    for key in REPORT_ANNOTATIONS:
        if key not in resource.annotations:
            continue
        if key == ALLOW_REPORT_ANNOTATION:
            if not _is_gateway(resource):
                message = f"carries {key}, which is for the EnvoyFilter of a gateway; take it out"
                yield fault_of(resource, message, "reporting", f"annotation {key}")
            elif resource.annotations[key] != "true":
                said = ascii_quoted(str(resource.annotations[key]))
                yield fault_of(resource, f'{said} means nothing; write "true"', "reporting", f"annotation {key}")
        elif not (is_source or _is_gateway(resource)):
            message = f"carries {key}, which is for a domains ConfigMap or the EnvoyFilter of a gateway; take it out"
            yield fault_of(resource, message, "reporting", f"annotation {key}")


__all__ = ["TITLE", "judge", "otherwise", "read"]

"""Say whether names are allowed, and why.

Exit code 0: all of them are; 1: one is not, or is a name that no list may hold. With --all: what each hop matches by.
A HOST with a leading *. asks for every name below it. Without --as, a name that is limited to some clients counts as
allowed, and the answer names them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..lists.clients import are_for
from ..manifest.fields import texts
from ..manifest.findings import ERROR
from ..manifest.resource import CHAINS_ANNOTATION
from ..names.domain import Domain, InvalidDomain
from ..names.ports import pairs
from ..rendered.checking import check
from ..rendered.host_lists import beside
from ..rendered.reach import nearest
from ..review.verification import verify
from ..review.verification.catalogue import BREAK, OPEN, effect
from ..sites import BY_REGISTERING, POLICY, acts
from . import denied, formats, inputs, reported
from .console import Failure
from .report import BAD, DOUBTFUL, GOOD, Column, Line, Report, Row, Section

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from ..lists.clients import Client
    from ..manifest.findings import Finding
    from ..rendered.host_lists import HostList
    from ..rendered.reach import Verdict
    from ..rendered.rendered import Rendered
    from ..review.verification import Reported
    from .console import Console

EXAMPLE = "egress-overlays check en.wikipedia.org pypi.org overlays/prod"


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("hosts", nargs="+", metavar="HOST", help="a host name, as an application would ask for it")
    inputs.add_path(parser)
    parser.add_argument(
        "--as", dest="client", default="", metavar="NAMESPACE/SERVICEACCOUNT", help="ask for this workload of the mesh"
    )
    parser.add_argument("--all", action="store_true", help="show what every list of every hop says, too")
    inputs.add_report(parser)


def run(arguments: Namespace, console: Console) -> int:
    """Print the answers; 1 where one is no."""
    client = inputs.workload(arguments.client)
    for host in arguments.hosts:
        inputs.no_path(host)
    found = inputs.read_lists(arguments.path, console)
    faults = verify(found)
    answers = [asked(found, text, client, faults) for text in arguments.hosts]
    report = Report(
        "check",
        f"{', '.join(arguments.hosts)} in {found.shown}",
        {"path": found.path, "hosts": answers},
        headlines=list(map(_headline, answers)),
        sections=[_section(one, found) for one in answers if one["sets"]],
    )
    formats.write(report, arguments, console)
    return 0 if all(one["allowed"] for one in answers) else 1


def asked(
    found: Rendered, text: str, client: Client | None, faults: Sequence[Reported], *, near: bool = True
) -> dict[str, Any]:
    """The answer for what a person asked for, where verify says `faults`; `near`: with the name that may be meant."""
    try:
        parsed = pairs(text)
    except InvalidDomain as fault:
        denied = {"host": text, "allowed": False, "reason": f"no list may hold it: {fault}", "sets": []}
        return denied if client is None else {**denied, "as": str(client)}
    if len(parsed) > 1:
        raise Failure(f'"{text}" means two names; ask for "{parsed[0]}" and "{parsed[1]}"')
    return answer(found, parsed[0], client, faults, near=near)


def answer(
    found: Rendered, host: Domain, client: Client | None, faults: Sequence[Reported], *, near: bool = True
) -> dict[str, Any]:
    """The answer for one name, asked for by `client` where one is given, as data, where verify says `faults`."""
    verdicts = check(host, found, client)
    result: dict[str, Any] = {"host": str(host), "allowed": any(verdict.allowed for verdict in verdicts), "sets": []}
    if client is not None:
        result["as"] = str(client)
    if not verdicts:  # a domains ConfigMap alone: there is no hop yet
        listed = {
            name: _listed(found, name, host, client) if _meant(found, name, host, client) else []
            for name in found.names
        }
        for name, entries in listed.items():
            reports = reported.by_lists(found, name, host, client) if not entries else None
            # Without an entry nobody is meant, which is no limit that somebody wrote.
            clients = found.clients(name, host) if entries or reports else None
            is_denied = any(Domain(hole).meets(host) for hole in found.holes(name))
            result["sets"].append(
                {
                    "set": name,
                    "allowed": ((bool(entries) and clients != frozenset()) or reports is not None) and not is_denied,
                    **reported.data(None if is_denied else reports),
                    "clients": None if clients is None else sorted(clients),
                    "hops": {},
                    "listed": entries,
                }
            )
        result["allowed"] = any(one["allowed"] for one in result["sets"])
    for verdict in verdicts:
        result["sets"].append(
            {
                "set": verdict.set_name,
                "allowed": verdict.allowed,
                **({"direct": True} if verdict.is_direct else {}),
                **reported.data(verdict.reported),
                "clients": None if verdict.clients is None else sorted(verdict.clients),
                "hops": {hop: _hop(found, verdict, hop) for hop in verdict.hops},
                "listed": _listed(found, verdict.set_name, host, client),
            }
        )
    taken = denied.lines(found, verdicts, host, client)
    if taken:
        result["denied"] = taken
        result["allowed"] = any(one["allowed"] for one in result["sets"])
    known = {name for set_name in found.names for name in found.hosts(set_name)} if near else set()
    if near and not result["allowed"] and not any(entry.matches(host) for entry in map(Domain, known)):
        alike = nearest(host, known)
        result["nearest"] = {"name": alike[0], "why": alike[1]} if alike else None
    result |= reported.of_answer(result["sets"], [found.reporting(verdict.set_name) for verdict in verdicts])
    limit = _limit(verdicts, client)
    limited = [limit, *(denied.said(one, host) for one in taken[:1])] if limit else []
    result["reason"] = "; ".join(limited) or reported.said(result) or _why(result)
    result["beside"] = [_way(one) for one in faults if _opens(one.finding, host)]
    result["broken"] = [_way(one) for one in faults if _breaks(one.finding)]
    if result["beside"] and not result["allowed"]:
        result["reason"] += f"; but {_objects(result['beside'])} may let it past the lists (`verify` says how)"
    elif result["allowed"] and (result["broken"] or result["beside"]):
        faulty = _objects([*result["broken"], *result["beside"]])
        result["reason"] += f"; but {faulty} may keep it from working (`verify` says why)"
    return result


def _objects(ways: list[dict[str, Any]]) -> str:
    first, *others = dict.fromkeys(one["object"] for one in ways)
    return f"{first} and {len(others)} more" if others else str(first)


def _opens(finding: Finding, host: Domain) -> bool:
    """Whether it may let `host` past the lists: an error for every name, a neighbour's ServiceEntry for its own."""
    if effect(finding.rule) != OPEN or not finding.resource:
        return False
    if not acts(finding.resource, BY_REGISTERING):
        return finding.severity == ERROR
    own = texts(finding.resource.value.get("spec"), "hosts")
    return finding.rule == "bypass" or any(Domain(name.lower()).covers(host) for name in own)


def _breaks(finding: Finding) -> bool:
    return effect(finding.rule) == BREAK and finding.severity == ERROR and finding.resource is not None


def _way(one: Reported) -> dict[str, Any]:
    resource = one.finding.resource
    return {"object": resource.described if resource else "", "rule": one.finding.rule, "does": one.finding.message}


def _meant(found: Rendered, name: str, host: Domain, client: Client | None) -> bool:
    """Whether a ConfigMap's list is for `client`; all are where none is given."""
    clients = found.clients(name, host)
    return client is None or are_for(clients, client)


def _hop(found: Rendered, verdict: Verdict, hop: str) -> list[dict[str, Any]]:
    strangers = [entry for stranger in found.strangers for entry in stranger.lists]
    said: dict[int, tuple[HostList, str | None]] = {}
    for entry, match in verdict.hops[hop]:
        # Chains that share a list are one list to whoever asks.
        key = id(entry.resource if CHAINS_ANNOTATION in entry.resource.annotations else entry)
        if key not in said or (match and not said[key][1]):
            said[key] = entry, match
    return [
        {
            "kind": entry.resource.kind,
            "namespace": entry.resource.namespace,
            "name": entry.resource.name,
            "match": match,
            "inSet": entry not in strangers,
        }
        for entry, match in said.values()
    ]


def _listed(found: Rendered, name: str, host: Domain, client: Client | None) -> list[dict[str, Any]]:
    """The entries that cover `host`, those of lists that are for `client` in front."""
    allowed = found.sets.get(name)
    holes = allowed.holes if allowed else None
    entries = [
        entry
        for entry in (allowed.entries if allowed else ())
        if entry.domain.covers(host) and not (holes and holes.denies(entry.source, host))
    ]
    if allowed and client is not None:
        limits = allowed.clients
        entries.sort(key=lambda entry: not are_for(limits.get(entry.source), client))
    places = [found.where.entry(entry.source, entry.group, entry.line) for entry in entries]
    return [
        {
            "name": str(entry.domain),
            "group": entry.group,
            "configMap": entry.source.name,
            "file": place.file,
            "line": place.line or None,
            "comment": entry.comment,
        }
        for entry, place in zip(entries, places, strict=True)
    ]


def _headline(one: dict[str, Any]) -> Line:
    asked = f" as {one['as']}" if "as" in one else ""
    word = "allowed" if one["allowed"] else "denied"
    word += ", reported" if "reported" in one else ""
    reason = f": {one['reason']}" if one["reason"] else ""
    return Line(
        f"{one['host']}{asked}: {word}{reason}",
        GOOD if one["allowed"] and "reported" not in one else DOUBTFUL if one["allowed"] else BAD,
    )


def _section(one: dict[str, Any], found: Rendered) -> Section:
    """What every hop of every set says."""
    rows = []
    several = len(one["sets"]) > 1
    for verdict in one["sets"]:
        name = verdict["set"] if several else ""
        for hop, entries in verdict["hops"].items():
            for entry in entries:
                match = f"matches {entry['match']}" if entry["match"] else "no entry matches"
                where = f"{entry['kind']} {entry['namespace']}/{entry['name']}"
                rows.append(Row((name, hop, match, where + ("" if entry["inSet"] else ", which is of no set"))))
            if not entries:
                what = beside(found.lists[verdict["set"]]).get(hop, "list").partition(" ")[0]
                rows.append(Row((name, hop, f"there is no {what} for it here", "")))
        if verdict["clients"] is not None:
            rows.append(Row((name, "clients", ", ".join(verdict["clients"]) or "none", "")))
        rows += [Row((name, "listed", entry["name"], _written(entry))) for entry in verdict["listed"]]
    return Section(Line(one["host"]), (Column(""), Column("", matters=2), Column(""), Column("")), rows, is_detail=True)


def _written(entry: dict[str, Any]) -> str:
    place = f"{entry['file']}:{entry['line']}" if entry["line"] else entry["file"]
    return f"in group {entry['group']}, {place}" + (f"  # {entry['comment']}" if entry["comment"] else "")


def _limit(verdicts: Sequence[Verdict], client: Client | None) -> str:
    """For whom the name is, where that is all that denies it to `client`; which hop says so is a detail."""
    if client is None or any(verdict.allowed for verdict in verdicts):
        return ""
    for clients in (verdict.clients for verdict in verdicts):
        if clients and not are_for(clients, client):
            return f"limited to {', '.join(sorted(clients))}"
    return ""


def _why(one: dict[str, Any]) -> str:
    """Why the answer is what it is, in a few words."""
    allowing = next((verdict for verdict in one["sets"] if verdict["allowed"]), None)
    if allowing is not None:
        clients = allowing["clients"]
        limited = f"for {', '.join(clients)} alone" if clients is not None and "as" not in one else ""
        listed = next((f"{entry['name']} {_written(entry)}" for entry in allowing["listed"]), "")
        directly = "by the sidecar, directly: addresses are not checked" if "direct" in allowing else ""
        return "; ".join(filter(None, (limited, directly, listed)))
    if one.get("denied"):
        return denied.said(one["denied"][0], one["host"])
    for verdict in one["sets"]:
        # A policy of the network beside the mesh's hops decides nothing.
        deciding = [hop for hop in verdict["hops"] if hop != POLICY] or list(verdict["hops"])
        here = [hop for hop in deciding if any(entry["match"] for entry in verdict["hops"][hop])]
        if verdict["clients"] is not None and here == deciding:
            return f"limited to {', '.join(verdict['clients'])}" if verdict["clients"] else "it is for nobody"
        if here:
            other = next(hop for hop in deciding if hop not in here)
            return f"the {here[0]} matches it, but no list of the {other} does"
    near = one.get("nearest")
    return f"it is on no list; {near['name']} {near['why']}" if near else "it is on no list"

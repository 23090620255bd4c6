"""Say whether names are allowed, by which entry at each hop, and who listed it.

Exit code 0: all of them are; 1: one is not. A HOST with a leading *. asks for every name below it. Without --as, a name
that is limited to some clients counts as allowed, and the answer names them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..names import parse
from ..names.domain import Domain, InvalidDomain
from ..rendered.host_lists import GATEWAY, HOPS, SIDECAR
from ..rendered.reach import check, nearest
from . import inputs
from .console import Failure
from .output import Paint, printable, structured

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from ..lists.clients import Client
    from ..rendered.reach import Verdict
    from ..rendered.rendered import Rendered
    from .console import Console

EXAMPLE = "egress-overlays check en.wikipedia.org pypi.org overlays/prod"
_KINDS = {SIDECAR: "VirtualService", GATEWAY: "EnvoyFilter"}


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("hosts", nargs="+", metavar="HOST", help="a host name, as an application would ask for it")
    inputs.add_path(parser)
    parser.add_argument(
        "--as", dest="client", default="", metavar="NAMESPACE/SERVICEACCOUNT", help="ask for this workload of the mesh"
    )
    inputs.add_output(parser)


def run(arguments: Namespace, console: Console) -> int:
    """Print the answers; 1 where one is no."""
    hosts = [_host(text) for text in arguments.hosts]
    client = inputs.workload(arguments.client)
    found = inputs.read_lists(arguments.path, console)
    answers = [answer(found, host, client) for host in hosts]
    if arguments.output == "text":
        paint = Paint(console, console.out)
        for one in answers:
            _print(one, paint, console)
    else:
        console.write(structured({"path": found.path, "hosts": answers}, arguments.output))
    return 0 if all(one["allowed"] for one in answers) else 1


def _host(text: str) -> Domain:
    try:
        parsed = parse(text)
    except InvalidDomain as fault:
        raise Failure(f"cannot be asked for: {fault}") from None
    if len(parsed) > 1:
        raise Failure(f'"{text}" means two names; ask for "{parsed[0]}" and "{parsed[1]}"')
    return parsed[0]


def answer(found: Rendered, host: Domain, client: Client | None = None) -> dict[str, Any]:
    """The answer for one name, asked for by `client` where one is given, as data."""
    verdicts = check(host, {name: found.counting(name) for name in found.lists}, found.rules, client)
    result: dict[str, Any] = {"host": str(host), "allowed": any(verdict.allowed for verdict in verdicts), "sets": []}
    if client is not None:
        result["as"] = str(client)
    if not verdicts:  # a domains ConfigMap alone: there is no hop yet
        listed = {name: _listed(found, name, host) if _meant(found, name, host, client) else [] for name in found.names}
        for name, entries in listed.items():
            # Without an entry nobody is meant, which is no limit that somebody wrote.
            clients = found.clients(name, host) if entries else None
            result["sets"].append(
                {
                    "set": name,
                    "allowed": bool(entries) and clients != frozenset(),
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
                "clients": None if verdict.clients is None else sorted(verdict.clients),
                "hops": {hop: _hop(found, verdict, hop) for hop in HOPS},
                "listed": _listed(found, verdict.set_name, host),
            }
        )
    known = {name for set_name in found.names for name in found.hosts(set_name)}
    if not result["allowed"] and not any(entry.matches(host) for entry in map(Domain, known)):
        near = nearest(host, known)
        result["nearest"] = {"name": near[0], "why": near[1]} if near else None
    return result


def _meant(found: Rendered, name: str, host: Domain, client: Client | None) -> bool:
    """Whether a ConfigMap's list is for `client`; all are where none is given."""
    clients = found.clients(name, host)
    if client is None or clients is None:
        return True
    return any(one.admits(client.namespace, client.service_account) for one in clients)


def _hop(found: Rendered, verdict: Verdict, hop: str) -> list[dict[str, Any]]:
    strangers = [entry for stranger in found.strangers for entry in stranger.lists]
    return [
        {
            "kind": entry.resource.kind,
            "namespace": entry.resource.namespace,
            "name": entry.resource.name,
            "match": match,
            "inSet": entry not in strangers,
        }
        for entry, match in verdict.hops[hop]
    ]


def _listed(found: Rendered, name: str, host: Domain) -> list[dict[str, Any]]:
    allowed = found.sets.get(name)
    entries = [entry for entry in allowed.entries if entry.domain.covers(host)] if allowed else []
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


def _print(one: dict[str, Any], paint: Paint, console: Console) -> None:
    word = paint("allowed", "green") if one["allowed"] else paint("denied", "red")
    asked = f" as {one['as']}" if "as" in one else ""
    console.write(f"{one['host']}{asked}: {word}")
    for verdict in one["sets"]:
        if len(one["sets"]) > 1:
            console.write(f"  set {printable(verdict['set'])}: {'allowed' if verdict['allowed'] else 'denied'}")
        for hop, entries in verdict["hops"].items():
            for entry in entries:
                match = f"matches {entry['match']}" if entry["match"] else "no entry matches"
                where = printable(f"{entry['kind']} {entry['namespace']}/{entry['name']}")
                where += "" if entry["inSet"] else ", which is of no set"
                console.write(f"  {hop:<8} {match} ({where})")
            if not entries:
                console.write(f"  {hop:<8} there is no {_KINDS[hop]} for it here")
        if verdict.get("clients") is not None:
            console.write(f"  clients  {', '.join(verdict['clients']) or 'none'}")
        for entry in verdict["listed"]:
            place = f"{entry['file']}:{entry['line']}" if entry["line"] else entry["file"]
            comment = f"  # {entry['comment']}" if entry["comment"] else ""
            console.write(printable(f"  listed   {entry['name']} in group {entry['group']}, {place}{comment}"))
    if one.get("nearest"):
        console.write(f"  nearest  {one['nearest']['name']} {one['nearest']['why']}")

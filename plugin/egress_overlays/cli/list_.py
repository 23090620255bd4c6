"""Print the effective list: every name, its group, and who wrote it where.

Lines of the domains ConfigMaps that are left out of the manifests (repeated, or covered by a
wildcard) are printed too, and say so. A risk is that of verify. A rendered file holds no ConfigMaps, and so no groups.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..lists.fields import Fields
from ..names.domain import Domain
from ..rendered.blame import Blame
from ..review.governing import reported_at
from ..review.rows import risk
from ..review.verification.lifetimes import lifetime
from . import formats, inputs, reported
from .check import answer
from .formats.escaping import visible
from .governing import Governance, breaking
from .report import BAD, SOFT, Column, Report, Row, Section

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator
    from datetime import date

    from ..lists import Entry
    from ..lists.allowlist import AllowSet
    from ..lists.clients import Client
    from ..manifest.resource import Resource
    from ..rendered.rendered import Rendered
    from .console import Console

EXAMPLE = "egress-overlays list overlays/prod"
COLUMNS = (
    Column("name", is_quoted=True, matters=9),
    Column("set", is_quoted=True, matters=6),
    Column("group", is_quoted=True, matters=3),
    Column("owner", is_quoted=True, matters=6),
    Column("until", matters=7),
    Column("clients", matters=7),
    Column("risk", matters=8),
    Column("from", is_quoted=True, matters=4),
    Column("since", is_quoted=True, matters=6),
    Column("remark", matters=5),
    Column("comment", is_quoted=True, matters=2),
)


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    inputs.add_path(parser)
    parser.add_argument(
        "--as",
        dest="client",
        default="",
        metavar="NAMESPACE/SERVICEACCOUNT",
        help="the names that this workload of the mesh may reach, alone",
    )
    inputs.add_today(parser)
    parser.add_argument("--blame", action="store_true", help="since when each line is there, by which commit (git)")
    inputs.add_report(parser)


def run(arguments: Namespace, console: Console) -> int:
    """Print the list; 0."""
    found = inputs.read_lists(arguments.path, console)
    sets = [listed(found, name, arguments.today) for name in found.names]
    _mark_broken(found, sets, Governance(arguments.today, console.refuse))
    client = inputs.workload(arguments.client)
    blame = Blame() if arguments.blame else None
    for word in reported.loudly(found):
        console.say(f"egress-overlays: {word}")
    for one in sets:
        if client is not None:
            one["hosts"] = [host for host in one["hosts"] if answer(found, Domain(host), client, ())["allowed"]]
            one["entries"] = [entry for entry in one["entries"] if entry["effective"] and entry["name"] in one["hosts"]]
        for entry in one["entries"] if blame else ():
            commit = blame.of(entry["file"], entry["line"]) if blame and entry["line"] else None
            entry["commit"] = commit._asdict() if commit else None
        if not one["hosts"]:
            console.say(f"egress-overlays: the set {visible(one['set'])} admits nothing")
    data = {"path": found.path, "sets": sets}
    formats.write(Report("list", found.shown, data, sections=[_section(sets)]), arguments, console)
    return 0


def listed(found: Rendered, name: str, today: date | None = None) -> dict[str, Any]:
    """One set as data: `hosts`, the effective list; `entries`, lines of ConfigMaps, or hosts where none is at hand.

    Last days are judged by `today`, where it is given.
    """
    hosts = dict.fromkeys(found.hosts(name))
    allowed = found.sets.get(name)
    entries = []
    explained = set()
    covers: dict[str, list[str]] = {}
    if allowed is not None:
        for covered, cover in sorted(allowed.covered.items()):
            covers.setdefault(cover, []).append(covered)
        for entry in allowed.entries:
            place = found.where.entry(entry.source, entry.group, entry.line)
            domain = str(entry.domain)
            entries.append(
                {
                    "name": domain,
                    "clients": _sorted(allowed.clients.get(entry.source)),
                    "group": entry.group,
                    "comment": entry.comment,
                    **_fields(entry.fields, today),
                    "configMap": entry.source.name,
                    "file": place.file,
                    "line": place.line or None,
                    "effective": domain in hosts and domain not in explained,
                    "repeated": domain in explained,
                    "coveredBy": allowed.cover_of(entry),
                    "covers": covers.get(domain, []),
                    **_denier(allowed, entry),
                    "risk": risk(domain),
                    **_reports(allowed, entry.source),
                }
            )
            explained.add(domain)
    entries += _denials(found, name, today)
    entries += _unexplained(found, name, [host for host in hosts if host not in explained])
    entries.sort(key=lambda entry: str(entry["name"]).removeprefix("!").removeprefix("*."))
    denied = found.holes(name)
    return {"set": name, "hosts": list(hosts), **({"denied": list(denied)} if denied else {}), "entries": entries}


def _mark_broken(found: Rendered, sets: list[dict[str, Any]], governance: Governance) -> None:
    """Say of every line which rules of one's own it breaks."""
    entries = {(one["configMap"], one["file"], one["line"], one["name"]): one for its in sets for one in its["entries"]}
    for broken in governance.broken(found.path, found):
        place = reported_at(broken, found).location
        key = broken.entry.source.name, place.file, place.line or None, broken.finding.value
        if key in entries:
            entries[key].setdefault("policy", []).append(broken.words)


def _denials(found: Rendered, name: str, today: date | None) -> Iterator[dict[str, Any]]:
    """The lines that deny, and what the manifests deny without one."""
    denied = dict.fromkeys(found.holes(name))
    allowed = found.sets.get(name)
    seen = set()
    exceptions = found.exceptions(name)
    for entry in allowed.denying if allowed is not None else ():
        place = found.where.entry(entry.source, entry.group, entry.line)
        is_limited = allowed is not None and entry.source in allowed.clients
        key = entry.domain, entry.source if is_limited else None
        yield {
            **_blank(f"!{entry.domain}"),
            "clients": _sorted(allowed.clients.get(entry.source)) if allowed else None,
            "group": entry.group,
            "comment": entry.comment,
            **_fields(entry.fields, today),
            "configMap": entry.source.name,
            "file": place.file,
            "line": place.line or None,
            "effective": entry.domain in (exceptions if is_limited else denied) and key not in seen,
            "repeated": key in seen,
        }
        seen.add(key)
    lines = {domain for domain, _ in seen} | {*exceptions}
    places = {hole: holder for holder in (found.lists.get(name, ()) if denied else ()) for hole in holder.holes}
    for hole in denied:
        if hole not in lines:
            place = found.where.of(places[hole].resource)
            yield {**_blank(f"!{hole}"), "file": place.file, "line": place.line or None}


def _blank(name: str) -> dict[str, Any]:
    """A line of which nothing but its name is known."""
    return {
        "name": name,
        "clients": None,
        "group": None,
        "comment": "",
        **_fields(Fields(), None),
        "configMap": None,
        "file": None,
        "line": None,
        "effective": True,
        "repeated": False,
        "coveredBy": None,
        "covers": [],
        "risk": None,
    }


def _unexplained(found: Rendered, name: str, hosts: list[str]) -> Iterator[dict[str, Any]]:
    """Names of the manifests that no ConfigMap at hand holds."""
    places = {
        host: (holder.resource, holder.path if holder.is_missing else (*holder.path, index))
        for holder in reversed(found.counting(name) if hosts and name in found.lists else [])
        for index, host in enumerate(holder.matching)
    }
    for host in hosts:
        place = found.where.of(*places[host])
        yield {
            **_blank(host),
            "clients": _sorted(found.clients(name, host)),
            "file": place.file,
            "line": place.line or None,
            "risk": risk(host),
        }


def _reports(allowed: AllowSet, source: Resource) -> dict[str, str]:
    until = next((one.until for one in allowed.reporting if one.source is source), "")
    return {"reportsUntil": until} if until else {}


def _denier(allowed: AllowSet, entry: Entry) -> dict[str, str]:
    by = allowed.denier_of(entry)
    return {"deniedBy": str(by)} if by is not None else {}


def _fields(own: Fields, today: date | None) -> dict[str, Any]:
    last = own.last_day
    return {
        "owner": own.owner or None,
        "ticket": own.ticket or None,
        "until": last.isoformat() if last else None,
        "lifetime": (lifetime(last, today) if today else "") or None,
    }


def _sorted(clients: Iterable[Client] | None) -> list[str] | None:
    """The clients that a line is limited to; None for every workload."""
    return None if clients is None else sorted(clients)


def _section(sets: list[dict[str, Any]]) -> Section:
    several = len(sets) > 1
    rows = []
    for one in sets:
        for entry in one["entries"]:
            place = f"{entry['file']}:{entry['line']}" if entry["line"] else entry["file"]
            set_name = one["set"] if several else ""
            clients = "" if entry["clients"] is None else ", ".join(entry["clients"]) or "nobody"
            is_effective = entry["effective"] and not _effect(entry).startswith("open to every")
            commit = entry.get("commit")
            since = f"{commit['date']} {commit['author']}, {commit['id']}" if commit else ""
            kind = entry["risk"]["class"] if entry["risk"] else ""
            cells = (
                entry["name"],
                set_name,
                entry["group"] or "",
                entry["owner"] or "",
                " ".join(filter(None, (entry["until"], entry["lifetime"]))),
                clients,
                kind,
                place,
                since,
                _remark(entry),
                entry["comment"],
            )
            rows.append(Row(cells, BAD if "policy" in entry else "" if is_effective else SOFT))
    return Section(None, COLUMNS if rows else (), rows)


def _remark(entry: dict[str, Any]) -> str:
    return "; ".join(filter(None, (breaking(entry), _effect(entry))))


def _effect(entry: dict[str, Any]) -> str:
    if entry["coveredBy"] == entry["name"]:
        return "open to every workload by another list"
    if entry["coveredBy"]:
        return f"covered by {entry['coveredBy']}"
    if not entry["effective"]:
        denied = f"denied by !{entry['deniedBy']}" if entry.get("deniedBy") else ""
        return denied or ("repeated" if entry["repeated"] else "not in the manifests")
    if "reportsUntil" in entry:
        return f"ONLY REPORTS until {entry['reportsUntil']}"
    if entry["covers"]:
        return f"covers {', '.join(entry['covers'][:3])}" + (", ..." if len(entry["covers"]) > 3 else "")
    return ""

"""Say what each entry of a list was used for, by access logs: hits, clients, what was refused, what went past it.

Nothing is called unused where the logs cover less time than --since. A connection leaves a line in the sidecar, and two
in the gateway: it counts once. --remove-unused prints the change to the files as a diff, and changes nothing. -o
prometheus counts connections by list and group, for a node exporter's textfile collector (components/monitoring).
"""

from __future__ import annotations

import re
from datetime import timedelta
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..lists.clients import Client
from ..lists.denials import MARK
from ..manifest.quantities import many
from ..names.domain import Domain, ascii_quoted
from ..review.verification.lifetimes import EXPIRED, EXPIRING
from . import formats, inputs, list_, logs
from .console import Failure
from .report import BAD, DOUBTFUL, GOOD, SOFT, Column, Line, Report, Row, Section

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from ..logs.tally import Tally
    from ..logs.usage import Asked, Usage, Use
    from .console import Console

__doc__ = f"{__doc__}\n{logs.LOGS}\n"

EXAMPLE = "egress-overlays usage --since 14d gateway.log.gz sidecars/ overlays/prod"
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_SINCE = re.compile(r"(\d{1,5})([dhm])")
_SHOWN = 3
_FIRST = 5  # names in a headline


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("logs", nargs="+", metavar="LOG", help="logs")
    inputs.add_path(parser)
    parser.add_argument(
        "--since",
        default="14d",
        metavar="TIME",
        help="a shorter log calls nothing unused: 14d, 36h, 90m (default: 14d)",
    )
    parser.add_argument(
        "--exit-code",
        action="store_true",
        help="exit 1 where an entry is unused, or something was refused, reported or went past",
    )
    parser.add_argument("--remove-unused", action="store_true", help="print a diff that takes unused entries away")
    logs.configure(parser)
    inputs.add_today(parser)
    inputs.add_report(parser, "markdown", "html", "prometheus")


def run(arguments: Namespace, console: Console) -> int:
    """Print what was used; 0, or 1 with --exit-code where something is to be done."""
    from ..logs.usage import usage

    since = _since(arguments.since)
    found = inputs.read_lists(arguments.path, console)
    rows = [
        {**entry, "set": name}
        for name in found.names
        for entry in list_.listed(found, name, arguments.today)["entries"]
    ]
    tally = logs.read(arguments.logs, arguments, console, by_hour=True)
    answer = usage(tally, [(row["set"], Domain(row["name"])) for row in rows], since)
    if arguments.remove_unused:
        console.write(_diff(rows, answer))
    else:
        data = _data(found.path, rows, answer, tally, arguments.since)
        data["groups"] = _groups(rows, tally)
        sections = [_entries(data), *_asked(data)]
        report = Report("usage", found.shown, data, headlines=_headlines(data), sections=sections)
        formats.write(report, arguments, console)
    for word in logs.aside(tally.aside, tally):
        console.say(word)
    return int(arguments.exit_code and bool(answer.unused or answer.refused or answer.reported or answer.past))


def _since(text: str) -> timedelta:
    found = _SINCE.fullmatch(text)
    if found is None:
        raise Failure(f"--since {ascii_quoted(text)}: write a number and d, h or m, as in --since 14d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _data(path: str, rows: list[dict[str, Any]], answer: Usage, tally: Tally, since: str) -> dict[str, Any]:
    uses = {(use.set_name, str(use.name)): use for use in answer.uses}
    unused = {(use.set_name, str(use.name)) for use in answer.unused}
    kept = ("name", "set", "group", "comment", "owner", "ticket", "until", "lifetime", "configMap", "file", "line")
    entries = []
    for row in rows:
        key = row["set"], row["name"]
        entries.append({**{one: row[one] for one in kept}, **_use(uses[key]), "unused": key in unused})
    return {
        "path": path,
        "window": {
            "first": tally.window.first or None,
            "last": tally.window.last or None,
            "seconds": int(answer.window.total_seconds()),
            "since": since,
            "isLongEnough": answer.is_long_enough,
        },
        "lines": tally.lines,
        "aside": dict(tally.aside),
        "entries": entries,
        "refused": list(map(_of_client, answer.refused)),
        "past": list(map(_of_client, answer.past)),
        **({"reported": list(map(_of_client, answer.reported))} if answer.reported else {}),
        "hours": [
            {"hour": hour, "outcome": outcome, "count": count}
            for (hour, outcome), count in sorted(tally.hours.items())
            if hour
        ],
    }


def _groups(rows: list[dict[str, Any]], tally: Tally) -> list[dict[str, Any]]:
    """Connections by the list and group that hold the name; of what no list holds all three are ""."""
    from ..logs.grouped import DECISIONS, Group, Line, by_group

    lines = [
        Line(
            row["name"],
            Group(row["set"], row["configMap"] or "", row["group"] or ""),
            None if row["clients"] is None else frozenset(map(Client, row["clients"])),
        )
        for row in rows
    ]
    return [
        {
            "set": group.set_name,
            "configMap": group.config_map,
            "group": group.key,
            **{decision: counts[decision] for decision in DECISIONS},
        }
        for group, counts in sorted(by_group(tally, lines).items())
    ]


def _use(use: Use) -> dict[str, Any]:
    return {
        "hits": use.hits,
        "first": use.seen.first or None,
        "last": use.seen.last or None,
        "workloads": sorted(use.workloads),
        "asked": [{"name": name, "hits": count} for name, count in sorted(use.names.items())],
    }


def _of_client(asked: Asked) -> dict[str, Any]:
    said = {"name": asked.name, "client": str(asked.client), "count": asked.count, "last": asked.last or None}
    return {**said, "rule": asked.rule} if asked.rule else said


def _headlines(data: dict[str, Any]) -> list[Line]:
    window = data["window"]
    span = timedelta(seconds=window["seconds"])
    lines = [
        Line(f"{many(data['lines'], 'line')}, {window['first'] or 'no time'} to {window['last'] or 'no time'} ({span})")
    ]
    for judged, words in ((EXPIRED, "was to end"), (EXPIRING, "ends soon")):
        names = [f"{entry['name']} ({entry['until']})" for entry in data["entries"] if entry["lifetime"] == judged]
        if names:
            more = f" and {len(names) - _FIRST} more" if len(names) > _FIRST else ""
            lines.append(Line(f"{words}: {', '.join(names[:_FIRST])}{more}", BAD if judged == EXPIRED else DOUBTFUL))
    unused = sum(entry["unused"] for entry in data["entries"])
    if not window["isLongEnough"]:
        words = f"shorter than --since {window['since']}: no entry is called unused"
        lines.append(Line(words, DOUBTFUL))
    elif unused:
        count = sum(not entry["name"].startswith(MARK) for entry in data["entries"])
        lines.append(Line(f"{unused} of {many(count, 'entry', 'entries')} never asked for", DOUBTFUL))
    else:
        lines.append(Line("every entry was asked for", GOOD))
    return lines


def _entries(data: dict[str, Any]) -> Section:
    columns = (
        Column("name", is_quoted=True, matters=9),
        Column("set", is_quoted=True, matters=3),
        Column("hits", matters=8),
        Column("last", matters=6),
        Column("by", is_quoted=True, matters=5),
        Column("remark", matters=7),
        Column("group", is_quoted=True, matters=2),
    )
    several = len({entry["set"] for entry in data["entries"]}) > 1
    rows = [
        Row(
            (
                entry["name"],
                entry["set"] if several else "",
                str(entry["hits"]),
                (entry["last"] or "")[:16],
                _some(entry["workloads"]),
                _remark(entry),
                entry["group"] or "",
            ),
            DOUBTFUL if entry["unused"] else "" if entry["asked"] else SOFT,
            tuple(one["name"] for one in entry["asked"]) if entry["name"].startswith("*") else (),
        )
        for entry in data["entries"]
    ]
    return Section(Line("Entries"), columns, rows)


def _remark(entry: dict[str, Any]) -> str:
    if entry["unused"]:
        return "unused"
    if entry["name"].startswith(MARK):
        return "what it refused" if entry["asked"] else ""
    if not entry["asked"]:
        return "not asked for"
    names = [one["name"] for one in entry["asked"]]
    return f"{many(len(names), 'name')} would do: {_some(names)}" if entry["name"].startswith("*") else ""


def _asked(data: dict[str, Any]) -> list[Section]:
    columns = (
        Column("name", is_quoted=True, matters=9),
        Column("client", is_quoted=True, matters=8),
        Column("times", matters=6),
        Column("last", matters=5),
        Column("by", matters=7),
    )
    titles = {
        "refused": ("Refused", BAD),
        "reported": ("Reported: refused once it is enforced", DOUBTFUL),
        "past": ("Directly, past the gateway", DOUBTFUL),
    }
    sections = []
    for key, (title, tone) in titles.items():
        rows = [
            Row((one["name"], one["client"], str(one["count"]), (one["last"] or "")[:16], one.get("rule", "")), tone)
            for one in data.get(key, ())
        ]
        if rows:
            sections.append(Section(Line(title), columns, rows))
    return sections


def _some(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more


def _diff(rows: list[dict[str, Any]], answer: Usage) -> str:
    """A diff without the lines of which all names are unused."""
    unused = {(use.set_name, str(use.name)) for use in answer.unused}
    lines: dict[str, dict[int, bool]] = {}
    for row in rows:
        if row["line"]:
            known = lines.setdefault(row["file"], {})
            known[row["line"]] = known.get(row["line"], True) and (row["set"], row["name"]) in unused
    found = ""
    for file, numbers in sorted(lines.items()):
        old = Path(file).read_text(encoding="utf-8").splitlines(keepends=True)
        new = [line for number, line in enumerate(old, 1) if not numbers.get(number)]
        found += "".join(unified_diff(old, new, f"a/{file}", f"b/{file}"))
    return found

"""What a change opens and closes, as rows that a reviewer signs: one for each name, list or way around.

Rows are plain data, and are equal where they say the same, so that one change in forty overlays is told once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..manifest.findings import INFO
from ..names.domain import Domain
from ..names.risks import risk_of
from ..rendered.host_lists import EVERYTHING
from ..rendered.identities import is_wider
from .difference import differences
from .verification import verify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ..lists.clients import Client
    from ..rendered.rendered import Rendered
    from .difference import Change, ClientChange, Difference

AROUND, LIFTED, OPENS, WIDENS, OTHER, NARROWS, CLOSES, MENDED = (
    *("around", "lifted", "opens", "widens", "other", "narrows", "closes", "mended"),
)
KINDS = (AROUND, LIFTED, OPENS, WIDENS, OTHER, NARROWS, CLOSES, MENDED)
"""The kinds of rows, what to look at first in front.

`around`: something passes, or may pass, beside the lists; `mended`: that is over. `lifted`: names of a list that was
limited are for every workload. `other`: for some clients more and for others no longer.
"""
OPENING = (AROUND, LIFTED, OPENS, WIDENS, OTHER)
_AROUND = {"beside", "bypass", "client-rules", "empty", "mesh-certificate", "open-chain", "reach", "unknown"}


def changes(before: Rendered, after: Rendered, roots: tuple[Path | str, Path | str] = ("", "")) -> list[dict[str, Any]]:
    """The rows of what differs from `before` to `after`, whose files stand below `roots`; gravest kinds first."""
    rows = []
    for one in differences(before, after):
        rows += [_name(OPENS, change, one.set_name, after, roots[1]) for change in one.opened]
        rows += [_name(CLOSES, change, one.set_name, before, roots[0]) for change in one.closed]
        rows += _lists(one, before, after)
    rows += _ways(before, after, roots)
    return sorted(rows, key=_order)


def _order(row: dict[str, Any]) -> tuple[int, bool, bool]:
    return KINDS.index(row["kind"]), row["risk"] is None, not row["wildcard"]


def merged(found: Iterable[tuple[str, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    """The rows of many overlays, those that say the same as one, with the `overlays` that they are of."""
    import json

    rows: dict[str, dict[str, Any]] = {}
    for overlay, its in found:
        for row in its:
            rows.setdefault(json.dumps(row, sort_keys=True), {**row, "overlays": []})["overlays"].append(overlay)
    return sorted(rows.values(), key=_order)


def counts(rows: Iterable[dict[str, Any]]) -> dict[str, int]:
    """How many names (of `around`: how many ways) there are of each kind, and of wildcards and risks that open."""
    found = dict.fromkeys((*KINDS, "wildcards", "risks"), 0)
    for row in rows:
        found[row["kind"]] += max(len(row["names"]), 1)
        found["wildcards"] += row["kind"] == OPENS and row["wildcard"]
        found["risks"] += row["kind"] in OPENING and row["risk"] is not None
    return found


def _row(kind: str, set_name: str, names: list[str], **more: Any) -> dict[str, Any]:
    row = {
        "kind": kind,
        "set": set_name,
        "list": None,
        "names": names,
        "wildcard": False,
        "covers": [],
        "clients": None,
        "gained": [],
        "lost": [],
        "said": "",
        "risk": None,
        "group": None,
        "comment": "",
        "file": None,
        "line": None,
    }
    return {**row, **more}


def _name(kind: str, change: Change, set_name: str, side: Rendered, root: Path | str) -> dict[str, Any]:
    entry, clients = change.entry, side.clients(set_name, change.domain)
    more: dict[str, Any] = {
        "wildcard": change.is_wildcard,
        "covers": list(map(str, change.touches)),
        "clients": None if clients is None else sorted(clients),
        "risk": risk(change.domain),
    }
    if entry is not None:
        place = side.where.entry(entry.source, entry.group, entry.line)
        more |= {"list": entry.source.name, "group": entry.group, "comment": entry.comment}
        more |= {"file": place.file.removeprefix(f"{root}/"), "line": place.line or None}
    return _row(kind, set_name, [str(change.domain)], **more)


def risk(domain: str) -> dict[str, str] | None:
    """The risk of a name as data; None where none is known."""
    if domain == EVERYTHING:
        said = {"said": "it stands for every name", "instead": "name the ones you use"}
        return {"class": "everything", **said, "source": "", "date": ""}
    found = risk_of(Domain(domain))
    if found is None:
        return None
    return {
        "class": found.name,
        "said": found.said,
        "instead": found.instead,
        "source": found.source,
        "date": found.date,
    }


def _lists(one: Difference, before: Rendered, after: Rendered) -> Iterator[dict[str, Any]]:
    """A row for each list, and for what its clients gain and lose alike, with all its names."""
    found: dict[tuple[Any, ...], list[ClientChange]] = {}
    for change in one.clients:
        gained, lost = _less(change.after, change.before), _less(change.before, change.after)
        key = (_kind(change), _list_of(change, one.set_name, before, after), tuple(gained), tuple(lost))
        found.setdefault(key, []).append(change)
    for (kind, name, gained, lost), changed in found.items():
        names = [str(change.domain) for change in changed]
        risks = [found for found in map(risk, (change.domain for change in changed)) if found]
        wildcard = any(change.domain.is_wildcard for change in changed)
        more = {"list": name, "gained": list(gained), "lost": list(lost), "wildcard": wildcard}
        yield _row(kind, one.set_name, names, **more, risk=risks[0] if risks else None)


def _kind(change: ClientChange) -> str:
    if change.after is None:
        return LIFTED
    if not change.widens:
        return NARROWS
    return OTHER if is_wider(change.before, change.after) else WIDENS


def _less(some: frozenset[Client] | None, others: frozenset[Client] | None) -> list[str]:
    """The clients of `some` that are not among `others`; every workload where there is no limit."""
    if some is None:
        return ["every workload"]
    return sorted(some - (others or frozenset()))


def _list_of(change: ClientChange, set_name: str, before: Rendered, after: Rendered) -> str | None:
    """The list with the name whose clients changed; else the first that has it."""
    was, is_ = (_clients_of_lists(side, set_name, change) for side in (before, after))
    differing = [name for name in {**is_, **was} if is_.get(name, "") != was.get(name, "")]
    return next(iter([*differing, *is_, *was]), None)


def _clients_of_lists(side: Rendered, set_name: str, change: ClientChange) -> dict[str, Any]:
    allowed = side.sets.get(set_name)
    entries = [entry for entry in allowed.entries if entry.domain.covers(change.domain)] if allowed else []
    return {entry.source.name: allowed.clients.get(entry.source) for entry in entries} if allowed else {}


def _ways(before: Rendered, after: Rendered, roots: tuple[Path | str, Path | str]) -> Iterator[dict[str, Any]]:
    """What lets through beside the lists in one of the two alone, by the rules of `verify`."""
    was, is_ = (
        {(one.finding.rule, one.said): one for one in verify(side) if _is_around(one.finding)}
        for side in (before, after)
    )
    for kind, mine, others, root in ((AROUND, is_, was, roots[1]), (MENDED, was, is_, roots[0])):
        for key, one in mine.items():
            if key not in others:
                place = {"file": one.location.file.removeprefix(f"{root}/"), "line": one.location.line or None}
                yield _row(kind, "", [], said=one.said.replace(f"{root}/", "") if str(root) else one.said, **place)


def _is_around(finding: Any) -> bool:
    return finding.rule in _AROUND and finding.severity != INFO

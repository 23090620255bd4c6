"""What a change opens and closes, as rows that a reviewer signs: one for each name, list or way around.

Rows are plain data, and are equal where they say the same, so that one change in forty overlays is told once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..manifest.findings import ERROR, INFO
from ..names.domain import Domain
from ..names.risks import risk_of
from ..rendered.host_lists import EVERYTHING
from ..rendered.identities import is_wider
from .difference import differences
from .neighbours import neighbours
from .verification import verify
from .verification.catalogue import BREAK, OPEN, effect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ..lists.clients import Client
    from ..manifest.findings import Finding
    from ..rendered.locations import Location
    from ..rendered.rendered import Rendered
    from .difference import Change, ClientChange, Difference
    from .verification import Reported

AROUND, BESIDE, LIFTED, OPENS, WIDENS, OTHER, BREAKS, NARROWS, CLOSES, MENDED = (
    *("around", "beside", "lifted", "opens", "widens", "other", "breaks", "narrows", "closes", "mended"),
)
KINDS = (AROUND, BESIDE, LIFTED, OPENS, WIDENS, OTHER, BREAKS, NARROWS, CLOSES, MENDED)
"""The kinds of rows, what to look at first in front.

`around`: something passes, or may pass, beside the lists; `mended`: that is over. `beside`: an object by which ways out
open or close is another one, and `verify` does not say whether it opens. `lifted`: names of a list that was
limited are for every workload. `other`: for some clients more and for others no longer. `breaks`: an error of `verify`
that opens nothing: names of the lists may be out of reach.
"""
OPENING = (AROUND, BESIDE, LIFTED, OPENS, WIDENS, OTHER)


def changes(before: Rendered, after: Rendered, roots: tuple[Path | str, Path | str] = ("", "")) -> list[dict[str, Any]]:
    """The rows of what differs from `before` to `after`, whose files stand below `roots`; gravest kinds first."""
    rows = []
    for one in differences(before, after):
        rows += [_name(OPENS, change, one.set_name, after, roots[1]) for change in one.opened]
        rows += [_name(CLOSES, change, one.set_name, before, roots[0]) for change in one.closed]
        rows += _lists(one, before, after, roots)
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
        "owner": None,
        "ticket": None,
        "until": None,
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
    if change.without:
        more["without"] = list(map(str, change.without))
    if entry is not None:
        place = side.where.entry(entry.source, entry.group, entry.line)
        own = entry.fields
        last = own.last_day.isoformat() if own.last_day else None
        more |= {"list": entry.source.name, "group": entry.group, "comment": entry.comment}
        more |= {"owner": own.owner or None, "ticket": own.ticket or None, "until": last}
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


def _lists(
    one: Difference, before: Rendered, after: Rendered, roots: tuple[Path | str, Path | str]
) -> Iterator[dict[str, Any]]:
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
        more |= _place_of(name, one.set_name, (after, roots[1]), (before, roots[0]))
        yield _row(kind, one.set_name, names, **more, risk=risks[0] if risks else None)


def _place_of(name: str | None, set_name: str, *sides: tuple[Rendered, Path | str]) -> dict[str, Any]:
    """Where the list `name` stands, in the first of `sides` that has it."""
    for side, root in sides:
        allowed = side.sets.get(set_name)
        for source in allowed.sources if allowed else ():
            if source.name == name:
                place = side.where.of(source)
                return {"file": place.file.removeprefix(f"{root}/"), "line": place.line or None}
    return {}


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
    """What lets through beside the lists, or takes names out of reach, in one of the two alone, as `verify` has it."""
    was, is_ = ({_key(one): one for one in verify(side) if _is_told(one.finding)} for side in (before, after))
    told = set()
    for key, one in is_.items():
        if key not in was:
            told.add(id(one.finding.resource))
            yield _way(BREAKS if effect(one.finding.rule) == BREAK else AROUND, one, roots[1])
    for key, one in was.items():
        if key not in is_ and effect(one.finding.rule) == OPEN:
            told.add(id(one.finding.resource))
            yield _way(MENDED, one, roots[0])
    for near in neighbours(before, after):
        if id(near.resource) not in told:
            side, root = (before, roots[0]) if near.is_gone else (after, roots[1])
            yield _placed(BESIDE, f"{near.resource.described} {near.words}", side.where.of(near.resource), root)


def _way(kind: str, one: Reported, root: Path | str) -> dict[str, Any]:
    return _placed(kind, one.said, one.location, root)


def _placed(kind: str, said: str, where: Location, root: Path | str) -> dict[str, Any]:
    place = {"file": where.file.removeprefix(f"{root}/"), "line": where.line or None}
    return _row(kind, "", [], said=said.replace(f"{root}/", "") if str(root) else said, **place)


def _is_told(finding: Finding) -> bool:
    found = effect(finding.rule)
    return bool(found) and (finding.severity == ERROR or (found == OPEN and finding.severity != INFO))


def _key(one: Reported) -> tuple[str | None, ...]:
    """What is the same fault in both: what breaks is told by its place, for its message names names."""
    finding = one.finding
    if effect(finding.rule) == BREAK:
        return finding.rule, finding.resource.title if finding.resource else "", finding.field
    return finding.rule, one.said

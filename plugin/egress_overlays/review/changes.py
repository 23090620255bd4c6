"""What a change opens and closes, as rows that a reviewer signs: one for each name, list or way around."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..manifest.findings import ERROR, INFO
from .difference import differences
from .following import following
from .list_changes import list_changes
from .neighbours import neighbours
from .rows import AROUND, BASE, BESIDE, BREAKS, CLOSES, FOLLOWS, HEAD, MENDED, OPENS, WITHIN, new, order, placed, risk
from .verification import verify
from .verification.catalogue import BREAK, OPEN, effect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..manifest.findings import Finding
    from ..rendered.rendered import Rendered
    from .difference import Change
    from .following import Following
    from .verification import Reported


def changes(before: Rendered, after: Rendered, roots: tuple[Path | str, Path | str] = ("", "")) -> list[dict[str, Any]]:
    """The rows of what differs from `before` to `after`, whose files stand below `roots`; gravest kinds first."""
    rows = []
    for one in differences(before, after):
        are_limits = any(map(_limits, (before, after), (one.set_name,) * 2))
        for change in one.opened:
            row = _name(OPENS, change, one.set_name, after, roots[1])
            rows.append({**row, "unlimited": are_limits and row["clients"] is None})
        rows += [_name(CLOSES, change, one.set_name, before, roots[0]) for change in one.closed]
        rows += list_changes(one, before, after, roots)
    rows += _ways(before, after, roots)
    return sorted(rows, key=order)


def _limits(side: Rendered, set_name: str) -> bool:
    """Whether some list of the set is for certain clients alone, so that it means more where one is for all."""
    return bool(side.rules.get(set_name)) or (set_name in side.sets and bool(side.sets[set_name].clients))


def _name(kind: str, change: Change, set_name: str, side: Rendered, root: Path | str) -> dict[str, Any]:
    entry, clients = change.entry, side.clients(set_name, change.domain)
    more: dict[str, Any] = {
        "wildcard": change.is_wildcard,
        "covers": list(map(str, change.touches)),
        "clients": None if clients is None else sorted(clients),
        "risk": risk(change.domain),
    }
    more["risky"] = [str(change.domain)] if more["risk"] else []
    if change.without:
        more["without"] = list(map(str, change.without))
    if entry is not None:
        place = side.where.entry(entry.source, entry.group, entry.line)
        own = entry.fields
        last = own.last_day.isoformat() if own.last_day else None
        more |= {"list": entry.source.name, "group": entry.group, "comment": entry.comment}
        more |= {"owner": own.owner or None, "ticket": own.ticket or None, "until": last}
        more |= placed(place, root, HEAD if kind == OPENS else BASE)
    return new(kind, set_name, [str(change.domain)], **more)


def _ways(before: Rendered, after: Rendered, roots: tuple[Path | str, Path | str]) -> Iterator[dict[str, Any]]:
    """What lets through beside the lists, or takes names out of reach, in one of the two alone, as `verify` has it."""
    was, is_ = ({_key(one): one for one in verify(side) if _is_told(one.finding)} for side in (before, after))
    told = set()
    for key, one in is_.items():
        if key not in was:
            told.add(id(one.finding.resource))
            yield _way(BREAKS if effect(one.finding.rule) == BREAK else AROUND, one, roots[1], HEAD)
    for key, one in was.items():
        if key not in is_ and effect(one.finding.rule) == OPEN:
            told.add(id(one.finding.resource))
            yield _way(MENDED, one, roots[0], BASE)
    for near in neighbours(before, after):
        if id(near.resource) not in told:
            side, root, of = (before, roots[0], BASE) if near.is_gone else (after, roots[1], HEAD)
            said = f"{near.resource.described} {near.words}"
            kind = WITHIN if near.opens_nothing else BESIDE
            yield new(kind, "", [], said=said, **placed(side.where.of(near.resource), root, of))
    for port in following(before, after):
        yield _follows(port, after if port.opens else before, roots[port.opens], HEAD if port.opens else BASE)


def _follows(port: Following, side: Rendered, root: Path | str, of: str) -> dict[str, Any]:
    """A port, with the place where the first of its names stands, or else the object."""
    entries = side.sets[port.set_name].entries if port.set_name in side.sets else ()
    first = next((entry for entry in entries if entry.domain in port.names), None)
    place = side.where.entry(first.source, first.group, first.line) if first else side.where.of(port.objects[0])
    return new(FOLLOWS, port.set_name, port.names, said=port.said, **placed(place, root, of))


def _way(kind: str, one: Reported, root: Path | str, side: str) -> dict[str, Any]:
    said = one.said.replace(f"{root}/", "") if str(root) else one.said
    names = one.finding.value.split(", ") if one.finding.rule == "beside" and one.finding.value else []
    return new(kind, "", names, said=said, **placed(one.location, root, side))


def _is_told(finding: Finding) -> bool:
    found = effect(finding.rule)
    return bool(found) and (finding.severity == ERROR or (found == OPEN and finding.severity != INFO))


def _key(one: Reported) -> tuple[str | None, ...]:
    """What is the same fault in both: what breaks is told by its place, for its message names names."""
    finding = one.finding
    if effect(finding.rule) == BREAK:
        return finding.rule, finding.resource.title if finding.resource else "", finding.field
    return finding.rule, one.said

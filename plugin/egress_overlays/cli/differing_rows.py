"""The rows of `diff` in words, and the tables that they stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..lists import fields
from ..manifest.quantities import many
from ..review.rows import (
    AROUND,
    BASE,
    BESIDE,
    BREAKS,
    CLOSES,
    FOLLOWS,
    LIFTED,
    MENDED,
    NARROWS,
    OPENING,
    OPENS,
    OTHER,
    WIDENS,
    WITHIN,
)
from ..review.verification.lifetimes import DISTANT
from .governing import breaking
from .grouping import grouped, is_marked, outliers
from .places import places
from .report import BAD, DOUBTFUL, GOOD, SOFT, STRONG, Column, Line, Row, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 3  # names in a row that stands for many
WORDS = {
    AROUND: "way around",
    BESIDE: "beside the lists",
    LIFTED: "limit lifted",
    OPENS: "opens",
    WIDENS: "more clients",
    OTHER: "other clients",
    BREAKS: "breaks",
    FOLLOWS: "follows",
    NARROWS: "fewer clients",
    CLOSES: "closes",
    WITHIN: "opens nothing",
    MENDED: "way around gone",
}
_COLUMNS = (
    Column("", matters=9),
    Column("name or list", is_quoted=True, matters=8),
    Column("remark", matters=5),
    Column("listed", is_quoted=True, matters=3),
    Column("in", matters=4),
)


def sections(data: dict[str, Any]) -> list[Section]:
    """What opens, what closes, what could not be compared."""
    rows = grouped(data["changes"])
    opening = [_row(row, data) for row in rows if row["kind"] in OPENING]
    following = [_row(row, data) for row in rows if row["kind"] == FOLLOWS]
    closing = [_row(row, data) for row in rows if row["kind"] not in (*OPENING, FOLLOWS)]
    missing = [Row((one["overlay"], one["reason"]), BAD) for one in data["notCompared"]]
    columns = (Column("overlay", is_quoted=True, matters=9), Column("why it could not be compared", is_quoted=True))
    found = [
        Section(Line("What opens", STRONG), _COLUMNS, opening),
        Section(Line("What follows from the lists", STRONG), _COLUMNS, following),
        Section(Line("What closes or narrows", STRONG), _COLUMNS, closing),
        Section(Line("Not compared", STRONG), columns, missing),
    ]
    return [section for section in found if section.rows]


def _row(row: dict[str, Any], data: dict[str, Any]) -> Row:
    several = len({one["set"] for one in data["changes"] if one["set"]}) > 1
    of_set = f"set {row['set']}" if several and row["set"] else ""
    remark = "; ".join(filter(None, (of_set, *_remarks(row))))
    cells = (
        WORDS[row["kind"]],
        subject(row),
        remark,
        _listed(row, commit=row["commit"] if by_one(data["changes"]) is None else None),
        places(row["overlays"], data["overlays"]).removeprefix(" in "),
    )
    folded = tuple(row["names"]) if len(row["names"]) > 1 else ()
    return Row(cells, tone(row), folded)


def by_one(rows: Sequence[dict[str, Any]]) -> dict[str, str] | None:
    """The commit that all of several rows came by; None where there is no such one."""
    first = rows[0]["commit"] if len(rows) > 1 else None
    return first if all(row["commit"] == first for row in rows) else None


def tone(row: dict[str, Any]) -> str:
    """How a row is meant."""
    if row["kind"] in (AROUND, LIFTED, BREAKS) or "policy" in row:
        return BAD
    if row["kind"] not in OPENING:
        return SOFT
    return DOUBTFUL if row["kind"] != OPENS or row["unlimited"] or is_marked(row) else GOOD


def subject(row: dict[str, Any]) -> str:
    """The names of a row, or the list that it is about with some of its names."""
    names = row["names"]
    if row["list"] and ("lines" in row or row["kind"] not in (OPENS, CLOSES)):
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return f"list {row['list']}: {', '.join(outliers(names, _SHOWN))}{more}"
    return ", ".join(names)


def without(row: dict[str, Any]) -> str:
    """The names below a wildcard that stay as they were, since they are denied."""
    names = row.get("without", ())
    return f" without {', '.join(names[:_SHOWN])}" + (", ..." if len(names) > _SHOWN else "") if names else ""


def for_whom(row: dict[str, Any], separator: str = "; ") -> str:
    """Whom the names of a row are for now, and whom they were for."""
    if row["kind"] in (OPENS, CLOSES):
        return f"for {', '.join(row['clients']) if row['clients'] is not None else 'every workload'}"
    if "now" not in row:
        return ""
    was, now = (f"{', '.join(row[side] or ['nobody'])}" if row[side] is not None else "" for side in ("was", "now"))
    if row["kind"] == WIDENS:
        return f"now also for {', '.join(row['gained'])}{separator}was for {was or 'every workload'}"
    alone = " alone" if row["kind"] == NARROWS else ""
    return f"now for {now + alone if now else 'every workload'}{separator}was for {was or 'every workload'}"


def ends(row: dict[str, Any]) -> str:
    """What is odd about the last day of a name."""
    if row["lifetime"] == DISTANT:
        return f"until {row['until']}, more than two years ahead"
    return f"{row['lifetime']}: its last day is {row['until']}" if row["lifetime"] else ""


def _remarks(row: dict[str, Any]) -> Sequence[str]:
    """What a row does, for whom, whose it is, and why it deserves a second look, in a few words."""
    kind, touched = row["kind"], ", ".join(row["covers"][:3]) + (", ..." if len(row["covers"]) > 3 else "")
    found = [row["said"], breaking(row)]
    if kind == OPENS and row["wildcard"]:
        found.append(f"wildcard, widens {touched}" if touched else "wildcard")
    elif kind == CLOSES and row["wildcard"]:
        found.append(f"wildcard, leaves {touched}" if touched else "wildcard, all names below")
    found += [without(row).strip(), for_whom(row)]
    end = ends(row) if kind in OPENING else ""
    own = [f"{key} {row[key]}" for key in ("owner", "ticket", "until") if row[key] and not (end and key == "until")]
    found += [", ".join(own), end]
    if row["risk"] and kind in OPENING:
        of = "" if row["names"] == row["risky"] else f"{', '.join(row['risky'][:_SHOWN])}: "
        more = f"{len(row['risky'])} names, " if len(row["risky"]) > _SHOWN else ""
        found.append(f"risk: {more}{of}{row['risk']['said']}; {row['risk']['instead']}")
    return found


def _listed(row: dict[str, Any], commit: dict[str, str] | None) -> str:
    """Where a row stands, or stood, and by which commit."""
    place = f"{row['file']}:{row['line']}" if row["line"] else row["file"] or ""
    if row.get("lines"):
        place = f"{row['file']}:{row['lines'][0]}-{row['lines'][-1]}"
    own, _ = fields.read(row["comment"])
    comment = row["comment"] if own.allow else own.text
    by = f"  ({said_of(commit)})" if commit else ""
    was = "was " if place and row["side"] == BASE else ""
    said = was + ", ".join(filter(None, (row["group"], place)))
    return said + (f"  # {comment}" if comment else "") + by


def said_of(commit: dict[str, str]) -> str:
    """A commit in a few words."""
    return f"{commit['id']}, {commit['author']}, {commit['date']}"


def count_of_names(rows: Sequence[dict[str, Any]]) -> str:
    """How many names `rows` have."""
    return many(sum(len(row["names"]) for row in rows), "name")

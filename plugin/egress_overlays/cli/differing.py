"""How `diff` reads: its headlines, and its sections, both from its data alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..manifest.quantities import many
from ..review.changes import AROUND, BESIDE, BREAKS, CLOSES, LIFTED, MENDED, NARROWS, OPENING, OPENS, OTHER, WIDENS
from .grouping import grouped, is_marked, outliers
from .report import BAD, DOUBTFUL, GOOD, SOFT, STRONG, Column, Line, Row, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIRST = 5  # names in a headline
_SHOWN = 3  # names in a row that stands for many
_WORDS = {
    AROUND: "way around",
    BESIDE: "beside the lists",
    LIFTED: "limit lifted",
    OPENS: "opens",
    WIDENS: "more clients",
    OTHER: "other clients",
    BREAKS: "breaks",
    NARROWS: "fewer clients",
    CLOSES: "closes",
    MENDED: "way around gone",
}
_SINGLY = (AROUND, BESIDE, OPENS, BREAKS)
"""What a headline tells row by row; of other kinds it tells the lists."""
_COLUMNS = (
    Column("", matters=9),
    Column("name or list", is_quoted=True, matters=8),
    Column("remark", matters=5),
    Column("listed", is_quoted=True, matters=3),
    Column("in", matters=4),
)


def headlines(data: dict[str, Any]) -> list[Line]:
    """What could not be compared, the counts, and a line for each kind of opening."""
    missing, rows, found = data["notCompared"], data["changes"], data["counts"]
    lines = [Line(f"NOT COMPARED: {one['overlay']}: {one['reason']}", BAD) for one in missing[:_FIRST]]
    if len(missing) > _FIRST:
        lines.append(Line(f"NOT COMPARED: {many(len(missing) - _FIRST, 'more overlay')}, see below", BAD))
    said = _counted(found)
    touched = len({overlay for row in rows for overlay in row["overlays"]})
    if len(data["overlays"]) > 1 and rows:
        said += f", in {touched} of {len(data['overlays'])} overlays"
    if not rows:
        said = "nothing becomes reachable, and nothing stops being reachable"
        said += " in what could be compared" if missing else ""
    grave = found[AROUND] or found[LIFTED] or found[BREAKS]
    doubtful = found[BESIDE] or found["wildcards"] or found["risks"] or found[WIDENS] or found[OTHER]
    first = Line(said, BAD if grave else DOUBTFUL if doubtful or missing else GOOD)
    return [*lines, first, *filter(None, (_opening(kind, data) for kind in (*OPENING, BREAKS)))]


def _counted(found: dict[str, int]) -> str:
    wildcards, risks = found["wildcards"], found["risks"]
    more = [f"{wildcards} by wildcard"] if wildcards else []
    more += [f"{risks} risky"] if risks else []
    aside = f" ({', '.join(more)})" if more and found[OPENS] else ""
    wider = found[WIDENS] + found[OTHER]
    parts = [
        (found[AROUND], "way around the lists", "ways around the lists", ""),
        (found[BESIDE], "object beside the lists changed", "objects beside the lists changed", ""),
        (found[LIFTED], "name is for every workload now", "names are for every workload now", ""),
        (found[OPENS] or 0, "name opens", "names open", aside),
        (wider, "name is for more clients", "names are for more clients", ""),
        (found[BREAKS], "part is broken", "parts are broken", ""),
        (found[NARROWS], "is for fewer clients", "are for fewer clients", ""),
        (found[CLOSES], "closes", "close", ""),
        (found[MENDED], "way around is gone", "ways around are gone", ""),
    ]
    return ", ".join(f"{many(count, one, several)}{aside}" for count, one, several, aside in parts if count)


def _opening(kind: str, data: dict[str, Any]) -> Line | None:
    """One line for all rows of `kind`."""
    rows = [row for row in data["changes"] if row["kind"] == kind]
    if not rows:
        return None
    singly = [row for row in rows if kind != OPENS or is_marked(row)] if kind in _SINGLY else []
    others = [row for row in rows if row not in singly]
    if kind == OPENS and len(others) <= _FIRST:
        singly, others = [*singly, *others], []
    said = [
        (row["said"] or _subject(row)) + (f" ({row['risk']['said']})" if row["risk"] else "") + _where(row, data)
        for row in singly
    ]
    more = [f"{len(said) - _FIRST} more"] if len(said) > _FIRST else []
    said = [*said[:_FIRST], *more, *_grouped(others, data)]
    more = [f"{len(said) - 2 * _FIRST} more"] if len(said) > 2 * _FIRST else []
    is_plain = kind == OPENS and not any(map(is_marked, rows))
    tone = BAD if kind in (AROUND, LIFTED, BREAKS) else GOOD if is_plain else DOUBTFUL
    return Line(f"{_WORDS[kind]}: {'; '.join([*said[: 2 * _FIRST], *more])}", tone)


def _grouped(rows: Sequence[dict[str, Any]], data: dict[str, Any]) -> list[str]:
    """The lists of `rows`, those that open for the same clients in the same overlays together."""
    groups: dict[str, list[dict[str, Any]]] = {}
    are_limits = any(row["clients"] for row in data["changes"])
    for row in rows:
        to = f" for {', '.join(row['gained'])}" if row["gained"] and row["kind"] != LIFTED else ""
        if row["kind"] == OPENS and row["clients"] is None and are_limits:
            to = " for every workload"
        groups.setdefault(to + _where(row, data), []).append(row)
    found = []
    for where, alike in groups.items():
        lists = list(dict.fromkeys(row["list"] or ", ".join(row["names"][:_FIRST]) for row in alike))
        names = sum(len(row["names"]) for row in alike)
        more = f" and {len(lists) - 2 * _FIRST} more" if len(lists) > 2 * _FIRST else ""
        found.append(f"{', '.join(lists[: 2 * _FIRST])}{more} ({many(names, 'name')}){where}")
    return found


def _subject(row: dict[str, Any]) -> str:
    names = row["names"]
    if "lines" in row:
        return f"list {row['list']}: {', '.join(outliers(names, _SHOWN))} and {len(names) - _SHOWN} more"
    if row["kind"] in (OPENS, CLOSES) or (len(names) == 1 and not row["list"]):
        return ", ".join(names)
    said = many(len(names), "name") if len(names) > 1 else ", ".join(names)
    return f"list {row['list']}: {said}" if row["list"] else said


def _where(row: dict[str, Any], data: dict[str, Any]) -> str:
    """In which of several overlays."""
    shown = _overlays(row, data)
    return f" in {shown}" if shown else ""


def _overlays(row: dict[str, Any], data: dict[str, Any]) -> str:
    several, mine = len(data["overlays"]), row["overlays"]
    if several < 2:
        return ""
    if len(mine) == several:
        return f"all {several} overlays"
    return ", ".join(mine[:3]) + (f" and {len(mine) - 3} more" if len(mine) > 3 else "")


def sections(data: dict[str, Any]) -> list[Section]:
    """What opens, what closes, what could not be compared."""
    rows = grouped(data["changes"])
    opening = [_row(row, data) for row in rows if row["kind"] in OPENING]
    closing = [_row(row, data) for row in rows if row["kind"] not in OPENING]
    missing = [Row((one["overlay"], one["reason"]), BAD) for one in data["notCompared"]]
    columns = (Column("overlay", is_quoted=True, matters=9), Column("why it could not be compared", is_quoted=True))
    found = [
        Section(Line("What opens", STRONG), _COLUMNS, opening),
        Section(Line("What closes or narrows", STRONG), _COLUMNS, closing),
        Section(Line("Not compared", STRONG), columns, missing),
    ]
    return [section for section in found if section.rows]


def _row(row: dict[str, Any], data: dict[str, Any]) -> Row:
    several = len({one["set"] for one in data["changes"] if one["set"]}) > 1
    of_set = f"set {row['set']}" if several and row["set"] else ""
    remark = "; ".join(filter(None, (of_set, *_remarks(row))))
    cells = (_WORDS[row["kind"]], _subject(row), remark, _listed(row), _overlays(row, data))
    folded = tuple(row["names"]) if len(row["names"]) > 1 else ()
    return Row(cells, _tone(row), folded)


def _remarks(row: dict[str, Any]) -> Sequence[str]:
    """Why a row deserves a second look, in a few words."""
    kind, touched = row["kind"], ", ".join(row["covers"][:3]) + (", ..." if len(row["covers"]) > 3 else "")
    found = [row["said"]]
    if kind == OPENS and row["wildcard"]:
        found.append(f"wildcard, widens {touched}" if touched else "wildcard")
    elif kind == CLOSES and row["wildcard"]:
        found.append(f"wildcard, leaves {touched}" if touched else "wildcard, all names below")
    if row["gained"]:
        found.append(f"now also for {', '.join(row['gained'])}" if kind != LIFTED else "now for every workload")
    if row["lost"]:
        found.append(f"{'was' if kind == LIFTED else 'no longer'} for {', '.join(row['lost'])}")
    if row["clients"] is not None:
        found.append(f"for {', '.join(row['clients'])}")
    if row["lifetime"] and kind in OPENING:
        found.append(f"{row['lifetime']}: its last day is {row['until']}")
    if row["risk"] and kind in OPENING:
        found.append(f"risk: {row['risk']['said']}; {row['risk']['instead']}")
    return found


def _listed(row: dict[str, Any]) -> str:
    place = f"{row['file']}:{row['line']}" if row["line"] else row["file"] or ""
    if row.get("lines"):
        place = f"{row['file']}:{row['lines'][0]}-{row['lines'][-1]}"
    comment = f"  # {row['comment']}" if row["comment"] else ""
    commit = row["commit"]
    by = f"  ({commit['id']}, {commit['author']}, {commit['date']})" if commit else ""
    return ", ".join(filter(None, (row["group"], place))) + comment + by


def _tone(row: dict[str, Any]) -> str:
    if row["kind"] in (AROUND, LIFTED, BREAKS):
        return BAD
    if row["kind"] not in OPENING:
        return SOFT
    return DOUBTFUL if row["kind"] != OPENS or is_marked(row) else GOOD

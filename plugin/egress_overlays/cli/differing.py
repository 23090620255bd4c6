"""How `diff` reads: its headlines, and its sections, both from its data alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..manifest.quantities import many
from ..review.changes import AROUND, BESIDE, BREAKS, CLOSES, LIFTED, MENDED, NARROWS, OPENING, OPENS, OTHER, WIDENS
from .grouping import grouped, is_marked, outliers
from .places import counted_in, places
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
_SINGLY = (AROUND, BESIDE, OPENS, BREAKS, CLOSES, MENDED)
"""What a headline tells row by row; of other kinds it tells the lists."""
_COLUMNS = (
    Column("", matters=9),
    Column("name or list", is_quoted=True, matters=8),
    Column("remark", matters=5),
    Column("listed", is_quoted=True, matters=3),
    Column("in", matters=4),
)


def headlines(data: dict[str, Any]) -> list[Line]:
    """What could not be compared, the counts, a line for each kind of change, and which commits these are."""
    missing, rows, found = data["notCompared"], data["changes"], data["counts"]
    lines = [Line(f"NOT COMPARED: {one['overlay']}: {one['reason']}", BAD) for one in missing[:_FIRST]]
    if len(missing) > _FIRST:
        lines.append(Line(f"NOT COMPARED: {many(len(missing) - _FIRST, 'more overlay')}, see below", BAD))
    said = _counted(data)
    if not rows:
        said = "nothing becomes reachable, and nothing stops being reachable"
        said += " in what could be compared" if missing else ""
    grave = found[AROUND] or found[LIFTED] or found[BREAKS]
    doubtful = found[BESIDE] or found["wildcards"] or found["risks"] or found[WIDENS] or found[OTHER]
    first = Line(said, BAD if grave else DOUBTFUL if doubtful or missing else GOOD)
    kinds = (_told(kind, data) for kind in (*OPENING, BREAKS, NARROWS, CLOSES, MENDED))
    return [*lines, first, *filter(None, (*kinds, _compared(data)))]


def _compared(data: dict[str, Any]) -> Line | None:
    """Which commits were compared, so that a comment says what it is about when the branch has moved on."""
    if not data["base"]:
        return None
    after = f"commit {data['head']['id']}" if data["head"] else "the working tree"
    return Line(f"compared: commit {data['base']['id']} with {after}", SOFT)


def _counted(data: dict[str, Any]) -> str:
    """How much there is of each kind and in which overlays: once at the end where all of it is in the same ones."""
    found, rows = data["counts"], data["changes"]
    wildcards, risks = found["wildcards"], found["risks"]
    more = [f"{wildcards} by wildcard"] if wildcards else []
    more += [f"{risks} risky"] if risks else []
    parts = [
        ((AROUND,), "way around the lists", "ways around the lists"),
        ((BESIDE,), "object beside the lists changed", "objects beside the lists changed"),
        ((LIFTED,), "name is for every workload now", "names are for every workload now"),
        ((OPENS,), "name opens", "names open"),
        ((WIDENS, OTHER), "name is for more clients", "names are for more clients"),
        ((BREAKS,), "part is broken", "parts are broken"),
        ((NARROWS,), "is for fewer clients", "are for fewer clients"),
        ((CLOSES,), "closes", "close"),
        ((MENDED,), "way around is gone", "ways around are gone"),
    ]
    said = []
    for kinds, one, several in parts:
        count = sum(found[kind] for kind in kinds)
        if count:
            aside = f" ({', '.join(more)})" if more and kinds == (OPENS,) else ""
            of_kind = [row for row in rows if row["kind"] in kinds]
            said.append((f"{many(count, one, several)}{aside}", counted_in(of_kind, data["overlays"])))
    if len({where for _, where in said}) == 1:
        return ", ".join(text for text, _ in said) + said[0][1]
    return ", ".join(text + where for text, where in said)


def _told(kind: str, data: dict[str, Any]) -> Line | None:
    """One line for all rows of `kind`."""
    rows = [row for row in data["changes"] if row["kind"] == kind]
    if not rows:
        return None
    are_names, are_limits = kind in (OPENS, CLOSES), _are_limits(data)
    singly = [row for row in rows if not are_names or is_marked(row)] if kind in _SINGLY else []
    others = [row for row in rows if row not in singly]
    if are_names and len(others) <= _FIRST:
        singly, others = [*singly, *others], []
    said = [
        (row["said"] or _subject(row) + _without(row))
        + (f" ({row['risk']['said']})" if row["risk"] and kind != CLOSES else "")
        + (" for every workload" if kind == OPENS and row["clients"] is None and are_limits else "")
        + places(row["overlays"], data["overlays"])
        for row in singly
    ]
    more = [f"{len(said) - _FIRST} more"] if len(said) > _FIRST else []
    said = [*said[:_FIRST], *more, *_grouped(others, data)]
    more = [f"{len(said) - 2 * _FIRST} more"] if len(said) > 2 * _FIRST else []
    return Line(f"{_WORDS[kind]}: {'; '.join([*said[: 2 * _FIRST], *more])}", _gravest(rows))


def _are_limits(data: dict[str, Any]) -> bool:
    """Whether some change is for certain clients alone, so that the others need the word."""
    return any(row["clients"] or row["gained"] or row["lost"] for row in data["changes"])


def _gravest(rows: Sequence[dict[str, Any]]) -> str:
    """The gravest tone of `rows`."""
    tones = {_tone(row) for row in rows}
    return next(tone for tone in (BAD, DOUBTFUL, GOOD, SOFT) if tone in tones)


def _grouped(rows: Sequence[dict[str, Any]], data: dict[str, Any]) -> list[str]:
    """The lists of `rows`, those that open for the same clients in the same overlays together."""
    groups: dict[str, list[dict[str, Any]]] = {}
    are_limits = _are_limits(data)
    for row in rows:
        to = f" for {', '.join(row['gained'])}" if row["gained"] and row["kind"] != LIFTED else ""
        if row["kind"] == OPENS and row["clients"] is None and are_limits:
            to = " for every workload"
        if row["kind"] == NARROWS and row["lost"]:
            to += f"{',' if to else ''} no longer for {', '.join(row['lost'])}"
        groups.setdefault(to + places(row["overlays"], data["overlays"]), []).append(row)
    found = []
    for where, alike in groups.items():
        lists = list(dict.fromkeys(row["list"] or ", ".join(row["names"][:_FIRST]) for row in alike))
        names = sum(len(row["names"]) for row in alike)
        more = f" and {len(lists) - 2 * _FIRST} more" if len(lists) > 2 * _FIRST else ""
        found.append(f"{', '.join(lists[: 2 * _FIRST])}{more} ({many(names, 'name')}){where}")
    return found


def _without(row: dict[str, Any]) -> str:
    """The names below a wildcard that stay as they were, since they are denied."""
    names = row.get("without", ())
    return f" without {', '.join(names[:_SHOWN])}" + (", ..." if len(names) > _SHOWN else "") if names else ""


def _subject(row: dict[str, Any]) -> str:
    names = row["names"]
    if "lines" in row:
        return f"list {row['list']}: {', '.join(outliers(names, _SHOWN))} and {len(names) - _SHOWN} more"
    if row["kind"] in (OPENS, CLOSES) or (len(names) == 1 and not row["list"]):
        return ", ".join(names)
    said = many(len(names), "name") if len(names) > 1 else ", ".join(names)
    return f"list {row['list']}: {said}" if row["list"] else said


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
    cells = (
        _WORDS[row["kind"]],
        _subject(row),
        remark,
        _listed(row),
        places(row["overlays"], data["overlays"]).removeprefix(" in "),
    )
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
    if row.get("without"):
        found.append(f"without {', '.join(row['without'][:3])}" + (", ..." if len(row["without"]) > 3 else ""))
    found.append(_without(row).strip())
    if row["gained"]:
        found.append(f"now also for {', '.join(row['gained'])}" if kind != LIFTED else "now for every workload")
    if row["lost"]:
        found.append(f"{'was' if kind == LIFTED else 'no longer'} for {', '.join(row['lost'])}")
    if row["clients"] is not None:
        found.append(f"for {', '.join(row['clients'])}")
    elif kind in (OPENS, CLOSES):
        found.append("for every workload")
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

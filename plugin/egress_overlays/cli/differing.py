"""How `diff` reads: its headlines, and its foot, both from its data alone."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from ..manifest.quantities import many
from ..review.rows import (
    AROUND,
    BESIDE,
    BREAKS,
    CLOSES,
    FOLLOWS,
    KINDS,
    LIFTED,
    MENDED,
    NARROWS,
    OPENING,
    OPENS,
    OTHER,
    WIDENS,
    WITHIN,
    size,
)
from .differing_rows import WORDS, by_one, count_of_names, ends, for_whom, said_of, subject, tone, without
from .governing import breaking
from .grouping import is_marked
from .places import counted_in, places
from .report import BAD, DOUBTFUL, GOOD, SOFT, Line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FIRST = 5  # names in a headline
_NAMED = 5  # overlays that are named in the first line
_MOST = 20  # overlays that are named at the foot
_SINGLY = (AROUND, BESIDE, OPENS, BREAKS, FOLLOWS, CLOSES, WITHIN, MENDED)
"""What a headline tells row by row; of other kinds it tells the lists."""
_PARTS = (
    ((AROUND,), "way around the lists", "ways around the lists"),
    ((BESIDE,), "object beside the lists changed", "objects beside the lists changed"),
    ((LIFTED,), "name is for every workload now", "names are for every workload now"),
    ((OPENS,), "name opens", "names open"),
    ((WIDENS, OTHER), "name is for more clients", "names are for more clients"),
    ((BREAKS,), "part is broken", "parts are broken"),
    ((NARROWS,), "is for fewer clients", "are for fewer clients"),
    ((CLOSES,), "closes", "close"),
    (
        (WITHIN,),
        "object beside the lists changed, opens nothing",
        "objects beside the lists changed, open nothing",
    ),
    ((MENDED,), "way around is gone", "ways around are gone"),
)
"""What the first line counts, in its order."""


def headlines(data: dict[str, Any]) -> list[Line]:
    """What could not be compared, the counts, and lines for each kind of change."""
    missing, rows = data["notCompared"], data["changes"]
    lines = [Line(f"NOT COMPARED: {one['overlay']}: {one['reason']}", BAD) for one in missing[:_FIRST]]
    if len(missing) > _FIRST:
        lines.append(Line(f"NOT COMPARED: {many(len(missing) - _FIRST, 'more overlay')}, see below", BAD))
    if rows:
        first = Line.of(_counted(data))
    else:
        said = "nothing becomes reachable, and nothing stops being reachable"
        first = Line(said + (" in what could be compared" if missing else ""), DOUBTFUL if missing else GOOD)
    return [*lines, first, *chain.from_iterable(_told(kind, data) for kind in KINDS)]


def foot(data: dict[str, Any]) -> list[Line]:
    """By which commit all of it came, which overlays were compared, and which commits these are."""
    rows, lines = data["changes"], []
    commit = by_one(rows)
    if commit is not None:
        lines.append(Line(f"all by one commit: {said_of(commit)}", SOFT))
    overlays = data["overlays"]
    if len(overlays) > (_NAMED if _is_in_all(data) else 1):
        more = f" and {len(overlays) - _MOST} more" if len(overlays) > _MOST else ""
        lines.append(Line(f"all {len(overlays)} overlays: {', '.join(overlays[:_MOST])}{more}", SOFT))
    if data["base"]:
        # So that a comment says what it is about when the branch has moved on.
        after = f"commit {data['head']['id']}" if data["head"] else "the working tree"
        lines.append(Line(f"compared: commit {data['base']['id']} with {after}", SOFT))
    return lines


def _is_in_all(data: dict[str, Any]) -> bool:
    """Whether the first line speaks of all overlays."""
    return any(len(row["overlays"]) == len(data["overlays"]) for row in data["changes"])


def _counted(data: dict[str, Any]) -> list[Line]:
    """How much there is of each kind and in which overlays: once at the end where all of it is in the same ones.

    What opens for every workload, where others do not, is counted by itself, and each part has the sign that it earns.
    """
    overlays = data["overlays"]
    said: list[tuple[str, str, str]] = []
    for kinds, one, several in _PARTS:
        of_kind = [row for row in data["changes"] if row["kind"] in kinds]
        for is_for_all in (True, False) if kinds == (OPENS,) else (None,):
            rows = [row for row in of_kind if is_for_all is None or row["unlimited"] is is_for_all]
            if rows:
                text = many(sum(map(size, rows)), one, several) + (" for every workload" if is_for_all else "")
                said.append((text + _aside(rows), counted_in(rows, overlays), _gravest(rows)))
    where = {place for _, place, _ in said}
    parts: list[Line] = []
    for at, (text, place, grave) in enumerate(said):
        is_told = len(where) > 1 or at == len(said) - 1
        parts += [Line(", ")] * bool(at) + [Line(text + (place if is_told else ""), grave)]
    if 1 < len(overlays) <= _NAMED and _is_in_all(data):
        parts.append(Line(f" (all {len(overlays)}: {', '.join(overlays)})"))
    return parts


def _aside(rows: Sequence[dict[str, Any]]) -> str:
    wildcards = sum(row["wildcard"] for row in rows if row["kind"] == OPENS)
    risks = sum(len(row["risky"]) for row in rows if row["kind"] in OPENING)
    breaking = sum("policy" in row for row in rows)
    more = [f"{wildcards} by wildcard"] * bool(wildcards) + [f"{risks} risky"] * bool(risks)
    more += [f"{breaking} against a rule"] * bool(breaking)
    return f" ({', '.join(more)})" if more else ""


def _told(kind: str, data: dict[str, Any]) -> Iterator[Line]:
    """A line for all rows of `kind`; of what opens, one for each of: for every workload, worth a look, the rest."""
    rows = [row for row in data["changes"] if row["kind"] == kind]
    if kind == OPENS:
        marked = [row for row in rows if is_marked(row) and not row["unlimited"]]
        every = [row for row in rows if row["unlimited"]]
        yield from _line(f"{WORDS[kind]} for every workload", kind, every, data)
        yield from _line(WORDS[kind], kind, marked, data)
        rows = [row for row in rows if row not in marked and not row["unlimited"]]
    yield from _line(WORDS[kind], kind, rows, data)


def _line(word: str, kind: str, rows: Sequence[dict[str, Any]], data: dict[str, Any]) -> Iterator[Line]:
    if not rows:
        return
    are_names = kind in (OPENS, CLOSES)
    singly = [row for row in rows if not are_names or is_marked(row)] if kind in _SINGLY else []
    others = [row for row in rows if row not in singly]
    if are_names and len(others) <= _FIRST:
        singly, others = [*singly, *others], []
    is_one_way = len(rows) == 1 and not are_names
    said = [(_single(row), _to(row, data), _where(row, data)) for row in singly[:_FIRST]]
    more = [(f"{len(singly) - _FIRST} more", "", "")] if len(singly) > _FIRST else []
    lists = _lists(others, data)
    cut = [(f"{len(lists) - 2 * _FIRST} more", "", "")] if len(lists) > 2 * _FIRST else []
    text = _joined([*said, *more, *lists[: 2 * _FIRST], *cut], ", " if are_names else "; ")
    advice = rows[0]["said"].partition("; ")[2] if is_one_way else ""
    yield Line(f"{word}: {text}{f'; {advice}' if advice else ''}", _gravest(rows))


def _where(row: dict[str, Any], data: dict[str, Any]) -> str:
    """In which overlays a row is, with a comma behind a sentence or a list of clients."""
    where = places(row["overlays"], data["overlays"])
    return f",{where}" if where and (row["said"] or "now" in row) else where


def _joined(said: Sequence[tuple[str, str, str]], separator: str) -> str:
    """Texts with for whom and where they are, those that are alike together; where all are alike, once at the end."""
    groups: dict[tuple[str, str], list[str]] = {}
    for text, to, where in said:
        groups.setdefault((to, where), []).append(text)
    everywhere = {where for _, where in groups if where} if all(where for _, _, where in said) else set()
    suffix = next(iter(everywhere)) if len(everywhere) == 1 else ""
    return (
        "; ".join(separator.join(texts) + to + ("" if suffix else where) for (to, where), texts in groups.items())
        + suffix
    )


def _single(row: dict[str, Any]) -> str:
    """A name, or what was found without the advice, and what is to be looked at."""
    text = row["said"].partition("; ")[0] or subject(row) + without(row)
    notes = []
    if row["kind"] == OPENS:
        notes = list(filter(None, (breaking(row), ends(row), row["risk"]["said"] if row["risk"] else "")))
    return text + (f" ({'; '.join(notes)})" if notes else "")


def _lists(rows: Sequence[dict[str, Any]], data: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The lists of `rows` with how many names, for whom, and where; those that are alike together."""
    groups: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
    for row in rows:
        key = _to(row, data), _where(row, data)
        name = row["list"] or ", ".join(row["names"][:_FIRST])
        groups.setdefault(key, {}).setdefault(name, []).append(row)
    found = []
    for (to, where), lists in groups.items():
        more = f" and {len(lists) - 2 * _FIRST} more" if len(lists) > 2 * _FIRST else ""
        count = count_of_names(list(chain.from_iterable(lists.values())))
        found.append((f"{', '.join([*lists][: 2 * _FIRST])}{more} ({count})", to, where))
    return found


def _to(row: dict[str, Any], data: dict[str, Any]) -> str:
    """For whom a row is, where some change is for certain clients alone, so that it needs saying."""
    if row["unlimited"] and row["kind"] == OPENS:
        return ""  # the line says so
    said = for_whom(row, ", ")
    if row["kind"] in (OPENS, CLOSES) and not any(one["clients"] or "now" in one for one in data["changes"]):
        return ""
    return f" {said}" if said else ""


def _gravest(rows: Sequence[dict[str, Any]]) -> str:
    """The gravest tone of `rows`."""
    tones = {tone(row) for row in rows}
    return next(one for one in (BAD, DOUBTFUL, GOOD, SOFT) if one in tones)

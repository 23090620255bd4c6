"""Markdown for comments on pull requests: headlines first, then the sections; what does not fit is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.quantities import many
from ..report import BAD, DOUBTFUL, GOOD, SOFT, STRONG, TONES, Column, Line, Row, Section
from .escaping import code, markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..report import Report
    from .view import View

# A list can forge no such sign: `escaping` takes shortcodes apart.
_SIGNS = {BAD: ":warning: ", DOUBTFUL: ":warning: "}
_RESERVE = 300  # characters for the line that counts what was left out


def write(report: Report, view: View) -> str:
    """The report as GitHub's and GitLab's Markdown."""
    lines = [f"### {report.command}: {code(report.title)}", ""]
    if report.headlines:
        first, *others = report.headlines
        lines += [_strong(first), ""]
        lines += [f"- {_line(line._replace(tone='') if line.tone == GOOD else line)}" for line in others]
        lines += [""] if others else []
    foot = [_line(line) for line in report.foot]
    left = view.limit - _length([*lines, *foot]) - _RESERVE if view.limit else 0
    sections = [*report.sections, *_findings(report)]
    rows = names = 0
    for section in sections:
        written, missing = _section(section, left if view.limit else None)
        left -= _length(written)
        lines += written
        rows, names = rows + missing[0], names + missing[1]
    cut = [many(rows, "row")] * bool(rows) + [many(names, "name")] * bool(names)
    if cut:
        is_one = (rows, names) in ((1, 0), (0, 1))
        said = f"{' and '.join(cut)} {'is' if is_one else 'are'} left out here for want of room"
        lines.append(f":warning: **{said}**; the whole report has {'it' if is_one else 'them'}.")
    for line in foot:
        lines += [*([""] if lines[-1] else []), line]
    return "\n".join(lines).rstrip() + "\n"


def _length(lines: Sequence[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def _strong(line: Line) -> str:
    return _line(line if line.tone or line.parts else line._replace(tone=STRONG))


def _line(line: Line) -> str:
    """Each part with the sign of its own; what is nothing to look at is not bold."""
    return "".join(map(_part, line.parts or [line]))


def _part(line: Line) -> str:
    if line.tone in ("", SOFT):
        return markdown(line.text)
    return f"{_SIGNS.get(line.tone, '')}**{markdown(line.text.strip())}**"


def _section(section: Section, room: int | None) -> tuple[list[str], tuple[int, int]]:
    """The lines of `section`, as many rows as there is `room` for (None: all).

    And how many rows are left out, and how many folded names of those that are not.
    """
    used = [at for at in range(len(section.columns)) if any(row.cells[at] for row in section.rows)]
    columns = [section.columns[at] for at in used]
    lines = [_strong(section.headline), ""] if section.headline else []
    if not section.rows:
        return lines, (0, 0)
    lines += [f"| {' | '.join(markdown(column.title) for column in columns)} |", f"|{'---|' * len(columns)}"]
    left = None if room is None else room - _length(lines) - 1
    names = 0
    for at, row in enumerate(section.rows):
        line = _row(columns, row, used)
        if left is not None:
            if row.folded and len(line) >= left:
                line = _row(columns, row._replace(folded=()), used)
                names += len(row.folded)
            left -= len(line) + 1
            if left < 0:
                names -= len(row.folded)
                return ([*lines, ""] if at else []), (len(section.rows) - at, names)
        lines.append(line)
    return [*lines, ""], (0, names)


def _row(columns: Sequence[Column], row: Row, used: Sequence[int]) -> str:
    cells = [
        code(row.cells[at]) if column.is_quoted else markdown(row.cells[at])
        for column, at in zip(columns, used, strict=True)
    ]
    cells[0] = _SIGNS.get(row.tone, "") + cells[0]
    if row.folded:
        names = ", ".join(map(code, row.folded))
        at = next((at for at, column in enumerate(columns) if column.is_quoted), 0)
        cells[at] += f" <details><summary>{many(len(row.folded), 'name')}</summary>{names}</details>"
    return f"| {' | '.join(cells)} |"


def _findings(report: Report) -> list[Section]:
    """The findings as a section, where there are any."""
    columns = (Column("severity"), Column("place", is_quoted=True), Column("finding"), Column("rule", is_quoted=True))
    rows = [
        Row(
            (one.severity, one.place, f"{one.said} (accepted: {one.accepted})" if one.accepted else one.said, one.rule),
            "" if one.accepted else TONES[one.severity],
        )
        for one in report.findings
    ]
    return [Section(None, columns, rows)] if rows else []

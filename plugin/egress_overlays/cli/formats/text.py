"""Aligned text for people, in colour where that is shown, no wider than the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..report import BAD, DOUBTFUL, GOOD, SOFT, STRONG, TONES, Column, Row
from .escaping import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..report import Line, Report, Section
    from .view import View

_CODES = {BAD: "31", GOOD: "32", DOUBTFUL: "33", STRONG: "1", SOFT: "2"}
_NARROWEST = 12
_GAP = 2


def write(report: Report, view: View) -> str:
    """Headlines, sections, findings, the foot."""
    lines = [_line(line, view) for line in report.headlines]
    for section in report.sections:
        if section.is_detail and not view.every:
            continue
        if lines and section.headline:
            lines.append("")
        lines += _section(section, view)
    for one in report.findings:
        if view.every or not (one.accepted or TONES[one.severity] == SOFT):
            severity = paint(one.severity, TONES[one.severity], on=view.colour)
            accepted = f" (accepted: {visible(one.accepted)})" if one.accepted else ""
            lines.append(f"{visible(one.place)}: {severity}: {visible(one.said)} [{one.rule}]{accepted}")
    if report.foot:
        lines += ["", *(_line(line, view) for line in report.foot)]
    return "".join(f"{line}\n" for line in lines)


def _line(line: Line, view: View) -> str:
    return "".join(paint(visible(part.text), part.tone, on=view.colour) for part in line.parts or [line])


def paint(text: str, tone: str, *, on: bool) -> str:
    """`text` in the colour of `tone`, where colours are `on`."""
    return f"\033[{_CODES[tone]}m{text}\033[0m" if on and text and tone else text


def _section(section: Section, view: View) -> list[str]:
    lines = []
    if section.headline:
        lines.append(paint(visible(section.headline.text), section.headline.tone or STRONG, on=view.colour))
    if not section.rows:
        return lines
    header, *rows = table(section.columns, section.rows, view.width)
    if any(column.title for column in section.columns):
        lines.append(paint(header, STRONG, on=view.colour))
    for line, row in zip(rows, section.rows, strict=True):
        lines.append(paint(line, row.tone, on=view.colour))
        if view.every:
            lines += [f"    {visible(name)}" for name in row.folded]
    return lines


def table(columns: Sequence[Column], rows: Sequence[Row], width: int = 0) -> list[str]:
    """Aligned lines, the header's first, two spaces between columns, within `width` characters (0: no bound).

    Columns that are empty in every row are left out. Where it is too wide, the columns that matter least are cut, and
    left out where that is not enough.
    """
    cells = [[visible(cell) for cell in row.cells] for row in rows]
    used = [at for at in range(len(columns)) if any(row[at] for row in cells)] or [0]
    titles = [visible(columns[at].title).upper() for at in used]
    lines = [titles, *([row[at] for at in used] for row in cells)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    if width:
        widths = _fitting(widths, [columns[at].matters for at in used], width)
    return [
        (" " * _GAP)
        .join(_cut(cell, space).ljust(space) for cell, space in zip(line, widths, strict=True) if space)
        .rstrip()
        for line in lines
    ]


def _fitting(widths: Sequence[int], matters: Sequence[int], width: int) -> list[int]:
    """`widths` made smaller until they fit; 0 for a column that is left out."""
    fitted = list(widths)
    *others, first = sorted(range(len(fitted)), key=lambda at: (matters[at], -at))
    for narrowest, at in [*((_NARROWEST, at) for at in others), *((0, at) for at in others), (1, first)]:
        over = sum(fitted) + _GAP * (sum(map(bool, fitted)) - 1) - width
        if over > 0:
            fitted[at] = max(min(fitted[at], narrowest), fitted[at] - over) if narrowest else 0
    return fitted


def _cut(cell: str, space: int) -> str:
    return cell if len(cell) <= space else cell[: max(space - 1, 0)] + "…"

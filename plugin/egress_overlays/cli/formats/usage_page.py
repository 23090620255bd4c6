"""Usage as one HTML page, with a plot of connections over time; it needs JavaScript for the search alone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ...manifest.quantities import many
from ...version import VERSION
from .escaping import html

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..report import Report, Row, Section

_WIDTH, _HEIGHT, _MOST_BARS = 960, 180, 96
# From the bottom of a bar to its top. What was sent is what the gateway let out, where only sidecars' logs are at hand.
_KINDS = {
    "let out": ("forwarded", "decided", "sent"),
    "past the gateway": ("direct",),
    "failed": ("failed",),
    "refused": ("refused",),
}


def values(report: Report) -> dict[str, str]:
    """What stands in the places of usage.html."""
    return {
        "TITLE": html(report.title),
        "HEADLINES": "".join(f'<p class="{line.tone}">{html(line.text)}</p>' for line in report.headlines),
        "PLOT": _plot(report.data["hours"]),
        "SECTIONS": "".join(map(_section, report.sections)),
        "VERSION": html(VERSION),
    }


def _section(section: Section) -> str:
    used = [at for at in range(len(section.columns)) if any(row.cells[at] for row in section.rows)]
    titles = [section.columns[at].title for at in used]
    head = "".join(f'<th scope="col">{html(title)}</th>' for title in titles)
    body = "\n".join(_row(row, titles, used) for row in section.rows)
    headline = html(section.headline.text) if section.headline else ""
    return (
        f"<h2>{headline} ({len(section.rows)})</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _row(row: Row, titles: Sequence[str], used: Sequence[int]) -> str:
    first, *others = used
    cells = "".join(
        f'<td data-title="{html(title)}">{html(row.cells[at])}</td>'
        for title, at in zip(titles[1:], others, strict=True)
        if row.cells[at] or len(titles) > 1
    )
    names = "".join(f"<li>{html(name)}</li>" for name in row.folded)
    folded = f"<details><summary>{many(len(row.folded), 'name')}</summary><ul>{names}</ul></details>" if names else ""
    return f'<tr class="{row.tone}"><th scope="row">{html(row.cells[first])}{folded}</th>{cells}</tr>'


def _plot(hours: Sequence[dict[str, Any]]) -> str:
    """Stacked bars over time, an hour or several each."""
    if not hours:
        return "<p>The log says no times.</p>"
    found = {kind: _counted(hours, outcomes) for kind, outcomes in _KINDS.items()}
    times = sorted({hour["hour"] for hour in hours})
    each = -(-len(times) // _MOST_BARS)
    groups = [times[at : at + each] for at in range(0, len(times), each)]
    totals = [{kind: sum(counts[hour] for hour in group) for kind, counts in found.items()} for group in groups]
    most = max(sum(total.values()) for total in totals) or 1
    wide = _WIDTH / len(groups)
    bars = []
    for number, (group, total) in enumerate(zip(groups, totals, strict=True)):
        words = ", ".join(f"{count} {kind}" for kind, count in total.items() if count)
        bars.append(f"<g><title>{html(group[0].replace('T', ' '))}:00: {html(words)}</title>")
        top = float(_HEIGHT)
        for at, count in enumerate(total.values()):
            high = count / most * (_HEIGHT - 4)
            top -= high
            left, across = number * wide, min(wide - 1, 40)
            bars.append(f'<rect class="k{at}" x="{left:.1f}" y="{top:.1f}" width="{across:.1f}" height="{high:.1f}"/>')
        bars.append("</g>")
    legend = "".join(
        f'<span><i class="k{at}"></i> {html(kind)} {sum(found[kind].values())}</span>' for at, kind in enumerate(_KINDS)
    )
    first, last = (html(time.replace("T", " ") + ":00") for time in (times[0], times[-1]))
    return (
        f"<figure><figcaption>Connections by time, {most} at the most in a bar. {legend}</figcaption>"
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" preserveAspectRatio="none" '
        f'aria-label="Connections by time">{"".join(bars)}</svg>'
        f'<div class="ends"><span>{first}</span><span>{last}</span></div></figure>'
    )


def _counted(hours: Sequence[dict[str, Any]], outcomes: Sequence[str]) -> Counter[str]:
    """By hour, the most that one of `outcomes` counted: they tell of the same connections."""
    found: Counter[str] = Counter()
    for one in hours:
        if one["outcome"] in outcomes:
            found[one["hour"]] = max(found[one["hour"]], one["count"])
    return found

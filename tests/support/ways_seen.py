"""What each way out lets through, as `make ways` and `make envoy-gateway` have seen it: kept, compared, and shown.

tests/e2e/ways/seen.json holds it; docs/ways.md is the whole of it, docs/why.md the rows in which the ways differ.
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

from builds import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KEPT = ROOT / "tests/e2e/ways/seen.json"
WHY, WHOLE = ROOT / "docs/why.md", ROOT / "docs/ways.md"
BEGIN, END = "<!-- made by `make ways` -->\n", "<!-- end -->\n"
LAST = "this gateway"
"""The way whose column is the last one."""


def kept() -> dict[str, Any]:
    """`connections`: [group, title, what should be] each; `ways`: what each way's come to, in that order."""
    found: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
    return found


def keep(connections: Sequence[tuple[str, str, str]], ways: dict[str, list[str]]) -> None:
    """Write down what these ways came to, beside what others had come to by the same connections, and both pages."""
    old = kept()
    beside = old["ways"] if old["connections"] == [list(one) for one in connections] else {}
    both = {**beside, **ways}
    both = {name: both[name] for name in sorted(both, key=lambda name: name == LAST)}
    parts = [
        *("  " + json.dumps(connection) for connection in connections),
        *(f"  {json.dumps(name)}: {json.dumps(column)}" for name, column in both.items()),
    ]
    first, second = ",\n".join(parts[: len(connections)]), ",\n".join(parts[len(connections) :])
    KEPT.write_text(f'{{\n "connections": [\n{first}\n ],\n "ways": {{\n{second}\n }}\n}}\n', encoding="utf-8")
    for page, made in ((WHY, shorter()), (WHOLE, whole())):
        before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
        page.write_text(before + BEGIN + made + END + rest.partition(END)[2], encoding="utf-8")


def whole() -> str:
    """Every connection, a table a group."""
    groups = itertools.groupby(_rows(), key=lambda row: row[0])
    return "\n".join(f"## {group[0].upper()}{group[1:]}\n\n{_table(rows)}" for group, rows in groups)


def shorter() -> str:
    """The connections in which the ways differ, those that come to the same in one row; and of the others how many."""
    differ: list[tuple[str, ...]] = []
    right = 0
    for group, rows in itertools.groupby(_rows(), key=lambda row: row[0]):
        alike: dict[tuple[str, ...], list[str]] = {}
        for _, title, *cells in rows:
            if any("**" in cell for cell in cells):
                alike.setdefault(tuple(cells), []).append(title)
            else:
                right += 1
        differ += [(group, _listed(group, titles), *same) for same, titles in alike.items()]
    count = f"the other {right} of the {len(kept()['connections'])} connections"
    return f"{_table(differ)}\nEvery way has {count} right; [ways.md](ways.md) has them all, one by one.\n"


def _listed(group: str, titles: list[str]) -> str:
    """The titles in one cell; what several in a row begin with, the part before a colon, once."""
    starts = [title.rpartition(": ")[0] for title in titles]
    shown = [
        title.removeprefix(f"{start}: ") if start and start == before else title
        for title, start, before in zip(titles, starts, ["", *starts], strict=False)
    ]
    text = "; ".join(shown)
    return f"{group} {text}" if group.startswith("a listed name") else text


def _rows() -> Iterator[tuple[str, ...]]:
    """Group, title, what should be, and a cell a way; what should not be is bold."""
    found = kept()
    for number, (group, title, should) in enumerate(found["connections"]):
        words = [column[number] for column in found["ways"].values()]
        cells = ("-" if word == "not asked" else word if word == should else f"**{word}**" for word in words)
        yield (group, title, should, *cells)


def _table(rows: Any) -> str:
    ways = list(kept()["ways"])
    lines = [f"| asked for | should be | {' | '.join(ways)} |", "|---" * (len(ways) + 2) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(cells)} |" for _, *cells in rows)]) + "\n"

"""A double-quoted text of YAML taken apart, so that lines of it change and no other character does."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# A line that goes on after a backslash, an escape, and a fold with the white space around it (YAML 1.2.2, 7.3.1). A
# line feed that stands for itself ends a line of the text where an empty line follows it.
_TOKEN = re.compile(
    r"(?P<joined>\\[ \t]*\r?\n[ \t]*)|(?P<escape>\\(?:x..|u.{4}|U.{8}|.))|(?P<fold>[ \t]*(?:\r?\n[ \t]*)+)",
    re.DOTALL,
)
_LINE_FEEDS = ("\\n", "\\x0a", "\\x0A", "\\u000a", "\\u000A")


class Unclear(ValueError):  # noqa: N818 - says what is the matter with the text
    """A text whose lines cannot be told apart in the way that it is written."""


def edited(source: str, lines: Sequence[int | str], old: Sequence[str]) -> str:
    """`source`, a double-quoted text that says `old`, saying `lines` instead: numbers of lines to keep, and new ones.

    Raises Unclear.
    """
    ends = _line_ends(source)
    if len(ends) != len(old):
        raise Unclear(source)
    starts = [1, *(after for _, after in ends[:-1])]
    result: list[str] = []
    separator = ""  # what ends the line before
    for entry in lines:
        if isinstance(entry, str):
            result += [separator, json.dumps(entry, ensure_ascii=False)[1:-1]]
            separator = "\\n"
        else:
            before, after = ends[entry]
            result += [separator, source[starts[entry] : before]]
            separator = source[before:after] or "\\n"
    return f'"{"".join(result)}"'


def _line_ends(source: str) -> list[tuple[int, int]]:
    """Where each line of the text in `source` ends: before and after what ends it."""
    ends = []
    for token in _TOKEN.finditer(source, 1, len(source) - 1):
        feeds = token.group().count("\n") - 1 if token.lastgroup == "fold" else 0
        if feeds > 1:
            raise Unclear(source)
        if feeds == 1 or token.group() in _LINE_FEEDS:
            ends.append((token.start(), token.end()))
    return [*ends, (len(source) - 1, len(source) - 1)]

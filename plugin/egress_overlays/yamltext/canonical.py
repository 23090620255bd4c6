"""Text of YAML in the plain style of kubectl and Kustomize, which every reader of YAML reads alike.

No parser: a text passes where each of its lines is of a form that is known to have one reading. What does not pass is
read a second time, as the API server reads it (see `cluster`). `make fuzz` holds this against the real readers.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Texts of YAML 1.1 that stand for true and false, or that are no text to other readers.
_WORDS = "y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF"
_OTHERS = "null|Null|NULL|true|True|TRUE|false|False|FALSE"
# A text without quotes: no ": ", no " #", no blank at its end.
_REST = r"(?:[^\s:#]|:(?=\S)|(?<=\S)#|[ ](?=[^\s#]))*"
_KEY = (
    rf"(?!(?:{_WORDS}|{_OTHERS}):(?:[ ]|$))(?:[A-Za-z_/.][\w/.:-]{{0,250}}(?<!:)(?<![.][.])"
    r"|\"[^\"\\\t]{0,250}\"|'[^'\t]{0,250}')"
)
_VALUE = (
    r"(?:\"[^\"\\\t]*\"|'(?:[^'\t]|'')*'|\[\]|\{\}|-?(?:0|[1-9][0-9]{0,14})(?:[.][0-9]{1,9})?"
    rf"|(?!(?:{_WORDS})(?:$|[ ]))[A-Za-z_/$(]{_REST}"
    r"|[0-9a-f]{0,4}(?::[0-9a-f]{1,4})*::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*)?/[0-9]{1,3}"
    r"|[1-9][0-9]*(?:s|m|h|ms|Ki|Mi|Gi|%)|[0-9]+[.][0-9]+[.][0-9]+(?:[.][0-9]+)?(?:/[0-9]+)?)"
)
_COMMENT = r"(?:[ ]+#.*)?"
_MORE = rf"(?!(?:{_WORDS}|{_OTHERS})$)[A-Za-z_/$(]{_REST}"  # a text without quotes goes on
_LINE = re.compile(rf"[ ]*(?:(?:(?:-[ ])?{_KEY}:(?:[ ]{_VALUE})?|-[ ]{_VALUE}){_COMMENT}|-|[ ]{_MORE}|)", re.ASCII)
_COMMENT_LINE = re.compile(r"[ ]*#.*")
_TEXT = re.compile(rf"([ ]*(?:-[ ])?){_KEY}:[ ][|>][-+]?", re.ASCII)
_QUOTED = re.compile(rf"([ ]*(?:-[ ])?){_KEY}:[ ]'(?:[^'\t]|'')*[^\s']", re.ASCII)
_QUOTED_LINE = re.compile(r"([ ]+)[^\s'](?:[^'\t]|'')*('?)", re.ASCII)


def is_canonical(text: str) -> bool:
    """Whether every reader of YAML reads `text` alike, by the form of its lines; see strict.check_characters first."""
    lines = text.split("\n")
    odd = {line for line in set(lines) if not (_LINE.fullmatch(line) or _COMMENT_LINE.fullmatch(line))}
    return not odd or (any(_begins(line) for line in odd) and _are_texts(iter(lines), odd))


def _begins(line: str) -> bool:
    return bool(_TEXT.fullmatch(line) or _QUOTED.fullmatch(line))


def _are_texts(lines: Iterator[str], odd: set[str]) -> bool:
    """Whether the `odd` ones among `lines` are texts of several lines alone: block scalars, or in single quotes."""
    line: str | None = next(lines)
    while line is not None:
        if line not in odd:
            line = next(lines, None)
        elif found := _TEXT.fullmatch(line):
            line = _after_block(lines, len(found[1]))
            if line == "":
                return False
        elif found := _QUOTED.fullmatch(line):
            if not _ends_quoted(lines, len(found[1])):
                return False
            line = next(lines, None)
        else:
            return False
    return True


def _after_block(lines: Iterator[str], column: int) -> str | None:
    """The line after a block scalar of the key in `column`, None at the end, "" where readers might differ."""
    least = 0  # the indentation of its first line
    for line in lines:
        depth = len(line) - len(line.lstrip(" "))
        if depth == len(line):
            if not least:
                return ""
        elif depth > column:
            least = least or depth
            if depth < least or line[depth] == "\t":
                return ""
        else:
            return line if least else ""
    return None if least else ""


def _ends_quoted(lines: Iterator[str], column: int) -> bool:
    """Whether a text in single quotes, of the key in `column`, goes on by plain lines and ends at the end of one."""
    for line in lines:
        found = _QUOTED_LINE.fullmatch(line)
        if not found or len(found[1]) <= column:
            return False
        if found[2]:
            return True
    return False

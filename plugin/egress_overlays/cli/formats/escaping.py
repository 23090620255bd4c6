"""Text from manifests, made harmless for each format. Escaping stands here and nowhere else.

Nothing that a manifest says can move a cursor, end a line or a cell, make a link, call somebody, or hide a character.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from ...names.characters import invisible

_SELECTORS = "\ufe0e\ufe0f"  # of emoji: they hide nothing
_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~&!$]")
_JOINER = "\u200d"
# What GitHub and GitLab make mentions, references, links and emoji of.
_CALLS = re.compile(r"@|#(?=\w)|:(?=//)|:(?=[\w+-]+:)|(?<=www)(?=\.)", re.IGNORECASE)


def visible(text: str) -> str:
    """`text` on one line, with what no eye sees written out, as Python writes it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _is_seen(char) else ascii(char)[1:-1] for char in text)


def _is_seen(char: str) -> bool:
    return char.isprintable() and (char in _SELECTORS or invisible(char) is None)


def markdown(text: str) -> str:
    """`text` as Markdown (CommonMark 0.31, GFM 0.29) that shows just that."""
    escaped = _MARKUP.sub(lambda match: "\\" + match[0], visible(text))
    # A zero-width joiner keeps GitHub from taking a mention or an address for one.
    return _CALLS.sub(lambda match: match[0] + _JOINER, escaped)


def code(text: str) -> str:
    """`text` as a code span that may stand in a table (GFM 4.10, 6.3)."""
    shown = visible(text).replace("\\|", "\\ |").replace("|", "\\|")
    if not shown.strip():
        return ""
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` \\" else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def label(text: str) -> str:
    """`text` for the value of a label (Prometheus, text-based format 0.0.4)."""
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')


def html(text: str) -> str:
    """`text` for elements and quoted attributes."""
    from html import escape

    return escape(visible(text))


def lines(text: str) -> str:
    """`text` of several lines for XML, without what XML 1.0 cannot hold."""
    return "\n".join(map(visible, text.split("\n")))


def message(text: str) -> str:
    """`text` as a message of SARIF: no embedded link, no placeholder (SARIF 2.1.0, 3.11.5 and 3.11.6)."""
    linkless = re.sub(r"[\\\[\]]", lambda match: "\\" + match[0], visible(text))
    return linkless.replace("{", "{{").replace("}", "}}")


def uri(file: str) -> str:
    """A path as a URI reference (RFC 3986)."""
    from pathlib import Path

    return Path(file).as_uri() if file.startswith("/") else quote(file)


def command(text: str) -> str:
    """`text` as the message of a GitHub workflow command, which ends at a line break."""
    return visible(text).replace("%", "%25")


def parameter(text: str) -> str:
    """`text` as a parameter of a GitHub workflow command."""
    return command(text).replace(":", "%3A").replace(",", "%2C")


def unicode_escapes(text: str) -> str:
    """JSON or double-quoted YAML with what no eye sees as escapes, which stand for the same text."""
    if text.isascii():
        return text
    return "".join(char if char == "\n" or _is_seen(char) else _unicode_escape(char) for char in text)


def _unicode_escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))

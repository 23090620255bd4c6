"""Items that take no part, told from their text alone, so that they need not be parsed.

Most resources of a build are none of ours, and parsing them would be most of the work. They leave as
they came, faults of their own included. Where the text leaves any doubt, the answer is no, and the
item is parsed.
"""

from __future__ import annotations

from ..manifest.resource import POLICY_KIND, PREFIX
from ..sites import COPIED
from . import ODD_BREAKS
from .document import may_begin

_PARTS = PREFIX[:9], PREFIX[9:], "ERLAYS.", "erlays.D", POLICY_KIND


def is_bystander(item: str) -> bool:
    """Whether `item`, a block sequence's item without its `- `, is one whole mapping that carries no key of ours.

    Nor may it be of a kind that is copied, for it could have the name that a copy needs. `item` is what
    stands before a line that starts with `- `, or before the end. Three things are shown:

    It holds no key of ours: those begin with PREFIX, and only a backslash or an alias could write one
    otherwise. The anchor of such an alias would stand beside PREFIX, in an item that is parsed. A key with
    one letter wrong is to be heard of too: one half of PREFIX is whole in it. So is one in capitals. A policy
    is to be heard of by its kind as well, whatever its API version says.

    It is a mapping: it starts with a plain key and its colon.

    It ends where it seems to: see `_closes`.
    """
    if any(part in item for part in _PARTS) or "\\" in item or "\t" in item or "\r" in item:
        return False
    if any(kind in item for kind in COPIED) or any(mark in item and may_begin(item, mark) for mark in "&!"):
        return False
    if not item.isascii() and any(char in item for char in ODD_BREAKS):
        return False
    key, colon, rest = item.partition(":")
    if not (colon and key.isalnum() and rest[:1] in " \n"):
        return False
    # A line at column 0 belongs to no item; comments and runs of blank lines are merely rare there.
    if item.count("\n") != item.count("\n ") + item.count("\n\n"):
        return False
    return _closes(item + "\n")


def _closes(lines: str) -> bool:
    """Whether every line that opens a quoted scalar or a flow collection also ends it.

    Nothing else could go on past a line that starts with `- `. Either begins a node, so that in block
    style white space stands before its first character (YAML 1.2.2, 7.3 to 8.2): call every quote or
    bracket after white space a candidate. Take a line at whose start nothing is open, and the first
    candidate on it. Where that opens a scalar which ends at the line's end, all is well, whatever
    stands inside. Where it opens nothing (it stands in a comment, a block scalar or a plain scalar)
    another candidate might. So the line passes in two cases alone:

    - the first candidate follows a colon, and its next quote is the last character of the line: behind
      a colon and a space a node begins, if nodes begin on this line at all;
    - the first candidate is the only one, and ends the same way.

    Every other line is in doubt.
    """
    for quote in "'\"":
        if quote in lines:
            lines = _without_values(lines, quote)
    if "[" in lines and lines.count(" [") != lines.count(" []\n"):
        return False
    if "{" in lines and lines.count(" {") != lines.count(" {}\n"):
        return False
    return all(quote not in lines or _each_closed(lines, quote) for quote in "'\"")


def _without_values(lines: str, quote: str) -> str:
    """`lines` without the quoted scalars that follow a colon and end their line; the colon stays.

    It keeps a candidate before it from passing for the only one of its line: that would have to end there.
    """
    first, *pieces = lines.split(": " + quote)
    kept = [first]
    for piece in pieces:
        end = piece.find("\n")
        closed = end > 0 and piece.find(quote) == end - 1
        kept.append(":" + piece[end:] if closed else f": {quote}{piece}")
    return "".join(kept)


def _each_closed(lines: str, quote: str) -> bool:
    """Whether each `quote` after white space has its next `quote` at the end of the same line."""
    for piece in lines.split(" " + quote)[1:]:
        end = piece.find("\n")
        if end < 1 or piece.find(quote) != end - 1:
            return False
    return True

"""What is wrong with a comment: letters that read as others, fields that cannot be read; loaded where one may be."""

from __future__ import annotations

from ..manifest.findings import ERROR, Finding
from ..names.domain import ascii_quoted
from . import fields
from .fields import are_plain

__all__ = ["are_plain", "faults"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..manifest.resource import Resource


def faults(source: Resource, group: str, line: int, comment: str, *, has_name: bool) -> Iterator[Finding]:
    """The faults of the comment of a line, which may have no name."""
    if not comment.isprintable():
        yield from _disguised(source, group, line, comment)
    if "=" in comment:
        yield from fields.faults_of_line(source, group, line, comment, has_name=has_name)


def _disguised(source: Resource, group: str, line: int, comment: str) -> Iterator[Finding]:
    """A comment that a screen shows as something else ("Trojan Source", CVE-2021-42574)."""
    from ..names.characters import disguising

    found = disguising(comment)
    if found:
        yield Finding(
            ERROR,
            f"the comment {ascii_quoted(comment)} holds {found}, which can make a line read as another; delete it",
            rule="comment",
            resource=source,
            group=group,
            line=line,
            value=comment,
        )

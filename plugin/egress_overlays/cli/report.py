"""What a command found out, as every format is given it: headlines, sections of rows, findings with place, a foot.

A command makes `data` first and the rest from it, so that no format knows more than JSON. Text stands here as it was
read; `formats.escaping` makes it harmless for each format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..manifest.findings import ERROR, INFO, WARNING

if TYPE_CHECKING:
    from collections.abc import Sequence

GOOD, BAD, DOUBTFUL, STRONG, SOFT = "good", "bad", "doubtful", "strong", "soft"
"""Tones: how a line or row is meant. Formats choose colours or signs for them."""
TONES = {ERROR: BAD, WARNING: DOUBTFUL, INFO: SOFT}
"""The tone of each severity."""


class Line(NamedTuple):
    """One sentence for a person, and its tone; or its `parts`, each with its own, which make `text` together."""

    text: str
    tone: str = ""
    parts: tuple[Line, ...] = ()

    @classmethod
    def of(cls, parts: Sequence[Line]) -> Line:
        """The sentence that `parts` make together."""
        return cls("".join(part.text for part in parts), parts=tuple(parts))


class Column(NamedTuple):
    """A column's `title`. `is_quoted`: its text is somebody else's. What `matters` least is cut first."""

    title: str
    is_quoted: bool = False
    matters: int = 1


class Row(NamedTuple):
    """The cells of one row, its tone, and `folded`: what belongs to it and is shown on demand."""

    cells: tuple[str, ...]
    tone: str = ""
    folded: tuple[str, ...] = ()


class Section(NamedTuple):
    """A table with its headline, where it has one. `is_detail`: it is shown on demand alone."""

    headline: Line | None
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    is_detail: bool = False


class Found(NamedTuple):
    """A finding of the input `path`, and where it stands; `line` is 0 where that is not known.

    `said` is the message with the object in it. `fails`: it makes the exit code 1. `accepted` is the reason for which
    somebody accepted it, `proposal` what to write instead; both are empty where there is none. `accepted_at` is the
    file and line of an acceptance that does not stand beside the line which it is for.
    """

    path: str
    severity: str
    rule: str
    said: str
    file: str
    line: int = 0
    fails: bool = False
    accepted: str = ""
    proposal: str = ""
    columns: tuple[int, int] = (0, 0)
    accepted_at: tuple[str, int] | None = None

    @property
    def place(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}" if self.line else self.file


class Case(NamedTuple):
    """One thing that was tried, for JUnit: `suite` and `name`, and what was said of it, `failures` first."""

    suite: str
    name: str
    rule: str
    failures: Sequence[str] = ()
    others: Sequence[str] = ()


class Report:
    """The outcome of `command` in all its parts."""

    def __init__(  # noqa: PLR0913 - a record; all but three are named where it is made
        self,
        command: str,
        title: str,
        data: Any,
        *,
        headlines: Sequence[Line] = (),
        sections: Sequence[Section] = (),
        foot: Sequence[Line] = (),
        findings: Sequence[Found] = (),
        cases: Sequence[Case] = (),
    ) -> None:
        self.command = command
        self.title = title
        self.data = data
        self.headlines = headlines
        self.sections = sections
        self.foot = foot
        self.findings = findings
        self.cases = cases

"""What a format says of what it read: names to carry over, and notes on everything that is not the same."""

from __future__ import annotations

from typing import NamedTuple

WIDER = "opened wider"
LEFT = "left out"
REMARK = "remark"
KINDS = (WIDER, LEFT, REMARK)
"""The kinds of notes, the gravest first: more is open than was; less is; the same is, and there is more to know."""


class Place(NamedTuple):
    """Where something stands: `line` and `column` from 1, 0 where they are not known."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Scope(NamedTuple):
    """Whom a name was open for, where that was not every workload: `words` say it, `place` is where it says so.

    `clients` are lines of the annotation egress-overlays.dev/clients; where they are more than was meant, or none, it
    is not `exact`.
    """

    words: str
    place: Place
    clients: tuple[str, ...] = ()
    exact: bool = False


class Carried(NamedTuple):
    """A name to take over, as our lists write it (`.name` for both), its `group`, where it stood, and for whom.

    `among` is the same object for names that the same rules decided about, and None where nothing can be denied.
    """

    name: str
    group: str
    place: Place
    comment: str = ""
    scope: Scope | None = None
    namespace: str = ""
    among: object = None


class Denied(NamedTuple):
    """A pattern `name` that is closed, `by` being a wildcard that is open and holds it; `among` as in Carried."""

    name: str
    by: str
    place: Place
    among: object
    comment: str = ""

    @property
    def still_open(self) -> Note:
        """What to say where a list cannot deny it."""
        return wider(self.place, f'"{self.name}" was denied, and is open now by "{self.by}"', self.name)


class Note(NamedTuple):
    """Something that is not taken over exactly: of what `kind`, where, and why; `name` is the name it is about.

    `proposal` is a line for a list that somebody may have meant.
    """

    kind: str
    place: Place
    words: str
    name: str = ""
    proposal: str = ""

    @property
    def file(self) -> str:
        """The file it is about."""
        return self.place.file

    @property
    def line(self) -> int:
        """The line in that file, 0 where it is about the whole."""
        return self.place.line

    def __str__(self) -> str:
        return f"{self.place}: {self.kind}: {self.words}"


Found = Carried | Denied | Note


def wider(place: Place, words: str, name: str = "") -> Note:
    """A note that something is open which was not."""
    return Note(WIDER, place, words, name)


def left(place: Place, words: str, name: str = "", proposal: str = "") -> Note:
    """A note that something is not carried over."""
    return Note(LEFT, place, words, name, proposal)


def remark(place: Place, words: str) -> Note:
    """A note on something that is carried over exactly."""
    return Note(REMARK, place, words)

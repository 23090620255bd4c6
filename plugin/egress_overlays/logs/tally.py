"""What a log comes to: connections by client and name, and how many lines said nothing and why.

Memory goes by the number of clients and names, and not by the length of the log.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..names import domain
from ..names.ports import can_hold
from . import connection, formats, jsonlines, requests
from .connection import Connection, Fields, Origin
from .envelopes import unwrap
from .sources import TOO_LONG
from .workloads import NOBODY, Pods, Workload

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_NAMES = 50_000  # of one client: whoever asks for more makes them up
NO_NAMES = "names that no list may hold"
_HELD = 50_000  # lines of different kinds, before they are added up
_LONGEST_LINE = 1 << 14
_EXAMPLES = 3
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")


@dataclass
class Seen:
    """Connections of one client to one name: how many by outcome, by which rules, when first and last."""

    outcomes: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    first: str = ""
    last: str = ""
    internal: bool = False

    def merge(self, other: Seen) -> None:
        """Add what another client saw."""
        self.outcomes += other.outcomes
        self.rules += other.rules
        self.span(other.first, other.last)
        self.internal = self.internal or other.internal

    def span(self, first: str, last: str) -> None:
        """Let the time between them belong to this."""
        self.first = min(filter(None, (self.first, first)), default="")
        self.last = max(self.last, last)


class Tally:
    """Counts lines. After `finish`, `pairs` are the connections by client and name, `aside` the lines that say nothing.

    A name at another port than 443 ends in it, one by plain HTTP in its port and /http.

    `examples` are a few names of those set aside, `hours` the connections by hour and outcome where `by_hour`, `first`
    and `last` the ends of the window that the log covers, `crowded` the clients that asked for too many names.
    """

    def __init__(
        self, pods: Pods | None = None, form: formats.TextFormat | None = None, *, by_hour: bool = False
    ) -> None:
        self.pairs: dict[tuple[Workload, str], Seen] = {}
        self.aside: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}
        self.hours: Counter[tuple[str, str]] = Counter()
        self.crowded: set[Workload] = set()
        self.window = Seen()
        self.lines = 0
        self._pods = pods or Pods()
        self._own = form
        self._hour = 13 if by_hour else 0
        self._held: dict[Origin, dict[Any, list[Any]]] = {}
        self._quick = formats.Quick()
        self._names: Counter[Workload] = Counter()

    def add(self, piece: bytes, origin: Origin) -> None:
        """Count the lines of `piece`, which the pod `origin` wrote where nothing around them says otherwise.

        Each ends in a line feed.
        """
        if piece[:1] == b"{":
            lines = io.BytesIO(piece).readlines()  # quicker than split, where lines are long
            self.lines += len(lines)
            others: list[bytes] = []
            self._count(jsonlines.quick(lines, others), origin)
            self._add_lines(others, origin)
        else:
            count = piece.count(b"\n")
            self.lines += count
            usual = self._quick.read_all(piece, count)
            if usual is not None:
                self._count(usual, origin)
            else:
                self._add_lines(piece.split(b"\n")[:-1], origin)
        if sum(map(len, self._held.values())) > _HELD:
            self.finish()

    def _add_lines(self, lines: list[bytes], origin: Origin) -> None:
        rest = self._quickly(lines, origin)
        if self._own is not None:
            rest = self._of_own_format(rest, origin, self._own)
        surrounded: dict[Origin, list[bytes]] = {}
        for line in rest:
            whose, inner = self._unwrapped(line, origin)
            surrounded.setdefault(whose, []).append(inner)
        for whose, inner_lines in surrounded.items():
            others = self._quickly(inner_lines, whose)
            slow = filter(None, map(self._slowly, others))
            self._count(((at, (fields,)) for at, fields in slow), whose)

    def _quickly(self, lines: list[bytes], origin: Origin) -> list[bytes]:
        """Count the lines of Istio's own formats, and give back all others."""
        no_text: list[bytes] = []
        others: list[bytes] = []
        self._count(self._quick.read(lines, no_text), origin)
        if no_text:
            self._count(jsonlines.quick(no_text, others), origin)
        return others

    def _count(self, found: Iterable[tuple[Any, tuple[Any, ...]]], origin: Origin) -> None:
        """Add to what is held: by origin, and what tells lines apart, how often, when first and last."""
        held = self._held.setdefault(origin, {})
        hour = self._hour
        for at, one in found:
            key = (*one, at[:hour]) if hour else one
            if key in held:
                entry = held[key]
                entry[0] += 1
                if at > entry[2]:
                    entry[2] = at
                elif at < entry[1]:
                    entry[1] = at
            else:
                held[key] = [1, at, at]

    def _unwrapped(self, line: bytes, origin: Origin) -> tuple[Origin, bytes]:
        return (origin, TOO_LONG) if len(line) > _LONGEST_LINE else unwrap(line.rstrip(b"\r"), origin)

    def _slowly(self, line: bytes) -> tuple[str, Fields] | None:
        """The time of any line, and its fields; None where it has none, which is counted."""
        why = connection.TOO_LONG
        if line != TOO_LONG:
            why = connection.BROKEN
            try:
                found = jsonlines.read(line) if line[:1] == b"{" else self._text(line)
                if found is not None:
                    return found
                why = connection.BROKEN if b'"- - -" 0 ' in line else connection.OTHER
            except ValueError:
                pass
        self.aside[why] += 1
        return None

    def _of_own_format(self, lines: list[bytes], origin: Origin, form: formats.TextFormat) -> list[bytes]:
        """Count the lines of `form`, before anything is taken off that looks like a time; give back all others."""
        others = []
        for line in lines:
            found = form.read(line.decode("utf-8", "replace")) if len(line) <= _LONGEST_LINE else None
            if found is None:
                others.append(line)
            else:
                self._count([(found[0], found[1:])], origin)
        return others

    def _text(self, line: bytes) -> tuple[str, Fields] | None:
        text = line.decode("utf-8", "replace")
        forms = formats.ISTIO if self._own is None else (self._own, *formats.ISTIO)
        return next((found for one in forms if (found := one.read(text))), None)

    def finish(self) -> None:
        """Add up what is held."""
        for origin, held in self._held.items():
            for key, (count, first, last) in held.items():
                self._add_up(origin, _fields(key[:-1] if self._hour else key), count, _iso(first), _iso(last))
            held.clear()

    def _add_up(self, origin: Origin, fields: Fields | None, count: int, first: str, last: str) -> None:
        found: Connection | str = connection.BROKEN
        if fields is not None:
            found = requests.read(fields) if requests.is_one(fields) else connection.read(fields)
        if fields is None or isinstance(found, str):
            self.aside[str(found)] += count
            return
        first, last = first or last, last or first  # a time that is none may have been the least or the most
        self.window.span(first, last)
        if self._hour:
            self.hours[first[: self._hour], found.outcome] += count
        refused = self._refused(found)
        if refused:
            self.aside[refused] += count
            if refused in (connection.PORTS, connection.HTTP):
                return
            examples = self.examples.setdefault(refused, [])
            if len(examples) < _EXAMPLES and found.name not in examples:
                examples.append(found.name[:80])
            return
        client = NOBODY
        if fields.identity or fields.peer != formats.NO_PEER:
            client = self._pods.of(origin.namespace, origin.pod, fields.peer, fields.identity)
        self._see(client, found, count, first, last)

    @staticmethod
    def _refused(found: Connection) -> str:
        name = found.name
        # A client may ask for anything. On a list these stand for more than themselves, or for another name.
        if name[:1] in (".", "*") or name[-1:] == ".":
            return NO_NAMES
        if domain.read(name) is not None:
            if found.by_http:
                return "" if can_hold(found.port, by_http=True) else connection.HTTP
            return "" if found.port == domain.HTTPS or can_hold(found.port) else connection.PORTS
        return connection.INSIDE if domain.is_reserved(name) or "." not in name else NO_NAMES

    def _see(self, client: Workload, found: Connection, count: int, first: str, last: str) -> None:
        seen = self.pairs.get((client, found.pair))
        if seen is None:
            if self._names[client] >= MOST_NAMES:
                self.crowded.add(client)
                self.aside[connection.TOO_MANY] += count
                return
            self._names[client] += 1
            seen = self.pairs[client, found.pair] = Seen()
        seen.outcomes[found.outcome] += count
        if found.rule:
            seen.rules[found.rule] += count
        seen.internal = seen.internal or found.internal
        seen.span(first, last)


def _fields(key: tuple[Any, ...]) -> Fields | None:
    """The fields of what was read, as one of the quick ways has it or as they are."""
    if isinstance(key[0], Fields):
        return key[0]
    return formats.fields(key) if isinstance(key[0], bytes) else jsonlines.fields(key)


def _iso(at: bytes | str) -> str:
    """The time as text; "" where it is none."""
    text = at.decode("ascii", "replace") if isinstance(at, bytes) else at
    if not _ISO.fullmatch(text):
        return ""
    try:
        datetime.fromisoformat(text)
    except ValueError:  # the 30th of February, a minute 61
        return ""
    return text

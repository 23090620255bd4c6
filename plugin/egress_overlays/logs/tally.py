"""What a log comes to: connections by client and name, and how many lines said nothing and why.

Memory goes by the number of clients and names, and not by the length of the log.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..names import domain
from . import connection, formats, jsonlines
from .connection import Connection, Fields, Origin
from .envelopes import unwrap
from .sources import TOO_LONG
from .workloads import NOBODY, Pods, Workload

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_NAMES = 50_000  # of one client: whoever asks for more makes them up
NO_NAMES = "names that no list may hold"
_HELD = 50_000  # lines of different kinds, before they are added up
_LONGEST_LINE = 1 << 16
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
        self._texts = [*([form] if form else []), *formats.ISTIO]
        self._hour = 13 if by_hour else 0
        self._held: dict[Origin, dict[Any, list[Any]]] = {}
        self._quick = formats.Quick()
        self._names: Counter[Workload] = Counter()

    def add(self, lines: Iterable[bytes], origin: Origin) -> None:
        """Count `lines`, which the pod `origin` wrote where nothing around them says otherwise."""
        quick, hour = self._quick.read, self._hour
        mine = self._held.setdefault(origin, {})
        for line in lines:
            self.lines += 1
            held = mine
            found: tuple[Any, Any] | None = jsonlines.quick(line) if line[:1] == b"{" else quick(line)
            if found is None:
                whose, found = self._slow(line, origin)
                if found is None:
                    continue
                if whose is not origin:
                    held = self._held.setdefault(whose, {})
            key, at = found
            if hour:
                key = (key, at[:hour])
            entry = held.get(key)
            if entry is None:
                held[key] = [1, at, at]
                continue
            entry[0] += 1
            if at > entry[2]:
                entry[2] = at
            elif at < entry[1]:
                entry[1] = at
        if sum(map(len, self._held.values())) > _HELD:
            self.finish()

    def _slow(self, line: bytes, origin: Origin) -> tuple[Origin, tuple[Any, Any] | None]:
        """Any line: whose it is, and what `Quick.read` gives, or its fields and the time."""
        if line == TOO_LONG or len(line) > _LONGEST_LINE:
            self.aside[connection.TOO_LONG] += 1
            return origin, None
        origin, line = unwrap(line.rstrip(b"\r"), origin)
        found = self._quick.read(line) or jsonlines.quick(line)
        if found is not None:
            return origin, found
        try:
            read = jsonlines.read(line) if line[:1] == b"{" else self._text(line)
        except ValueError:
            self.aside[connection.BROKEN] += 1
            return origin, None
        if read is None:
            self.aside[connection.BROKEN if b'"- - -" 0 ' in line else connection.OTHER] += 1
        return origin, read

    def _text(self, line: bytes) -> tuple[Fields, str] | None:
        text = line.decode("utf-8", "replace")
        return next((found for one in self._texts if (found := one.read(text))), None)

    def finish(self) -> None:
        """Add up what is held."""
        for origin, held in self._held.items():
            for key, (count, first, last) in held.items():
                self._add_up(origin, key[0] if self._hour else key, count, _iso(first), _iso(last))
            held.clear()

    def _add_up(self, origin: Origin, key: Any, count: int, first: str, last: str) -> None:
        fields = key if isinstance(key, Fields) else _fields(key)
        found = connection.BROKEN if fields is None else connection.read(fields)
        if fields is None or isinstance(found, str):
            self.aside[str(found)] += count
            return
        self.window.span(first, last)
        if self._hour:
            self.hours[first[: self._hour], found.outcome] += count
        refused = self._refused(found.name)
        if refused:
            self.aside[refused] += count
            examples = self.examples.setdefault(refused, [])
            if len(examples) < _EXAMPLES and found.name not in examples:
                examples.append(found.name[:80])
            return
        client = NOBODY
        if fields.identity or fields.peer != formats.NO_PEER:
            client = self._pods.of(origin.namespace, origin.pod, fields.peer, fields.identity)
        self._see(client, found, count, first, last)

    @staticmethod
    def _refused(name: str) -> str:
        if domain.read(name) is not None:
            return ""
        return connection.INSIDE if domain.is_reserved(name) or "." not in name else NO_NAMES

    def _see(self, client: Workload, found: Connection, count: int, first: str, last: str) -> None:
        seen = self.pairs.get((client, found.name))
        if seen is None:
            if self._names[client] >= MOST_NAMES:
                self.crowded.add(client)
                self.aside[connection.TOO_MANY] += count
                return
            self._names[client] += 1
            seen = self.pairs[client, found.name] = Seen()
        seen.outcomes[found.outcome] += count
        if found.rule:
            seen.rules[found.rule] += count
        seen.internal = seen.internal or found.internal
        seen.span(first, last)


def _fields(key: tuple[Any, ...]) -> Fields | None:
    """The fields of what one of the quick ways has read."""
    return formats.fields(key) if isinstance(key[0], bytes) else jsonlines.fields(key)


def _iso(at: bytes | str) -> str:
    """The time as text; "" where it is none."""
    text = at.decode("ascii", "replace") if isinstance(at, bytes) else at
    return text if _ISO.fullmatch(text) else ""

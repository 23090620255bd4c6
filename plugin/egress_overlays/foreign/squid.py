"""Squid: `acl NAME dstdomain` and `ssl::server_name`, where http_access allows them and ssl_bump lets them through.

`.name` matches the apex and everything below it, as ours does; a name without the dot itself alone; `*` is a letter
like any other (Squid, acl). The first http_access line whose conditions all hold decides; where none does, the
opposite of the last one (http_access). What passes both is open; a connection that no ssl_bump line terminates goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .found import Carried, Denied, Found, Note, Scope, left, wider
from .names import Rule, allow, covers, decided, denying, is_within, meet, parts
from .squid_config import Line, Name, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import File, Input, Item

_PASSES = ("allow", "splice", "bump", "none", "client-first", "server-first")
_LOOKS = ("peek", "stare")
_INSIDE = ("bump", "client-first", "server-first")


def takes(_item: Item) -> bool:
    """The keys of a ConfigMap are files of their own."""
    return False


def reads(file: File) -> bool:
    """Whether the file has lines of squid.conf."""
    return any(line.split()[:1] in (["acl"], ["http_access"], ["ssl_bump"]) for line in file.lines)


def read(_items: Sequence[Item], files: Sequence[File], given: Input) -> Iterator[Found]:
    """The names that pass, by ACL; those of all ACLs where no line says which."""
    for file in files:
        settings = Settings(file, given)
        for words, place in settings.missing:
            yield left(place, f"{words}: not read; import that file too")
        yield from _passing(settings)


def _passing(settings: Settings) -> Iterator[Found]:
    if not settings.lines:
        yield from _every(settings)
        return
    access, bump = _Stage(settings, "http_access"), _Stage(settings, "ssl_bump")
    if access.scope is not None and not bump.is_open:
        # Some clients may ask for every name, and ssl_bump says which of them they reach.
        access.is_open = True
        access.everything.clear()
    yield from [*access.notes, *bump.notes]
    if access.is_open or bump.is_open:
        are_open = access.is_open and bump.is_open
        yield from [*access.everything, *bump.everything] if are_open else access.everything
        denials = [rule for stage in (access, bump) if stage.is_open for rule in stage.rules if rule.carried is None]
        listed = [rule for stage in (access, bump) for rule in stage.rules if are_open or not stage.is_open]
        scope = access.scope if not bump.is_open else None
        holes = [hole for stage in (access, bump) if not stage.is_open for hole in stage.holes()]
        for found in decided([*denials, *listed], holes):
            yield found._replace(scope=found.scope or scope) if isinstance(found, Carried) else found
        return
    yield from access.everything
    yield from _both(*(list(decided(stage.rules, stage.holes())) for stage in (access, bump)))


def _every(settings: Settings) -> Iterator[Found]:
    """All lists of a file without lines that say which of them pass."""
    for acl in settings.acls.values():
        if acl.is_list:
            for name in acl.names:
                yield _refused(acl.name, name) if name.fault else Carried(name.line, acl.name, name.place, name.comment)
        elif settings.holds(acl.name) is None:
            yield left(
                acl.place, f"acl {acl.name}: conditions of the kind {acl.kind} are not carried over; write the names"
            )


def _both(one: Sequence[Found], other: Sequence[Found]) -> Iterator[Found]:
    """What passes both of two stages, neither of which lets every name through."""
    sides = [[found for found in side if isinstance(found, Carried)] for side in (one, other)]
    patterns = [{part for found in side for part in parts(found.name)} for side in sides]
    denials = [{found.name for found in side if isinstance(found, Denied)} for side in (one, other)]
    yield from (found for found in [*one, *other] if isinstance(found, Note))
    among = object()
    yield from (found._replace(among=among) for found in [*one, *other] if isinstance(found, Denied))
    done = meet(*patterns)
    told: set[str] = set()
    for side, beyond, number in zip(sides, ("ssl_bump", "http_access"), (1, 0), strict=True):
        for found in side:
            passing = [
                part
                for part in parts(found.name)
                if part in done and not denying(part, patterns[number], denials[number])
            ]
            open_parts = [part for part in passing if part not in told]
            told.update(open_parts)
            whole = len(open_parts) == len(parts(found.name))
            for part in [found.name] if whole else open_parts:
                yield found._replace(name=part, among=among)
            for part in parts(found.name):
                if part not in passing:
                    words = f'"{part}" is not let through by {beyond}, but for what is listed there'
                    yield left(found.place, words, part)


def _refused(acl: str, name: Name) -> Note:
    return left(name.place, f"acl {acl}: {name.fault}", proposal=name.proposal)


class _Stage:
    """What the lines of one directive come to: `rules` in order, and whether other names pass too (`is_open`)."""

    def __init__(self, settings: Settings, directive: str) -> None:
        self.rules: list[Rule] = []
        self.notes: list[Note] = []
        self.scope: Scope | None = None
        self.is_open = True
        self.everything: list[Note] = []
        self._settings = settings
        self._only: list[tuple[str, Name]] | None = None
        self._told: set[str] = set()
        self._holes: list[tuple[Denied, int]] = []
        self._opening: dict[str, set[int]] = {}
        lines = [line for line in settings.lines if line.directive == directive]
        end: Line | None = None
        for line in lines:
            conditions = [one for one in line.conditions if settings.holds(one) is not True]
            if line.action in _LOOKS or any(settings.holds(one) is False for one in conditions):
                continue
            if end is not None:
                if any(settings.names(one) for one in conditions):
                    self.notes.append(left(line.place, f"{line}: comes after {end}, and so decides nothing"))
                continue
            self._line(line, conditions)
            if not conditions:
                end = line
        if lines and end is None and directive == "http_access":
            self._default(lines[-1])

    def _default(self, last: Line) -> None:
        self.is_open = last.action == "deny"
        if self.is_open and self._only is not None:
            self.is_open = False
            self._allow(self._only, None)
        elif self.is_open:
            words = "is the last, so that Squid lets every other name through; that is not carried over"
            self.everything.append(left(last.place, f"{last}: {words}"))

    def _line(self, line: Line, conditions: Sequence[str]) -> None:
        lists = [one for one in conditions if self._settings.names(one) is not None]
        others = [one for one in conditions if one not in lists]
        wanted = [self._names(one) for one in lists if not one.startswith("!")]
        unwanted = [one for condition in lists if condition.startswith("!") for one in self._names(condition[1:])]
        if line.action in _PASSES:
            self._pass(line, wanted, unwanted, others)
        else:
            self._deny(line, wanted, unwanted, others)

    def _names(self, acl: str) -> list[tuple[str, Name]]:
        return [(acl, name) for name in self._settings.names(acl) or ()]

    def _pass(
        self,
        line: Line,
        wanted: list[list[tuple[str, Name]]],
        unwanted: list[tuple[str, Name]],
        others: Sequence[str],
    ) -> None:
        scope = None
        if others:
            kinds = ", ".join(map(self._settings.kind, others))
            scope = Scope(f"{line}: is for {kinds} alone", line.place)
        if line.action in _INSIDE:
            self.notes.append(wider(line.place, f"{line}: what Squid checks inside of TLS is not carried over"))
        if self._only is not None:
            wanted = [*wanted, self._only]
        if wanted:
            self._allow(_in_all(wanted), scope, unwanted)
            return
        kinds = f" for {', '.join(map(self._settings.kind, others))}" if others else ""
        but = " but those of a list" if unwanted else ""
        self.everything.append(
            left(line.place, f"{line}: lets every name through{but}{kinds}; that is not carried over")
        )
        self.scope = self.scope or scope

    def _allow(
        self, names: list[tuple[str, Name]], scope: Scope | None, unwanted: Sequence[tuple[str, Name]] = ()
    ) -> None:
        rules = [Rule(name.line, name.place) for _, name in unwanted if not name.fault]
        self.notes += [_still_open(acl, name) for acl, name in unwanted if name.fault]
        for acl, name in names:
            if name.fault:
                self._tell(_refused(acl, name))
            else:
                rules.append(allow(Carried(name.line, acl, name.place, name.comment, scope)))
        line = len(self.rules)
        for found in decided(rules):
            if isinstance(found, Carried):
                self.rules.append(allow(found))
                for part in parts(found.name):
                    self._opening.setdefault(part, set()).add(line)
            elif isinstance(found, Denied):
                self._holes.append((found, line))
            else:
                self.notes.append(found)

    def holes(self) -> Iterator[Denied]:
        """What a line leaves out of the names that it allows, where no other line allows it."""
        for hole, line in self._holes:
            if all(self._opening.get(one, {line}) == {line} for one in covers(hole.name)):
                yield hole

    def _tell(self, note: Note) -> None:
        if note.words not in self._told:
            self._told.add(note.words)
            self.notes.append(note)

    def _deny(
        self,
        line: Line,
        wanted: list[list[tuple[str, Name]]],
        unwanted: list[tuple[str, Name]],
        others: Sequence[str],
    ) -> None:
        if not wanted and not unwanted and not others:
            self.is_open = False
        elif others:
            kinds = ", ".join(map(self._settings.kind, others))
            self.notes.append(wider(line.place, f"{line}: a deny rule by {kinds} is not carried over"))
        elif wanted:
            for acl, name in _in_all(wanted):
                if name.fault:
                    self.notes.append(_still_open(acl, name))
                elif not is_within(parts(name.line)[0], {part for _, one in unwanted for part in parts(one.line)}):
                    self.rules.append(Rule(name.line, name.place))
        else:
            # It closes everything else, and leaves the list to the rules that follow.
            self._only = unwanted if self._only is None else _in_all([self._only, unwanted])


def _still_open(acl: str, name: Name) -> Note:
    """A denial that cannot be followed."""
    return wider(name.place, f"acl {acl}: what it denied may be open now: {name.fault}")


def _in_all(lists: list[list[tuple[str, Name]]]) -> list[tuple[str, Name]]:
    """The names that stand in every one of `lists`."""
    found = lists[0]
    for other in lists[1:]:
        both = meet(
            {part for _, name in found for part in parts(name.line) if not name.fault},
            {part for _, name in other for part in parts(name.line) if not name.fault},
        )
        kept: dict[str, tuple[str, Name]] = {}
        for acl, name in [*found, *other]:
            shared = [part for part in parts(name.line) if part in both and part not in kept]
            if name.fault:
                kept.setdefault(f"!{name.fault}", (acl, name))
            elif len(shared) == len(parts(name.line)):
                kept |= dict.fromkeys(shared, (acl, name))
            else:
                kept |= {part: (acl, name._replace(line=part)) for part in shared}
        found = list(dict.fromkeys(kept.values()))
    return found

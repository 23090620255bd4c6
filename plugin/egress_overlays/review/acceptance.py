"""Findings that somebody accepted, with a reason and an end: `egress-overlays: allow RULE TICKET until DATE`.

In a list it stands in the comment of the line, or as its fields `allow=RULE ticket=TICKET until=DATE`; for what has no
such line, in a file of its own, one a line, followed by the object's `Kind namespace/name` and, where one field of it
is meant, that. Warnings are accepted, and of the errors those of the rule `unknown`, each with its field.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from ..lists import fields
from ..manifest.findings import ERROR, WARNING, Finding
from ..manifest.nearness import did_you_mean
from ..rendered.locations import Location
from .verification import RULES, Reported

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from ..rendered.rendered import Rendered

_MARK = fields.ACCEPTING
_FORM = re.compile(rf"{_MARK} (?P<rule>[a-z-]+) (?P<ticket>\S+) until (?P<until>\d{{4}}-\d\d-\d\d)(?P<rest>.*)")
_ACCEPTABLE = "unknown"
"""Errors of this rule say that something is not understood, which a person may; all others that it opens or breaks."""
_WANTED = f"{_MARK} RULE TICKET until YYYY-MM-DD"


class Acceptance(NamedTuple):
    """Findings of `rule` are accepted as `ticket` says, up to the day `until`, in `of`: a line, or an object.

    `place` is where that is written, `field` the one of the object that is meant, "" for all.
    """

    rule: str
    ticket: str
    until: date
    of: tuple[str, ...]
    place: Location
    field: str = ""

    @property
    def reason(self) -> str:
        """The reason in words."""
        return f"{self.ticket} until {self.until.isoformat()}"

    @property
    def is_in_source(self) -> bool:
        """Whether it stands beside the line that it is for, and not in a file of its own."""
        return len(self.of) == 3


class Accepted:
    """The acceptances of `file`, its name and text, and of the lists, on the day `today`.

    Rules in `unsought` were not looked for, so that an acceptance of theirs may be needed all the same.
    """

    def __init__(self, file: tuple[str, str], today: date, unsought: Collection[str] = ()) -> None:
        self._today = today
        self._unsought = unsought
        self._faults: list[Reported] = []
        self._of_file = list(_of_file(*file, self._faults))
        self._used: set[Acceptance] = set()
        self._is_whole = True

    def accept(
        self, found: Rendered, reported: Sequence[Reported], unsought: Collection[str] = ()
    ) -> tuple[list[Reported], list[Acceptance | None]]:
        """`reported` with what is to be said of the acceptances in the lists, and for each the one that holds for it.

        An acceptance that is over, is for nothing that was found, or cannot be read is a warning of the rule
        `accepted`. Of `unsought` rules not all was looked for here. Of lists that have an error, and so were not built,
        no acceptance is called needless: what it is for may be hidden.
        """
        faults: list[Reported] = []
        of_lists = list(_of_lists(found, faults))
        chosen: list[Acceptance | None] = []
        for one in reported:
            here = next((each for each in (*of_lists, *self._of_file) if _is_for(each, one)), None)
            if here is not None:
                self._used.add(here)
            holds = here is not None and here.until >= self._today and _may_be(one.finding, here)
            chosen.append(here if holds else None)
        if found.sets and not found.lists and any(one.finding.severity == ERROR for one in reported):
            self._is_whole = False
        self._unsought = {*self._unsought, *unsought}
        faults += self._judged(of_lists)
        everything = sorted(zip([*reported, *faults], [*chosen, *[None] * len(faults)], strict=True), key=_place)
        return [one for one, _ in everything], [acceptance for _, acceptance in everything]

    def of_file(self) -> list[Reported]:
        """What is to be said of the acceptances in the file, after all that they may be for."""
        return [*self._faults, *self._judged(self._of_file)]

    def _judged(self, acceptances: Iterable[Acceptance]) -> Iterator[Reported]:
        for each in dict.fromkeys(acceptances):
            what = f"accepts {each.rule} ({each.reason}), which is"
            if each not in self._used:
                if self._is_whole and each.rule not in self._unsought:
                    yield _fault(each.place, f"{what} not found here; remove it")
            elif each.until < self._today:
                yield _fault(each.place, f"{what} over; mend it or renew it")


def _may_be(finding: Finding, acceptance: Acceptance) -> bool:
    """Whether the finding is one to be accepted at all; an error is for one field, so that no other one slips in."""
    return finding.severity != ERROR or (finding.rule == _ACCEPTABLE and acceptance.field == finding.field)


def _place(pair: tuple[Reported, Acceptance | None]) -> Location:
    return pair[0].location


def _fault(place: Location, message: str) -> Reported:
    return Reported(Finding(WARNING, message, rule="accepted"), place)


def _of_lists(found: Rendered, faults: list[Reported]) -> Iterator[Acceptance]:
    for allowed in found.sets.values():
        for entry in allowed.entries:
            of = (entry.source.name, entry.group, str(entry.line))
            if _MARK in entry.comment:
                yield from _read(entry.comment, of, found.where.entry(entry.source, entry.group, entry.line), faults)
            elif "allow=" in entry.comment:
                own, _ = fields.read(entry.comment)
                place = found.where.entry(entry.source, entry.group, entry.line)
                if own.allow and own.ticket and own.until:
                    yield from _known(Acceptance(own.allow, own.ticket, own.until, of, place), faults)
                elif own.allow:
                    message = f'"allow={own.allow}" is accepted by nobody, or for ever; add ticket= and until='
                    faults.append(_fault(place, message))


def _of_file(name: str, text: str, faults: list[Reported]) -> Iterator[Acceptance]:
    for number, line in enumerate(text.split("\n"), 1):
        said = line.strip()
        if said and not said.startswith("#"):
            place = Location(name, number)
            match = _FORM.search(said)
            words = match["rest"].split() if match else []
            if match and len(words) not in (2, 3):
                wanted = f"{_WANTED} Kind namespace/name [field]"
                faults.append(_fault(place, f'"{said}" names no object; write {wanted}'))
            else:
                field = "".join(words[2:])
                for one in _read(said, tuple(words[:2]), place, faults):
                    yield one._replace(field=field)


def _read(text: str, of: tuple[str, ...], place: Location, faults: list[Reported]) -> Iterator[Acceptance]:
    match = _FORM.search(text)
    if match is None:
        faults.append(
            _fault(place, f'"{text[text.find(_MARK) :] if _MARK in text else text}" is no acceptance; write {_WANTED}')
        )
        return
    try:
        until = date.fromisoformat(match["until"])
    except ValueError:
        faults.append(_fault(place, f'"{match["until"]}" is no day of the calendar; write {_WANTED}'))
        return
    yield from _known(Acceptance(match["rule"], match["ticket"], until, of, place), faults)


def _known(one: Acceptance, faults: list[Reported]) -> Iterator[Acceptance]:
    """The acceptance, if there is such a rule."""
    if one.rule in RULES:
        yield one
        return
    faults.append(_fault(one.place, f'there is no rule "{one.rule}"{did_you_mean(one.rule, RULES)}'))


def _is_for(acceptance: Acceptance, one: Reported) -> bool:
    finding = one.finding
    if finding.rule != acceptance.rule or finding.resource is None:
        return False
    if acceptance.is_in_source:
        return (finding.resource.name, finding.group, str(finding.line)) == acceptance.of
    resource = finding.resource
    is_its = (resource.kind, f"{resource.namespace}/{resource.name}") == acceptance.of
    return is_its and acceptance.field in ("", finding.field)

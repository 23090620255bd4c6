"""What the DNS says of the exact names of the lists: `verify --resolve`. The command asks it."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from ...manifest.findings import WARNING, Finding
from ...manifest.quantities import many
from ...names.domain import PLACEHOLDER, Domain
from ...policies.ranges import network
from ...policies.refused_ranges import REFUSED
from .fault import fault

if TYPE_CHECKING:
    from ...lists import Entry
    from ...rendered.rendered import Rendered
    from .answer import Answer
    from .fault import Faults, Options

RULES = ("dangling-alias", "internal-address", "unresolved")
"""The rules that judge an answer."""


def exact_names(found: Rendered) -> dict[str, Entry | None]:
    """The names of `found` that can be asked for, and where each was written first; None where no list says so."""
    names: dict[str, Entry | None] = {}
    for allowed in found.sets.values():
        for entry in allowed.entries:
            if not entry.domain.is_wildcard:
                names.setdefault(str(entry.domain.name), entry)
    for set_name in found.names:
        for host in found.hosts(set_name):
            if not host.startswith("*"):
                names.setdefault(str(Domain(host).name), None)
    names.pop(PLACEHOLDER, None)
    return names


def rule(found: Rendered, options: Options) -> Faults:
    """A warning for every name that the DNS does not know, leads inside with, or could not be asked for."""
    answers = options.answers
    if answers is None:
        return
    inside = [(cidr, "given by --inside") for cidr in options.inside]
    names = exact_names(found)
    failures = [answers[name].failure for name in names if name in answers]
    if len(failures) > 1 and all(failures):
        message = (
            f"none of {many(len(failures), 'name')} could be asked for: {failures[0]}; whether they exist is not known"
        )
        yield fault("not-asked", message, severity=WARNING)
        return
    for name, entry in names.items():
        answer = answers.get(name)
        for rule_id, said in _judged(answer, [*inside, *REFUSED]) if answer else ():
            yield from _placed(found, name, entry, rule_id, f'"{name}" {said}')


def _judged(answer: Answer, ranges: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The rules that `answer` breaks, and what is to be said of each."""
    by_alias = f" by its alias {answer.alias}" if answer.alias else ""
    found = []
    if answer.failure:
        found.append(("not-asked", f"could not be asked for: {answer.failure}; whether it exists is not known"))
    if not answer.exists and answer.alias:
        said = (
            f"is an alias (CNAME) of {answer.alias}, which does not exist: whoever takes that name gets the traffic; "
            "remove the line, or have the owner of the name correct it"
        )
        found.append(("dangling-alias", said))
    elif not answer.exists:
        found.append(("unresolved", "does not exist (NXDOMAIN); correct the name, or remove the line"))
    elif not answer.addresses and not answer.failure:
        said = f"exists{by_alias} and has no address (no A, no AAAA record); correct the name, or remove the line"
        found.append(("unresolved", said))
    led = [f"{address} ({what})" for address in answer.addresses if (what := _inside(address, ranges))]
    if led:
        said = f"resolves{by_alias} to {', '.join(led)}, which the gateway does not connect to; remove the line"
        found.append(("internal-address", said))
    return found


def _inside(address: str, ranges: list[tuple[str, str]]) -> str:
    """The first of `ranges` that `address` lies in, and what it is; "" for none."""
    here = ip_address(address)
    for cidr, what in ranges:
        block = network(cidr)
        if block is not None and here.version == block.version and here in block:
            return f"{cidr}, {what}"
    return ""


def _placed(found: Rendered, name: str, entry: Entry | None, rule_id: str, message: str) -> Faults:
    """The finding, where the name was written, or else where a manifest has it."""
    if entry is not None:
        finding = Finding(WARNING, message, rule=rule_id, resource=entry.source)
        finding.group, finding.line, finding.value = entry.group, entry.line, name
        yield finding, ()
        return
    for set_name in found.names:
        for one in found.counting(set_name) if set_name in found.lists else ():
            if name in one.names:
                yield fault(rule_id, message, one.resource, (*one.path, list(one.names).index(name)), WARNING)
                return
    yield fault(rule_id, message, severity=WARNING)

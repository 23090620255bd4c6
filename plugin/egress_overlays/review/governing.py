"""Where rules of one's own are broken, in people's files: of a build that is there, or of one that a policy refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lists.governance import RULE, Broken, Lines, Rule, judged
from ..lists.policies import for_no_line, steps
from ..manifest.findings import ERROR, Finding
from ..manifest.resource import POLICY_KIND
from ..rendered.locations import Location
from .verification import Reported

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..manifest.resource import Resource
    from ..rendered.rendered import Rendered

_SAID = "egress-overlays: error: "
_REMOVE = "; remove it, or change the rule "


def reported_at(one: Broken, found: Rendered) -> Reported:
    """A broken rule at its line."""
    return Reported(one.finding, found.where.entry(one.entry.source, one.entry.group, one.entry.line))


def refused_by(policy: Resource, rules: Sequence[Rule], found: Rendered) -> list[Reported]:
    """What a build said that `policy` refuses, with the places in files: of lines, and of the rules.

    The files hold lines that the build does not, as of a group that a patch replaces: those it did not speak of.
    """
    reported = []
    lines = Lines(found.sets.values())
    for number, rule in enumerate(rules):
        place = found.where.of(policy, ("rules", number))
        broken, _ = judged(rule, lines)
        for one in broken:
            finding = one.finding
            if _of_line(finding) + finding.message in found.said:
                finding.message = finding.message.replace(f"({rule.place}", f"({place}")
                reported.append(reported_at(one, found))
        nobody = for_no_line(policy, rule)
        if f"{policy.described}, {nobody.field}: {nobody.message}" in found.said:
            reported.append(Reported(nobody, found.where.of(policy, steps(nobody.field))))
    return reported


def refused(found: Rendered, told: Sequence[Reported]) -> Iterator[Reported]:
    """What a policy refused besides what was `told`: lines that stand in no file, as of a generator."""
    known = {(one.finding.group, one.finding.line, _words(one.finding.message)) for one in told}
    for line in found.said.splitlines():
        place, _, words = line.removeprefix(_SAID).partition(": ")
        if not line.startswith(_SAID) or not (f"({POLICY_KIND} " in line or place.startswith(POLICY_KIND)):
            continue
        if not any(_is_said(line, *one) for one in known):
            yield Reported(Finding(ERROR, f"{place}: {words}", rule=RULE), Location(found.shown))


def _of_line(finding: Finding) -> str:
    return f'group "{finding.group}", line {finding.line}: '


def _words(message: str) -> str:
    return message.partition(_REMOVE)[0]


def _is_said(line: str, group: str, number: int, words: str) -> bool:
    return words in line and (not group or f'group "{group}", line {number}: ' in line)

"""EgressPolicy objects: rules of one's own as a resource, which reach the function; loaded where there may be one."""

from __future__ import annotations

from ..manifest.findings import Finding, fault_of
from ..manifest.nearness import is_near, nearest, wanted
from ..manifest.resource import API_VERSION, KIND, POLICY_KIND, PREFIX
from ..names.domain import ascii_quoted
from .governance import RULE, Lines, Rule, judged
from .rules import rule_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..manifest.edits import Path
    from ..manifest.resource import Resource
    from .allowlist import AllowSet

_OURS = PREFIX[:-1]
_FIELDS = ("apiVersion", "kind", "metadata", "rules")


def is_policy(resource: Resource) -> bool:
    """Whether `resource` is a policy, or was meant to be one: its kind or its API version may be a little off."""
    group = resource.group
    if resource.kind == POLICY_KIND:
        # Somebody else's kind of that name has a group, and one that is not like ours.
        return not group or is_near(group, _OURS) or "egressoverlay" in "".join(filter(str.isalpha, group.casefold()))
    of_ours = resource.kind != KIND and group.casefold() == _OURS
    return of_ours and (nearest(resource.kind, (POLICY_KIND,)) != "" or "polic" in resource.kind.casefold())


def read(policy: Resource) -> tuple[list[Rule], list[Finding]]:
    """The rules of `policy`, and every fault in it."""
    findings = list(about_object(policy))
    items = policy.value.get("rules")
    if not isinstance(items, list) or not items:
        if "rules" in policy.value or not findings:
            findings.append(fault_of(policy, "holds no rules; write a list, as in rules: [{wildcards: never}]", RULE))
        return [], findings
    rules = []
    for number, item in enumerate(items, 1):
        said: list[tuple[str, ...]] = []
        rules.append(rule_of(item, f"{_title(policy)}, rule {number}", lambda *one, said=said: said.append(one)))
        for key, words, *meant in said:
            field = f"rules[{number - 1}]" + (f".{ascii_quoted(key)[1:-1]}" if key else "")
            finding = fault_of(policy, words, RULE, field)
            finding.value, finding.proposal = meant or ("", "")
            findings.append(finding)
    return rules, findings


def _title(policy: Resource) -> str:
    return ascii(f"{policy.kind} {policy.name or 'without a name'}")[1:-1]


def about_object(policy: Resource) -> Iterator[Finding]:
    """What is wrong with a policy, apart from its rules."""
    if policy.value.get("apiVersion") != API_VERSION or policy.kind != POLICY_KIND:
        found = f"{policy.value.get('apiVersion')!a} and kind {policy.kind!a}"
        message = f"has the apiVersion {found}; a policy has apiVersion: {API_VERSION} and kind: {POLICY_KIND}"
        yield fault_of(policy, message, RULE)
    for field in policy.value:
        if field not in _FIELDS:
            message = f"has the field {ascii_quoted(str(field))}, which a policy does not have"
            yield fault_of(policy, f"{message}; {wanted(str(field), _FIELDS)}", RULE)


def broken(policies: Iterable[Resource], sets: Iterable[AllowSet]) -> Iterator[Finding]:
    """What is wrong with `policies`, what breaks their rules in `sets`, and the rules that are for no line there."""
    lines = Lines(sets)
    for policy in policies:
        rules, faults = read(policy)
        yield from faults
        for rule in () if faults else rules:
            found, matched = judged(rule, lines)
            yield from (one.finding for one in found)
            if not matched and not rule.optional:
                yield for_no_line(policy, rule)


def for_no_line(policy: Resource, rule: Rule) -> Finding:
    """That `rule` is for no line: a misspelt name in `for`, or a rule that nobody needs."""
    number = int(rule.place.rpartition(" ")[2])
    return fault_of(policy, FOR_NO_LINE, RULE, f"rules[{number - 1}]")


def steps(field: str) -> Path:
    """The way to a `field` of a policy, such as `rules[0].most`."""
    if not field.startswith("rules["):
        return ()
    number, _, key = field.removeprefix("rules[").partition("]")
    return ("rules", int(number), key[1:]) if key else ("rules", int(number))


FOR_NO_LINE = (
    "the rule is for no line of the lists here; correct what is in for:, remove the rule, or write optional: true "
    "in it where it is for the lists of others"
)

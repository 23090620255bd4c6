"""AWS Network Firewall: domain lists, in Terraform, CloudFormation and as `describe-rule-group` prints them.

`.name` matches name and everything below it, a name without the dot itself alone; an ALLOWLIST denies what is not on it
for the protocols of its TargetTypes, of which TLS_SNI is ours (AWS, "Stateful domain list rule groups").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .found import WIDER, Carried, Found, Note, left, wider
from .names import Rule, allow, decided
from .terraform import PLAN, Module, dynamic, resources
from .values import Expression, Map, Text, mapping, mappings, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import File, Input, Item

_TYPE = "AWS::NetworkFirewall::RuleGroup"
_RESOURCE = "aws_networkfirewall_rule_group"


class _Group(NamedTuple):
    """A rule group: its `name`, where it is, and its domain list, if it has one, by the keys of the API."""

    name: str
    body: Map
    targets: Any
    kinds: list[str]
    action: str
    source: Map


def takes(item: Item) -> bool:
    """Whether the document holds a rule group."""
    return any(True for _ in _found(item.value))


def reads(_file: File) -> bool:
    """It is always YAML, JSON or HCL."""
    return False


def read(items: Sequence[Item], _files: Sequence[File], given: Input) -> Iterator[Found]:
    """The names of every list, a group each."""
    rules: list[Rule] = []
    for item in items:
        module = Module(item, given)
        for name, body in _found(item.value):
            yield from dynamic(body, f"rule group {name}")
            for group in _lists(name, body, module):
                yield from _group(item, group, module, rules)
    yield from decided(rules)


def _group(item: Item, group: _Group, module: Module, rules: list[Rule]) -> Iterator[Found]:
    """What one list comes to: `rules`, and notes."""
    title = f"rule group {group.name}"
    if not group.source:
        yield left(group.body.place, f"{title}: has no domain list; Suricata rules are not carried over")
        return
    targets = list(_targets(item, group, module, title))
    names = [one for one in targets if isinstance(one, Text)]
    # A denial that cannot be told may be of anything.
    denies = "TLS_SNI" in group.kinds and group.action in ("DENYLIST", "REJECTLIST")
    notes = [one for one in targets if isinstance(one, Note)]
    yield from (one._replace(kind=WIDER) if denies else one for one in notes)
    if group.action not in ("ALLOWLIST", "DENYLIST", "REJECTLIST"):
        at = group.source.at("GeneratedRulesType")
        yield left(at, f"{title}: {group.action or 'no type'} decides nothing")
    elif "TLS_SNI" not in group.kinds:
        for name in names if group.action == "ALLOWLIST" else ():
            yield left(name.place, f'"{name}": was open to plain HTTP alone', name)
    elif group.action != "ALLOWLIST":
        # Denials are asked before what a list of another group allows.
        rules[:0] = [Rule(one, one.place) for one in names]
        yield left(group.source.place, f"{title}: lets every other name through; that is not carried over")
    else:
        rules += [allow(Carried(one, group.name, one.place)) for one in names]


def _found(value: Map) -> Iterator[tuple[str, Map]]:
    """The rule groups in a template, a module, or an answer of the API, by name."""
    for key, one in mapping(value, "Resources").items():
        if isinstance(one, Map) and text(one, "Type") == _TYPE:
            yield key, mapping(one, "Properties", "RuleGroup") or one
    if mapping(value, "RuleGroup", "RulesSource"):
        yield text(mapping(value, "RuleGroupResponse"), "RuleGroupName") or "domains", mapping(value, "RuleGroup")
    yield from resources(value, _RESOURCE)


def _lists(name: str, body: Map, module: Module) -> Iterator[_Group]:
    """The domain lists of a rule group; one without a list where it has none."""
    source = mapping(body, "RulesSource", "RulesSourceList")
    if source:
        kinds = list(map(str, texts(source.get("TargetTypes"))))
        yield _Group(name, body, source.get("Targets"), kinds, text(source, "GeneratedRulesType"), source)
        return
    found = [
        listed
        for group in mappings(body.get("rule_group"))
        for rules in mappings(group.get("rules_source"))
        for listed in mappings(rules.get("rules_source_list"))
    ]
    called = module.texts(body.get("name"))
    name = str(called[0]) if called and type(called[0]) is Text else name
    for one in found:
        action = "".join(module.texts(one.get("generated_rules_type")))
        kinds = list(map(str, module.texts(one.get("target_types"))))
        yield _Group(name, body, one.get("targets"), kinds, action, one)
    if not found:
        yield _Group(name, body, None, [], "", Map(body.place))


def _targets(item: Item, group: _Group, module: Module, title: str) -> Iterator[Text | Found]:
    """The names of a list; CloudFormation's Ref is the default of a parameter."""
    reference = group.targets
    named = text(reference, "Ref") or (
        reference.removeprefix("!Ref ") if isinstance(reference, Text) and reference.startswith("!Ref ") else ""
    )
    default = mapping(item.value, "Parameters", named).get("Default") if named else None
    if isinstance(default, Text):
        yield from (Text(one.strip(), default.place) for one in default.split(",") if one.strip())
        words = f"{title}: the parameter {named} is taken by its default; another value may have closed some of it"
        yield wider(default.place, words)
    elif isinstance(reference, Map) or named or (isinstance(reference, Text) and reference.startswith("!")):
        yield left(
            group.source.at("Targets"), f"{title}: its Targets are CloudFormation's to work out; write the names"
        )
    elif reference is not None:
        for one in module.texts(reference):
            yield (
                left(one.place, f"{title}: {one} has to be worked out; {PLAN}") if isinstance(one, Expression) else one
            )
        yield from module.doubts(reference, title)

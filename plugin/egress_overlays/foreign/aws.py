"""AWS Network Firewall: domain lists, in CloudFormation and as `aws network-firewall describe-rule-group` prints them.

`.name` matches name and everything below it, a name without the dot itself alone; an ALLOWLIST denies what is not on it
for the protocols of its TargetTypes, of which TLS_SNI is ours (AWS, "Stateful domain list rule groups").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .found import Carried, Found, left
from .names import Rule, allow, decided
from .values import Map, mapping, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import File, Input, Item

_TYPE = "AWS::NetworkFirewall::RuleGroup"


def takes(item: Item) -> bool:
    """Whether the document holds a rule group."""
    return bool(_groups(item.value))


def reads(_file: File) -> bool:
    """It is always YAML or JSON."""
    return False


def read(items: Sequence[Item], _files: Sequence[File], _given: Input) -> Iterator[Found]:
    """The names of every list, a group each."""
    rules: list[Rule] = []
    for item in items:
        for name, group in _groups(item.value):
            found = mapping(group, "RulesSource", "RulesSourceList")
            if not found:
                words = f"rule group {name}: has no domain list; Suricata rules are not carried over"
                yield left(group.place, words)
                continue
            names = texts(found.get("Targets"))
            if text(found, "GeneratedRulesType") not in ("ALLOWLIST", "DENYLIST", "REJECTLIST"):
                words = f"rule group {name}: {text(found, 'GeneratedRulesType') or 'no type'} decides nothing"
                yield left(found.at("GeneratedRulesType"), words)
            elif text(found, "GeneratedRulesType") != "ALLOWLIST":
                # Denials are asked before what a list of another group allows.
                rules = [*(Rule(one, one.place) for one in names), *rules]
                yield left(found.place, f"rule group {name}: lets every other name through; that is not carried over")
            elif "TLS_SNI" not in texts(found.get("TargetTypes")):
                yield from (left(one.place, f'"{one}": was open to plain HTTP alone', one) for one in names)
            else:
                rules += [allow(Carried(one, name, one.place)) for one in names]
    yield from decided(rules)


def _groups(value: Map) -> list[tuple[str, Map]]:
    """The rule groups in a template, or in an answer of the API."""
    found = [
        (key, mapping(one, "Properties", "RuleGroup"))
        for key, one in mapping(value, "Resources").items()
        if isinstance(one, Map) and one.get("Type") == _TYPE
    ]
    if mapping(value, "RuleGroup", "RulesSource"):
        name = text(mapping(value, "RuleGroupResponse"), "RuleGroupName") or "domains"
        found.append((name, mapping(value, "RuleGroup")))
    return found

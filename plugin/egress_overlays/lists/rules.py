"""Rules of one's own, read: what is no key or value is a fault, never passed over. Pure; loaded where there is one.

The same rules stand in egress-policy.yaml, a list of them, and in an EgressPolicy, under `rules`.
"""

from __future__ import annotations

from ..manifest.nearness import nearest, wanted
from ..manifest.resource import DEFAULTS
from ..names import parse
from ..names.domain import InvalidDomain, ascii_quoted
from .clients import InvalidClient
from .clients import parse as parse_client
from .governance import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    Item = dict[str, Any]
    Say = Callable[..., None]

SCOPE = {"set": "sets", "group": "groups", "list": "lists", "name": "names"}
ASKING = ("wildcards", "only", "never", "never-risks", "most", "clients", "require", "longest", "approved")
"""The keys by which a rule asks for something."""
KEYS = ("for", *ASKING, "optional", "why")


def rule_of(item: object, place: str, say: Say) -> Rule:
    """The rule that `item`, parsed YAML, is; it stands at `place`.

    `say(key, words)` is told of every fault, with the key of the item where it stands, "" for the item itself.
    """
    if not isinstance(item, dict):
        say("", "is no mapping; write a rule such as wildcards: never")
        return Rule(place)
    _unknown(item, KEYS, "a rule", "", say)
    rule = Rule(place)
    _scope(item, rule, say)
    if not item.keys() & {*ASKING} and not any(nearest(str(key), KEYS) for key in item if key not in KEYS):
        say("", f"the rule asks for nothing; write one of {', '.join(ASKING)}")
    if "wildcards" in item:
        rule.wildcards = False
        if item["wildcards"] != "never":
            say("wildcards", "wildcards can be never alone; where they may stand, leave it out")
    if item.get("optional", True) is not True:
        say("optional", "optional can be true alone; where it must be for some line, leave it out")
    rule.optional = "optional" in item
    rule.most = _number(item, "most", 0, "how many lines may stand there", say)
    rule.longest = _number(item, "longest", 1, "how many days a line may have left", say)
    rule.require = _words(item, "require", DEFAULTS, "field of a line", say)
    if "never-risks" in item:
        from ..names.risks import CLASSES

        rule.risks = _words(item, "never-risks", CLASSES, "class of risk", say)
    rule.approved = tuple(_texts(item, "approved", "approved", say))
    rule.only = _names(item, "only", "only", say)
    rule.never = _names(item, "never", "never", say)
    rule.clients = _clients(item, say)
    if isinstance(item.get("why", ""), str):
        rule.why = str(item.get("why", ""))
    else:
        say("why", "why is no text; put it in quotes")
    return rule


def _scope(item: Item, rule: Rule, say: Say) -> None:
    scope = item.get("for", {})
    if not isinstance(scope, dict) or ("for" in item and not scope):
        words = "for says nothing; write set, group, list or name in it, as in {group: payments-*}"
        say("for", words)
        return
    _unknown(scope, SCOPE, "for", "for", say)
    for key, field in SCOPE.items():
        if key == "name":
            rule.names = _names(scope, key, "for", say)
        elif key in scope:
            setattr(rule, field, tuple(_texts(scope, key, "for", say)))


def _number(item: Item, key: str, least: int, what: str, say: Say) -> int:
    """The number under `key`; -1 where it is absent, or none."""
    value = item.get(key, -1)
    if key in item and (not isinstance(value, int) or isinstance(value, bool) or value < least):
        say(key, f"{key} is no number of {least} or more; write {what}")
        return -1
    return int(value)


def _unknown(item: Item, known: Iterable[str], title: str, at: str, say: Say) -> None:
    for key in item:
        if key not in known:
            say(at or str(key), f"{ascii_quoted(str(key))} is no key of {title}; {wanted(str(key), known)}")


def _texts(item: Item, key: str, at: str, say: Say) -> list[str]:
    if key not in item:
        return []
    value = item[key]
    found = value if isinstance(value, list) else [value]
    if not found or not all(isinstance(one, str) and one.strip() for one in found):
        say(at, f"{key} is no text and no list of texts; put each in quotes")
        return []
    return [str(one) for one in found]


def _words(item: Item, key: str, known: Iterable[str], title: str, say: Say) -> tuple[str, ...]:
    """The texts under `key`, each one of `known`."""
    found = _texts(item, key, key, say)
    for name in found:
        if name not in known:
            say(key, f"{ascii_quoted(name)} is no {title}; {wanted(name, known)}")
    return tuple(found)


def _names(item: Item, key: str, at: str, say: Say) -> tuple[Any, ...]:
    names: list[Any] = []
    for text in _texts(item, key, at, say):
        try:
            names += parse(text)
        except InvalidDomain as fault:
            say(at, f"{key}: {fault}", fault.text, fault.proposal)
    return tuple(names)


def _clients(item: Item, say: Say) -> tuple[Any, ...]:
    clients: list[Any] = []
    for text in _texts(item, "clients", "clients", say):
        try:
            clients.append(parse_client(text))
        except InvalidClient as fault:
            say("clients", f"clients: {fault}")
    return tuple(clients)

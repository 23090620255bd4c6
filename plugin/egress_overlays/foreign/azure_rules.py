"""The rules of Azure Firewall, however they are written: ARM's keys, Terraform's keys, and the older kind of either."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from .found import WIDER, Note, Place, Scope, wider
from .names import EVERYTHING
from .ports import Port
from .terraform import Module, dynamic, resources
from .trees import worked_out
from .values import Expression, Map, Text, mapping, mappings, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .files import Input, Item

_GROUPS = "firewallpolicies/rulecollectiongroups"
_FIREWALLS = "microsoft.network/azurefirewalls"
_LAST = 1 << 20
_ANYWHERE = ("*", "0.0.0.0/0", "Internet")
_REFERENCE = re.compile(r"\[\s*(variables|parameters)\('([^']+)'\)\s*\]", re.IGNORECASE)
# What an application rule goes by beside names; what stands inside of TLS, or a list that Microsoft keeps.
_BEYOND = {
    "URLs": ("targetUrls", "destination_urls"),
    "FQDN tags": ("fqdnTags", "destination_fqdn_tags", "fqdn_tags"),
    "web categories": ("webCategories", "web_categories"),
}
_RESOURCES = (
    "azurerm_firewall_policy_rule_collection_group",
    "azurerm_firewall_application_rule_collection",
    "azurerm_firewall_network_rule_collection",
)
TLS = "https"
"""The protocol of a port that is open to TLS."""
_NO_PORT = Port("-", "-", "", Place(""))
_FQDNS = ("targetFqdns", "destinationFqdns", "destination_fqdns", "target_fqdns")


class Collection(NamedTuple):
    """A rule collection: its `rules` as they are written, and the `order` in which it is asked."""

    name: str
    action: str
    order: tuple[bool, int, int]
    rules: list[Map]
    place: Place


class Written(NamedTuple):
    """One rule: its names, the ports at which it is for TLS, for whom, and what else it goes by."""

    title: str
    names: list[Text]
    ports: list[Port]
    scope: Scope | None
    beyond: list[tuple[str, Place]]
    inside: Place | None
    notes: list[Note]


def collections(item: Item) -> Iterator[Collection]:
    """The collections of a document."""
    value = item.value
    for one in _arm(value.get("resources")):
        kind, properties = text(one, "type").lower(), mapping(one, "properties")
        if kind.endswith(_GROUPS):
            yield from _of_group(properties)
        elif kind == _FIREWALLS:
            yield from _classic(properties)
    if "kind" not in value and mappings(value.get("ruleCollections")):
        yield from _of_group(value)
    yield from _in_terraform(value)


def _in_terraform(value: Map) -> Iterator[Collection]:
    for _, group in resources(value, _RESOURCES[0]):
        for key in ("network_rule_collection", "application_rule_collection"):
            for one in mappings(group.get(key)):
                yield _terraform(one, group, is_application=key == "application_rule_collection")
    for key in ("network", "application"):
        for _, one in resources(value, f"azurerm_firewall_{key}_rule_collection"):
            yield _terraform(one, Map(one.place), is_application=key == "application")


def made_by_terraform(value: Map) -> Iterator[Note]:
    """Notes on the blocks that Terraform has to work out, which may hold denials."""
    for kind in _RESOURCES:
        for name, one in resources(value, kind):
            yield from (note._replace(kind=WIDER) for note in dynamic(one, f"{kind}.{name}"))


def _arm(value: Any) -> Iterator[Map]:
    """Resources of an ARM template, those within others too; version 2 of the language has a mapping of them."""
    pending = [*value.values()] if isinstance(value, Map) else [*value] if isinstance(value, list) else []
    while pending:
        one = pending.pop(0)
        if isinstance(one, Map):
            yield one
            inner = mapping(one, "properties", "template").get("resources") or one.get("resources")
            pending += inner.values() if isinstance(inner, Map) else inner if isinstance(inner, list) else []


def _of_group(group: Map) -> Iterator[Collection]:
    for one in mappings(group.get("ruleCollections")):
        if text(one, "ruleCollectionType") == "FirewallPolicyNatRuleCollection":
            continue
        rules = mappings(one.get("rules"))
        for is_application in (False, True):
            some = [rule for rule in rules if (text(rule, "ruleType") != "NetworkRule") == is_application]
            if some:
                order = (is_application, _number(group.get("priority")), _number(one.get("priority")))
                action = text(mapping(one, "action"), "type")
                yield Collection(text(one, "name") or "azure", action, order, some, one.place)


def _classic(properties: Map) -> Iterator[Collection]:
    for key in ("networkRuleCollections", "applicationRuleCollections"):
        for one in mappings(properties.get(key)):
            inner = mapping(one, "properties")
            order = (key[0] == "a", 0, _number(inner.get("priority")))
            action = text(mapping(inner, "action"), "type")
            yield Collection(text(one, "name") or "azure", action, order, mappings(inner.get("rules")), one.place)


def _terraform(one: Map, group: Map, *, is_application: bool) -> Collection:
    order = (is_application, _number(group.get("priority")), _number(one.get("priority")))
    return Collection(text(one, "name") or "azure", text(one, "action"), order, mappings(one.get("rule")), one.place)


def _number(value: Any) -> int:
    return int(value) if isinstance(value, int) or str(value).isdecimal() else _LAST


class Rules:
    """Reads the rules of the collections of one document."""

    def __init__(self, item: Item, given: Input) -> None:
        self._module = Module(item, given)
        self._known: dict[str, Any] = dict(mapping(item.value, "variables"))
        for name, one in mapping(item.value, "parameters").items():
            if isinstance(one, Map) and "defaultValue" in one:
                self._known.setdefault(name, one["defaultValue"])
        self._parameters = set(mapping(item.value, "parameters"))

    def of(self, collection: Collection) -> Iterator[Written]:
        """The rules, in order."""
        for rule in collection.rules:
            title = f"rule {text(rule, 'name') or 'without a name'} of {collection.name}"
            yield self._rule(rule, title, is_application=collection.order[0])

    def texts(self, rule: Map, *keys: str) -> list[Text]:
        """The texts under the first of `keys` that is there."""
        key = next((one for one in keys if one in rule), "")
        found = self._module.texts(_arm_references(rule.get(key)))
        return list(worked_out(found, self._known, ("concat", "union", "array", "createArray")))

    def _rule(self, rule: Map, title: str, *, is_application: bool) -> Written:
        sources = [*self.texts(rule, "sourceAddresses", "source_addresses")]
        groups = [*self.texts(rule, "sourceIpGroups", "source_ip_groups")]
        scope = None
        if not set(map(str, sources)) & set(_ANYWHERE) and (sources or groups):
            shown = ", ".join(map(str, [*sources, *groups][:3]))
            scope = Scope(f"{title} is for the addresses {shown} alone", rule.place)
        notes = list(self._doubts(rule, title))
        if is_application:
            names = self.texts(rule, *_FQDNS)
            beyond = [
                (f"{words} ({key}) are not carried over", rule.at(key))
                for words, keys in _BEYOND.items()
                for key in keys
                if rule.get(key)
            ]
            inside = next((rule.at(key) for key in ("terminateTLS", "terminate_tls") if rule.get(key) is True), None)
            return Written(title, names, self._https(rule), scope, beyond, inside, notes)
        names = self.texts(rule, "destinationFqdns", "destination_fqdns")
        addresses = self.texts(rule, "destinationAddresses", "destination_addresses")
        beyond = [("a rule by addresses is not carried over", rule.place)]
        if set(map(str, addresses)) & set(_ANYWHERE):
            names, beyond = [*names, Text(EVERYTHING, rule.place)], []
        elif not addresses and not any(rule.get(one) for one in ("destinationIpGroups", "destination_ip_groups")):
            beyond = []
        return Written(title, names, self._tcp(rule), scope, beyond, None, notes)

    def _https(self, rule: Map) -> list[Port]:
        protocols = mappings(rule.get("protocols")) + mappings(rule.get("protocol"))
        kinds = [(text(one, "protocolType") or text(one, "type"), text(one, "port")) for one in protocols]
        return [Port(port or "443", port or "443", kind.lower(), rule.place) for kind, port in kinds] or [_NO_PORT]

    def _tcp(self, rule: Map) -> list[Port]:
        if not {one.upper() for one in self.texts(rule, "ipProtocols", "protocols")} & {"TCP", "ANY"}:
            return [_NO_PORT]
        written = map(str, self.texts(rule, "destinationPorts", "destination_ports"))
        ends = [("0", "", "0") if port == "*" else port.partition("-") for port in written]
        return [Port(first, last or first, TLS, rule.place) for first, _, last in ends] or [_NO_PORT]

    def _doubts(self, rule: Map, title: str) -> Iterator[Note]:
        """A word on each parameter that may have had another value than its default."""
        for key in _FQDNS:
            value = _arm_references(rule.get(key))
            yield from self._module.doubts(value, title)
            for one in self._module.texts(value):
                if isinstance(one, Expression) and str(one) in self._parameters & set(self._known):
                    words = f"{title}: the parameter {one} is taken by its default; another value may have closed some"
                    yield wider(one.place, words)


def _arm_references(value: Any) -> Any:
    """`value`, in which a text of ARM's language that is one reference is that."""
    if isinstance(value, list):
        return [_arm_references(one) for one in value]
    if isinstance(value, Text) and not isinstance(value, Expression) and value[:1] == "[" and value[:2] != "[[":
        found = _REFERENCE.fullmatch(value)
        return Expression(found[2] if found else str(value), value.place, "", [])
    return value

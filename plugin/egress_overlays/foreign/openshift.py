"""OpenShift's EgressFirewall (OVN-Kubernetes) and its older EgressNetworkPolicy: rules of a namespace, in order.

The first rule that matches decides, and what none matches is allowed, so a list that ends without a denial of
0.0.0.0/0 lets every name through. `*.name` in dnsName stands for one label (OpenShift, "Configuring an egress firewall
for a project"). Ours is any number of labels, which is said.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .found import Carried, Found, Scope, left, wider
from .names import Rule, allow, decided
from .ports import HTTPS, Port, by_port, opened, opens, others, serves
from .values import Map, Text, mapping, mappings, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import File, Input, Item

_TCP = ("TCP", "")
_EVERYWHERE = ("0.0.0.0/0", "::/0")


def takes(item: Item) -> bool:
    """Whether it is an egress firewall."""
    return item.kind in ("EgressFirewall", "EgressNetworkPolicy")


def reads(_file: File) -> bool:
    """It is always YAML."""
    return False


def read(items: Sequence[Item], _files: Sequence[File], _given: Input) -> Iterator[Found]:
    """The names of every firewall, a group for each namespace."""
    for item in items:
        rules = [(rule, opened(rule.get("ports"))) for rule in mappings(item.spec.get("egress"))]
        ports = {
            port
            for rule, ports in rules
            if text(rule, "type") == "Allow" and "dnsName" in mapping(rule, "to")
            for port in others(ports, *_TCP)
        }
        yield from by_port(ports, partial(_firewall, item, rules))


def _firewall(item: Item, written: Sequence[tuple[Map, list[Port]]], port: int) -> Iterator[Found]:
    group = item.namespace or item.name or "egress-firewall"
    words = f"{item.title} is for the namespace {item.namespace or 'that it is applied to'}"
    clients = (item.namespace,) if item.namespace else ()
    scope = Scope(words, item.place, clients, exact=bool(clients))
    rules: list[Rule] = []
    notes: list[Found] = []
    for rule, ports in written:
        to, name = mapping(rule, "to"), mapping(rule, "to").get("dnsName")
        is_served = serves(ports, port, *_TCP)
        allows = text(rule, "type") == "Allow"
        if isinstance(name, Text) and allows and opens(ports, port, *_TCP):
            rules.append(allow(Carried(name, group, name.place, scope=scope, namespace=item.namespace)))
            if name.startswith("*."):
                notes.append(wider(name.place, f'"{name}" means one label in OpenShift, and any number here', name))
        elif isinstance(name, Text) and allows:
            if port == HTTPS and not others(ports, *_TCP):
                notes.append(left(name.place, f'"{name}": was not open at TCP port 443', name))
        elif isinstance(name, Text):
            rules += [Rule(name, name.place)] if is_served else []
        elif text(to, "cidrSelector") in _EVERYWHERE and is_served:
            if allows:
                notes.append(left(rule.place, f"{item.title}: lets every name through; that is not carried over"))
            break
        elif not allows:
            notes.append(wider(rule.place, f"{item.title}: a denial of {text(to, 'cidrSelector')} is not carried over"))
    else:
        notes.append(left(item.place, f"{item.title}: what no rule matches is allowed; that is not carried over"))
    yield from notes
    yield from decided(rules)

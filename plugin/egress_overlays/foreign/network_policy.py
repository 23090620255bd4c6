"""ClusterNetworkPolicy and AdminNetworkPolicy of the Kubernetes policy API: egress peers by `domainNames`.

Policies are asked by tier (Admin before Baseline) and by priority, the lowest number first, and their rules in order;
domainNames stand in rules that accept alone; `*.name` is one label or more, never name itself (NPEP-133,
policy.networking.k8s.io). A Deny by other peers is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .found import Carried, Found, Scope, left, wider
from .ports import HTTPS, Port, by_port, opened, opens, others
from .values import Map, mapping, mappings, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import File, Input, Item

_TCP = ("TCP", "")
_KINDS = ("ClusterNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy")


def takes(item: Item) -> bool:
    """Whether it is a policy of that API."""
    return item.kind in _KINDS and item.group == "policy.networking.k8s.io"


def reads(_file: File) -> bool:
    """It is always YAML."""
    return False


def read(items: Sequence[Item], _files: Sequence[File], _given: Input) -> Iterator[Found]:
    """The names of every policy, a group each."""
    rules = [(item, rule, _ports(rule)) for item in items for rule in mappings(item.spec.get("egress"))]
    ports = {port for _, _, ports in rules for port in others(ports, *_TCP)}
    yield from by_port(ports, lambda port: (found for one in rules for found in _rule(*one, port)))


def _rule(item: Item, rule: Map, ports: Sequence[Port], port: int) -> Iterator[Found]:
    names = [name for peer in mappings(rule.get("to")) for name in texts(peer.get("domainNames"))]
    action = text(rule, "action")
    if action == "Deny":
        yield wider(rule.place, f"policy {item.name}: a rule that denies by other peers is not carried over")
    for name in names:
        if action not in ("Allow", "Accept"):
            if port == HTTPS:
                yield left(name.place, f'"{name}": stands in a rule with action {action}', name)
        elif opens(ports, port, *_TCP):
            yield Carried(name, item.name, name.place, scope=_scope(item))
        elif port == HTTPS and not others(ports, *_TCP):
            yield left(name.place, f'"{name}": was not open at TCP port 443', name)


def _ports(rule: Map) -> list[Port]:
    """The ports of a rule, in either version of the API."""
    found: list[Port] = []
    for one in mappings(rule.get("ports")):
        if "portNumber" in one:
            found += opened(one.get("portNumber"))
        elif "portRange" in one:
            found += opened(one.get("portRange"), port="start", end="end")
        else:
            found.append(Port("?", "?", "TCP", one.place))
    for one in mappings(rule.get("protocols")):
        tcp = mapping(one, "tcp", "destinationPort")
        found.append(
            Port(text(tcp, "number") or "0", text(tcp, "number") or "0", "TCP" if "tcp" in one else "OTHER", one.place)
        )
    return found


def _scope(item: Item) -> Scope | None:
    """Whom a policy is for; None for the whole cluster."""
    subject = mapping(item.spec, "subject")
    namespaces = subject.get("namespaces")
    if isinstance(namespaces, Map) and not any(namespaces.values()):
        return None
    name = text(mapping(namespaces, "matchLabels"), "kubernetes.io/metadata.name")
    words = f"policy {item.name} is for {f'the namespace {name}' if name else 'some workloads'}"
    return Scope(words, item.spec.at("subject"), (name,) if name else (), exact=bool(name))

"""Calico: `domains` of NetworkPolicies, and NetworkSets with allowedEgressDomains that their selectors match.

`*` is one label or more, at any place; domains count in egress rules with action Allow alone. Policies are asked by
tier and order, their rules one after the other; what none of a tier matches is denied there (Calico, "DNS policy",
NetworkSet, NetworkPolicy).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from .calico_selectors import matches
from .found import Carried, Found, Place, Scope, left, wider
from .ports import HTTPS, Port, by_port, holds, opens, others, serves
from .values import Map, Text, mapping, mappings, place_of, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import File, Input, Item

_TCP = "TCP"
_SETS = ("NetworkSet", "GlobalNetworkSet")
_POLICIES = ("NetworkPolicy", "GlobalNetworkPolicy")
_GROUPS = ("projectcalico.org", "crd.projectcalico.org")
_EVERYWHERE = ("0.0.0.0/0", "::/0")
_LATE = float("inf")


class _Closed(NamedTuple):
    """For whom an earlier policy denies everything that it does not allow, by which rule."""

    words: str
    place: Place
    is_rule: bool
    is_for_all: bool


def takes(item: Item) -> bool:
    """Whether it is of Calico's kinds that are about names."""
    return item.group in _GROUPS and item.kind in (*_SETS, *_POLICIES, "Tier")


def reads(_file: File) -> bool:
    """It is always YAML."""
    return False


def read(items: Sequence[Item], _files: Sequence[File], _given: Input) -> Iterator[Found]:
    """The names of every policy, a group each; of sets alone, where no policy is among the arguments."""
    sets = [item for item in items if item.kind in _SETS]
    policies = [item for item in items if item.kind in _POLICIES]
    if not policies:
        for item in sets:
            names = texts(item.spec.get("allowedEgressDomains"))
            yield from (found for name in names for found in _carried(item, name, None))
            if names:
                words = f"{item.title}: no policy stands here; its names are taken as if one allowed them at port 443"
                yield wider(names[0].place, words)
        return
    rules = [rule for item in policies for rule in mappings(item.spec.get("egress")) if text(rule, "action") == "Allow"]
    ports = {port for rule in rules for port in others(_ports(rule), _TCP)}
    used: set[int] = set()
    yield from by_port(ports, partial(_at, policies, items, sets, used))
    for item in sets:
        if id(item) not in used:
            for name in texts(item.spec.get("allowedEgressDomains")):
                yield left(name.place, f'"{name}" of {item.title}: no rule that allows selects it', name)


def _at(
    policies: Sequence[Item], items: Sequence[Item], sets: Sequence[Item], used: set[int], port: int
) -> Iterator[Found]:
    """The names that are open at a port; the sets that are selected go to `used`."""
    tiers = {item.name: _number(item.spec, "order") for item in items if item.kind == "Tier"}
    order = sorted(policies, key=lambda item: (tiers.get(_tier(item), _LATE), _number(item.spec, "order"), item.name))
    closed: dict[str, list[_Closed]] = {}
    for item in order:
        if "egress" in item.spec or "Egress" in texts(item.spec.get("types")):
            before = [one for tier, some in closed.items() for one in some if tier != _tier(item) or one.is_rule]
            yield from _policy(item, sets, used, before, port)
            closed.setdefault(_tier(item), []).append(_ending(item, port))


def _ending(item: Item, port: int) -> _Closed:
    """What a policy denies: by a rule of its own for policies of its tier too, else for those of later tiers."""
    scope = _scope(item)
    whose = scope.words if scope else f"{item.title} is for every workload"
    rule = next((one for one in mappings(item.spec.get("egress")) if _is_denial(one, port)), None)
    words = f"{whose} and denies every other name"
    return _Closed(words, rule.place if rule else item.place, rule is not None, scope is None)


def _policy(item: Item, sets: Sequence[Item], used: set[int], before: Sequence[_Closed], port: int) -> Iterator[Found]:
    """The names of one policy, which `before` have closed for some."""
    for rule in mappings(item.spec.get("egress")):
        action = text(rule, "action")
        if _is_denial(rule, port):
            return  # what follows decides nothing
        if action == "Deny" and _serves(rule, port):
            yield wider(rule.place, f"{item.title}: a rule that denies by other peers is not carried over")
        elif action == "Allow":
            for found in _allowed(item, rule, sets, used, port):
                yield from _after(item, found, before) if isinstance(found, Carried) else [found]


def _after(item: Item, found: Carried, before: Sequence[_Closed]) -> Iterator[Found]:
    """What is left of a name after the policies before its own."""
    by = next((one for one in before if one.is_for_all), None)
    if by is not None:
        yield left(found.place, f'"{found.name}" of {item.title}: {by.words} before it', found.name)
        return
    yield found
    for one in before:
        words = f'{one.words}, before {item.title}: "{found.name}" was closed there, and is open now'
        yield wider(one.place, words, found.name)


def _allowed(item: Item, rule: Map, sets: Sequence[Item], used: set[int], port: int) -> Iterator[Found]:
    """The names that a rule allows, its own and those of the sets that it selects."""
    destination = mapping(rule, "destination")
    names = texts(destination.get("domains"))
    for one in sets:
        chosen = matches(item, destination, one)
        if chosen is None:
            at = place_of(destination.get("selector"), rule.place)
            yield left(at, f"{item.title}: which sets this selector means is not told here; write the names")
            break
        if chosen:
            used.add(id(one))
            names += texts(one.spec.get("allowedEgressDomains"))
    for name in names:
        if _opens(rule, port):
            yield from _carried(item, name, _scope(item))
        elif port == HTTPS and not others(_ports(rule), _TCP):
            yield left(name.place, f'"{name}": was not open at TCP port 443', name)
    if not names and not any(destination.values()) and _serves(rule, port):
        yield left(rule.place, f"{item.title}: lets every name through; that is not carried over")


def _carried(item: Item, name: Text, scope: Scope | None) -> Iterator[Found]:
    if "*" in name.removeprefix("*."):
        words = f'"{name}" has a * that is not the whole first label: left out; write the names'
        yield left(name.place, words, name)
    else:
        yield Carried(name, item.name or "calico", name.place, scope=scope, namespace=item.namespace)


def _tier(item: Item) -> str:
    return text(item.spec, "tier") or "default"


def _number(spec: Map, key: str) -> float:
    try:
        return float(text(spec, key) or _LATE)
    except ValueError:
        return _LATE


def _is_denial(rule: Map, port: int) -> bool:
    """Whether a rule denies every name at `port`."""
    destination = mapping(rule, "destination")
    nets = texts(destination.get("nets"))
    beyond = [key for key, there in destination.items() if there and key not in ("nets", "ports", "notPorts")]
    is_everywhere = not nets or bool(set(map(str, nets)) & set(_EVERYWHERE))
    return (
        text(rule, "action") == "Deny"
        and is_everywhere
        and not beyond
        and not rule.get("source")
        and _serves(rule, port)
    )


def _serves(rule: Map, port: int) -> bool:
    """Whether a rule is for a TCP port."""
    if not _is_tcp(rule):
        return False
    beyond = mapping(rule, "destination").get("notPorts")
    if isinstance(beyond, list) and any(holds(one, ":", port) for one in beyond):
        return False
    return serves(_ports(rule), port, _TCP)


def _is_tcp(rule: Map) -> bool:
    return text(rule, "protocol").upper() in ("", _TCP, "6") and text(rule, "notProtocol").upper() not in (_TCP, "6")


def _opens(rule: Map, port: int) -> bool:
    """Whether names that a rule allows are carried over for a port."""
    return _serves(rule, port) and opens(_ports(rule), port, _TCP)


def _ports(rule: Map) -> list[Port]:
    """The ports of a rule."""
    written = mapping(rule, "destination").get("ports")
    is_tcp = _is_tcp(rule)
    found = []
    for one in written if isinstance(written, list) else ():
        first, _, last = str(one).partition(":")
        found.append(Port(first or "-", last or first or "-", _TCP if is_tcp else "", rule.place))
    return found


def _scope(item: Item) -> Scope | None:
    """Whom a policy is for; None for every workload."""
    spec = item.spec
    some = text(spec, "selector") not in ("", "all()") or text(spec, "serviceAccountSelector") not in ("", "all()")
    spaces = text(spec, "namespaceSelector") not in ("", "all()")
    if item.kind == "GlobalNetworkPolicy" and not some and not spaces:
        return None
    whose = "some workloads" if some or item.kind == "GlobalNetworkPolicy" else "the workloads"
    space = "" if item.kind == "GlobalNetworkPolicy" else item.namespace or "that it is applied to"
    words = f"{item.title} is for {whose}{f' of the namespace {space}' if space else ''}"
    clients = (item.namespace,) if item.namespace and item.kind == "NetworkPolicy" else ()
    return Scope(words, item.spec.place, clients, exact=bool(clients) and not some)

"""Cilium network policies: names by toFQDNs (matchName, matchPattern), narrowed by serverNames, or by these alone.

In a matchPattern `*.name` means one label, `**.name` any number (Cilium 1.19), `*` within a label any of its
characters; serverNames are compared with the SNI, `*.name` meaning one label too (Cilium, "DNS based" and "TLS SNI"
policies). Ours means any number: what widens is said. A rule under egressDeny wins over every egress.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .cilium_patterns import Pattern, Patterns, matches, of_fqdn, pattern
from .found import Carried, Found, Note, Scope, left, wider
from .names import EVERYTHING, plain
from .ports import HTTPS, Port, by_port, opened, opens, other, others, serves
from .values import Map, mapping, mappings, place_of, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import File, Input, Item

_KINDS = ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy")
_TCP = ("TCP", "ANY", "")
_PEERS = ("toEndpoints", "toServices", "toNodes", "toRequires")
_ANYWHERE = ("world", "all", "world-ipv4")
_NAMESPACE = ("k8s:io.kubernetes.pod.namespace", "io.kubernetes.pod.namespace")
_ACCOUNT = ("k8s:io.cilium.k8s.policy.serviceaccount", "io.cilium.k8s.policy.serviceaccount")


def takes(item: Item) -> bool:
    """Whether it is a policy of Cilium's."""
    return item.kind in _KINDS


def reads(_file: File) -> bool:
    """It is always YAML."""
    return False


def read(items: Sequence[Item], _files: Sequence[File], _given: Input) -> Iterator[Found]:
    """The names of every policy, a group each."""
    specs = [
        (item, spec)
        for item in items
        for spec in [*mappings(item.value.get("spec")), *mappings(item.value.get("specs"))]
    ]
    ports = {
        port
        for _, spec in specs
        for rule in mappings(spec.get("egress"))
        for entry in mappings(rule.get("toPorts"))
        for port in others(_ports(entry), *_TCP)
    }
    resolved = _resolved(spec for _, spec in specs)
    yield from by_port(ports, partial(_at, specs, resolved))


def _at(specs: Sequence[tuple[Item, Map]], resolved: Patterns | None, port: int) -> Iterator[Found]:
    """The names that are open at a port."""
    closed = [(item, spec, rule) for item, spec in specs for rule in mappings(spec.get("egressDeny"))]
    everything = [one for one in closed if _denies_everything(one[2], port)]
    for item, spec, rule in closed:
        title = f"policy {item.name}"
        if not _denies_everything(rule, port):
            yield wider(rule.place, f"{title}: the deny rule {sorted(rule)} is not carried over")
        elif not _is_for_all(item, spec):
            yield wider(rule.place, f"{title}: denies every name to {_scope(item, spec) or _all(item)}")
    if any(_is_for_all(item, spec) for item, spec, _ in everything):
        yield left(everything[0][2].place, f"policy {everything[0][0].name}: denies every name to every workload")
        return
    for item, spec in specs:
        yield from _spec(item, spec, resolved, port)


def _spec(item: Item, spec: Map, resolved: Patterns | None, port: int) -> Iterator[Found]:
    """The names of one spec."""
    words = _scope(item, spec)
    scope = Scope(f"policy {item.name} is for {words.words}", spec.place, words.clients, words.exact) if words else None
    namespace = item.namespace
    told: set[str] = set()
    for rule in mappings(spec.get("egress")):
        for found in _rule(item, rule, resolved, port):
            if isinstance(found, Carried):
                yield found._replace(scope=scope, namespace=namespace)
            elif isinstance(found, Note) and found.words not in told:
                told.add(found.words)
                yield found


def _rule(item: Item, rule: Map, resolved: Patterns | None, port: int) -> Iterator[Found]:
    title = f"policy {item.name}"
    fqdns = [one for entry in mappings(rule.get("toFQDNs")) for one in of_fqdn(entry)]
    ports = mappings(rule.get("toPorts"))
    serving = [entry for entry in ports if opens(_ports(entry), port, *_TCP)]
    names = [pattern(name) for entry in serving for name in texts(entry.get("serverNames"))]
    peers = [key for key in rule if key.startswith("to") and key not in ("toPorts", "toFQDNs")]
    if port != HTTPS and not serving:
        return
    if ports and not serving:
        if fqdns:
            yield from _notes(title, rule, ports)
        if not any(others(_ports(entry), *_TCP) for entry in ports):
            for one in fqdns:
                yield left(one.place, f'"{one.written}": was not open at TCP port 443', one.written)
    elif fqdns:
        yield from _notes(title, rule, ports)
        yield from _left_peers(title, rule, peers)
        if all(texts(entry.get("serverNames")) for entry in serving) and names:
            yield from _narrowed(item, fqdns, names, resolved)
        else:
            for one in fqdns:
                yield from _carried(item, one, resolved)
    else:
        yield from _by_server_name(item, rule, names, peers)


def _by_server_name(item: Item, rule: Map, names: Sequence[Pattern], peers: Sequence[str]) -> Iterator[Found]:
    """The names that serverNames let through alone, wherever they lead."""
    if any(key in _PEERS for key in peers):
        for one in names:
            yield left(one.place, f'"{one.written}": was for endpoints of the cluster', one.written)
    elif names:
        for one in names:
            yield from _carried(item, one, None)
            if not _is_world(rule, peers):
                yield wider(one.place, f'"{one.written}": was open at addresses of {", ".join(peers)} alone', one.line)
    elif _is_world(rule, peers):
        yield left(rule.place, f"policy {item.name}: lets every name through; that is not carried over")
    else:
        yield from _left_peers(f"policy {item.name}", rule, peers)


def _left_peers(title: str, rule: Map, peers: Sequence[str]) -> Iterator[Found]:
    for key in peers:
        if key not in _PEERS:
            yield left(rule.at(key), f"{title}: egress by {key} is not carried over")


def _narrowed(
    item: Item, fqdns: Sequence[Pattern], names: Sequence[Pattern], resolved: Patterns | None
) -> Iterator[Found]:
    """The names that both toFQDNs and serverNames let through."""
    allowed, known = Patterns(names), {plain(two.written): two for two in names}
    for one in fqdns:
        if one.line and allowed.match(one):
            yield from _carried(item, one, resolved)
            continue
        exact = one.line and "*" not in one.written
        inner = (
            []
            if exact and plain(one.written) not in known
            else [two for two in names if two.line and matches(one, two)]
        )
        for two in inner:
            yield from _carried(item, two, resolved)
        if not inner:
            yield left(one.place, f'"{one.written}": no name of serverNames is one of it', one.written)


def _carried(item: Item, one: Pattern, resolved: Patterns | None) -> Iterator[Found]:
    if not one.line:
        words = f'"{one.written}" has a * that is not the whole first label: left out; write the names'
        yield left(one.place, words, one.written)
    elif resolved is not None and not resolved.match(one):
        yield left(one.place, f'"{one.written}": no rule for DNS lets it be asked for', one.written)
    else:
        comment = "wider than in Cilium, where * is one label" if one.is_wider else ""
        yield Carried(one.line, item.name or "cilium", one.place, comment)
        if one.is_wider:
            words = f'"{one.written}" means one label in Cilium, and any number here: carried over, and wider'
            yield wider(one.place, words, one.line)


def _ports(entry: Map) -> list[Port]:
    return opened(entry.get("ports"), end="endPort")


def _notes(title: str, rule: Map, ports: Sequence[Map]) -> Iterator[Found]:
    """What a rule opens beside names at TCP ports, and what it checks besides names."""
    if not ports:
        yield left(rule.place, f"{title}: all ports were open; the gateway serves those that a list names")
    for entry in ports:
        for port in _ports(entry):
            if port.protocol in ("ANY", "") and (port.is_only("443") or other(port.first)):
                words = f"{title}: port {port.first} for ANY is not carried over; the gateway serves TCP alone"
                yield left(port.place, words)
            elif not (port.protocol == "TCP" and (port.is_only("443") or others([port], "TCP"))):
                named = port.shown if port.protocol in ("TCP", "ANY", "") else f"{port.shown} for {port.protocol}"
                yield left(port.place, f"{title}: port {named} is not carried over; no list can hold it")
        if entry.get("rules") and serves(_ports(entry), HTTPS, *_TCP):
            yield wider(entry.at("rules"), f"{title}: rules within toPorts are not carried over")


def _is_world(rule: Map, peers: Sequence[str]) -> bool:
    """Whether a rule is for every address outside."""
    cidrs = [*texts(rule.get("toCIDR")), *(text(entry, "cidr") for entry in mappings(rule.get("toCIDRSet")))]
    return not peers or bool(set(texts(rule.get("toEntities"))) & set(_ANYWHERE)) or "0.0.0.0/0" in cidrs


def _denies_everything(rule: Map, port: int) -> bool:
    """Whether a deny rule is for every name at `port`."""
    peers = [key for key in rule if key.startswith("to") and key != "toPorts"]
    ports = mappings(rule.get("toPorts"))
    return _is_world(rule, peers) and (not ports or any(serves(_ports(entry), port, *_TCP) for entry in ports))


def _resolved(specs: Iterator[Map]) -> Patterns | None:
    """The patterns that rules for DNS let be asked for; None where there are no such rules, and all can be."""
    rules = [
        rule
        for spec in specs
        for egress in mappings(spec.get("egress"))
        for entry in mappings(egress.get("toPorts"))
        for rule in mappings(mapping(entry, "rules").get("dns"))
    ]
    patterns = {plain(one.written): one for rule in rules for one in of_fqdn(rule)}
    # One that lets all be asked for is enough.
    return None if not rules or EVERYTHING in patterns else Patterns(list(patterns.values()))


def _is_for_all(item: Item, spec: Map) -> bool:
    return item.kind == _KINDS[1] and not any(mapping(spec, "endpointSelector").values())


def _all(item: Item) -> str:
    return f"the workloads of the namespace {item.namespace}" if item.namespace else "the workloads of a namespace"


def _scope(item: Item, spec: Map) -> Scope | None:
    """Whom one spec is for; None for every workload of the cluster."""
    selector = mapping(spec, "endpointSelector")
    labels = mapping(selector, "matchLabels")
    own = item.namespace if item.kind == _KINDS[0] else ""
    namespace = own or next((text(labels, key) for key in _NAMESPACE if text(labels, key)), "")
    account = next((text(labels, key) for key in _ACCOUNT if text(labels, key)), "")
    others = [key for key in labels if key not in (*_NAMESPACE, *_ACCOUNT)] or bool(selector.get("matchExpressions"))
    is_some = bool(others) or "endpointSelector" not in spec
    if item.kind == _KINDS[1] and not is_some and not namespace and not account:
        return None
    whose = f"the namespace {namespace}" if namespace else "the namespace that it is applied to"
    words = "some workloads" if is_some or account else "the workloads"
    if item.kind == _KINDS[0] or namespace:
        words = f"{words} of {whose}"
    clients = (f"{namespace}/{account}" if account else namespace,) if namespace else ()
    return Scope(words, place_of(selector or None, spec.place), clients, exact=bool(clients) and not is_some)

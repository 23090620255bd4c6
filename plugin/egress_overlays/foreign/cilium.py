"""Cilium network policies: toFQDNs with matchName and matchPattern.

In a matchPattern `*.name` means one label, `**.name` any number (Cilium 1.19), `*` within a label any of its
characters (Cilium, "DNS based" policies). Ours means any number: what widens is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .source import Carried, Note, Source, mappings

if TYPE_CHECKING:
    from collections.abc import Iterator

_KINDS = ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy")
_PORT = 443


def matches(source: Source) -> bool:
    """Whether the file holds Cilium's policies."""
    return any(document.get("kind") in _KINDS for document in source.documents)


def read(source: Source) -> Iterator[Carried | Note]:
    """The names of every policy, a group each."""
    for document in source.documents:
        if document.get("kind") not in _KINDS:
            continue
        metadata = document.get("metadata")
        name = str(metadata.get("name", "cilium")) if isinstance(metadata, dict) else "cilium"
        specs = [*mappings([document.get("spec")]), *mappings(document.get("specs"))]
        namespace = "" if document["kind"] == _KINDS[1] else _namespace(document)
        for spec in specs:
            yield from _spec(source, name, namespace, spec)


def _namespace(document: dict[str, Any]) -> str:
    """The namespace whose workloads a namespaced policy is for."""
    metadata = document.get("metadata")
    return str((metadata if isinstance(metadata, dict) else {}).get("namespace") or "that it is applied to")


def _spec(source: Source, policy: str, namespace: str, spec: dict[str, Any]) -> Iterator[Carried | Note]:
    """The names of one spec; `namespace` is empty where the policy is for the whole cluster."""
    line = source.line_of(policy)
    rules = [rule for rule in mappings(spec.get("egress")) if rule.get("toFQDNs")]
    selector = spec.get("endpointSelector")
    some = "some workloads" if not isinstance(selector, dict) or any(selector.values()) else ""
    within = f"{some or 'the workloads'} of the namespace {namespace}" if namespace else some
    if rules and within:
        words = f"policy {policy} is for {within}; the list is every workload's"
        yield source.note(f"{words}; limit it with the annotation egress-overlays.dev/clients", line)
    for rule in rules:
        yield from _ports(source, policy, rule, line)
        for entry in mappings(rule["toFQDNs"]):
            if _serves(rule):
                yield from _entry(source, policy, entry)
            else:
                said = entry.get("matchName") or entry.get("matchPattern")
                yield source.note(f'"{said}": was not open at TCP port 443: left out', source.line_of(str(said)))
    for rule in mappings(spec.get("egressDeny")):
        yield source.note(f"policy {policy}: the deny rule {sorted(rule)} is not carried over", line)
    others = {key for rule in mappings(spec.get("egress")) for key in rule if key not in ("toFQDNs", "toPorts")}
    if others - {"toEndpoints"}:
        yield source.note(f"policy {policy}: egress by {', '.join(sorted(others))} is not carried over", line)


def _opened(rule: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The ports of a rule: first, last, protocol."""
    ports = [port for entry in mappings(rule.get("toPorts")) for port in mappings(entry.get("ports"))]
    return [
        (
            str(port.get("port")),
            str(port.get("endPort") or port.get("port")),
            str(port.get("protocol") or "ANY").upper(),
        )
        for port in ports
    ]


def _serves(rule: dict[str, Any]) -> bool:
    """Whether TCP port 443 is among what a rule opens; no ports are all ports."""
    opened = _opened(rule)
    return not opened or any(
        protocol in ("TCP", "ANY") and (first == "0" or (first.isdigit() and last.isdigit() and _holds(first, last)))
        for first, last, protocol in opened
    )


def _holds(first: str, last: str) -> bool:
    return int(first) <= _PORT <= int(last)


def _ports(source: Source, policy: str, rule: dict[str, Any], line: int) -> Iterator[Note]:
    opened = _opened(rule)
    if not opened:
        yield source.note(f"policy {policy}: all ports were open; the gateway serves 443 alone", line)
    for first, last, protocol in opened:
        port = first if first == last else f"{first}-{last}"
        if port != str(_PORT):
            yield source.note(f"policy {policy}: port {port} is not carried over; the gateway serves 443 alone", line)
        elif protocol != "TCP":
            words = f"policy {policy}: port {port} for {protocol} is not carried over; the gateway serves TCP alone"
            yield source.note(words, line)
    if any(entry.get("rules") or entry.get("serverNames") for entry in mappings(rule.get("toPorts"))):
        yield source.note(f"policy {policy}: rules within toPorts are not carried over", line)


def _entry(source: Source, policy: str, entry: dict[str, Any]) -> Iterator[Carried | Note]:
    name, pattern = entry.get("matchName"), entry.get("matchPattern")
    if isinstance(name, str):
        yield Carried(name, policy, source.line_of(name))
    if not isinstance(pattern, str):
        return
    line = source.line_of(pattern)
    stars = pattern.lstrip("*")
    if pattern.startswith("**") and stars.startswith("."):
        yield Carried("*" + stars, policy, line)
    elif pattern.startswith("*.") and "*" not in pattern[1:]:
        yield Carried(pattern, policy, line, "wider than in Cilium, where * is one label")
        yield source.note(f'"{pattern}" means one label in Cilium, and any number here: carried over, and wider', line)
    elif "*" not in pattern:
        yield Carried(pattern, policy, line)
    else:
        yield source.note(f'"{pattern}" has a * that is not the whole first label: left out; write the names', line)

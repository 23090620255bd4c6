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
        for spec in specs:
            yield from _spec(source, name, spec)


def _spec(source: Source, policy: str, spec: dict[str, Any]) -> Iterator[Carried | Note]:
    line = source.line_of(policy)
    rules = [rule for rule in mappings(spec.get("egress")) if rule.get("toFQDNs")]
    selector = spec.get("endpointSelector")
    if rules and isinstance(selector, dict) and any(selector.values()):
        words = f"policy {policy} is for some workloads; the list is every workload's"
        yield source.note(f"{words}; limit it with the annotation egress-overlays.dev/clients", line)
    for rule in rules:
        yield from _ports(source, policy, rule, line)
        for entry in mappings(rule["toFQDNs"]):
            yield from _entry(source, policy, entry)
    for rule in mappings(spec.get("egressDeny")):
        yield source.note(f"policy {policy}: the deny rule {sorted(rule)} is not carried over", line)
    others = {key for rule in mappings(spec.get("egress")) for key in rule if key not in ("toFQDNs", "toPorts")}
    if others - {"toEndpoints"}:
        yield source.note(f"policy {policy}: egress by {', '.join(sorted(others))} is not carried over", line)


def _ports(source: Source, policy: str, rule: dict[str, Any], line: int) -> Iterator[Note]:
    entries = mappings(rule.get("toPorts"))
    ports = [str(port.get("port")) for entry in entries for port in mappings(entry.get("ports"))]
    if not ports:
        yield source.note(f"policy {policy}: all ports were open; the gateway serves 443 alone", line)
    for port in ports:
        if port != "443":
            yield source.note(f"policy {policy}: port {port} is not carried over; the gateway serves 443 alone", line)
    if any(entry.get("rules") or entry.get("serverNames") for entry in entries):
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

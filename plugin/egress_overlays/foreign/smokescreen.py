"""A smokescreen ACL (version v1): allowed_domains of services, default and global lists.

`*.name` matches any depth and never the apex, as ours does (smokescreen, pkg/smokescreen/acl/v1, HostMatchesGlob).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .source import Carried, Note, Source, mappings, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEYS = ("services", "default", "global_allow_list", "global_deny_list")


def matches(source: Source) -> bool:
    """Whether the file has smokescreen's keys and no Kubernetes object."""
    return any("kind" not in document and any(key in document for key in _KEYS) for document in source.documents)


def read(source: Source) -> Iterator[Carried | Note]:
    """The names of every service, a group each."""
    for document in source.documents:
        rules = [(str(rule.get("name")), rule) for rule in mappings(document.get("services"))]
        if len(rules) > 1:
            words = "the services' own lists become groups of one list, which every workload may use"
            yield source.note(f"{words}; limit them with the annotation egress-overlays.dev/clients")
        if isinstance(document.get("default"), dict):
            rules.append(("default", document["default"]))
        for name, rule in rules:
            yield from _rule(source, name, rule)
        for domain in texts(document.get("global_allow_list")):
            yield Carried(domain, "global_allow_list", source.line_of(domain))
        for domain in texts(document.get("global_deny_list")):
            yield source.note(
                f"{domain}: a deny rule is not carried over; what is not listed is denied", source.line_of(domain)
            )


def _rule(source: Source, name: str, rule: dict[str, Any]) -> Iterator[Carried | Note]:
    action = rule.get("action")
    line = source.line_of(name)
    if action in ("open", "report"):
        words = f"service {name} has action {action}, which lets every name through; only its list is carried over"
        yield source.note(words, line)
    for domain in texts(rule.get("allowed_domains")):
        yield Carried(domain, name, source.line_of(domain, line), str(rule.get("project") or ""))
    for key, what in (
        ("mitm_domains", "what it does inside of TLS"),
        ("allowed_external_proxies", "its external proxies"),
    ):
        if rule.get(key):
            yield source.note(f"service {name}: {what} ({key}) is not carried over", source.line_of(key, line))

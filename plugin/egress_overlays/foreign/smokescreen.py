"""A smokescreen ACL (version v1): allowed_domains of services, default and global lists.

`*.name` matches any depth and never the apex, as ours does. Asked in turn are the service's own list, the global deny
list, the global allow list, and its action; a service without a rule and without a default is denied everything
(smokescreen, pkg/smokescreen/acl/v1, Decide and HostMatchesGlob).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .found import Carried, Found, Scope, left, wider
from .names import Rule, allow, decided
from .values import Map, mapping, mappings, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import File, Input, Item

_KEYS = ("services", "default", "global_allow_list", "global_deny_list")


def takes(item: Item) -> bool:
    """Whether the document has smokescreen's keys and is no Kubernetes object."""
    return "kind" not in item.value and any(key in item.value for key in _KEYS)


def reads(_file: File) -> bool:
    """It is always YAML."""
    return False


def read(items: Sequence[Item], _files: Sequence[File], _given: Input) -> Iterator[Found]:
    """The names of every service, a group each."""
    for item in items:
        yield from _acl(item)


def _acl(item: Item) -> Iterator[Found]:
    services = [(text(rule, "name") or "service", rule) for rule in mappings(item.value.get("services"))]
    default = mapping(item.value, "default")
    every = [*services, *([("default", default)] if default else [])]
    yield from _beyond(every)
    if not every:
        yield left(item.place, "has no service and no default, so smokescreen denies every name")
        return
    rules = [
        allow(Carried(domain, name, domain.place, text(rule, "project"), _scope(item, name, len(every))))
        for name, rule in every
        for domain in texts(rule.get("allowed_domains"))
    ]
    rules += [Rule(domain, domain.place) for domain in texts(item.value.get("global_deny_list"))]
    known = (
        None
        if default
        else Scope("global_allow_list is for the services that have a rule", item.value.at("global_allow_list"))
    )
    rules += [
        allow(Carried(domain, "global_allow_list", domain.place, scope=known))
        for domain in texts(item.value.get("global_allow_list"))
    ]
    yield from decided(rules)


def _scope(item: Item, name: str, services: int) -> Scope | None:
    """A list of the only service is everybody's who uses the proxy."""
    if name == "default" or (services == 1 and "default" not in item.value):
        return None
    return Scope("the services' own lists become groups of one list", item.value.at("services"))


def _beyond(rules: Sequence[tuple[str, Map]]) -> Iterator[Found]:
    """What a service was let do apart from its list."""
    for name, rule in rules:
        action = text(rule, "action")
        if action in ("open", "report"):
            words = f"service {name} has action {action}, which lets every name through; only its list is carried over"
            yield left(rule.at("action"), words)
        if rule.get("mitm_domains"):
            words = f"service {name}: what it does inside of TLS (mitm_domains) is not carried over"
            yield wider(rule.at("mitm_domains"), words)
        if rule.get("allowed_external_proxies"):
            words = f"service {name}: its external proxies (allowed_external_proxies) are not carried over"
            yield left(rule.at("allowed_external_proxies"), words)

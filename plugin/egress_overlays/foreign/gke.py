"""GKE's FQDNNetworkPolicy: egress by `matches`, `name` or `pattern`.

In a pattern `*` stands for one label: `*.company.com` is api.company.com and neither company.com nor
eu.api.company.com (Google Cloud, "Control Pod egress traffic using FQDN network policies"). Ours is any number of
labels, which is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .found import Carried, Found, Scope, left, wider
from .ports import HTTPS, by_port, opened, opens, others
from .values import Text, mapping, mappings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import File, Input, Item

_TCP = ("TCP", "ALL", "")


def takes(item: Item) -> bool:
    """Whether it is such a policy."""
    return item.kind == "FQDNNetworkPolicy"


def reads(_file: File) -> bool:
    """It is always YAML."""
    return False


def read(items: Sequence[Item], _files: Sequence[File], _given: Input) -> Iterator[Found]:
    """The names of every policy, a group each."""
    rules = [rule for item in items for rule in mappings(item.spec.get("egress"))]
    ports = {port for rule in rules for port in others(opened(rule.get("ports")), *_TCP)}
    yield from by_port(ports, lambda port: (found for item in items for found in _policy(item, port)))


def _policy(item: Item, port: int) -> Iterator[Found]:
    some = any(mapping(item.spec, "podSelector").values())
    whose = "some workloads" if some else "the workloads"
    words = f"policy {item.name} is for {whose} of the namespace {item.namespace or 'that it is applied to'}"
    clients = (item.namespace,) if item.namespace else ()
    scope = Scope(words, item.spec.place, clients, exact=bool(clients) and not some)
    for rule in mappings(item.spec.get("egress")):
        names = [match[key] for match in mappings(rule.get("matches")) for key in ("name", "pattern") if key in match]
        ports = opened(rule.get("ports"))
        for name in names:
            if not isinstance(name, Text):
                continue
            if opens(ports, port, *_TCP):
                yield Carried(name, item.name, name.place, scope=scope, namespace=item.namespace)
                if name.startswith("*."):
                    yield wider(name.place, f'"{name}" means one label in GKE, and any number here', name)
            elif port == HTTPS and not others(ports, *_TCP):
                yield left(name.place, f'"{name}": was not open at TCP port 443', name)

"""UDS Packages (Defense Unicorns): `network.allow` with direction Egress and a `remoteHost`.

The operator makes a ServiceEntry of each such rule: the name alone, at `port` or `ports` (443 where none is given), by
`remoteProtocol` TLS or HTTP (UDS Core, Package CR, network).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .found import Carried, Found, Scope, left
from .values import Map, Text, mapping, mappings, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import File, Input, Item


def takes(item: Item) -> bool:
    """Whether it is a Package of UDS."""
    return item.kind == "Package" and item.group == "uds.dev"


def reads(_file: File) -> bool:
    """It is always YAML."""
    return False


def read(items: Sequence[Item], _files: Sequence[File], _given: Input) -> Iterator[Found]:
    """The names of every package, a group each."""
    for item in items:
        for rule in mappings(mapping(item.spec, "network").get("allow")):
            name = rule.get("remoteHost")
            if isinstance(name, Text) and text(rule, "direction") == "Egress":
                ports = _ports(rule)
                if text(rule, "remoteProtocol") not in ("", "TLS") or not (not ports or "443" in ports):
                    shown = f"port {', '.join(ports) or '443'} as {text(rule, 'remoteProtocol') or 'TLS'}"
                    yield left(name.place, f'"{name}": was open at {shown} alone', name)
                else:
                    yield Carried(name, item.name, name.place, scope=_scope(item, rule), namespace=item.namespace)


def _ports(rule: Map) -> list[str]:
    several = rule.get("ports")
    return [str(one) for one in (several if isinstance(several, list) else []) + [text(rule, "port")] if one]


def _scope(item: Item, rule: Map) -> Scope:
    account, some = text(rule, "serviceAccount"), bool(rule.get("selector"))
    whose = f"the service account {account}" if account else "some workloads" if some else "the workloads"
    words = f"{item.title} is for {whose} of the namespace {item.namespace or 'that it is applied to'}"
    clients = (f"{item.namespace}/{account}" if account else item.namespace,) if item.namespace else ()
    return Scope(words, rule.place, clients, exact=bool(clients) and (bool(account) or not some))

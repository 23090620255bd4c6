"""UDS Packages (Defense Unicorns): `network.allow` with direction Egress and a `remoteHost`.

The operator makes a ServiceEntry of each such rule: the name alone, at `port` or `ports` (443 where none is given), by
`remoteProtocol` TLS or HTTP (UDS Core, Package CR, network).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .found import Carried, Found, Scope, left
from .ports import HTTPS, at_port, other
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
                yield from _host(item, rule, name)


def _host(item: Item, rule: Map, name: Text) -> Iterator[Found]:
    ports = _ports(rule) or [str(HTTPS)]
    is_tls = text(rule, "remoteProtocol") in ("", "TLS")
    beyond = [port for port in ports if not is_tls or (port != str(HTTPS) and not other(port))]
    for port in ports:
        if port not in beyond:
            line = at_port(name, int(port))
            yield Carried(line, item.name, name.place, scope=_scope(item, rule), namespace=item.namespace)
    if beyond:
        protocol = text(rule, "remoteProtocol") or "TLS"
        alone = " alone" if beyond == ports else ""
        yield left(name.place, f'"{name}": was open at port {", ".join(beyond)} as {protocol}{alone}', name)


def _ports(rule: Map) -> list[str]:
    several = rule.get("ports")
    return [str(one) for one in (several if isinstance(several, list) else []) + [text(rule, "port")] if one]


def _scope(item: Item, rule: Map) -> Scope:
    account, some = text(rule, "serviceAccount"), bool(rule.get("selector"))
    whose = f"the service account {account}" if account else "some workloads" if some else "the workloads"
    words = f"{item.title} is for {whose} of the namespace {item.namespace or 'that it is applied to'}"
    clients = (f"{item.namespace}/{account}" if account else item.namespace,) if item.namespace else ()
    return Scope(words, rule.place, clients, exact=bool(clients) and (bool(account) or not some))

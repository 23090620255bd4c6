"""Who may reach a name at a rendered gateway: the rules that `limiting` wrote, read back.

Only what the function writes is understood; anything else in its place is said to be not readable,
never taken for open or closed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ..injection import reporting
from ..injection.identities import clients_of
from ..lists.clients import EVERYONE, Client
from ..manifest.edits import at, dotted
from ..manifest.findings import Finding, fault_of
from ..manifest.resource import INJECT_ANNOTATION, Resource
from ..names.domain import Domain
from ..sites import ClientsPlace, Place, find, site_of
from ..sites.at_ports import pair
from .host_lists import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..lists.reporting import Reporting
    from ..manifest.edits import Path
    from .host_lists import HostList


class ClientRules:
    """The rules of one filter, at `path` of `resource`: names and the clients that may reach them.

    `asks_itself`: the object of the list says who may use it, and no filter of a listener.
    `reporting`: who reaches the others too, and is reported. `denied` are the names of which the wildcards above them
    say nothing more: who is not named there is refused.
    """

    __slots__ = ("_clients", "asks_itself", "denied", "path", "reporting", "resource")

    def __init__(  # noqa: PLR0913 - all but three are named where it is made
        self,
        resource: Resource,
        path: tuple[str | int, ...],
        clients: Mapping[str, frozenset[Client]],
        reporting: Sequence[Reporting] = (),
        denied: frozenset[Domain] = frozenset(),
        *,
        asks_itself: bool = False,
    ) -> None:
        self.asks_itself = asks_itself
        self.resource = resource
        self.path = path
        self._clients = clients
        self.reporting = tuple(reporting)
        self.denied = denied

    @property
    def names(self) -> Iterable[str]:
        """The names that stand in the rules."""
        return self._clients

    def of_names(self) -> ClientRules:
        """The same with names alone, without port and protocol: rules are for one of each."""
        clients: dict[str, frozenset[Client]] = {Domain(name).name: meant for name, meant in self._clients.items()}
        denied = frozenset(one.name for one in self.denied)
        return ClientRules(self.resource, self.path, clients, self.reporting, denied)

    def guards(self, entry: HostList) -> bool:
        """Whether the filter stands in the chain that `entry` is the list of."""
        chain = self.path[:-3]  # filters, index, typed_config
        return entry.resource is self.resource and entry.path[: len(chain)] == chain

    def clients(self, host: Domain) -> frozenset[Client]:
        """Who may reach `host`: by it, or by a wildcard above it, as Envoy's tree goes on to; of a wildcard, its rest.

        That is all that it stands for, without what is denied below it.
        """
        found = set(self._clients.get(host, ()))
        dot = host.find(".", 2 if host.is_wildcard else 0)
        entry = str(host)
        while dot != -1 and entry not in self.denied:
            entry = "*" + host[dot:]
            found |= self._clients.get(entry, frozenset())
            dot = host.find(".", dot + 1)
        return frozenset({EVERYONE}) if EVERYONE in found else frozenset(found)


def client_rules(resources: Iterable[Resource]) -> tuple[dict[str, list[ClientRules]], list[Finding]]:
    """The rules of every set in `resources`, and what stands in their place and cannot be read."""
    found: dict[str, list[ClientRules]] = {}
    faults = []
    for resource in resources:
        if INJECT_ANNOTATION not in resource.annotations:
            continue
        site = site_of(resource)
        admits = None if site is None else site.admits
        for place in find(resource):
            if isinstance(place, ClientsPlace):
                read = partial(_read, resource, place)
            elif admits is not None and isinstance(place, Place):
                read = partial(_of_list, resource, place, admits)
            else:
                continue
            try:
                rules = read()
            except (KeyError, TypeError, ValueError, IndexError):
                reason = "holds rules for clients that the function did not write; build with the function"
                faults.append(fault_of(resource, reason, "client-rules", dotted(place.path)))
                rules = ClientRules(resource, place.path, {})
            found.setdefault(str(resource.annotations[INJECT_ANNOTATION]), []).append(rules)
    return found, faults


def _of_list(resource: Resource, place: Place, admits: Callable[[Any, Path], list[str]]) -> ClientRules:
    """The rules of one list whose object says who may use it."""
    names = place.form.names(at(resource.value, place.path))
    meant = frozenset(map(Client, admits(resource.value, place.path)))
    return ClientRules(resource, place.path, dict.fromkeys(names, meant), asks_itself=True)


def _read(resource: Resource, place: ClientsPlace) -> ClientRules:
    config: Any = at(resource.value, place.path)
    clients: dict[str, frozenset[Client]] = {}
    rest = {key: value for key, value in config["matcher"].items() if key != "on_no_match"}
    _exactly(rest, {"matcher_tree"})
    reports = reporting.read(config["matcher"]["on_no_match"]) if rest != config["matcher"] else []
    if reports is None:
        raise ValueError("others than the clients of lists that report")
    denied: set[Domain] = set()
    for group in config["matcher"]["matcher_tree"]["custom_match"]["typed_config"]["domain_matchers"]:
        meant, denies = _group(group["on_match"])
        written = place.form.names(group["domains"])
        if EVERYTHING in written or written != place.form.whole(group["domains"]):
            raise ValueError("clients that reach every name that comes, or one spelling of a name")
        names = [Domain(pair(resource, name)) for name in written]
        for name in names:
            clients[name] = clients.get(name, frozenset()) | meant
        denied.update(names if denies else ())
    return ClientRules(resource, place.path, clients, reports, frozenset(denied))


def _group(on_match: Any) -> tuple[frozenset[Client], bool]:
    """The clients that one group of names is for, and whether all others are refused for good."""
    if "action" in on_match:
        action = _action(on_match)
        return (frozenset({EVERYONE}) if action == "ALLOW" else frozenset()), action == "DENY"
    _exactly(on_match, {"matcher"})
    _exactly(on_match["matcher"], {"matcher_list"}, frozenset({"on_no_match"}))
    (rule,) = on_match["matcher"]["matcher_list"]["matchers"]
    expression = rule["predicate"]["single_predicate"]["value_match"]["safe_regex"]["regex"]
    otherwise = on_match["matcher"].get("on_no_match")
    if _action(rule["on_match"]) != "ALLOW" or (otherwise is not None and _action(otherwise) != "DENY"):
        raise ValueError("an action of another kind")
    meant = frozenset(client for _, client in clients_of(expression))
    return meant, otherwise is not None


def _action(decides: Any) -> str:
    _exactly(decides, {"action"})
    found: str = decides["action"]["typed_config"]["action"]
    if found not in ("ALLOW", "DENY"):
        raise ValueError("an action of another kind")
    return found


def _exactly(node: Mapping[str, Any], keys: set[str], optional: frozenset[str] = frozenset()) -> None:
    """Refuse what stands beside `keys`: an on_no_match would decide about those whom no rule means."""
    if not keys <= set(node) <= keys | optional:
        raise ValueError(f"not {', '.join(keys)} alone")


def who(rules: Sequence[ClientRules], host: Domain) -> frozenset[Client] | None:
    """The clients that `host` is limited to by any of `rules`, None where it is for every workload."""
    found = frozenset[Client]().union(*(one.clients(host) for one in rules)) if rules else frozenset({EVERYONE})
    return None if EVERYONE in found else found


def denied(rules: Iterable[ClientRules]) -> list[Domain]:
    """The names that limited lists deny, each for its own clients."""
    return sorted({name for one in rules for name in one.denied})


def is_within(client: Client, others: Iterable[Client]) -> bool:
    """Whether one of `others` stands for all that `client` means."""
    return any(_stands_for(other, client) for other in others)


def is_wider(after: frozenset[Client] | None, before: frozenset[Client] | None) -> bool:
    """Whether `after` holds a client that nobody in `before` stands for."""
    if before is None:
        return False
    if after is None:
        return True
    return any(not is_within(client, before) for client in after)


def _stands_for(one: Client, other: Client) -> bool:
    return one.namespace in ("*", other.namespace) and one.service_account in ("*", other.service_account)


def shown(clients: Iterable[Client] | None) -> str:
    """The clients in words: `payments/*, shop/checkout`; empty for every workload."""
    return ", ".join(sorted(clients)) if clients is not None else ""

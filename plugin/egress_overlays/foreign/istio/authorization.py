"""AuthorizationPolicies at the egress gateway: which names, by connection.sni, and for whom.

A DENY that matches wins; where there is an ALLOW for the workload, what none of them matches is denied; an ALLOW
without rules denies everything (Istio, AuthorizationPolicy).
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from ..found import Carried, Found, Place, Scope, left, wider
from ..names import EVERYTHING, Rule, allow, decided, is_within, parts, plain
from ..values import Map, Text, mapping, mappings, text, texts
from .hops import Hop, Passing
from .routes import bound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..files import Item

_SNI = "connection.sni"
_CLIENTS = {"namespaces", "principals", "serviceAccounts"}


class _Rule(NamedTuple):
    """One rule: the names it is for (all, where there are none), those it is not for, and whom it is for."""

    names: list[Text]
    others: list[Text]
    scope: Scope | None
    place: Place

    def lets(self, name: str) -> bool:
        """Whether it is for all that `name` stands for."""
        return (not self.names or is_within(plain(name), map(plain, self.names))) and not is_within(
            plain(name), map(plain, self.others)
        )


class Authorization:
    """The policies that are for the egress gateway."""

    def __init__(self, items: Sequence[Item], services: Sequence[Item]) -> None:
        gateways = bound(services)
        selectors = [
            mapping(one.spec, "selector")
            for one in items
            if one.kind == "Gateway" and (one.namespace, one.name) in gateways
        ]
        spaces = set(_namespaces(services))
        chosen = [one for one in items if one.kind == "AuthorizationPolicy" and _is_for(one, selectors, spaces)]
        self._denying = [rule for one in chosen if text(one.spec, "action") == "DENY" for rule in _rules(one)]
        allowing = [one for one in chosen if text(one.spec, "action") in ("", "ALLOW")]
        self._allowing = [rule for one in allowing for rule in _rules(one)]
        self._closed = bool(allowing) and not self._allowing
        self._custom = [one for one in chosen if text(one.spec, "action") == "CUSTOM"]

    def allowing(self) -> Hop:
        """What the ALLOW policies let through."""
        passing: list[Passing] = []
        for rule in self._allowing:
            names = rule.names or [Text(EVERYTHING, rule.place)]
            passing += [Passing(part, name.place, "", rule.scope) for name in names for part in _patterns(name)]
        for rule in self._denying:
            if rule.others and rule.scope is None and not rule.names:
                passing += [Passing(part, name.place, "") for name in rule.others for part in _patterns(name)]
        return Hop("an AuthorizationPolicy", passing, is_closed=self._closed)

    def decided(self, found: Sequence[Carried]) -> Iterator[Found]:
        """What of `found` no DENY is for."""
        for item in self._custom:
            words = f"AuthorizationPolicy {item.name}: what it asks of others (CUSTOM) is not carried over"
            yield wider(item.place, words)
        for rule in self._denying:
            if rule.scope is not None and not rule.others:
                named = f'"{rule.names[0]}"' if rule.names else "every name"
                words = f"{rule.scope.words}: {named} was denied there, and is open now"
                yield wider(rule.place, words, rule.names[0] if rule.names else "")
        denied = [
            name
            for rule in self._denying
            if rule.scope is None and not rule.others
            for name in rule.names or [Text(EVERYTHING, rule.place)]
        ]
        denied += [
            name
            for rule in self._allowing
            if rule.scope is None
            for name in rule.others
            if not any(other is not rule and other.lets(name) for other in self._allowing)
        ]
        odd = [name for name in denied if _is_odd(name)]
        kept = []
        for one in found:
            by = next((value for value in odd if fnmatchcase(plain(one.name), value)), None)
            if by is not None:
                yield left(one.place, f'"{one.name}" is denied by "{by}" of an AuthorizationPolicy', one.name)
                continue
            kept.append(one)
            for value in odd if one.name[:1] == "*" else ():
                yield wider(one.place, f'what "{value}" denied is open now by "{one.name}"', one.name)
        yield from decided([*(Rule(name, name.place) for name in denied if not _is_odd(name)), *map(allow, kept)])


def _is_odd(value: str) -> bool:
    """Whether a value is a part of a name, which no pattern of ours is."""
    return "*" in value and value != EVERYTHING and not value.startswith("*.")


def _patterns(value: Text) -> tuple[str, ...]:
    """What `value` lets through, as far as patterns can say: `*x` is x and everything below it, at least."""
    if not _is_odd(value):
        return (plain(value),)
    return parts("." + value[1:]) if value.startswith("*") and "*" not in value[1:] else ()


def _namespaces(services: Sequence[Item]) -> Iterator[str]:
    """The namespaces of the gateways that VirtualServices send to."""
    for item in services:
        for route in mappings(item.spec.get("tls")):
            for one in mappings(route.get("route")):
                host = text(mapping(one, "destination"), "host").split(".")
                if len(host) > 1 and (len(host) == 2 or host[2] == "svc"):
                    yield host[1]


def _is_for(item: Item, selectors: Sequence[Map], spaces: set[str]) -> bool:
    """Whether a policy is for an egress gateway: it looks at the SNI, or it is for the gateway's pods."""
    if any(
        text(when, "key") == _SNI for rule in mappings(item.spec.get("rules")) for when in mappings(rule.get("when"))
    ):
        return True
    labels = mapping(item.spec, "selector", "matchLabels")
    if labels:
        return any(labels.items() <= selector.items() for selector in selectors)
    return item.namespace in spaces and not item.spec.get("targetRefs") and not item.spec.get("targetRef")


def _rules(item: Item) -> Iterator[_Rule]:
    for rule in mappings(item.spec.get("rules")):
        when = mappings(rule.get("when"))
        sni = [one for one in when if text(one, "key") == _SNI]
        names = [name for one in sni for name in texts(one.get("values"))]
        others = [name for one in sni for name in texts(one.get("notValues"))]
        yield _Rule(names, others, _scope(item, rule, [one for one in when if one not in sni]), rule.place)


def _scope(item: Item, rule: Map, when: Sequence[Map]) -> Scope | None:
    """Whom a rule is for; None for everybody."""
    sources = [mapping(one, "source") for one in mappings(rule.get("from"))]
    if not sources and not when and not rule.get("to"):
        return None
    clients: list[str] = []
    for source in sources:
        clients += texts(source.get("namespaces"))
        clients += [_client(one) for one in [*texts(source.get("principals")), *texts(source.get("serviceAccounts"))]]
    exact = all(
        set(source) <= {"namespaces", "principals", "serviceAccounts"} and len(source) == 1 for source in sources
    )
    exact = exact and bool(clients) and all(clients) and not when and not rule.get("to")
    limits = [key for key, there in (("from", sources), ("to", rule.get("to")), ("when", when)) if there]
    words = f"AuthorizationPolicy {item.name}: limits it by {' and '.join(limits)}"
    return Scope(words, rule.place, tuple(clients) if all(clients) else (), exact)


def _client(principal: str) -> str:
    """A SPIFFE identity, with or without its trust domain, as `namespace/serviceaccount`; empty for another form."""
    words = principal.split("/")
    if len(words) == 2:
        return principal
    if len(words) >= 4 and words[-4] == "ns" and words[-2] == "sa" and "*" not in words[-3] + words[-1]:
        return f"{words[-3]}/{words[-1]}"
    return ""

"""What a PATH of the command stands for: manifests, the lists they were made from, and where both stand in files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..lists import allowlist
from ..lists.unread import misplaced
from ..manifest.resource import SET_LABEL
from ..names.domain import Domain, covering
from ..names.holes import admits
from . import identities, reach
from .beside import strangers
from .host_lists import members
from .workloads import ROOT_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..lists.allowlist import AllowSet
    from ..lists.clients import Client
    from ..lists.reporting import Reporting
    from ..manifest.findings import Finding
    from ..manifest.resource import Resource
    from ..yamltext.manifests import Manifest
    from .host_lists import HostList
    from .locations import Locator

STDIN = "-"


class Unreadable(ValueError):  # noqa: N818 - says what is the matter with the input
    """A PATH that cannot be read or built: one line for a person."""


class Rendered:
    """What was read from `path`.

    `resources` are the manifests without the domains ConfigMaps, `sets` what those declare (none where only the
    rendering is at hand), `findings` what was found in them, `lists` the host lists of the manifests, by set,
    `members` the manifests that hold one.
    `strangers` take part in no set and still let names through. `policies` are the EgressPolicy objects, and `said`
    what a build said that a policy refused, "" of all others.
    """

    def __init__(self, path: str, resources: Sequence[Resource], sources: Sequence[Resource], where: Locator) -> None:
        self.path = path
        self.resources = resources
        self.where = where
        self.policies: list[Resource] = []
        self.said = ""
        self.sets: dict[str, AllowSet]
        self.findings: list[Finding]
        self.sets, self.findings = allowlist.read(sources)
        self.findings += [one for resource in (*sources, *resources) for one in misplaced(resource)]
        self.lists: dict[str, list[HostList]] = reach.host_lists(resources)
        self.members = members(self.lists)
        self.strangers = strangers(resources, self.lists, ROOT_NAMESPACE)
        self.rules, unread = identities.client_rules(resources)
        self.findings += unread
        self._hosts: dict[str, tuple[str, ...]] = {}
        self._exceptions: dict[str, dict[Domain, frozenset[Client] | None]] = {}

    def __repr__(self) -> str:
        return f"Rendered({self.shown!r}, {len(self.resources)} resources, sets {self.names})"

    @property
    def names(self) -> list[str]:
        """The names of all sets."""
        return sorted({*self.sets, *self.lists})

    def hosts(self, name: str) -> tuple[str, ...]:
        """The effective list of the set `name`: what the manifests let through, or else what the ConfigMaps say."""
        if name not in self._hosts:
            self._hosts[name] = self._effective(name)
        return self._hosts[name]

    def holes(self, name: str) -> tuple[str, ...]:
        """What the set `name` denies although a wildcard of `hosts` stands for it."""
        if name in self.lists:
            lists = self.counting(name)
            own = reach.denied(lists)
            nobodys = [one for one, clients in self.exceptions(name).items() if not clients and clients is not None]
            if not nobodys:
                return own
            passing = reach.effective(lists)
            return tuple(sorted({*own, *(one for one in nobodys if admits(one, passing))}))
        allowed = self.sets.get(name)
        return allowed.denied if allowed else ()

    def exceptions(self, name: str) -> dict[Domain, frozenset[Client] | None]:
        """What limited lists of the set `name` deny, each for itself, with the clients that reach it all the same."""
        if name not in self._exceptions:
            if name in self.lists:
                found = identities.denied(self.rules.get(name, ()))
            else:
                allowed = self.sets.get(name)
                found = sorted(allowed.holes.clients) if allowed is not None and allowed.holes is not None else []
            self._exceptions[name] = {one: self.clients(name, one) for one in found}
        return self._exceptions[name]

    def _effective(self, name: str) -> tuple[str, ...]:
        if name in self.rules:
            return self._limited(name)
        if name in self.lists:
            return reach.reachable(self.counting(name))
        allowed = self.sets.get(name)
        return tuple(host for host in allowed.hosts if allowed.entries) if allowed else ()

    def counting(self, name: str) -> list[HostList]:
        """The lists that decide what the set `name` lets through: its own, and those of strangers at its gateway."""
        return [*self.lists[name], *(entry for stranger in self.strangers for entry in stranger.lists)]

    def _limited(self, name: str) -> tuple[str, ...]:
        """As `hosts`, with those below a wildcard that are for other clients than it, without those for nobody."""
        passing = reach.named(self.counting(name))
        wildcards = {domain for domain in passing if domain.is_wildcard}
        denied = {domain for domain in self.exceptions(name) if domain.is_wildcard}
        kept = []
        for domain in sorted(passing):
            clients = self.clients(name, domain)
            cover = covering(domain, wildcards)
            if clients != frozenset() and (
                cover is None or self.clients(name, cover) != clients or covering(domain, denied) is not None
            ):
                kept.append(domain)
        return tuple(kept)

    def clients(self, name: str, host: str) -> frozenset[Client] | None:
        """The clients that the set `name` limits `host` to; None for every workload."""
        if name in self.rules:
            return reach.clients(Domain(host), self.counting(name), self.rules[name])
        allowed = self.sets.get(name)
        return allowed.clients_of(Domain(host)) if allowed and name not in self.lists else None

    def reporting(self, name: str) -> tuple[Reporting, ...]:
        """Who is let through by the set `name` and reported, where its lists would refuse."""
        if name in self.rules:
            return tuple(dict.fromkeys(one for rules in self.rules[name] for one in rules.reporting))
        allowed = self.sets.get(name)
        return allowed.reporting if allowed and name not in self.lists else ()

    @property
    def shown(self) -> str:
        """The path as a person reads it."""
        return "stdin" if self.path == STDIN else self.path

    @property
    def title(self) -> str:
        """A short name: the last part of the path."""
        return self.shown if self.path == STDIN else Path(self.path).resolve().name


def without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    """A ConfigMap without the groups that it, a patch, removes."""
    data = value.get("data")
    return (
        {**value, "data": {group: text for group, text in data.items() if text is not None}}
        if isinstance(data, dict)
        else value
    )


def is_source(manifest: Manifest) -> bool:
    """Whether it is a domains ConfigMap."""
    return manifest.resource.is_domains_kind and SET_LABEL in manifest.resource.labels

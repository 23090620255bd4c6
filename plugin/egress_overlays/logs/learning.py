"""From what was asked for to a list: the names of each client, in groups, doubtful ones apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..names.domain import Domain
from . import connection, doubts
from .tally import Seen
from .workloads import NOBODY, Workload

if TYPE_CHECKING:
    from collections.abc import Callable

    from .tally import Tally

NAMESPACE = "namespace"
ACCOUNT = "serviceaccount"
EVERYBODY = "all"
GENERATED = "names that look generated"
LISTED = "names that are allowed already"
UNTOLD = "nobody knows which workload asked: --pods FILE or --namespace NAME tells"


@dataclass
class Candidate:
    """A name that was asked for, by whom, and why it is not simply listed ("" where it is)."""

    name: str
    seen: Seen
    workloads: list[str]
    doubt: str = ""


@dataclass
class Proposal:
    """The names of one client ("" for every workload) by group, a registered domain, and wildcards to think about.

    `wildcards` maps a group to a wildcard, and the number of names that it would stand for.
    """

    client: str
    groups: dict[str, list[Candidate]] = field(default_factory=dict)
    wildcards: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def listed(self) -> int:
        """How many names are simply listed."""
        return sum(not one.doubt for group in self.groups.values() for one in group)


def learn(
    tally: Tally, by: str, wildcards: int, allows: Callable[[str, Workload], bool] | None = None
) -> tuple[list[Proposal], Counter[str]]:
    """The proposals, sorted by client, and how many connections are set aside for which reason.

    `by` is NAMESPACE, ACCOUNT or EVERYBODY; a wildcard is proposed from `wildcards` names on; `allows` says what a list
    lets through already.
    """
    aside = Counter(tally.aside)
    everywhere = by_name(tally)
    told = {name for workload, name in tally.pairs if workload != NOBODY}
    siblings = Counter(map(_registered, everywhere))
    found: dict[str, dict[str, Candidate]] = defaultdict(dict)
    for (workload, name), seen in tally.pairs.items():
        why = _no_candidate(name) or (LISTED if allows is not None and allows(name, workload) else "")
        if why:
            aside[why] += seen.outcomes.total()
        # Of a connection that a sidecar or the lists for clients tell of, the gateway's own line says no more.
        elif workload != NOBODY or name not in told:
            client = _client(workload, by)
            candidate = found[client].setdefault(name, Candidate(name, Seen(), []))
            candidate.seen.merge(seen)
            candidate.workloads.append(str(workload))
    for client, candidates in found.items():
        for name, one in candidates.items():
            bare = Domain(name).name
            one.doubt = doubts.doubt(bare, one.seen, everywhere[name], siblings)
            if not client and by != EVERYBODY:
                one.doubt = one.doubt or UNTOLD
    return [_proposal(client, found[client], wildcards) for client in sorted(found)], aside


def by_name(tally: Tally) -> dict[str, Seen]:
    """What all clients together saw of each name."""
    found: dict[str, Seen] = defaultdict(Seen)
    for (_, name), seen in tally.pairs.items():
        found[name].merge(seen)
    return found


def _registered(name: str) -> str:
    return doubts.registered(Domain(name).name)


def _no_candidate(pair: str) -> str:
    name = Domain(pair).name
    if doubts.is_inside(name):
        return connection.INSIDE
    return GENERATED if doubts.looks_generated(name) else ""


def _client(workload: Workload, by: str) -> str:
    """The client that a list for `workload` is for, as the annotation writes it; "" for everybody, or nobody."""
    if by == EVERYBODY or not workload.namespace or (by == ACCOUNT and not workload.account):
        return ""
    return f"{workload.namespace}/{workload.account}" if by == ACCOUNT else workload.namespace


def _proposal(client: str, candidates: dict[str, Candidate], wildcards: int) -> Proposal:
    made = Proposal(client)
    for name in sorted(candidates):
        made.groups.setdefault(_registered(name), []).append(candidates[name])
    for group, members in made.groups.items():
        names = [one.name for one in members if not one.doubt and one.name != group and ":" not in one.name]
        if len(names) >= wildcards and doubts.may_have_wildcard(group):
            made.wildcards[group] = f"*.{_common(names, group)}", len(names)
    return made


def _common(names: list[str], group: str) -> str:
    """The longest name at or below `group` that all `names` stand below."""
    paths = [name.removesuffix(f".{group}").split(".")[::-1] for name in names]
    shared = []
    for labels in zip(*(path[:-1] for path in paths), strict=False):
        if len(set(labels)) > 1:
            break
        shared.append(labels[0])
    return ".".join([*reversed(shared), group])

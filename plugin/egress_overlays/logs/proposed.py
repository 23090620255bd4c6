"""Proposals as domains ConfigMaps in YAML, each doubtful name a comment of its group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..manifest.quantities import many
from ..manifest.resource import CLIENTS_ANNOTATION, SET_LABEL
from ..names.ports import as_line
from .doubts import times

if TYPE_CHECKING:
    from .learning import Candidate, Proposal

_SHOWN = 3


def config_map(proposal: Proposal, set_name: str) -> str:
    """The ConfigMap; only comments where nothing is simply listed, since an empty list is none."""
    lines = ["apiVersion: v1", "kind: ConfigMap", "metadata:", f"  name: {name_of(proposal)}"]
    lines += ["  labels:", f'    {SET_LABEL}: "{set_name}"']
    if proposal.client:
        lines += ["  annotations:", f'    {CLIENTS_ANNOTATION}: "{proposal.client}"']
    lines.append("data:")
    for group, names in _lines(proposal).items():
        lines.append(f'  "{group}": |')
        lines += [f"    {line}" for line in names]
    if not proposal.listed:
        lines = ["# Nothing here is listed before somebody has decided.", *(f"# {line}" for line in lines)]
    return "\n".join(lines) + "\n"


def value(proposal: Proposal, set_name: str) -> dict[str, Any]:
    """The ConfigMap as a plain value."""
    metadata: dict[str, Any] = {"name": name_of(proposal), "labels": {SET_LABEL: set_name}}
    if proposal.client:
        metadata["annotations"] = {CLIENTS_ANNOTATION: proposal.client}
    data = {group: "".join(f"{line}\n" for line in names) for group, names in _lines(proposal).items()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def name_of(proposal: Proposal) -> str:
    """The name of the ConfigMap."""
    return f"egress-domains-{proposal.client.replace('/', '-') or 'learned'}"


def _lines(proposal: Proposal) -> dict[str, list[str]]:
    return {
        group: [*_wildcard(proposal, group), *map(_line, sorted(names, key=lambda one: (bool(one.doubt), one.name)))]
        for group, names in proposal.groups.items()
    }


def _wildcard(proposal: Proposal, group: str) -> list[str]:
    if group not in proposal.wildcards:
        return []
    wildcard, count = proposal.wildcards[group]
    return [f"# {wildcard} would stand for {many(count, 'name')} asked for, and for every other name there"]


def _line(one: Candidate) -> str:
    seen = one.seen
    first, last = seen.first[:10], seen.last[:10]
    when = "" if not first else f", {first}" if first == last else f", {first} to {last}"
    workloads = sorted(set(one.workloads))
    more = f" and {len(workloads) - _SHOWN} more" if len(workloads) > _SHOWN else ""
    told = f"{times(seen.outcomes.total())}{when}, from {', '.join(workloads[:_SHOWN])}{more}"
    line = as_line(one.name)
    return f"# {line} {one.doubt}; {told}" if one.doubt else f"{line}  # {told}"

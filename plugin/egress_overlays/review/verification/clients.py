"""Rules for limited lists: what the gateway checks must be what the sidecars and the ConfigMaps say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...injection.copies import is_limited
from ...injection.identities import FILTER_STATE_KEY
from ...manifest.edits import at
from ...manifest.findings import WARNING
from ...names.domain import PLACEHOLDER, Domain, ascii_quoted
from ...rendered.identities import shown
from ...sites import GATEWAY
from .fault import fault, some

if TYPE_CHECKING:
    from ...lists.clients import Client
    from ...rendered.identities import ClientRules
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options


def rule(found: Rendered, _options: Options) -> Faults:
    """The faults of every set that has limited lists, or copies that are exported to some namespaces."""
    for name, lists in found.lists.items():
        rules = found.rules.get(name, [])
        copies = [entry for entry in lists if is_limited(entry.resource)]
        directly = [entry for entry in copies if entry.is_direct]
        if directly:
            message = "is for some clients only, and no gateway is asked: every workload of their namespaces may use it"
            yield fault("client-rules", message, directly[0].resource, directly[0].path, WARNING)
        elif copies and not rules:
            message = f"is for some clients only, but no gateway of the set {ascii_quoted(name)} checks who asks"
            yield fault("client-rules", message, copies[0].resource, copies[0].path)
        for one in rules:
            listed = {
                str(host) for entry in lists if entry.hop == GATEWAY and one.guards(entry) for host in entry.names
            }
            unruled = sorted(
                host
                for host in listed - {PLACEHOLDER}
                if not one.clients(Domain(host)) and Domain(host) not in one.denied
            )
            if unruled:
                message = f"lets nobody reach {some(unruled)}, although server_names holds them"
                yield fault("client-rules", message, one.resource, one.path)
            if not one.asks_itself:
                yield from _of_filter(one)
            yield from _stale(found, name, sorted({*listed, *one.denied} - {PLACEHOLDER}))
        allowed = found.sets.get(name)
        if rules and allowed is not None and allowed.holes is not None:
            yield from _stale(found, name, sorted({*allowed.holes.clients} - {*found.exceptions(name)}))


def _of_filter(one: ClientRules) -> Faults:
    """The faults of the filter that holds the rules."""
    config = at(one.resource.value, one.path) or {}
    if config.get("matcher") != config.get("shadow_matcher"):
        message = "decides by one matcher and logs by another"
        yield fault("client-rules", message, one.resource, one.path, WARNING)
    if not _carries_identity(one.resource.value):
        message = (
            f"checks the client, but no patch leaves its identity under {FILTER_STATE_KEY}, so that everything "
            "is refused; use components/client-lists as it is"
        )
        yield fault("client-rules", message, one.resource, one.path)


def _carries_identity(value: Any) -> bool:
    """Whether a patch sets the filter state that the rules read."""
    if isinstance(value, dict):
        return value.get("object_key") == FILTER_STATE_KEY or any(map(_carries_identity, value.values()))
    return isinstance(value, list) and any(map(_carries_identity, value))


def _whom(clients: frozenset[Client] | None) -> str:
    return "every workload" if clients is None else shown(clients) or "nobody"


def _stale(found: Rendered, name: str, hosts: list[str]) -> Faults:
    """The clients of each name, as the ConfigMaps have them and as the gateway does."""
    allowed = found.sets.get(name)
    for host in hosts if allowed else ():
        wanted, rendered = allowed.clients_of(Domain(host)) if allowed else None, found.clients(name, host)
        if wanted != rendered:
            message = (
                f'"{host}" is for {_whom(rendered)} at the gateway and for {_whom(wanted)} in the ConfigMaps; was a '
                "list changed after the function ran?"
            )
            yield fault("stale", message, found.rules[name][0].resource, found.rules[name][0].path)

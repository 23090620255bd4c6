"""What a line says of a request by plain HTTP: who asked for which Host at which port, and what came of it.

Host is what a client says, any octets of it. It is a name where it is one to the letter, with the port that the
connection was for or, as clients leave it out, none; every other one is counted and gives no name.
"""

from __future__ import annotations

import re

from ..lists.denials import MARK
from ..names.ports import HTTP
from . import connection
from .connection import (
    DECIDED,
    DENIAL,
    DIRECT,
    FAILED,
    FORWARDED,
    INBOUND,
    REFUSED,
    REPORTED,
    REPORTED_BY,
    UNREGISTERED,
    Connection,
    Fields,
)

# Of components/plain-http: the forwarder's cluster and its listener, by the port of the list.
_CLUSTER = re.compile(r"(?:port_([1-9][0-9]{0,4})_)?http_forward_cluster")
_LISTENER = re.compile(r"://(?:port_([1-9][0-9]{0,4})_)?http_listener/")
_BLOCKED = "block_all"  # Istio's route for what no registry holds
_NOT_LISTED = "not on the gateway's list"
_REFUSED = {
    "method": "its method",
    "not-listed": _NOT_LISTED,
    "denied": DENIAL,
    "capitals-in-host": "capitals in Host",
}
"""Rules of the gateway that are about no address and no list for clients."""
_NOT_ROUTED = "route_not_found"
_ANSWERED = "via_upstream"
FORBIDDEN = "403"
"""A status that the gateway answers with, and many a server."""


def is_one(fields: Fields) -> bool:
    """Whether the line is one of a request, even of one that is none after all: that has a status and no method."""
    return bool(fields.request.strip("- ")) or fields.status not in ("", "0")


def read(fields: Fields) -> Connection | str:
    """What the line says of a request, or why it says nothing."""
    if fields.cluster.startswith(("inbound|", "InboundPassthroughCluster")):
        return INBOUND
    way = _way(fields)
    if way not in connection.OUTCOMES:
        return way
    port = _port(fields)
    name = fields.authority.lower().partition(":")[0]
    nameless = _nameless(fields.authority.lower(), port)
    if nameless:
        return nameless
    refused = _refused_by(fields)
    if refused:
        reported = refused.startswith(REPORTED_BY)
        return Connection(name, REPORTED if reported else REFUSED, refused, port=port, by_http=True)
    failed = _failed_by(fields, way)
    if failed:
        return Connection(name, FAILED, failed, port=port, by_http=True)
    internal = way == DIRECT and bool(fields.destination.rpartition(":")[0])
    return Connection(name, way, internal=internal, port=port, by_http=True)


def _nameless(host: str, port: int) -> str:
    """Why Host is no name that could be listed; "" where it may be one."""
    if not host.strip("-"):
        return connection.NO_HOST
    name, colon, written = host.partition(":")
    if name[:1] == "[" or connection.address(name) is not None:
        return connection.ADDRESS
    if len(name) > connection.LONGEST_NAME:
        return connection.TOO_LONG
    return connection.OTHER_PORT if colon and written != str(port) else ""


def _port(fields: Fields) -> int:
    """The port that the request is for: what part of the gateway it went to, or what it was made to."""
    for pattern, text in ((_CLUSTER, fields.cluster), (_LISTENER, fields.destination)):
        found = pattern.fullmatch(text)
        if found:
            return int(found[1] or HTTP)
    return connection.port_of(fields, HTTP)


def _is_gateways(fields: Fields) -> bool:
    """Whether the gateway's listener for plain HTTP wrote the line."""
    return _LISTENER.fullmatch(fields.destination) is not None


def _is_blocked(fields: Fields) -> bool:
    """Whether a sidecar refused what its registry does not hold."""
    return fields.cluster == "BlackHoleCluster" or (fields.chain == _BLOCKED and not fields.cluster)


def _way(fields: Fields) -> str:
    """Which way the request went, or was to go: an outcome, or why that says nothing."""
    if _is_gateways(fields):
        return DECIDED if fields.decision else FORWARDED
    if _is_blocked(fields):
        return DIRECT
    return connection.way(fields) if fields.cluster else connection.UNKNOWN  # a proxy's own answer


def _refused_by(fields: Fields) -> str:
    """What refused the request; "" where nothing did."""
    if not _is_gateways(fields):
        return UNREGISTERED if _is_blocked(fields) else ""
    rule = connection.rule_of(fields.details)
    if not rule:
        if fields.decision.startswith(REPORTED_BY):
            return fields.decision.partition(", else ")[0]
        return _NOT_LISTED if fields.details == _NOT_ROUTED else ""
    if rule[0] == MARK or rule == "none":
        return connection.by_list(rule)
    return _REFUSED.get(rule) or f"address {rule}"


def _failed_by(fields: Fields, way: str) -> str:
    """Why no server answered; "" where one did."""
    if fields.flags not in connection.ANSWERED:
        return fields.flags
    if way == DECIDED:
        return "" if fields.details == _ANSWERED else "no answer"
    if fields.status in ("", "0"):
        return "no answer"
    if way == FORWARDED:
        return "" if fields.chain else f"status {fields.status}"
    # A sidecar cannot tell the gateway's refusal from the server's.
    return f"status {FORBIDDEN}" if fields.status == FORBIDDEN and way == connection.SENT else ""

"""Access-log lines in JSON: Istio's default encoding, and those of our components."""

from __future__ import annotations

from typing import Any

import msgspec

from .connection import Fields, place
from .formats import NO_PEER


class _Line(msgspec.Struct):
    """The keys that are read: Istio's defaultJSON first, then components/json-access-log, client-lists and observe."""

    requested_server_name: str | None = None
    start_time: str | None = None
    upstream_cluster: str | None = None
    response_flags: str | None = None
    response_code_details: str | None = None
    connection_termination_details: str | None = None
    bytes_sent: int | str | None = None
    downstream_local_address: str | None = None
    downstream_remote_address: str | None = None
    method: str | None = None
    route_name: str | None = None


class _OurLine(msgspec.Struct):
    time: str
    sni: str | None = None
    chain: str | None = None
    flags: str | None = None
    reason: str | None = None
    denied_by: str | None = None
    bytes_sent: int | str | None = None
    client: str | None = None
    log: str | None = None
    name: str | None = None
    decision: str | None = None
    details: str | None = None


_istio = msgspec.json.Decoder(_Line)
_ours = msgspec.json.Decoder(_OurLine)
_any = msgspec.json.Decoder(dict[str, msgspec.Raw])
_NOTHING: frozenset[int | str | None] = frozenset((0, "0"))
CLIENTS = "egress-overlays.clients"


def quick(line: bytes) -> tuple[tuple[Any, ...], str] | None:
    """What tells such lines of Istio's apart (see `fields`), and the time; None for every other line."""
    if b'"requested_server_name"' not in line:
        return None
    try:
        found = _istio.decode(line)
    except ValueError:
        return None
    key = (
        found.requested_server_name,
        found.upstream_cluster,
        found.response_flags,
        found.response_code_details,
        found.connection_termination_details,
        found.bytes_sent not in _NOTHING,
        found.downstream_local_address and place(found.downstream_local_address),
        found.downstream_remote_address and found.downstream_remote_address.rpartition(":")[0],
        found.route_name,
        found.method,
    )
    return (key, found.start_time) if found.start_time else None


def fields(key: tuple[Any, ...]) -> Fields:
    """The fields of lines that `quick` has read."""
    values: list[Any] = ["" if value is None else value for value in key]
    return Fields(*values)


def read(line: bytes) -> tuple[Fields, str] | None:
    """The fields of a line of our components, and its time; None where it is none.

    Raises ValueError where it is no JSON object.
    """
    if b'"sni"' in line or CLIENTS.encode() in line:
        ours = _ours.decode(line)
        return _of_ours(ours), ours.time
    _any.decode(line)
    return None


def _of_ours(found: _OurLine) -> Fields:
    if found.log == CLIENTS:
        return Fields(
            name=found.name or "",
            termination=found.details or "",
            identity=found.client or "",
            decision=found.decision or "denied",
        )
    return Fields(
        name=found.sni or "",
        flags=found.flags or "-",
        details=found.reason or "",
        termination=found.denied_by or "",
        answered=found.bytes_sent not in _NOTHING,
        peer=NO_PEER,
        chain=found.chain or "",
    )


def decode(data: bytes) -> Any:
    """`data` as plain values; raises ValueError."""
    return msgspec.json.decode(data)

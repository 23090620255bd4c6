"""Access-log lines in JSON: Istio's default encoding, and those of our components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from .connection import Fields, place
from .formats import NO_PEER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


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
_LONGEST_NAME = 300  # past the 253 of DNS: no name, and not worth the memory
_NOTHING: frozenset[int | str | None] = frozenset((0, "0"))
CLIENTS = "egress-overlays.clients"


def quick(lines: Iterable[bytes], rest: list[bytes]) -> Iterator[tuple[Any, ...]]:
    """Of each line of Istio's the time, and what tells it apart (see `fields`); every other line goes to `rest`."""
    decode, others = _istio.decode, rest.append
    for line in lines:
        if b'"requested_server_name"' not in line or line[:1] != b"{":
            others(line)
            continue
        try:
            found = decode(line)
        except ValueError:
            others(line)
            continue
        if found.start_time is None:
            others(line)
            continue
        destination, peer = found.downstream_local_address, found.downstream_remote_address
        yield (
            found.start_time,
            found.requested_server_name and found.requested_server_name[:_LONGEST_NAME],
            found.upstream_cluster,
            found.response_flags,
            found.response_code_details,
            found.connection_termination_details,
            found.bytes_sent not in _NOTHING,
            destination and place(destination),
            peer and peer.rpartition(":")[0],
            found.route_name,
            found.method,
        )


def fields(key: tuple[Any, ...]) -> Fields:
    """The fields of lines that `quick` has read."""
    values: list[Any] = ["" if value is None else value for value in key]
    return Fields(*values)


def read(line: bytes) -> tuple[str, Fields] | None:
    """The time of a line of our components, and its fields; None where it is none.

    Raises ValueError where it is no JSON object.
    """
    if b'"sni"' in line or CLIENTS.encode() in line:
        ours = _ours.decode(line)
        return ours.time, _of_ours(ours)
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

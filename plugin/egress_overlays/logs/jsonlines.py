"""Access-log lines in JSON: Istio's default encoding, and those of our components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from .connection import REPORTED_BY, Fields, place
from .formats import NO_PEER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class _Line(msgspec.Struct, gc=False):
    """The keys of Istio's defaultJSON that are read; a line without the first is none of Istio's."""

    requested_server_name: str | msgspec.UnsetType | None = msgspec.UNSET
    start_time: str | None = None
    upstream_cluster: str | None = None
    response_flags: str | None = None
    response_code_details: str | None = None
    connection_termination_details: str | None = None
    bytes_sent: int | str | None = None
    downstream_local_address: str | None = None
    downstream_remote_address: str | None = None
    route_name: str | None = None
    method: str | None = None
    authority: str | None = None
    response_code: int | str | None = None


class _OurLine(msgspec.Struct, gc=False):
    """The keys of components/json-access-log and client-lists."""

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
    port: str | int | None = None


class _RequestLine(msgspec.Struct, gc=False):
    """The keys of lines of a request by plain HTTP: json-access-log's, and that of lists for clients."""

    time: str
    host: str | None = None
    log: str | None = None
    method: str | None = None
    route: str | None = None
    flags: str | None = None
    reason: str | None = None
    status: int | str | None = None
    port: str | int | None = None
    client: str | None = None
    decision: str | None = None
    details: str | None = None
    list: str | None = None


class _ClientLine(msgspec.Struct, gc=False):
    """The keys of client-lists as Envoy sorts them: those of the usual line, which begins with the first."""

    client: str | None
    decision: str | None
    details: str | None
    list: str | None
    log: str
    name: str | None
    time: str
    port: str | int | None = None


class _ReportedLine(_OurLine, gc=False):
    """The same where a list only reports: `list` says which one, and is read of such lines alone."""

    list: str | None = None


_istio = msgspec.json.Decoder(_Line)
_client = msgspec.json.Decoder(_ClientLine)
_ours = msgspec.json.Decoder(_OurLine)
_reported = msgspec.json.Decoder(_ReportedLine)
_request = msgspec.json.Decoder(_RequestLine)
_any = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LONGEST_NAME = 300  # past the 253 of DNS: no name, and not worth the memory
_NOTHING: frozenset[int | str | None] = frozenset((0, "0"))
_BROKEN = (ValueError, RecursionError)  # the second: brackets without end
CLIENTS = "egress-overlays.clients"
_CLIENTS = CLIENTS.encode()
REQUESTS = "egress-overlays.http"
CLIENTS_REQUESTS = f"{REQUESTS}-clients"
_REQUESTS = f'"log":"{REQUESTS}'.encode()
_REPORTED = f'"{REPORTED_BY}'.encode()


def quick(  # noqa: C901, PLR0912 -- the hot loop of a log in JSON: a call a line would cost a tenth
    lines: Iterable[bytes], rest: list[bytes]
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Of each line of Istio's or ours the time, and what tells it apart (see `fields`); others go to `rest`.

    The usual line, a TLS connection that ended well, has five such fields. Lines may end in a line feed.
    """
    decode, values, nothing, most = _istio.decode, msgspec.structs.astuple, _NOTHING, _LONGEST_NAME
    decode_client = _client.decode
    for line in lines:
        if line[:1] != b"{":
            rest.append(line.removesuffix(b"\n"))
            continue
        if line[:10] == b'{"client":' and line.find(b"{", 1) < 0:
            try:
                client, decision, details, listed, log, name, at, port = values(decode_client(line))
            except _BROKEN:
                log = ""
            if log == CLIENTS:
                if listed and decision == "allowed" and listed.startswith(REPORTED_BY):
                    decision = listed
                yield at, (name if port is None else _at(name, port), details, client, decision)
                continue
        try:
            name, at, cluster, flags, details, termination, sent, where, peer, route, method, host, status = values(
                decode(line)
            )
        except _BROKEN:
            rest.append(line.removesuffix(b"\n"))
            continue
        if name is msgspec.UNSET or at is None:
            ours = _quick_ours(line)
            if ours is None:
                rest.append(line.removesuffix(b"\n"))
            else:
                yield ours
            continue
        if name and len(name) > most:
            name = name[:most]
        if where:
            where = place(where)
        if peer:
            peer = peer.rpartition(":")[0]
        if flags == "-" and details is None and termination is None and method is None and sent not in nothing:
            yield at, (name, cluster, where, peer, route)
        else:
            if host:
                host = host[:most]
            others = flags, details, termination, sent not in nothing, method, host, status
            yield at, (name, cluster, where, peer, route, *others)


def _quick_ours(line: bytes) -> tuple[str, tuple[Any, ...]] | None:
    """Likewise of a line of our components; None for any other, and for one that an envelope may be in."""
    is_request = _REQUESTS in line  # whose reason may hold a brace
    if not is_request and (line.find(b"{", 1) >= 0 or not _is_ours(line)):
        return None
    try:
        if is_request:
            at, fields = _of_request(line)
            return at, (fields,)
        found = _ours.decode(line) if _REPORTED not in line else _with_decision(line)
    except _BROKEN:
        return None
    if found.log == CLIENTS:
        return found.time, (_at(found.name, found.port), found.details, found.client, found.decision)
    name, answered = found.sni, found.bytes_sent not in _NOTHING
    return found.time, (
        _at(name and name[:_LONGEST_NAME], found.port),
        found.chain,
        found.flags,
        found.reason,
        found.denied_by,
        answered,
    )


def _at(name: str | None, port: str | int | None) -> Any:
    """A name alone, or where the line has a port, both: a name may hold any character that could stand between them."""
    return name if port is None else (name, str(port)[:5])


def _apart(name: Any) -> tuple[str | None, str | None]:
    return name if isinstance(name, tuple) else (name, None)


def fields(key: tuple[Any, ...]) -> Fields:
    """The fields of lines that `quick` has read: four of client-lists, six of json-access-log, else Istio's."""
    if len(key) == 4:
        pair, details, client, decision = key
        name, at = _apart(pair)
        return _of_ours(
            _OurLine("", log=CLIENTS, name=name, details=details, client=client, decision=decision, port=at)
        )
    if len(key) == 6:
        pair, chain, flags, reason, denied_by, answered = key
        (name, at), sent = _apart(pair), int(answered)
        return _of_ours(
            _OurLine(
                "", sni=name, chain=chain, flags=flags, reason=reason, denied_by=denied_by, bytes_sent=sent, port=at
            )
        )
    name, cluster, destination, peer, route, *others = ["" if value is None else value for value in key]
    flags, details, termination, answered, request, host, status = others or ("-", "", "", True, "", "", "")
    answer = bool(answered)
    read = Fields(name, cluster, flags, details, termination, answered=answer, destination=destination, peer=peer)
    return read._replace(chain=route, request=request, authority=host, status=str(status))


def read(line: bytes) -> tuple[str, Fields] | None:
    """The time of a line of our components, and its fields; None where it is none.

    Raises ValueError where it is no JSON object.
    """
    try:
        if _REQUESTS in line:
            return _of_request(line)
        if _is_ours(line):
            ours = _ours.decode(line) if _REPORTED not in line else _with_decision(line)
            return ours.time, _of_ours(ours)
        _any.decode(line)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    return None


def _is_ours(line: bytes) -> bool:
    """Whether a line of JSON may be one of our components'."""
    return b'"sni"' in line or _CLIENTS in line or _REQUESTS in line


def _of_request(line: bytes) -> tuple[str, Fields]:
    """The time and the fields of a request by plain HTTP, which the gateway's listener for its port has taken."""
    found = _request.decode(line)
    if found.log not in (REQUESTS, CLIENTS_REQUESTS):
        raise ValueError("is no line of a request")
    part = "" if found.port is None else f"port_{found.port}_"
    decision = ""
    if found.log == CLIENTS_REQUESTS:
        decision = found.decision or "denied"
        if decision == "allowed" and (found.list or "").startswith(REPORTED_BY):
            decision = str(found.list)
    return found.time, Fields(
        flags=found.flags or "-",
        details=found.reason or found.details or "",
        destination=f"://{part}http_listener/",
        identity=found.client or "",
        decision=decision,
        peer=NO_PEER,
        chain=found.route or "",
        request=found.method or "unknown",
        authority=(found.host or "")[:_LONGEST_NAME],
        status=str(found.status or ""),
    )


def _of_ours(found: _OurLine) -> Fields:
    if found.log == CLIENTS:
        return Fields(
            name=found.name or "",
            termination=found.details or "",
            identity=found.client or "",
            decision=found.decision or "denied",
            port=str(found.port or ""),
        )
    return Fields(
        name=found.sni or "",
        flags=found.flags or "-",
        details=found.reason or "",
        termination=found.denied_by or "",
        answered=found.bytes_sent not in _NOTHING,
        peer=NO_PEER,
        chain=found.chain or "",
        port=str(found.port or ""),
    )


def _with_decision(line: bytes) -> _OurLine:
    """The line of a connection that a list may have reported: its decision is the rule of that list then."""
    found = _reported.decode(line)
    if found.log == CLIENTS and found.decision == "allowed" and (found.list or "").startswith(REPORTED_BY):
        found.decision = found.list
    return found


def decode(data: bytes) -> Any:
    """`data` as plain values; raises ValueError."""
    try:
        return msgspec.json.decode(data)
    except RecursionError:
        raise ValueError("is nested too deeply") from None

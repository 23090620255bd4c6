"""Envoy's text formats: a format string becomes one regular expression, Istio's default has a quicker way besides.

The operators are Envoy's ("Access logging", command operators); the default is Istio's EnvoyTextLogFormat.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .connection import Fields, place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Istio's default, with what our forwarder writes after it. Between quotes or blanks stands no quote or blank.
DEFAULT = (
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% '
    '%CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% '
    '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" '
    '"%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER% %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% '
    "%DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%"
)
_OPERATOR = re.compile(r"%([A-Z_]+)(?:\(([^%)]*)\))?(?::\d+)?%")
_FIELDS = {
    "START_TIME": "at",
    "REQUESTED_SERVER_NAME": "name",
    "UPSTREAM_CLUSTER": "cluster",
    "UPSTREAM_CLUSTER_RAW": "cluster",
    "RESPONSE_CODE": "status",
    "RESPONSE_FLAGS": "flags",
    "RESPONSE_CODE_DETAILS": "details",
    "CONNECTION_TERMINATION_DETAILS": "termination",
    "BYTES_SENT": "sent",
    "DOWNSTREAM_LOCAL_ADDRESS": "destination",
    "DOWNSTREAM_REMOTE_ADDRESS": "peer",
    "FILTER_CHAIN_NAME": "chain",
    "ROUTE_NAME": "chain",
    "DOWNSTREAM_PEER_URI_SAN": "identity",
}
_OF_REQUEST = {":METHOD": "request", ":AUTHORITY": "authority"}
_LONGEST_REQUEST = 1 << 14
_LONGEST = 512  # of one field: longer ones are no name, and no field of ours

# The usual line of the default format, a TLS connection that ended well: [^ ]* is what `re` runs through quickest. The
# groups are the time, cluster, destination, client and what follows: the name, and the route or chain.
_USUAL = (
    rb'\[([^\]]*+)\] "- - -" 0 - - - "-" [^ ]++ [^ 0][^ ]*+ [^ ]++ - "-" "-" "-" "-" "[^"]*+" '
    rb"([^ ]*+) [^ ]*+ ([^ ]*+) ([^ ]*):[^ ]++ ([^\n]{1,512})"
)
# That of a request by plain HTTP. The groups are the time, method, status, flags, details, Host, cluster, destination,
# client and route.
_REQUEST = (
    rb'\[([^\]]*+)\] "([^" ]++) [^ ]++ [^" ]++" ([^ ]++) ([^ ]++) ([^ ]++) [^ ]++ "[^"]*+" [^ ]++ [^ ]++ [^ ]++ [^ ]++ '
    rb'"[^"]*+" "[^"]*+" "[^"]*+" "([^"]{0,300}+)" "[^"]*+" ([^ ]++) [^ ]++ ([^ ]++) ([^ ]*):[^ ]++ [^ ]++ ([^ ]++)'
)
_PLACES = 100_000


class InvalidFormat(ValueError):  # noqa: N818 - named after its concept
    """A format string that no line can be read by; the message says why."""


class TextFormat:
    """Reads the lines that a format string of Envoy's writes."""

    def __init__(self, text: str) -> None:
        self._pattern = re.compile(_pattern(text))
        self._named = frozenset(self._pattern.groupindex)

    def read(self, line: str) -> tuple[str, Fields] | None:
        """The time of `line`, and its fields; None where the format does not write such a line."""
        found = self._pattern.fullmatch(line)
        if found is None:
            return None
        values: dict[str, Any] = {key: value for key, value in found.groupdict().items() if value != "-"}
        if "sent" in self._named:
            values["answered"] = values.pop("sent", "") != "0"
        values["destination"] = place(values.get("destination", ""))
        values["peer"] = values.get("peer", "").rpartition(":")[0]
        at = values.pop("at", "")
        return at, Fields(**values)


def _pattern(text: str) -> str:
    """The regular expression of a format string; raises InvalidFormat."""
    parts, end, named = [], 0, set[str]()
    for operator in _OPERATOR.finditer(text):
        parts.append(re.escape(text[end : operator.start()]))
        end = operator.end()
        until = text[end : end + 1]
        field = _OF_REQUEST.get(operator[2], "") if operator[1] == "REQ" else _FIELDS.get(operator[1], "")
        stop = f"[^{re.escape(until)}]" if until else "[^ ]"
        is_read = field and field not in named
        # What is not read may be long: a path, what a browser calls itself.
        parts.append(f"(?P<{field}>{stop}{{0,{_LONGEST}}})" if is_read else f"{stop}*+")
        named.add(field)
    rest = text[end:].rstrip("\n")
    if "%" in rest or "at" not in named or not named & {"name", "authority"}:
        raise InvalidFormat(
            "the format must be one of Envoy's, with %START_TIME% and %REQUESTED_SERVER_NAME% in it, such as "
            '"[%START_TIME%] %REQUESTED_SERVER_NAME% %UPSTREAM_CLUSTER% %RESPONSE_FLAGS%"'
        )
    return "".join(parts) + re.escape(rest)


# The line of a sidecar or of a mesh listener, and that of our forwarder, which also says why TLS failed.
ISTIO = (TextFormat(DEFAULT), TextFormat(DEFAULT + ' "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%"'))
NO_PEER = "envoy"  # what is left of envoy://internal_client_address/, where our forwarder's clients come from


class Quick:
    """Reads the usual line of the default format: whole pieces of a log at once, where no other line stands in them."""

    def __init__(self) -> None:
        self._lines = re.compile(rb"^" + _USUAL + rb"\n", re.MULTILINE).findall
        self._line = re.compile(_USUAL).fullmatch
        self._request = re.compile(_REQUEST).fullmatch
        self._places = {b"envoy://sni_listener/"}

    def read_all(self, piece: bytes, lines: int) -> Iterable[tuple[bytes, tuple[bytes, ...]]] | None:
        """Of each of the `lines` of `piece` the time, and what tells it apart (see `fields`); None where one differs.

        A match takes whole lines, so that there are as many as lines only where each is one.
        """
        if piece[:1] != b"[":  # JSON, most likely: a search through all of it would find nothing
            return None
        found: list[tuple[bytes, ...]] = self._lines(piece)
        if len(found) != lines:
            return None
        times, clusters, places, peers, asked = zip(*found, strict=True)
        if not all(map(self._is_usual, set(places))):
            return None
        return zip(times, zip(clusters, peers, asked, strict=True), strict=True)

    def read(self, lines: Iterable[bytes], rest: list[bytes]) -> Iterator[tuple[bytes, tuple[bytes, ...]]]:
        """Likewise of single lines; those that are not usual go to `rest`."""
        for line in lines:
            found = self._line(line) if line[:1] == b"[" else None
            if found is not None and self._is_usual(found[3]):
                yield found[1], (found[2], found[4], found[5])
                continue
            asked = self._request(line) if line[:1] == b"[" and len(line) < _LONGEST_REQUEST else None
            if asked is None or asked[2] == b"-":
                rest.append(line)
            else:
                where = place(asked[8].decode("ascii", "replace")).encode()
                yield asked[1], (where, *asked.group(2, 3, 4, 5, 6, 7, 9, 10))

    def _is_usual(self, where: bytes) -> bool:
        if where in self._places:
            return True
        usual = place(where.decode("ascii", "replace")) == ":443"
        if usual and len(self._places) < _PLACES:
            self._places.add(where)
        return usual


def fields(key: tuple[bytes, ...]) -> Fields | None:
    """The fields of lines that `Quick` has read; None where they are too many or too few after all."""
    if len(key) > 3:
        where, *parts = (part.decode("utf-8", "replace") for part in key)
        method, status, flags, details, host, cluster, peer, route = ("" if part == "-" else part for part in parts)
        read = Fields(cluster=cluster, flags=flags or "-", details=details, destination=where, peer=peer, chain=route)
        return read._replace(request=method, status=status, authority=host)
    cluster, peer, asked = (part.decode("utf-8", "replace") for part in key)
    name, _, chain = asked.partition(" ")
    chain, _, failure = chain.partition(" ")
    if not chain or (failure and not (failure.startswith('"') and failure.endswith('"'))):
        return None
    return Fields(name=name, cluster=cluster, peer=peer, chain="" if chain == "-" else chain)

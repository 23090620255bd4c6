"""Names with a port, `NAME:PORT`: which ports can be on a list, and why others cannot; loaded where a line has one.

A pair is a Domain that ends in its port, so that a name at one port equals and covers nothing at another. At 443 it is
the name alone. `http://NAME[:PORT]` is a name for plain HTTP, which ends in `:PORT/http`: it says nothing of TLS.
"""

from __future__ import annotations

from . import parse
from .domain import BY_HTTP, HTTPS, Domain, InvalidDomain, ascii_quoted

HTTP = 80
"""The port of a name for plain HTTP without one."""
SCHEME = "http://"
"""What a line for plain HTTP begins with."""
HIGHEST = 30999
_SHIFTED = 31000
_NOT_BOUND = 1024  # the gateway's process may not listen below it
_MESH_LISTENER, _ITS_PLACE = 8443, 32443
_ISTIO = range(15000, 15100)

_STARTTLS = "begins in the clear and changes to TLS later (STARTTLS), so that no name is there for the gateway to check"
_CLEAR = "carries no TLS, so that no name is there for the gateway to check"
REFUSED = {
    21: (f"is FTP's, which {_STARTTLS}", 990),
    22: (f"is SSH's, which {_CLEAR}", 0),
    23: (f"is Telnet's, which {_CLEAR}", 992),
    25: (f"is SMTP's, which {_STARTTLS}", 465),
    53: (f"is DNS's, which {_CLEAR}", 853),
    80: (f"is plain HTTP's, which {_CLEAR}", HTTPS),
    110: (f"is POP3's, which {_STARTTLS}", 995),
    119: (f"is NNTP's, which {_STARTTLS}", 563),
    143: (f"is IMAP's, which {_STARTTLS}", 993),
    389: (f"is LDAP's, which {_STARTTLS}", 636),
    587: (f"is mail submission's, which {_STARTTLS}", 465),
    1883: (f"is MQTT's without TLS, which {_CLEAR}", 8883),
    3306: ("is MySQL's, whose server speaks first and agrees on TLS later, so that no name is there to check", 0),
    5222: (f"is XMPP's, which {_STARTTLS}", 5223),
    5672: (f"is AMQP's without TLS, which {_CLEAR}", 5671),
}
"""Ports that no list can hold: why, and the port that works instead, 0 where none does."""
_OTHER_WAY = {
    22: "there is no way through this gateway; use the service's HTTPS interface",
    3306: "use a TLS port in front of the server (a proxy that speaks TLS from the first byte), and write that one",
}
DOUBTFUL = {
    5432: (
        "is PostgreSQL's, which agrees on TLS in the clear unless the client says sslnegotiation=direct (PostgreSQL 17 "
        "on both sides); other clients do not get through"
    ),
    1433: (
        "is SQL Server's, which agrees on TLS in the clear unless the client says Encrypt=Strict (TDS 8.0); other "
        "clients do not get through"
    ),
}
"""Ports that carry TLS from the first byte for some clients alone, and for which."""


def pairs(text: str) -> tuple[Domain, ...]:
    """As `parse`, of a line that may end in a port, or be for plain HTTP. Raises InvalidDomain."""
    name, colon, written = text.rpartition(":")
    if not (colon and written.isascii() and written.isdecimal() and "/" not in name and ":" not in name):
        if text[: len(SCHEME)].lower() == SCHEME:
            return _by_http(text, text[len(SCHEME) :])
        if colon and text.endswith(BY_HTTP):
            return _by_http(text, text.removesuffix(BY_HTTP))
        return parse(text)
    try:
        found = parse(name)
    except InvalidDomain as fault:
        raise _with(written, fault, text) from None
    refused = _fault(written)
    if refused:
        reason, instead = refused
        proposal = ""
        if isinstance(instead, int):
            proposal = name if instead == HTTPS else f"{name}:{instead}"
            instead = f'what works instead: "{proposal}"'
        elif written[0] == "0" and _is_port(written.lstrip("0")):
            proposal = name if int(written) == HTTPS else f"{name}:{int(written)}"
            instead = f'{instead}: "{proposal}"'
        raise InvalidDomain(text, f"holds the port {written[:20]}, which {reason}", instead, proposal)
    port = int(written)
    return found if port == HTTPS else tuple(Domain(f"{one}:{port}") for one in found)


def _by_http(text: str, rest: str) -> tuple[Domain, ...]:
    """The names of the line `text` for plain HTTP, of which `rest` is name and port."""
    name, colon, written = rest.partition(":")
    host, slash, _ = name.partition("/")
    if slash or "/" in written:
        written = written.partition("/")[0]
        proposal = f"{SCHEME}{host}{f':{written}' if written else ''}"
        raise InvalidDomain(
            text, "holds a path, and a list holds names", f"write {ascii_quoted(proposal)}", _if_read(proposal)
        )
    try:
        found = parse(name)
    except InvalidDomain as fault:
        proposal = fault.proposal and f"{SCHEME}{fault.proposal}{colon}{written}"
        accepted = fault.accepted.replace(f'"{fault.proposal}"', f'"{proposal}"') if proposal else fault.accepted
        raise InvalidDomain(text, fault.reason, accepted, proposal) from None
    if not colon:
        return tuple(Domain(f"{one}:{HTTP}{BY_HTTP}") for one in found)
    if not (written.isascii() and written.isdecimal()):
        raise InvalidDomain(text, "holds a port that is none", "write a number from 1 to 65535 without leading zeros")
    refused = _fault_by_http(written)
    if refused:
        reason, instead = refused
        accepted = instead if isinstance(instead, str) else "use the port where the server speaks HTTP"
        if written == str(HTTPS):
            accepted = f'what works instead: "{name}"'
        raise InvalidDomain(text, f"holds the port {written[:20]}, which {reason}", accepted)
    return tuple(Domain(f"{one}:{int(written)}{BY_HTTP}") for one in found)


def _if_read(proposal: str) -> str:
    """`proposal` where it can stand on a list, else nothing."""
    try:
        return proposal if pairs(proposal) else ""
    except InvalidDomain:
        return ""


def _with(written: str, fault: InvalidDomain, text: str) -> InvalidDomain:
    """The `fault` in the name of a pair, said of the pair."""
    proposal = fault.proposal
    if proposal and int(written[:6]) != HTTPS:
        proposal = f"{proposal}:{int(written)}" if _is_port(written) else ""
    accepted = fault.accepted
    if proposal != fault.proposal:
        before, quote, after = accepted.rpartition(fault.proposal)
        accepted = before + proposal + after if quote and proposal else accepted
    return InvalidDomain(text, fault.reason, accepted, proposal)


def _is_port(written: str) -> bool:
    return bool(written) and _fault(written) is None


def _fault(written: str) -> tuple[str, int | str] | None:
    """Why a port cannot be on a list, and the port or the words for what works instead; None where it can."""
    if len(written) > 5 or written[0] == "0" or int(written) > 65535:
        return "is none", "write a number from 1 to 65535 without leading zeros"
    port = int(written)
    if port in REFUSED:
        reason, instead = REFUSED[port]
        return reason, instead or _OTHER_WAY[port]
    if port in _ISTIO:
        return "Istio's proxies need for themselves (15000 to 15099)", "use another port of the service"
    if port > HIGHEST:
        return (
            "the gateway needs for connections of its own (31000 and above)",
            f"use a port of the service up to {HIGHEST}",
        )
    return None


def _fault_by_http(written: str) -> tuple[str, int | str] | None:
    """Likewise of a name for plain HTTP."""
    if written == str(HTTPS):
        return "is for TLS, which is no plain HTTP", HTTPS
    return None if written == str(HTTP) else _fault(written)


def can_hold(port: int, *, by_http: bool = False) -> bool:
    """Whether a line of a list, by TLS or by plain HTTP, may end in `port`."""
    return (_fault_by_http if by_http else _fault)(str(port)) is None


def as_line(name: str) -> str:
    """What a person writes on a list for `name`: a Domain whose port need not be said is as it is."""
    if not name.endswith(BY_HTTP):
        return name
    return SCHEME + name.removesuffix(BY_HTTP).removesuffix(f":{HTTP}")


def listening(port: int) -> int:
    """The port of the gateway where connections for `port` arrive: each has one of its own.

    The gateway knows by it where a connection may go. Ports below 1024 and the mesh listener's own are moved to where
    no port of a list can be.
    """
    if port < _NOT_BOUND:
        return _SHIFTED + port
    return _ITS_PLACE if port == _MESH_LISTENER else port


def arriving(port: int) -> int:
    """The port of a list whose connections arrive at `port` of the gateway; what `listening` is the other way round."""
    if port == _ITS_PLACE:
        return _MESH_LISTENER
    return port - _SHIFTED if _SHIFTED <= port < _SHIFTED + _NOT_BOUND else port

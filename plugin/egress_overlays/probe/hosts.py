"""The names of `--host`: what a client can really send as SNI or in Host, and why another cannot be tried."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..names import parse
from ..names.domain import BY_HTTP, InvalidDomain, ascii_quoted
from ..names.ports import HTTP, SCHEME

ALLOW = "allow"
DENY = "deny"
_PORT = re.compile(r"([^:]+):([0-9]{1,5})")
LONGEST = 253
"""How many characters a name may have (RFC 1035)."""
_USE = "write NAME, NAME:PORT or http://NAME[:PORT], and =allow or =deny behind it where you expect that"
# Underscores and any hyphens too: no list takes such a name, but a client may well send it (RFC 6066 forbids neither).
_LABEL = re.compile(r"[a-z0-9_-]{1,63}", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)


class Asked(NamedTuple):
    """A name as it is sent, at `port` (0: at every one), by plain HTTP or TLS; ALLOW, DENY, or "" for the lists."""

    name: str
    port: int
    verdict: str
    by_http: bool = False


def read(host: str) -> Asked:
    """What [http://]NAME[:PORT][=allow|deny] or NAME:PORT/http asks for; raises ValueError that says what is wrong."""
    written, equals, verdict = host.partition("=")
    name = written[len(SCHEME) :] if written[: len(SCHEME)].lower() == SCHEME else written.removesuffix(BY_HTTP)
    by_http = name != written
    at = _PORT.fullmatch(name)
    name, port = (at[1], int(at[2])) if at and 0 < int(at[2]) < 65536 else (name, HTTP if by_http else 0)
    if equals and verdict not in (ALLOW, DENY):
        raise ValueError(f"--host {ascii_quoted(host)}: {ascii_quoted(verdict)} is no verdict; {_USE}")
    if not name:
        raise ValueError(f"--host {ascii_quoted(host)}: there is no name; {_USE}")
    if name.startswith(("*.", ".")):
        base = name.lstrip("*.") or "example.com"
        raise ValueError(
            f"--host {ascii_quoted(host)}: stands for many names, and a client sends one; write one of them, such as "
            f"{ascii_quoted('probe.' + base)}"
        )
    if _can_be_sent(name):
        return Asked(name, port, verdict, by_http)
    try:
        domains = parse(name)
    except InvalidDomain as fault:
        # The reason alone: what a list would accept, a wildcard too, is not what a client can send.
        alone = 'write the host name alone, such as "api.example.com"'
        raise ValueError(f"--host {ascii_quoted(host)}: {fault.reason}; {alone}") from None
    return Asked(str(domains[0]), port, verdict, by_http)


def _can_be_sent(name: str) -> bool:
    labels = name.removesuffix(".").split(".")
    return (
        len(name.removesuffix(".")) <= LONGEST
        and all(map(_LABEL.fullmatch, labels))
        and not _NUMBER.fullmatch(labels[-1])
    )

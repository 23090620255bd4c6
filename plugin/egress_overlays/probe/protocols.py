"""How a name is asked for at a listener: in a TLS session by its SNI, or by plain HTTP in Host.

What a client sends besides names that could be on a list, and must get nothing by, stands here too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol as Interface

from ..names.domain import BY_HTTP
from ..names.ports import HTTP
from .client import Hello, client_hello, with_raw_name

_SOMEBODY_ELSE = "evil.example"


class Protocol(Interface):
    """What differs between the names of a listener and those of another one."""

    @property
    def suffix(self) -> str:
        """What a name ends in, after its port, where a list writes it."""

    @property
    def decides(self) -> str:
        """What of Envoy's configuration lets a name through."""

    def hello(self, name: str, certificate: str = "mesh") -> Hello:
        """What a client sends that asks for `name`."""

    def near(self, name: str, base: str) -> Iterator[tuple[Hello, bool]]:
        """What is close to asking for `name`, which stands for the entry of `base`; whether it asks for `name`."""

    def odd(self, name: str) -> Iterator[tuple[str, Hello]]:
        """What asks for nothing, in words and as sent, where `name` is on the list."""


@dataclass(frozen=True)
class ByTls:
    """By SNI: the port takes no part."""

    suffix = ""
    decides = "server_names"

    def hello(self, name: str, certificate: str = "mesh") -> Hello:
        """A TLS session."""
        return Hello(name, certificate=certificate)

    def near(self, name: str, base: str) -> Iterator[tuple[Hello, bool]]:  # noqa: ARG002 - as Protocol has it
        """Nothing: SNI is a name and no more."""
        yield from ()

    def odd(self, name: str) -> Iterator[tuple[str, Hello]]:
        """No name, no TLS, and octets that no name has."""
        yield "no SNI", Hello(None)
        yield "plaintext HTTP", Hello(raw=f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
        for what, octets in (("NUL", b"\0."), ("newline", b"\n."), ("space", b" .")):
            yield f"{what} in the name", Hello(raw=with_raw_name(b"evil.example" + octets + name.encode()))


@dataclass(frozen=True)
class ByHttp:
    """By Host, which holds the port, but for 80, where clients leave it out (RFC 9110, section 4.2.1)."""

    port: int
    suffix = BY_HTTP
    decides = "domains"

    def hello(self, name: str, certificate: str = "mesh") -> Hello:
        """A request."""
        return self._request(name, name if self.port == HTTP else f"{name}:{self.port}", certificate)

    def near(self, name: str, base: str) -> Iterator[tuple[Hello, bool]]:
        """Host with another port than the list's, with a strange one, or with somebody else's name in it."""
        other = 8080 if self.port == HTTP else HTTP
        with_port = f"{name}:{self.port}"
        yield self._request(name, with_port if self.port == HTTP else name), self.port == HTTP
        for host in (f"{name}:{other}", f"{name}:0{self.port}", f"{name}:", f"{_SOMEBODY_ELSE}@{with_port}"):
            yield self._request(name, host), False
        yield self._request(_SOMEBODY_ELSE, f"{_SOMEBODY_ELSE}:{self.port}.{base}:{self.port}"), False
        yield self._request(_SOMEBODY_ELSE, f"{with_port}.{_SOMEBODY_ELSE}"), False

    def odd(self, name: str) -> Iterator[tuple[str, Hello]]:
        """No Host, two of them, no HTTP, and a request that wants to go on as something else."""
        host = self.hello(name).host
        yield "no Host", Hello(raw=b"GET / HTTP/1.1\r\n\r\n")
        yield "TLS", Hello(raw=client_hello(name))
        yield "two Hosts", Hello(raw=f"GET / HTTP/1.1\r\nHost: {host}\r\nHost: {_SOMEBODY_ELSE}\r\n\r\n".encode())
        yield "CONNECT", Hello(raw=f"CONNECT {name}:{self.port} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())

    @staticmethod
    def _request(name: str, host: str, certificate: str = "mesh") -> Hello:
        return Hello(name, certificate=certificate, host=host)

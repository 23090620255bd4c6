"""Odd requests to the gateway of components/plain-http, each with what real Envoy makes of it.

The table of docs/plain-http.md is made of this.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

PORT = 18080
LISTED = f"deb.example.com:{PORT}"
"""On the list, as `*.mirror.example.com` is."""
OTHER = f"evil.example.net:{PORT}"
"""On no list, and a server answers there too."""
_H, _E, _P = LISTED.encode(), OTHER.encode(), str(PORT).encode()


class Odd(NamedTuple):
    """A request, in words and as sent; the `statuses` that the client gets, and how many requests a server got."""

    what: str
    raw: bytes
    statuses: tuple[int, ...]
    arrives: int = 0


def request(line: bytes = b"GET / HTTP/1.1", *heads: bytes, host: bytes | None = _H, body: bytes = b"") -> bytes:
    """A request with these lines, and Host where it is not None."""
    return b"\r\n".join([line, *([b"Host: " + host] if host is not None else []), *heads, b"", b""]) + body


def _host(what: str, host: bytes, status: int = 403) -> Odd:
    return Odd(f"Host: {what}", request(host=host), (status,))


def _target(what: str, line: bytes, status: int, arrives: int = 0, host: bytes = _H) -> Odd:
    return Odd(what, request(line, host=host), (status,), arrives)


def _post(what: str, status: tuple[int, ...], *heads: bytes, body: bytes, arrives: int = 0) -> Odd:
    return Odd(what, request(b"POST / HTTP/1.1", *heads, body=body), status, arrives)


_CHUNKED = b"Transfer-Encoding: chunked"
HOSTS = (
    Odd("a listed host", request(), (200,), 1),
    Odd("a host below a listed wildcard", request(host=b"x.y.mirror.example.com:" + _P), (200,), 1),
    Odd("a listed host in upper case", request(host=b"DEB.Example.COM:" + _P), (200,), 1),
    _host("a name on no list", _E),
    _host("the apex of a wildcard", b"mirror.example.com:" + _P),
    _host("a listed name without its port, which is not 80", b"deb.example.com"),
    _host("a listed name, another port", b"deb.example.com:22"),
    _host("a port with a zero in front", b"deb.example.com:0" + _P),
    _host("a colon and no port", b"deb.example.com:"),
    _host("a listed name, a colon, a name of somebody else", b"deb.example.com:x.evil.example.net"),
    _host("two ports", b"deb.example.com:22:" + _P),
    _host("a trailing dot", b"deb.example.com.:" + _P),
    _host("a wildcard's own suffix", b".mirror.example.com:" + _P),
    _host("user@ in front of a listed name", b"evil.example.net@" + _H),
    _host("a listed name, then @ and another", _H + b"@evil.example.net"),
    _host("empty", b""),
    Odd("Host: none", request(host=None), (400,)),
    Odd("Host: twice the same", request(b"GET / HTTP/1.1", b"Host: " + _H), (403,)),
    Odd("Host: a listed one, then another", request(b"GET / HTTP/1.1", b"Host: " + _E), (403,)),
    Odd("Host: another, then a listed one", request(b"GET / HTTP/1.1", b"Host: " + _H, host=_E), (403,)),
    _host("two, with a comma between them", _H + b"," + _E),
    _host("two, with a space between them", _H + b" " + _E, 400),
    _host("a tab in it", _H + b"\t" + _E, 400),
    _host("NUL in it", _H + b"\0" + _E, 400),
    Odd("Host: folded over two lines", b"GET / HTTP/1.1\r\nHost: " + _E + b"\r\n " + _H + b"\r\n\r\n", (400,)),
    Odd("Host: a space before the colon", b"GET / HTTP/1.1\r\nHost : " + _H + b"\r\n\r\n", (400,)),
    *(
        _host(f"{words} below a listed wildcard", b"evil.example.net" + sign + b".mirror.example.com:" + _P, 400)
        for words, sign in (("a slash", b"/"), ("a backslash", b"\\"), ("#", b"#"), ("?", b"?"))
    ),
    _host("a name, a port, then a listed wildcard's suffix", b"evil.example.net:80.mirror.example.com:" + _P, 503),
    _host("%2e for a dot", b"deb%2eexample.com:" + _P),
    _host("an IPv4 address", b"127.0.0.1:" + _P),
    _host("an IPv6 address", b"[::1]:" + _P),
    _host("the metadata service", b"169.254.169.254"),
    _host("letters that are not ASCII", "d\u00e9b.example.com:".encode() + _P, 400),
)
TARGETS = (
    _target("absolute form, a listed host", b"GET http://" + _H + b"/x HTTP/1.1", 200, 1),
    _target("absolute form, another host; Host is listed", b"GET http://" + _E + b"/x HTTP/1.1", 403),
    _target("absolute form, a listed host; Host is not", b"GET http://" + _H + b"/x HTTP/1.1", 200, 1, host=_E),
    _target("absolute form by https", b"GET https://" + _H + b"/x HTTP/1.1", 403),
    _target("absolute form by ftp", b"GET ftp://" + _H + b"/x HTTP/1.1", 400),
    _target(
        "absolute form, user@ in front of a listed host", b"GET http://evil.example.net@" + _H + b"/ HTTP/1.1", 200, 1
    ),
    _target("a path that begins with //", b"GET //" + _E + b"/ HTTP/1.1", 200, 1),
    _target("authority form", b"GET " + _E + b" HTTP/1.1", 400),
    _target("OPTIONS *", b"OPTIONS * HTTP/1.1", 404),
    _target("a space in the path", b"GET /a b HTTP/1.1", 400),
    _target("CONNECT, a listed host", b"CONNECT " + _H + b" HTTP/1.1", 403),
    _target("CONNECT, another host", b"CONNECT evil.example.net:443 HTTP/1.1", 403),
    _target("TRACE", b"TRACE / HTTP/1.1", 403),
    _target("an unknown method", b"FOO / HTTP/1.1", 400),
    _target("HTTP/1.0", b"GET / HTTP/1.0", 426),
    Odd("HTTP/1.0 without Host", b"GET / HTTP/1.0\r\n\r\n", (426,)),
    Odd("HTTP/0.9", b"GET /\r\n", (426,)),
    Odd("HTTP/2 by prior knowledge", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", (400,)),
    Odd("bytes that are no HTTP", b"\x16\x03\x01\0\5\1\0\0\1\0", (400,)),
)
UPGRADES = (
    Odd(
        "Upgrade: websocket",
        request(b"GET / HTTP/1.1", b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13"),
        (403,),
    ),
    Odd("Upgrade: TLS/1.2", request(b"GET / HTTP/1.1", b"Connection: Upgrade", b"Upgrade: TLS/1.2"), (403,)),
    Odd(
        "Upgrade: h2c (taken out; the request goes on)",
        request(
            b"GET / HTTP/1.1", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"
        ),
        (200,),
        1,
    ),
)
SHAPES = (
    _post("Content-Length and chunks", (400,), b"Content-Length: 4", _CHUNKED, body=b"0\r\n\r\n" + request(host=_E)),
    _post("two lengths that differ", (400,), b"Content-Length: 1", b"Content-Length: 2", body=b"xy"),
    _post("the same length twice", (400,), b"Content-Length: 1", b"Content-Length: 1", body=b"x"),
    _post("a list of lengths", (400,), b"Content-Length: 1, 1", body=b"x"),
    _post("a length with a sign", (400,), b"Content-Length: +1", body=b"x"),
    _post("a length in hexadecimal", (400,), b"Content-Length: 0x1", body=b"x"),
    _post("Transfer-Encoding: identity", (501,), b"Transfer-Encoding: identity", body=b""),
    _post("Transfer-Encoding: chunked, chunked", (501,), b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"),
    _post("Transfer-Encoding: xchunked", (501,), b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    _post("Transfer-Encoding, a vertical tab", (400,), b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"),
    _post("Transfer-Encoding, a space before the colon", (400,), b"Transfer-Encoding : chunked", body=b"0\r\n\r\n"),
    Odd(
        "GET with a body, then a request for another host",
        request(b"GET / HTTP/1.1", b"Content-Length: 5", body=b"hello" + request(host=_E)),
        (200, 403),
        1,
    ),
    Odd("a request, then one for another host", request() + request(host=_E), (200, 403), 1),
    Odd("a request for another host, then a listed one", request(host=_E) + request(), (403, 200), 1),
    _post("chunk extensions (taken out)", (200,), _CHUNKED, body=b"1;a=b\r\nx\r\n0\r\n\r\n", arrives=1),
    _post("trailers that say Host (taken out)", (200,), _CHUNKED, body=b"1\r\nx\r\n0\r\nHost: evil\r\n\r\n", arrives=1),
    Odd("lines that end in LF alone (made CR LF)", request().replace(b"\r\n", b"\n"), (200,), 1),
    Odd(
        "LF alone before a second Host",
        b"GET / HTTP/1.1\r\nX: y\nHost: " + _E + b"\r\nHost: " + _H + b"\r\n\r\n",
        (403,),
    ),
    Odd("CR alone before a second Host", request(b"GET / HTTP/1.1", b"X: y\rHost: " + _E), (200,), 1),
    Odd("a field folded over two lines (made one)", request(b"GET / HTTP/1.1", b"X: y\r\n z"), (200,), 1),
    Odd("an empty line before the request", b"\r\n" + request(), (200,), 1),
    Odd("a field without a colon", request(b"GET / HTTP/1.1", b"X"), (400,)),
    Odd("NUL in a field", request(b"GET / HTTP/1.1", b"X: a\0b"), (400,)),
    Odd("a field :authority", request(b"GET / HTTP/1.1", b":authority: " + _E), (400,)),
    Odd("Connection: host", request(b"GET / HTTP/1.1", b"Connection: host"), (400,)),
    Odd("X-Forwarded-Host", request(b"GET / HTTP/1.1", b"X-Forwarded-Host: " + _E), (200,), 1),
    Odd(
        "fields of Envoy's own",
        request(b"GET / HTTP/1.1", b"x-envoy-original-dst-host: 127.0.0.1:80", b"x-envoy-original-path: /x"),
        (200,),
        1,
    ),
    Odd("a field of 70,000 characters", request(b"GET / HTTP/1.1", b"X: " + b"a" * 70000), (431,)),
    Odd("200 fields", request(b"GET / HTTP/1.1", *[b"X: a"] * 200), (431,)),
)
ALL = {"Host": HOSTS, "Request line": TARGETS, "Upgrades": UPGRADES, "Shapes that hide a request": SHAPES}


def table() -> str:
    """The table of docs/plain-http.md: what each request comes to, in every Envoy of tests/probe."""
    rows = ["| request | the client gets | the server gets |", "|---|---|---|"]
    for title, group in ALL.items():
        rows.append(f"| **{title}** | | |")
        rows += [
            f"| {one.what.replace('|', '/')} | {', '.join(map(str, one.statuses))} | "
            f"{'the request' if one.arrives else 'nothing'} |"
            for one in group
        ]
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())

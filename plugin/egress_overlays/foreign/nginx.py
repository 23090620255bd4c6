"""An Nginx SNI proxy: `map $ssl_preread_server_name`, in nginx.conf or in a ConfigMap that holds it.

With `hostnames`, `*.name` matches any depth and `.name` the apex too, as ours do (nginx, ngx_stream_map_module).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .source import Carried, Note, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAP = re.compile(r"\bmap\s+\$ssl_preread_server_name\s+\$(\w+)\s*\{")
_CLOSED = ("", '""', "''", "0", "127.0.0.1:1", "unix:/dev/null")


def matches(source: Source) -> bool:
    """Whether the file is about the server name of a TLS handshake, in Nginx."""
    return "ssl_preread" in source.text


def in_config_map(source: Source, value: dict[str, Any]) -> Iterator[Carried | Note]:
    """The maps in a ConfigMap's data."""
    data = value.get("data")
    for text in data.values() if isinstance(data, dict) else ():
        if isinstance(text, str) and "ssl_preread" in text:
            yield from _maps(source, text)


def read(source: Source) -> Iterator[Carried | Note]:
    """The names of every map."""
    if source.documents:
        for document in source.documents:
            yield from in_config_map(source, document)
    else:
        yield from _maps(source, source.text)


def _maps(source: Source, text: str) -> Iterator[Carried | Note]:
    clean = re.sub(r"(^|\s)#[^\n]*", r"\1", text)
    found = list(_MAP.finditer(clean))
    passed = re.search(r"proxy_pass\s+\$ssl_preread_server_name\b", clean)
    if passed and not found:
        yield source.note(
            "proxy_pass $ssl_preread_server_name lets every name through that reaches Nginx; the names are those of "
            "the VirtualServices, import these too",
            source.line_of("ssl_preread_server_name"),
        )
    for one in found:
        body = clean[one.end() : clean.find("}", one.end())]
        yield from _entries(source, one.group(1), body)
    for port in re.findall(r"\$\w+:(\d+)\s*;", clean):
        if port != "443":
            yield source.note(f"port {port} is not carried over; the gateway serves 443 alone", source.line_of(port))


def _entries(source: Source, variable: str, body: str) -> Iterator[Carried | Note]:
    statements = [statement.split() for statement in body.split(";") if statement.strip()]
    hostnames = ["hostnames"] in statements
    for words in statements:
        key, target = words[0].strip("\"'"), " ".join(words[1:])
        line = source.line_of(key)
        if key in ("hostnames", "volatile"):
            continue
        if key == "include":
            yield source.note(f"include {target}: not read; import that file too", line)
        elif key == "default":
            if target not in _CLOSED:
                yield source.note(f"default {target}: every other name went there too; that is not carried over", line)
        elif key.startswith("~"):
            yield source.note(f"{key}: a regular expression is not carried over; write the names", line)
        elif key.endswith(".*") or ("*" in key and not key.startswith("*.")):
            yield source.note(f"{key}: a * at the end or inside is not carried over; write the names", line)
        elif target in _CLOSED:
            yield source.note(f"{key}: a deny rule (it went nowhere) is not carried over", line)
        elif key.startswith(("*.", ".")) and not hostnames:
            yield source.note(
                f"{key}: without hostnames; in the map Nginx compares it letter by letter: left out", line
            )
        else:
            yield Carried(key.removeprefix("\\"), variable, line)
